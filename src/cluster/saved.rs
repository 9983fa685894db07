//! The tables of a cluster, put away and restored.
//!
//! Numbers are put away as they are. Values of the protocol's own types are not put away at all: kept is which call
//! of the protocol's code first made each, and restoring calls it again. So an author need not say how a value is
//! written, and a protocol that does otherwise than before is noticed: every value has a sum, and must come out the
//! same, at the same number.

use std::hash::{BuildHasher, Hash};
use std::sync::PoisonError;

use rustc_hash::FxBuildHasher;
use stateright::actor::{Actor, Envelope};

use super::event::Event;
use super::inbox::Inbox;
use super::position::{Effect, Position};
use super::slot::{Life, Slot};
use super::step::Outcome;
use super::tables::{Cluster, FactsOf};
use crate::model::{History, Protocol};
use crate::system::{Interner, TransitionSystem};

/// What a call of the protocol's code has made, in numbers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Made<'a> {
    /// A handler.
    Handled {
        node: usize,
        slot: u32,
        event: Event,
        /// What it did, by number, where that was worth remembering.
        effect: Option<u32>,
        /// The slot after it.
        after: u32,
        facts: Option<u32>,
        /// The messages by number, in the order in which they were sent.
        sent: &'a [u32],
    },
    /// The payloads that a message may arrive with.
    Corrupted { node: usize, message: u32, payloads: &'a [u32] },
    /// The history after some facts.
    Recorded { history: u32, facts: u32, after: u32 },
    /// The image of something under a permutation of interchangeable members.
    Renamed { what: Renamed, number: u32, permutation: usize, image: u32 },
}

/// What was renamed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Renamed {
    /// A slot of this node.
    Slot(usize),
    /// A message to this node.
    Message(usize),
    History,
}

/// The first number of each.
const HANDLED: u32 = 0;
const CORRUPTED: u32 = 1;
const RECORDED: u32 = 2;
const RENAMED_SLOT: u32 = 3;
const RENAMED_MESSAGE: u32 = 4;
const RENAMED_HISTORY: u32 = 5;
/// No facts, or no effect.
const NONE: u32 = u32::MAX;

const OTHER: &str = "the protocol's code does otherwise than when the checkpoint was made";
const SHORT: &str = "the tables in the checkpoint do not go together";

/// The values behind numbers while they are being restored.
struct Values<T>(Vec<Option<T>>);

impl<T: Clone + Eq + Hash> Values<T> {
    /// Room for `count` values, the first of which are there.
    fn of(interner: &Interner<T>, count: usize) -> Result<Self, String> {
        let mut values: Vec<Option<T>> = (0..interner.len() as u32).map(|n| Some(interner.get(n).clone())).collect();
        if values.len() > count {
            return Err(OTHER.to_owned());
        }
        values.resize(count, None);
        Ok(Self(values))
    }

    fn get(&self, number: u32) -> Result<&T, String> {
        self.0.get(number as usize).and_then(Option::as_ref).ok_or_else(|| SHORT.to_owned())
    }

    fn set(&mut self, number: u32, value: T) -> Result<(), String> {
        let place = self.0.get_mut(number as usize).ok_or(SHORT)?;
        match place {
            Some(there) if *there != value => Err(OTHER.to_owned()),
            _ => {
                *place = Some(value);
                Ok(())
            }
        }
    }

    fn settle(self, interner: &Interner<T>, sums: &[u32]) -> Result<(), String> {
        for (number, value) in self.0.into_iter().enumerate() {
            let value = value.ok_or(SHORT)?;
            if sums.get(number) != Some(&sum(&value)) || interner.intern(value) as usize != number {
                return Err(OTHER.to_owned());
            }
        }
        Ok(())
    }
}

fn sum<T: Hash>(value: &T) -> u32 {
    let hash = FxBuildHasher.hash_one(value);
    (hash ^ hash >> 32) as u32
}

/// Numbers being read.
pub(super) struct Reader<'a>(pub(super) &'a [u32]);

impl<'a> Reader<'a> {
    pub(super) fn one(&mut self) -> Result<u32, String> {
        let (first, rest) = self.0.split_first().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(super) fn list(&mut self) -> Result<&'a [u32], String> {
        let count = self.one()? as usize;
        let (list, rest) = self.0.split_at_checked(count).ok_or(SHORT)?;
        self.0 = rest;
        Ok(list)
    }

    /// The next thing that was made; `None` at the end.
    pub(super) fn made(&mut self) -> Result<Option<Made<'a>>, String> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let tag = self.one()?;
        let made = match tag {
            HANDLED => {
                let (node, slot, code) = (self.one()? as usize, self.one()?, self.one()?);
                let (effect, after, facts) = (self.one()?, self.one()?, self.one()?);
                let event = Event::from_code(code).ok_or(SHORT)?;
                let [effect, facts] = [effect, facts].map(|number| (number != NONE).then_some(number));
                Made::Handled { node, slot, event, effect, after, facts, sent: self.list()? }
            }
            CORRUPTED => {
                let (node, message) = (self.one()? as usize, self.one()?);
                Made::Corrupted { node, message, payloads: self.list()? }
            }
            RECORDED => Made::Recorded { history: self.one()?, facts: self.one()?, after: self.one()? },
            RENAMED_SLOT | RENAMED_MESSAGE | RENAMED_HISTORY => {
                let node = self.one()? as usize;
                let what = match tag {
                    RENAMED_SLOT => Renamed::Slot(node),
                    RENAMED_MESSAGE => Renamed::Message(node),
                    _ => Renamed::History,
                };
                let (number, permutation, image) = (self.one()?, self.one()? as usize, self.one()?);
                Made::Renamed { what, number, permutation, image }
            }
            _ => return Err(SHORT.to_owned()),
        };
        Ok(Some(made))
    }
}

/// All that was made, in order.
///
/// # Panics
/// If the numbers are not such a list.
pub(super) fn all_made(numbers: &[u32]) -> impl Iterator<Item = Made<'_>> {
    let mut reader = Reader(numbers);
    std::iter::from_fn(move || reader.made().expect("what was made is written whole"))
}

fn put_list(list: &[u32], out: &mut Vec<u32>) {
    out.push(list.len() as u32);
    out.extend(list);
}

fn put_sums<T: Eq + Hash>(interner: &Interner<T>, out: &mut Vec<u32>) {
    let sums: Vec<u32> = (0..interner.len() as u32).map(|number| sum(interner.get(number))).collect();
    put_list(&sums, out);
}

/// Numbers that are interned must come out in their order.
fn in_order(interned: u32, number: usize) -> Result<(), String> {
    if interned as usize == number { Ok(()) } else { Err(OTHER.to_owned()) }
}

impl<P: Protocol> Cluster<P> {
    /// Keeps what was made.
    pub(super) fn keep(&self, what: Made<'_>) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        match what {
            Made::Handled { node, slot, event, effect, after, facts, sent } => {
                let [effect, facts] = [effect, facts].map(|number| number.unwrap_or(NONE));
                made.extend([HANDLED, node as u32, slot, event.code(), effect, after, facts]);
                put_list(sent, &mut made);
            }
            Made::Corrupted { node, message, payloads } => {
                made.extend([CORRUPTED, node as u32, message]);
                put_list(payloads, &mut made);
            }
            Made::Recorded { history, facts, after } => made.extend([RECORDED, history, facts, after]),
            Made::Renamed { what, number, permutation, image } => {
                let (tag, node) = match what {
                    Renamed::Slot(node) => (RENAMED_SLOT, node),
                    Renamed::Message(node) => (RENAMED_MESSAGE, node),
                    Renamed::History => (RENAMED_HISTORY, 0),
                };
                made.extend([tag, node as u32, number, permutation as u32, image]);
            }
        }
    }

    /// All tables, as numbers.
    pub(super) fn put_away(&self) -> Vec<u32> {
        let mut out = vec![self.positions.len() as u32];
        // What was made is read first: whatever it mentions is in the tables.
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        for position in &self.positions {
            position.put_away(&mut out);
        }
        put_sums(&self.facts, &mut out);
        put_sums(&self.histories, &mut out);
        out.extend(made);
        out
    }

    /// Fills the tables of a new cluster.
    pub(super) fn take_back(&self, saved: &[u32]) -> Result<(), String> {
        // The first values of each table are made by this, then as now.
        self.initial();
        let mut reader = Reader(saved);
        if reader.one()? as usize != self.positions.len() {
            return Err(OTHER.to_owned());
        }
        let (mut slots, mut messages, mut sums) = (Vec::new(), Vec::new(), Vec::new());
        for position in &self.positions {
            let [slot_sums, message_sums] = position.take_back(&mut reader)?;
            slots.push(Values::of(&position.slots, slot_sums.len())?);
            messages.push(Values::of(&position.messages, message_sums.len())?);
            sums.push([slot_sums, message_sums]);
        }
        let (fact_sums, history_sums) = (reader.list()?, reader.list()?);
        let facts = Values::of(&self.facts, fact_sums.len())?;
        let histories = Values::of(&self.histories, history_sums.len())?;
        let mut restored = Restored { slots, messages, facts, histories };
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = reader.0.to_vec();
        while let Some(made) = reader.made()? {
            self.make_again(made, &mut restored)?;
        }
        let Restored { slots, messages, facts, histories } = restored;
        for (position, ((slots, messages), [slot_sums, message_sums])) in
            self.positions.iter().zip(slots.into_iter().zip(messages).zip(sums))
        {
            let failed = slots.0.iter().flatten().any(|slot| matches!(slot.life, Life::Failed(_)));
            self.note_failed(failed);
            slots.settle(&position.slots, slot_sums)?;
            messages.settle(&position.messages, message_sums)?;
        }
        facts.settle(&self.facts, fact_sums)?;
        histories.settle(&self.histories, history_sums)
    }

    fn make_again(&self, made: Made<'_>, restored: &mut Restored<P>) -> Result<(), String> {
        match made {
            Made::Handled { node, slot, event, effect, after, facts, sent } => {
                let outcome = self.handle_again(node, slot, event, restored)?;
                restored.slots[node].set(after, outcome.slot)?;
                let received = outcome.sent.into_iter().filter(|sent| usize::from(sent.dst) < self.positions.len());
                let received: Vec<_> = received.collect();
                if received.len() != sent.len() || outcome.facts.is_empty() != facts.is_none() {
                    return Err(OTHER.to_owned());
                }
                for (envelope, number) in received.into_iter().zip(sent) {
                    restored.messages[usize::from(envelope.dst)].set(*number, envelope)?;
                }
                if let Some(facts) = facts {
                    restored.facts.set(facts, outcome.facts)?;
                }
                if let Some(effect) = effect {
                    self.positions[node].effect_of.get_or_compute(slot, event.code(), || effect);
                }
                Ok(())
            }
            Made::Corrupted { node, message, payloads: numbers } => {
                let messages = restored.messages.get_mut(node).ok_or(SHORT)?;
                let sent = messages.get(message)?.clone();
                let payloads = self.protocol.corrupt(&sent.msg).into_iter().filter(|payload| *payload != sent.msg);
                let payloads: Vec<_> = payloads.collect();
                if payloads.len() != numbers.len() {
                    return Err(OTHER.to_owned());
                }
                let envelopes = payloads.into_iter().map(|msg| Envelope { msg, ..sent.clone() });
                envelopes.zip(numbers).try_for_each(|(envelope, number)| messages.set(*number, envelope))
            }
            Made::Recorded { history, facts, after } => {
                let mut next = restored.histories.get(history)?.clone();
                restored.facts.get(facts)?.iter().for_each(|fact| next.record(fact));
                self.recorded.get_or_compute(history, facts, || after);
                restored.histories.set(after, next)
            }
            Made::Renamed { what, number, permutation, image } => {
                if const { P::REDUCTIONS.symmetry } {
                    self.rename_again(what, number, permutation, image, restored)
                } else {
                    Err(SHORT.to_owned())
                }
            }
        }
    }

    fn rename_again(
        &self,
        what: Renamed,
        number: u32,
        permutation: usize,
        image: u32,
        restored: &mut Restored<P>,
    ) -> Result<(), String> {
        let quotient = self.quotient.as_ref().filter(|quotient| permutation < quotient.group.order());
        let quotient = quotient.ok_or(SHORT)?;
        let names = quotient.names(permutation);
        match what {
            Renamed::Slot(node) => {
                let slots = restored.slots.get(node).ok_or(SHORT)?;
                let renamed = quotient.renamed_slot(slots.get(number)?, &names);
                restored.slots[quotient.image_of_node(node, permutation)].set(image, renamed)
            }
            Renamed::Message(node) => {
                let messages = restored.messages.get(node).ok_or(SHORT)?;
                let renamed = quotient.renamed_message(messages.get(number)?, &names);
                restored.messages[quotient.image_of_node(node, permutation)].set(image, renamed)
            }
            Renamed::History => {
                let renamed = (quotient.symmetry.history)(restored.histories.get(number)?, &names);
                restored.histories.set(image, renamed)
            }
        }
    }

    fn handle_again(&self, node: usize, slot: u32, event: Event, restored: &Restored<P>) -> Result<Outcome<P>, String> {
        let slots = restored.slots.get(node).ok_or(SHORT)?;
        let message = match event {
            Event::Deliver(message) => Some(restored.messages[node].get(message)),
            _ => None,
        };
        Ok(self.call_with(node, slots.get(slot)?, event, message.transpose()?).run())
    }
}

/// The values being restored; those of nodes by node.
struct Restored<P: Protocol> {
    slots: Vec<Values<Slot<P::Actor>>>,
    messages: Vec<Values<Envelope<<P::Actor as Actor>::Msg>>>,
    facts: Values<FactsOf<P>>,
    histories: Values<P::History>,
}

impl<A: crate::model::ProtocolActor> Position<A> {
    fn put_away(&self, out: &mut Vec<u32>) {
        for lists in [&self.inboxes, &self.bundles] {
            out.push(lists.len() as u32);
            (0..lists.len() as u32).for_each(|number| put_list(lists.get(number), out));
        }
        out.push(self.locals.len() as u32);
        (0..self.locals.len() as u32).for_each(|number| {
            let (slot, inbox) = self.locals.get(number);
            out.extend([slot, inbox]);
        });
        out.push(self.effects.len() as u32);
        for number in 0..self.effects.len() as u32 {
            let Effect { slot, sends, facts } = self.effects.get(number);
            out.extend([*slot, facts.unwrap_or(NONE), sends.len() as u32]);
            out.extend(sends.iter().flat_map(|(receiver, bundle)| [*receiver, *bundle]));
        }
        put_sums(&self.slots, out);
        put_sums(&self.messages, out);
    }

    /// Fills the tables of numbers; returns the sums of slots and messages.
    fn take_back<'a>(&self, reader: &mut Reader<'a>) -> Result<[&'a [u32]; 2], String> {
        for lists in [&self.inboxes, &self.bundles] {
            for number in 0..reader.one()? as usize {
                in_order(lists.intern(Inbox::from(reader.list()?)), number)?;
            }
        }
        for number in 0..reader.one()? as usize {
            in_order(self.locals.intern((reader.one()?, reader.one()?)), number)?;
        }
        for number in 0..reader.one()? as usize {
            let (slot, facts, send_count) = (reader.one()?, reader.one()?, reader.one()?);
            let send = |_| Ok((reader.one()?, reader.one()?));
            let sends = (0..send_count).map(send).collect::<Result<Vec<_>, String>>()?.into_boxed_slice();
            let effect = Effect { slot, sends, facts: (facts != NONE).then_some(facts) };
            in_order(self.effects.intern(effect), number)?;
        }
        Ok([reader.list()?, reader.list()?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_end_early_are_told() {
        assert_eq!(Reader(&[]).one(), Err(SHORT.to_owned()));
        assert_eq!(Reader(&[3, 1, 2]).list(), Err(SHORT.to_owned()));
        assert_eq!(Reader(&[2, 1, 2, 5]).list(), Ok(&[1, 2][..]));
    }

    #[test]
    fn a_value_comes_out_the_same_at_the_same_number() {
        let interner = Interner::default();
        interner.intern("first");
        let mut values = Values::of(&interner, 2).unwrap();
        assert_eq!(values.set(0, "other"), Err(OTHER.to_owned()));
        assert_eq!(values.get(1), Err(SHORT.to_owned()));
        values.set(1, "second").unwrap();
        assert_eq!(values.set(2, "third"), Err(SHORT.to_owned()));
        let sums = ["first", "second"].map(|value| sum(&value));
        assert_eq!(values.settle(&interner, &sums), Ok(()));
        let values = Values::of(&interner, 2).unwrap();
        assert_eq!(values.settle(&interner, &[sums[0], 0]), Err(OTHER.to_owned()));
    }
}
