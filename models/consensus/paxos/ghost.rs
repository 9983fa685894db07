//! What the observer remembers: proposals, promises and votes, which members forget or overwrite.
//!
//! In a correct run nearly all of it follows from the members' states and the messages in flight, so it
//! hardly multiplies states.

use std::collections::{BTreeMap, BTreeSet};

use quorate::model::{Cause, Facts, History, Step};
use quorate::{Id, rename};
use serde::{Deserialize, Serialize};

use super::{Ballot, Member, Msg, State, Value, Vote};

/// What was proposed, promised, voted and learned so far.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Ghost {
    /// The proposals of phase 2a.
    pub proposed: BTreeSet<Vote>,
    /// The highest ballot that each acceptor promised.
    pub promised: BTreeMap<Id, Ballot>,
    /// All votes ever given, and by whom.
    pub votes: BTreeSet<(Vote, Id)>,
    /// The first vote below a promise, its acceptor, and the promise.
    pub broken_promise: Option<(Id, Ballot, Vote)>,
    /// What each learner has learned.
    pub learned: BTreeSet<(Id, Value)>,
}

/// What is worth remembering.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Fact {
    /// Phase 2a was taken.
    Proposed(Vote),
    /// Phase 1b was taken.
    Promised(Id, Ballot),
    /// Phase 2b was taken.
    Voted(Id, Vote),
    /// A learner learned.
    Learned(Id, Value),
}

rename! {
    struct Ghost { proposed, promised, votes, broken_promise, learned }
    enum Fact { Proposed(vote), Promised(acceptor, ballot), Voted(acceptor, vote), Learned(learner, value) }
}

impl History for Ghost {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match *fact {
            Fact::Proposed(vote) => {
                self.proposed.insert(vote);
            }
            Fact::Promised(acceptor, ballot) => {
                let highest = self.promised.entry(acceptor).or_insert(ballot);
                *highest = ballot.max(*highest);
            }
            Fact::Voted(acceptor, vote) => {
                self.votes.insert((vote, acceptor));
                let promise = self.promised.get(&acceptor).filter(|promise| vote.ballot < **promise);
                self.broken_promise = self.broken_promise.or(promise.map(|promise| (acceptor, *promise, vote)));
            }
            Fact::Learned(learner, value) => {
                self.learned.insert((learner, value));
            }
        }
    }
}

/// What a step adds to the ghost.
pub(super) fn observe(step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
    let (Some(before), Some(after)) = (step.before, step.after) else { return };
    match (&step.cause, after) {
        (Cause::Deliver { msg: Msg::Prepare { ballot }, .. }, State::Acceptor(_)) if !step.sent.is_empty() => {
            facts.push(Fact::Promised(step.node, *ballot));
        }
        (Cause::Deliver { msg: Msg::Promise { .. }, .. }, State::Proposer(_)) => {
            facts.extend(step.sent.first().and_then(|envelope| match envelope.msg {
                Msg::Accept(vote) => Some(Fact::Proposed(vote)),
                Msg::Prepare { .. } | Msg::Promise { .. } | Msg::Accepted(_) => None,
            }));
        }
        (Cause::Deliver { msg: Msg::Accept(vote), .. }, State::Acceptor(me)) if before != after => {
            facts.extend((me.vote == Some(*vote)).then_some(Fact::Voted(step.node, *vote)));
        }
        (Cause::Deliver { msg: Msg::Accepted(_), .. }, State::Learner(me)) if before != after => {
            facts.extend(me.learned.map(|value| Fact::Learned(step.node, value)));
        }
        _ => {}
    }
}

impl Ghost {
    /// The proposals that at least `quorum2` acceptors voted for, with their voters.
    pub fn chosen(&self, quorum2: usize) -> impl Iterator<Item = (Vote, Vec<Id>)> {
        let mut voters: BTreeMap<Vote, Vec<Id>> = BTreeMap::new();
        for (vote, acceptor) in &self.votes {
            voters.entry(*vote).or_default().push(*acceptor);
        }
        voters.into_iter().filter(move |(_, voters)| voters.len() >= quorum2)
    }

    /// Whether `acceptor` can, by its promises and votes, not vote for another value than `vote.value` in `ballot`.
    pub fn is_settled(&self, acceptor: Id, ballot: Ballot, value: Value) -> bool {
        let mut votes = self.votes.iter().filter(|(_, id)| *id == acceptor).map(|(vote, _)| vote);
        match votes.clone().find(|vote| vote.ballot == ballot) {
            Some(vote) => vote.value == value,
            None => self.promised.get(&acceptor) > Some(&ballot) || votes.any(|vote| vote.ballot > ballot),
        }
    }
}
