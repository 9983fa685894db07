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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Record {
    /// By limb.
    limbs: [u8; 32],
    limb_count: u8,
    bytes: u16,
}

impl Record {
    pub(super) fn of(packing: &Packing) -> Self {
        let mut limbs = [0; 32];
        for (limb, bytes) in limbs.iter_mut().enumerate() {
            let mark = u32::from(limb == 0);
            *bytes = (packing.used(limb) + mark).div_ceil(8) as u8;
        }
        let bytes = limbs.iter().map(|bytes| u16::from(*bytes)).sum();
        Self { limbs, limb_count: packing.limb_count as u8, bytes }
    }

    /// Bytes of a key.
    pub(super) fn bytes(&self) -> usize {
        usize::from(self.bytes)
    }

    fn limbs(&self) -> impl Iterator<Item = usize> {
        self.limbs[..usize::from(self.limb_count)].iter().map(|bytes| usize::from(*bytes))
    }

    fn written_mark(&self) -> u64 {
        1 << (u32::from(self.limbs[0]) * 8 - 1)
    }

    /// Writes a key with its mark.
    #[inline]
    pub(super) fn write(&self, marked: &[u64], out: &mut Vec<u8>) {
        let first = if marked[0] & MARK == 0 { marked[0] } else { marked[0] & !MARK | self.written_mark() };
        for (ix, bytes) in self.limbs().enumerate() {
            let limb = if ix == 0 { first } else { marked[ix] };
            // Eight bytes at once and the surplus taken back: their number is known to the compiler.
            let end = out.len() + bytes;
            out.extend_from_slice(&limb.to_le_bytes());
            out.truncate(end);
        }
    }

    /// Reads what was written at the start of `records` into `marked`, whose further limbs become zeros.
    #[inline]
    pub(super) fn read(&self, mut records: &[u8], marked: &mut [u64]) {
        marked.fill(0);
        for (limb, bytes) in marked.iter_mut().zip(self.limbs()) {
            *limb = first_bytes(records, bytes);
            records = &records[bytes..];
        }
        if marked[0] & self.written_mark() != 0 {
            marked[0] = marked[0] & !self.written_mark() | MARK;
        }
    }

    /// Puts records in the order of their keys, which have at most `N` limbs.
    pub(super) fn sort<const N: usize>(&self, records: &mut Vec<u8>) {
        let read = |at: usize| {
            let mut key = [0; N];
            self.read(&records[at..], &mut key);
            key
        };
        let mut keys: Vec<Key<N>> = (0..records.len()).step_by(self.bytes()).map(read).collect();
        keys.sort_unstable_by(|one, other| in_order(one, other));
        records.clear();
        keys.iter().for_each(|key| self.write(key, records));
    }

    /// How many bytes of ascending records are before the first that is not below the one at the start of `bound`.
    ///
    /// They are looked for near the start.
    pub(super) fn before(&self, records: &[u8], bound: &[u8]) -> usize {
        let (mut low, mut high) = (0, records.len() / self.bytes());
        let is_before = |ix: usize| self.compare(&records[ix * self.bytes()..], bound).is_lt();
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
        low * self.bytes()
    }

    /// The order of the keys at the starts of two records.
    fn compare(&self, one: &[u8], other: &[u8]) -> Ordering {
        let mut keys = [[0; 32]; 2];
        let limb_count = usize::from(self.limb_count);
        let [one_key, other_key] = &mut keys;
        self.read(one, &mut one_key[..limb_count]);
        self.read(other, &mut other_key[..limb_count]);
        in_order(&one_key[..limb_count], &other_key[..limb_count])
    }
}

/// The order of keys as numbers, whatever their marks.
#[inline]
pub(super) fn in_order(one: &[u64], other: &[u64]) -> Ordering {
    one[1..].iter().rev().cmp(other[1..].iter().rev()).then_with(|| (one[0] & !MARK).cmp(&(other[0] & !MARK)))
}

/// The number in the first so many bytes, at most eight.
#[inline]
fn first_bytes(records: &[u8], bytes: usize) -> u64 {
    match records.first_chunk::<8>() {
        Some(eight) => u64::from_le_bytes(*eight) & u64::MAX.checked_shr(64 - bytes as u32 * 8).unwrap_or_default(),
        None => records[..bytes].iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte)),
    }
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
            let (mut bytes, mut read) = (Vec::new(), vec![7; packing.limb_count]);
            record.write(&key, &mut bytes);
            prop_assert_eq!(bytes.len(), record.bytes());
            record.read(&bytes, &mut read);
            prop_assert_eq!(read, key);
        }
    }

    proptest! {
        #[test]
        fn records_are_put_in_order(keys in prop::collection::vec(any::<[u64; 4]>(), 0..200), other: [u64; 4]) {
            let packing = Packing::with_room_for(&[u32::MAX; 7], 0);
            let record = Record::of(&packing);
            let fitting = |key: [u64; 4]| {
                let room = |limb| u64::MAX.checked_shr(u64::BITS - packing.used(limb)).unwrap_or_default();
                std::array::from_fn(|limb| key[limb] & (room(limb) | if limb == 0 { MARK } else { 0 }))
            };
            let mut keys: Vec<[u64; 4]> = keys.into_iter().map(fitting).collect();
            let write = |keys: &[[u64; 4]]| {
                let mut records = Vec::new();
                keys.iter().for_each(|key| record.write(key, &mut records));
                records
            };
            let read = |records: &[u8]| {
                let mut key = [0; 4];
                record.read(records, &mut key);
                key
            };
            let mut records = write(&keys);
            record.sort::<4>(&mut records);

            // The limbs from the highest down, the lowest without its mark.
            let number = |key: &[u64; 4]| [key[3], key[2], key[1], key[0] & !MARK];
            keys.sort_by_key(number);
            let held: Vec<[u64; 4]> = records.chunks(record.bytes()).map(read).collect();
            prop_assert_eq!(&held, &keys);
            // Bounds between the keys, and a key itself.
            for bound in keys.get(keys.len() / 2).into_iter().chain([&fitting(other)]) {
                let below = keys.iter().filter(|key| number(key) < number(bound)).count();
                prop_assert_eq!(record.before(&records, &write(&[*bound])), below * record.bytes());
            }
        }
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
