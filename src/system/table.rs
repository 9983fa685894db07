//! Tables that only grow and are read without a lock.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

/// The first chunk of a [`Table`] has room for this many values; each further chunk doubles the table.
const FIRST_CHUNK: usize = 64;
const CHUNK_COUNT: usize = 27;

/// A vector whose cells are each written at most once, from any thread, and read without a lock.
///
/// Chunks double, so that nothing ever moves and a reference into the table lives as long as the table.
#[derive(Debug)]
pub struct Table<T> {
    chunks: [OnceLock<Box<[OnceLock<T>]>>; CHUNK_COUNT],
}

/// Chunk and place in it of a cell.
#[inline]
fn place(ix: usize) -> (usize, usize) {
    let chunk_ix = (ix / FIRST_CHUNK + 1).ilog2() as usize;
    (chunk_ix, ix - FIRST_CHUNK * ((1 << chunk_ix) - 1))
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { chunks: [const { OnceLock::new() }; CHUNK_COUNT] }
    }
}

impl<T> Table<T> {
    /// The value in cell `ix`, if it has been written.
    #[inline]
    pub fn get(&self, ix: usize) -> Option<&T> {
        let (chunk_ix, offset) = place(ix);
        self.chunks[chunk_ix].get()?[offset].get()
    }

    /// The value in cell `ix`, written by `make` if the cell is empty. Two threads may both call their
    /// `make`; one value stays, and both get it.
    #[inline]
    pub fn get_or_set(&self, ix: usize, make: impl FnOnce() -> T) -> &T {
        if let Some(value) = self.get(ix) {
            return value;
        }
        let value = make();
        self.cell(ix).get_or_init(|| value)
    }

    /// Writes cell `ix`; keeps what is there if it was written before.
    pub fn set(&self, ix: usize, value: T) {
        // A loser of the race drops its value: equal by the caller's contract.
        let _ = self.cell(ix).set(value);
    }

    fn cell(&self, ix: usize) -> &OnceLock<T> {
        let (chunk_ix, offset) = place(ix);
        let chunk =
            self.chunks[chunk_ix].get_or_init(|| (0..FIRST_CHUNK << chunk_ix).map(|_| OnceLock::new()).collect());
        &chunk[offset]
    }

    /// Bytes of the chunks, without what the values own.
    pub fn bytes(&self) -> usize {
        let cells: usize = self.chunks.iter().filter_map(OnceLock::get).map(|chunk| chunk.len()).sum();
        cells * size_of::<OnceLock<T>>()
    }
}

const GENERATION_COUNT: usize = 24;
const FIRST_GENERATION: usize = 256;
const NO_KEY: u64 = u64::MAX;
const NO_VALUE: u64 = u64::MAX;

/// A memo from pairs of numbers to a number, filled and read by all threads at once, without a lock.
///
/// A memo may forget: [`get`](Self::get) may miss what was put, never invent. It is a sequence of open
/// addressing tables, each four times the one before; what is found in an old one is put into the newest,
/// so that what is used often is found at once.
#[derive(Debug)]
pub struct PairMemo {
    generations: [OnceLock<Generation>; GENERATION_COUNT],
    newest: AtomicU32,
}

#[derive(Debug)]
struct Generation {
    /// Two words a cell: key, then value; a power of two of cells.
    cells: Box<[[AtomicU64; 2]]>,
    used: AtomicU32,
}

impl Generation {
    fn new(cell_count: usize) -> Self {
        let cells = (0..cell_count).map(|_| [AtomicU64::new(NO_KEY), AtomicU64::new(NO_VALUE)]).collect();
        Self { cells, used: AtomicU32::new(0) }
    }

    fn start(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - self.cells.len().ilog2())) as usize
    }

    fn get(&self, key: u64) -> Option<u32> {
        let mask = self.cells.len() - 1;
        let mut at = self.start(key);
        loop {
            let [cell_key, cell_value] = &self.cells[at];
            match cell_key.load(Ordering::Relaxed) {
                found if found == key => {
                    // Claimed but not yet valued reads as a miss; the value itself carries all there is
                    // to publish, so relaxed loads suffice.
                    let value = cell_value.load(Ordering::Relaxed);
                    return (value != NO_VALUE).then_some(value as u32);
                }
                NO_KEY => return None,
                _ => at = (at + 1) & mask,
            }
        }
    }

    /// Whether there was room.
    fn put(&self, key: u64, value: u32) -> bool {
        if self.used.load(Ordering::Relaxed) as usize * 2 >= self.cells.len() {
            return false;
        }
        let mask = self.cells.len() - 1;
        let mut at = self.start(key);
        loop {
            let [cell_key, cell_value] = &self.cells[at];
            match cell_key.compare_exchange(NO_KEY, key, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => {
                    self.used.fetch_add(1, Ordering::Relaxed);
                    cell_value.store(u64::from(value), Ordering::Relaxed);
                    return true;
                }
                Err(found) if found == key => {
                    cell_value.store(u64::from(value), Ordering::Relaxed);
                    return true;
                }
                Err(_) => at = (at + 1) & mask,
            }
        }
    }
}

impl Default for PairMemo {
    fn default() -> Self {
        Self { generations: [const { OnceLock::new() }; GENERATION_COUNT], newest: AtomicU32::new(0) }
    }
}

impl PairMemo {
    /// The number kept for `(a, b)`, or else the one that `compute` gives, which is kept.
    ///
    /// `compute` must give the same number for the same pair, whichever thread asks.
    #[inline]
    pub fn get_or_compute(&self, a: u32, b: u32, compute: impl FnOnce() -> u32) -> u32 {
        let key = u64::from(a) << 32 | u64::from(b);
        debug_assert_ne!(key, NO_KEY, "the largest pair is not a key");
        let newest = self.newest.load(Ordering::Acquire) as usize;
        if let Some(value) = self.generation(newest).get(key) {
            return value;
        }
        let older = (0..newest).rev().find_map(|ix| self.generation(ix).get(key));
        let value = older.unwrap_or_else(compute);
        self.put(newest, key, value);
        value
    }

    fn put(&self, mut newest: usize, key: u64, value: u32) {
        while !self.generation(newest).put(key, value) {
            if newest + 1 == GENERATION_COUNT {
                return;
            }
            newest += 1;
            self.newest.fetch_max(newest as u32, Ordering::AcqRel);
        }
    }

    fn generation(&self, ix: usize) -> &Generation {
        self.generations[ix].get_or_init(|| Generation::new(FIRST_GENERATION << (2 * ix.min(11))))
    }

    /// Bytes of all generations.
    pub fn bytes(&self) -> usize {
        self.generations.iter().filter_map(OnceLock::get).map(|g| g.cells.len() * 16).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_dense_and_unique() {
        let mut expected = (0, 0);
        for ix in 0..10_000 {
            assert_eq!(place(ix), expected);
            expected.1 += 1;
            if expected.1 == FIRST_CHUNK << expected.0 {
                expected = (expected.0 + 1, 0);
            }
        }
    }

    #[test]
    fn a_cell_keeps_its_first_value() {
        let table = Table::default();
        assert_eq!(table.get(1_000), None);
        table.set(1_000, "first");
        table.set(1_000, "second");
        assert_eq!(table.get_or_set(1_000, || "third"), &"first");
        assert_eq!(table.get(999), None);
    }

    #[test]
    fn a_memo_agrees_with_its_function_from_all_threads() {
        let memo = PairMemo::default();
        let product = |a: u32, b: u32| a.wrapping_mul(31).wrapping_add(b);
        std::thread::scope(|scope| {
            for thread in 0..4_u32 {
                let memo = &memo;
                scope.spawn(move || {
                    for round in 0..20_000_u32 {
                        let (a, b) = ((round * 7 + thread) % 300, round % 17);
                        assert_eq!(memo.get_or_compute(a, b, || product(a, b)), product(a, b));
                    }
                });
            }
        });
        assert_eq!(memo.get_or_compute(5, 5, || product(5, 5)), product(5, 5));
    }
}
