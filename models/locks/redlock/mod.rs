//! Redlock: a lock on the majority of several Redis servers that know nothing of each other.
//!
//! Source: redis.io, *Distributed Locks with Redis*, "The Redlock Algorithm"; against it Kleppmann, "How to do distributed
//! locking" (2016); for it Sanfilippo, "Is Redlock safe?" (2016).
//!
//! | file | what |
//! |---|---|
//! | `client` | the algorithm, step by step |
//! | `ledger` | what is remembered |
//! | `claims` | the properties and the assumptions |
//!
//! What the two argue about is what may be assumed of time, and here that is what a check says:
//!
//! - In asynchronous time a key may expire at any moment: a pause, a delay or a clock that jumps has outlasted its time to
//!   live. Then two clients have a majority each. The assumption `ttl-outlasts-owners` rules it out.
//! - A server that comes back empty has forgotten whom it granted. The documentation answers by delayed restarts: a server
//!   stays away for longer than the time to live. The assumption `delayed-restarts` says so.
//! - A key goes by its owner's release, or by the end of its time. How much of that rests on the time is seen where no time
//!   comes to its end (`keys_end = false`): nothing does where messages stay in order and nobody crashes. Where a release
//!   overtakes what it releases a key stays: the time to live is no option.
//! - In timed mode keys live for so many ticks and a client counts what is left since it began to ask, less a guard for
//!   what clocks may drift. That makes belief exclusive, each by its own clock. It does not make *writes* exclusive:
//!   a client that is paused after its last look at the clock writes too late, and there is no fencing token to refuse
//!   it by, since the tokens are random and in no order.
//! - A holder may have its keys live on. It has the lock for longer if the majority has done so while something was left
//!   of its time: else another may have the lock by then, and the client is the last to know.

mod claims;
mod client;
mod ledger;

use std::borrow::Cow;

use quorate::model::{
    Assumption, Card, Deviations, Facts, Node, Property, Protocol, Reductions, Roster, Step, Symmetry,
};
use quorate::{Actor, Envelope, Id, Out, deviations, params, rename};
use serde::Serialize;

pub use client::{Client, ClientState, Phase};
pub use ledger::{Fact, Ledger};

use super::fencing::{Fence, Resource, Write, Written};
use crate::stores::redis::{Answer, Expire, Key, RedisServer, RedisStore, Request};

/// The key of the lock, on each server.
const LOCK: Key = "lock";

params! {
    /// Who uses the lock, and on how many servers it is.
    pub struct Sizes {
        /// Number of clients.
        pub clients: usize = 2, in 1..=4;
        /// Number of servers.
        pub masters: usize = 3, in 1..=7;
        /// How often each client tries to get the lock.
        pub rounds: usize = 1, in 1..=3;
        /// Whether a client waits only so long for replies; otherwise it waits for all, which suits servers that never fail.
        pub impatient: bool = false;
        /// Whether a holder writes to what the lock protects, or only holds it.
        pub writes: bool = false;
        /// How often a holder extends its lock before it does that; never where keys have no time to live.
        pub extensions: usize = 0, in 0..=2;
        /// Whether a server writes what it does to its disk before it answers (`appendfsync always`).
        pub durable: bool = false;
        /// Whether the time of a key may ever come to its end.
        pub keys_end: bool = true;
        /// For how many ticks a key lives, where time is timed.
        pub ttl: usize = 3, in 1..=20;
        /// How many ticks of its own clock before that a client stops: what clocks may drift.
        pub guard: usize = 0, in 0..=19;
    }
}

deviations! {
    /// What may be left out of the algorithm.
    pub enum Deviation {
        /// Half of the servers are enough, rounded down.
        HalfQuorum = "half-quorum" breaks "mutual-exclusion";
        /// The value of the key is the same for every owner.
        ConstantToken = "constant-token" breaks "mutual-exclusion";
        /// Keys have no time to live.
        NoTtl = "no-ttl" breaks "keys-freed";
        /// A client that did not get the lock takes it back only from the servers that said that they had set the key.
        ReleaseToConfirmedOnly = "release-to-confirmed-only" breaks "keys-freed";
        /// The client counts its validity from when it had the majority.
        FromMajority = "from-majority" breaks "mutual-exclusion";
        /// The client takes its lock for extended when it has waited for the replies, whatever they and its clock say.
        ExtendUnchecked = "extend-unchecked" breaks "mutual-exclusion";
    }
}

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Msg {
    /// A command, to a server.
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
    /// The caller is done, or knows what to write and looks at its clock.
    Work,
    /// The write is sent: at most a tick after the look at the clock, unless the client was paused.
    Send,
    /// The client has waited long enough for replies.
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
    /// Of a server.
    Master(RedisStore),
    /// Of the resource.
    Resource(Fence),
}

/// What survives a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Storage {
    /// The rounds that a client has begun: what makes its tokens differ from those of its former life. In life they
    /// are random.
    Client(u8),
    /// A server's append-only file.
    Master(RedisStore),
    /// Of the resource.
    Resource(Fence),
}

impl From<RedisStore> for Storage {
    fn from(store: RedisStore) -> Self {
        Self::Master(store)
    }
}

impl From<Fence> for Storage {
    fn from(fence: Fence) -> Self {
        Self::Resource(fence)
    }
}

rename! {
    enum Msg { Request(request), Answer(answer), Write(write), Written(written) }
    nobody in Timer
    enum State { Client(state), Master(store), Resource(fence) }
    enum Storage { Client(rounds), Master(store), Resource(fence) }
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// A caller with its client library.
    Client(Client),
    /// One of the servers.
    Master(RedisServer),
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
            (Self::Master(server), Some(Storage::Master(saved))) => State::Master(server.on_start(Some(saved), out)),
            (Self::Master(server), _) => State::Master(server.on_start(None, out)),
            (Self::Resource(_), Some(Storage::Resource(fence))) => State::Resource(*fence),
            (Self::Resource(_), _) => State::Resource(Fence::default()),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<State>, src: Id, msg: Msg, out: &mut Out<Self>) {
        let next = match (self, state.as_ref(), msg) {
            (Self::Client(client), State::Client(me), Msg::Answer(answer)) => {
                client.on_answer(*me, src, answer, out).map(State::Client)
            }
            (Self::Client(client), State::Client(me), Msg::Written(written)) => {
                client.on_written(*me, written, out).map(State::Client)
            }
            (Self::Master(server), State::Master(store), Msg::Request(request)) => {
                server.on_request(store, src, request, out).map(State::Master)
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
            (Self::Client(client), State::Client(me), timer) => client.on_timeout(*me, timer, out).map(State::Client),
            (Self::Master(server), State::Master(store), Timer::Expire(expire)) => {
                server.on_expire(store, expire, out).map(State::Master)
            }
            _ => None,
        };
        if let Some(next) = next {
            *state = Cow::Owned(next);
        }
    }
}

/// The algorithm.
#[derive(Debug)]
pub struct Redlock {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Redlock {
    fn client(&self, ix: usize) -> Client {
        let Sizes { clients, masters, .. } = self.sizes;
        Client {
            id: Id::from(ix),
            masters: (clients..clients + masters).map(Id::from).collect(),
            resource: Id::from(clients + masters),
            sizes: self.sizes.clone(),
            deviations: self.deviations,
        }
    }
}

impl Protocol for Redlock {
    const CARD: Card = Card {
        name: "redlock",
        title: "Redlock, a lock on the majority of several Redis servers",
        source: "redis.io, Distributed Locks with Redis, The Redlock Algorithm; Kleppmann 2016, How to do distributed \
                 locking; Sanfilippo 2016, Is Redlock safe?",
        modelled: "Commands and replies one by one; servers that crash and come back empty, at once or delayed, or with what \
                   they had; expiry at any moment, in time where that is assumed, or by the clock in timed mode; pauses \
                   between the look at the clock and the write; extensions of a lock that is held",
        left_out: "The random pause before the next try: it makes split votes improbable, and here they are possible. An \
                   extension that is tried again: a lock that is not extended at the first try is released",
    };

    const REDUCTIONS: Reductions = Reductions::SYMMETRY.and(Reductions::STALE_MESSAGES);

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Ledger;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        let keys_end = sizes.keys_end && !deviations.has(Deviation::NoTtl);
        if sizes.extensions > 0 && !keys_end {
            return Err("a key without a time to live cannot be extended: that would give it one".to_owned());
        }
        if sizes.guard >= sizes.ttl {
            return Err(format!("a guard of {} leaves nothing of a time to live of {}", sizes.guard, sizes.ttl));
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let server = RedisServer { durable: self.sizes.durable, volatile: None, ttl: self.sizes.ttl as u8 };
        Roster::new()
            .role("client", (0..self.sizes.clients).map(|ix| Member::Client(self.client(ix))))
            .role("master", (0..self.sizes.masters).map(|_| Member::Master(server)))
            .role("resource", [Member::Resource(Resource { fencing: false })])
    }

    fn history(&self) -> Ledger {
        Ledger::default()
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
        ledger::observe(step, facts);
    }

    /// A client counts the ticks of its clock since it began to ask.
    fn tick_clock(&self, _: Id, state: &mut State) {
        if let State::Client(client) = state {
            client.tick();
        }
    }

    /// All servers are asked at once, and no client is before another.
    fn symmetry(&self) -> Option<Symmetry<Self>> {
        Some(Symmetry::of_roles(&self.roster(), &["client", "master"]))
    }

    /// A reply to a client that has gone on: it reads none but to what it asked last.
    fn is_stale(&self, node: &Node<'_, Member>, message: &Envelope<Msg>) -> bool {
        match (node.state, node.storage, message.msg) {
            (Some(State::Client(client)), _, Msg::Answer(answer)) => client.has_gone_on_from(answer.call),
            (None, Some(Storage::Client(rounds)), Msg::Answer(answer)) => answer.call.round <= *rounds,
            _ => false,
        }
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }

    fn assumptions() -> Vec<Assumption<Self>> {
        claims::assumptions()
    }
}

#[cfg(test)]
mod tests {
    use quorate::model::Params;

    use super::*;

    /// To extend a key would give it a time to live.
    #[test]
    fn what_never_ends_is_not_extended() {
        let refused = |keys_end, deviations| {
            let defaults: Vec<_> = Sizes::schema().iter().map(|parameter| parameter.domain.default_value()).collect();
            let sizes = Sizes { extensions: 1, keys_end, ..Sizes::from_values(&defaults) };
            Redlock::new(sizes, deviations).is_err()
        };
        let no_ttl = Deviations::none().with(Deviation::NoTtl);
        assert!(refused(false, Deviations::none()) && refused(true, no_ttl) && !refused(true, Deviations::none()));
    }
}
