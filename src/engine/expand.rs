//! Working out the successors of some states.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::level::Chunk;
use super::packing::{MARK, Packing};
use super::store::{Key, shard_of};
use super::visited::Outbox;
use crate::system::{ActionKind, PropertySet, Successors, TransitionSystem, Word};

/// States to expand, shared by all workers.
pub(super) struct Work<'a> {
    pub(super) system: &'a dyn TransitionSystem,
    pub(super) packing: &'a Packing,
    pub(super) chunks: &'a [Chunk<'a>],
    /// The first chunk that nobody has taken.
    pub(super) next: AtomicUsize,
    /// The open properties.
    pub(super) open: PropertySet,
    /// Those of them about states where nothing happens any more.
    pub(super) stuck_open: PropertySet,
    /// Those of them about steps.
    pub(super) step_open: PropertySet,
}

/// One worker: its buffers, and what it has counted since they were last read.
#[derive(Debug)]
pub(super) struct Expander {
    words: Vec<Word>,
    after: Vec<Word>,
    successors: Successors,
    pub(super) tally: Tally,
}

/// What expansion counts and meets.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) actions: [u64; ActionKind::ALL.len()],
    /// The largest words for which the packing had no room, by position; empty while all had.
    pub(super) outgrown: Vec<Word>,
    /// States in which nothing happens any more and a property finds that work remains.
    pub(super) stuck: Vec<(PropertySet, Box<[Word]>)>,
    /// States with a step out of them in which a property finds something.
    pub(super) stepped: Vec<(PropertySet, Box<[Word]>)>,
    pub(super) ruled_out: [u64; ActionKind::ALL.len()],
}

impl Expander {
    pub(super) fn new(word_count: usize) -> Self {
        let words = vec![0; word_count];
        Self { after: words.clone(), words, successors: Successors::default(), tally: Tally::default() }
    }

    /// Takes chunks and expands them until none is left.
    pub(super) fn expand<const N: usize>(&mut self, work: &Work<'_>, outbox: &mut Outbox<N>) {
        self.successors.ask(work.open);
        while let Some(chunk) = work.chunks.get(work.next.fetch_add(1, Ordering::Relaxed)) {
            let same_packing = chunk.packing == work.packing;
            for marked in chunk.keys() {
                chunk.packing.unpack(marked, &mut self.words);
                let mut key: Key<N> = [0; N];
                if same_packing {
                    key.copy_from_slice(marked);
                    key[0] &= !MARK;
                } else {
                    let fits = work.packing.pack(&self.words, &mut key);
                    debug_assert!(fits, "a packing is replaced by one with more room");
                }
                self.expand_one(work, &key, outbox);
            }
        }
    }

    fn expand_one<const N: usize>(&mut self, work: &Work<'_>, key: &Key<N>, outbox: &mut Outbox<N>) {
        work.system.successors(&self.words, &mut self.successors);
        let mut stepped = PropertySet::EMPTY;
        for successor in self.successors.iter() {
            let mut next = *key;
            for &(position, word) in successor.edits {
                let position = position as usize;
                if !work.packing.replace(&mut next, position, self.words[position], word) {
                    self.tally.outgrow(self.words.len(), position, word);
                }
            }
            self.tally.actions[successor.kind as usize] += 1;
            if successor.visible && !work.step_open.is_empty() {
                self.after.copy_from_slice(&self.words);
                successor.apply(&mut self.after);
                stepped = stepped.union(work.system.step_findings(&self.words, &self.after, work.step_open));
            }
            let shard = &mut outbox[shard_of(&next)];
            if successor.visible {
                next[0] |= MARK;
            }
            shard.push(next);
        }
        if !stepped.is_empty() {
            self.tally.stepped.push((stepped, self.words.clone().into_boxed_slice()));
        }
        self.tally.ruled_out.iter_mut().zip(self.successors.ruled_out()).for_each(|(sum, n)| *sum += u64::from(*n));
        if !work.stuck_open.is_empty() && !self.successors.goes_on() {
            let found = work.system.findings(&self.words, work.stuck_open);
            if !found.is_empty() {
                self.tally.stuck.push((found, self.words.clone().into_boxed_slice()));
            }
        }
    }
}

impl Tally {
    #[cold]
    fn outgrow(&mut self, word_count: usize, position: usize, word: Word) {
        self.outgrown.resize(word_count, 0);
        self.outgrown[position] = self.outgrown[position].max(word);
    }
}
