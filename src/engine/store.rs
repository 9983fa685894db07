//! The set of states that were seen.
//!
//! The set is cut into shards by a hash of the key. In each round of the search every shard has one owner, who puts
//! in what the round has brought for it: no lock, no atomic operation, and the outcome does not depend on who
//! comes first. A shard is an open addressing table whose cells are in the order of the keys' hashes, so
//! that growing it is one walk through memory.

use super::packing::MARK;

/// Into how many shards the set is cut.
pub(super) const SHARD_COUNT: usize = 1 << SHARD_BITS;
const SHARD_BITS: u32 = 6;
/// How many look-ups are under way at once, so that memory is waited for once and not for each.
const BATCH: usize = 16;
const FIRST_CAPACITY: usize = 32;
const EMPTY: u64 = u64::MAX;

/// A key of `N` limbs.
pub(super) type Key<const N: usize> = [u64; N];

/// A well mixed number: equal keys have equal ones.
fn hash<const N: usize>(key: &Key<N>) -> u64 {
    let mut mixed = 0_u64;
    for limb in key {
        mixed = (mixed ^ limb).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed ^= mixed >> 32;
    }
    mixed = mixed.wrapping_mul(0xD6E8_FEB8_6659_FD93);
    mixed ^ mixed >> 32
}

/// The shard of a key without [`MARK`].
pub(super) fn shard_of<const N: usize>(key: &Key<N>) -> usize {
    (hash(key) >> (u64::BITS - SHARD_BITS)) as usize
}

/// One part of the set.
#[derive(Debug)]
pub(super) struct Shard<const N: usize> {
    /// A key, or [`EMPTY`] in its first limb, which no key has there, since keys are kept without [`MARK`].
    cells: Vec<Key<N>>,
    used: usize,
    /// The keys put in since [`take_fresh`](Self::take_fresh), with their marks, limb after limb.
    fresh: Vec<u64>,
}

impl<const N: usize> Shard<N> {
    pub(super) fn new() -> Self {
        Self { cells: vec![[EMPTY; N]; FIRST_CAPACITY], used: 0, fresh: Vec::new() }
    }

    /// Puts in those keys that are not there, and keeps them, with their marks, as fresh.
    pub(super) fn absorb(&mut self, marked_keys: &[Key<N>]) {
        for batch in marked_keys.chunks(BATCH) {
            let mut met = [[EMPTY; N]; BATCH];
            for (met, marked) in met.iter_mut().zip(batch) {
                *met = self.cells[self.home(&unmarked(marked))];
            }
            for (met, marked) in met.iter().zip(batch) {
                let key = unmarked(marked);
                if *met != key && self.insert(key) {
                    self.fresh.extend(marked);
                }
            }
        }
    }

    /// Whether some of the keys are not in the set.
    pub(super) fn misses_any(&self, marked_keys: &[Key<N>]) -> bool {
        marked_keys.iter().any(|marked| {
            let key = unmarked(marked);
            self.cells[self.find(&key)] != key
        })
    }

    /// The keys put in since the last call, with their marks, limb after limb.
    pub(super) fn take_fresh(&mut self) -> Vec<u64> {
        std::mem::take(&mut self.fresh)
    }

    /// How many keys were put in since [`take_fresh`](Self::take_fresh).
    pub(super) fn fresh_count(&self) -> usize {
        self.fresh.len() / N
    }

    /// Puts a key in, not as a fresh one. Whether it was not there.
    pub(super) fn insert(&mut self, key: Key<N>) -> bool {
        let at = self.find(&key);
        if self.cells[at] == key {
            return false;
        }
        self.cells[at] = key;
        self.used += 1;
        // Probes are short up to four fifths; beyond, they are not.
        if self.used * 5 >= self.cells.len() * 4 {
            self.grow();
        }
        true
    }

    /// The cell of the key, or the empty cell where it belongs.
    fn find(&self, key: &Key<N>) -> usize {
        let mut at = self.home(key);
        while self.cells[at][0] != EMPTY && self.cells[at] != *key {
            at += 1;
            if at == self.cells.len() {
                at = 0;
            }
        }
        at
    }

    /// Where the search for a key starts: cells are in the order of the hashes.
    fn home(&self, key: &Key<N>) -> usize {
        let within_shard = hash(key) << SHARD_BITS;
        ((u128::from(within_shard) * self.cells.len() as u128) >> u64::BITS) as usize
    }

    /// Small tables double; large ones grow by a quarter, since memory is what ends a search.
    fn grow(&mut self) {
        let old_capacity = self.cells.len();
        let capacity = if old_capacity < 1 << 12 { old_capacity * 2 } else { old_capacity + old_capacity / 4 };
        let cells = std::mem::replace(&mut self.cells, vec![[EMPTY; N]; capacity]);
        for key in cells {
            if key[0] != EMPTY {
                let at = self.find(&key);
                self.cells[at] = key;
            }
        }
    }

    /// The keys.
    pub(super) fn keys(&self) -> impl Iterator<Item = &Key<N>> {
        self.cells.iter().filter(|key| key[0] != EMPTY)
    }

    /// Hands out the keys and leaves nothing.
    pub(super) fn drain(&mut self) -> impl Iterator<Item = Key<N>> + use<N> {
        self.used = 0;
        std::mem::take(&mut self.cells).into_iter().filter(|key| key[0] != EMPTY)
    }

    pub(super) fn bytes(&self) -> usize {
        self.cells.capacity() * size_of::<Key<N>>() + self.fresh.capacity() * 8
    }
}

/// The key without its mark.
pub(super) fn unmarked<const N: usize>(marked: &Key<N>) -> Key<N> {
    let mut key = *marked;
    key[0] &= !MARK;
    key
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn keys<const N: usize>(count: u64, distinct: u64) -> Vec<Key<N>> {
        let key = |n: u64| std::array::from_fn(|limb| (n % distinct).wrapping_mul(limb as u64 + 1) & !MARK);
        (0..count).map(key).collect()
    }

    fn a_set_is_a_set<const N: usize>() {
        let mut shard = Shard::<N>::new();
        let keys = keys::<N>(50_000, 9_000);
        shard.absorb(&keys);
        assert_eq!(shard.fresh_count(), 9_000);
        assert!(!shard.misses_any(&keys));
        assert!(shard.misses_any(&[[1 << 40; N]]));
        let fresh: BTreeSet<Vec<u64>> = shard.take_fresh().chunks(N).map(<[u64]>::to_vec).collect();
        assert_eq!(fresh, keys.iter().map(|key| key.to_vec()).collect());
        shard.absorb(&keys);
        assert_eq!(shard.fresh_count(), 0);
        assert_eq!(shard.drain().count(), 9_000);
    }

    #[test]
    fn a_shard_is_a_set_whatever_the_width() {
        a_set_is_a_set::<1>();
        a_set_is_a_set::<2>();
        a_set_is_a_set::<8>();
    }

    #[test]
    fn a_mark_is_kept_with_the_fresh_key_and_is_no_part_of_it() {
        let mut shard = Shard::<1>::new();
        shard.absorb(&[[5 | MARK], [5], [6]]);
        assert_eq!(shard.take_fresh(), [5 | MARK, 6]);
    }

    #[test]
    fn neighbouring_keys_spread_over_the_shards() {
        let mut counts = [0; SHARD_COUNT];
        (0..64_000_u64).for_each(|n| counts[shard_of(&[n])] += 1);
        assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{counts:?}");
    }
}
