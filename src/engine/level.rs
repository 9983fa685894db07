//! The states at one distance from the start.

use std::sync::Arc;

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
    /// Keys with their marks, limb after limb. The mark says that a property may find something.
    limbs: Vec<u64>,
}

/// Some states of a level.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'a> {
    pub(super) packing: &'a Packing,
    limbs: &'a [u64],
}

impl Level {
    pub(super) fn push(&mut self, packing: &Arc<Packing>, limbs: Vec<u64>) {
        if !limbs.is_empty() {
            self.parts.push(Part { packing: Arc::clone(packing), limbs });
        }
    }

    pub(super) fn state_count(&self) -> usize {
        self.parts.iter().map(|part| part.limbs.len() / part.packing.limb_count).sum()
    }

    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.limbs.capacity() * size_of::<u64>()).sum()
    }

    /// The level in pieces of at most `state_count` states.
    pub(super) fn chunks(&self, state_count: usize) -> Vec<Chunk<'_>> {
        let mut chunks = Vec::new();
        for Part { packing, limbs } in &self.parts {
            let pieces = limbs.chunks(state_count * packing.limb_count);
            chunks.extend(pieces.map(|limbs| Chunk { packing, limbs }));
        }
        chunks
    }
}

impl<'a> Chunk<'a> {
    /// The keys, with their marks.
    pub(super) fn keys(self) -> std::slice::ChunksExact<'a, u64> {
        self.limbs.chunks_exact(self.packing.limb_count)
    }

    /// Whether the key bears a mark.
    pub(super) fn is_marked(key: &[u64]) -> bool {
        key[0] & MARK != 0
    }

    /// Calls `each` with the words of every state, or of every marked one.
    pub(super) fn for_each(self, marked_only: bool, word_count: usize, mut each: impl FnMut(&[Word])) {
        let mut words = vec![0; word_count];
        for key in self.keys() {
            if !marked_only || Self::is_marked(key) {
                self.packing.unpack(key, &mut words);
                each(&words);
            }
        }
    }
}
