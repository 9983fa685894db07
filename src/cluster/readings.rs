//! What conditions read of nodes, remembered by slot.

use std::cell::OnceCell;
use std::sync::OnceLock;

use smallvec::SmallVec;
use stateright::actor::Id;

use super::conditions::Remembered;
use super::inbox::message_of;
use super::slot::{Life, Slot};
use super::tables::Cluster;
use crate::model::{Condition, Node, Protocol, StepCondition, World};
use crate::system::Word;

/// Bits of the readings of all nodes of which it is remembered how they are judged, and of each.
const PACKED_BITS: u32 = 60;
const MOST_READING_BITS: u32 = 5;

/// A state, and what was read of its nodes.
pub(super) struct StateReadings<'a> {
    pub(super) state: &'a [Word],
    /// By node: what the conditions have read of it. Looked up once for all of them, when the first asks.
    of_nodes: OnceCell<SmallVec<[&'a [OnceLock<u32>]; 8]>>,
}

impl<'a> StateReadings<'a> {
    pub(super) fn of(state: &'a [Word]) -> Self {
        Self { state, of_nodes: OnceCell::new() }
    }
}

impl<P: Protocol> Cluster<P> {
    /// Whether some condition that is asked in the search reads something else of the second slot than of the first.
    pub(super) fn sees_difference(&self, node: usize, before: u32, after: u32) -> bool {
        if before == after {
            return false;
        }
        let failed = self.some_failed() && matches!(self.positions[node].slots.get(after).life, Life::Failed(_));
        failed
            || self.conditions.remembered.iter().any(|remembered| {
                remembered.in_search
                    && remembered.reading_ix.is_some()
                    && self.reading(remembered, node, before) != self.reading(remembered, node, after)
            })
    }

    pub(super) fn reading(&self, remembered: &Remembered<P>, node: usize, slot: u32) -> u32 {
        let reading_ix = remembered.reading_ix.expect("the condition reads nodes");
        self.positions[node].reading(reading_ix, slot, |slot| {
            let view = view::<P>(node, slot);
            match &remembered.condition {
                Condition::Nodes(nodes) => nodes.reading(&self.protocol, &view),
                Condition::Step(StepCondition::Nodes(nodes)) => nodes.reading(&self.protocol, &view),
                Condition::History(_) | Condition::World(_) | Condition::Step(_) => {
                    unreachable!("only these read nodes")
                }
            }
        })
    }

    pub(super) fn readings(&self, remembered: &Remembered<P>, state: &[Word]) -> Vec<u32> {
        let positions = self.positions.iter().enumerate();
        positions.map(|(node, position)| self.reading(remembered, node, position.slot_number(state[node]))).collect()
    }

    /// The readings of all nodes as one number in two halves, if they are few and small: then they recur.
    pub(super) fn packed_readings<'a>(
        &'a self,
        remembered: &Remembered<P>,
        readings: &StateReadings<'a>,
    ) -> Option<(u32, u32)> {
        let of_all = || {
            let slots = self.positions.iter().zip(readings.state);
            slots.map(|(position, word)| position.readings(position.slot_number(*word))).collect()
        };
        let (of_nodes, reading_ix) = (readings.of_nodes.get_or_init(of_all), remembered.reading_ix?);
        let bits = (PACKED_BITS / self.positions.len().max(1) as u32).min(MOST_READING_BITS);
        let mut packed = 0;
        for (node, of_node) in of_nodes.iter().enumerate() {
            let read = || self.reading(remembered, node, self.positions[node].slot_number(readings.state[node]));
            let reading = of_node.get(reading_ix).and_then(OnceLock::get).copied().unwrap_or_else(read);
            if reading >> bits != 0 {
                return None;
            }
            packed = packed << bits | u64::from(reading);
        }
        Some(((packed >> u32::BITS) as u32, packed as u32))
    }

    pub(super) fn world(&self, state: &[Word]) -> World<'_, P> {
        let mut world = World {
            nodes: Vec::with_capacity(self.layout.node_count),
            history: self.histories.get(state[self.layout.history()]),
            in_flight: Vec::new(),
        };
        for (node, position) in self.positions.iter().enumerate() {
            world.nodes.push(view::<P>(node, position.slot(state[node])));
            let messages = position.inbox(state[node]).iter();
            world.in_flight.extend(messages.map(|flight| position.messages.get(message_of(*flight))));
        }
        world
    }
}

/// A slot, as properties see it.
pub(super) fn view<'a, P: Protocol>(node: usize, slot: &'a Slot<P::Actor>) -> Node<'a, P::Actor> {
    Node { id: Id::from(node), state: slot.state(), storage: slot.storage.as_ref() }
}
