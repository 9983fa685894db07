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
use super::step::Call;
use super::tables::{Cluster, FactsOf};
use crate::model::{History, Protocol};
use crate::system::{Interner, TransitionSystem};

/// The first number of what a call of the protocol's code left behind.
pub(super) const HANDLED: u32 = 0;
pub(super) const CORRUPTED: u32 = 1;
const RECORDED: u32 = 2;
/// No facts.
pub(super) const NONE: u32 = u32::MAX;

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
}

fn put_list(list: &[u32], out: &mut Vec<u32>) {
    out.push(list.len() as u32);
    out.extend(list);
}

fn put_sums<T: Eq + Hash>(interner: &Interner<T>, out: &mut Vec<u32>) {
    let sums: Vec<u32> = (0..interner.len() as u32).map(|number| sum(interner.get(number))).collect();
    put_list(&sums, out);
}

/// Interns numbers that must come out in their order.
fn intern_in_order<T: Eq + Hash>(interner: &Interner<T>, number: usize, value: T) -> Result<(), String> {
    if interner.intern(value) as usize == number { Ok(()) } else { Err(OTHER.to_owned()) }
}

impl<P: Protocol> Cluster<P> {
    /// Keeps what a handler has made: the slot and the messages after it, by number, in the order in which they were
    /// sent.
    pub(super) fn keep_handled(&self, node: usize, slot: u32, event: Event, effect: u32, after: &Effect, sent: &[u32]) {
        let head = [HANDLED, node as u32, slot, event.code(), effect, after.slot, after.facts.unwrap_or(NONE)];
        self.keep(&head, sent);
    }

    pub(super) fn keep_corrupted(&self, node: usize, message: u32, payloads: &[u32]) {
        self.keep(&[CORRUPTED, node as u32, message], payloads);
    }

    pub(super) fn keep_recorded(&self, history: u32, facts: u32, after: u32) {
        self.keep(&[RECORDED, history, facts, after], &[]);
    }

    fn keep(&self, head: &[u32], list: &[u32]) {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        made.extend(head);
        put_list(list, &mut made);
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
        let mut restored = Restored { slots: Vec::new(), messages: Vec::new(), facts: None, histories: None };
        let mut sums = Vec::new();
        for position in &self.positions {
            let [slots, messages] = position.take_back(&mut reader)?;
            restored.slots.push(Values::of(&position.slots, slots.len())?);
            restored.messages.push(Values::of(&position.messages, messages.len())?);
            sums.push([slots, messages]);
        }
        let (facts, histories) = (reader.list()?, reader.list()?);
        restored.facts = Some(Values::of(&self.facts, facts.len())?);
        restored.histories = Some(Values::of(&self.histories, histories.len())?);
        *self.made.lock().unwrap_or_else(PoisonError::into_inner) = reader.0.to_vec();
        while !reader.0.is_empty() {
            self.make_again(&mut reader, &mut restored)?;
        }
        let Restored { slots, messages, facts: all_facts, histories: all_histories } = restored;
        for (position, ((slots, messages), [slot_sums, message_sums])) in
            self.positions.iter().zip(slots.into_iter().zip(messages).zip(sums))
        {
            let failed = slots.0.iter().flatten().any(|slot| matches!(slot.life, Life::Failed(_)));
            self.note_failed(failed);
            slots.settle(&position.slots, slot_sums)?;
            messages.settle(&position.messages, message_sums)?;
        }
        all_facts.map_or(Ok(()), |all| all.settle(&self.facts, facts))?;
        all_histories.map_or(Ok(()), |all| all.settle(&self.histories, histories))
    }

    fn make_again(&self, reader: &mut Reader<'_>, restored: &mut Restored<P>) -> Result<(), String> {
        match reader.one()? {
            HANDLED => self.handle_again(reader, restored),
            CORRUPTED => {
                let (node, message) = (reader.one()? as usize, reader.one()?);
                let numbers = reader.list()?;
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
            RECORDED => {
                let (history, facts, after) = (reader.one()?, reader.one()?, reader.one()?);
                reader.list()?;
                let (Some(all_facts), Some(histories)) = (&restored.facts, &mut restored.histories) else {
                    return Err(SHORT.to_owned());
                };
                let mut next = histories.get(history)?.clone();
                all_facts.get(facts)?.iter().for_each(|fact| next.record(fact));
                self.recorded.get_or_compute(history, facts, || after);
                histories.set(after, next)
            }
            _ => Err(SHORT.to_owned()),
        }
    }

    fn handle_again(&self, reader: &mut Reader<'_>, restored: &mut Restored<P>) -> Result<(), String> {
        let (node, slot, code) = (reader.one()? as usize, reader.one()?, reader.one()?);
        let (effect, after, facts) = (reader.one()?, reader.one()?, reader.one()?);
        let numbers = reader.list()?;
        let event = Event::from_code(code).ok_or(SHORT)?;
        let actor = &self.roster.members().get(node).ok_or(SHORT)?.actor;
        let message = match event {
            Event::Deliver(message) => Some(restored.messages[node].get(message)),
            _ => None,
        };
        let call = Call {
            protocol: &self.protocol,
            actor,
            id: node.into(),
            slot: restored.slots[node].get(slot)?,
            event,
            environment: &self.environment,
            message: message.transpose()?,
            loose_saves: self.targets.has_loose_saves(node),
        };
        let outcome = call.run();
        restored.slots[node].set(after, outcome.slot)?;
        let received = outcome.sent.into_iter().filter(|sent| usize::from(sent.dst) < self.positions.len());
        let received: Vec<_> = received.collect();
        if received.len() != numbers.len() || outcome.facts.is_empty() != (facts == NONE) {
            return Err(OTHER.to_owned());
        }
        for (envelope, number) in received.into_iter().zip(numbers) {
            restored.messages[usize::from(envelope.dst)].set(*number, envelope)?;
        }
        if let (Some(all), false) = (&mut restored.facts, facts == NONE) {
            all.set(facts, outcome.facts)?;
        }
        self.positions[node].effect_of.get_or_compute(slot, code, || effect);
        Ok(())
    }
}

/// The values being restored; those of nodes by node.
struct Restored<P: Protocol> {
    slots: Vec<Values<Slot<P::Actor>>>,
    messages: Vec<Values<Envelope<<P::Actor as Actor>::Msg>>>,
    facts: Option<Values<FactsOf<P>>>,
    histories: Option<Values<P::History>>,
}

impl<A: crate::model::ProtocolActor> Position<A> {
    fn put_away(&self, out: &mut Vec<u32>) {
        for lists in [&self.inboxes, &self.bundles] {
            out.push(lists.len() as u32);
            (0..lists.len() as u32).for_each(|number| put_list(lists.get(number), out));
        }
        out.push(self.locals.len() as u32);
        (0..self.locals.len() as u32).for_each(|number| {
            let (slot, inbox) = *self.locals.get(number);
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
                intern_in_order(lists, number, Inbox::from(reader.list()?))?;
            }
        }
        for number in 0..reader.one()? as usize {
            intern_in_order(&self.locals, number, (reader.one()?, reader.one()?))?;
        }
        for number in 0..reader.one()? as usize {
            let (slot, facts, send_count) = (reader.one()?, reader.one()?, reader.one()?);
            let send = |_| Ok((reader.one()?, reader.one()?));
            let sends = (0..send_count).map(send).collect::<Result<Vec<_>, String>>()?.into_boxed_slice();
            let effect = Effect { slot, sends, facts: (facts != NONE).then_some(facts) };
            intern_in_order(&self.effects, number, effect)?;
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
