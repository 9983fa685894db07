//! One shard of the set of states that were seen.
//!
//! The set is cut into shards by the mixed key. In each round of the search every shard has one owner, who puts
//! in what the round has brought for it: no lock, no atomic operation, and the outcome does not depend on who
//! comes first.

use super::cells::{Approach, Cells, Put};
use super::key::{Key, Record, unmarked, unmix};
use super::packing::Packing;

/// How many look-ups are under way at once, so that memory is waited for once and not for each.
const BATCH: usize = 16;
const FIRST_CAPACITY: usize = 32;
/// A shard of at least so many cells is filled to seven eighths and grows by a quarter, for memory is what ends a search. A
/// smaller one is filled to two thirds, where runs are short, and grows to the double.
const LARGE: usize = 1 << 17;

/// One part of the set.
#[derive(Debug)]
pub(super) struct Shard<const N: usize> {
    shard_ix: usize,
    cells: Cells<N>,
    record: Record,
    packing: Packing,
    /// The keys put in since [`take_fresh`](Self::take_fresh), not mixed, with their marks, as records.
    fresh: Vec<u8>,
}

impl<const N: usize> Shard<N> {
    pub(super) fn new(shard_ix: usize, packing: &Packing) -> Self {
        Self {
            shard_ix,
            cells: Cells::new(FIRST_CAPACITY, packing),
            record: Record::of(packing),
            packing: packing.clone(),
            fresh: Vec::new(),
        }
    }

    /// Puts in those mixed keys that are not there, and keeps them, with their marks, as fresh.
    pub(super) fn absorb(&mut self, marked_keys: &[Key<N>]) {
        for batch in marked_keys.chunks(BATCH) {
            self.make_room(batch.len());
            let mut approaches = [Approach::default(); BATCH];
            for (approach, marked) in approaches.iter_mut().zip(batch) {
                *approach = self.cells.approach(marked);
            }
            let mut moved = false;
            for (approach, marked) in approaches.iter().zip(batch) {
                let approach = if moved { self.cells.approach(marked) } else { *approach };
                if self.cells.is_at_home(marked, &approach) {
                    continue;
                }
                let key = unmarked(marked);
                let is_new = match self.cells.put(&key, &approach) {
                    Put::Known => false,
                    Put::New => true,
                    Put::NoRoom => {
                        self.grow();
                        moved = true;
                        self.insert(&key)
                    }
                };
                if is_new {
                    self.record.write(&unmix(marked), &mut self.fresh);
                }
            }
        }
    }

    /// Whether some of the mixed keys are not in the set.
    pub(super) fn misses_any(&self, marked_keys: &[Key<N>]) -> bool {
        marked_keys.iter().any(|marked| !self.cells.contains(&unmarked(marked)))
    }

    /// The keys put in since the last call, with their marks, ascending, as records of the packing.
    pub(super) fn take_fresh(&mut self) -> Vec<u8> {
        let mut fresh = std::mem::take(&mut self.fresh);
        self.record.sort::<N>(&mut fresh);
        fresh.shrink_to_fit();
        fresh
    }

    /// How many keys were put in since [`take_fresh`](Self::take_fresh).
    pub(super) fn fresh_count(&self) -> usize {
        self.fresh.len() / self.record.bytes()
    }

    /// Puts a mixed key in, not as a fresh one. Whether it was not there.
    pub(super) fn insert(&mut self, mixed: &Key<N>) -> bool {
        self.make_room(1);
        loop {
            match self.cells.put(mixed, &self.cells.approach(mixed)) {
                Put::Known => return false,
                Put::New => return true,
                Put::NoRoom => self.grow(),
            }
        }
    }

    /// Makes room for so many more keys.
    fn make_room(&mut self, count: usize) {
        let most = |capacity: usize| if capacity < LARGE { capacity / 3 * 2 } else { capacity / 8 * 7 };
        while self.cells.used() + count > most(self.cells.capacity()) {
            self.grow();
        }
    }

    #[cold]
    fn grow(&mut self) {
        let capacity = self.cells.capacity();
        let more = if capacity < LARGE { capacity } else { capacity / 4 };
        self.cells = self.cells.rebuilt(self.shard_ix, capacity + more, &self.packing);
    }

    /// Takes another packing of the same family, with as many limbs.
    pub(super) fn widen(&mut self, packing: &Packing) {
        debug_assert!(self.fresh.is_empty(), "fresh keys are taken before their records change");
        if !self.cells.has_room_for(packing) {
            self.cells = self.cells.rebuilt(self.shard_ix, self.cells.capacity(), packing);
        }
        (self.record, self.packing) = (Record::of(packing), packing.clone());
    }

    /// The same keys for a packing of the same family, with more limbs.
    pub(super) fn widened<const M: usize>(&mut self, packing: &Packing) -> Shard<M> {
        debug_assert!(self.fresh.is_empty(), "fresh keys are taken before their records change");
        Shard {
            shard_ix: self.shard_ix,
            cells: self.cells.rebuilt(self.shard_ix, self.cells.capacity(), packing),
            record: Record::of(packing),
            packing: packing.clone(),
            fresh: Vec::new(),
        }
    }

    /// The keys, not mixed.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key<N>> {
        self.cells.mixed_keys(self.shard_ix).map(|mixed| unmix(&mixed))
    }

    pub(super) fn bytes(&self) -> usize {
        self.cells.bytes() + self.fresh.capacity()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::super::key::{in_order, mix, shard_of};
    use super::super::packing::MARK;
    use super::*;
    use crate::system::Word;

    /// Packings whose words need the given bits, and keys of pseudo-random words in that many values.
    fn keys<const N: usize>(widths: &[u32], count: u32, distinct: u32) -> (Packing, Vec<Key<N>>) {
        let maxima: Vec<Word> = widths.iter().map(|width| (1_u64 << width >> 1) as Word).collect();
        let packing = Packing::with_room_for(&maxima, 0);
        let key = |n: u32| {
            let word = |ix: usize| {
                (n % distinct).wrapping_mul(0x9E37_79B1 ^ (ix as u32).wrapping_mul(0x85EB_CA6A)) % (maxima[ix] + 1)
            };
            let words: Vec<Word> = (0..maxima.len()).map(word).collect();
            let mut key = [0; N];
            assert!(packing.pack(&words, &mut key));
            mix(&key)
        };
        (packing.clone(), (0..count).map(key).collect())
    }

    /// The keys that are fresh, which come in order.
    fn records<const N: usize>(shard: &mut Shard<N>) -> BTreeSet<Vec<u64>> {
        let fresh = shard.take_fresh();
        let record = &shard.record;
        let keys: Vec<Key<N>> = fresh.chunks(record.bytes()).map(|bytes| record.read(bytes)).collect();
        assert!(keys.is_sorted_by(|one, next| in_order(one, next).is_lt()));
        keys.into_iter().map(Vec::from).collect()
    }

    /// All keys go into one shard, which then says of each that it is of this one: only the places count.
    fn a_set_is_a_set<const N: usize>(widths: &[u32], distinct: u32) {
        let (packing, keys) = keys::<N>(widths, distinct * 3, distinct);
        let mut shards: Vec<Shard<N>> = (0..64).map(|ix| Shard::new(ix, &packing)).collect();
        let mut expected = BTreeSet::new();
        for key in &keys {
            shards[shard_of(key)].absorb(&[*key]);
            expected.insert(unmix(key).to_vec());
        }
        assert!(shards.iter().enumerate().all(|(ix, shard)| {
            !shard.misses_any(&keys.iter().filter(|key| shard_of(key) == ix).copied().collect::<Vec<_>>())
        }));
        let held: BTreeSet<Vec<u64>> = shards.iter().flat_map(Shard::keys).map(|key| key.to_vec()).collect();
        assert_eq!(held, expected);
        assert_eq!(shards.iter().map(|shard| shard.cells.used()).sum::<usize>(), expected.len());
        let fresh: BTreeSet<Vec<u64>> = shards.iter_mut().flat_map(records).collect();
        assert_eq!(fresh, expected);
        for (key, shard) in keys.iter().map(|key| (key, shard_of(key))) {
            shards[shard].absorb(&[*key]);
        }
        assert!(shards.iter().all(|shard| shard.fresh_count() == 0));
    }

    #[test]
    fn a_shard_is_a_set_whatever_the_width() {
        a_set_is_a_set::<1>(&[9], 300);
        a_set_is_a_set::<1>(&[14], 9_000);
        a_set_is_a_set::<1>(&[14, 20], 60_000);
        a_set_is_a_set::<1>(&[20, 20, 19], 60_000);
        a_set_is_a_set::<2>(&[20, 20, 20, 20], 60_000);
        a_set_is_a_set::<2>(&[25, 25, 25, 25, 21], 60_000);
        a_set_is_a_set::<4>(&[20; 10], 30_000);
        a_set_is_a_set::<8>(&[20; 20], 30_000);
    }

    proptest! {
        #[test]
        fn a_shard_is_a_set_of_numbers(numbers in prop::collection::vec(0_u64..3_000, 0..4_000), spread in 0_u32..44) {
            let packing = Packing::with_room_for(&[1 << 28, 1 << 28], 0);
            let mut shard = Shard::<1>::new(0, &packing);
            let mut set = BTreeSet::new();
            for number in numbers {
                // As if all were of this shard.
                let [mixed] = mix(&[number << spread]);
                let key = [mixed & !(63 << 32)];
                prop_assert_eq!(shard.insert(&key), set.insert(key));
            }
            let held: BTreeSet<Key<1>> = shard.cells.mixed_keys(shard.shard_ix).collect();
            prop_assert_eq!(held, set);
        }
    }

    #[test]
    fn keys_stay_when_their_packing_is_widened() {
        let (packing, keys) = keys::<1>(&[20, 20, 18], 20_000, 20_000);
        let mut shard = Shard::<1>::new(0, &packing);
        let keys: Vec<Key<1>> = keys.into_iter().filter(|key| shard_of(key) == 0).collect();
        shard.absorb(&keys);
        drop(shard.take_fresh());
        let wider = packing.widened(&[1 << 24, 1 << 24, 1 << 24]);
        let mut wide = shard.widened::<2>(&wider);
        assert!(keys.iter().all(|key| !wide.insert(&[key[0], 0])));
        assert!(keys.iter().all(|key| wide.insert(&[key[0], 1])));
    }

    #[test]
    fn a_mark_is_kept_with_the_fresh_key_and_is_no_part_of_it() {
        let packing = Packing::with_room_for(&[7], 0);
        let mut shard = Shard::<1>::new(0, &packing);
        shard.absorb(&[5, 5 | MARK, 6 | MARK, 6].map(|key| mix(&[key])));
        assert_eq!(records(&mut shard), BTreeSet::from([vec![5], vec![6 | MARK]]));
    }

    /// Keys whose places are close crowd in a few homes, whatever the order in which they come: the shard grows, also in the
    /// middle of a batch, until none stands too far from home. Those that differ in the second limb only have one home for ever.
    #[test]
    fn keys_that_crowd_are_told_apart() {
        let packing = Packing::with_room_for(&[Word::MAX >> 1; 3], 0);
        for (count, step) in [(100, 1), (127, 50), (300, 1), (300, 299), (300, 77)] {
            let key = |n: u64| [(n / 2) << 16 | (n / 2 % 3) << 40, n % 2];
            let keys: Vec<Key<2>> = (0..count).map(|n| key(n * step % count)).collect();
            let mut shard = Shard::<2>::new(0, &packing);
            shard.absorb(&keys);
            assert_eq!((shard.cells.used() as u64, shard.fresh_count() as u64), (count, count));
            let expected: BTreeSet<Vec<u64>> = keys.iter().map(|key| unmix(key).to_vec()).collect();
            assert_eq!(records(&mut shard), expected);
            shard.absorb(&keys);
            assert_eq!((shard.cells.used() as u64, shard.fresh_count()), (count, 0));
            assert_eq!(shard.keys().map(|key| key.to_vec()).collect::<BTreeSet<_>>(), expected);
        }
    }

    /// In shards that are large, as those of all sets are that fill a memory: here for so few keys there are but eight.
    #[test]
    fn cells_are_as_small_as_can_be() {
        let (packing, keys) = keys::<1>(&[20, 20, 19], 1 << 21, 1 << 21);
        let mut shards: Vec<Shard<1>> = (0..8).map(|ix| Shard::new(ix, &packing)).collect();
        for key in &keys {
            shards[shard_of(key) % 8].insert(key);
        }
        let (bytes, count): (usize, usize) =
            (shards.iter().map(Shard::bytes).sum(), shards.iter().map(|shard| shard.cells.used()).sum());
        assert!(bytes < count * 9, "{bytes} bytes for {count} keys of 62 bits");
    }
}
