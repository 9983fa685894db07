//! What the observer remembers.

use std::collections::BTreeMap;

use quorate::Id;
use quorate::model::{Cause, Facts, History, Step};
use serde::Serialize;

use super::{Member, Msg, State, Timer};
use crate::locks::answers::{Answers, CallFact, Want};
use crate::locks::claims::Stance;
use crate::locks::fencing::{Grants, Written};
use crate::locks::ownership::Grant;
use crate::stores::etcd::{Answer, Ask, Compare, Lease, Reply};

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// A client came to believe that it has the lock, by the key of this revision.
    Enters {
        /// Who.
        client: Id,
        /// The revision that created its key.
        revision: u32,
    },
    /// A client relies on a lease from now on, or on none.
    Relies {
        /// Who.
        client: Id,
        /// On the how-many-th of its leases.
        on: Option<u8>,
    },
    /// The time of a lease was over.
    Over(Lease),
    /// A call of a client began, or ended.
    Call(CallFact),
    /// A write was taken.
    Took {
        /// Whose.
        by: Id,
        /// Under which revision.
        revision: u32,
    },
}

/// What the observer remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// Who relies on which of its leases: it believes that it has the lock, or waits to hear that it has.
    pub relies: BTreeMap<Id, u8>,
    /// Whether the time of a lease was over.
    pub expired: bool,
    /// Who relied on a lease when its time was over, first.
    pub unheard: Option<Id>,
    /// In which order grants and writes came.
    pub grants: Grants,
    /// What the lock may be, by what it has answered; `None` where that is not followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
}

impl History for Ledger {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match *fact {
            Fact::Enters { client, revision } => self.grants.enters(client, revision),
            Fact::Relies { client, on: Some(number) } => {
                self.relies.insert(client, number);
            }
            Fact::Relies { client, on: None } => {
                self.relies.remove(&client);
            }
            Fact::Over(lease) => {
                self.expired = true;
                self.follow(CallFact::Over(Some(lease.client)));
                let relied = self.relies.get(&lease.client) == Some(&lease.number);
                self.unheard = self.unheard.or(relied.then_some(lease.client));
            }
            Fact::Took { by, revision } => self.grants.takes(by, revision),
            Fact::Call(fact) => self.follow(fact),
        }
    }
}

impl Ledger {
    fn follow(&mut self, fact: CallFact) {
        self.answers.iter_mut().for_each(|answers| answers.follow(fact));
    }
}

/// What of `step` is worth remembering; of the order of grants nothing unless they are `counted`.
pub(super) fn observe(step: &Step<'_, Member>, counted: bool, facts: &mut Facts<Fact>) {
    of_client(step, counted, facts);
    match &step.cause {
        Cause::Timeout(Timer::LeaseOver(over)) => facts.push(Fact::Over(over.0)),
        Cause::Deliver { src, msg: Msg::Write(write) } => {
            let taken = |msg: &Msg| matches!(msg, Msg::Written(Written { accepted: true, .. }));
            if step.sent.iter().any(|sent| taken(&sent.msg)) {
                facts.push(Fact::Took { by: *src, revision: write.grant });
            }
        }
        Cause::Deliver { src, msg: Msg::Request(request) } => {
            if let Some(revision) = guarded_write(&request.ask)
                && step.sent.iter().any(|sent| is_success(&sent.msg))
            {
                facts.push(Fact::Took { by: *src, revision });
            }
        }
        _ => {}
    }
}

/// The revision under which a transaction writes to what the lock protects, if it does.
fn guarded_write(ask: &Ask) -> Option<u32> {
    match ask {
        Ask::Txn { compare: Some(Compare { created, .. }), success, .. } => {
            success.contains(&super::client::WRITE).then_some(*created)
        }
        Ask::Txn { compare: None, .. } | Ask::Grant | Ask::KeepAlive | Ask::Revoke | Ask::Watch { .. } => None,
    }
}

fn is_success(msg: &Msg) -> bool {
    matches!(msg, Msg::Answer(Answer { reply: Reply::Txn { succeeded: true, .. }, .. }))
}

/// On which lease a client relies, and whether it came to have the lock.
fn of_client(step: &Step<'_, Member>, counted: bool, facts: &mut Facts<Fact>) {
    let client = |state: Option<&State>| match state {
        Some(State::Client(client)) => Some(*client),
        Some(State::Cluster(_) | State::Resource(_)) | None => None,
    };
    let (before, after) = (client(step.before), client(step.after));
    let relied = |client: Option<super::ClientState>| client.and_then(|client| client.relies_on());
    if relied(before) != relied(after) {
        facts.push(Fact::Relies { client: step.node, on: relied(after) });
    }
    of_calls(step.node, before, after, facts);
    let believes = |client: &super::ClientState| client.stance() == Stance::Believes;
    if let Some(after) = after.filter(believes)
        && !before.as_ref().is_some_and(believes)
        && counted
    {
        facts.push(Fact::Enters { client: step.node, revision: after.revision });
    }
}

/// Which calls of a client began and ended. One that fails, or dies with its client, stays open.
fn of_calls(
    client: Id,
    before: Option<super::ClientState>,
    after: Option<super::ClientState>,
    facts: &mut Facts<Fact>,
) {
    let Some(after) = after else { return };
    let want = before.and_then(|before| before.wants());
    if want == after.wants() {
        return;
    }
    let grant = |round| Grant { client, round };
    let (locked, failed) = (after.stance() == Stance::Believes, after.phase == super::Phase::Failed || !after.leased);
    if let Some((before, want)) = before.zip(want)
        && (locked || want == Want::Release && !failed)
    {
        let answer = locked.then_some(true);
        facts.push(Fact::Call(CallFact::Answered(grant(before.round), want, answer)));
    }
    facts.extend(after.wants().map(|want| Fact::Call(CallFact::Asked(grant(after.round), want))));
}
