//! The tables behind one node's word.

use std::sync::atomic::{AtomicBool, Ordering};

use stateright::actor::Envelope;

use super::inbox::{Inbox, message_of};
use super::slot::Slot;
use super::time::Overdue;
use crate::model::ProtocolActor;
use crate::system::table::{PairMemo, Table};
use crate::system::{Interner, Word};

/// The tables behind the word of one node. All are filled as the search goes, and read by all threads.
#[derive(Debug)]
pub(super) struct Position<A: ProtocolActor> {
    /// Whether the steps from its local states are worth remembering, see [`remember_what_recurs`](super::Cluster::remember_what_recurs).
    remembers: AtomicBool,
    /// What the node can be.
    pub(super) slots: Interner<Slot<A>>,
    /// The messages ever sent to the node.
    pub(super) messages: Interner<Envelope<A::Msg>>,
    /// The lists of flights ever on their way to it.
    pub(super) inboxes: Interner<Inbox>,
    /// (slot, inbox): the node's word is the number of the pair.
    pub(super) locals: Interner<(u32, u32)>,
    /// By slot: some inbox with which it was seen, and the number of the pair. Where steps send nothing, it is the only one.
    first_local: Table<(u32, Word)>,
    /// What one step of someone sends to this node: messages, ascending unless the network has an order.
    pub(super) bundles: Interner<Inbox>,
    /// What steps of the node do.
    pub(super) effects: Interner<Effect>,
    /// (slot, event) -> effect.
    pub(super) effect_of: PairMemo,
    /// (local, bundle) -> local.
    pub(super) added: PairMemo,
    /// (local, split) -> local without what does not pass.
    pub(super) cut: PairMemo,
    /// (local, which time passes) -> local after a tick.
    pub(super) ticked: PairMemo,
    /// By local: what must happen before time passes.
    pub(super) overdue: Table<Overdue>,
    /// By number of the message: what it may arrive as.
    pub(super) corrupted: Table<Box<[u32]>>,
    /// The moves of each local, see [`moves`](super::moves).
    pub(super) moves: Table<Box<[u32]>>,
    /// The timers and the keys of choices that the node ever had, where fairness needs their numbers.
    pub(super) timers: Interner<A::Timer>,
    pub(super) choices: Interner<String>,
    /// For each move of each local: which message, timer or choice it is about.
    pub(super) instances: Table<Box<[u32]>>,
    /// For each condition that reads nodes: what it reads of each slot.
    pub(super) readings: Vec<Table<u32>>,
}

/// What one step of a node does, whatever else is in flight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Effect {
    /// The slot after it.
    pub(super) slot: u32,
    /// What it sends: receiver and bundle, each receiver once.
    pub(super) sends: Box<[(u32, u32)]>,
    /// The number of the facts that it adds to the history.
    pub(super) facts: Option<u32>,
}

impl<A: ProtocolActor> Position<A> {
    pub(super) fn new(reading_count: usize) -> Self {
        Self {
            remembers: AtomicBool::new(true),
            slots: Interner::default(),
            messages: Interner::default(),
            inboxes: Interner::default(),
            locals: Interner::default(),
            first_local: Table::default(),
            bundles: Interner::default(),
            effects: Interner::default(),
            effect_of: PairMemo::default(),
            added: PairMemo::default(),
            cut: PairMemo::default(),
            ticked: PairMemo::default(),
            overdue: Table::default(),
            corrupted: Table::default(),
            moves: Table::default(),
            timers: Interner::default(),
            choices: Interner::default(),
            instances: Table::default(),
            readings: (0..reading_count).map(|_| Table::default()).collect(),
        }
    }

    pub(super) fn remembers(&self) -> bool {
        self.remembers.load(Ordering::Relaxed)
    }

    pub(super) fn remember(&self, remembers: bool) {
        self.remembers.store(remembers, Ordering::Relaxed);
    }

    /// The word for a slot and an inbox.
    pub(super) fn local(&self, slot: u32, inbox: Inbox) -> Word {
        self.locals.intern((slot, self.inboxes.intern(inbox)))
    }

    /// The word with another slot and the same inbox.
    pub(super) fn with_slot(&self, local: Word, slot: u32) -> Word {
        let inbox = self.locals.get(local).1;
        let first = self.first_local.get_or_set(slot as usize, || (inbox, self.locals.intern((slot, inbox))));
        if first.0 == inbox { first.1 } else { self.locals.intern((slot, inbox)) }
    }

    /// The number of the slot behind a word.
    pub(super) fn slot_number(&self, local: Word) -> u32 {
        self.locals.get(local).0
    }

    /// The slot behind a word.
    pub(super) fn slot(&self, local: Word) -> &Slot<A> {
        self.slots.get(self.slot_number(local))
    }

    /// The inbox behind a word.
    pub(super) fn inbox(&self, local: Word) -> &[u32] {
        self.inboxes.get(self.locals.get(local).1)
    }

    /// The message at a place in the inbox behind a word.
    pub(super) fn message_at(&self, local: Word, place: usize) -> u32 {
        message_of(self.inbox(local)[place])
    }

    /// Who sent a message.
    pub(super) fn sender(&self, message: u32) -> usize {
        usize::from(self.messages.get(message).src)
    }

    /// Bytes of the tables, what the values own apart.
    pub(super) fn bytes(&self) -> usize {
        self.slots.bytes()
            + self.messages.bytes()
            + self.inboxes.bytes()
            + self.locals.bytes()
            + self.first_local.bytes()
            + self.bundles.bytes()
            + self.effects.bytes()
            + self.effect_of.bytes()
            + self.added.bytes()
            + self.cut.bytes()
            + self.ticked.bytes()
            + self.overdue.bytes()
            + self.corrupted.bytes()
            + self.moves.bytes()
            + self.instances.bytes()
    }
}
