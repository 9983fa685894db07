//! Ballots, slots, commands, and what replicas and clients say to one another.

use std::collections::BTreeMap;
use std::fmt;

use quorate::{Id, rename};
use serde::Serialize;

/// The number of a leader's reign: ordered by round, then by the replica that owns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Ballot {
    /// From 1.
    pub round: usize,
    /// Whose ballot it is.
    pub leader: Id,
}

impl fmt::Display for Ballot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ballot {} of {:?}", self.round, self.leader)
    }
}

/// The number of an instance of consensus, from 1: its command is the one with this number in the log.
pub type Slot = usize;

/// What is to be chosen for a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Command {
    /// Nothing: it fills a slot.
    NoOp,
    /// A request of a client.
    Request(Request),
}

/// A request of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Request {
    /// Whose it is.
    pub client: Id,
    /// Its number among the requests of that client, from 1.
    pub number: usize,
    /// Whether it only reads.
    pub reads: bool,
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOp => f.write_str("a no-op"),
            Self::Request(Request { client, number, .. }) => write!(f, "request {number} of {client:?}"),
        }
    }
}

/// A vote in one slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Vote {
    /// In which ballot.
    pub ballot: Ballot,
    /// For what.
    pub command: Command,
}

impl Vote {
    /// What an empty record looks like to who takes it for a vote.
    pub(super) fn blank() -> Self {
        let nobody = Id::from(0);
        let request = Request { client: nobody, number: 0, reads: false };
        Self { ballot: Ballot { round: 0, leader: nobody }, command: Command::Request(request) }
    }
}

/// The latest vote in each slot.
pub type Votes = BTreeMap<Slot, Vote>;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Client to replicas: do this.
    Request {
        /// The number of the request.
        number: usize,
        /// Whether it only reads.
        reads: bool,
    },
    /// To the client: it is done.
    Reply {
        /// The number of the request.
        number: usize,
        /// How many requests that do not only read were executed by then, itself included.
        answer: usize,
    },
    /// Phase 1a, for all slots at once.
    Prepare(Ballot),
    /// Phase 1b.
    Promise {
        /// The ballot asked for.
        ballot: Ballot,
        /// The votes of who promises.
        votes: Votes,
    },
    /// Phase 2a: vote for this in this slot.
    Accept(Slot, Vote),
    /// Phase 2b, to the leader: I did.
    Accepted(Slot, Ballot),
    /// Leader to all: all slots up to this one are chosen, with what I asked votes for in this ballot.
    Commit(Slot, Ballot),
}

rename! {
    struct Ballot { round, leader }
    enum Command { NoOp, Request(request) }
    struct Request { client, number, reads }
    struct Vote { ballot, command }
    enum Msg {
        Request { number, reads },
        Reply { number, answer },
        Prepare(ballot),
        Promise { ballot, votes },
        Accept(slot, vote),
        Accepted(slot, ballot),
        Commit(slot, ballot),
    }
}
