//! The register of Attiya, Bar-Noy and Dolev: every read and write talks to majorities, and nobody leads.
//!
//! **Source.** Hagit Attiya, Amotz Bar-Noy and Danny Dolev, *Sharing Memory Robustly in Message-Passing Systems* (JACM
//! 1995), for one writer; Nancy Lynch and Alexander Shvartsman, *Robust emulation of shared memory using dynamic
//! quorum-acknowledged broadcasts* (FTCS 1997), for several: a writer asks for the highest tag first.
//!
//! **Modelled.** Clients that write and clients that read, each one operation after the other, each at any moment; servers
//! that keep the value with the highest tag; both phases of an operation; messages that are late or lost; servers that
//! crash and come back with what they saved.
//!
//! **Left out.** Bounded tags (section 5 of the paper): its tags grow here as well as there only by writes, which a
//! parameter bounds. Clients that crash: a write that its client never finishes is an open call, and each slow client has
//! one. Repeating a message: what is lost here is lost to one server, and no operation waits for more than a majority.
//!
//! | file | what |
//! |---|---|
//! | `client` | the two phases of an operation |
//! | `server` | a server |
//! | `member` | servers and clients as one actor |
//! | `claims` | what the observer sees, and the claims |

mod claims;
mod client;
mod member;
mod server;

use quorate::model::{
    CallFact, Card, Deviations, Facts, Node, Operations, Property, Protocol, Reductions, Roster, Step, Symmetry,
};
use quorate::{Envelope, Id};

use super::register::{Operation, Value};
pub use client::{Client, ClientState, Phase};
pub use member::{Invoke, Member, Msg, State};
pub use server::{Server, Tag, Tagged};

quorate::params! {
    /// Who takes part, and how much happens.
    pub struct Params {
        /// Number of servers.
        pub servers: usize = 3, in 1..=5;
        /// Number of clients that write.
        pub writers: usize = 1, in 0..=3;
        /// Number of writes of each.
        pub writes: usize = 1, in 1..=3;
        /// Number of clients that read.
        pub readers: usize = 1, in 0..=3;
        /// Number of reads of each.
        pub reads: usize = 1, in 1..=3;
    }
}

quorate::deviations! {
    /// What a client or a server may do wrongly.
    pub enum Deviation {
        /// A read returns what it finds and writes nothing back.
        NoWriteBack = "no-write-back" breaks "linearizable";
        /// A read, or a writer that looks for the highest tag, is content with one answer.
        AskOne = "ask-one" breaks "linearizable";
        /// What is to be stored is taken for stored when one server has it.
        StoreAtOne = "store-at-one" breaks "linearizable";
        /// One of several writers counts its own writes, and does not ask for the highest tag.
        OwnCount = "own-count" breaks "linearizable";
        /// Tags of different writers with the same count are equal.
        TagWithoutWriter = "tag-without-writer" breaks "linearizable";
        /// A server takes whatever it is told to store, also what is older than what it has.
        TakeOlder = "take-older" breaks "linearizable";
        /// A server saves nothing.
        Forget = "forget" breaks "linearizable";
        /// A client waits for all servers.
        WaitForAll = "wait-for-all" breaks "answered";
    }
}

/// The register with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct Abd {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Abd {
    fn server_ids(&self) -> Vec<Id> {
        Id::vec_from(0..self.params.servers)
    }

    fn client(&self, id: Id) -> Client {
        Client { id, servers: self.server_ids(), params: self.params.clone(), deviations: self.deviations }
    }
}

impl Protocol for Abd {
    const CARD: Card = Card {
        name: "abd",
        title: "The register of Attiya, Bar-Noy and Dolev",
        source: "Attiya, Bar-Noy and Dolev, Sharing Memory Robustly in Message-Passing Systems (1995); Lynch and \
                 Shvartsman 1997 for several writers",
        modelled: "both phases of reads and writes at majorities of servers, write-back, several writers, stable storage",
        left_out: "bounded tags; crashes of clients, which leave an open call as a slow client does; repeated messages, \
                   since no operation waits for more than a majority",
    };

    const REDUCTIONS: Reductions = Reductions::SYMMETRY.and(Reductions::STALE_MESSAGES);

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Operations<Operation, Value>;

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if params.writers + params.readers == 0 {
            return Err("without clients nothing happens".to_owned());
        }
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let (servers, writers) = (self.params.servers, self.params.writers);
        let clients = |from: usize, count: usize| (from..from + count).map(|id| Member::Client(self.client(id.into())));
        Roster::new()
            .role("server", (0..servers).map(|_| Member::Server(Server { deviations: self.deviations })))
            .role("writer", clients(servers, writers))
            .role("reader", clients(servers + writers, self.params.readers))
    }

    fn history(&self) -> Self::History {
        Operations::default()
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<CallFact<Operation, Value>>) {
        claims::observe(&self.client(step.node), step, facts);
    }

    /// All servers are asked at once, and no reader is before another. Of writers the tags are compared.
    fn symmetry(&self) -> Option<Symmetry<Self>> {
        Some(Symmetry::of_roles(&self.roster(), &["server", "reader"]))
    }

    /// An answer to an operation, or to a phase of it, that the client has left behind.
    fn is_stale(&self, node: &Node<'_, Member>, message: &Envelope<Msg>) -> bool {
        let Some(State::Client(me)) = node.state else { return false };
        match message.msg {
            Msg::Report { number, .. } => {
                number < me.number || number == me.number && matches!(me.phase, Phase::Storing { .. } | Phase::Done)
            }
            Msg::Stored { number } => number < me.number,
            Msg::Query { .. } | Msg::Store { .. } => false,
        }
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
