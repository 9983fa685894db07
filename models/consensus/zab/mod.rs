//! Zab, the atomic broadcast of ZooKeeper: the primary of an epoch broadcasts transactions, and a later one first brings
//! a quorum to one history.
//!
//! **Source.** Flavio Junqueira, Benjamin Reed, Marco Serafini, *Zab: High-performance broadcast for primary-backup
//! systems* (DSN 2011), sections 3 to 5; André Medeiros, *ZooKeeper's atomic broadcast protocol* (2012). Rules are named
//! as there: l.1.1 is the first of the leader in phase 1.
//!
//! **Modelled.** Phases 1 (discovery), 2 (synchronisation) and 3 (broadcast), recovery from disk, followers that come late,
//! connections between a leader and its followers that deliver in order or break. With a duplicating network (the
//! default) a packet waits for its turn, and what a broken connection still had is never taken.
//!
//! Phase 0, the election, is an oracle by default, as in the paper: any server may come to lead at any moment. With
//! `election = "fast"` it is the fast leader election that ZooKeeper has in its place: the exchange of votes in rounds,
//! and joining a leader that others follow. It makes good guesses and is no part of what makes the rest safe: discovery
//! chooses the history anew. So what is claimed of it is what it does by itself: that votes go to histories that are
//! not behind, that who leads has the votes of a quorum in one round, and that whoever joins a leader joins one that
//! was elected.
//!
//! **Left out.** Observers, and weights of votes. Heartbeats only say when a connection breaks: here it may at any
//! moment. What ZooKeeper sends of a history, the difference, a snapshot or an order to truncate, comes to the same
//! history. Servers lead or follow a bounded number of times. `sync`, by which a client of ZooKeeper has its server
//! catch up before it reads.
//!
//! The vote of a server that looks no more stays as it was cast. ZooKeeper raises the epoch in it when the leader is
//! established (ZOOKEEPER-1732), and compares such votes by leader and epoch only (ZOOKEEPER-1805). Here they must be
//! alike in all, and the round as well, so that fewer servers join; with the oracle any server may follow any leader,
//! which covers what the others would do. That a server beside a leader with its quorum joins in the end is not
//! claimed, and by this rule it may wait for ever.
//!
//! Of the properties of the paper integrity, that what is delivered was broadcast, is not claimed: a transaction is
//! made in one place, where a primary broadcasts it, and messages are not forged.
//!
//! **Symmetry.** With the oracle servers that lead or follow equally often are interchangeable, and so are clients. The
//! fast election prefers the greater id where histories are alike, and the starts that are drawn name who did what: there
//! servers are not.
//!
//! **What the paper leaves open.** A follower that has accepted an epoch already, of this leader or of another that chose
//! the same, must not accept it again; as in ZooKeeper (Zab 1.0) it answers, so that it can be synchronised, and the answer does
//! not count. Clients ask all servers, and the primary answers; a request that a history has is not broadcast again.
//!
//! | file | what |
//! |---|---|
//! | `message` | epochs, transactions, connections, the messages |
//! | `server` | a server's state, its disk and connections, which message is which rule |
//! | `election` | phase 0, and the oracle |
//! | `fast` | the fast election |
//! | `discovery` | phases 1 and 2 |
//! | `broadcast` | phase 3, and reads |
//! | `start` | states to start from |
//! | `member` | servers and clients as one actor |
//! | `stale` | messages that will never change anything |
//! | `ghost` | what the observer remembers |
//! | `claims` | the claims |

mod broadcast;
mod claims;
mod discovery;
mod election;
mod fast;
mod ghost;
mod member;
mod message;
mod server;
mod stale;
mod start;

use quorate::Id;
use quorate::model::{
    Card, Deviations, Facts, NetworkKind, Node, Property, Protocol, Reductions, Roster, Step, Symmetry,
};
use quorate::stateright::actor::Envelope;
use quorate::system::Linearization;

use super::tally::{Operation, Tally};
pub use election::Method;
pub use fast::Election;
pub use ghost::{Fact, Ghost};
pub use member::{Client, Member, State, Stored, Timer};
pub use message::{Body, Epoch, History, Link, Msg, Standing, Txn, Vote, Zxid};
pub use server::{Durable, Learner, Phase, Progress, Role, Server, ServerState};
pub use start::Start;

quorate::params! {
    /// Who takes part, and how much happens.
    pub struct Params {
        /// Number of servers.
        pub servers: usize = 3, in 1..=5;
        /// How many servers, from the first on, may lead; 0 stands for all.
        pub candidates: usize = 2, in 0..=5;
        /// How often each of these leads or follows at most.
        pub candidate_attempts: usize = 1, in 1..=5;
        /// How often each other server follows at most.
        pub attempts: usize = 2, in 1..=5;
        /// Number of clients that write.
        pub clients: usize = 1, in 0..=3;
        /// Number of clients that read, from any server. ZooKeeper does not claim that such reads are linearizable.
        pub readers: usize = 0, in 0..=2;
        /// Number of requests of each client, one after the other.
        pub operations: usize = 1, in 1..=3;
        /// How servers come to lead and to follow. In the fast election all servers stand.
        pub election: Method = Method::Oracle;
        /// From where it starts.
        pub start: Start = Start::Empty;
    }
}

quorate::deviations! {
    /// What a server may do wrongly.
    pub enum Deviation {
        /// The leader chooses the latest epoch that the quorum has accepted, not a later one. Alone that only keeps the next
        /// epoch from beginning: nobody accepts an epoch twice.
        EpochNotIncremented = "epoch-not-incremented" harmless;
        /// A follower accepts any epoch, also one earlier than what it has accepted.
        NewEpochNoCheck = "new-epoch-no-check" breaks "leadership";
        /// A follower accepts an epoch again that it has accepted of another leader.
        AcceptEpochTwice = "accept-epoch-twice" breaks "leadership";
        /// The leader keeps its own history.
        OwnHistory = "own-history" breaks "delivered-kept";
        /// The leader takes a history of the latest epoch, not the longest of those.
        PickByEpochOnly = "pick-by-epoch-only" breaks "delivered-kept";
        /// The leader takes the history with the latest transaction, whatever epoch it was synchronised in.
        PickByZxidOnly = "pick-by-zxid-only" breaks "primary-integrity";
        /// A server does not save its history.
        HistoryLost = "history-lost" breaks "delivered-kept";
        /// A server does not save which epoch it has accepted.
        AcceptedEpochLost = "accepted-epoch-lost" breaks "epoch-monotone";
        /// A server saves that it is of a new epoch before it saves the history of that.
        EpochBeforeHistory = "epoch-before-history" breaks "delivered-kept";
        /// The primary delivers what it alone has.
        CommitAlone = "commit-alone" breaks "delivered-kept";
        /// The primary answers before the transaction is delivered.
        ReplyEarly = "reply-early" breaks "linearizable";
        /// A follower takes a packet though earlier ones have not come.
        NonFifo = "non-fifo" breaks "local-primary-order";
        /// The leader appends what only its own history has to the best one, rather than to drop it.
        KeepOwnTail = "keep-own-tail" breaks "global-primary-order";
        /// A server that looks votes for the greater id, whatever histories there are.
        VoteById = "vote-by-id" breaks "votes-not-behind";
        /// A server that looks takes votes of any round for votes of its own.
        AnyRound = "any-round" breaks "elected-in-a-round";
        /// A server joins one of whom others say that it leads, before it says so itself. The one may be gone, or not have
        /// found out yet: nothing else breaks by that, since the server finds nobody, and looks again.
        NoLeaderCheck = "no-leader-check" breaks "joins-who-leads";
        /// The leader does not deliver the history with which its epoch begins.
        InitialHistoryOpen = "initial-history-open" breaks "progress";
    }
}

impl Params {
    /// Whether the server is one of those that the oracle may name.
    fn is_candidate(&self, server: Id) -> bool {
        usize::from(server) < self.candidates || self.candidates == 0
    }

    fn may_be_elected(&self, server: Id) -> bool {
        self.election == Method::Fast || self.is_candidate(server)
    }

    /// How often the server leads or follows at most.
    fn attempts_of(&self, server: Id) -> usize {
        if self.is_candidate(server) { self.candidate_attempts } else { self.attempts }
    }
}

/// Zab with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct Zab {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Zab {
    fn server_ids(&self) -> Vec<Id> {
        Id::vec_from(0..self.params.servers)
    }

    fn server(&self, id: Id) -> Member {
        let peers = self.server_ids().into_iter().filter(|peer| *peer != id).collect();
        Member::Server(Server { id, peers, params: self.params.clone(), deviations: self.deviations })
    }

    fn client(&self, reads: bool) -> Member {
        Member::Client(Client { servers: self.server_ids(), operations: self.params.operations, reads })
    }

    /// What a client asks; of a server, what it says is not looked at.
    fn operation(&self, node: Id) -> Operation {
        let reads = usize::from(node) >= self.params.servers + self.params.clients;
        if reads { Operation::Read } else { Operation::Append }
    }
}

impl Protocol for Zab {
    const CARD: Card = Card {
        name: "zab",
        title: "ZooKeeper Atomic Broadcast",
        source: "Junqueira, Reed, Serafini, Zab: High-performance broadcast for primary-backup systems (DSN 2011); \
                 Medeiros, ZooKeeper's atomic broadcast protocol (2012)",
        modelled: "the fast election, or an oracle in its place, discovery, synchronisation, broadcast, recovery from \
                   disk, connections that break, followers that come late, reads of any server",
        left_out: "heartbeats, since a connection may break at any moment; the ways to send only a part of a history; \
                   observers and weights; sync; epochs that are raised in votes after the election, without which fewer \
                   servers join; integrity, since messages are not forged",
    };

    const REDUCTIONS: Reductions = Reductions::SYMMETRY.and(Reductions::STALE_MESSAGES);

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Ghost;

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if params.candidates > params.servers {
            return Err(format!("{} candidates are more than the {} servers", params.candidates, params.servers));
        }
        if params.clients + params.readers == 0 {
            return Err("without clients nothing is broadcast".to_owned());
        }
        if params.start != Start::Empty && (params.servers != 3 || params.clients == 0) {
            return Err("a start other than the empty one is drawn for 3 servers and a client that writes".to_owned());
        }
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let roster = Roster::new().role("server", self.server_ids().into_iter().map(|id| self.server(id)));
        roster
            .role("client", (0..self.params.clients).map(|_| self.client(false)))
            .role("reader", (0..self.params.readers).map(|_| self.client(true)))
    }

    /// Packets of a connection wait for their turn.
    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) -> Ghost {
        self.params.start.ghost(self.params.servers)
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
        ghost::observe(self.operation(step.node), step, facts);
    }

    fn linearization(ghost: &Ghost) -> Option<Linearization> {
        Some(ghost.calls.linearization(Tally::default()))
    }

    /// Of the servers see the module page. Clients are told apart only by whose request is whose.
    fn symmetry(&self) -> Option<Symmetry<Self>> {
        if self.params.start != Start::Empty {
            return None;
        }
        let (candidates, others): (Vec<Id>, Vec<Id>) =
            self.server_ids().into_iter().partition(|id| self.params.is_candidate(*id));
        let servers = if self.params.election == Method::Oracle { vec![candidates, others] } else { Vec::new() };
        let asking = |from: usize, count: usize| Id::vec_from(from..from + count);
        let first = self.params.servers;
        let clients = [asking(first, self.params.clients), asking(first + self.params.clients, self.params.readers)];
        Some(Symmetry::of_groups(servers.into_iter().chain(clients)))
    }

    fn is_stale(&self, node: &Node<'_, Member>, message: &Envelope<Msg>) -> bool {
        stale::is_stale(&self.params, node, message)
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
