//! A second look at the protocol's code, after the search.
//!
//! A search believes two things of it: that a handler is a function of what it is called with, and that values are told
//! apart by all that they hold, and by nothing else. Each handler is run twice at once ([`Call::run`]), or one in eight where
//! nothing is remembered, which catches most of what is no function. The audit runs all of them again, when clocks have gone on and statics have
//! changed, and compares what each value shows (`Debug`) with what its `Eq` and its `Hash` say.

use std::fmt::Debug;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash};
use std::sync::PoisonError;

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use stateright::actor::Envelope;

use super::event::Event;
use super::saved::{Made, all_made};
use super::slot::Life;
use super::step::Call;
use super::tables::Cluster;
use crate::model::{Cause, History, Protocol};
use crate::system::Interner;

/// One example says nearly as much as a thousand.
const COMPLAINTS_MAX: usize = 8;

impl<P: Protocol> Cluster<P> {
    /// What is wrong with the protocol's code, in sentences; empty if nothing was found.
    pub(super) fn complaints(&self) -> Vec<String> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let changed = all_made(&made).filter_map(|made| self.make_once_more(made));
        let mut complaints: Vec<String> = changed.take(COMPLAINTS_MAX).collect();
        for (node, position) in self.positions.iter().enumerate() {
            let name = self.roster.name(node.into()).unwrap_or_default();
            complaints.extend(confused(&format!("states of {name}"), &position.slots));
            complaints.extend(confused(&format!("messages to {name}"), &position.messages));
        }
        complaints.extend(confused("histories", &self.histories));
        complaints.truncate(COMPLAINTS_MAX);
        complaints
    }

    fn make_once_more(&self, made: Made<'_>) -> Option<String> {
        match made {
            Made::Handled { node, slot, event, after, facts, sent, .. } => {
                self.handle_once_more(node, slot, event, after, facts, sent)
            }
            Made::Corrupted { node, message, payloads } => {
                let messages = &self.positions[node].messages;
                let payloads: Vec<_> = payloads.iter().map(|number| &messages.get(*number).msg).collect();
                let sent = &messages.get(message).msg;
                let again = self.protocol.corrupt(sent);
                let again: Vec<_> = again.iter().filter(|payload| *payload != sent).collect();
                changed(&format!("`corrupt` of {sent:?}"), &payloads, &again)
            }
            Made::Recorded { history, facts, after } => {
                let mut again = self.histories.get(history).clone();
                self.facts.get(facts).iter().for_each(|fact| again.record(fact));
                let what = format!("`record` of {:?}", self.facts.get(facts));
                changed(&what, self.histories.get(after), &again)
            }
            Made::Renamed { .. } => None,
        }
    }

    fn handle_once_more(
        &self,
        node: usize,
        slot: u32,
        event: Event,
        after: u32,
        facts: Option<u32>,
        sent: &[u32],
    ) -> Option<String> {
        let position = &self.positions[node];
        let kept = position.slots.get(after);
        if matches!(kept.life, Life::Failed(_)) {
            return None;
        }
        let call = self.call(node, position.slots.get(slot), event);
        let what =
            || format!("the handler of {} for {}", self.roster.name(node.into()).unwrap_or_default(), named(&call));
        let again = call.run();
        let received = again.sent.iter().filter(|sent| usize::from(sent.dst) < self.positions.len());
        let is_same_message = |(envelope, number): (&Envelope<_>, &u32)| {
            let messages = &self.positions[usize::from(envelope.dst)].messages;
            (*number as usize) < messages.len() && messages.get(*number) == envelope
        };
        if received.clone().count() != sent.len() || !received.zip(sent).all(is_same_message) {
            return Some(format!("{} sends something else when it is run again: {:?}", what(), again.sent));
        }
        let facts_kept = facts.map_or(&[][..], |facts| self.facts.get(facts).as_slice());
        let observed = || format!("what is observed of {}", what());
        changed(&what(), kept, &again.slot).or_else(|| changed(&observed(), facts_kept, &again.facts))
    }
}

/// What a call is for, in words.
pub(super) fn named<P: Protocol>(call: &Call<'_, P>) -> String {
    match call.cause() {
        Some(Cause::Deliver { msg, .. }) => format!("{msg:?}"),
        Some(Cause::Timeout(timer)) => format!("the timer {timer:?}"),
        Some(Cause::Choose(option)) => format!("the choice {option:?}"),
        Some(Cause::Start) => "the start".to_owned(),
        Some(Cause::Restart) => "a restart".to_owned(),
        Some(Cause::Crash) => "a crash".to_owned(),
        None => "a tick".to_owned(),
    }
}

/// What there is to say if `what` gave `kept` and gives `again` now.
fn changed<T: Debug + PartialEq + ?Sized>(what: &str, kept: &T, again: &T) -> Option<String> {
    let (kept_text, again_text) = (format!("{kept:?}"), format!("{again:?}"));
    if kept != again {
        Some(format!("{what} gives another result when it is run again: {kept_text}, and then {again_text}"))
    } else if kept_text != again_text {
        Some(format!("{what} gives two results that `Eq` takes for one: {kept_text} and {again_text}"))
    } else {
        None
    }
}

/// Values that are two to the search and look like one, or that only `Eq` tells apart.
fn confused<T: Debug + Eq + Hash>(what: &str, interner: &Interner<T>) -> Option<String> {
    // Another hash than that of the tables, so that a collision means something.
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut by_text: HashMap<String, u32, FxBuildHasher> = HashMap::default();
    let mut by_hash: HashMap<u64, u32, FxBuildHasher> = HashMap::default();
    for number in 0..interner.len() as u32 {
        let value = interner.get(number);
        let text = format!("{value:?}");
        if let Some(other) = by_hash.insert(hasher.hash_one(value), number) {
            let other = interner.get(other);
            return Some(format!("two {what} have one hash, so `Hash` leaves out what differs: {other:?} and {text}"));
        }
        if by_text.insert(text.clone(), number).is_some() {
            return Some(format!("two {what} are told apart and look the same, or their hash changes: {text}"));
        }
    }
    None
}
