//! The states of a finished exploration, by number, and their edges, worked out again where they are needed.
//!
//! Edges are not stored: working them out is cheap, and there are many more of them than states. A state is known by
//! its place in the order in which the search found it; those of one level stand together.

use std::ops::Range;
use std::sync::Arc;

use super::super::level::Level;
use super::super::packing::Packing;
use crate::system::{Explain, FairInstances, Successors, Word};

/// A state, by its place among all.
pub(super) type StateIx = u32;

/// Every reachable state of a system.
pub(in super::super) struct Graph<'a> {
    pub(super) system: &'a dyn Explain,
    packing: Packing,
    word_count: usize,
    /// Limb after limb, state after state, level after level.
    keys: Vec<u64>,
    /// By distance from the start.
    pub(super) levels: Vec<Range<StateIx>>,
    /// An open addressing table of states by key; [`EMPTY`] where there is none.
    cells: Vec<StateIx>,
}

const EMPTY: StateIx = StateIx::MAX;

/// For each state, what a property finds in it, and whether it is left.
const MARK_BYTES: usize = 2;

/// Buffers for working out edges.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) words: Vec<Word>,
    /// Where states stand for others: those of a successor.
    after: Vec<Word>,
    pub(super) successors: Successors,
    /// By index of the successor: which state it is.
    pub(super) targets: Vec<StateIx>,
    pub(super) instances: FairInstances,
    /// The keys of the successors, one after the other, and where each is looked for first.
    keys: Vec<u64>,
    first_cells: Vec<usize>,
}

fn hash(key: &[u64]) -> u64 {
    let mixed = key.iter().fold(0_u64, |mixed, limb| {
        let mixed = (mixed ^ limb).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^ mixed >> 32
    });
    mixed.wrapping_mul(0xD6E8_FEB8_6659_FD93)
}

/// Three of four cells are taken.
fn cell_count(state_count: usize) -> usize {
    state_count + state_count / 3 + 1
}

impl<'a> Graph<'a> {
    /// Bytes that it takes at most to make the graph of all states in `levels` and to mark them, these levels included. It is
    /// told before: what does not fit must not be begun.
    pub(in super::super) fn bytes_for(levels: &[Arc<Level>], packing: &Packing) -> usize {
        let state_count: usize = levels.iter().map(|level| level.state_count()).sum();
        let bytes = || levels.iter().map(|level| level.bytes());
        // Levels become keys one by one.
        let keys =
            (state_count * packing.limb_count * size_of::<u64>()).max(bytes().sum()) + bytes().max().unwrap_or(0);
        keys + cell_count(state_count) * size_of::<StateIx>() + state_count * MARK_BYTES
    }

    /// The graph of all states in `levels`, for which `packing` has room; each level is given back as soon as it was
    /// taken over. `None` if there are too many states to number.
    pub(in super::super) fn new(system: &'a dyn Explain, levels: Vec<Arc<Level>>, packing: &Packing) -> Option<Self> {
        let state_count: usize = levels.iter().map(|level| level.state_count()).sum();
        if state_count >= EMPTY as usize / 2 {
            return None;
        }
        let mut graph = Self {
            system,
            packing: packing.clone(),
            word_count: system.word_count(),
            keys: Vec::with_capacity(state_count * packing.limb_count),
            levels: Vec::with_capacity(levels.len()),
            cells: vec![EMPTY; cell_count(state_count)],
        };
        for level in levels {
            let start = graph.state_count();
            level.chunks(1 << 16).for_each(|chunk| {
                chunk.for_each(false, graph.word_count, |words| graph.push(words));
            });
            graph.levels.push(start..graph.state_count());
        }
        Some(graph)
    }

    fn push(&mut self, words: &[Word]) {
        let (state, width) = (self.state_count(), self.packing.limb_count);
        let start = self.keys.len();
        self.keys.resize(start + width, 0);
        let fits = self.packing.pack(words, &mut self.keys[start..]);
        debug_assert!(fits, "the packing has room for every state of the search");
        let at = self.cell(&self.keys[start..]);
        debug_assert_eq!(self.cells[at], EMPTY, "a state is found once");
        self.cells[at] = state;
    }

    /// The cell of a key, or the empty cell where it belongs.
    fn cell(&self, key: &[u64]) -> usize {
        self.cell_from(self.first_cell(key), key)
    }

    fn first_cell(&self, key: &[u64]) -> usize {
        ((u128::from(hash(key)) * self.cells.len() as u128) >> u64::BITS) as usize
    }

    fn cell_from(&self, mut at: usize, key: &[u64]) -> usize {
        // Limb by limb: keys are too short for a call of `memcmp`.
        let is_key = |state: StateIx| self.key(state).iter().zip(key).all(|(one, other)| one == other);
        while self.cells[at] != EMPTY && !is_key(self.cells[at]) {
            at = if at + 1 == self.cells.len() { 0 } else { at + 1 };
        }
        at
    }

    fn key(&self, state: StateIx) -> &[u64] {
        let width = self.packing.limb_count;
        &self.keys[state as usize * width..][..width]
    }

    pub(super) fn state_count(&self) -> StateIx {
        (self.keys.len() / self.packing.limb_count) as StateIx
    }

    /// The words of a state.
    pub(super) fn words(&self, state: StateIx) -> Box<[Word]> {
        let mut words = vec![0; self.word_count].into_boxed_slice();
        self.packing.unpack(self.key(state), &mut words);
        words
    }

    /// The states in which the system may start, in its order.
    pub(super) fn initial(&self) -> Vec<StateIx> {
        let mut key = vec![0; self.packing.limb_count];
        let number = |mut words: Box<[Word]>| {
            self.system.represent(&mut words);
            key.fill(0);
            self.packing.pack(&words, &mut key);
            self.cells[self.cell(&key)]
        };
        self.system.initial().into_iter().map(number).collect()
    }

    /// Puts the words of a state into `scratch`.
    pub(super) fn load(&self, state: StateIx, scratch: &mut Scratch) {
        scratch.words.resize(self.word_count, 0);
        self.packing.unpack(self.key(state), &mut scratch.words);
    }

    /// Puts the words, the successors and their numbers into `scratch`.
    ///
    /// Nearly every look into the table or at a key misses the cache. So the misses of all successors are begun before
    /// the first of them is waited for: the first cells are read in one loop, the keys compared in another.
    pub(super) fn expand(&self, state: StateIx, scratch: &mut Scratch) {
        self.load(state, scratch);
        let Scratch { words, after, successors, targets, keys, first_cells, .. } = scratch;
        self.system.successors(words, successors);
        targets.clear();
        keys.clear();
        first_cells.clear();
        let is_quotient = self.system.is_quotient();
        for successor in successors.iter() {
            let start = keys.len();
            if is_quotient {
                after.clone_from(words);
                successor.apply(after);
                self.system.represent(after);
                keys.resize(start + self.packing.limb_count, 0);
                self.packing.pack(after, &mut keys[start..]);
            } else {
                keys.extend_from_slice(self.key(state));
                for &(position, word) in successor.edits {
                    self.packing.replace(&mut keys[start..], position as usize, words[position as usize], word);
                }
            }
            let first = self.first_cell(&keys[start..]);
            first_cells.push(first);
            targets.push(self.cells[first]);
        }
        let keys = keys.chunks_exact(self.packing.limb_count);
        for ((target, key), first) in targets.iter_mut().zip(keys).zip(first_cells) {
            *target = self.cells[self.cell_from(*first, key)];
            debug_assert_ne!(*target, EMPTY, "every successor of a finished exploration was found");
        }
    }

    /// Puts what is possible in the state whose words are in `scratch` there, as far as fairness goes.
    pub(super) fn list_instances(&self, scratch: &mut Scratch) {
        self.system.fair_instances(&scratch.words, &mut scratch.instances);
    }
}
