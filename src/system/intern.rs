//! One number for each distinct value.

use std::borrow::Borrow;
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

fn hash_of<T: Hash + ?Sized>(value: &T) -> u32 {
    let hash = FxBuildHasher.hash_one(value);
    (hash >> u32::BITS) as u32 ^ hash as u32
}

/// The part of the index that a hash belongs to.
fn part_of(hash: u32) -> usize {
    (hash >> (u32::BITS - PART_COUNT.ilog2())) as usize
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
        let hash = hash_of(&value);
        self.known(hash, &value).map_or_else(|| self.intern_unknown(hash, value), |number| (number, false))
    }

    /// The number of the value that is like `like`, which is made into a value if there is none yet.
    ///
    /// # Panics
    /// As [`intern`](Self::intern).
    pub fn intern_like<'a, Q: Eq + Hash + ?Sized>(&self, like: &'a Q) -> u32
    where
        T: Borrow<Q> + From<&'a Q>,
    {
        let hash = hash_of(like);
        self.known(hash, like).unwrap_or_else(|| self.intern_unknown(hash, T::from(like)).0)
    }

    fn known<Q: Eq + ?Sized>(&self, hash: u32, value: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
    {
        self.find(&self.index[part_of(hash)].read().unwrap_or_else(PoisonError::into_inner), hash, value)
    }

    fn intern_unknown(&self, hash: u32, value: T) -> (u32, bool) {
        let mut part = self.index[part_of(hash)].write().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = self.find(&part, hash, &value) {
            return (number, false);
        }
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        assert!(number < u32::MAX, "fewer than 2^32 - 1 distinct values");
        self.values.set(number as usize, value);
        part.insert_unique(Entry::spread(hash), Entry { hash, number }, |entry| Entry::spread(entry.hash));
        (number, true)
    }

    /// The same for several: memory is waited for once and not for each.
    ///
    /// # Panics
    /// As [`intern`](Self::intern).
    pub fn intern_all(&self, values: Vec<T>) -> Vec<(u32, bool)> {
        let known = self.find_all(&values);
        let number =
            |(known, value): (Option<u32>, T)| known.map_or_else(|| self.intern_anew(value), |number| (number, false));
        known.into_iter().zip(values).map(number).collect()
    }

    /// The numbers of those values that have one. Each loop asks for memory of which none needs what another has brought: the
    /// processor does not wait for one before it asks for the next.
    fn find_all(&self, values: &[T]) -> Vec<Option<u32>> {
        let hashes: Vec<u32> = values.iter().map(hash_of).collect();
        let wanted = hashes.iter().fold(0_u32, |wanted, hash| wanted | 1 << part_of(*hash));
        // In the order of the parts, so that no two wait for each other.
        let parts: [_; PART_COUNT] = std::array::from_fn(|ix| {
            (wanted >> ix & 1 == 1).then(|| self.index[ix].read().unwrap_or_else(PoisonError::into_inner))
        });
        let like = |hash: &u32| {
            let part = parts[part_of(*hash)].as_ref()?;
            part.find(Entry::spread(*hash), |entry| entry.hash == *hash).map(|entry| entry.number)
        };
        let like: Vec<Option<u32>> = hashes.iter().map(like).collect();
        let there = like.iter().flatten().filter(|number| self.values.get(**number as usize).is_some()).count();
        std::hint::black_box(there);
        // One of another value with this hash is left to those who look at all.
        like.into_iter().zip(values).map(|(number, value)| number.filter(|number| self.get(*number) == value)).collect()
    }

    fn find<Q: Eq + ?Sized>(&self, part: &HashTable<Entry>, hash: u32, value: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
    {
        let is_it = |entry: &Entry| entry.hash == hash && self.get(entry.number).borrow() == value;
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
    /// Some new, some known, some twice at once; whole batches and one by one, from all threads.
    #[test]
    fn many_at_once_have_the_numbers_of_each_alone() {
        let interner = Interner::default();
        let value = |n: u32| format!("v{}", n % 700);
        let batch = |start: u32| -> Vec<u32> { (start..start + 37).map(|n| n * n % 1_000 + start / 10).collect() };
        std::thread::scope(|scope| {
            for thread in 0..4_u32 {
                let interner = &interner;
                scope.spawn(move || {
                    for start in (thread..3_000).step_by(3) {
                        let values = batch(start);
                        let numbers = interner.intern_all(values.iter().copied().map(value).collect());
                        for (n, (number, _)) in values.into_iter().zip(numbers) {
                            assert_eq!(interner.get(number), &value(n));
                            assert_eq!(interner.intern_anew(value(n)), (number, false));
                        }
                    }
                });
            }
        });
        assert_eq!(interner.len(), 700);
        let anew = |values: &[u32]| {
            interner.intern_all(values.iter().map(|n| format!("other {n}")).collect()).into_iter().map(|(_, anew)| anew)
        };
        assert_eq!(anew(&[1, 2, 1]).collect::<Vec<_>>(), [true, true, false]);
        assert_eq!(anew(&[3, 2]).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn a_value_is_known_by_what_is_like_it() {
        let interner: Interner<Box<[u32]>> = Interner::default();
        let number = interner.intern([1, 2].into());
        assert_eq!(interner.intern_like(&[1, 2][..]), number);
        let other = interner.intern_like(&[2, 1][..]);
        assert_eq!(interner.intern([2, 1].into()), other);
        assert_eq!((interner.get(other).to_vec(), interner.len()), (vec![2, 1], 2));
    }

    /// Values that differ and have one hash are told apart.
    #[test]
    fn a_hash_is_no_identity() {
        #[derive(Debug, PartialEq, Eq)]
        struct Alike(u32);
        impl Hash for Alike {
            fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
                state.write_u32(7);
            }
        }
        let interner = Interner::default();
        let numbers = |values: [u32; 3]| interner.intern_all(values.map(Alike).into());
        assert_eq!(numbers([5, 6, 5]), [(0, true), (1, true), (0, false)]);
        assert_eq!(numbers([6, 7, 5]), [(1, false), (2, true), (0, false)]);
        assert_eq!(interner.intern(Alike(6)), 1);
    }
}
