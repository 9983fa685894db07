//! The steps that a node can take from one local state, written down once as a row of numbers.

use crate::system::{ActionKind, Word};

/// The steps of a node from one local state: a flat row of numbers, read by every expansion.
///
/// A move is `[head, event, local, facts, (destination, bundle)*]`, its head holding the kind, whether it
/// is visible, and how many destinations follow.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves {
    row: Vec<u32>,
}

/// One step of one node, whatever the other nodes are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move<'a> {
    pub(super) kind: ActionKind,
    /// Whether a property that reads nodes may see a difference.
    pub(super) visible: bool,
    /// The code of the event, see [`Event`](super::event::Event).
    pub(super) event: u32,
    /// The node's local state after it, what it sends to itself apart.
    pub(super) local: Word,
    /// The number of the facts that it adds to the history.
    pub(super) facts: Option<u32>,
    /// `[destination, bundle, destination, bundle, ..]`: what it sends, by receiver. Each receiver once.
    pub(super) sends: &'a [u32],
}

const NO_FACTS: u32 = u32::MAX;
const FIXED: usize = 4;
const VISIBLE: u32 = 1 << 8;
const SENDS_SHIFT: u32 = 16;

impl Moves {
    pub(super) fn push(&mut self, step: &Move<'_>) {
        let visible = if step.visible { VISIBLE } else { 0 };
        let head = step.kind as u32 | visible | (step.sends.len() as u32) << SENDS_SHIFT;
        self.row.extend([head, step.event, step.local, step.facts.unwrap_or(NO_FACTS)]);
        self.row.extend(step.sends);
    }

    pub(super) fn into_row(self) -> Box<[u32]> {
        self.row.into_boxed_slice()
    }
}

/// Reads the moves of a row.
pub(super) fn read(mut row: &[u32]) -> impl Iterator<Item = Move<'_>> {
    std::iter::from_fn(move || {
        let (&[head, event, local, facts], rest) = row.split_first_chunk::<FIXED>()?;
        let (sends, rest) = rest.split_at((head >> SENDS_SHIFT) as usize);
        row = rest;
        Some(Move {
            kind: ActionKind::ALL[(head & 0xFF) as usize],
            visible: head & VISIBLE != 0,
            event,
            local,
            facts: (facts != NO_FACTS).then_some(facts),
            sends,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut moves = Moves::default();
        let first =
            Move { kind: ActionKind::Crash, visible: true, event: 9, local: 3, facts: None, sends: &[1, 2, 4, 5] };
        let second = Move { kind: ActionKind::Deliver, visible: false, event: 1, local: 0, facts: Some(8), sends: &[] };
        moves.push(&first);
        moves.push(&second);
        let row = moves.into_row();
        let read: Vec<String> = read(&row).map(|step| format!("{step:?}")).collect();
        assert_eq!(read, [format!("{first:?}"), format!("{second:?}")]);
    }
}
