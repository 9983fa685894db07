//! Messages that will never change anything, left out of inboxes.
//!
//! A protocol says of a message that it is *stale* for a node, when delivering it changes nothing now and will change
//! nothing ever. Where messages wait in any order and a delivery that changes nothing is no step, such a message does
//! nothing but tell states apart. That what is said is so is [confirmed](super::confirm) when the search is over.

use super::inbox::message_of;
use super::readings::view;
use super::tables::Cluster;
use crate::model::{Environment, NetworkKind, NoOpDelivery, Protocol};
use crate::system::Word;
use crate::system::memo::PairMemo;

/// What is remembered of stale messages.
#[derive(Debug)]
pub(super) struct Stale {
    /// By node: (slot, message) -> whether.
    of_node: Vec<PairMemo>,
}

impl Stale {
    /// # Errors
    /// If a message that changes nothing can make a difference in this environment.
    pub(super) fn new(environment: &Environment, node_count: usize) -> Result<Self, String> {
        let obstacle = if environment.network == NetworkKind::Fifo {
            Some("on a FIFO network they stand before others")
        } else if environment.no_op == NoOpDelivery::Consume {
            Some("with `no_op = \"consume\"` to deliver one is a step")
        } else if environment.timing().is_some() {
            Some("in timed mode one that is due holds time up")
        } else if environment.corruptions.total.allows_any() {
            Some("one may arrive with another payload")
        } else {
            None
        };
        match obstacle {
            Some(obstacle) => Err(format!("stale messages cannot be left out here: {obstacle}")),
            None => Ok(Self { of_node: (0..node_count).map(|_| PairMemo::default()).collect() }),
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.of_node.iter().map(PairMemo::bytes).sum()
    }
}

impl<P: Protocol> Cluster<P> {
    /// The word of `node` for a slot and the inbox with the given number, without what is stale.
    pub(super) fn local(&self, node: usize, slot: u32, inbox: u32) -> Word {
        let position = &self.positions[node];
        if const { P::REDUCTIONS.stale_messages }
            && let Some(stale) = &self.stale
        {
            let flights = position.inboxes.get(inbox);
            let is_stale = |flight: &u32| self.is_stale(stale, node, slot, message_of(*flight));
            if flights.iter().any(is_stale) {
                return position.local(slot, flights.iter().copied().filter(|flight| !is_stale(flight)).collect());
            }
        }
        position.locals.intern((slot, inbox))
    }

    pub(super) fn is_stale(&self, stale: &Stale, node: usize, slot: u32, message: u32) -> bool {
        let is_stale = |node: usize, slot: u32, message: u32| {
            let position = &self.positions[node];
            self.protocol.is_stale(&view::<P>(node, position.slots.get(slot)), position.messages.get(message))
        };
        let said = stale.of_node[node].get_or_compute(slot, message, || {
            let said = is_stale(node, slot, message);
            if const { !P::REDUCTIONS.symmetry } {
                return u32::from(said);
            }
            self.ask_of_images(|quotient, permutation| {
                let image = quotient.image_of_node(node, permutation);
                let slot = self.image_of_slot(quotient, node, slot, permutation);
                let message = self.image_of_message(quotient, node, message, permutation);
                let agrees = is_stale(image, slot, message) == said;
                (!agrees).then(|| "`is_stale` says otherwise when members change places".to_owned())
            });
            u32::from(said)
        });
        said != 0
    }
}
