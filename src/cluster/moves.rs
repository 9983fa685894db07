//! The steps that a node can take from one local state, written down once as a row of numbers.
//!
//! Rows are what every expansion reads, at random, so they are kept small: two numbers for a step that sends
//! nothing, one more for each receiver.

use smallvec::SmallVec;

use crate::system::{ActionKind, Word};

/// The steps of a node from one local state, being written down.
///
/// A move is `[head, local, facts?, send*]`. The head holds the kind, whether the move is visible, whether facts and
/// wide sends follow, how many sends, and the number of the event. A send is a receiver and a bundle in one
/// number, or in two where they are too large for that.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves {
    row: SmallVec<[u32; 64]>,
}

/// One step of one node, whatever the other nodes are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move<'a> {
    pub(super) kind: ActionKind,
    /// Whether a property that reads nodes may see a difference.
    pub(super) visible: bool,
    /// Which message, timer or option: its place in the inbox or the slot. For a corrupted delivery, see
    /// [`corrupted`].
    pub(super) number: u32,
    /// The node's local state after it, what it sends to itself apart.
    pub(super) local: Word,
    /// The number of the facts that it adds to the history.
    pub(super) facts: Option<u32>,
    sends: Sends<'a>,
}

#[derive(Clone, Copy, Debug)]
struct Sends<'a> {
    row: &'a [u32],
    wide: bool,
}

const KIND_MASK: u32 = 0b1111;
const VISIBLE: u32 = 1 << 4;
const FACTS: u32 = 1 << 5;
const WIDE: u32 = 1 << 6;
const SENDS_SHIFT: u32 = 7;
const SENDS_BITS: u32 = 8;
const NUMBER_SHIFT: u32 = SENDS_SHIFT + SENDS_BITS;
/// Bits of a narrow send that hold the bundle; the rest holds the receiver.
const BUNDLE_BITS: u32 = 26;

/// Bits of the number of a corrupted delivery that hold the place in the inbox; the rest holds which payload arrives.
const PLACE_BITS: u32 = 10;

/// A corrupted delivery as one number.
///
/// # Panics
/// From 1,024 messages in one inbox or 128 payloads for one message on.
pub(super) fn corruption(place: usize, payload: usize) -> u32 {
    assert!(place < 1 << PLACE_BITS, "where payloads are corrupted, fewer than 1,024 messages wait for one node");
    assert!(payload < 128, "a payload may become fewer than 128 others");
    (payload as u32) << PLACE_BITS | place as u32
}

/// The place in the inbox, and which payload arrives.
pub(super) fn corrupted(number: u32) -> (usize, usize) {
    ((number & ((1 << PLACE_BITS) - 1)) as usize, (number >> PLACE_BITS) as usize)
}

impl Moves {
    /// Writes a move down; `sends` are receivers and bundles.
    ///
    /// # Panics
    /// From 256 receivers or 2^17 messages in one inbox on.
    pub(super) fn push(
        &mut self,
        (kind, number): (ActionKind, u32),
        visible: bool,
        local: Word,
        facts: Option<u32>,
        sends: &[(u32, u32)],
    ) {
        assert!(sends.len() < 1 << SENDS_BITS, "a step sends to fewer than 256 nodes");
        assert!(number < 1 << (u32::BITS - NUMBER_SHIFT), "fewer than 2^17 messages wait for one node");
        let wide =
            sends.iter().any(|(to, bundle)| *to >= 1 << (u32::BITS - BUNDLE_BITS) || *bundle >= 1 << BUNDLE_BITS);
        let flag = |set: bool, bit: u32| if set { bit } else { 0 };
        let head = kind as u32 | flag(visible, VISIBLE) | flag(facts.is_some(), FACTS) | flag(wide, WIDE);
        self.row.push(head | (sends.len() as u32) << SENDS_SHIFT | number << NUMBER_SHIFT);
        self.row.push(local);
        self.row.extend(facts);
        for &(to, bundle) in sends {
            if wide {
                self.row.extend([to, bundle]);
            } else {
                self.row.push(to << BUNDLE_BITS | bundle);
            }
        }
    }

    pub(super) fn row(&self) -> &[u32] {
        &self.row
    }
}

impl Move<'_> {
    /// What it sends: receiver and bundle, each receiver once.
    #[inline]
    pub(super) fn sends(&self) -> impl Iterator<Item = (usize, u32)> {
        let Sends { mut row, wide } = self.sends;
        std::iter::from_fn(move || {
            let (&first, rest) = row.split_first()?;
            if wide {
                let (&bundle, rest) = rest.split_first()?;
                row = rest;
                Some((first as usize, bundle))
            } else {
                row = rest;
                Some(((first >> BUNDLE_BITS) as usize, first & ((1 << BUNDLE_BITS) - 1)))
            }
        })
    }
}

/// Reads the moves of a row.
#[inline]
pub(super) fn read(mut row: &[u32]) -> impl Iterator<Item = Move<'_>> {
    std::iter::from_fn(move || {
        let (&[head, local], rest) = row.split_first_chunk::<2>()?;
        let (facts, rest) = rest.split_at(usize::from(head & FACTS != 0));
        let wide = head & WIDE != 0;
        let count = (head >> SENDS_SHIFT & ((1 << SENDS_BITS) - 1)) as usize;
        let (sends, rest) = rest.split_at(if wide { count * 2 } else { count });
        row = rest;
        Some(Move {
            kind: ActionKind::ALL[(head & KIND_MASK) as usize],
            visible: head & VISIBLE != 0,
            number: head >> NUMBER_SHIFT,
            local,
            facts: facts.first().copied(),
            sends: Sends { row: sends, wide },
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let narrow = [(1, 2), (63, (1 << BUNDLE_BITS) - 1)];
        let wide = [(0, 1 << BUNDLE_BITS), (64, 7)];
        let mut moves = Moves::default();
        moves.push((ActionKind::Crash, 0), true, 3, None, &narrow);
        moves.push((ActionKind::Deliver, 9), false, 0, Some(8), &[]);
        moves.push((ActionKind::Choose, 1), false, 5, Some(0), &wide);
        let read: Vec<_> = read(moves.row())
            .map(|step| {
                (step.kind, step.number, step.visible, step.local, step.facts, step.sends().collect::<Vec<_>>())
            })
            .collect();
        let sends = |sends: [(u32, u32); 2]| sends.map(|(to, bundle)| (to as usize, bundle)).to_vec();
        assert_eq!(
            read,
            [
                (ActionKind::Crash, 0, true, 3, None, sends(narrow)),
                (ActionKind::Deliver, 9, false, 0, Some(8), vec![]),
                (ActionKind::Choose, 1, false, 5, Some(0), sends(wide)),
            ]
        );
    }
}
