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
    /// By word.
    places: Vec<Place>,
    /// The other pieces of the words in more than two, by word.
    further: Vec<Piece>,
    /// By limb: the bits in use, from the lowest up.
    used: Vec<u32>,
    pub(super) limb_count: usize,
    /// Packings with the same number agree on every key that both can make.
    pub(super) family: u32,
}

/// Where a word stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Place {
    /// The largest that there is room for.
    largest: Word,
    /// Its lowest bits, and the next; pieces of no bits where there are none.
    pieces: [Piece; 2],
    /// Where the others start in `further`, if there are any.
    further: u16,
}

/// Some neighbouring bits of a word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Piece {
    word: u32,
    limb: u8,
    /// The place in the limb of its lowest bit.
    shift: u8,
    /// The place in the word of its lowest bit.
    from: u8,
    /// As many ones as it has bits.
    mask: Word,
}

impl Piece {
    /// Its bits of a word, as they stand in its limb.
    #[inline]
    fn of(self, word: Word) -> u64 {
        u64::from(word >> self.from & self.mask) << self.shift
    }

    /// Its bits of a key, as they stand in its word.
    #[inline]
    fn taken(self, key: &[u64]) -> Word {
        let limb = match key {
            [only] => only,
            _ => &key[usize::from(self.limb)],
        };
        ((limb >> self.shift) as Word & self.mask) << self.from
    }
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
        let places = vec![Place::default(); maxima.len()];
        let mut packing = Self { places, further: Vec::new(), used: vec![0], limb_count: 1, family };
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
            let (need, width) = (bits(*max), self.width(word_ix));
            if need > width {
                self.give(word_ix, (need + SPARE_BITS).min(Word::BITS) - width);
            }
        }
        let limb_count = LIMB_COUNTS.into_iter().find(|count| *count >= self.used.len());
        self.limb_count = limb_count.expect("a state of at most 2,047 bits");
    }

    /// Gives a word so many bits more.
    fn give(&mut self, word_ix: usize, mut width: u32) {
        let mut from = self.width(word_ix);
        self.places[word_ix].largest = Word::MAX >> (Word::BITS - from - width);
        while width > 0 {
            let limb = self.used.len() - 1;
            let taken = width.min(capacity(limb) - self.used[limb]);
            if taken == 0 {
                self.used.push(0);
                continue;
            }
            self.add(Piece {
                word: word_ix as u32,
                limb: limb as u8,
                shift: self.used[limb] as u8,
                from: from as u8,
                mask: Word::MAX >> (Word::BITS - taken),
            });
            self.used[limb] += taken;
            (from, width) = (from + taken, width - taken);
        }
    }

    fn add(&mut self, piece: Piece) {
        let word_ix = piece.word as usize;
        if let Some(none) = self.places[word_ix].pieces.iter_mut().find(|piece| piece.mask == 0) {
            *none = piece;
            return;
        }
        let at = usize::from(self.places[word_ix].further) + self.further(word_ix).count();
        self.further.insert(at, piece);
        self.places[word_ix + 1..].iter_mut().for_each(|place| place.further += 1);
    }

    /// The pieces of a word beyond the first two.
    #[inline]
    fn further(&self, word_ix: usize) -> impl Iterator<Item = &Piece> {
        let from = usize::from(self.places[word_ix].further);
        self.further[from..].iter().take_while(move |piece| piece.word as usize == word_ix)
    }

    /// The bits of a limb that words use.
    pub(super) fn used(&self, limb: usize) -> u32 {
        self.used.get(limb).copied().unwrap_or_default()
    }

    /// The bits that a word has.
    fn width(&self, word_ix: usize) -> u32 {
        bits(self.places[word_ix].largest)
    }

    /// Writes the key of `words` into `key`, which is all zeros. `false` if a word has no room.
    ///
    /// # Panics
    /// If the key has not the limbs of the packing.
    pub(super) fn pack(&self, words: &[Word], key: &mut [u64]) -> bool {
        let pieces = self.places.iter().flat_map(|place| &place.pieces).filter(|piece| piece.mask > 0);
        for piece in pieces.chain(&self.further) {
            key[usize::from(piece.limb)] |= piece.of(words[piece.word as usize]);
        }
        self.places.iter().zip(words).all(|(place, word)| *word <= place.largest)
    }

    /// Replaces, in `key`, the word at `position`. `false` if the new one has no room.
    #[inline]
    pub(super) fn replace(&self, key: &mut [u64], position: usize, before: Word, after: Word) -> bool {
        let (place, difference) = (&self.places[position], before ^ after);
        // Whether or not there is a second piece: to do this costs less than to guess.
        for piece in place.pieces {
            turn(key, piece.limb, piece.of(difference));
        }
        for piece in self.further(position) {
            turn(key, piece.limb, piece.of(difference));
        }
        after <= place.largest
    }

    /// Writes the words of `key` into `words`. The number of limbs is best known to the compiler.
    pub(super) fn unpack<K: AsRef<[u64]> + ?Sized>(&self, key: &K, words: &mut [Word]) {
        let key = key.as_ref();
        for (place, word) in self.places.iter().zip(&mut *words) {
            let [low, high] = place.pieces;
            *word = low.taken(key);
            if high.mask != 0 {
                *word |= high.taken(key);
            }
        }
        for piece in &self.further {
            words[piece.word as usize] |= piece.taken(key);
        }
    }
}

/// Turns over those bits of a limb.
#[inline]
fn turn(key: &mut [u64], limb: u8, bits: u64) {
    match key {
        // No address that has to be worked out: such keys stay in registers.
        [only] => *only ^= bits,
        [low, high] => {
            *low ^= if limb == 0 { bits } else { 0 };
            *high ^= if limb == 0 { 0 } else { bits };
        }
        _ => key[usize::from(limb)] ^= bits,
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
            // Word by word from the one to the other, in however many pieces they stand by now.
            for position in (0..9).map(|n| n * 4 % 9) {
                assert!(packing.replace(&mut large, position, maxima[position], words[position]));
            }
            assert_eq!(large, key[..packing.limb_count]);
        }
        assert_eq!(packing.limb_count, 8);
    }

    #[test]
    fn no_bit_is_wasted_at_the_end_of_a_limb() {
        let packing = Packing::with_room_for(&[1 << 19; 6], 0);
        assert_eq!((packing.used(0), packing.used(1)), (63, 63));
    }
}
