//! What the observer remembers.

use std::collections::BTreeMap;

use quorate::model::{Cause, Facts, History, Step};
use quorate::{Id, rename};
use serde::Serialize;

use super::{ClientState, LOCK, Member, Msg, State, Timer};
use crate::locks::claims::Stance;
use crate::locks::fencing::Grants;
use crate::locks::ownership::Grant;
use crate::stores::redis::Value;

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// A client is engaged from now on: it asks for the lock in this round, or has it; or in no round.
    Engaged {
        /// Who.
        client: Id,
        /// In which round.
        round: Option<u8>,
    },
    /// A client came to believe that it has the lock.
    Enters(Grant),
    /// The resource took a write.
    Took(Grant),
    /// A key expired.
    Expired(Option<Grant>),
    /// A server crashed and had this key.
    Crashed {
        /// Which.
        master: Id,
        /// Whose key it had.
        had: Grant,
    },
    /// A server came back, and had the key of the lock or not.
    Back {
        /// Which.
        master: Id,
        /// Whether it had it.
        holds: bool,
    },
}

/// What the observer remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// Who is engaged, in which round.
    pub engaged: BTreeMap<Id, u8>,
    /// Whose keys are on servers that are down.
    pub down: BTreeMap<Id, Grant>,
    /// Whether a key has expired.
    pub expired: bool,
    /// Whose key expired first while its owner was engaged.
    pub outlasted: Option<Id>,
    /// Whose key was first forgotten by a server that came back while its owner was engaged.
    pub forgotten: Option<Id>,
    /// The how-many-th to have the lock each engaged client was.
    pub numbers: BTreeMap<Id, u32>,
    /// In which order holders and writes came.
    pub grants: Grants,
}

rename! {
    enum Fact {
        Engaged { client, round },
        Enters(grant),
        Took(grant),
        Expired(of),
        Crashed { master, had },
        Back { master, holds },
    }
    struct Ledger { engaged, down, expired, outlasted, forgotten, numbers, grants }
}

impl Ledger {
    fn engaged(&self, grant: Grant) -> Option<Id> {
        (self.engaged.get(&grant.client) == Some(&grant.round)).then_some(grant.client)
    }
}

impl History for Ledger {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match *fact {
            Fact::Engaged { client, round: Some(round) } => {
                self.engaged.insert(client, round);
            }
            Fact::Engaged { client, round: None } => {
                self.engaged.remove(&client);
            }
            Fact::Enters(grant) => {
                let number = self.grants.entered + 1;
                self.numbers.insert(grant.client, number);
                self.grants.enters(grant.client, number);
            }
            Fact::Took(grant) => {
                let number = self.numbers.get(&grant.client).copied().unwrap_or_default();
                self.grants.takes(grant.client, number);
            }
            Fact::Expired(of) => {
                self.expired = true;
                self.outlasted = self.outlasted.or(of.and_then(|of| self.engaged(of)));
            }
            Fact::Crashed { master, had } => {
                self.down.insert(master, had);
            }
            Fact::Back { master, holds } => {
                let had = self.down.remove(&master).filter(|_| !holds);
                self.forgotten = self.forgotten.or(had.and_then(|had| self.engaged(had)));
            }
        }
    }
}

/// What of `step` is worth remembering.
pub(super) fn observe(step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
    of_client(step, facts);
    let before = step.before.and_then(held);
    match &step.cause {
        Cause::Timeout(Timer::Expire(_)) => facts.push(Fact::Expired(before)),
        Cause::Crash => facts.extend(before.map(|had| Fact::Crashed { master: step.node, had })),
        Cause::Restart => {
            if let Some(State::Master(store)) = step.after {
                facts.push(Fact::Back { master: step.node, holds: store.entry(LOCK).is_some() });
            }
        }
        Cause::Deliver { src, msg: Msg::Write(write) } => {
            facts.push(Fact::Took(Grant { client: *src, round: write.round }));
        }
        _ => {}
    }
}

/// Whose key a server has.
pub(super) fn held(state: &State) -> Option<Grant> {
    match state {
        State::Master(store) => match store.entry(LOCK)?.value {
            Value::Token { client, round } => Some(Grant { client, round }),
            Value::Number(_) => None,
        },
        State::Client(_) | State::Resource(_) => None,
    }
}

/// Whether a client is engaged, and whether it came to have the lock.
fn of_client(step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
    let client = |state: Option<&State>| match state {
        Some(State::Client(client)) => Some(*client),
        Some(State::Master(_) | State::Resource(_)) | None => None,
    };
    let (before, after) = (client(step.before), client(step.after));
    let engaged = |client: Option<ClientState>| client.and_then(|client| client.engaged());
    if engaged(before) != engaged(after) {
        facts.push(Fact::Engaged { client: step.node, round: engaged(after) });
    }
    let believes = |client: &ClientState| client.stance() == Stance::Believes;
    if let Some(after) = after.filter(believes)
        && !before.as_ref().is_some_and(believes)
    {
        facts.push(Fact::Enters(Grant { client: step.node, round: after.round }));
    }
}
