//! State vectors as keys of a few 64-bit limbs, exactly.
//!
//! The words of a state are small numbers, so that the whole vector fits a few dozen bits: the key *is* the
//! state, and a set of states is a set of integers in which nothing can collide. How many bits a word needs is
//! known only while the search goes. A word that outgrows its bits is given more above all others, where every key
//! made before has zeros: keys stay what they are. So a word may stand in several pieces; while there are few
//! states, they are packed anew instead, each word in one piece.

use serde::{Deserialize, Serialize};

use crate::system::Word;

/// The bit of a key's first limb that no word uses: a mark for who stores the key.
pub(super) const MARK: u64 = 1 << 63;

/// Limb counts that keys come in. The last has room for 2,047 bits.
pub(super) const LIMB_COUNTS: [usize; 6] = [1, 2, 4, 8, 16, 32];

/// Bits that a word is given beyond those that it needs.
const SPARE_BITS: u32 = 1;

/// Where each word stands in a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Packing {
    /// Those of the first word, from its lowest bits up; then those of the second; and so on.
    pieces: Vec<Piece>,
    /// By word: where its pieces end in `pieces`.
    ends: Vec<u32>,
    /// By word: the bits that it has.
    widths: Vec<u32>,
    /// By limb: the bits in use, from the lowest up.
    used: Vec<u32>,
    pub(super) limb_count: usize,
    /// Packings with the same number agree on every key that both can make.
    pub(super) family: u32,
}

/// Some neighbouring bits of a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    limb: u8,
    /// The place in the limb of its lowest bit.
    shift: u8,
    /// The place in the word of its lowest bit.
    from: u8,
    /// As many ones as it has bits.
    mask: Word,
}

/// Bits that numbers up to `max` need.
fn bits(max: Word) -> u32 {
    Word::BITS - max.leading_zeros()
}

/// Bits of a limb that words may use.
fn capacity(limb: usize) -> u32 {
    if limb == 0 { 63 } else { 64 }
}

impl Packing {
    /// A packing with room for words up to `maxima` and a little more.
    ///
    /// # Panics
    /// If the words need more than 2,047 bits.
    pub(super) fn with_room_for(maxima: &[Word], family: u32) -> Self {
        let mut packing = Self {
            pieces: Vec::new(),
            ends: vec![0; maxima.len()],
            widths: vec![0; maxima.len()],
            used: vec![0],
            limb_count: 1,
            family,
        };
        packing.widen(maxima);
        packing
    }

    /// The same with room for words up to `maxima`: keys made with the one are keys of the other.
    ///
    /// # Panics
    /// If the words need more than 2,047 bits.
    pub(super) fn widened(&self, maxima: &[Word]) -> Self {
        let mut wider = self.clone();
        wider.widen(maxima);
        wider
    }

    fn widen(&mut self, maxima: &[Word]) {
        for (word_ix, max) in maxima.iter().enumerate() {
            let (need, width) = (bits(*max), self.widths[word_ix]);
            if need > width {
                self.give(word_ix, (need + SPARE_BITS).min(Word::BITS) - width);
            }
        }
        let limb_count = LIMB_COUNTS.into_iter().find(|count| *count >= self.used.len());
        self.limb_count = limb_count.expect("a state of at most 2,047 bits");
    }

    /// Gives a word so many bits more.
    fn give(&mut self, word_ix: usize, mut width: u32) {
        while width > 0 {
            let limb = self.used.len() - 1;
            let taken = width.min(capacity(limb) - self.used[limb]);
            if taken == 0 {
                self.used.push(0);
                continue;
            }
            let at = self.ends[word_ix] as usize;
            let mask = ((1_u64 << taken) - 1) as Word;
            let (shift, from) = (self.used[limb] as u8, self.widths[word_ix] as u8);
            self.pieces.insert(at, Piece { limb: limb as u8, shift, from, mask });
            self.ends[word_ix..].iter_mut().for_each(|end| *end += 1);
            self.used[limb] += taken;
            self.widths[word_ix] += taken;
            width -= taken;
        }
    }

    /// The bits of a limb that words use.
    pub(super) fn used(&self, limb: usize) -> u32 {
        self.used.get(limb).copied().unwrap_or_default()
    }

    /// Whether words stand in more than three pieces on average.
    pub(super) fn is_in_pieces(&self) -> bool {
        self.pieces.len() > 3 * self.widths.len()
    }

    fn has_room(&self, word_ix: usize, word: Word) -> bool {
        bits(word) <= self.widths[word_ix]
    }

    fn pieces_of(&self, word_ix: usize) -> &[Piece] {
        let start = if word_ix == 0 { 0 } else { self.ends[word_ix - 1] };
        &self.pieces[start as usize..self.ends[word_ix] as usize]
    }

    /// Writes the key of `words` into `key`, which is all zeros. `false` if a word has no room.
    pub(super) fn pack(&self, words: &[Word], key: &mut [u64]) -> bool {
        let mut fits = true;
        for (word_ix, word) in words.iter().enumerate() {
            fits &= self.replace(key, word_ix, 0, *word);
        }
        fits
    }

    /// Replaces, in `key`, the word at `position`. `false` if the new one has no room.
    #[inline]
    pub(super) fn replace(&self, key: &mut [u64], position: usize, before: Word, after: Word) -> bool {
        let difference = before ^ after;
        for piece in self.pieces_of(position) {
            key[usize::from(piece.limb)] ^= u64::from(difference >> piece.from & piece.mask) << piece.shift;
        }
        self.has_room(position, after)
    }

    /// Writes the words of `key` into `words`.
    pub(super) fn unpack(&self, key: &[u64], words: &mut [Word]) {
        let mut start = 0;
        for (end, word) in self.ends.iter().zip(words) {
            let pieces = &self.pieces[start..*end as usize];
            *word = pieces.iter().fold(0, |word, piece| {
                word | ((key[usize::from(piece.limb)] >> piece.shift) as Word & piece.mask) << piece.from
            });
            start = *end as usize;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_come_back() {
        for word_count in [1, 2, 7, 20, 60] {
            let maxima: Vec<Word> = (0..word_count).map(|ix| (1 << (ix % 30)) as Word).collect();
            let packing = Packing::with_room_for(&maxima, 0);
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
        let packing = Packing::with_room_for(&[1; 31], 0);
        let (mut key, mut words) = ([0], [1; 31]);
        assert!(packing.pack(&words, &mut key));
        words[30] = 4;
        assert!(!packing.pack(&words, &mut [0]));
        assert!(!packing.replace(&mut key, 5, 1, 4));
    }

    /// Word by word, bit by bit, over the ends of limbs: keys made before stay what they are.
    #[test]
    fn keys_outlive_the_widening_of_words() {
        let mut packing = Packing::with_room_for(&[3; 9], 0);
        let words: Vec<Word> = (0..9).map(|word| word % 4).collect();
        let mut key = vec![0; 32];
        assert!(packing.pack(&words, &mut key));
        let mut maxima = [3; 9];
        for round in 0..9 * 28 {
            maxima[round * 5 % 9] |= 1 << (4 + round / 9);
            packing = packing.widened(&maxima);
            let mut again = vec![0; 32];
            assert!(packing.pack(&words, &mut again) && again == key);
            let (mut large, mut back) = (vec![0; packing.limb_count], [0; 9]);
            assert!(packing.pack(&maxima, &mut large));
            packing.unpack(&large, &mut back);
            assert_eq!(back, maxima);
        }
        assert_eq!(packing.limb_count, 8);
    }

    #[test]
    fn no_bit_is_wasted_at_the_end_of_a_limb() {
        let packing = Packing::with_room_for(&[1 << 19; 6], 0);
        assert_eq!((packing.used(0), packing.used(1)), (63, 63));
    }
}
