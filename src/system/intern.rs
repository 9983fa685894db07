//! One number for each distinct value.

use std::hash::{BuildHasher, Hash};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::table::Table;

/// Into how many parts the index is cut, so that threads seldom wait for each other.
pub(super) const PART_COUNT: usize = 16;

/// Gives equal values equal numbers, densely from 0, and the value back for a number without a lock.
///
/// Identity is `Eq`; a hash only finds the place to look. Each value is stored once (an `IndexSet` would
/// hold it behind the same lock that guards insertion, and a reader of values would have to take it).
#[derive(Debug)]
pub struct Interner<T> {
    values: Table<T>,
    count: AtomicU32,
    /// By the highest bits of the hash.
    index: [RwLock<HashTable<Entry>>; PART_COUNT],
}

/// Where a value stands, with its hash: values that differ are seldom compared, and none is hashed again.
#[derive(Clone, Copy, Debug)]
struct Entry {
    hash: u32,
    number: u32,
}

impl Entry {
    /// The hash in as many bits as the index wants.
    fn spread(hash: u32) -> u64 {
        u64::from(hash).wrapping_mul(0x9E37_79B9_7F4A_7C15)
    }
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { values: Table::default(), count: AtomicU32::new(0), index: Default::default() }
    }
}

impl<T: Eq + Hash> Interner<T> {
    /// The number of `value`, a new one if it was not seen before.
    ///
    /// # Panics
    /// At 2^32 - 1 distinct values: some 10^9 states earlier memory ends.
    pub fn intern(&self, value: T) -> u32 {
        self.intern_anew(value).0
    }

    /// The same, and whether the value is new.
    ///
    /// # Panics
    /// As [`intern`](Self::intern).
    pub fn intern_anew(&self, value: T) -> (u32, bool) {
        let hash = FxBuildHasher.hash_one(&value);
        let hash = (hash >> 32) as u32 ^ hash as u32;
        let part = &self.index[(hash >> (u32::BITS - PART_COUNT.ilog2())) as usize];
        let known = self.find(&part.read().unwrap_or_else(PoisonError::into_inner), hash, &value);
        if let Some(number) = known {
            return (number, false);
        }
        let mut part = part.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = self.find(&part, hash, &value) {
            return (number, false);
        }
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        assert!(number < u32::MAX, "fewer than 2^32 - 1 distinct values");
        self.values.set(number as usize, value);
        part.insert_unique(Entry::spread(hash), Entry { hash, number }, |entry| Entry::spread(entry.hash));
        (number, true)
    }

    fn find(&self, part: &HashTable<Entry>, hash: u32, value: &T) -> Option<u32> {
        let is_it = |entry: &Entry| entry.hash == hash && self.get(entry.number) == value;
        part.find(Entry::spread(hash), is_it).map(|entry| entry.number)
    }

    /// The value with the given number.
    ///
    /// # Panics
    /// If this interner never gave out `number`.
    pub fn get(&self, number: u32) -> &T {
        self.values.get(number as usize).expect("numbers come from this interner")
    }

    /// How many distinct values there are.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed) as usize
    }

    /// Whether there is no value yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the table and its index, without what the values own.
    pub fn bytes(&self) -> usize {
        let capacity = |part: &RwLock<HashTable<Entry>>| part.read().unwrap_or_else(PoisonError::into_inner).capacity();
        let cells: usize = self.index.iter().map(capacity).sum();
        self.values.bytes() + cells * (size_of::<Entry>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_have_equal_numbers_from_all_threads() {
        let interner = Interner::default();
        let numbers: Vec<Vec<u32>> = std::thread::scope(|scope| {
            let workers: Vec<_> = (0..4)
                .map(|_| scope.spawn(|| (0..5_000).map(|n| interner.intern(format!("v{}", n % 700))).collect()))
                .collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        assert_eq!(interner.len(), 700);
        for column in numbers {
            for (n, number) in column.into_iter().enumerate() {
                assert_eq!(interner.get(number), &format!("v{}", n % 700));
            }
        }
    }
}
