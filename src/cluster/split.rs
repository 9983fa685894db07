//! Splits of the network: which there can be, and who hears whom in each.

use crate::model::Partitions;
use crate::system::Word;

/// The most splits that one cluster may have.
const SPLITS_MAX: usize = 1 << 16;

/// The whole network, as the number of a split.
pub(super) const WHOLE: Word = 0;

/// The splits that there can be, by number. Number [`WHOLE`] is none; all others start from 1.
#[derive(Clone, Debug, Default)]
pub(super) struct Splits {
    /// The side of each node, by number of the split less 1.
    sides: Vec<Box<[u8]>>,
}

impl Splits {
    /// Every split of the members into two or more sides in which whoever may not be cut off is on the first.
    ///
    /// # Errors
    /// If there are too many.
    pub(super) fn new(may_be_cut_off: &[bool], partitions: &Partitions) -> Result<Self, String> {
        let mut splits = Self::default();
        if partitions.total.allows_any() {
            splits.extend(may_be_cut_off, partitions.sides, &mut Vec::new())?;
        }
        Ok(splits)
    }

    /// Adds the splits that begin with the sides in `begun`: the first side is that of the first node and of
    /// whoever may not be cut off, and each further side is numbered by its first node.
    fn extend(&mut self, may_be_cut_off: &[bool], most_sides: u8, begun: &mut Vec<u8>) -> Result<(), String> {
        let everyone_may = may_be_cut_off.iter().all(|may| *may);
        let used = begun.iter().max().map_or(0, |highest| highest + 1);
        let Some(&may) = may_be_cut_off.get(begun.len()) else {
            if begun.iter().any(|side| *side > 0) {
                self.sides.push(begun.clone().into_boxed_slice());
            }
            let few = self.sides.len() <= SPLITS_MAX;
            return few.then_some(()).ok_or_else(|| {
                format!("{} nodes split in too many ways: aim `partitions` at a role with `of`", begun.len())
            });
        };
        // Somebody is on the first side: the first node, where everyone may be cut off.
        let first_side_is_taken = !everyone_may || !begun.is_empty();
        let highest = match (may, first_side_is_taken) {
            (false, _) | (true, false) => 0,
            (true, true) => used.max(1).min(most_sides - 1),
        };
        for side in 0..=highest {
            begun.push(side);
            self.extend(may_be_cut_off, most_sides, begun)?;
            begun.pop();
        }
        Ok(())
    }

    /// How many there are, the whole network apart.
    pub(super) fn count(&self) -> u32 {
        self.sides.len() as u32
    }

    /// Whether a message passes from one node to another.
    pub(super) fn connects(&self, split: Word, from: usize, to: usize) -> bool {
        split == WHOLE || {
            let sides = &self.sides[split as usize - 1];
            sides[from] == sides[to]
        }
    }

    /// The split in which each node stands where its source stood; `may_be_cut_off` says it of sources as of nodes.
    ///
    /// # Panics
    /// If there is none: then the sources are not those of a permutation within roles.
    pub(super) fn image(&self, split: Word, sources: &[u8], may_be_cut_off: &[bool]) -> Word {
        let sides = &self.sides[split as usize - 1];
        let moved: Vec<u8> = sources.iter().map(|source| sides[usize::from(*source)]).collect();
        // Numbered anew, as `extend` numbers them.
        let anchor = may_be_cut_off.iter().position(|may| !may).unwrap_or(0);
        let mut numbered = vec![moved[anchor]];
        let mut number = |side: &u8| match numbered.iter().position(|known| known == side) {
            Some(number) => number as u8,
            None => {
                numbered.push(*side);
                numbered.len() as u8 - 1
            }
        };
        let image: Box<[u8]> = moved.iter().map(&mut number).collect();
        let at = self.sides.iter().position(|sides| *sides == image);
        at.expect("splits are permuted like the nodes that may be cut off") as Word + 1
    }

    /// The nodes on each side, the sides by their first node; nothing for the whole network.
    pub(super) fn sides(&self, split: Word) -> Vec<Vec<usize>> {
        let Some(sides) = (split as usize).checked_sub(1).map(|ix| &self.sides[ix]) else { return Vec::new() };
        let side_count = sides.iter().max().map_or(0, |highest| highest + 1);
        let members = |side| (0..sides.len()).filter(|node| sides[*node] == side).collect();
        let mut sides: Vec<Vec<usize>> = (0..side_count).map(members).collect();
        sides.sort();
        sides
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Budget;

    fn splits(may_be_cut_off: &[bool], sides: u8) -> Splits {
        let partitions = Partitions { total: Budget::AtMost(1), sides, ..Partitions::default() };
        Splits::new(may_be_cut_off, &partitions).unwrap()
    }

    #[test]
    fn there_are_as_many_as_set_partitions() {
        // Two sides: 2^(n-1) - 1. Any number of sides: Bell's numbers, less the whole network.
        assert_eq!([2, 3, 4, 5].map(|n| splits(&vec![true; n], 2).count()), [1, 3, 7, 15]);
        assert_eq!([2, 3, 4, 5].map(|n| splits(&vec![true; n], 5).count()), [1, 4, 14, 51]);
        assert_eq!([2, 3, 4, 5].map(|n| splits(&vec![true; n], 3).count()), [1, 4, 13, 40]);
    }

    #[test]
    fn whoever_may_not_be_cut_off_stays_on_the_first_side() {
        let splits = splits(&[true, false, true], 2);
        let sides: Vec<_> = (1..=splits.count()).map(|split| splits.sides(split)).collect();
        assert_eq!(sides, [vec![vec![0, 1], vec![2]], vec![vec![0], vec![1, 2]], vec![vec![0, 2], vec![1]]]);
        assert!(splits.connects(WHOLE, 0, 1) && !splits.connects(2, 0, 1) && splits.connects(2, 1, 2));
    }

    #[test]
    fn an_image_is_a_split_of_the_same_sides() {
        for (may, most) in [(vec![true; 4], 2), (vec![true; 4], 4), (vec![true, false, true, true], 3)] {
            let splits = splits(&may, most);
            let sources = [2, 1, 3, 0];
            for split in 1..=splits.count() {
                let image = splits.image(split, &sources, &may);
                for (one, other) in (0..4).flat_map(|one| (0..4).map(move |other| (one, other))) {
                    let before = splits.connects(split, sources[one].into(), sources[other].into());
                    assert_eq!(splits.connects(image, one, other), before);
                }
            }
        }
    }

    #[test]
    fn too_many_are_refused() {
        let partitions = Partitions { total: Budget::Unlimited, ..Partitions::default() };
        assert!(Splits::new(&[true; 70], &partitions).unwrap_err().contains("70 nodes"));
        let one = [true].into_iter().chain([false; 69]).collect::<Vec<_>>();
        assert_eq!(Splits::new(&one, &partitions).unwrap().count(), 1);
    }
}
