//! A lock on one Redis that is right: an owner's token, a time to live, and a fencing token that the resource checks.
//!
//! Source: redis.io, "Distributed Locks with Redis", the single-instance part (`SET NX PX` with a random value, a
//! script that deletes the key only for its owner); fencing from Burrows, "The Chubby lock service" (2006), 2.4
//! (sequencers), and Kleppmann, "How to do distributed locking" (2016).
//!
//! Modelled: each command, reply, write and acknowledgement; clients that pause anywhere, crash and come back; a client
//! library that sends a command again when no reply comes; a store that restarts; a resource that takes a write
//! only with a token that is not smaller than the last it took.
//!
//! Left out: other resources, since the lock orders the writes to each by itself; how long the time to live is, for
//! which there are two readings, `expiry`. By `event`, a key may expire at any moment: its owner may have paused for
//! longer than the time to live, or the server's clock may have jumped. By `timely`, the time to live outlasts whatever
//! the owner does with the lock: a key expires only when its owner is down, or is past the round in which it asked.
//!
//! `timely` is an assumption about two nodes at once, which neither can see: the store does not know what a client
//! believes. So clients and store are the same in both readings, and the observer keeps the assumption: it sees an
//! expiry that is not timely, and from then on nothing is judged any more. What is judged are exactly the states that
//! runs with only timely expiry reach: the observer's note is part of the state and is never taken back, and a run
//! without an untimely expiry never has it. A state from which only an untimely expiry leads on is no deadlock: the
//! expiry, which would come late, would come.
//!
//! Whether a client is locked out for ever shows only where the others want the lock for ever: `rounds = 0`. All rounds
//! of a client have one name and one token then, which tells the same as long as nothing of a former round is under way
//! when the next begins: so nothing is sent again there. Grants are not counted, and the resource takes every write.
//!
//! With `renew` a watchdog has the lock live on while its owner has it. In asynchronous time that changes nothing that
//! could be seen but whose key it is that lives on: `timely` says what a watchdog is for, `event` that it may come too
//! late. In timed mode (`ttl`) it is what it is in life. A watchdog that hears that the lock is another's has its
//! caller stop.
//!
//! Where the counter of grants begins anew (`volatile-counter`), numbers say no more in which order grants were: the
//! observer numbers them itself.
//!
//! With `answers` the observer also follows what the lock may be by what it has answered ([`answers`](super::answers)):
//! the answers of one server are those of one lock, which time may take from its holder, unless it forgets, or unless a
//! command to set the key is executed once more when its owner has released it.
//!
//! | file | what |
//! |---|---|
//! | `client` | acquire, write, release |
//! | `resource` | what the lock protects |
//! | `observer` | what of a step is worth remembering |
//! | `ledger` | what is remembered, and found wrong |
//! | `claims` | the properties |

mod claims;
mod client;
mod ledger;
mod observer;
mod resource;

use std::borrow::Cow;
use std::collections::BTreeMap;

use quorate::model::{Card, Deviations, Facts, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out, choice_param, deviations, params};
use serde::Serialize;

pub use client::{Client, ClientState, Outcome, Phase};
pub use ledger::{Breach, Engagement, Fact, Ledger, Stance};
pub use resource::{Resource, ResourceState};

use super::answers::Answers;
use crate::stores::redis::{Answer, Call, Expire, Key, RedisServer, RedisStore, Request};

/// The key of the lock.
const LOCK: Key = "lock";
/// The key that counts the grants.
const FENCE: Key = "fence";

choice_param! {
    /// When the key of a lock may expire.
    pub enum Expiry {
        /// Not while its owner asks for the lock, has it, or releases it: the time to live outlasts all of that.
        Timely = "timely",
        /// At any moment: pauses, delays and jumps of the clock outlast the time to live.
        Event = "event",
    }
}

choice_param! {
    /// How a lock is deleted for its owner only.
    pub enum Release {
        /// By a script that compares the value and deletes.
        Script = "script",
        /// By `WATCH`, `GET`, a look at the value in the client, and `MULTI` `DEL` `EXEC`.
        Transaction = "transaction",
    }
}

params! {
    /// Who uses the lock, and what is assumed of time.
    pub struct Sizes {
        /// Number of clients.
        pub clients: usize = 2, in 1..=6;
        /// How often a client tries to get the lock before it gives up; with 0 it never does.
        pub tries: usize = 2, in 0..=3;
        /// How often each client wants the lock; with 0 again and again, without end. Neither tries nor rounds without
        /// end are counted, and nor are grants, of which there is no end either.
        pub rounds: usize = 1, in 0..=3;
        /// How often each client may send a command again because no reply came, before it fails; with 0 it waits
        /// for replies without limit.
        pub resends: usize = 0, in 0..=2;
        /// When the key of a lock may expire.
        pub expiry: Expiry = Expiry::Timely;
        /// How a lock is deleted for its owner only.
        pub release: Release = Release::Script;
        /// How many ticks after it has the lock, or was told that it lives on, a holder has it live on, where time is
        /// timed (a watchdog); at any moment where it is not. With 0 it never does.
        pub renew: usize = 0, in 0..=20;
        /// The time to live in ticks, where time is timed; any time with 0.
        pub ttl: usize = 0, in 0..=20;
        /// Whether the observer follows what is answered, for `linearizable`, which says nothing without. It takes
        /// states.
        pub answers: bool = false;
    }
}

deviations! {
    /// What may be left out of the lock.
    pub enum Deviation {
        /// The lock is set without a time to live.
        NoTtl = "no-ttl" breaks "no-orphan";
        /// The time to live is set by a second command, `PEXPIRE`, when the first was answered.
        ExpireSeparately = "expire-separately" breaks "no-orphan";
        /// The value of the lock is the same for every owner.
        ConstantToken = "constant-token" breaks "mutual-exclusion";
        /// The lock is released by `DEL`, whoever has it.
        PlainDelete = "plain-delete" breaks "no-wrong-delete";
        /// The lock is released by `GET`, a look at the value in the client, and `DEL`.
        GetThenDelete = "get-then-delete" breaks "no-wrong-delete";
        /// The key is watched after it was read, not before.
        WatchLate = "watch-late" breaks "no-wrong-delete";
        /// A holder has the key live on, whoever has it: `PEXPIRE` without a look at the value.
        RenewUnchecked = "renew-unchecked" breaks "no-wrong-extend";
        /// A holder sets the key again to have it live on: a plain `SET`, which drops the time to live.
        RenewBySet = "renew-by-set" breaks "no-orphan";
        /// One who asks again for the lock that it already has is told that it is taken.
        AcquireNotIdempotent = "acquire-not-idempotent" breaks "no-self-block";
        /// A client waits for a reply without limit.
        WaitForEver = "wait-for-ever" breaks "no-waiter";
        /// A client does not wait for the resource to acknowledge its write.
        NoWriteAck = "no-write-ack" breaks "no-false-success";
        /// The store comes back empty from a restart.
        StoreForgets = "store-forgets" breaks "mutual-exclusion";
        /// The resource takes every write.
        NoFencing = "no-fencing" breaks "no-stale-write";
        /// The resource refuses a second write with the same token.
        RefuseEqualToken = "refuse-equal-token" breaks "no-wrongful-refusal";
        /// The resource refuses a token only when it is the one that it took last: it looks for what is repeated.
        RefuseOnlyEqual = "refuse-only-equal" breaks "no-stale-write";
        /// A proxy looks at tokens in place of the resource, and every second client writes past it.
        CheckAtProxy = "check-at-proxy" breaks "no-stale-write";
        /// The lock outlives a restart of the store, and the counter of grants does not: it begins anew.
        VolatileCounter = "volatile-counter" breaks "no-stale-write";
        /// A client writes with a number of its own in place of the number of its grant.
        TokenNotMonotone = "token-not-monotone" breaks "no-stale-write";
        /// The resource does not remember over a restart which token it took last.
        ResourceForgets = "resource-forgets" breaks "fence-monotone";
    }
}

/// A write on its way to the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Write {
    /// Which message it is of its client.
    pub call: Call,
    /// The fencing token: the number of the grant under which it is written.
    pub token: u32,
    /// The number of the grant once more, for the observer: the resource does not read it.
    pub grant: u32,
}

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Msg {
    /// A command, to the store.
    Request(Request),
    /// Its reply, to the client.
    Answer(Answer),
    /// A write, to the resource.
    Write(Write),
    /// Whether the resource took it, to the client.
    Written {
        /// Which write.
        call: Call,
        /// Whether it was taken.
        accepted: bool,
    },
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
    /// The pause between two tries is over.
    Wake,
    /// The caller knows what to write.
    Work,
    /// The lock is to live on.
    Renew,
    /// The client library has waited long enough for a reply.
    NoReply,
    /// The time of a key is over.
    Expire(Expire),
}

impl From<Expire> for Timer {
    fn from(expire: Expire) -> Self {
        Self::Expire(expire)
    }
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a client.
    Client(ClientState),
    /// Of the store.
    Store(RedisStore),
    /// Of the resource.
    Resource(ResourceState),
}

/// What survives a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Storage {
    /// The rounds that a client has begun: what makes its tokens differ from those of its former life. In life they
    /// are random.
    Client(u8),
    /// The store's append-only file.
    Store(RedisStore),
    /// The token that the resource took last.
    Resource(ResourceState),
}

impl From<RedisStore> for Storage {
    fn from(store: RedisStore) -> Self {
        Self::Store(store)
    }
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// A caller with its client library.
    Client(Client),
    /// The server with the lock.
    Store(RedisServer),
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
            (Self::Client(client), Some(Storage::Client(rounds))) => State::Client(client.on_start(*rounds, out)),
            (Self::Client(client), _) => State::Client(client.on_start(0, out)),
            (Self::Store(server), Some(Storage::Store(saved))) => State::Store(server.on_start(Some(saved), out)),
            (Self::Store(server), _) => State::Store(server.on_start(None, out)),
            (Self::Resource(_), Some(Storage::Resource(saved))) => State::Resource(*saved),
            (Self::Resource(_), _) => State::Resource(ResourceState::default()),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<State>, src: Id, msg: Msg, out: &mut Out<Self>) {
        let next = match (self, state.as_ref(), msg) {
            (Self::Client(client), State::Client(me), Msg::Answer(answer)) => {
                client.on_answer(*me, answer, out).map(State::Client)
            }
            (Self::Client(client), State::Client(me), Msg::Written { call, accepted }) => {
                client.on_written(*me, call, accepted, out).map(State::Client)
            }
            (Self::Store(server), State::Store(store), Msg::Request(request)) => {
                server.on_request(store, src, request, out).map(State::Store)
            }
            (Self::Resource(resource), State::Resource(me), Msg::Write(write)) => {
                resource.write(*me, src, write, out).map(State::Resource)
            }
            _ => None,
        };
        if let Some(next) = next {
            *state = Cow::Owned(next);
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<State>, timer: &Timer, out: &mut Out<Self>) {
        let next = match (self, state.as_ref(), *timer) {
            (Self::Client(client), State::Client(me), timer) => client.on_timeout(*me, timer, out).map(State::Client),
            (Self::Store(server), State::Store(store), Timer::Expire(expire)) => {
                server.on_expire(store, expire, out).map(State::Store)
            }
            _ => None,
        };
        if let Some(next) = next {
            *state = Cow::Owned(next);
        }
    }
}

/// The lock with token, time to live and fencing.
#[derive(Debug)]
pub struct RedisLock {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl RedisLock {
    fn store(&self) -> Id {
        Id::from(self.sizes.clients)
    }

    fn resource(&self) -> Id {
        Id::from(self.sizes.clients + 1)
    }

    fn client(&self, ix: usize) -> Member {
        Member::Client(Client {
            id: Id::from(ix),
            store: self.store(),
            resource: self.resource(),
            sizes: self.sizes.clone(),
            deviations: self.deviations,
        })
    }
}

impl Protocol for RedisLock {
    const CARD: Card = Card {
        name: "redis-lock",
        title: "Lock on one Redis with token, time to live and fencing",
        source: "redis.io, Distributed Locks with Redis (single instance); Burrows 2006, 2.4; Kleppmann 2016, How to \
                 do distributed locking",
        modelled: "Commands, replies, writes and acknowledgements one by one; re-sends; crashes of clients, store and \
                   resource; expiry that is timely or comes at any moment, or by the clock in timed mode; a watchdog that has \
                   the lock live on; release by a script or by a transaction; rounds without end",
        left_out: "Other resources: the lock orders the writes to each by itself. In asynchronous time the length of the \
                   time to live: `expiry` says what is assumed of it",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Ledger;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.resends > 0 && (sizes.rounds == 0 || sizes.tries == 0) {
            return Err("replies to commands that are sent again need rounds and tries that are counted".to_owned());
        }
        if sizes.resends > 0 && sizes.release == Release::Transaction {
            return Err("what is watched goes with the connection: a transaction cannot be sent again".to_owned());
        }
        if sizes.rounds == 0 && sizes.renew > 0 {
            return Err("replies to a watchdog need rounds that are counted".to_owned());
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let durable = !self.deviations.has(Deviation::StoreForgets);
        let volatile = self.deviations.has(Deviation::VolatileCounter).then_some(FENCE);
        Roster::new()
            .role("client", (0..self.sizes.clients).map(|ix| self.client(ix)))
            .role("store", [Member::Store(RedisServer { durable, volatile, ttl: self.sizes.ttl as u8 })])
            .role("resource", [Member::Resource(Resource { deviations: self.deviations })])
    }

    fn history(&self) -> Ledger {
        let order = self.deviations.has(Deviation::VolatileCounter).then(BTreeMap::new);
        Ledger { answers: self.sizes.answers.then(Answers::default), order, ..Ledger::default() }
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
        match step.node {
            node if node == self.store() => observer::of_store(step, self.sizes.expiry, facts),
            node if node == self.resource() => observer::of_resource(step, facts),
            _ => observer::of_client(step, facts),
        }
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
