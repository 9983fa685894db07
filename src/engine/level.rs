//! The states at one distance from the start.

use std::sync::Arc;

use super::key::Record;
use super::packing::{MARK, Packing};
use crate::system::Word;

/// The states at one distance from the start, in the order in which they were found.
#[derive(Debug, Default)]
pub(super) struct Level {
    parts: Vec<Part>,
}

/// States that were packed in the same way.
#[derive(Debug)]
struct Part {
    packing: Arc<Packing>,
    record: Record,
    /// Keys with their marks, as records. The mark says that a property may find something.
    records: Vec<u8>,
}

/// Some states of a level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'a> {
    pub(super) packing: &'a Packing,
    record: &'a Record,
    records: &'a [u8],
}

impl Level {
    /// Adds keys of that packing, as records.
    pub(super) fn push(&mut self, packing: &Arc<Packing>, records: Vec<u8>) {
        if !records.is_empty() {
            self.parts.push(Part { packing: Arc::clone(packing), record: Record::of(packing), records });
        }
    }

    /// The keys, part by part, as records of their packings.
    pub(super) fn parts(&self) -> impl Iterator<Item = (&Arc<Packing>, &[u8])> {
        self.parts.iter().map(|part| (&part.packing, &part.records[..]))
    }

    pub(super) fn state_count(&self) -> usize {
        self.parts.iter().map(|part| part.records.len() / part.record.bytes()).sum()
    }

    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.records.capacity()).sum()
    }

    /// The level in pieces of at most `state_count` states.
    pub(super) fn chunks(&self, state_count: usize) -> Vec<Chunk<'_>> {
        let mut chunks = Vec::new();
        for Part { packing, record, records } in &self.parts {
            let pieces = records.chunks(state_count * record.bytes());
            chunks.extend(pieces.map(|records| Chunk { packing, record, records }));
        }
        chunks
    }
}

impl Chunk<'_> {
    pub(super) fn state_count(&self) -> usize {
        self.records.len() / self.record.bytes()
    }

    /// Where each record starts.
    fn starts(&self) -> impl Iterator<Item = usize> {
        (0..self.records.len()).step_by(self.record.bytes())
    }

    /// Calls `each` with every key and its mark, in the limbs of `key`, of which there may be more than the packing has.
    pub(super) fn for_each_key<const N: usize>(&self, key: &mut [u64; N], mut each: impl FnMut(&[u64; N])) {
        for at in self.starts() {
            self.record.read(&self.records[at..], key);
            each(key);
        }
    }

    /// Calls `each` with the words of every state, or of every marked one.
    pub(super) fn for_each(&self, marked_only: bool, word_count: usize, mut each: impl FnMut(&[Word])) {
        let (mut words, mut key) = (vec![0; word_count], vec![0; self.packing.limb_count]);
        for at in self.starts() {
            self.record.read(&self.records[at..], &mut key);
            if !marked_only || key[0] & MARK != 0 {
                self.packing.unpack(&key, &mut words);
                each(&words);
            }
        }
    }
}
