//! A memo that is read without a lock.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// A memo from pairs of numbers to a number, filled and read by all threads at once, without a lock.
///
/// A memo may forget what was put, never invent. Pairs of small numbers, as most are, have a table of their own, whose cells
/// take one word: it is the size of these tables that decides how long a look takes.
#[derive(Debug, Default)]
pub struct PairMemo {
    narrow: Generations<NarrowCell>,
    wide: Generations<WideCell>,
}

/// Bits of the second number of a narrow pair; the first has the others of 32.
const SECOND_BITS: u32 = 12;
/// The first numbers of narrow pairs are below.
const FIRST_BOUND: u32 = u32::MAX >> SECOND_BITS;

impl PairMemo {
    /// The number kept for `(a, b)`, or else the one that `compute` gives, which is kept.
    ///
    /// `compute` must give the same number for the same pair, whichever thread asks.
    #[inline]
    pub fn get_or_compute(&self, a: u32, b: u32, compute: impl FnOnce() -> u32) -> u32 {
        if a < FIRST_BOUND && b >> SECOND_BITS == 0 {
            self.narrow.get_or_compute(u64::from(a << SECOND_BITS | b), compute)
        } else {
            self.wide.get_or_compute(u64::from(a) << u32::BITS | u64::from(b), compute)
        }
    }

    /// Bytes of all tables.
    pub fn bytes(&self) -> usize {
        self.narrow.bytes() + self.wide.bytes()
    }
}

/// Where one key and its number are kept.
trait Cell: Default {
    /// What is there of this key.
    fn look(&self, key: u64) -> Look;

    /// Puts the number of a key in, if the cell is vacant. What was there before of this key.
    fn claim(&self, key: u64, value: u32) -> Look;

    /// The key and its number, if there are any.
    fn held(&self) -> Option<(u64, u32)>;
}

/// What a cell has for a key.
enum Look {
    Value(u32),
    /// Nothing, and it could be there.
    Vacant,
    /// The key without its number: somebody is about to put it in.
    Unfinished,
    /// Another key.
    Other,
}

/// No cell holds it: no key has all bits set.
const NOTHING: u64 = u64::MAX;

/// Key and number, of 32 bits each.
#[derive(Debug)]
struct NarrowCell(AtomicU64);

impl Default for NarrowCell {
    fn default() -> Self {
        Self(AtomicU64::new(NOTHING))
    }
}

impl NarrowCell {
    #[inline]
    fn read(held: u64, key: u64) -> Look {
        match held {
            NOTHING => Look::Vacant,
            held if held >> u32::BITS == key => Look::Value(held as u32),
            _ => Look::Other,
        }
    }
}

impl Cell for NarrowCell {
    #[inline]
    fn look(&self, key: u64) -> Look {
        Self::read(self.0.load(Ordering::Relaxed), key)
    }

    fn claim(&self, key: u64, value: u32) -> Look {
        let held = key << u32::BITS | u64::from(value);
        match self.0.compare_exchange(NOTHING, held, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => Look::Vacant,
            Err(held) => Self::read(held, key),
        }
    }

    fn held(&self) -> Option<(u64, u32)> {
        let held = self.0.load(Ordering::Relaxed);
        (held != NOTHING).then_some((held >> u32::BITS, held as u32))
    }
}

/// A key, then its number. The number carries all there is to publish, so relaxed loads suffice.
#[derive(Debug)]
struct WideCell {
    key: AtomicU64,
    value: AtomicU64,
}

impl Default for WideCell {
    fn default() -> Self {
        Self { key: AtomicU64::new(NOTHING), value: AtomicU64::new(NOTHING) }
    }
}

impl WideCell {
    #[inline]
    fn read(&self, found: u64, key: u64) -> Look {
        match found {
            NOTHING => Look::Vacant,
            found if found == key => match self.value.load(Ordering::Relaxed) {
                NOTHING => Look::Unfinished,
                value => Look::Value(value as u32),
            },
            _ => Look::Other,
        }
    }
}

impl Cell for WideCell {
    #[inline]
    fn look(&self, key: u64) -> Look {
        self.read(self.key.load(Ordering::Relaxed), key)
    }

    fn claim(&self, key: u64, value: u32) -> Look {
        match self.key.compare_exchange(NOTHING, key, Ordering::Relaxed, Ordering::Relaxed) {
            Ok(_) => {
                self.value.store(u64::from(value), Ordering::Relaxed);
                Look::Vacant
            }
            Err(found) => self.read(found, key),
        }
    }

    fn held(&self) -> Option<(u64, u32)> {
        let (key, value) = (self.key.load(Ordering::Relaxed), self.value.load(Ordering::Relaxed));
        (key != NOTHING && value != NOTHING).then_some((key, value as u32))
    }
}

/// The last has 2^31 cells.
const GENERATION_COUNT: usize = 24;
const FIRST_GENERATION: usize = 256;

/// Open addressing tables, each twice the one before. A full one is copied into the next, and only the newest is asked: to
/// miss costs one look. What others put into the old one meanwhile is forgotten.
#[derive(Debug)]
struct Generations<C> {
    generations: [OnceLock<Generation<C>>; GENERATION_COUNT],
    newest: AtomicU32,
}

impl<C> Default for Generations<C> {
    fn default() -> Self {
        Self { generations: [const { OnceLock::new() }; GENERATION_COUNT], newest: AtomicU32::new(0) }
    }
}

impl<C: Cell> Generations<C> {
    #[inline]
    fn get_or_compute(&self, key: u64, compute: impl FnOnce() -> u32) -> u32 {
        debug_assert_ne!(key, NOTHING, "the largest pair is not a key");
        let newest = self.newest.load(Ordering::Acquire) as usize;
        if let Some(value) = self.generation(newest).get(key) {
            return value;
        }
        let value = compute();
        self.put(newest, key, value);
        value
    }

    fn put(&self, mut newest: usize, key: u64, value: u32) {
        while !self.generation(newest).put(key, value) && newest + 1 < GENERATION_COUNT {
            let full = self.generation(newest);
            newest += 1;
            self.generations[newest].get_or_init(|| Generation::after(full));
            self.newest.fetch_max(newest as u32, Ordering::AcqRel);
        }
    }

    /// The first, made when it is needed, or one that is there.
    fn generation(&self, ix: usize) -> &Generation<C> {
        self.generations[ix].get_or_init(|| Generation::new(FIRST_GENERATION))
    }

    fn bytes(&self) -> usize {
        self.generations.iter().filter_map(OnceLock::get).map(|generation| size_of_val(&*generation.cells)).sum()
    }
}

#[derive(Debug)]
struct Generation<C> {
    /// A power of two of cells.
    cells: Box<[C]>,
    used: AtomicU32,
}

impl<C: Cell> Generation<C> {
    fn new(cell_count: usize) -> Self {
        Self { cells: std::iter::repeat_with(C::default).take(cell_count).collect(), used: AtomicU32::new(0) }
    }

    /// A larger one with all that `full` holds.
    fn after(full: &Self) -> Self {
        let larger = Self::new(full.cells.len() * 2);
        full.cells.iter().filter_map(C::held).for_each(|(key, value)| {
            larger.put(key, value);
        });
        larger
    }

    fn start(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - self.cells.len().ilog2())) as usize
    }

    #[inline]
    fn get(&self, key: u64) -> Option<u32> {
        let mask = self.cells.len() - 1;
        let mut at = self.start(key);
        loop {
            match self.cells[at].look(key) {
                Look::Value(value) => return Some(value),
                Look::Vacant | Look::Unfinished => return None,
                Look::Other => at = (at + 1) & mask,
            }
        }
    }

    /// Whether there was room.
    fn put(&self, key: u64, value: u32) -> bool {
        if self.used.load(Ordering::Relaxed) as usize * 3 >= self.cells.len() * 2 {
            return false;
        }
        let mask = self.cells.len() - 1;
        let mut at = self.start(key);
        loop {
            match self.cells[at].claim(key, value) {
                Look::Vacant => {
                    self.used.fetch_add(1, Ordering::Relaxed);
                    return true;
                }
                Look::Value(_) | Look::Unfinished => return true,
                Look::Other => at = (at + 1) & mask,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(a: u32, b: u32) -> u32 {
        a.wrapping_mul(31).wrapping_add(b)
    }

    /// Narrow pairs and wide ones, and those at the border between them.
    #[test]
    fn a_memo_agrees_with_its_function_from_all_threads() {
        let memo = PairMemo::default();
        let pair = |n: u32| match n % 3 {
            0 => (n % 300, n % 17),
            1 => (FIRST_BOUND - 2 + n % 5, n % 19),
            _ => (n % 300, (1 << SECOND_BITS) - 2 + n % 5),
        };
        std::thread::scope(|scope| {
            for thread in 0..4_u32 {
                let memo = &memo;
                scope.spawn(move || {
                    for round in 0..20_000_u32 {
                        let (a, b) = pair(round * 7 + thread);
                        assert_eq!(memo.get_or_compute(a, b, || product(a, b)), product(a, b));
                    }
                });
            }
        });
        assert_eq!(memo.get_or_compute(5, 5, || product(5, 5)), product(5, 5));
        assert_eq!(memo.get_or_compute(u32::MAX, 5, || product(u32::MAX, 5)), product(u32::MAX, 5));
    }

    /// While it grows over and over, nothing is asked for twice.
    #[test]
    fn one_thread_alone_never_forgets() {
        let memo = PairMemo::default();
        let pairs = || (0..40_000_u32).flat_map(|n| [(n, n % 3), (n, u32::MAX - n % 3)]);
        pairs().for_each(|(a, b)| assert_eq!(memo.get_or_compute(a, b, || product(a, b)), product(a, b)));
        pairs().for_each(|(a, b)| assert_eq!(memo.get_or_compute(a, b, || unreachable!("it is kept")), product(a, b)));
    }
}
