//! The learner.

use std::collections::BTreeSet;

use quorate::model::Deviations;
use quorate::rename;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::{Deviation, Value, Vote};

/// A learner.
#[derive(Clone, Debug)]
pub struct Learner {
    /// How many votes choose a value.
    pub(super) quorum2: usize,
    /// What goes wrong.
    pub(super) deviations: Deviations<Deviation>,
}

/// A learner's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct LearnerState {
    /// The votes that it knows of, each with its acceptor; empty once it has learned.
    pub votes: BTreeSet<(Vote, Id)>,
    /// What it knows to be chosen.
    ///
    /// Invariant: once set, it stays.
    pub learned: Option<Value>,
}

rename! {
    struct LearnerState { votes, learned }
}

impl Learner {
    /// Section 2.3: a learner that knows of the votes of a quorum in one ballot knows that the value is chosen.
    pub(super) fn learn(&self, me: &mut LearnerState, acceptor: Id, vote: Vote) {
        if me.learned.is_some() {
            return;
        }
        if self.deviations.has(Deviation::LearnerOneBallot) {
            me.votes.retain(|(other, _)| other.ballot == vote.ballot);
        }
        me.votes.insert((vote, acceptor));
        let counts = |other: &Vote| {
            *other == vote || other.value == vote.value && self.deviations.has(Deviation::LearnerAnyBallot)
        };
        let voters: BTreeSet<Id> = me.votes.iter().filter(|(vote, _)| counts(vote)).map(|(_, id)| *id).collect();
        if voters.len() >= self.quorum2 {
            *me = LearnerState { votes: BTreeSet::new(), learned: Some(vote.value) };
        }
    }
}
