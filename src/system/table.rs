//! A table that only grows and is read without a lock.

use std::sync::OnceLock;

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
    let from_first = ix + FIRST_CHUNK;
    let highest = from_first.ilog2();
    ((highest - FIRST_CHUNK.ilog2()) as usize, from_first ^ 1 << highest)
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

    /// The same with a `make` that is called once for each cell, whoever asks; it must not ask for the cell itself.
    #[inline]
    pub fn get_or_set_once(&self, ix: usize, make: impl FnOnce() -> T) -> &T {
        match self.get(ix) {
            Some(value) => value,
            None => self.cell(ix).get_or_init(make),
        }
    }

    /// Writes cell `ix`; keeps what is there if it was written before.
    pub fn set(&self, ix: usize, value: T) {
        // A loser of the race drops its value: equal by the caller's contract.
        let _ = self.cell(ix).set(value);
    }

    /// The cells from `ix` on, as far as they are next to each other: to the next multiple of 64 at least.
    #[inline]
    pub fn cells(&self, ix: usize) -> &[OnceLock<T>] {
        let (chunk_ix, offset) = place(ix);
        let chunk =
            self.chunks[chunk_ix].get_or_init(|| (0..FIRST_CHUNK << chunk_ix).map(|_| OnceLock::new()).collect());
        &chunk[offset..]
    }

    fn cell(&self, ix: usize) -> &OnceLock<T> {
        &self.cells(ix)[0]
    }

    /// Bytes of the chunks, without what the values own.
    pub fn bytes(&self) -> usize {
        let cells: usize = self.chunks.iter().filter_map(OnceLock::get).map(|chunk| chunk.len()).sum();
        cells * size_of::<OnceLock<T>>()
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
    fn neighbours_are_together_up_to_the_next_multiple_of_the_first_chunk() {
        let table = Table::default();
        (0..1_000).for_each(|ix| table.set(ix, ix));
        for ix in 0..900 {
            let cells = table.cells(ix);
            let count = FIRST_CHUNK - ix % FIRST_CHUNK;
            assert!(cells[..count].iter().zip(ix..).all(|(cell, ix)| cell.get() == Some(&ix)));
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
}
