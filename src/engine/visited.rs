//! The visited set together with what a round brings for it, whatever the width of the keys.

use rayon::prelude::*;

use super::expand::{Expander, Work};
use super::key::{Key, SHARD_COUNT, mix, shard_of, unmarked};
use super::level::Level;
use super::packing::{LIMB_COUNTS, Packing};
use super::store::Shard;
use crate::system::Word;

/// From this many keys on a round is worth the waking of other threads.
const WORTH_SHARING: usize = 4_096;
/// States that are put in at once when the set is filled from levels.
const FILL_STATES: usize = 1 << 16;

/// The visited set, with the width of its keys hidden.
pub(super) trait Visited: Send {
    /// Expands the chunks of `work`, and keeps the successors' keys for [`absorb`](Self::absorb).
    fn expand(&mut self, work: &Work<'_>, expanders: &mut [Expander]);

    /// Puts the keys of the last round into the set.
    fn absorb(&mut self);

    /// Forgets the keys of the last round.
    fn forget(&mut self);

    /// Whether the last round has brought a state that is not in the set.
    fn misses_any(&self) -> bool;

    /// The states put in since the last call, by shard: keys with their marks, ascending, as records.
    fn take_fresh(&mut self) -> Vec<Vec<u8>>;

    /// How many states were put in since the last call of [`take_fresh`](Self::take_fresh).
    fn fresh_count(&self) -> usize;

    /// Puts a key in as a fresh one.
    fn put(&mut self, marked_key: &[u64]);

    /// Puts a key in, not as a fresh one.
    fn insert(&mut self, key: &[u64]);

    /// Puts in the states of a level, not as fresh ones.
    fn fill(&mut self, level: &Level, packing: &Packing, word_count: usize);

    /// Raises `maxima` to the largest word at each position of any state in the set.
    fn raise(&self, packing: &Packing, maxima: &mut [Word]);

    /// Takes a packing of the same family. If it has more limbs, the set goes on as another.
    fn widen(&mut self, packing: &Packing) -> Option<Box<dyn Visited>>;

    /// The same states by other keys.
    fn repacked(&mut self, from: &Packing, to: &Packing, word_count: usize) -> Box<dyn Visited>;

    /// Bytes of the set.
    fn bytes(&self) -> usize;

    /// Bytes of the round.
    fn round_bytes(&self) -> usize;
}

/// An empty set for keys of that packing.
///
/// # Panics
/// If keys do not come in that width.
pub(super) fn visited(packing: &Packing, worker_count: usize) -> Box<dyn Visited> {
    debug_assert!(LIMB_COUNTS.contains(&packing.limb_count));
    match packing.limb_count {
        1 => Box::new(Shards::<1>::new(packing, worker_count)),
        2 => Box::new(Shards::<2>::new(packing, worker_count)),
        4 => Box::new(Shards::<4>::new(packing, worker_count)),
        8 => Box::new(Shards::<8>::new(packing, worker_count)),
        16 => Box::new(Shards::<16>::new(packing, worker_count)),
        32 => Box::new(Shards::<32>::new(packing, worker_count)),
        _ => unreachable!("keys come in the widths of LIMB_COUNTS"),
    }
}

/// Raises each number to the other's, where that is greater.
pub(super) fn raise(maxima: &mut [Word], words: &[Word]) {
    maxima.iter_mut().zip(words).for_each(|(max, word)| *max = (*max).max(*word));
}

/// What one worker has found in a round, by shard: mixed keys.
pub(super) type Outbox<const N: usize> = Vec<Vec<Key<N>>>;

struct Shards<const N: usize> {
    shards: Vec<Shard<N>>,
    /// By worker.
    outboxes: Vec<Outbox<N>>,
}

impl<const N: usize> Shards<N> {
    fn new(packing: &Packing, worker_count: usize) -> Self {
        Self::of((0..SHARD_COUNT).map(|shard_ix| Shard::new(shard_ix, packing)).collect(), worker_count)
    }

    fn of(shards: Vec<Shard<N>>, worker_count: usize) -> Self {
        Self { shards, outboxes: vec![vec![Vec::new(); SHARD_COUNT]; worker_count] }
    }

    fn widened_to<const M: usize>(&mut self, packing: &Packing) -> Box<dyn Visited> {
        let shards = self.shards.par_iter_mut().map(|shard| shard.widened(packing)).collect();
        Box::new(Shards::<M>::of(shards, self.outboxes.len()))
    }

    fn brought(&self) -> usize {
        self.outboxes.iter().flatten().map(Vec::len).sum()
    }
}

impl<const N: usize> Visited for Shards<N> {
    fn expand(&mut self, work: &Work<'_>, expanders: &mut [Expander]) {
        if work.chunks.len() == 1 {
            expanders[0].expand(work, &mut self.outboxes[0]);
        } else {
            let workers = expanders.par_iter_mut().zip(&mut self.outboxes).with_max_len(1);
            workers.for_each(|(expander, outbox)| expander.expand(work, outbox));
        }
    }

    fn absorb(&mut self) {
        let shared = self.brought() >= WORTH_SHARING;
        let Self { shards, outboxes } = self;
        let absorb = |(shard_ix, shard): (usize, &mut Shard<N>)| {
            outboxes.iter().for_each(|outbox| shard.absorb(&outbox[shard_ix]));
        };
        if shared {
            shards.par_iter_mut().enumerate().for_each(absorb);
        } else {
            shards.iter_mut().enumerate().for_each(absorb);
        }
        self.forget();
    }

    fn forget(&mut self) {
        self.outboxes.iter_mut().flatten().for_each(Vec::clear);
    }

    fn misses_any(&self) -> bool {
        let brought = |shard_ix: usize| self.outboxes.iter().map(move |outbox| &outbox[shard_ix]);
        (self.shards.iter().enumerate()).any(|(ix, shard)| brought(ix).any(|keys| shard.misses_any(keys)))
    }

    fn take_fresh(&mut self) -> Vec<Vec<u8>> {
        if self.fresh_count() >= WORTH_SHARING {
            self.shards.par_iter_mut().map(Shard::take_fresh).collect()
        } else {
            self.shards.iter_mut().map(Shard::take_fresh).collect()
        }
    }

    fn fresh_count(&self) -> usize {
        self.shards.iter().map(Shard::fresh_count).sum()
    }

    fn put(&mut self, marked_key: &[u64]) {
        let mixed: Key<N> = mix(marked_key.try_into().expect("the key is as wide as the set's"));
        self.shards[shard_of(&mixed)].absorb(&[mixed]);
    }

    fn insert(&mut self, key: &[u64]) {
        let mixed: Key<N> = mix(key.try_into().expect("the key is as wide as the set's"));
        self.shards[shard_of(&mixed)].insert(&mixed);
    }

    fn fill(&mut self, level: &Level, packing: &Packing, word_count: usize) {
        for chunk in level.chunks(FILL_STATES) {
            let mut outbox = vec![Vec::new(); SHARD_COUNT];
            let mut push = |key: &Key<N>| {
                let mixed = unmarked(&mix(key));
                outbox[shard_of(&mixed)].push(mixed);
            };
            if chunk.packing.family == packing.family {
                chunk.for_each_key(|key| push(key));
            } else {
                chunk.for_each(false, word_count, |words| {
                    let mut key = [0; N];
                    let fits = packing.pack(words, &mut key);
                    debug_assert!(fits, "the packing has room for all states");
                    push(&key);
                });
            }
            self.shards.par_iter_mut().zip(&outbox).for_each(|(shard, keys)| {
                keys.iter().for_each(|key| {
                    shard.insert(key);
                });
            });
        }
    }

    fn raise(&self, packing: &Packing, maxima: &mut [Word]) {
        let mut words = vec![0; maxima.len()];
        for key in self.shards.iter().flat_map(Shard::keys) {
            packing.unpack(&key, &mut words);
            raise(maxima, &words);
        }
    }

    fn widen(&mut self, packing: &Packing) -> Option<Box<dyn Visited>> {
        let set = match packing.limb_count {
            same if same == N => {
                self.shards.par_iter_mut().for_each(|shard| shard.widen(packing));
                return None;
            }
            1 => self.widened_to::<1>(packing),
            2 => self.widened_to::<2>(packing),
            4 => self.widened_to::<4>(packing),
            8 => self.widened_to::<8>(packing),
            16 => self.widened_to::<16>(packing),
            32 => self.widened_to::<32>(packing),
            _ => unreachable!("keys come in the widths of LIMB_COUNTS"),
        };
        Some(set)
    }

    fn repacked(&mut self, from: &Packing, to: &Packing, word_count: usize) -> Box<dyn Visited> {
        let mut new = visited(to, self.outboxes.len());
        let (mut words, mut key) = (vec![0; word_count], vec![0; to.limb_count]);
        for old in self.shards.iter().flat_map(Shard::keys) {
            from.unpack(&old, &mut words);
            key.fill(0);
            let fits = to.pack(&words, &mut key);
            debug_assert!(fits, "a packing is replaced by one with more room");
            new.insert(&key);
        }
        new
    }

    fn bytes(&self) -> usize {
        self.shards.iter().map(Shard::bytes).sum()
    }

    fn round_bytes(&self) -> usize {
        self.outboxes.iter().flatten().map(|keys| keys.capacity() * size_of::<Key<N>>()).sum()
    }
}
