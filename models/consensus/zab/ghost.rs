//! What the observer remembers: who led with which history, what was delivered and broadcast, which epochs servers
//! accepted, and the calls of the clients.

use std::collections::{BTreeMap, BTreeSet};

use quorate::model::{CallFact, Cause, Facts, History as Remembered, Operations, Step};
use quorate::{Id, rename};
use serde::Serialize;

use super::member::{Member, State};
use super::message::{Epoch, History, Msg, Txn};
use super::server::{Role, ServerState};
use crate::consensus::tally::Operation;

/// What happened so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ghost {
    /// Who led in which epoch, and the history with which it began.
    pub led: BTreeSet<(Epoch, Id, History)>,
    /// What was delivered at which place, and the earliest epoch of a server that delivered it there.
    pub delivered: BTreeMap<(usize, Txn), Epoch>,
    /// What the primary of each epoch had delivered when it first broadcast.
    pub broadcast: BTreeMap<Epoch, History>,
    /// The latest epoch that each server accepted.
    pub accepted: BTreeMap<Id, Epoch>,
    /// The first server that went back to an earlier epoch; from which and to which.
    pub fell: Option<(Id, Epoch, Epoch)>,
    /// Whether a server that was up has removed a transaction from its history.
    pub dropped: bool,
    /// For whom each server has voted in each round of the fast election.
    pub votes: BTreeSet<(usize, Id, Id)>,
    /// Who came to lead by the votes of which round.
    pub elected: BTreeSet<(usize, Id)>,
    /// Whether a server has joined a leader that others followed already.
    pub joined: bool,
    /// The first server that joined one that had not been elected in that round: the round, the server, the other.
    pub astray: Option<(usize, Id, Id)>,
    /// What clients asked and were answered.
    pub calls: Operations<Operation, usize>,
}

/// What is worth remembering.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// A server leads in an epoch, which begins with this history.
    Led(Epoch, Id, History),
    /// A server of this epoch delivered a transaction at a place.
    Delivered(Epoch, usize, Txn),
    /// The primary of an epoch broadcast when it had delivered this.
    Broadcast(Epoch, History),
    /// The last epoch that a server has accepted is this.
    Accepted(Id, Epoch),
    /// A server removed something from its history.
    Dropped,
    /// A server votes for another in a round: the round, the server, the other.
    Voted(usize, Id, Id),
    /// A server leads by the votes of a round.
    Elected(usize, Id),
    /// A server that looked joined a leader that others followed: the round in which that was elected, as they said, the
    /// server, the leader.
    Joined(usize, Id, Id),
    /// Something of a client.
    Call(CallFact<Operation, usize>),
}

rename! {
    struct Ghost { led, delivered, broadcast, accepted, fell, dropped, votes, elected, joined, astray, calls }
    enum Fact {
        Led(epoch, leader, history),
        Delivered(epoch, place, txn),
        Broadcast(epoch, delivered),
        Accepted(server, epoch),
        Dropped,
        Voted(round, voter, leader),
        Elected(round, leader),
        Joined(round, server, leader),
        Call(call),
    }
}

impl Remembered for Ghost {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match fact {
            Fact::Led(epoch, leader, history) => drop(self.led.insert((*epoch, *leader, history.clone()))),
            Fact::Delivered(epoch, place, txn) => {
                let earliest = self.delivered.entry((*place, *txn)).or_insert(*epoch);
                *earliest = *epoch.min(earliest);
            }
            Fact::Broadcast(epoch, delivered) => {
                self.broadcast.entry(*epoch).or_insert_with(|| delivered.clone());
            }
            Fact::Accepted(server, epoch) => {
                let latest = self.accepted.entry(*server).or_insert(*epoch);
                if epoch < latest {
                    self.fell.get_or_insert((*server, *latest, *epoch));
                }
                *latest = *epoch.max(latest);
            }
            Fact::Dropped => self.dropped = true,
            Fact::Voted(round, voter, leader) => drop(self.votes.insert((*round, *voter, *leader))),
            Fact::Elected(round, leader) => drop(self.elected.insert((*round, *leader))),
            Fact::Joined(round, server, leader) => {
                self.joined = true;
                if !self.elected.contains(&(*round, *leader)) {
                    self.astray.get_or_insert((*round, *server, *leader));
                }
            }
            Fact::Call(call) => self.calls.record(call),
        }
    }
}

/// What a step adds to the ghost.
pub(super) fn observe(operation: Operation, step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
    match (step.before, step.after) {
        (before, Some(State::Server(after))) => {
            let before = before.and_then(State::server);
            of_server(step.node, before, after, facts);
            of_election(step, before, after, facts);
        }
        (None, Some(State::Client { .. })) if matches!(step.cause, Cause::Start) => {
            facts.push(Fact::Call(CallFact::Invoked(step.node, operation)));
        }
        (Some(before), Some(after @ State::Client { .. })) if before != after => {
            if let Cause::Deliver { msg: Msg::Reply { place, .. }, .. } = step.cause {
                facts.push(Fact::Call(CallFact::Returned(step.node, *place)));
            }
            if !step.sent.is_empty() {
                facts.push(Fact::Call(CallFact::Invoked(step.node, operation)));
            }
        }
        _ => {}
    }
}

fn of_server(server: Id, before: Option<&ServerState>, after: &ServerState, facts: &mut Facts<Fact>) {
    let accepted = after.durable.accepted;
    if before.is_none_or(|before| before.durable.accepted != accepted) {
        facts.push(Fact::Accepted(server, accepted));
    }
    let history = &after.durable.history;
    let known = before.map_or(0, |before| before.delivered);
    let new = (known + 1..=after.delivered).filter_map(|place| Some((place, *history.get(place - 1)?)));
    facts.extend(new.map(|(place, txn)| Fact::Delivered(after.durable.current, place, txn)));
    let Some(before) = before else { return };
    if let Some(epoch) = after.leads()
        && before.leads() != Some(epoch)
    {
        facts.push(Fact::Led(epoch, server, history.clone()));
    }
    if !history.starts_with(&before.durable.history) {
        facts.push(Fact::Dropped);
    }
    if before.is_primary() && history.len() > before.durable.history.len() {
        let delivered = before.durable.history[..before.delivered].to_vec();
        facts.push(Fact::Broadcast(after.durable.current, delivered));
    }
}

fn of_election(step: &Step<'_, Member>, before: Option<&ServerState>, after: &ServerState, facts: &mut Facts<Fact>) {
    let Some(election) = &after.election else { return };
    let known = before.and_then(|before| before.election.as_ref());
    if known.is_none_or(|known| (known.round, known.vote) != (election.round, election.vote)) {
        facts.push(Fact::Voted(election.round, step.node, election.vote.leader));
    }
    let leads = |me: &ServerState| matches!(me.role, Role::Leading { .. });
    if leads(after) && !before.is_some_and(leads) {
        facts.push(Fact::Elected(election.round, step.node));
    }
    let has_found = before.is_some_and(ServerState::looks_for) && !after.looks_for();
    // One that hears that others follow it comes to lead: it joins nobody.
    if has_found && !leads(after) && matches!(step.cause, Cause::Deliver { msg: Msg::Notification { .. }, .. }) {
        facts.push(Fact::Joined(election.round, step.node, election.vote.leader));
    }
}
