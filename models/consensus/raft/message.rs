//! What servers say to one another.

use quorate::rename;
use serde::Serialize;

use super::log::{Entry, Log, Position, Term};

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Candidate to all: vote for me (section 5.2).
    RequestVote {
        /// The candidate's term.
        term: Term,
        /// The end of its log.
        end: Position,
    },
    /// To the candidate: I vote for you. A refusal is not sent.
    Vote {
        /// The voter's term.
        term: Term,
    },
    /// To all: would you vote for me (thesis, 9.6)?
    RequestPreVote {
        /// The term for which the sender would stand: the next after its own.
        term: Term,
        /// The end of its log.
        end: Position,
    },
    /// I would vote for you.
    PreVote {
        /// The term of the request.
        term: Term,
    },
    /// You are behind. A refusal for another reason is not sent.
    Behind {
        /// The term of who refuses.
        term: Term,
    },
    /// Leader to follower: append these entries (section 5.3); without entries it is a heartbeat.
    Append {
        /// The leader's term.
        term: Term,
        /// The place before the entries.
        prev: Position,
        /// The entries.
        entries: Vec<Entry>,
        /// The leader's commit index.
        commit: usize,
    },
    /// Leader to follower: I have discarded what you need; take its outcome (section 7).
    InstallSnapshot {
        /// The leader's term.
        term: Term,
        /// What the snapshot is of.
        snapshot: Log,
    },
    /// To the leader: appended, or installed.
    Appended {
        /// The follower's term.
        term: Term,
        /// The index up to which the follower's log is the leader's.
        matched: usize,
    },
    /// Leader to all: am I still your leader (thesis, 6.4)?
    Confirm {
        /// The leader's term.
        term: Term,
    },
    /// To the leader: you are.
    Confirmed {
        /// The follower's term.
        term: Term,
    },
    /// To the leader: my log has no such place, or your term is over.
    NotAppended {
        /// The follower's term.
        term: Term,
    },
}

rename! {
    enum Msg {
        RequestVote { term, end },
        Vote { term },
        RequestPreVote { term, end },
        PreVote { term },
        Behind { term },
        Append { term, prev, entries, commit },
        InstallSnapshot { term, snapshot },
        Appended { term, matched },
        Confirm { term },
        Confirmed { term },
        NotAppended { term },
    }
}

impl Msg {
    /// The term in which the sender is; a request for a pre-vote and its grant name a term in which nobody is yet.
    pub fn term_of_sender(&self) -> Option<Term> {
        match *self {
            Self::RequestVote { term, .. }
            | Self::Vote { term }
            | Self::Behind { term }
            | Self::Append { term, .. }
            | Self::InstallSnapshot { term, .. }
            | Self::Appended { term, .. }
            | Self::NotAppended { term }
            | Self::Confirm { term }
            | Self::Confirmed { term } => Some(term),
            Self::RequestPreVote { .. } | Self::PreVote { .. } => None,
        }
    }
}
