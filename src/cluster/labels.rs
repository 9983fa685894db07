//! Threads, local transitions and odds of the steps out of a state: what random walks choose by.

use super::event::Event;
use super::moves::{self, Move};
use super::tables::Cluster;
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
    }

    fn label(&self, node: usize, step: &Move<'_>, local: Word) -> Label {
        let position = &self.positions[node];
        let slot = position.slot_number(local);
        let event = self.event(node, step, local);
        // A lost message is no step of the node, and the weight of a fault is the environment's affair.
        let code = event.map_or(step.number, Event::code);
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
            ActionKind::Timeout | ActionKind::Choose | ActionKind::Restart | ActionKind::Crash => node,
            ActionKind::Deliver | ActionKind::Drop | ActionKind::Duplicate => {
                let position = &self.positions[node];
                let sender = position.sender(position.inbox(local)[step.number as usize]);
                count * (1 + sender) + node
            }
        };
        (place * 2 + usize::from(step.kind.is_fault())) as u32
    }

    /// What happens to `node` in a step; `None` if nothing happens to it: a message is lost.
    pub(super) fn event(&self, node: usize, step: &Move<'_>, local: Word) -> Option<Event> {
        match step.kind {
            ActionKind::Deliver | ActionKind::Duplicate => {
                Some(Event::Deliver(self.positions[node].inbox(local)[step.number as usize]))
            }
            ActionKind::Timeout => Some(Event::Timeout(step.number)),
            ActionKind::Choose => Some(Event::Choose(step.number)),
            ActionKind::Restart => Some(Event::Restart),
            ActionKind::Crash => Some(Event::Crash),
            ActionKind::Drop => None,
        }
    }
}

impl<P: Protocol> super::step::Call<'_, P> {
    /// How likely the protocol says that this is.
    fn weight(&self) -> f64 {
        self.protocol.weight(self.id, &self.cause())
    }
}
