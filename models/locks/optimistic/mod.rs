//! Optimistic control: several clients add to one counter, and nobody locks it.
//!
//! Source: Kung and Robinson, "On Optimistic Methods for Concurrency Control" (1981): read, compute, and write only if
//! nobody has written since (validation); Berenson et al., "A Critique of ANSI SQL Isolation Levels" (1995), P4 (lost
//! update); redis.io, "Transactions" (`WATCH`, `MULTI`, `EXEC`) and `EVAL`. The optimistic lock that an article
//! published ([`optimistic_article`](super::optimistic_article)) has no validation at all.
//!
//! `EXEC` executes all that is queued or, if a watched key was written, nothing. That is no rollback: a command that
//! fails does not undo the others (`partly_fails`), as is often believed (`multi-is-rollback`).
//!
//! Modelled: three schemes, by each command and reply: `watch` (`WATCH`, `GET`, `MULTI` `SET` `EXEC`, and again from the
//! start when `EXEC` answers nil), `compare` (`GET`, and a script that sets the counter if it still holds what was read; the
//! counter only grows, so that its value is its version), `incr` (one atomic command, nothing to validate).
//!
//! Left out: more than one key: each has its own watch, and what is shown here of one holds for the set of all. Losses and
//! crashes: a write whose reply is lost may have been executed, and without a name of its own for each request a
//! client cannot know; that is another protocol's question. How often a client may have to try: each failure is
//! another's success, so some client always goes on, but none need be this one.

mod claims;
mod client;

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Card, Cause, Deviations, Facts, History, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out, choice_param, deviations, params};
use serde::Serialize;

pub use client::{Client, ClientState, Phase};

use crate::stores::redis::{Answer, Command, Expire, Key, RedisServer, RedisStore, Reply, Request, Script, Value};

/// The key of the counter.
const COUNTER: Key = "counter";

choice_param! {
    /// How a write is validated.
    pub enum Scheme {
        /// `WATCH`, `GET`, `MULTI` `SET` `EXEC`.
        Watch = "watch",
        /// `GET`, and a script that compares and sets.
        Compare = "compare",
        /// `INCR`: read, added and written by the store.
        Incr = "incr",
    }
}

params! {
    /// Who adds how often, and how.
    pub struct Sizes {
        /// Number of clients.
        pub clients: usize = 2, in 1..=6;
        /// How often each client adds one.
        pub rounds: usize = 1, in 1..=3;
        /// How a write is validated.
        pub scheme: Scheme = Scheme::Watch;
        /// Whether each transaction has a command beside that fails, as one that counts in a key which holds text. Only
        /// in scheme `watch`.
        pub partly_fails: bool = false;
    }
}

deviations! {
    /// What may be done wrongly.
    pub enum Deviation {
        /// The counter is set whoever has written since.
        Unconditional = "unconditional" breaks "no-lost-update";
        /// The key is watched only after it was read.
        WatchAfterGet = "watch-after-get" breaks "no-lost-update";
        /// A client that is told nil sends the same write again, without reading.
        RetryWithOldValue = "retry-with-old-value" breaks "no-lost-update";
        /// A client takes nil for success.
        IgnoreNil = "ignore-nil" breaks "adds-up";
        /// A client takes the error of one command of a transaction for a rollback of all of them.
        MultiIsRollback = "multi-is-rollback" breaks "adds-up";
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
    /// A client wants to add one.
    Start,
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

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// One who adds.
    Client(Client),
    /// The server with the counter.
    Store(RedisServer),
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = RedisStore;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<RedisStore>, out: &mut Out<Self>) -> State {
        match self {
            Self::Client(client) => State::Client(client.on_start(out)),
            Self::Store(server) => State::Store(server.on_start(storage.as_ref(), out)),
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
        if let (Self::Client(client), State::Client(me), Timer::Start) = (self, state.as_ref(), timer) {
            *state = Cow::Owned(State::Client(client.begin(*me, out)));
        }
    }
}

/// A write that was taken over another's: what was added in between is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct LostUpdate {
    /// Whose write.
    pub by: Id,
    /// What the counter was.
    pub before: u32,
    /// What it was set to.
    pub after: u32,
}

/// A write that went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Commit {
    /// Whose.
    pub by: Id,
    /// What the counter was.
    pub before: u32,
    /// What it was set to: one more than what was read.
    pub after: u32,
}

/// What the observer remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// The updates that were lost, each once.
    pub lost: BTreeSet<LostUpdate>,
    /// What was read for the writes that went through.
    pub bases: BTreeSet<u32>,
    /// The first write that went through for what another had been for.
    pub twice: Option<Commit>,
}

impl History for Ledger {
    type Fact = Commit;

    fn record(&mut self, commit: &Commit) {
        let Commit { by, before, after } = *commit;
        if after != before + 1 {
            self.lost.insert(LostUpdate { by, before, after });
        }
        if !self.bases.insert(after - 1) {
            self.twice = self.twice.or(Some(*commit));
        }
    }
}

/// What the counter is; 0 before it is there.
fn counter(store: &RedisStore) -> u32 {
    match store.entry(COUNTER).map(|entry| entry.value) {
        Some(Value::Number(number)) => number,
        Some(Value::Token { .. }) | None => 0,
    }
}

/// What a command would set the counter to, if it goes through.
fn set_to(command: &Command) -> Option<u32> {
    match command {
        Command::Set { value: Value::Number(number), .. }
        | Command::Exec { value: Value::Number(number), .. }
        | Command::ExecPartly { value: Value::Number(number), .. }
        | Command::Eval(Script::CompareAndSet { new: Value::Number(number), .. }) => Some(*number),
        _ => None,
    }
}

/// Counters in one Redis.
#[derive(Debug)]
pub struct Optimistic {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Optimistic {
    fn store(&self) -> Id {
        Id::from(self.sizes.clients)
    }
}

impl Protocol for Optimistic {
    const CARD: Card = Card {
        name: "optimistic",
        title: "Optimistic control of a counter in Redis",
        source: "Kung and Robinson 1981, On Optimistic Methods for Concurrency Control; Berenson et al. 1995, P4; \
                 redis.io, Transactions",
        modelled: "Each command and reply of clients that add to one counter: by WATCH and EXEC, by compare-and-set, by \
                   INCR; conflicts, and tries until it goes through; transactions of which a command fails",
        left_out: "More keys than one. Losses and crashes: whether a write without a reply was executed is a question \
                   of request names. How often one client may fail: each failure is another's success",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Ledger;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.partly_fails && sizes.scheme != Scheme::Watch {
            return Err("a command fails beside others only in a transaction: scheme = \"watch\"".to_owned());
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let client = Client { store: self.store(), sizes: self.sizes.clone(), deviations: self.deviations };
        Roster::new()
            .role("client", vec![Member::Client(client); self.sizes.clients])
            .role("store", [Member::Store(RedisServer { durable: true, volatile: None, ttl: 0 })])
    }

    fn history(&self) -> Ledger {
        Ledger::default()
    }

    /// Which writes go through.
    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<Commit>) {
        let (Cause::Deliver { src, msg: Msg::Request(request) }, Some(State::Store(store))) =
            (&step.cause, step.before)
        else {
            return;
        };
        let is_done = |reply| matches!(reply, Reply::Ok | Reply::PartlyFailed);
        let went_through = |msg: &Msg| matches!(msg, Msg::Answer(answer) if is_done(answer.reply));
        if let Some(after) = set_to(&request.command)
            && step.sent.iter().any(|sent| went_through(&sent.msg))
        {
            facts.push(Commit { by: *src, before: counter(store), after });
        }
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
