//! A lock by `SETNX` and `DEL`, as an article published it.
//!
//! # As published
//!
//! Article 002, section 3.1.1 (lines 65 to 93) and its use in 4.1 (lines 324 to 358), less comments:
//!
//! ```text
//! def get_lock(resource):
//!     lock_key = 'lock:' + resource
//!     max_try = 10
//!     for i in range(max_try):
//!         if r.setnx(lock_key, 1):
//!             return True
//!         elif i < max_try - 1:
//!             time.sleep(0.1)
//!     return False
//!
//! def release_lock(resource):
//!     lock_key = 'lock:' + resource
//!     r.delete(lock_key)
//!
//! if get_lock('test'):
//!     try: ...
//!     finally: release_lock('test')
//! ```
//!
//! # What is wrong
//!
//! The lock excludes as long as callers release only what they got, nothing crashes, the store forgets nothing, and no
//! command is ever executed twice. A crash of the holder leaves the key for ever: it has no time to live. Nothing in the
//! value says whose the lock is, so a `DEL` that comes late or twice, or from a caller that never had the lock, frees
//! another's. And `time` is not imported: the first try that should sleep raises `NameError`.
//! [`redis_lock`](super::redis_lock) is the lock that stands all this. What is wrong here is what was published, so
//! there are no deviations: checks give this lock callers, networks and crashes, and expect what breaks.
//!
//! # What is modelled, and what is left out
//!
//! Each step of a caller, each command and each reply; callers that ignore the answer (`disciplined = false`, the
//! usual `try: get_lock() finally: release_lock()`); a client library that sends a command again when its reply does
//! not come (`resends`; redis-py does so ten times, unless told otherwise); a store with or without an append-only file
//! (`durable`); the snippet to the letter (`verbatim`).
//!
//! What the lock protects is left out: a client in its critical section stands for it. So is how long a sleep is:
//! a timer may fire at any moment, which gives every order of steps that some length gives. `tries` is 2
//! where nothing else is said, since every branch of `get_lock` is taken with two; one check has the ten.
//!
//! Whether a client is locked out for ever shows only where the others want the lock for ever: `rounds = 0`. All rounds
//! have one name then, and so have all tries with `tries = 0`, which tells the same as long as every command is
//! executed once and answered once: nothing of a former round is under way when the next begins. So nothing is sent
//! again there.
//!
//! | file | what |
//! |---|---|
//! | `client` | `get_lock` and `release_lock` |
//! | `claims` | the properties |

mod claims;
mod client;

use std::borrow::Cow;

use quorate::model::{Card, Cause, Deviations, Facts, History, NoDeviation, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out, params};
use serde::Serialize;

pub use client::{Client, ClientState, Phase};

use super::ownership::{Grant, KeyChange, Ownership, WrongDelete};
use crate::stores::redis::{Answer, Expire, Key, RedisServer, RedisStore, Request};

/// The key of the lock: `'lock:' + resource`, of the one resource.
const LOCK: Key = "lock";

params! {
    /// Who uses the lock, and how.
    pub struct Sizes {
        /// Number of clients.
        pub clients: usize = 2, in 1..=6;
        /// How often `get_lock` tries before it returns False; the article tries 10 times. With 0 it never does.
        pub tries: usize = 2, in 0..=10;
        /// How often each client wants the lock; with 0 again and again, without end. Neither tries nor rounds without
        /// end are counted.
        pub rounds: usize = 1, in 0..=3;
        /// How often each client's library may send a command again because no reply came.
        pub resends: usize = 0, in 0..=2;
        /// Whether callers release only what they got, as the article's example does.
        pub disciplined: bool = true;
        /// Whether the snippet runs as printed, without `import time`.
        pub verbatim: bool = false;
        /// Whether the store keeps the key over a restart.
        pub durable: bool = true;
    }
}

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Msg {
    /// A command, to the store.
    Request(Request),
    /// Its reply, to the client.
    Answer(Answer),
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
    /// `time.sleep(0.1)` is over.
    Wake,
    /// The caller has done its work.
    Leave,
    /// The client library has waited long enough for a reply.
    NoReply,
    /// The time of a key is over: here no key has one.
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
}

/// What survives a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Storage {
    /// The rounds that a client has begun: a new life of it does not begin them again. Nothing in the lock reads it.
    Client(u8),
    /// The store's append-only file.
    Store(RedisStore),
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
    /// The server.
    Store(RedisServer),
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
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<State>, src: Id, msg: Msg, out: &mut Out<Self>) {
        let next = match (self, state.as_ref(), msg) {
            (Self::Client(client), State::Client(me), Msg::Answer(answer)) => {
                client.on_answer(*me, answer, out).map(State::Client)
            }
            (Self::Store(server), State::Store(store), Msg::Request(request)) => {
                server.on_request(store, src, request, out).map(State::Store)
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

/// What an observer of the store remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// Whose the key is.
    pub key: Ownership,
    /// The first delete that removed another's key.
    pub wrong_delete: Option<WrongDelete>,
}

impl History for Ledger {
    type Fact = KeyChange;

    fn record(&mut self, change: &KeyChange) {
        let wrong_delete = self.key.follow(*change);
        self.wrong_delete = self.wrong_delete.or(wrong_delete);
    }
}

/// Whether the key of the lock is there, if the store is up.
fn held(state: &State) -> bool {
    matches!(state, State::Store(store) if store.entry(LOCK).is_some())
}

/// The lock by `SETNX` and `DEL`, as published.
#[derive(Debug)]
pub struct RedisSetnx {
    sizes: Sizes,
}

impl RedisSetnx {
    fn store(&self) -> Id {
        Id::from(self.sizes.clients)
    }
}

impl Protocol for RedisSetnx {
    const CARD: Card = Card {
        name: "redis-setnx",
        title: "Lock by SETNX, as published",
        source: "article 002, section 3.1.1, lines 65 to 93, and 4.1, lines 324 to 358",
        modelled: "Each step of `get_lock` and `release_lock`, each command and reply, re-sends of the client library, \
                   undisciplined callers, the missing `import time`",
        left_out: "What the lock protects: being in the critical section stands for it. The length of sleeps: timers \
                   fire at any moment, which gives every order that some length gives",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Member;
    type History = Ledger;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        if sizes.resends > 0 && (sizes.rounds == 0 || sizes.tries == 0) {
            return Err("replies to commands that are sent again need rounds and tries that are counted".to_owned());
        }
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Member> {
        let client = Member::Client(Client { store: self.store(), sizes: self.sizes.clone() });
        Roster::new()
            .role("client", vec![client; self.sizes.clients])
            .role("store", [Member::Store(RedisServer { durable: self.sizes.durable, volatile: None, ttl: 0 })])
    }

    fn history(&self) -> Ledger {
        Ledger::default()
    }

    /// What a step of the store did to the key, and for whom.
    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<KeyChange>) {
        let (was_there, by) = match step.cause {
            Cause::Deliver { src, msg: Msg::Request(request) } => {
                (step.before.is_some_and(held), Some(Grant { client: src, round: request.call.round }))
            }
            // A restart brings back the key, or finds it gone.
            Cause::Restart => (true, None),
            _ => return,
        };
        if step.node == self.store() {
            facts.extend(KeyChange::of(was_there, step.after.is_some_and(held), by));
        }
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
