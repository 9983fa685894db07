//! Working out the successors of some states.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::key::{Key, mix, shard_of, unmarked};
use super::level::Chunk;
use super::packing::{MARK, Packing};
use super::visited::{Outbox, raise};
use crate::system::{ActionKind, PropertySet, Successors, TransitionSystem, Word};

/// States to expand, shared by all workers.
pub(super) struct Work<'a> {
    pub(super) system: &'a dyn TransitionSystem,
    pub(super) packing: &'a Packing,
    pub(super) chunks: &'a [Chunk<'a>],
    /// The first chunk that nobody has taken.
    pub(super) next: AtomicUsize,
    /// Whether a word had no room: then nobody takes another chunk.
    pub(super) outgrown: AtomicBool,
    /// The open properties.
    pub(super) open: PropertySet,
    /// Those of them about states where nothing happens any more.
    pub(super) stuck_open: PropertySet,
    /// Those of them about steps.
    pub(super) step_open: PropertySet,
    /// Whether some states stand for others.
    pub(super) is_quotient: bool,
}

/// One worker: its buffers, and what it has counted since they were last read.
#[derive(Debug)]
pub(super) struct Expander {
    words: Vec<Word>,
    after: Vec<Word>,
    successors: Successors,
    /// Of the chunk in hand.
    draft: Tally,
    /// Of the chunks that are done.
    pub(super) tally: Tally,
}

/// What expansion counts and meets.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// States expanded.
    pub(super) states: u64,
    pub(super) actions: [u64; ActionKind::ALL.len()],
    /// The largest words for which the packing had no room, by position; empty while all had.
    pub(super) outgrown: Vec<Word>,
    /// The chunks in which that was so: nothing is counted of them.
    pub(super) again: Vec<usize>,
    /// States in which nothing happens any more and a property finds that work remains.
    pub(super) stuck: Vec<(PropertySet, Box<[Word]>)>,
    /// States with a step out of them in which a property finds something.
    pub(super) stepped: Vec<(PropertySet, Box<[Word]>)>,
    pub(super) ruled_out: [u64; ActionKind::ALL.len()],
}

impl Expander {
    pub(super) fn new(word_count: usize) -> Self {
        let words = vec![0; word_count];
        Self {
            after: words.clone(),
            words,
            successors: Successors::default(),
            draft: Tally::default(),
            tally: Tally::default(),
        }
    }

    /// Takes chunks and expands them until none is left, or some word has no room.
    pub(super) fn expand<const N: usize>(&mut self, work: &Work<'_>, outbox: &mut Outbox<N>) {
        self.successors.ask(work.open);
        while !work.outgrown.load(Ordering::Relaxed) {
            let chunk_ix = work.next.fetch_add(1, Ordering::Relaxed);
            let Some(chunk) = work.chunks.get(chunk_ix) else { break };
            let before: Vec<usize> = outbox.iter().map(Vec::len).collect();
            self.expand_chunk(work, chunk, outbox);
            let mut done = std::mem::take(&mut self.draft);
            if !done.outgrown.is_empty() {
                outbox.iter_mut().zip(before).for_each(|(keys, count)| keys.truncate(count));
                work.outgrown.store(true, Ordering::Relaxed);
                done = Tally { outgrown: done.outgrown, again: vec![chunk_ix], ..Tally::default() };
            }
            self.tally.add(&mut done);
        }
    }

    fn expand_chunk<const N: usize>(&mut self, work: &Work<'_>, chunk: &Chunk<'_>, outbox: &mut Outbox<N>) {
        let same_keys = chunk.packing.family == work.packing.family;
        // Of two packings that agree on keys, the set's may have more limbs: zeros.
        chunk.for_each_key::<N>(|marked| {
            chunk.packing.unpack(marked, &mut self.words);
            let mut key = unmarked(marked);
            if !same_keys {
                key.fill(0);
                let fits = work.packing.pack(&self.words, &mut key);
                debug_assert!(fits, "a packing is replaced by one with more room");
            }
            self.expand_one(work, &key, outbox);
        });
    }

    fn expand_one<const N: usize>(&mut self, work: &Work<'_>, key: &Key<N>, outbox: &mut Outbox<N>) {
        self.draft.states += 1;
        work.system.successors(&self.words, &mut self.successors);
        let mut stepped = PropertySet::EMPTY;
        let looks_ahead = work.is_quotient || !work.step_open.is_empty();
        for successor in self.successors.iter() {
            self.draft.actions[successor.kind as usize] += 1;
            let mut next = *key;
            if looks_ahead {
                self.after.copy_from_slice(&self.words);
                successor.apply(&mut self.after);
                if successor.visible && !work.step_open.is_empty() {
                    stepped = stepped.union(work.system.step_findings(&self.words, &self.after, work.step_open));
                }
            }
            if work.is_quotient {
                work.system.represent(&mut self.after);
                let changed = self.after.iter().zip(&self.words).enumerate().filter(|(_, (after, word))| after != word);
                for (position, (after, word)) in changed {
                    if !work.packing.replace(&mut next, position, *word, *after) {
                        self.draft.outgrow(self.words.len(), position, *after);
                    }
                }
            } else {
                for &(position, word) in successor.edits {
                    let position = position as usize;
                    if !work.packing.replace(&mut next, position, self.words[position], word) {
                        self.draft.outgrow(self.words.len(), position, word);
                    }
                }
            }
            if successor.visible {
                next[0] |= MARK;
            }
            let mixed = mix(&next);
            outbox[shard_of(&mixed)].push(mixed);
        }
        if !stepped.is_empty() {
            self.draft.stepped.push((stepped, self.words.clone().into_boxed_slice()));
        }
        if let Some(ruled_out) = self.successors.all_ruled_out() {
            self.draft.ruled_out.iter_mut().zip(ruled_out).for_each(|(sum, n)| *sum += u64::from(*n));
        }
        if !work.stuck_open.is_empty() && !self.successors.goes_on() {
            let found = work.system.findings(&self.words, work.stuck_open);
            if !found.is_empty() {
                self.draft.stuck.push((found, self.words.clone().into_boxed_slice()));
            }
        }
    }
}

impl Tally {
    /// Adds what another has counted, and leaves nothing there.
    pub(super) fn add(&mut self, other: &mut Self) {
        let other = std::mem::take(other);
        self.states += other.states;
        self.actions.iter_mut().zip(other.actions).for_each(|(sum, count)| *sum += count);
        self.ruled_out.iter_mut().zip(other.ruled_out).for_each(|(sum, count)| *sum += count);
        self.stuck.extend(other.stuck);
        self.stepped.extend(other.stepped);
        self.again.extend(other.again);
        if !other.outgrown.is_empty() {
            self.outgrown.resize(other.outgrown.len(), 0);
            raise(&mut self.outgrown, &other.outgrown);
        }
    }

    #[cold]
    fn outgrow(&mut self, word_count: usize, position: usize, word: Word) {
        self.outgrown.resize(word_count, 0);
        self.outgrown[position] = self.outgrown[position].max(word);
    }
}
