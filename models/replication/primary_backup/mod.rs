//! Primary and backups: one server takes all writes and copies its log to the others; a monitor puts another in its place.
//!
//! **Source.** Peter Alsberg and John Day, *A Principle for Resilient Sharing of Distributed Resources* (ICSE 1976);
//! Navin Budhiraja, Keith Marzullo, Fred Schneider and Sam Toueg, *The Primary-Backup Approach* (Distributed Systems, 1993),
//! its Pb1 to Pb4; what a write waits for as MySQL calls it (asynchronous, semi-synchronous), the choice of the most advanced
//! backup and the epoch as in Redis Sentinel and its kin; guarantees of sessions from Douglas Terry et al., *Session
//! Guarantees for Weakly Consistent Replicated Data* (1994).
//!
//! **Modelled.** Writes that are answered after no backup, one, or all have them; reads of the primary's memory, of any
//! server's, of one server's for each client, of any that is as far as the client has seen, or through the log; a monitor
//! that may suspect the primary at any moment, rightly or not, asks the servers how far they are, and promotes the most
//! advanced; epochs, by which a server that was put down is fenced off; servers that crash and come back as backups. With a
//! duplicating network (the default) a message stands for itself and all its repetitions.
//!
//! Of the two repairs for split reads (Terry et al.) a client that keeps to one server has monotonic reads while the log of
//! that server only grows, which it does not where the server was put down. A client that says which writes it has seen also
//! reads its own, and waits where one of them is lost: a server that lacks one does not answer, and messages come again.
//! It is the set of writes that counts, as in Terry et al., and not how many there are: after an asynchronous failover the new
//! primary may have as many, and not those (the deviation `count-seen`).
//!
//! **Left out.** Crashes of the monitor: in its place stands consensus, in this library by itself. Parts of a log: each copy
//! is a whole log, which saves a protocol to catch up. Changes of who is a server.
//!
//! | file | what |
//! |---|---|
//! | `message` | requests, positions, the messages |
//! | `writes` | what clients are answered |
//! | `server` | a server: writing, copying, stepping down |
//! | `monitor` | the monitor |
//! | `start` | states to start from |
//! | `member` | servers, monitor and clients as one actor |
//! | `claims` | what the observer sees, and the claims |

mod claims;
mod member;
mod message;
mod monitor;
mod server;
mod start;
mod writes;

use quorate::Id;
use quorate::model::{
    Assumption, CallFact, Card, Deviations, Facts, NetworkKind, Operations, Property, Protocol, Roster, Step,
};

pub use member::{Client, ClientState, Member, State, Stored, Suspect};
pub use message::{Msg, Position, Request};
pub use monitor::{Monitor, MonitorState};
pub use server::{Durable, Role, Server, ServerState};
pub use start::Start;
pub use writes::Writes;

quorate::choice_param! {
    /// What a write waits for.
    pub enum Mode {
        /// Nothing: the backups get it later.
        Asynchronous = "asynchronous",
        /// One backup has it.
        SemiSynchronous = "semi-synchronous",
        /// All backups have it.
        Synchronous = "synchronous",
    }
}

quorate::choice_param! {
    /// Who answers a read.
    pub enum Reading {
        /// The primary, when it would answer a write.
        Log = "log",
        /// The primary, from what it has.
        Primary = "primary",
        /// Any server, from what it has: reads and writes are split.
        Anywhere = "anywhere",
        /// One server for each client, always the same, from what it has: the primary, or another.
        Sticky = "sticky",
        /// Any server that has all writes that the client has seen, which the client says.
        AtLeast = "at-least",
    }
}

quorate::params! {
    /// Who takes part, and how much happens.
    pub struct Params {
        /// Number of servers; the first is the primary at the start.
        pub servers: usize = 3, in 1..=5;
        /// What a write waits for.
        pub mode: Mode = Mode::SemiSynchronous;
        /// Who answers a read.
        pub reading: Reading = Reading::Log;
        /// How often the monitor suspects the primary.
        pub failovers: usize = 1, in 0..=3;
        /// Number of clients that write, and then read.
        pub clients: usize = 1, in 0..=3;
        /// Number of writes of each.
        pub writes: usize = 1, in 0..=3;
        /// Number of reads of each, after that.
        pub reads: usize = 1, in 0..=3;
        /// Number of clients that only read, twice.
        pub readers: usize = 0, in 0..=2;
        /// From where it starts.
        pub start: Start = Start::Empty;
    }
}

quorate::deviations! {
    /// What a server or the monitor may do wrongly.
    pub enum Deviation {
        /// The first server that answers the monitor is promoted.
        PromoteAny = "promote-any" breaks "no-lost-write";
        /// The longest log is promoted, of whatever epoch.
        PromoteLongest = "promote-longest" breaks "no-lost-write";
        /// Each answer to the monitor has the most advanced so far promoted.
        PromoteAgain = "promote-again" breaks "one-primary-per-epoch";
        /// A server takes the log of a primary of any epoch.
        NoFencing = "no-fencing" breaks "no-lost-write";
        /// A backup says that it has what it did not save.
        AckUnsaved = "ack-unsaved" breaks "no-lost-write";
        /// A backup keeps its log unless its primary's is longer.
        KeepOwnLog = "keep-own-log" breaks "converges";
        /// A request that comes again is written again.
        WriteAgain = "write-again" breaks "linearizable";
        /// A server that has as many writes as the client has seen answers, whichever they are.
        CountSeen = "count-seen" breaks "read-your-writes";
    }
}

/// Primary and backups with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct PrimaryBackup {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl PrimaryBackup {
    fn server_ids(&self) -> Vec<Id> {
        Id::vec_from(0..self.params.servers)
    }

    fn server(&self, id: Id) -> Server {
        let peers = self.server_ids().into_iter().filter(|peer| *peer != id).collect();
        Server { id, peers, params: self.params.clone(), deviations: self.deviations }
    }

    fn monitor(&self) -> Monitor {
        Monitor { servers: self.server_ids(), params: self.params.clone(), deviations: self.deviations }
    }

    fn client(&self, writes: usize, reads: usize) -> Member {
        let says_seen = self.params.reading == Reading::AtLeast;
        Member::Client(Client { servers: self.server_ids(), writes, reads, says_seen })
    }
}

impl Protocol for PrimaryBackup {
    const CARD: Card = Card {
        name: "primary-backup",
        title: "Primary and backups",
        source: "Alsberg and Day 1976; Budhiraja, Marzullo, Schneider and Toueg, The Primary-Backup Approach (1993); Terry \
                 et al., Session Guarantees (1994)",
        modelled: "writes that wait for no backup, one or all; reads through the log, of the primary, of any server, of one \
                   for each client, of any that is as far as the client has seen; failover by a monitor that may be \
                   wrong; the most advanced promoted; fencing by epochs",
        left_out: "crashes of the monitor, for which there is consensus; parts of a log, which save bytes; changes of the \
                   membership",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Operations<Request, Writes>;

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if params.clients + params.readers == 0 {
            return Err("without clients nothing is written".to_owned());
        }
        if params.start == Start::Overtaken && (params.servers != 3 || params.clients == 0) {
            return Err("the overtaken server is drawn for 3 servers and a client that writes".to_owned());
        }
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        Roster::new()
            .role("server", self.server_ids().into_iter().map(|id| Member::Server(self.server(id))))
            .role("monitor", [Member::Monitor(self.monitor())])
            .role("client", (0..self.params.clients).map(|_| self.client(self.params.writes, self.params.reads)))
            .role("reader", (0..self.params.readers).map(|_| self.client(0, 2)))
    }

    /// A message may come late, more than once, or never.
    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) -> Self::History {
        Operations::default()
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<CallFact<Request, Writes>>) {
        let roster = self.roster();
        if let Some(Member::Client(client)) = roster.members().get(usize::from(step.node)).map(|member| &member.actor) {
            claims::observe(client, step, facts);
        }
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }

    fn assumptions() -> Vec<Assumption<Self>> {
        claims::assumptions()
    }
}
