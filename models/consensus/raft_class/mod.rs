//! Raft as a Python class has it: a vote counts the voter's term up, a commit compares a term with an index.
//!
//! # As published
//!
//! Article 001, section 4.2 (lines 131 to 158), less `__init__`: `logs` is empty, `voted_for` None, both numbers 0:
//!
//! ```text
//! class Raft:
//!     def request_vote(self, candidate_id, last_log_term, last_log_index):
//!         if self.current_term > candidate_term:
//!             return False
//!         if self.voted_for is None or self.voted_for == candidate_id:
//!             self.voted_for = candidate_id
//!             self.current_term += 1
//!             return True
//!         return False
//!
//!     def append_entries(self, term, candidate_id, last_log_index, last_log_term):
//!         if term < self.current_term:
//!             return False
//!         if last_log_index > len(self.logs) - 1:
//!             self.logs.extend(logs[last_log_index:])
//!         self.logs[last_log_index:] = logs[last_log_index:]
//!         return True
//!
//!     def commit(self):
//!         while self.logs[-1][0] < self.commit_index:
//!             self.logs.pop()
//!         self.commit_index = max(self.commit_index, len(self.logs) - 1)
//! ```
//!
//! # What is wrong
//!
//! `candidate_term` and `logs` are bound nowhere: to the letter no server ever votes. With both bound (R1, R2):
//!
//! - A voter adds one to its own term instead of taking the candidate's. A request that comes twice adds two, and from
//!   then on the voter refuses the leader that it helped to elect; nothing ever tells that leader of a later term. A
//!   request for term 2 leaves it in term 1, where it still takes entries from the leader before. In
//!   [`raft`](super::raft) whoever sees a later term takes it over, and a vote changes no term.
//! - `voted_for` is never cleared: a server votes once in its life. And it is written nowhere, so that who restarts
//!   votes again in the same term. In [`raft`](super::raft) a vote is for one term, and is saved before the reply.
//! - What stands before the new entries is not compared, and a gap is filled with whatever comes. In
//!   [`raft`](super::raft) `AppendEntries` is refused unless the entry before the new ones matches.
//! - `commit` deletes from the end while the last entry's *term* is less than the commit *index*: three entries of term
//!   1, committed, are all gone when it is called once more, and then `logs[-1]` raises. In [`raft`](super::raft) a
//!   server that commits deletes nothing; a leader counts on how many servers an entry of its term is.
//! - Whether the candidate's log is behind is not asked, though its last entry is told: the next leader deletes what
//!   the one before has committed. In [`raft`](super::raft) a voter refuses a candidate whose log is behind its own.
//!
//! # What is modelled, and what the text leaves open
//!
//! The three methods. Nothing calls them: here a server whose timer fires goes to the next term, votes for itself and
//! calls `request_vote` of all others; with votes of more than half, its own included, it leads. A leader appends what
//! a client asks for and calls `append_entries` of all others with its last index; whenever one has returned True and
//! more than half have the whole log, it calls `commit`. A server that takes entries follows. Two numbered repairs are
//! parameters:
//!
//! - R1: `candidate_term` is passed;
//! - R2: `logs` is the caller's log, and is passed.
//!
//! | file | what |
//! |---|---|
//! | `server` | the class, and who calls its methods |
//! | `claims` | what the observer remembers, and the properties |

mod claims;
mod server;

use quorate::model::{Card, Deviations, Facts, NoDeviation, Property, Protocol, Roster, Step};
use quorate::params;

use super::electorate;

pub use claims::{Fact, Ghost};
pub use server::{ElectionTimeout, Msg, Role, Server, ServerState};

params! {
    /// Who takes part, for how long, and which repairs are made.
    pub struct Sizes {
        /// Number of servers.
        pub servers: usize = 3, in 2..=5;
        /// Number of servers whose timer may fire.
        pub candidates: usize = 2, in 1..=5;
        /// How often it may fire, in each of their lives.
        pub timeouts: usize = 1, in 1..=2;
        /// How much a leader is asked to append.
        pub entries: usize = 0, in 0..=4;
        /// Repair R1: `candidate_term` is passed.
        pub r1_candidate_term: bool = true;
        /// Repair R2: `logs` is the caller's log, and is passed.
        pub r2_logs: bool = true;
    }
}

/// Raft as the class has it.
#[derive(Clone, Debug)]
pub struct RaftClass {
    sizes: Sizes,
}

impl Protocol for RaftClass {
    const CARD: Card = Card {
        name: "raft-class",
        title: "Raft, as an article's Python class has it",
        source: "article 001, section 4.2, the Python listing (lines 131-158)",
        modelled: "the three methods, called by candidates and leaders as Raft has them; crashes, with nothing saved; \
                   literal, or with R1 (candidate_term is passed) and R2 (logs is passed)",
        left_out: "heartbeats, and calls of append_entries that are tried again: nothing that goes wrong needs one",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Server;
    type History = Ghost;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        electorate::enough(sizes.servers, sizes.candidates, "servers")?;
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Server> {
        let server = |others, may_stand| Server { others, may_stand, sizes: self.sizes.clone() };
        Roster::new().role("server", electorate::members(self.sizes.servers, self.sizes.candidates, server))
    }

    fn history(&self) -> Ghost {
        Ghost::default()
    }

    fn observe(&self, step: &Step<'_, Server>, facts: &mut Facts<Fact>) {
        claims::observe(step, facts);
    }

    fn properties() -> Vec<Property<Self>> {
        claims::properties()
    }
}
