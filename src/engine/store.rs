//! One shard of the set of states that were seen.
//!
//! The set is cut into shards by the mixed key. In each round of the search every shard has one owner, who puts
//! in what the round has brought for it: no lock, no atomic operation, and the outcome does not depend on who
//! comes first.
//!
//! A shard is an open addressing table with linear probing, whose cells are in the order of their homes (the
//! *Robin Hood* rule), after Cleary ("Compact hash tables using bidirectional linear probing", 1984): shard and home
//! are bits of the mixed key, so that a cell holds only the others and how far from home it stands. A cell has as
//! many bytes as that needs and no more.

use super::key::{INDEX_BITS, Key, Record, first_limb, place_of, rest_of, unmarked, unmix};
use super::packing::Packing;

/// How many look-ups are under way at once, so that memory is waited for once and not for each.
const BATCH: usize = 16;
const FIRST_CAPACITY: usize = 32;
/// A shard of at least so many cells grows by a quarter, for memory is what ends a search; a smaller one to the double.
const LARGE: usize = 1 << 15;
/// Bits of a cell that say how far from home it stands, counted from 1; 0 in an empty cell.
const DISTANCE_BITS: u32 = 7;
const FARTHEST: u64 = (1 << DISTANCE_BITS) - 1;

/// What the cells of a shard are like.
#[derive(Clone, Copy, Debug)]
struct Shape<const N: usize> {
    /// Cells that are the home of some key; behind them, [`FARTHEST`] more take what is driven over the end.
    capacity: usize,
    /// How many places have the same home.
    stride: u32,
    /// To divide by the stride: 2^64 over it, rounded up.
    reciprocal: u64,
    /// Bits that tell the places of one home apart.
    place_bits: u32,
    /// Bytes of a cell, and those of each limb: in the first, the distance, the place and the rest of the limb.
    cell_bytes: usize,
    limb_bytes: [usize; N],
    /// Ones in those bytes.
    limb_masks: [u64; N],
}

impl<const N: usize> Shape<N> {
    /// At least `capacity` homes, for keys of that packing.
    fn new(capacity: usize, packing: &Packing) -> Self {
        Self::with_stride(((1_u64 << u32::BITS) / capacity as u64).max(2) as u32, packing)
    }

    fn with_stride(stride: u32, packing: &Packing) -> Self {
        let place_bits = u32::BITS - (stride - 1).leading_zeros();
        let rest_bits = packing.used(0).saturating_sub(INDEX_BITS);
        let limb_bytes: [usize; N] = std::array::from_fn(|limb| {
            let bits = if limb == 0 { DISTANCE_BITS + place_bits + rest_bits } else { packing.used(limb) };
            bits.div_ceil(8) as usize
        });
        Self {
            capacity: (1_u64 << u32::BITS).div_ceil(u64::from(stride)) as usize,
            stride,
            reciprocal: u64::MAX / u64::from(stride) + 1,
            place_bits,
            cell_bytes: limb_bytes.iter().sum(),
            limb_bytes,
            limb_masks: limb_bytes.map(|bytes| u64::MAX.checked_shr(64 - bytes as u32 * 8).unwrap_or_default()),
        }
    }

    /// Room for all cells, and for eight bytes from the last on.
    fn table(&self) -> Vec<u8> {
        vec![0; (self.capacity + FARTHEST as usize + 1) * self.cell_bytes + 8]
    }

    /// The home of a key, and its first limb as it stands there.
    #[inline]
    fn address(&self, mixed: &Key<N>) -> (usize, u64) {
        let place = place_of(mixed);
        let home = ((u128::from(place) * u128::from(self.reciprocal)) >> u64::BITS) as u32;
        let head = (rest_of(mixed) << self.place_bits) | u64::from(place - home * self.stride);
        (home as usize, (head << DISTANCE_BITS) | 1)
    }

    /// The limb of a cell that starts at the byte `at`.
    #[inline]
    fn limb(&self, table: &[u8], at: usize, limb: usize) -> u64 {
        let bytes = table[at..].first_chunk::<8>().expect("there is room for reading eight bytes");
        u64::from_le_bytes(*bytes) & self.limb_masks[limb]
    }

    /// Whether the further limbs of the cell are those of the key.
    #[inline]
    fn has_tail(&self, table: &[u8], mut at: usize, mixed: &Key<N>) -> bool {
        (1..N).all(|limb| {
            at += self.limb_bytes[limb - 1];
            self.limb(table, at, limb) == mixed[limb]
        })
    }

    fn write(&self, table: &mut [u8], mut at: usize, head: u64, mixed: &Key<N>) {
        for (limb, value) in std::iter::once(&head).chain(&mixed[1..]).enumerate() {
            // Eight bytes at once, with what follows left as it is.
            let bytes = table[at..].first_chunk_mut::<8>().expect("there is room for eight bytes");
            let rest = u64::from_le_bytes(*bytes) & !self.limb_masks[limb];
            *bytes = (value & self.limb_masks[limb] | rest).to_le_bytes();
            at += self.limb_bytes[limb];
        }
    }
}

/// What became of a key that was to be put in.
enum Put {
    Known,
    New,
    /// Some cell would stand too far from home.
    NoRoom,
}

/// One part of the set.
#[derive(Debug)]
pub(super) struct Shard<const N: usize> {
    shard_ix: usize,
    shape: Shape<N>,
    table: Vec<u8>,
    used: usize,
    record: Record,
    packing: Packing,
    /// The keys put in since [`take_fresh`](Self::take_fresh), not mixed, with their marks, as records.
    fresh: Vec<u8>,
}

impl<const N: usize> Shard<N> {
    pub(super) fn new(shard_ix: usize, packing: &Packing) -> Self {
        let shape = Shape::new(FIRST_CAPACITY, packing);
        Self {
            shard_ix,
            table: shape.table(),
            shape,
            used: 0,
            record: Record::of(packing),
            packing: packing.clone(),
            fresh: Vec::new(),
        }
    }

    /// Puts in those mixed keys that are not there, and keeps them, with their marks, as fresh.
    pub(super) fn absorb(&mut self, marked_keys: &[Key<N>]) {
        for batch in marked_keys.chunks(BATCH) {
            let mut met = [(0, 0); BATCH];
            for (met, marked) in met.iter_mut().zip(batch) {
                let (home, head) = self.shape.address(marked);
                *met = (head, self.shape.limb(&self.table, home * self.shape.cell_bytes, 0));
            }
            for ((wanted, met), marked) in met.iter().zip(batch) {
                // A key of one limb that stands at home, as most do.
                if (N > 1 || wanted != met) && self.insert(&unmarked(marked)) {
                    self.record.write(&unmix(marked), &mut self.fresh);
                }
            }
        }
    }

    /// Whether some of the mixed keys are not in the set.
    pub(super) fn misses_any(&self, marked_keys: &[Key<N>]) -> bool {
        marked_keys.iter().any(|marked| !self.contains(&unmarked(marked)))
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
        loop {
            match self.put(mixed) {
                Put::Known => return false,
                Put::New => break,
                Put::NoRoom => self.grow(),
            }
        }
        self.used += 1;
        // Runs are short up to seven eighths; beyond, they are not.
        if self.used * 8 >= self.shape.capacity * 7 {
            self.grow();
        }
        true
    }

    /// Where a mixed key stands, or else where it belongs and the first limb that it would have there.
    #[inline]
    fn find(&self, mixed: &Key<N>) -> Result<usize, (usize, u64)> {
        let (home, mut wanted) = self.shape.address(mixed);
        let mut at = home * self.shape.cell_bytes;
        loop {
            let cell = self.shape.limb(&self.table, at, 0);
            if cell == wanted && self.shape.has_tail(&self.table, at, mixed) {
                return Ok(at);
            }
            // An empty cell, or one that is nearer to its home: the key would stand before it.
            if cell & FARTHEST < wanted & FARTHEST || wanted & FARTHEST == FARTHEST {
                return Err((at, wanted));
            }
            wanted += 1;
            at += self.shape.cell_bytes;
        }
    }

    fn contains(&self, mixed: &Key<N>) -> bool {
        self.find(mixed).is_ok()
    }

    fn put(&mut self, mixed: &Key<N>) -> Put {
        let Err((at, head)) = self.find(mixed) else { return Put::Known };
        let cell_bytes = self.shape.cell_bytes;
        let mut end = at;
        loop {
            // The distance stands in the lowest bits.
            let distance = u64::from(self.table[end]) & FARTHEST;
            if distance == 0 {
                break;
            }
            if distance == FARTHEST {
                return Put::NoRoom;
            }
            end += cell_bytes;
        }
        self.table.copy_within(at..end, at + cell_bytes);
        self.table[at + cell_bytes..end + cell_bytes]
            .iter_mut()
            .step_by(cell_bytes)
            .for_each(|distance| *distance += 1);
        self.shape.write(&mut self.table, at, head, mixed);
        Put::New
    }

    fn grow(&mut self) {
        let capacity = self.shape.capacity;
        let more = if capacity < LARGE { capacity } else { capacity / 4 };
        *self = self.rebuilt(capacity + more, &self.packing.clone());
    }

    /// Takes another packing of the same family, with as many limbs.
    pub(super) fn widen(&mut self, packing: &Packing) {
        debug_assert!(self.fresh.is_empty(), "fresh keys are taken before their records change");
        let shape = Shape::<N>::with_stride(self.shape.stride, packing);
        if shape.limb_bytes == self.shape.limb_bytes {
            (self.record, self.packing) = (Record::of(packing), packing.clone());
        } else {
            *self = self.rebuilt(self.shape.capacity, packing);
        }
    }

    /// The same keys for a packing of the same family, with more limbs.
    pub(super) fn widened<const M: usize>(&mut self, packing: &Packing) -> Shard<M> {
        debug_assert!(self.fresh.is_empty(), "fresh keys are taken before their records change");
        self.rebuilt(self.shape.capacity, packing)
    }

    /// One walk through the old table and the new one, since the order of cells is the same up to the cells of one
    /// home.
    fn rebuilt<const M: usize>(&mut self, mut capacity: usize, packing: &Packing) -> Shard<M> {
        let fresh = std::mem::take(&mut self.fresh);
        loop {
            let shape = Shape::<M>::new(capacity, packing);
            if let Some(table) = self.moved(&shape) {
                let (shard_ix, used) = (self.shard_ix, self.used);
                return Shard {
                    shard_ix,
                    shape,
                    table,
                    used,
                    record: Record::of(packing),
                    packing: packing.clone(),
                    fresh,
                };
            }
            capacity += capacity / 8 + 1;
        }
    }

    /// The table in another shape; `None` if some cell would stand too far from home.
    fn moved<const M: usize>(&self, shape: &Shape<M>) -> Option<Vec<u8>> {
        let mut table = shape.table();
        let (mut free, mut home) = (0, 0);
        let mut neighbours: Vec<Key<N>> = Vec::new();
        let mut settle = |neighbours: &mut Vec<Key<N>>| {
            neighbours.sort_unstable_by_key(place_of);
            for narrow in neighbours.drain(..) {
                let mut mixed = [0; M];
                mixed[..N].copy_from_slice(&narrow);
                let (home, head) = shape.address(&mixed);
                let at = home.max(free);
                let distance = (at - home) as u64;
                if distance >= FARTHEST {
                    return false;
                }
                shape.write(&mut table, at * shape.cell_bytes, head + distance, &mixed);
                free = at + 1;
            }
            true
        };
        for (its_home, mixed) in self.mixed_keys() {
            if its_home != home {
                home = its_home;
                if !settle(&mut neighbours) {
                    return None;
                }
            }
            neighbours.push(mixed);
        }
        settle(&mut neighbours).then_some(table)
    }

    /// The mixed keys with their homes, in the order of the cells.
    fn mixed_keys(&self) -> impl Iterator<Item = (usize, Key<N>)> {
        let shape = self.shape;
        (0..shape.capacity + FARTHEST as usize).filter_map(move |cell_ix| {
            let mut at = cell_ix * shape.cell_bytes;
            let head = shape.limb(&self.table, at, 0);
            let distance = head & FARTHEST;
            if distance == 0 {
                return None;
            }
            let home = cell_ix + 1 - distance as usize;
            let head = head >> DISTANCE_BITS;
            let place = home as u32 * shape.stride + (head & ((1 << shape.place_bits) - 1)) as u32;
            let mut mixed = [0; N];
            mixed[0] = first_limb(self.shard_ix, place, head >> shape.place_bits);
            for (limb, value) in mixed.iter_mut().enumerate().skip(1) {
                at += shape.limb_bytes[limb - 1];
                *value = shape.limb(&self.table, at, limb);
            }
            Some((home, mixed))
        })
    }

    /// The keys, not mixed.
    pub(super) fn keys(&self) -> impl Iterator<Item = Key<N>> {
        self.mixed_keys().map(|(_, mixed)| unmix(&mixed))
    }

    pub(super) fn bytes(&self) -> usize {
        self.table.capacity() + self.fresh.capacity()
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
        let record = shard.record;
        let fresh = shard.take_fresh();
        let read = |bytes: &[u8]| {
            let mut key = vec![0; N];
            record.read(bytes, &mut key);
            key
        };
        let keys: Vec<Vec<u64>> = fresh.chunks(record.bytes()).map(read).collect();
        assert!(keys.is_sorted_by(|one, next| in_order(one, next).is_lt()));
        keys.into_iter().collect()
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
        assert_eq!(shards.iter().map(|shard| shard.used).sum::<usize>(), expected.len());
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
            let held: BTreeSet<Key<1>> = shard.mixed_keys().map(|(_, key)| key).collect();
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

    #[test]
    fn cells_are_as_small_as_can_be() {
        let (packing, keys) = keys::<1>(&[20, 20, 19], 1 << 21, 1 << 21);
        let mut shards: Vec<Shard<1>> = (0..64).map(|ix| Shard::new(ix, &packing)).collect();
        for key in &keys {
            shards[shard_of(key)].insert(key);
        }
        let (bytes, count): (usize, usize) =
            (shards.iter().map(Shard::bytes).sum(), shards.iter().map(|shard| shard.used).sum());
        assert!(bytes < count * 9, "{bytes} bytes for {count} keys of 62 bits");
    }
}
