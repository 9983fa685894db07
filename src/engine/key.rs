//! Keys of states: mixing them, so that they spread evenly, and writing them in as few bytes as they need.

use std::cmp::Ordering;

use super::packing::{MARK, Packing};

/// A key of `N` limbs.
pub(super) type Key<const N: usize> = [u64; N];

/// Into how many shards the set of states is cut.
pub(super) const SHARD_COUNT: usize = 1 << SHARD_BITS;
const SHARD_BITS: u32 = 6;
/// Bits of a mixed key, the lowest ones, that say where it belongs: the shard above the place.
pub(super) const INDEX_BITS: u32 = SHARD_BITS + u32::BITS;
const INDEX_MASK: u64 = (1 << INDEX_BITS) - 1;

/// The key without its mark.
pub(super) fn unmarked<const N: usize>(marked: &Key<N>) -> Key<N> {
    let mut key = *marked;
    key[0] &= !MARK;
    key
}

/// The shard of a mixed key.
#[inline]
pub(super) fn shard_of<const N: usize>(mixed: &Key<N>) -> usize {
    ((mixed[0] & INDEX_MASK) >> u32::BITS) as usize
}

/// The place of a mixed key in its shard, as a share of 2^32.
#[inline]
pub(super) fn place_of<const N: usize>(mixed: &Key<N>) -> u32 {
    mixed[0] as u32
}

/// What a mixed key has in its first limb beyond shard and place.
#[inline]
pub(super) fn rest_of<const N: usize>(mixed: &Key<N>) -> u64 {
    (mixed[0] & !MARK) >> INDEX_BITS
}

/// Puts the first limb of a mixed key together again.
pub(super) fn first_limb(shard: usize, place: u32, rest: u64) -> u64 {
    rest << INDEX_BITS | (shard as u64) << u32::BITS | u64::from(place)
}

/// Odd, and each times its inverse is 1 modulo 2^38.
const FACTORS: [u64; 2] = [0x9E37_79B9_7F4A_7C15 & INDEX_MASK, 0xD6E8_FEB8_6659_FD93 & INDEX_MASK];
const INVERSES: [u64; 2] = [inverse(FACTORS[0]), inverse(FACTORS[1])];

/// Newton's iteration: each step doubles the number of right bits.
const fn inverse(factor: u64) -> u64 {
    let (mut inverse, mut step) = (factor, 0);
    while step < 6 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(factor.wrapping_mul(inverse)));
        step += 1;
    }
    inverse & INDEX_MASK
}

/// The low bits of a key spread by all of its bits, the rest as it was: different keys stay different, and
/// [`unmix`] gives them back. The mark stays.
///
/// A key and the same key with more limbs of zeros have the same mixed low bits.
#[inline]
pub(super) fn mix<const N: usize>(key: &Key<N>) -> Key<N> {
    let mut index = (key[0] & INDEX_MASK).wrapping_mul(FACTORS[0]) & INDEX_MASK;
    index ^= index >> (INDEX_BITS / 2);
    index = index.wrapping_mul(FACTORS[1]) & INDEX_MASK;
    index ^= index >> (INDEX_BITS / 2);
    with_index(key, index.wrapping_add(spread(key)))
}

/// What [`mix`] was given.
pub(super) fn unmix<const N: usize>(mixed: &Key<N>) -> Key<N> {
    let mut index = (mixed[0] & INDEX_MASK).wrapping_sub(spread(mixed)) & INDEX_MASK;
    index ^= index >> (INDEX_BITS / 2);
    index = index.wrapping_mul(INVERSES[1]) & INDEX_MASK;
    index ^= index >> (INDEX_BITS / 2);
    with_index(mixed, index.wrapping_mul(INVERSES[0]))
}

#[inline]
fn with_index<const N: usize>(key: &Key<N>, index: u64) -> Key<N> {
    let mut other = *key;
    other[0] = key[0] & !INDEX_MASK | index & INDEX_MASK;
    other
}

/// A number drawn from all bits but the index.
#[inline]
fn spread<const N: usize>(key: &Key<N>) -> u64 {
    let draw = |limb: u64, factor: u64| {
        let drawn = limb.wrapping_mul(factor);
        (drawn ^ drawn >> 32).wrapping_mul(0xD6E8_FEB8_6659_FD93)
    };
    let (mut sum, mut factor) = (draw(rest_of(key), 0xA076_1D64_78BD_642F), 0xE703_7ED1_A0B4_28DB_u64);
    for limb in &key[1..] {
        sum = sum.wrapping_add(draw(*limb, factor));
        factor = factor.wrapping_mul(0x8EBC_6AF0_9C88_C6E3);
    }
    sum >> (u64::BITS - INDEX_BITS)
}

/// Which bytes of a key are written: of each limb as many as its packing uses, with the mark at the top of the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// By limb; no bytes of those that the packing does not have.
    limbs: [Bytes; 32],
    limb_count: usize,
    bytes: usize,
    /// How far the written mark is below [`MARK`].
    mark_shift: u32,
}

/// The bytes of a limb in a record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Bytes {
    start: usize,
    count: usize,
    /// Ones in them.
    mask: u64,
}

impl Bytes {
    /// The number in these bytes of the record at the start of `records`.
    #[inline]
    fn read(&self, records: &[u8]) -> u64 {
        let from = &records[self.start..];
        match from.first_chunk::<8>() {
            // Eight bytes at once and the surplus taken back: their number is known to the compiler.
            Some(eight) => u64::from_le_bytes(*eight) & self.mask,
            None => from[..self.count].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)),
        }
    }
}

impl Record {
    pub(super) fn of(packing: &Packing) -> Self {
        let (mut limbs, mut bytes) = ([Bytes::default(); 32], 0);
        for (limb, its) in limbs[..packing.limb_count].iter_mut().enumerate() {
            let mark = u32::from(limb == 0);
            let count = (packing.used(limb) + mark).div_ceil(8);
            let mask = u64::MAX.checked_shr(u64::BITS - count * 8).unwrap_or_default();
            *its = Bytes { start: bytes, count: count as usize, mask };
            bytes += its.count;
        }
        let mark_shift = u64::BITS - 8 * limbs[0].count as u32;
        Self { limbs, limb_count: packing.limb_count, bytes, mark_shift }
    }

    /// Bytes of a key.
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Writes a key with its mark.
    #[inline]
    pub(super) fn write(&self, marked: &[u64], out: &mut Vec<u8>) {
        let first = marked[0] & !MARK | (marked[0] & MARK) >> self.mark_shift;
        for (ix, bytes) in self.limbs[..self.limb_count].iter().enumerate() {
            let limb = if ix == 0 { first } else { marked[ix] };
            let end = out.len() + bytes.count;
            out.extend_from_slice(&limb.to_le_bytes());
            out.truncate(end);
        }
    }

    /// Reads what was written at the start of `records`. The limbs that the packing does not have are zeros.
    #[inline]
    pub(super) fn read<const N: usize>(&self, records: &[u8]) -> Key<N> {
        let mut marked = [0; N];
        marked.iter_mut().zip(&self.limbs).for_each(|(limb, bytes)| *limb = bytes.read(records));
        let mark = marked[0] & MARK >> self.mark_shift;
        marked[0] = marked[0] ^ mark | mark << self.mark_shift;
        marked
    }

    /// Puts records in the order of their keys, which have at most `N` limbs.
    pub(super) fn sort<const N: usize>(&self, records: &mut Vec<u8>) {
        let starts = (0..records.len()).step_by(self.bytes);
        let mut keys: Vec<Key<N>> = starts.map(|start| self.read(&records[start..])).collect();
        keys.sort_unstable_by(in_order);
        records.clear();
        keys.iter().for_each(|key| self.write(key, records));
    }

    /// How many bytes of ascending records are before the first that is not below the one at the start of `bound`.
    ///
    /// They are looked for near the start.
    pub(super) fn before(&self, records: &[u8], bound: &[u8]) -> usize {
        let (mut low, mut high) = (0, records.len() / self.bytes);
        let is_before = |ix: usize| self.compare(&records[ix * self.bytes..], bound).is_lt();
        let mut step = 1;
        while low + step < high {
            if !is_before(low + step) {
                high = low + step;
                break;
            }
            low += step;
            step *= 2;
        }
        while low < high {
            let middle = low.midpoint(high);
            if is_before(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low * self.bytes
    }

    /// The order of the keys at the starts of two records.
    fn compare(&self, one: &[u8], other: &[u8]) -> Ordering {
        let (first, further) = self.limbs[..self.limb_count].split_first().expect("a key has a limb");
        let by_further = further.iter().rev().map(|bytes| bytes.read(one).cmp(&bytes.read(other)));
        let by_first = || {
            let unmarked = |records| first.read(records) & !(MARK >> self.mark_shift);
            unmarked(one).cmp(&unmarked(other))
        };
        by_further.into_iter().find(|order| order.is_ne()).unwrap_or_else(by_first)
    }
}

/// The order of keys as numbers, whatever their marks.
#[inline]
pub(super) fn in_order<const N: usize>(one: &Key<N>, other: &Key<N>) -> Ordering {
    // The lowest two limbs at once: to sort by that takes no jump.
    let low = |key: &Key<N>| u128::from(if N > 1 { key[1] } else { 0 }) << u64::BITS | u128::from(key[0] & !MARK);
    let by_high = (2..N).rev().map(|limb| one[limb].cmp(&other[limb])).find(|order| order.is_ne());
    by_high.unwrap_or_else(|| low(one).cmp(&low(other)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn mixing_can_be_undone(key in any::<[u64; 4]>()) {
            prop_assert_eq!(unmix(&mix(&key)), key);
            prop_assert_eq!(unmix(&mix(&[key[0]])), [key[0]]);
            let [narrow] = mix(&[key[0]]);
            prop_assert_eq!(mix(&[key[0], 0, 0, 0]), [narrow, 0, 0, 0]);
            prop_assert_eq!(first_limb(shard_of(&[narrow]), place_of(&[narrow]), rest_of(&[narrow])), narrow & !MARK);
        }

        #[test]
        fn what_is_written_is_read(maxima in prop::collection::vec(0_u32..1 << 20, 1..40), marked: bool) {
            let packing = Packing::with_room_for(&maxima, 0);
            let record = Record::of(&packing);
            let mut key = vec![0; packing.limb_count];
            prop_assert!(packing.pack(&maxima, &mut key));
            key[0] |= if marked { MARK } else { 0 };
            let mut bytes = Vec::new();
            record.write(&key, &mut bytes);
            prop_assert_eq!(bytes.len(), record.bytes());
            key.resize(32, 0);
            // Alone, and with more behind it.
            prop_assert_eq!(record.read::<32>(&bytes).to_vec(), key.clone());
            bytes.extend([0xFF; 32]);
            prop_assert_eq!(record.read::<32>(&bytes).to_vec(), key);
        }
    }

    proptest! {
        #[test]
        fn records_are_put_in_order(
            keys in prop::collection::vec(prop::array::uniform4(limb()), 0..200),
            bound in prop::array::uniform4(limb()),
        ) {
            in_order_with::<1>(&keys, &bound)?;
            in_order_with::<2>(&keys, &bound)?;
            in_order_with::<4>(&keys, &bound)?;
        }
    }

    /// Any limb, or one of a few: then the others decide.
    fn limb() -> impl Strategy<Value = u64> {
        prop_oneof![any::<u64>(), (0_u64..3).prop_map(|few| few << 20), (0_u64..3).prop_map(|few| few | MARK)]
    }

    /// So it is with the first `N` limbs of these keys.
    fn in_order_with<const N: usize>(keys: &[[u64; 4]], bound: &[u64; 4]) -> Result<(), TestCaseError> {
        let packing = Packing::with_room_for(&vec![u32::MAX; 2 * N - 1], 0);
        prop_assert_eq!(packing.limb_count, N);
        let record = Record::of(&packing);
        let fitting = |key: &[u64; 4]| -> Key<N> {
            let room = |limb| u64::MAX.checked_shr(u64::BITS - packing.used(limb)).unwrap_or_default();
            std::array::from_fn(|limb| key[limb] & (room(limb) | if limb == 0 { MARK } else { 0 }))
        };
        let mut keys: Vec<Key<N>> = keys.iter().map(fitting).collect();
        let write = |keys: &[Key<N>]| {
            let mut records = Vec::new();
            keys.iter().for_each(|key| record.write(key, &mut records));
            records
        };
        let mut records = write(&keys);
        record.sort::<N>(&mut records);

        // The limbs from the highest down, the lowest without its mark.
        let number = |key: &Key<N>| {
            let mut limbs = *key;
            limbs[0] &= !MARK;
            limbs.reverse();
            limbs
        };
        keys.sort_by_key(number);
        let held: Vec<Key<N>> = records.chunks(record.bytes()).map(|bytes| record.read(bytes)).collect();
        let numbers = |keys: &[Key<N>]| keys.iter().map(number).collect::<Vec<_>>();
        prop_assert_eq!(numbers(&held), numbers(&keys));
        prop_assert_eq!(
            held.iter().filter(|key| key[0] >= MARK).count(),
            keys.iter().filter(|key| key[0] >= MARK).count()
        );
        // Bounds between the keys, and a key itself.
        for bound in keys.get(keys.len() / 2).into_iter().chain([&fitting(bound)]) {
            let below = keys.iter().filter(|key| number(key) < number(bound)).count();
            prop_assert_eq!(record.before(&records, &write(&[*bound])), below * record.bytes());
        }
        Ok(())
    }

    #[test]
    fn neighbouring_keys_spread_over_the_shards() {
        for shift in [0, 20, 38, 46] {
            let mut counts = [0; SHARD_COUNT];
            (0..64_000_u64).for_each(|n| counts[shard_of(&mix(&[n << shift]))] += 1);
            assert!(counts.iter().all(|count| (800..1_200).contains(count)), "{shift}: {counts:?}");
        }
    }
}
