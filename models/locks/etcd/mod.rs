//! A lock in etcd by its concurrency recipe: a key under a prefix for each who wants the lock, which goes with its
//! owner's lease; who has the lowest creation revision has the lock.
//!
//! Source: the recipe in etcd's client library (package `concurrency`, `Session` and `Mutex`); issue etcd#11456 and
//! Jepsen, "etcd 3.4.3" (2020), on what it promises; Burrows 2006, 2.4, for the token.
//!
//! | file | what |
//! |---|---|
//! | `client` | the recipe, rule by rule |
//! | `ledger` | what is remembered |
//! | `claims` | the properties and the assumption |
//!
//! The cluster may end a lease at any moment, for its client may be down, pause, or be cut off, and the cluster cannot
//! tell. So belief is not exclusive: a holder that sleeps through the end of its lease wakes up and still believes.
//! The assumption `holders-are-heard` rules that out. What holds without it is what the resource enforces. One outside
//! etcd takes no write under an older revision than the last; if it is etcd itself, the write goes in one
//! transaction with a look at the owner's key, and then it is not even late.
//!
//! Whether a client is locked out for ever shows only where the others want the lock for ever: `rounds = 0`. Rounds
//! have one name then and revisions come again, which tells the same where nothing of a former round is under way when
//! the next begins: on a network that keeps the order of each channel, and where nothing is sent again. The resource
//! then takes every write, for it knows no order of numbers that come again.

mod claims;
mod client;
mod ledger;

use std::borrow::Cow;

use quorate::model::{Assumption, Card, Deviations, Facts, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out, choice_param, deviations, params};
use serde::Serialize;

pub use client::{Client, ClientState, Phase};
pub use ledger::{Fact, Ledger};

use super::answers::Answers;
use super::fencing::{Fence, Resource, Write, Written};
use crate::stores::Numbering;
use crate::stores::etcd::{Answer, EtcdServer, Keys, LeaseOver, Request};

choice_param! {
    /// What the lock protects.
    pub enum Protected {
        /// A resource of its own, which knows the tokens of writes and nothing of etcd.
        Outside = "outside",
        /// A key in etcd, written in one transaction with a look at the owner's key.
        Inside = "inside",
    }
}

params! {
    /// Who uses the lock.
    pub struct Sizes {
        /// Number of clients.
        pub clients: usize = 2, in 1..=5;
        /// How often each client wants the lock; with 0 again and again, without end. Nothing is counted then.
        pub rounds: usize = 1, in 0..=3;
        /// How often each client may ask again because nothing comes, before it fails; with 0 it waits without limit.
        pub resends: usize = 0, in 0..=2;
        /// What the lock protects.
        pub protects: Protected = Protected::Outside;
        /// Whether leases end at all: without, a client that waits in vain waits for ever.
        pub leases_end: bool = true;
        /// The time to live of a lease in ticks, where time is timed.
        pub ttl: usize = 3, in 1..=20;
        /// How many ticks after it heard of its lease a client keeps it alive; with 0 it never does, and in asynchronous time
        /// loses nothing by that: a lease may end or live on either way.
        pub keep_alive: usize = 0, in 0..=20;
        /// Whether the observer follows what is answered, for `linearizable`, which says nothing without. It takes
        /// states.
        pub answers: bool = false;
    }
}

deviations! {
    /// What may be left out of the lock.
    pub enum Deviation {
        /// The key is put without a lease.
        NoLease = "no-lease" breaks "keys-freed";
        /// Who has waited takes the lock without looking whether its own key is still there.
        NoRecheck = "no-recheck" breaks "mutual-exclusion";
        /// Who sees the key before its own go does not look for others before it.
        AssumeOnDelete = "assume-on-delete" breaks "mutual-exclusion";
        /// Who waits is told of what happens from then on, not from the revision that it has seen.
        WatchFromNow = "watch-from-now" breaks "no-waiter";
        /// Who waits for long deletes its key, and puts it anew: a lock with a time limit, tried again and again.
        LosePatience = "lose-patience" breaks "lockout-free";
        /// The key is put without a look whether it is there, and its owner takes the revision of that for its own.
        BlindPut = "blind-put" breaks "no-self-block";
        /// The key has the name of the client, not of the lease.
        KeyByClient = "key-by-client" breaks "mutual-exclusion";
        /// The key is deleted without a look at its revision.
        PlainDelete = "plain-delete" breaks "mutual-exclusion";
        /// The token is the version of the key, not the revision that created it.
        VersionAsToken = "version-as-token" breaks "no-stale-write";
        /// The resource takes every write.
        NoFencing = "no-fencing" breaks "no-stale-write";
    }
}

/// What travels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Msg {
    /// A request, to the cluster.
    Request(Request),
    /// Its reply, to the client.
    Answer(Answer),
    /// A write, to the resource.
    Write(Write),
    /// What became of it, to the client.
    Written(Written),
}

impl From<Answer> for Msg {
    fn from(answer: Answer) -> Self {
        Self::Answer(answer)
    }
}

impl From<Written> for Msg {
    fn from(written: Written) -> Self {
        Self::Written(written)
    }
}

/// What fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// The caller wants the lock.
    Start,
    /// The caller knows what to write.
    Work,
    /// The client library has waited long enough for a reply.
    NoReply,
    /// The lease is to be kept alive.
    KeepAlive,
    /// The caller has waited for long enough; only where it loses patience.
    Impatient,
    /// The time of a lease is over.
    LeaseOver(LeaseOver),
}

impl From<LeaseOver> for Timer {
    fn from(over: LeaseOver) -> Self {
        Self::LeaseOver(over)
    }
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a client.
    Client(ClientState),
    /// Of the cluster.
    Cluster(Keys),
    /// Of the resource.
    Resource(Fence),
}

/// What survives a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Storage {
    /// The rounds that a client has begun and the leases that it has asked for: what makes their names differ from
    /// those of its former life. In life they are random.
    Client {
        /// Rounds.
        round: u8,
        /// Leases.
        lease: u8,
    },
    /// Of the resource.
    Resource(Fence),
}

impl From<Fence> for Storage {
    fn from(fence: Fence) -> Self {
        Self::Resource(fence)
    }
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// A caller with its client library.
    Client(Client),
    /// The etcd cluster, and how it numbers revisions.
    Cluster(EtcdServer, Numbering),
    /// What the lock protects.
    Resource(Resource),
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<Storage>, out: &mut Out<Self>) -> State {
        match (self, storage) {
            (Self::Client(client), Some(Storage::Client { round, lease })) => {
                State::Client(client.on_start(*round, *lease, out))
            }
            (Self::Client(client), _) => State::Client(client.on_start(0, 0, out)),
            (Self::Cluster(_, numbering), _) => State::Cluster(Keys { numbering: *numbering, ..Keys::default() }),
            (Self::Resource(_), Some(Storage::Resource(fence))) => State::Resource(*fence),
            (Self::Resource(_), _) => State::Resource(Fence::default()),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<State>, src: Id, msg: Msg, out: &mut Out<Self>) {
        let next = match (self, state.as_ref(), msg) {
            (Self::Client(client), State::Client(me), Msg::Answer(answer)) => {
                client.on_answer(*me, &answer, out).map(State::Client)
            }
            (Self::Client(client), State::Client(me), Msg::Written(written)) => {
                client.on_written(*me, written, out).map(State::Client)
            }
            (Self::Cluster(server, _), State::Cluster(keys), Msg::Request(request)) => {
                Some(State::Cluster(server.on_request(keys, &request, out)))
            }
            (Self::Resource(resource), State::Resource(fence), Msg::Write(write)) => {
                resource.write(*fence, src, write, out).map(State::Resource)
            }
            _ => None,
        };
        if let Some(next) = next {
            *state = Cow::Owned(next);
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<State>, timer: &Timer, out: &mut Out<Self>) {
        let next = match (self, state.as_ref(), *timer) {
            (Self::Cluster(server, _), State::Cluster(keys), Timer::LeaseOver(over)) => {
                Some(State::Cluster(server.on_lease_over(keys, over, out)))
            }
            (Self::Client(client), State::Client(me), timer) => client.on_timeout(*me, timer, out).map(State::Client),
            _ => None,
        };
        if let Some(next) = next {
            *state = Cow::Owned(next);
        }
    }
}

/// The lock by etcd's recipe.
#[derive(Debug)]
pub struct EtcdLock {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl EtcdLock {
    fn server(&self) -> EtcdServer {
        EtcdServer { ttl: self.sizes.ttl as u8, ends_leases: self.sizes.leases_end }
    }

    /// Where rounds have no end, revisions come again. Each client has one key at most, and a new key is numbered after
    /// the last that is there: a circle of three times as many as there are clients has the keys that are there, the
    /// revision from which one of them is watched, and the next key all within half of it.
    fn numbering(&self) -> Numbering {
        if self.sizes.rounds == 0 { Numbering::circle(3 * self.sizes.clients as u32) } else { Numbering::default() }
    }

    fn client(&self, ix: usize) -> Member {
        Member::Client(Client {
            id: Id::from(ix),
            cluster: Id::from(self.sizes.clients),
            resource: Id::from(self.sizes.clients + 1),
            sizes: self.sizes.clone(),
            deviations: self.deviations,
        })
    }
}

impl Protocol for EtcdLock {
    const CARD: Card = Card {
        name: "etcd-lock",
        title: "Lock in etcd by a lease and creation revisions",
        source: "etcd client library, package concurrency (Session, Mutex); etcd#11456; Jepsen 2020, etcd 3.4.3; Burrows \
                 2006, 2.4",
        modelled: "Transactions, lookups, watches, leases, writes and acknowledgements one by one; asking again; crashes of \
                   clients and resource; leases that end at any moment, in time where that is assumed, or by the clock \
                   in timed mode with keep-alives; rounds without end",
        left_out: "The cluster's replication, which makes its requests linearizable. Revoking a lease on an orderly end: \
                   here a lease that nobody needs runs out",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Ledger;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.rounds == 0 && (sizes.resends > 0 || sizes.protects == Protected::Inside) {
            return Err("asking again, and data in etcd, need rounds that are counted".to_owned());
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        Roster::new()
            .role("client", (0..self.sizes.clients).map(|ix| self.client(ix)))
            .role("cluster", [Member::Cluster(self.server(), self.numbering())])
            .role("resource", [Member::Resource(Resource { fencing: !self.deviations.has(Deviation::NoFencing) })])
    }

    fn history(&self) -> Ledger {
        Ledger { answers: self.sizes.answers.then(Answers::default), ..Ledger::default() }
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
        ledger::observe(step, self.sizes.rounds > 0, facts);
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }

    fn assumptions() -> Vec<Assumption<Self>> {
        vec![claims::holders_are_heard()]
    }
}
