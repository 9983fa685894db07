//! A lock on a Redis primary with replicas, one of which takes over.
//!
//! Source: redis.io, *Distributed Locks with Redis*, "Why Failover-based Implementations Are Not Enough"; the command
//! page of WAIT; Kingsbury, "Jepsen: Redis" (2013); runs of Redis 7.0.15.
//!
//! | file | what |
//! |---|---|
//! | `client` | who sets the key, and waits for replicas if it is told to |
//! | `server` | a primary that answers before it replicates; a replica that takes over |
//! | `sentinel` | who suspects the primary and chooses another |
//! | `ledger` | what is remembered |
//! | `claims` | the properties and the assumption |
//!
//! The primary executes, answers, and *then* replicates. A lock that was granted and not yet replicated is lost when a
//! replica takes over, and is granted again. `WAIT` tells how many replicas have what this connection wrote last: a
//! client that holds only when enough have, and gives the key back otherwise, loses nothing as long as one of those takes
//! over, which with several replicas is for the sentinel to see to. It can where the primary is dead. Where the primary lives on,
//! suspected or cut off, what a replica has told the sentinel may be from before the key came: then one of two is not
//! enough, and all replicas must have the key.
//!
//! `min-replicas-to-write` has the primary refuse commands when it has not heard of a replica for a while. That bounds
//! how long one that is cut off grants locks that will be lost; it does not say of any lock that a replica has it.
//!
//! Whether a client waits for ever is asked of every state. Where it is assumed that the sentinel suspects only the
//! dead, a state in which it may suspect the living leads who knows where, and nobody is found to wait in vain there:
//! so checks in which the primary does not die have a sentinel that never suspects it (`suspects = false`), which takes
//! the same steps.

mod claims;
mod client;
mod ledger;
mod sentinel;
mod server;

use std::borrow::Cow;

use quorate::model::{Assumption, Card, Deviations, Facts, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out, deviations, params};
use serde::Serialize;

pub use client::{Client, ClientState, Phase};
pub use ledger::Ledger;
pub use sentinel::{Sentinel, SentinelState};
pub use server::{Server, ServerState};

use super::answers::{Answers, CallFact};
use crate::stores::redis::{Answer, Call, Key, RedisStore, Request};

/// The key of the lock.
const LOCK: Key = "lock";

params! {
    /// Who uses the lock, and how it is kept.
    pub struct Sizes {
        /// Number of clients.
        pub clients: usize = 2, in 1..=4;
        /// Number of replicas.
        pub replicas: usize = 1, in 1..=4;
        /// How many replicas must have the key before a client holds the lock; with 0 it asks none.
        pub wait: usize = 1, in 0..=4;
        /// How many replicas the primary must have heard of lately, or it executes nothing (`min-replicas-to-write`).
        pub min_replicas: usize = 0, in 0..=4;
        /// How often each client wants the lock.
        pub rounds: usize = 1, in 1..=3;
        /// Whether the sentinel ever suspects the primary: without, one who waits for it waits for it alone.
        pub suspects: bool = true;
        /// Whether the observer follows what is answered, for `linearizable`, which says nothing without. It takes
        /// states.
        pub answers: bool = false;
    }
}

deviations! {
    /// What may be left out.
    pub enum Deviation {
        /// A client holds the lock whatever `WAIT` says.
        IgnoreWait = "ignore-wait" breaks "mutual-exclusion";
        /// `WAIT` is sent on another connection than the key was set on.
        WaitElsewhere = "wait-elsewhere" breaks "mutual-exclusion";
        /// The first replica that answers is promoted, however far it is.
        PromoteAny = "promote-any" breaks "mutual-exclusion";
        /// A primary executes commands though it has not heard of enough replicas.
        IgnoreLag = "ignore-lag" breaks "no-lone-grant";
    }
}

/// What travels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Msg {
    /// A command, to a server.
    Request(Request),
    /// Its reply, to the client.
    Answer(Answer),
    /// `WAIT`, to a server.
    Wait {
        /// Which call it is about.
        call: Call,
        /// For how many replicas.
        replicas: usize,
        /// Whether it comes on the connection of that call.
        same_connection: bool,
    },
    /// How many replicas have what the connection wrote last, to the client.
    Waited {
        /// Which call it is about.
        call: Call,
        /// How many.
        replicas: usize,
    },
    /// All that the primary has, to a replica.
    Replicate {
        /// How many writes that is.
        offset: u32,
        /// The keys.
        store: RedisStore,
    },
    /// How far a replica is, to the primary.
    Ack {
        /// So many writes.
        offset: u32,
    },
    /// How far are you? To a replica.
    Poll,
    /// So far, to the sentinel.
    Offset(u32),
    /// Be the primary, to a replica.
    Promote,
    /// I am the primary, to the clients.
    Serving,
}

impl From<Answer> for Msg {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

/// What fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// The caller wants the lock.
    Start,
    /// The caller is done.
    Work,
    /// A client has waited long enough for replicas.
    WaitOver {
        /// Who.
        client: Id,
        /// In which of its rounds.
        round: u8,
    },
    /// The primary has not heard of this replica for too long (`min-replicas-max-lag`).
    Lags(Id),
    /// The sentinel has not heard of the primary for too long.
    Suspect,
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a client.
    Client(ClientState),
    /// Of a server.
    Server(ServerState),
    /// Of the sentinel.
    Sentinel(SentinelState),
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// A caller with its client library.
    Client(Client),
    /// The first primary, or a replica.
    Server(Server),
    /// Who watches the primary.
    Sentinel(Sentinel),
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, out: &mut Out<Self>) -> State {
        match self {
            Self::Client(client) => State::Client(client.on_start(out)),
            Self::Server(server) => State::Server(server.on_start(out)),
            Self::Sentinel(sentinel) => State::Sentinel(sentinel.on_start(out)),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<State>, src: Id, msg: Msg, out: &mut Out<Self>) {
        let next = match (self, state.as_ref()) {
            (Self::Client(client), State::Client(me)) => client.on_msg(*me, src, &msg, out).map(State::Client),
            (Self::Server(server), State::Server(me)) => server.on_msg(me, src, msg, out).map(State::Server),
            (Self::Sentinel(sentinel), State::Sentinel(me)) => sentinel.on_msg(me, src, &msg, out).map(State::Sentinel),
            _ => None,
        };
        if let Some(next) = next {
            *state = Cow::Owned(next);
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<State>, timer: &Timer, out: &mut Out<Self>) {
        let next = match (self, state.as_ref()) {
            (Self::Client(client), State::Client(me)) => client.on_timeout(*me, *timer, out).map(State::Client),
            (Self::Server(server), State::Server(me)) => server.on_timeout(me, *timer, out).map(State::Server),
            (Self::Sentinel(sentinel), State::Sentinel(_)) => Some(State::Sentinel(sentinel.suspect(out))),
            _ => None,
        };
        if let Some(next) = next {
            *state = Cow::Owned(next);
        }
    }
}

/// The lock on a primary with replicas.
#[derive(Debug)]
pub struct RedisFailover {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl RedisFailover {
    /// The server that is the primary at first.
    fn first_primary(&self) -> Id {
        Id::from(self.sizes.clients)
    }

    fn replicas(&self) -> Vec<Id> {
        let first = self.sizes.clients + 1;
        (first..first + self.sizes.replicas).map(Id::from).collect()
    }

    fn client(&self, ix: usize) -> Member {
        let (primary, wait) = (self.first_primary(), self.sizes.wait);
        let (id, rounds) = (Id::from(ix), self.sizes.rounds);
        Member::Client(Client { id, primary, wait, rounds, deviations: self.deviations })
    }

    fn server(&self, is_primary: bool) -> Server {
        let replicas = if is_primary { self.replicas() } else { Vec::new() };
        let clients = (0..self.sizes.clients).map(Id::from).collect();
        let (min_replicas, deviations) = (self.sizes.min_replicas, self.deviations);
        Server { is_primary, replicas, clients, min_replicas, deviations }
    }

    /// Whether a server is a primary that has not heard of enough replicas.
    fn is_alone(&self, id: Id, server: &ServerState) -> bool {
        self.server(id == self.first_primary()).is_alone(server)
    }
}

impl Protocol for RedisFailover {
    const CARD: Card = Card {
        name: "redis-failover",
        title: "Lock on a Redis primary with replicas that take over",
        source: "redis.io, Distributed Locks with Redis, Why Failover-based Implementations Are Not Enough; redis.io, WAIT; \
                 Kingsbury 2013, Jepsen: Redis",
        modelled: "Commands, replies, replication, acknowledgements and WAIT one by one; a primary that crashes, or is only \
                   thought to have; a sentinel that polls replicas and promotes the farthest; one failover; a \
                   primary that minds how many replicas it has heard of lately",
        left_out: "The time to live, which `redis-lock` is about: no key expires. How sentinels agree on whom to promote: \
                   there is one. What comes after the failover: the new primary has no replicas, and the old does not return",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Ledger;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.wait > sizes.replicas {
            return Err(format!("nobody can wait for {} of {} replicas", sizes.wait, sizes.replicas));
        }
        if sizes.min_replicas > sizes.replicas {
            return Err(format!("no primary hears of {} of {} replicas", sizes.min_replicas, sizes.replicas));
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let any = self.deviations.has(Deviation::PromoteAny);
        Roster::new()
            .role("client", (0..self.sizes.clients).map(|ix| self.client(ix)))
            .role("primary", [Member::Server(self.server(true))])
            .role("replica", self.replicas().iter().map(|_| Member::Server(self.server(false))))
            .role(
                "sentinel",
                [Member::Sentinel(Sentinel { replicas: self.replicas(), any, suspects: self.sizes.suspects })],
            )
    }

    fn history(&self) -> Ledger {
        Ledger { answers: self.sizes.answers.then(Answers::default) }
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<CallFact>) {
        ledger::observe(step, facts);
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }

    fn assumptions() -> Vec<Assumption<Self>> {
        vec![claims::only_the_dead_are_replaced()]
    }
}
