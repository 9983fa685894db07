//! Requests to a service: names, retries, and an effect that happens once.
//!
//! **Source.** Andrew Birrell and Bruce Nelson, *Implementing Remote Procedure Calls* (TOCS 1984): a call is repeated until it
//! is answered, and bears a name by which the callee knows it again; Collin Lee, Seo Jin Park, Ankita Kejriwal, Satoshi
//! Matsushita and John Ousterhout, *Implementing Linearizability at Large Scale and Low Latency* (SOSP 2015): the record of
//! what was done is as durable as what was done, and made with it, where all servers find it (3.1 to 3.3). An article (003,
//! lines 119 to 136) has requests with unique names that nobody looks at: that is the deviation `no-records`. It says
//! (line 166) that idempotence keeps requests in order: see the checks with `effect = "put"`.
//!
//! **Modelled.** Clients that make one request after the other and repeat each a number of times; a balancer, which sends a
//! request to any server; servers, which keep nothing; a database, which carries out, and of each client remembers the last
//! request; messages that are lost or doubled; servers and a database that crash and come back.
//!
//! **Left out.** What a service does with a request, beside that it adds or puts. Leases of clients, by which records of
//! clients that are gone are dropped (RIFL 3.4): a client here stays. Answers: all that counts of them is that there is one.
//!
//! | file | what |
//! |---|---|
//! | `client` | a client: asking and asking again |
//! | `database` | effects, and records of requests |
//! | `member` | clients, servers and the database as one actor |
//! | `claims` | the claims |

mod claims;
mod client;
mod database;
mod member;

use quorate::Id;
use quorate::model::{Card, Deviations, Property, Protocol, Roster};

pub use client::{Client, ClientState};
pub use database::{Database, DatabaseState, RequestId};
pub use member::{Member, Msg, Server, State, Timer};

quorate::choice_param! {
    /// What a request does.
    pub enum Effect {
        /// It adds: twice is more than once.
        Add = "add",
        /// It puts a value: twice in a row is as once.
        Put = "put",
    }
}

quorate::params! {
    /// Who takes part, and how often they try.
    pub struct Params {
        /// Number of clients.
        pub clients: usize = 1, in 1..=3;
        /// Number of servers among which the balancer chooses.
        pub servers: usize = 1, in 1..=3;
        /// Number of requests of each client, one after the other.
        pub requests: usize = 1, in 1..=3;
        /// How often a request is sent at most.
        pub tries: usize = 2, in 1..=4;
        /// What a request does.
        pub effect: Effect = Effect::Add;
    }
}

quorate::deviations! {
    /// What a client, a server or the database may do wrongly.
    pub enum Deviation {
        /// Names of requests are not looked at.
        NoRecords = "no-records" breaks "at-most-once";
        /// What is sent again has a new name.
        NewName = "new-name" breaks "at-most-once";
        /// Each server has records of its own.
        LocalRecords = "local-records" breaks "at-most-once";
        /// Records do not outlive a crash of the database, and effects do.
        VolatileRecords = "volatile-records" breaks "at-most-once";
        /// A request that is older than the last of its client is carried out: its record is gone.
        TakeOlder = "take-older" breaks "in-order";
        /// A server answers before the database has carried out.
        AnswerFirst = "answer-first" breaks "answer-means-effect";
        /// A client asks once.
        AskOnce = "ask-once" breaks "answered";
    }
}

/// Requests with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct ClientRequest {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Protocol for ClientRequest {
    const CARD: Card = Card {
        name: "client-request",
        title: "Requests that take effect once",
        source: "Birrell and Nelson, Implementing Remote Procedure Calls (1984); Lee et al., Implementing Linearizability at \
                 Large Scale and Low Latency (2015); article 003, lines 119-136 and 166",
        modelled: "names of requests, retries through a balancer, records of what was done, crashes, losses, copies",
        left_out: "what a service does with a request; leases of clients, which bound the records; what is answered",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let (params, deviations) = (&self.params, self.deviations);
        let servers = Id::vec_from((0..params.servers).map(|ix| params.clients + ix));
        let database = Id::from(params.clients + params.servers);
        let client = Client { servers, params: params.clone(), deviations };
        Roster::new()
            .role("client", vec![Member::Client(client); params.clients])
            .role("server", vec![Member::Server(Server { database, deviations }); params.servers])
            .role("database", [Member::Database(Database { effect: params.effect, deviations })])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
