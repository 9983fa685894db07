//! Ballots, values, votes and the four messages.

use std::fmt;

use quorate::rename;
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

/// The number of a proposal: ordered by round, then by the proposer that owns it.
///
/// Invariant: no two proposers have the same ballot (section 2.2: "different proposals have different numbers").
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ballot {
    /// How often its proposer had tried, from 1.
    pub round: usize,
    /// Whose ballot it is.
    pub proposer: Id,
}

rename! {
    struct Ballot { round, proposer }
    nobody in Value
    struct Vote { ballot, value }
    enum Msg { Prepare { ballot }, Promise { ballot, vote }, Accept(vote), Accepted(vote) }
}

impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ballot {} of {:?}", self.round, self.proposer)
    }
}

/// What is to be chosen: a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Value(pub char);

impl Value {
    /// The value that `proposer` introduces.
    pub fn of(proposer: Id) -> Self {
        Self(('A'..='Z').nth(usize::from(proposer)).expect("there are fewer proposers than letters"))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// An acceptor's vote: the proposal that it accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Vote {
    /// In which ballot.
    pub ballot: Ballot,
    /// For what.
    pub value: Value,
}

impl Vote {
    /// What an empty record looks like when it is read as a vote: below every ballot, for a value of nobody.
    pub fn blank() -> Self {
        Self { ballot: Ballot { round: 0, proposer: Id::from(0) }, value: Value('-') }
    }
}

/// What the roles say to one another.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Msg {
    /// Phase 1a, proposer to acceptor: promise me to vote in no earlier ballot.
    Prepare {
        /// The proposer's ballot.
        ballot: Ballot,
    },
    /// Phase 1b, acceptor to proposer: I promise.
    Promise {
        /// The ballot asked for.
        ballot: Ballot,
        /// The acceptor's latest vote.
        vote: Option<Vote>,
    },
    /// Phase 2a, proposer to acceptor: vote for this.
    Accept(Vote),
    /// Phase 2b, acceptor to learner: I voted for this.
    Accepted(Vote),
}
