//! Threads, local transitions and odds of the steps out of a state: what random walks choose by.

use super::event::Event;
use super::inbox::message_of;
use super::moves::{self, Move, corrupted};
use super::tables::Cluster;
use super::transitions::Turn;
use crate::model::Protocol;
use crate::system::{ActionKind, Label, Successors, Word};

impl<P: Protocol> Cluster<P> {
    /// See [`TransitionSystem::labelled`](crate::system::TransitionSystem::labelled).
    pub(super) fn label_all(&self, state: &[Word], out: &mut Successors, labels: &mut Vec<Label>) {
        out.clear();
        labels.clear();
        for node in 0..self.layout.node_count {
            for step in moves::read(self.moves(node, state[node])) {
                if self.apply(node, &step, state, out) {
                    labels.push(self.label(node, &step, state[node]));
                }
            }
        }
        for turn in self.turns(state) {
            if self.turn(turn, state, out) {
                labels.push(self.label_of_world(turn));
            }
        }
    }

    /// The world is one more thread, after all nodes and channels.
    fn label_of_world(&self, turn: Turn) -> Label {
        let (count, kind) = (self.layout.node_count, turn.kind());
        let number = match turn {
            Turn::Partition(split) => split,
            Turn::Heal | Turn::Tick => 0,
            Turn::Gain(node) | Turn::Lose(node) => node as u32,
        };
        let thread = (count * (1 + count) * 2 + usize::from(kind.is_fault())) as u32;
        Label { thread, local: [(count as u32) << 8 | kind as u32, 0, number], weight: 1.0 }
    }

    fn label(&self, node: usize, step: &Move<'_>, local: Word) -> Label {
        let position = &self.positions[node];
        let slot = position.slot_number(local);
        let event = self.event(node, step, local);
        let code = match (event, step.kind) {
            (Some(event), _) => event.code(),
            // A lost message is no step of the node. Which one it is must not depend on where it lies: the order of an inbox
            // is that of numbers, and so that of the threads.
            (None, ActionKind::Drop) => message_of(position.inbox(local)[step.number as usize]),
            (None, _) => step.number,
        };
        // The weight of a fault is the environment's affair.
        let weight = match event {
            Some(event) => self.call(node, position.slots.get(slot), event).weight(),
            None => 1.0,
        };
        Label {
            thread: self.thread(node, step, local),
            local: [(node as u32) << 8 | step.kind as u32, slot, code],
            weight: if weight.is_finite() { weight.max(0.0) } else { 0.0 },
        }
    }

    /// Nodes come first, then channels by sender and receiver; each is two threads, the second of which are its faults.
    fn thread(&self, node: usize, step: &Move<'_>, local: Word) -> u32 {
        let count = self.layout.node_count;
        let place = match step.kind {
            ActionKind::Timeout
            | ActionKind::Choose
            | ActionKind::Restart
            | ActionKind::Resume
            | ActionKind::Crash
            | ActionKind::LoseSave
            | ActionKind::TearSave
            | ActionKind::Pause => node,
            ActionKind::Deliver | ActionKind::Drop | ActionKind::Duplicate => {
                count * (1 + self.sender(node, local, step.number as usize)) + node
            }
            ActionKind::Corrupt => count * (1 + self.sender(node, local, corrupted(step.number).0)) + node,
            ActionKind::Heal | ActionKind::Tick | ActionKind::Partition | ActionKind::Drift => {
                unreachable!("no node does that")
            }
        };
        (place * 2 + usize::from(step.kind.is_fault())) as u32
    }

    fn sender(&self, node: usize, local: Word, place: usize) -> usize {
        let position = &self.positions[node];
        position.sender(message_of(position.inbox(local)[place]))
    }

    /// What happens to `node` in a step; `None` if none of its code runs: a message is
    /// lost, or it only stands still.
    pub(super) fn event(&self, node: usize, step: &Move<'_>, local: Word) -> Option<Event> {
        match step.kind {
            ActionKind::Deliver | ActionKind::Duplicate => {
                Some(Event::Deliver(message_of(self.positions[node].inbox(local)[step.number as usize])))
            }
            ActionKind::Timeout => Some(Event::Timeout(step.number)),
            ActionKind::Choose => Some(Event::Choose(step.number)),
            ActionKind::Restart => Some(Event::Restart),
            ActionKind::Crash | ActionKind::LoseSave | ActionKind::TearSave => Some(Event::Crash),
            ActionKind::Corrupt => {
                let (place, payload) = corrupted(step.number);
                let message = message_of(self.positions[node].inbox(local)[place]);
                Some(Event::Deliver(self.corrupted(node, message)[payload]))
            }
            ActionKind::Drop | ActionKind::Pause | ActionKind::Resume => None,
            ActionKind::Heal | ActionKind::Tick | ActionKind::Partition | ActionKind::Drift => {
                unreachable!("no node does that")
            }
        }
    }
}

impl<P: Protocol> super::step::Call<'_, P> {
    /// How likely the protocol says that this is.
    fn weight(&self) -> f64 {
        self.cause().map_or(1.0, |cause| self.protocol.weight(self.id, &cause))
    }
}
