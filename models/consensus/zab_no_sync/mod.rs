//! ZooKeeper's broadcast as the prose of an article tells it: whoever leads next begins with what it has.
//!
//! # As published
//!
//! Article 003, lines 92 to 99 and once more 249 to 258, in short. *Election*: in one session there is only one leader;
//! it serves the clients, followers carry out its commands. *Replication*: the leader writes a transaction into its log
//! and sends it to the followers; a follower writes it to its disk first and then sends an acknowledgement; with those
//! of a majority the leader takes the transaction for completed and tells the client. *Recovery*: when the leader fails
//! a new one is elected, and the service goes on.
//!
//! # What is wrong
//!
//! "Goes on" is all that is said of the two phases that make the broadcast atomic. The next leader may be one that
//! missed what the last has completed. It begins with its own log, gives the numbers that are taken to other
//! transactions, and what clients were told is done is gone. In [`zab`](super::zab) a new leader first takes the latest
//! history of a quorum (discovery: phase 1, step l.1.2) and brings a quorum to it (synchronisation: phase 2) before it
//! broadcasts anything, and numbers have an epoch in them, so that no two leaders give the same. With `synchronises`
//! both are there, and nothing is lost.
//!
//! # What is modelled, and what the text leaves open
//!
//! Replication as told; a follower writes at the end of its log. How the leader is elected is open, and is read with
//! good will: a server that stands opens the session after its last, every server takes part in a session once, for one
//! leader, and more than half elect. Followers obey only their leader of their session. That servers note the session
//! on their disks is not told either; where they do not (`session_saved`), one that restarts elects a second leader of
//! a session. A server may think at any moment that the leader has failed. The number of a transaction is its place in
//! the leader's log.
//!
//! | file | what |
//! |---|---|
//! | `server` | elections and replication |
//! | `claims` | what the observer remembers, and the properties |

mod claims;
mod server;

use quorate::model::{Card, Deviations, Facts, NetworkKind, NoDeviation, Property, Protocol, Roster, Step};
use quorate::params;

use super::electorate;

pub use claims::{Fact, Ghost};
pub use server::{Disk, Log, Msg, Request, Role, Server, ServerState, Session, Suspicion};

params! {
    /// Who takes part, for how long, and the cure.
    pub struct Sizes {
        /// Number of servers.
        pub servers: usize = 3, in 2..=5;
        /// Number of servers that may stand.
        pub candidates: usize = 2, in 1..=5;
        /// How often each of them may.
        pub elections: usize = 1, in 1..=2;
        /// How many transactions each server is asked for, while it leads.
        pub transactions: usize = 1, in 1..=2;
        /// Whether a server notes on its disk in which session it takes part, as well as its log.
        pub session_saved: bool = true;
        /// No reading but a cure: a new leader takes the latest log of those that elect it, and all take that first.
        pub synchronises: bool = false;
    }
}

/// ZooKeeper's broadcast as the prose tells it.
#[derive(Clone, Debug)]
pub struct ZabNoSync {
    sizes: Sizes,
}

impl Protocol for ZabNoSync {
    const CARD: Card = Card {
        name: "zab-no-sync",
        title: "ZooKeeper's broadcast without synchronisation, as an article tells it",
        source: "article 003, lines 92 to 99 and 249 to 258",
        modelled: "replication, disks, crashes, an election of one leader a session that the text only names",
        left_out: "the time that a session lasts at least: a leader may be suspected at any moment",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Server;
    type History = Ghost;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        electorate::enough(sizes.servers, sizes.candidates, "servers")?;
        Ok(Self { sizes })
    }

    fn network(&self) -> NetworkKind {
        NetworkKind::Fifo
    }

    fn roster(&self) -> Roster<Server> {
        let server = |others, stands| Server { others, stands, sizes: self.sizes.clone() };
        Roster::new().role("server", electorate::members(self.sizes.servers, self.sizes.candidates, server))
    }

    fn history(&self) -> Ghost {
        Ghost::default()
    }

    fn observe(&self, step: &Step<'_, Server>, facts: &mut Facts<Fact>) {
        claims::observe(step, self.sizes.servers, facts);
    }

    fn properties() -> Vec<Property<Self>> {
        claims::properties()
    }
}
