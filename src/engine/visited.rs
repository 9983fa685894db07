//! The visited set together with what a round brings for it, whatever the width of the keys.

use rayon::prelude::*;

use super::expand::{Expander, Work};
use super::packing::{LIMB_COUNTS, Packing};
use super::store::{Key, SHARD_COUNT, Shard, shard_of};
use crate::system::Word;

/// From this many keys on a round is worth the waking of other threads.
const WORTH_SHARING: usize = 4_096;

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

    /// The states put in since the last call: keys with their marks, limb after limb.
    fn take_fresh(&mut self) -> Vec<Vec<u64>>;

    /// How many states were put in since the last call of [`take_fresh`](Self::take_fresh).
    fn fresh_count(&self) -> usize;

    /// Puts a key in as a fresh one.
    fn put(&mut self, marked_key: &[u64]);

    /// The largest word at each position of any state in the set.
    fn maxima(&self, packing: &Packing, word_count: usize) -> Vec<Word>;

    /// Hands out the keys of one shard, limb after limb, and leaves none there.
    fn drain(&mut self, shard_ix: usize) -> Vec<u64>;

    /// Puts in keys that another set has handed out, packed anew.
    fn fill(&mut self, limbs: &[u64], from: &Packing, to: &Packing, word_count: usize);

    /// Bytes of the set and of the round.
    fn bytes(&self) -> usize;
}

/// An empty set for keys of that many limbs.
///
/// # Panics
/// If keys do not come in that width.
pub(super) fn visited(limb_count: usize, worker_count: usize) -> Box<dyn Visited> {
    debug_assert!(LIMB_COUNTS.contains(&limb_count));
    match limb_count {
        1 => Box::new(Shards::<1>::new(worker_count)),
        2 => Box::new(Shards::<2>::new(worker_count)),
        4 => Box::new(Shards::<4>::new(worker_count)),
        8 => Box::new(Shards::<8>::new(worker_count)),
        16 => Box::new(Shards::<16>::new(worker_count)),
        32 => Box::new(Shards::<32>::new(worker_count)),
        _ => unreachable!("keys come in the widths of LIMB_COUNTS"),
    }
}

/// Raises each number to the other's, where that is greater.
pub(super) fn raise(maxima: &mut [Word], words: &[Word]) {
    maxima.iter_mut().zip(words).for_each(|(max, word)| *max = (*max).max(*word));
}

/// The same states, packed anew.
pub(super) fn repack(
    mut old: Box<dyn Visited>,
    from: &Packing,
    to: &Packing,
    word_count: usize,
    worker_count: usize,
) -> Box<dyn Visited> {
    let mut new = visited(to.limb_count, worker_count);
    for shard_ix in 0..SHARD_COUNT {
        new.fill(&old.drain(shard_ix), from, to, word_count);
    }
    new
}

/// What one worker has found in a round, by shard.
pub(super) type Outbox<const N: usize> = Vec<Vec<Key<N>>>;

struct Shards<const N: usize> {
    shards: Vec<Shard<N>>,
    /// By worker.
    outboxes: Vec<Outbox<N>>,
}

impl<const N: usize> Shards<N> {
    fn new(worker_count: usize) -> Self {
        Self {
            shards: (0..SHARD_COUNT).map(|_| Shard::new()).collect(),
            outboxes: vec![vec![Vec::new(); SHARD_COUNT]; worker_count],
        }
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

    fn take_fresh(&mut self) -> Vec<Vec<u64>> {
        self.shards.iter_mut().map(Shard::take_fresh).collect()
    }

    fn fresh_count(&self) -> usize {
        self.shards.iter().map(Shard::fresh_count).sum()
    }

    fn put(&mut self, marked_key: &[u64]) {
        let key: Key<N> = marked_key.try_into().expect("the key is as wide as the set's");
        self.shards[shard_of(&super::store::unmarked(&key))].absorb(&[key]);
    }

    fn maxima(&self, packing: &Packing, word_count: usize) -> Vec<Word> {
        let of_shard = |shard: &Shard<N>| {
            let (mut maxima, mut words) = (vec![0; word_count], vec![0; word_count]);
            for key in shard.keys() {
                packing.unpack(key, &mut words);
                raise(&mut maxima, &words);
            }
            maxima
        };
        let greater = |mut one: Vec<Word>, other: Vec<Word>| {
            raise(&mut one, &other);
            one
        };
        self.shards.par_iter().map(of_shard).reduce(|| vec![0; word_count], greater)
    }

    fn drain(&mut self, shard_ix: usize) -> Vec<u64> {
        self.shards[shard_ix].drain().flatten().collect()
    }

    fn fill(&mut self, limbs: &[u64], from: &Packing, to: &Packing, word_count: usize) {
        let mut words = vec![0; word_count];
        for old in limbs.chunks_exact(from.limb_count) {
            from.unpack(old, &mut words);
            let mut key = [0; N];
            let fits = to.pack(&words, &mut key);
            debug_assert!(fits, "a packing is replaced by one with more room");
            self.shards[shard_of(&key)].insert(key);
        }
    }

    fn bytes(&self) -> usize {
        let outboxes: usize = self.outboxes.iter().flatten().map(|keys| keys.capacity() * size_of::<Key<N>>()).sum();
        outboxes + self.shards.iter().map(Shard::bytes).sum::<usize>()
    }
}
