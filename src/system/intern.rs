//! One number for each distinct value.

use std::hash::{BuildHasher, Hash};
use std::sync::{PoisonError, RwLock};

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use super::table::Table;

/// Gives equal values equal numbers, densely from 0, and the value back for a number without a lock.
///
/// Identity is `Eq`; a hash only finds the place to look. Each value is stored once (an `IndexSet` would
/// hold it behind the same lock that guards insertion, and a reader of values would have to take it).
#[derive(Debug)]
pub struct Interner<T> {
    values: Table<T>,
    index: RwLock<HashTable<u32>>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { values: Table::default(), index: RwLock::new(HashTable::new()) }
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
        if let Some(number) = self.find(hash, &value) {
            return (number, false);
        }
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(&number) = index.find(hash, |number| self.get(*number) == &value) {
            return (number, false);
        }
        let number = u32::try_from(index.len()).expect("fewer than 2^32 distinct values");
        assert!(number < u32::MAX, "fewer than 2^32 - 1 distinct values");
        self.values.set(number as usize, value);
        index.insert_unique(hash, number, |number| FxBuildHasher.hash_one(self.get(*number)));
        (number, true)
    }

    fn find(&self, hash: u64, value: &T) -> Option<u32> {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        index.find(hash, |number| self.get(*number) == value).copied()
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
        self.index.read().unwrap_or_else(PoisonError::into_inner).len()
    }

    /// Whether there is no value yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the table and its index, without what the values own.
    pub fn bytes(&self) -> usize {
        let index = self.index.read().unwrap_or_else(PoisonError::into_inner);
        self.values.bytes() + index.capacity() * 5
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
