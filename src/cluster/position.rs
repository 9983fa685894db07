//! The tables behind one node's word.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use stateright::actor::Envelope;

use super::choices::Options;
use super::inbox::{Inbox, InboxRules, message_of};
use super::slot::Slot;
use super::time::Overdue;
use crate::model::ProtocolActor;
use crate::system::memo::PairMemo;
use crate::system::table::Table;
use crate::system::{Interner, PairInterner, Word};

/// The tables behind the word of one node. All are filled as the search goes, and read by all threads.
#[derive(Debug)]
pub(super) struct Position<A: ProtocolActor> {
    /// Whether the steps from its local states are worth remembering, see [`remember_what_recurs`](super::Cluster::remember_what_recurs).
    remembers: AtomicBool,
    /// What the node can be.
    pub(super) slots: Interner<Slot<A>>,
    /// The choices ever open there: many slots have the same.
    open: Interner<Arc<Options<A::Random>>>,
    /// The messages ever sent to the node.
    pub(super) messages: Interner<Envelope<A::Msg>>,
    /// The lists of flights ever on their way to it.
    pub(super) inboxes: Interner<Inbox>,
    /// (slot, inbox): the node's word is the number of the pair.
    pub(super) locals: PairInterner,
    /// What one step of someone sends to this node: messages, ascending unless the network has an order.
    pub(super) bundles: Interner<Inbox>,
    /// What steps of the node do.
    pub(super) effects: Interner<Effect>,
    /// (slot, event) -> effect.
    pub(super) effect_of: PairMemo,
    /// (inbox, bundle) -> inbox with it. There are fewer inboxes than local states: most are worked out for another slot.
    pub(super) inbox_with: PairMemo,
    /// (inbox, place) -> inbox without the message there.
    inbox_without: PairMemo,
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
    /// What the conditions that read nodes read of each slot, side by side: by its number times the stride, plus theirs.
    readings: Table<u32>,
    reading_stride: usize,
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

impl Effect {
    /// The node is in this slot, and that is all.
    pub(super) fn idle(slot: u32) -> Self {
        Self { slot, sends: Box::default(), facts: None }
    }

    /// Whether it does something to a node in this slot, or to others.
    pub(super) fn changes(&self, slot: u32) -> bool {
        self.slot != slot || !self.sends.is_empty() || self.facts.is_some()
    }
}

impl<A: ProtocolActor> Position<A> {
    pub(super) fn new(reading_count: usize) -> Self {
        Self {
            remembers: AtomicBool::new(true),
            slots: Interner::default(),
            open: Interner::default(),
            messages: Interner::default(),
            inboxes: Interner::default(),
            locals: PairInterner::default(),
            bundles: Interner::default(),
            effects: Interner::default(),
            effect_of: PairMemo::default(),
            inbox_with: PairMemo::default(),
            inbox_without: PairMemo::default(),
            added: PairMemo::default(),
            cut: PairMemo::default(),
            ticked: PairMemo::default(),
            overdue: Table::default(),
            corrupted: Table::default(),
            moves: Table::default(),
            timers: Interner::default(),
            choices: Interner::default(),
            instances: Table::default(),
            readings: Table::default(),
            // A power of two, so that those of one slot are next to each other in the table.
            reading_stride: reading_count.next_power_of_two(),
        }
    }

    pub(super) fn remembers(&self) -> bool {
        self.remembers.load(Ordering::Relaxed)
    }

    pub(super) fn remember(&self, remembers: bool) {
        self.remembers.store(remembers, Ordering::Relaxed);
    }

    /// The number of a slot that came after `before`, and whether it is new.
    pub(super) fn number_slot(&self, slot: Slot<A>, before: &Slot<A>) -> (u32, bool) {
        self.slots.intern_anew(self.sharing(slot, before))
    }

    /// The same for several.
    pub(super) fn number_slots(&self, slots: Vec<Slot<A>>, before: &Slot<A>) -> Vec<(u32, bool)> {
        let numbers = self.slots.intern_all(slots.into_iter().map(|slot| self.sharing(slot, before)).collect());
        // What is looked at next, asked for side by side.
        let there = |(slot, _): &&(u32, bool)| {
            self.locals.has_first(*slot) & self.readings.get(*slot as usize * self.reading_stride).is_some()
        };
        std::hint::black_box(numbers.iter().filter(there).count());
        numbers
    }

    /// The slot with its open choices where equal ones are: mostly those of the slot before it.
    fn sharing(&self, mut slot: Slot<A>, before: &Slot<A>) -> Slot<A> {
        slot.choices = if slot.choices == before.choices {
            before.choices.clone()
        } else {
            slot.choices.shared(|open| Arc::clone(self.open.get(self.open.intern(open))))
        };
        slot
    }

    /// The word for a slot and an inbox that has no number yet.
    pub(super) fn local(&self, slot: u32, inbox: Inbox) -> Word {
        self.locals.intern((slot, self.inboxes.intern(inbox)))
    }

    /// The number of an inbox without the message at `place`.
    pub(super) fn inbox_without(&self, inbox: u32, place: usize) -> u32 {
        let without = || self.inboxes.intern_like(&InboxRules::without(self.inboxes.get(inbox), place)[..]);
        if self.remembers() { self.inbox_without.get_or_compute(inbox, place as u32, without) } else { without() }
    }

    /// The number of the slot behind a word.
    pub(super) fn slot_number(&self, local: Word) -> u32 {
        self.locals.get(local).0
    }

    /// The slot behind a word.
    pub(super) fn slot(&self, local: Word) -> &Slot<A> {
        self.slots.get(self.slot_number(local))
    }

    /// The number of the inbox behind a word.
    pub(super) fn inbox_number(&self, local: Word) -> u32 {
        self.locals.get(local).1
    }

    /// The inbox behind a word.
    pub(super) fn inbox(&self, local: Word) -> &[u32] {
        self.inboxes.get(self.inbox_number(local))
    }

    /// The message at a place in the inbox behind a word.
    pub(super) fn message_at(&self, local: Word, place: usize) -> u32 {
        message_of(self.inbox(local)[place])
    }

    /// Who sent a message.
    pub(super) fn sender(&self, message: u32) -> usize {
        usize::from(self.messages.get(message).src)
    }

    /// What a condition reads of a slot.
    pub(super) fn reading(&self, reading_ix: usize, slot: u32, read: impl FnOnce(&Slot<A>) -> u32) -> u32 {
        let at = slot as usize * self.reading_stride + reading_ix;
        *self.readings.get_or_set(at, || read(self.slots.get(slot)))
    }

    /// What the conditions read of a slot, by condition, where they have read it.
    pub(super) fn readings(&self, slot: u32) -> &[OnceLock<u32>] {
        self.readings.cells(slot as usize * self.reading_stride)
    }

    /// Bytes of the tables, what the values own apart.
    pub(super) fn bytes(&self) -> usize {
        self.slots.bytes()
            + self.open.bytes()
            + self.messages.bytes()
            + self.inboxes.bytes()
            + self.locals.bytes()
            + self.bundles.bytes()
            + self.effects.bytes()
            + self.effect_of.bytes()
            + self.inbox_with.bytes()
            + self.inbox_without.bytes()
            + self.added.bytes()
            + self.cut.bytes()
            + self.ticked.bytes()
            + self.overdue.bytes()
            + self.corrupted.bytes()
            + self.moves.bytes()
            + self.instances.bytes()
            + self.readings.bytes()
    }
}
