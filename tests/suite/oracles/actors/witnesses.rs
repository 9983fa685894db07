//! An observer that sees steps which change nothing else, and facts which it knew already.

use std::borrow::Cow;

use quorate::model::{Cause, Claim, Facts, History, Property, Protocol, Roster, Step};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

/// A sender and a receiver that keeps nothing: only the observer knows what arrived.
pub struct Witnesses {
    /// How many different messages.
    pub messages: u8,
}

#[derive(Clone)]
pub enum Member {
    Sender { messages: u8 },
    Sink,
}

impl Actor for Member {
    type Msg = u8;
    type State = u8;
    type Timer = ();
    type Random = ();
    type Storage = u8;

    fn on_start(&self, _: Id, storage: &Option<u8>, o: &mut Out<Self>) -> u8 {
        match self {
            Self::Sender { .. } => {
                o.set_timer((), model_timeout());
                o.save(0);
            }
            Self::Sink => {}
        }
        storage.unwrap_or(0)
    }

    fn on_msg(&self, _: Id, _: &mut Cow<'_, u8>, _: Id, _: u8, _: &mut Out<Self>) {}

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, u8>, (): &(), o: &mut Out<Self>) {
        if let Self::Sender { messages } = self {
            let n = **state;
            if n < *messages {
                *state.to_mut() += 1;
                o.save(n);
                o.send(1.into(), n);
                o.send(7.into(), n);
                o.set_timer((), model_timeout());
            }
        }
    }
}

/// What the observer remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Seen {
    /// Odd numbers in the order in which they arrived first.
    arrived: Vec<u8>,
    /// How many different things were sent to nobody, at most two.
    strays: u8,
    crashes: u8,
    /// Whether a node saved something other than what it had.
    saved: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    Arrived(u8),
    Stray,
    Crashed,
    Saved,
}

impl History for Seen {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match fact {
            Fact::Arrived(n) if !self.arrived.contains(n) => self.arrived.push(*n),
            Fact::Arrived(_) => {}
            Fact::Stray => self.strays = 2.min(self.strays + 1),
            Fact::Crashed => self.crashes = 2.min(self.crashes + 1),
            Fact::Saved => self.saved = true,
        }
    }
}

impl Protocol for Witnesses {
    crate::plain_protocol!("witnesses");
    type Actor = Member;
    type History = Seen;

    fn roster(&self) -> Roster<Member> {
        Roster::new().role("sender", [Member::Sender { messages: self.messages }]).role("sink", [Member::Sink])
    }

    fn history(&self) -> Seen {
        Seen::default()
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
        if let Cause::Deliver { msg, .. } = step.cause
            && msg % 2 == 1
        {
            facts.push(Fact::Arrived(*msg));
        }
        if matches!(step.cause, Cause::Crash) && step.before.is_some() && step.after.is_none() {
            facts.push(Fact::Crashed);
        }
        if !matches!(step.cause, Cause::Start) && step.stored_before != step.stored_after {
            facts.push(Fact::Saved);
        }
        facts.extend(step.sent.iter().filter(|envelope| usize::from(envelope.dst) == 7).map(|_| Fact::Stray));
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("in-order", "numbers arrive in their order").by_history(|_: &Self, seen: &Seen| {
                (!seen.arrived.is_sorted()).then(|| Evidence::new(format!("{:?} arrived", seen.arrived)))
            }),
            Claim::sometimes("two", "two numbers arrive")
                .by_history(|_: &Self, seen: &Seen| (seen.arrived.len() == 2).then(|| Evidence::new("two arrived"))),
            Claim::sometimes("saved-after-crash", "something is saved after two crashes")
                .by_history(|_: &Self, seen: &Seen| (seen.saved && seen.crashes == 2).then(|| Evidence::new("saved"))),
            Claim::no_deadlock("arrives", "one odd number arrives in the end")
                .by_history(|_: &Self, seen: &Seen| seen.arrived.is_empty().then(|| Evidence::new("nothing arrived"))),
        ]
    }
}
