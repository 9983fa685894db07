//! What the observer remembers: elections, votes, commitments, and the few steps that must never be taken.
//!
//! On a duplicating network most of it follows from the messages ever sent, so it hardly multiplies states.

use std::collections::{BTreeMap, BTreeSet};

use quorate::model::{CallFact, Cause, Facts, History, Operations, Step};
use quorate::{Id, rename};
use serde::Serialize;

use super::Params;
use super::log::{Entry, Log, Term};
use super::server::{Read, Role, Server, ServerState, Timer};
use crate::consensus::tally::Operation;

/// What happened so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ghost {
    /// Who became leader in which term, and the log with which it did.
    pub won: BTreeSet<(Term, Id, Log)>,
    /// Who first had the vote of which server in which term.
    pub votes: BTreeMap<(Term, Id), Id>,
    /// What was committed at which index, and the lowest term of a server that committed it.
    pub committed: BTreeMap<(usize, Entry), Term>,
    /// Whether a server has removed an entry that conflicted with its leader's.
    pub truncated: bool,
    /// Whether a server has removed a configuration from its log, and gone back to the one before.
    pub undone: bool,
    /// Whether a leader has ceased to lead in its term.
    pub stepped_down: bool,
    /// Whether a server has replaced its log by a snapshot.
    pub installed: bool,
    /// How much was committed when each server took the read that it has not answered.
    pub reads: BTreeMap<Id, usize>,
    /// Who may have ceased to hear of the leader: its election timer has fired, or it has been down; noted with
    /// pre-votes only.
    pub silent: BTreeSet<Id>,
    /// The latest term for which a server stood; noted with pre-votes only.
    pub stood: Term,
    /// What clients asked and were answered; noted only where each leader serves one client.
    pub calls: Operations<Operation, usize>,
    /// The first step of each kind that must never be taken.
    pub breaches: BTreeSet<Breach>,
}

/// A step that must never be taken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Breach {
    /// A server voted twice in one term.
    VotedTwice {
        /// The server.
        voter: Id,
        /// The term.
        term: Term,
        /// For whom it voted first and then.
        candidates: (Id, Id),
    },
    /// A leader removed or replaced an entry of its own log.
    Overwrote(Id),
    /// The commit index of a server that is up fell.
    CommitFell(Id, usize, usize),
    /// A leader answered a read with what was committed up to an index, and when it took it more was.
    StaleRead(Id, usize, usize),
}

/// What is worth remembering.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// A server became leader of a term, with this log.
    Won(Term, Id, Log),
    /// A server voted in a term, for this one.
    Voted(Term, Id, Id),
    /// A server in this term committed an entry.
    Committed(Term, usize, Entry),
    /// A server removed an entry from its log.
    Truncated,
    /// A server removed a configuration from its log.
    Undone,
    /// A leader ceased to lead in its term.
    SteppedDown,
    /// A server replaced its log by a snapshot.
    Installed,
    /// A leader took a read.
    Asked(Id),
    /// A leader answered its read with what is committed up to an index.
    Answered(Id, usize),
    /// A server may have ceased to hear of the leader.
    Silent(Id),
    /// A server stood for this term.
    Stood(Term),
    /// Something of a client.
    Call(CallFact<Operation, usize>),
    /// Something that must never be done.
    Breach(Breach),
}

rename! {
    struct Ghost {
        won,
        votes,
        committed,
        truncated,
        undone,
        stepped_down,
        installed,
        reads,
        silent,
        stood,
        calls,
        breaches,
    }
    enum Breach {
        VotedTwice { voter, term, candidates },
        Overwrote(server),
        CommitFell(server, from, to),
        StaleRead(server, index, due),
    }
    enum Fact {
        Won(term, leader, log),
        Voted(term, voter, candidate),
        Committed(term, index, entry),
        Truncated,
        Undone,
        SteppedDown,
        Installed,
        Asked(server),
        Answered(server, index),
        Silent(server),
        Stood(term),
        Call(call),
        Breach(breach),
    }
}

impl History for Ghost {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match fact.clone() {
            Fact::Won(term, leader, log) => drop(self.won.insert((term, leader, log))),
            Fact::Voted(term, voter, candidate) => {
                let first = *self.votes.entry((term, voter)).or_insert(candidate);
                if first != candidate {
                    self.breach(Breach::VotedTwice { voter, term, candidates: (first, candidate) });
                }
            }
            Fact::Committed(term, index, entry) => {
                let earliest = self.committed.entry((index, entry)).or_insert(term);
                *earliest = term.min(*earliest);
            }
            Fact::Truncated => self.truncated = true,
            Fact::Undone => self.undone = true,
            Fact::SteppedDown => self.stepped_down = true,
            Fact::Installed => self.installed = true,
            Fact::Asked(leader) => {
                let index = self.committed.keys().map(|(index, _)| *index).max();
                self.reads.insert(leader, index.unwrap_or(0));
            }
            Fact::Answered(leader, index) => {
                let due = self.reads.remove(&leader).unwrap_or(0);
                if index < due {
                    self.breach(Breach::StaleRead(leader, index, due));
                }
            }
            Fact::Silent(server) => drop(self.silent.insert(server)),
            Fact::Stood(term) => self.stood = self.stood.max(term),
            Fact::Call(call) => self.calls.record(&call),
            Fact::Breach(breach) => self.breach(breach),
        }
    }
}

impl Ghost {
    /// Each kind has a place of its own: what is found of one must not hide another.
    fn breach(&mut self, breach: Breach) {
        let is_alike = |earlier: &Breach| std::mem::discriminant(earlier) == std::mem::discriminant(&breach);
        if !self.breaches.iter().any(is_alike) {
            self.breaches.insert(breach);
        }
    }
}

/// What a step adds to the ghost.
pub(super) fn observe(params: &Params, step: &Step<'_, Server>, facts: &mut Facts<Fact>) {
    let Some(after) = step.after else { return };
    of_election(step.node, step.before, after, facts);
    of_commitment(step.node, step.before, after, facts);
    of_log(step.node, step.before, after, facts);
    of_read(step.node, step.before, after, facts);
    if let Some(before) = step.before.filter(|_| params.clients) {
        of_client(params.servers, before, after, facts);
    }
    if !params.pre_vote {
        return;
    }
    if matches!(step.cause, Cause::Timeout(Timer::Election) | Cause::Restart) {
        facts.push(Fact::Silent(step.node));
    }
    let stands = |state: &ServerState| (state.durable.voted_for == Some(step.node)).then_some(state.durable.term);
    if stands(after) != step.before.and_then(stands) {
        facts.extend(stands(after).map(Fact::Stood));
    }
}

fn of_election(server: Id, before: Option<&ServerState>, after: &ServerState, facts: &mut Facts<Fact>) {
    let vote = |me: &ServerState| me.durable.voted_for.map(|candidate| (me.durable.term, candidate));
    if let Some((term, candidate)) = vote(after)
        && before.and_then(vote) != Some((term, candidate))
    {
        facts.push(Fact::Voted(term, server, candidate));
    }
    if let Some(term) = after.leads()
        && before.and_then(ServerState::leads) != Some(term)
    {
        facts.push(Fact::Won(term, server, after.durable.log.clone()));
    }
}

fn of_commitment(server: Id, before: Option<&ServerState>, after: &ServerState, facts: &mut Facts<Fact>) {
    // What is in a snapshot is applied, and can not be taken back any more than what is committed.
    let reached = |me: &ServerState| me.commit.max(me.durable.snapshot);
    let known = before.map_or(0, reached);
    let new = (known + 1..=reached(after)).filter_map(|index| Some((index, after.durable.log.get(index)?)));
    facts.extend(new.map(|(index, entry)| Fact::Committed(after.durable.term, index, entry)));
    if reached(after) < known {
        facts.push(Fact::Breach(Breach::CommitFell(server, known, reached(after))));
    }
}

fn of_log(server: Id, before: Option<&ServerState>, after: &ServerState, facts: &mut Facts<Fact>) {
    let Some(before) = before else { return };
    if before.leads() == Some(after.durable.term) && after.leads().is_none() {
        facts.push(Fact::SteppedDown);
    }
    let (was, is) = (&before.durable.log, &after.durable.log);
    if after.durable.snapshot > was.len() {
        facts.push(Fact::Installed);
    }
    if is.extends(was) {
        return;
    }
    facts.push(Fact::Truncated);
    if was.config(was.len()).is_some_and(|(index, _)| is.get(index) != was.get(index)) {
        facts.push(Fact::Undone);
    }
    if before.leads().is_some() && before.leads() == after.leads() {
        facts.push(Fact::Breach(Breach::Overwrote(server)));
    }
}

fn of_read(server: Id, before: Option<&ServerState>, after: &ServerState, facts: &mut Facts<Fact>) {
    let (was, Some(is)) = (before.and_then(read_of), read_of(after)) else { return };
    if was.is_none() {
        facts.push(Fact::Asked(server));
    }
    if is.is_answered && !was.is_some_and(|was| was.is_answered) {
        facts.push(Fact::Answered(server, is.index));
    }
}

/// What the client of a term's leader asks and is answered. Clients are no members: they are numbered after the servers,
/// by the term in which they ask.
fn of_client(servers: usize, before: &ServerState, after: &ServerState, facts: &mut Facts<Fact>) {
    let Some(term) = after.leads().filter(|_| before.leads() == after.leads()) else { return };
    let client = Id::from(servers + term - 1);
    let (was, is) = (&before.durable.log, &after.durable.log);
    if is.requests_of(term) > was.requests_of(term) {
        facts.push(Fact::Call(CallFact::Invoked(client, Operation::Append)));
    }
    let is_own = |entry: Entry| entry.term == term && entry.config.is_none();
    let new = (before.commit + 1..=after.commit).filter(|index| is.get(*index).is_some_and(is_own));
    facts.extend(new.map(|index| Fact::Call(CallFact::Returned(client, is.requests_up_to(index)))));
    let (was_read, Some(read)) = (read_of(before), read_of(after)) else { return };
    if was_read.is_none() {
        facts.push(Fact::Call(CallFact::Invoked(client, Operation::Read)));
    }
    if read.is_answered && !was_read.is_some_and(|was| was.is_answered) {
        facts.push(Fact::Call(CallFact::Returned(client, is.requests_up_to(read.index))));
    }
}

fn read_of(me: &ServerState) -> Option<Read> {
    match &me.role {
        Role::Leader { read, .. } => read.clone(),
        Role::Follower | Role::PreCandidate { .. } | Role::Candidate { .. } => None,
    }
}
