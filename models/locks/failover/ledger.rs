//! What the observer remembers: what the lock may be, by what clients were answered.
//!
//! A client is answered when it holds the lock, or is told that it is taken. One that gives a key back does not know
//! whether it had it: its call stays open. What a release removed nobody looks at.

use quorate::model::{Cause, Facts, History, Step};
use serde::Serialize;

use super::{ClientState, Member, Msg, Phase, State};
use crate::locks::answers::{Answers, CallFact, Want};
use crate::locks::ownership::Grant;
use crate::stores::redis::{Answer, Reply};

/// What the observer remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// What the lock may be, by what it has answered; `None` where that is not followed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answers: Option<Answers>,
}

impl History for Ledger {
    type Fact = CallFact;

    fn record(&mut self, fact: &CallFact) {
        self.answers.iter_mut().for_each(|answers| answers.follow(*fact));
    }
}

/// Which calls of a client began and ended.
pub(super) fn observe(step: &Step<'_, Member>, facts: &mut Facts<CallFact>) {
    let client = |state: Option<&State>| match state {
        Some(State::Client(client)) => Some(*client),
        Some(State::Server(_) | State::Sentinel(_)) | None => None,
    };
    let (Some(before), Some(after)) = (client(step.before), client(step.after)) else { return };
    if wants(&before) == wants(&after) {
        return;
    }
    let grant = |client: ClientState| Grant { client: step.node, round: client.round };
    let nil = |msg: &Msg| matches!(msg, Msg::Answer(Answer { reply: Reply::Nil, .. }));
    let is_taken = matches!(&step.cause, Cause::Deliver { msg, .. } if nil(msg));
    let answer = match wants(&before) {
        Some(Want::Lock) if after.phase == Phase::Holding => Some(Some(true)),
        Some(Want::Lock) => is_taken.then_some(Some(false)),
        Some(Want::Release) => Some(None),
        None => None,
    };
    if let Some((want, answer)) = wants(&before).zip(answer) {
        facts.push(CallFact::Answered(grant(before), want, answer));
    }
    facts.extend(wants(&after).map(|want| CallFact::Asked(grant(after), want)));
}

/// What the open call of a client is for.
fn wants(client: &ClientState) -> Option<Want> {
    match client.phase {
        Phase::Asking | Phase::Confirming => Some(Want::Lock),
        Phase::Releasing { .. } => Some(Want::Release),
        Phase::Idle | Phase::Holding | Phase::Done | Phase::GaveUp => None,
    }
}
