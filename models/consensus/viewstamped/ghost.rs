//! What the observer remembers: what was committed and with which logs views began, which replicas forget, and the
//! calls of the clients.

use std::collections::{BTreeMap, BTreeSet};

use quorate::model::{CallFact, Cause, Facts, History, Operations, Step};
use quorate::{Id, rename};
use serde::Serialize;

use super::member::{Member, State};
use super::message::{Entry, Log, Msg, View};
use super::replica::{ReplicaState, Status};
use crate::consensus::tally::Operation;

/// What happened so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ghost {
    /// What was committed under which op-number, and the earliest view in which a replica knew.
    pub committed: BTreeMap<(usize, Entry), View>,
    /// With which log the primary of each view, but the first, began it.
    pub began: BTreeSet<(View, Log)>,
    /// Whether a replica that was up has removed a request from its log.
    pub dropped: bool,
    /// Whether a replica has taken over what it asked another for.
    pub transferred: bool,
    /// The first replica that went back to an earlier view while it was up; from which view and to which.
    pub fell: Option<(Id, View, View)>,
    /// What clients asked and were answered.
    pub calls: Operations<Operation, usize>,
}

/// What is worth remembering.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// A replica in this view knows that a request is committed.
    Committed(View, usize, Entry),
    /// A primary began a view with this log.
    Began(View, Log),
    /// A replica removed something from its log.
    Dropped,
    /// A replica took over what it asked for.
    Transferred,
    /// A replica went back from a view to an earlier one.
    Fell(Id, View, View),
    /// Something of a client.
    Call(CallFact<Operation, usize>),
}

rename! {
    struct Ghost { committed, began, dropped, transferred, fell, calls }
    enum Fact {
        Committed(view, op, entry),
        Began(view, log),
        Dropped,
        Transferred,
        Fell(replica, from, to),
        Call(call),
    }
}

impl History for Ghost {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match fact {
            Fact::Committed(view, op, entry) => {
                let earliest = self.committed.entry((*op, *entry)).or_insert(*view);
                *earliest = *view.min(earliest);
            }
            Fact::Began(view, log) => drop(self.began.insert((*view, log.clone()))),
            Fact::Dropped => self.dropped = true,
            Fact::Transferred => self.transferred = true,
            Fact::Fell(replica, from, to) => drop(self.fell.get_or_insert((*replica, *from, *to))),
            Fact::Call(call) => self.calls.record(call),
        }
    }
}

/// What a step adds to the ghost.
pub(super) fn observe(replicas: usize, operation: Operation, step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
    match (step.before, step.after) {
        (before, Some(State::Replica(after))) => {
            let before = before.and_then(State::replica);
            of_commitment(before, after, facts);
            of_view(step.node, replicas, before, after, facts);
            if before.is_some_and(|before| before != after)
                && matches!(step.cause, Cause::Deliver { msg: Msg::NewState { .. }, .. })
            {
                facts.push(Fact::Transferred);
            }
        }
        (None, Some(State::Client { .. })) if matches!(step.cause, Cause::Start) => {
            facts.push(Fact::Call(CallFact::Invoked(step.node, operation)));
        }
        (Some(before), Some(State::Client { .. })) if Some(before) != step.after => of_client(operation, step, facts),
        _ => {}
    }
}

fn of_commitment(before: Option<&ReplicaState>, after: &ReplicaState, facts: &mut Facts<Fact>) {
    let known = before.map_or(0, |before| before.record.commit);
    let new = (known + 1..=after.record.commit).filter_map(|op| Some((op, *after.record.log.get(op - 1)?)));
    facts.extend(new.map(|(op, entry)| Fact::Committed(after.view, op, entry)));
}

fn of_view(node: Id, replicas: usize, before: Option<&ReplicaState>, after: &ReplicaState, facts: &mut Facts<Fact>) {
    let was_normal = before.is_some_and(|before| before.is_normal() && before.view == after.view);
    if after.view > 0 && after.is_normal() && !was_normal && usize::from(node) == after.view % replicas {
        facts.push(Fact::Began(after.view, after.record.log.clone()));
    }
    let Some(before) = before.filter(|before| !matches!(before.status, Status::Recovering { .. })) else { return };
    if !after.record.log.starts_with(&before.record.log) {
        facts.push(Fact::Dropped);
    }
    if after.view < before.view {
        facts.push(Fact::Fell(node, before.view, after.view));
    }
}

fn of_client(operation: Operation, step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
    if let Cause::Deliver { msg: Msg::Reply { answer, .. }, .. } = step.cause {
        facts.push(Fact::Call(CallFact::Returned(step.node, *answer)));
    }
    if !step.sent.is_empty() {
        facts.push(Fact::Call(CallFact::Invoked(step.node, operation)));
    }
}

impl State {
    /// The state of a replica.
    pub(super) fn replica(&self) -> Option<&ReplicaState> {
        match self {
            Self::Replica(me) => Some(me),
            Self::Client { .. } => None,
        }
    }
}
