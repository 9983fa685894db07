//! What the observer remembers: votes, which replicas overwrite, what was executed, and the calls of the clients.

use std::collections::{BTreeMap, BTreeSet};

use quorate::model::{CallFact, Cause, Facts, History, Operations, Step};
use quorate::{Id, rename};
use serde::Serialize;

use super::member::{Member, State};
use super::message::{Command, Msg, Slot, Vote, Votes};
use crate::consensus::tally::Operation;

/// What happened so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ghost {
    /// All votes ever given, and by whom.
    pub votes: BTreeSet<(Slot, Vote, Id)>,
    /// What was ever executed in each slot, and whether it had an effect there.
    pub executed: BTreeSet<(Slot, Command, bool)>,
    /// What clients asked and were answered.
    pub calls: Operations<Operation, usize>,
}

/// What is worth remembering.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// A replica voted in a slot.
    Voted(Slot, Vote, Id),
    /// A replica executed a command in a slot; whether it had an effect.
    Executed(Slot, Command, bool),
    /// Something of a client.
    Call(CallFact<Operation, usize>),
}

rename! {
    struct Ghost { votes, executed, calls }
    enum Fact { Voted(slot, vote, voter), Executed(slot, command, effect), Call(call) }
}

impl History for Ghost {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match fact {
            Fact::Voted(slot, vote, voter) => drop(self.votes.insert((*slot, *vote, *voter))),
            Fact::Executed(slot, command, effect) => drop(self.executed.insert((*slot, *command, *effect))),
            Fact::Call(call) => self.calls.record(call),
        }
    }
}

impl Ghost {
    /// What is chosen in each slot: what a quorum voted for in one ballot.
    pub fn chosen(&self, quorum: usize) -> impl Iterator<Item = (Slot, Vote)> {
        let mut voters: BTreeMap<(Slot, Vote), usize> = BTreeMap::new();
        for (slot, vote, _) in &self.votes {
            *voters.entry((*slot, *vote)).or_default() += 1;
        }
        voters.into_iter().filter(move |(_, count)| *count >= quorum).map(|(chosen, _)| chosen)
    }
}

/// What a step adds to the ghost. Of a replica's commands `effects` says which have an effect.
pub(super) fn observe<E: Iterator<Item = usize>>(
    operation: Operation,
    effects: impl Fn(&[Command]) -> E,
    step: &Step<'_, Member>,
    facts: &mut Facts<Fact>,
) {
    match (step.before, step.after) {
        (before, Some(State::Replica(after))) => {
            let before = before.and_then(State::replica);
            let none = Votes::new();
            // A replica that starts or comes back has the votes that it had.
            let known = if matches!(step.cause, Cause::Start | Cause::Restart) { &after.durable.votes } else { &none };
            let known = before.map_or(known, |before| &before.durable.votes);
            let new = after.durable.votes.iter().filter(|(slot, vote)| known.get(*slot) != Some(*vote));
            facts.extend(new.map(|(slot, vote)| Fact::Voted(*slot, *vote, step.node)));
            let effects: Vec<usize> = effects(&after.executed).collect();
            let done = before.map_or(0, |before| before.executed.len());
            for (ix, command) in after.executed.iter().enumerate().skip(done) {
                facts.push(Fact::Executed(ix + 1, *command, effects.contains(&ix)));
            }
        }
        (None, Some(State::Client { .. })) if matches!(step.cause, Cause::Start) => {
            facts.push(Fact::Call(CallFact::Invoked(step.node, operation)));
        }
        (Some(before), Some(after @ State::Client { .. })) if before != after => {
            if let Cause::Deliver { msg: Msg::Reply { answer, .. }, .. } = step.cause {
                facts.push(Fact::Call(CallFact::Returned(step.node, *answer)));
            }
            if !step.sent.is_empty() {
                facts.push(Fact::Call(CallFact::Invoked(step.node, operation)));
            }
        }
        _ => {}
    }
}
