//! State vectors as keys of a few 64-bit limbs, exactly.
//!
//! The words of a state are small numbers, so that the whole vector fits a few dozen bits: the key *is* the
//! state, and a set of states is a set of integers in which nothing can collide. How many bits a word needs is
//! known only while the search goes: a packing that a word outgrows is replaced by a wider one.

use crate::system::Word;

/// The bit of a key's first limb that no word uses: a mark for who stores the key.
pub(super) const MARK: u64 = 1 << 63;

/// Limb counts that keys come in. The last has room for 2,048 bits.
pub(super) const LIMB_COUNTS: [usize; 6] = [1, 2, 4, 8, 16, 32];

/// Where each word stands in a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Packing {
    fields: Box<[Field]>,
    pub(super) limb_count: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Field {
    limb: u32,
    shift: u32,
    /// Bits; at most 32.
    width: u32,
}

impl Field {
    fn mask(self) -> u64 {
        (1 << self.width) - 1
    }
}

/// Bits that numbers up to `max` need.
fn bits(max: Word) -> u32 {
    Word::BITS - max.leading_zeros()
}

impl Packing {
    /// A packing with room for words up to `maxima`, and as much more as its limbs have.
    ///
    /// # Panics
    /// If the words need more than 2,047 bits.
    pub(super) fn with_room_for(maxima: &[Word]) -> Self {
        let needs: Vec<u32> = maxima.iter().map(|max| bits(*max)).collect();
        let fitting =
            LIMB_COUNTS.into_iter().find_map(|limb_count| Some((limb_count, distribute(&needs, limb_count)?)));
        let (limb_count, limbs) = fitting.expect("a state of more than 2,047 bits");
        let mut fields = vec![Field { limb: 0, shift: 0, width: 0 }; needs.len()];
        for (limb, members) in limbs.iter().enumerate() {
            let mut shift = 0;
            for (word_ix, width) in widths(&needs, members, capacity(limb)) {
                fields[word_ix] = Field { limb: limb as u32, shift, width };
                shift += width;
            }
        }
        Self { fields: fields.into_boxed_slice(), limb_count }
    }

    /// Writes the key of `words` into `key`, which is all zeros. `false` if a word has no room.
    pub(super) fn pack(&self, words: &[Word], key: &mut [u64]) -> bool {
        let mut fits = true;
        for (field, word) in self.fields.iter().zip(words) {
            fits &= u64::from(*word) <= field.mask();
            key[field.limb as usize] |= u64::from(*word) << field.shift;
        }
        fits
    }

    /// Replaces, in `key`, the word at `position`. `false` if the new one has no room.
    pub(super) fn replace(&self, key: &mut [u64], position: usize, before: Word, after: Word) -> bool {
        let field = self.fields[position];
        key[field.limb as usize] ^= u64::from(before ^ after) << field.shift;
        u64::from(after) <= field.mask()
    }

    /// Writes the words of `key` into `words`.
    pub(super) fn unpack(&self, key: &[u64], words: &mut [Word]) {
        for (field, word) in self.fields.iter().zip(words) {
            *word = (key[field.limb as usize] >> field.shift & field.mask()) as Word;
        }
    }
}

/// Bits of a limb that words may use.
fn capacity(limb: usize) -> u32 {
    if limb == 0 { 63 } else { 64 }
}

/// Which words go into which limb: first fit, in order.
fn distribute(needs: &[u32], limb_count: usize) -> Option<Vec<Vec<usize>>> {
    let mut free: Vec<u32> = (0..limb_count).map(capacity).collect();
    let mut limbs = vec![Vec::new(); limb_count];
    for (word_ix, need) in needs.iter().enumerate() {
        let limb = free.iter().position(|free| free >= need)?;
        free[limb] -= need;
        limbs[limb].push(word_ix);
    }
    Some(limbs)
}

/// The widths of the words of one limb: what they need, and the spare bits dealt out in turn, to those that
/// need most first, since they grow most.
fn widths(needs: &[u32], members: &[usize], capacity: u32) -> Vec<(usize, u32)> {
    let mut widths: Vec<(usize, u32)> = members.iter().map(|word_ix| (*word_ix, needs[*word_ix])).collect();
    let mut spare = capacity - widths.iter().map(|(_, width)| width).sum::<u32>();
    widths.sort_by_key(|(_, width)| std::cmp::Reverse(*width));
    while spare > 0 && widths.iter().any(|(_, width)| *width < Word::BITS) {
        for (_, width) in &mut widths {
            if spare > 0 && *width < Word::BITS {
                *width += 1;
                spare -= 1;
            }
        }
    }
    widths
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for word_count in [1, 2, 7, 20, 60] {
            let maxima: Vec<Word> = (0..word_count).map(|ix| (1 << (ix % 30)) as Word).collect();
            let packing = Packing::with_room_for(&maxima);
            let mut key = vec![0; packing.limb_count];
            assert!(packing.pack(&maxima, &mut key));
            assert_eq!(key[0] & MARK, 0);
            let mut words = vec![0; word_count];
            packing.unpack(&key, &mut words);
            assert_eq!(words, maxima);

            let mut replaced = key.clone();
            assert!(packing.replace(&mut replaced, word_count - 1, maxima[word_count - 1], 0));
            words[word_count - 1] = 0;
            let mut expected = vec![0; packing.limb_count];
            assert!(packing.pack(&words, &mut expected));
            assert_eq!(replaced, expected);
        }
    }

    #[test]
    fn a_word_without_room_is_told() {
        let packing = Packing::with_room_for(&[1; 63]);
        let mut key = [0];
        let mut words = [1; 63];
        assert!(packing.pack(&words, &mut key));
        words[62] = 2;
        assert!(!packing.pack(&words, &mut [0]));
        assert!(!packing.replace(&mut key, 5, 1, 2));
    }

    #[test]
    fn spare_bits_are_used() {
        let packing = Packing::with_room_for(&[1000, 1, 1]);
        assert_eq!(packing.fields.iter().map(|field| field.width).sum::<u32>(), 63);
    }
}
