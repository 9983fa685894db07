//! One number for each distinct pair of numbers.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{PoisonError, RwLock};

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::intern::PART_COUNT;
use super::table::Table;

/// An [`Interner`](super::Interner) of pairs. They are so small that the index holds them too: to find one costs one look
/// into memory instead of two.
#[derive(Debug, Default)]
pub struct PairInterner {
    pairs: Table<(u32, u32)>,
    count: AtomicU32,
    /// By first number: the second of the first pair with it, and the number of that pair. Where all have another first number
    /// there is no other pair, and nothing to be looked for.
    firsts: Table<(u32, u32)>,
    /// The other pairs.
    index: [RwLock<Numbers>; PART_COUNT],
}

/// The numbers of some pairs.
type Numbers = HashMap<(u32, u32), u32, FxBuildHasher>;

impl PairInterner {
    /// The number of `pair`, a new one if it was not seen before. First numbers are dense.
    ///
    /// # Panics
    /// At 2^32 - 1 distinct pairs.
    pub fn intern(&self, pair: (u32, u32)) -> u32 {
        let &(second, number) = self.firsts.get_or_set_once(pair.0 as usize, || (pair.1, self.add(pair)));
        if second == pair.1 { number } else { self.intern_further(pair) }
    }

    fn intern_further(&self, pair: (u32, u32)) -> u32 {
        let spread = pair.0.wrapping_mul(0x9E37_79B1) ^ pair.1.wrapping_mul(0x85EB_CA6B);
        let part = &self.index[(spread >> (u32::BITS - PART_COUNT.ilog2())) as usize];
        if let Some(number) = part.read().unwrap_or_else(PoisonError::into_inner).get(&pair) {
            return *number;
        }
        let mut part = part.write().unwrap_or_else(PoisonError::into_inner);
        *part.entry(pair).or_insert_with(|| self.add(pair))
    }

    /// Gives a new pair a number.
    fn add(&self, pair: (u32, u32)) -> u32 {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        assert!(number < u32::MAX, "fewer than 2^32 - 1 distinct pairs");
        self.pairs.set(number as usize, pair);
        number
    }

    /// Whether there is a pair with this first number.
    pub fn has_first(&self, first: u32) -> bool {
        self.firsts.get(first as usize).is_some()
    }

    /// The pair with the given number.
    ///
    /// # Panics
    /// If this interner never gave out `number`.
    #[inline]
    pub fn get(&self, number: u32) -> (u32, u32) {
        *self.pairs.get(number as usize).expect("numbers come from this interner")
    }

    /// How many distinct pairs there are.
    pub fn len(&self) -> usize {
        self.count.load(Ordering::Relaxed) as usize
    }

    /// Whether there is no pair yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes of the table and its index.
    pub fn bytes(&self) -> usize {
        let cells = self.index.iter().map(|part| part.read().unwrap_or_else(PoisonError::into_inner).capacity());
        self.pairs.bytes() + self.firsts.bytes() + cells.sum::<usize>() * (size_of::<((u32, u32), u32)>() + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_pairs_have_equal_numbers_from_all_threads() {
        let interner = PairInterner::default();
        let pair = |n: u32| (n % 70, n % 11);
        let numbers: Vec<Vec<u32>> = std::thread::scope(|scope| {
            let workers: Vec<_> =
                (0..4).map(|_| scope.spawn(|| (0..5_000).map(|n| interner.intern(pair(n))).collect())).collect();
            workers.into_iter().map(|worker| worker.join().unwrap()).collect()
        });
        assert_eq!(interner.len(), 770);
        for column in numbers {
            (0..5_000).zip(column).for_each(|(n, number)| assert_eq!(interner.get(number), pair(n)));
        }
    }
}
