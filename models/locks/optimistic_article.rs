//! An optimistic lock by a version in Redis, as an article published it.
//!
//! # As published
//!
//! Article 002, section 3.1.2 (lines 94 to 131), less comments:
//!
//! ```text
//! def get_lock(resource):
//!     version_key = 'version:' + resource
//!     max_try = 10
//!     for i in range(max_try):
//!         version = r.get(version_key)
//!         if version is None: version = 0
//!         else: version = int(version)
//!         new_version = version + 1
//!         if r.set(version_key, new_version): return version
//!         elif i < max_try - 1: time.sleep(0.1)
//!     return None
//!
//! def release_lock(resource, version):
//!     version_key = 'version:' + resource
//!     cur_version = r.get(version_key)
//!     if cur_version is None or int(cur_version) != version:
//!         raise Exception('Invalid version')
//!     r.delete(version_key)
//! ```
//!
//! # What is wrong
//!
//! `SET` is unconditional: it always answers `OK`, so every caller gets the lock at its first try, several get the
//! same version, and the branch that would try again is dead. `release_lock` compares the key with the version
//! *before* the caller's own increment: a caller that is alone always raises. The `DEL` is reached only when a third
//! client's late `SET` has put the counter back to what a caller holds; then the count begins anew, and versions that
//! are still held are given out again. The text promises `INCR`, which the code never calls.
//! [`redis_lock`](super::redis_lock) has the atomic step that is missing here.
//!
//! # What is modelled, and what is left out
//!
//! Each step of a caller, each command and each reply, on a network that loses nothing. Each client wants the
//! lock once. What is done under the lock is left out, as is the length of sleeps: timers fire at any moment.

use std::borrow::Cow;

use quorate::model::{Card, Claim, Deviations, NoDeviation, Node, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, params};
use serde::Serialize;
use stateright::actor::model_timeout;

use crate::stores::redis::{Answer, Call, Command, Expire, Key, RedisServer, RedisStore, Reply, Request, Value};

/// The key of the version: `'version:' + resource`, of the one resource.
const VERSION: Key = "version";

params! {
    /// Who uses the lock.
    pub struct Sizes {
        /// Number of clients.
        pub clients: usize = 2, in 1..=6;
        /// How often `get_lock` tries before it returns None; the article tries 10 times.
        pub tries: usize = 10, in 1..=10;
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
    /// The time of a key is over: here no key has one.
    Expire(Expire),
}

impl From<Expire> for Timer {
    fn from(expire: Expire) -> Self {
        Self::Expire(expire)
    }
}

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// Wants nothing yet.
    Idle,
    /// In `get_lock`, waits for the version.
    Reading,
    /// In `get_lock`, has read this version and waits for the reply to `SET`.
    Setting(u32),
    /// In `get_lock`, between two tries.
    Sleeping,
    /// Believes that it has the lock, under this version.
    Critical(u32),
    /// In `release_lock`, has this version and waits for the current one.
    Checking(u32),
    /// In `release_lock`, waits for the reply to `DEL`.
    Deleting,
    /// Has released the lock.
    Done,
    /// Was told None.
    Skipped,
    /// Died of `Exception: Invalid version` where it released this version.
    Raised(u32),
}

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// What it is at.
    pub phase: Phase,
    /// The try of `get_lock` that it is in or that was the last, from 1; 0 before the first.
    pub attempt: u8,
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
    /// A caller.
    Client(Client),
    /// The server.
    Store(RedisServer),
}

/// A caller.
#[derive(Clone, Debug)]
pub struct Client {
    store: Id,
    tries: usize,
}

impl Client {
    /// `version = r.get(version_key)`.
    fn get_lock(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        let me = ClientState { phase: Phase::Reading, attempt: me.attempt + 1 };
        self.ask(me, Command::Get { key: VERSION }, out)
    }

    /// `if version is None: version = 0`, and `r.set(version_key, version + 1)`, whoever has written since.
    fn version_read(&self, me: ClientState, version: Option<u32>, out: &mut Out<Member>) -> ClientState {
        let version = version.unwrap_or(0);
        let set = Command::Set { key: VERSION, value: Value::Number(version + 1) };
        self.ask(ClientState { phase: Phase::Setting(version), ..me }, set, out)
    }

    /// `if r.set(...): return version`.
    fn version_set(&self, me: ClientState, version: u32, out: &mut Out<Member>) -> ClientState {
        out.set_timer(Timer::Leave, model_timeout());
        ClientState { phase: Phase::Critical(version), ..me }
    }

    /// `elif i < max_try - 1: time.sleep(0.1)`, and after the last try `return None`: never reached, since a `SET`
    /// without a condition does not answer nil.
    fn version_not_set(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        if usize::from(me.attempt) == self.tries {
            return ClientState { phase: Phase::Skipped, ..me };
        }
        out.set_timer(Timer::Wake, model_timeout());
        ClientState { phase: Phase::Sleeping, ..me }
    }

    /// `cur_version = r.get(version_key)`.
    fn release_lock(&self, me: ClientState, version: u32, out: &mut Out<Member>) -> ClientState {
        self.ask(ClientState { phase: Phase::Checking(version), ..me }, Command::Get { key: VERSION }, out)
    }

    /// `if cur_version is None or int(cur_version) != version: raise`, else `r.delete(version_key)`.
    fn version_checked(
        &self,
        me: ClientState,
        version: u32,
        current: Option<u32>,
        out: &mut Out<Member>,
    ) -> ClientState {
        if current != Some(version) {
            return ClientState { phase: Phase::Raised(version), ..me };
        }
        self.ask(ClientState { phase: Phase::Deleting, ..me }, Command::Del { key: VERSION }, out)
    }

    fn ask(&self, me: ClientState, command: Command, out: &mut Out<Member>) -> ClientState {
        out.send(self.store, Msg::Request(Request { call: Self::call(&me), command }));
        me
    }

    /// A try is one `GET` and one `SET`, whose replies differ; so it is after the last try.
    fn call(me: &ClientState) -> Call {
        let trying = matches!(me.phase, Phase::Reading | Phase::Setting(_));
        Call { round: 1, attempt: if trying { me.attempt } else { 0 }, connection: 0 }
    }

    fn on_answer(&self, me: ClientState, answer: Answer, out: &mut Out<Member>) -> Option<ClientState> {
        if answer.call != Self::call(&me) {
            return None;
        }
        match (me.phase, answer.reply) {
            (Phase::Reading, reply) => Some(self.version_read(me, version(reply)?, out)),
            (Phase::Setting(version), Reply::Ok) => Some(self.version_set(me, version, out)),
            (Phase::Setting(_), Reply::Nil) => Some(self.version_not_set(me, out)),
            (Phase::Checking(held), reply) => Some(self.version_checked(me, held, version(reply)?, out)),
            (Phase::Deleting, Reply::Number(_)) => Some(ClientState { phase: Phase::Done, ..me }),
            _ => None,
        }
    }

    fn on_timeout(&self, me: ClientState, timer: Timer, out: &mut Out<Member>) -> Option<ClientState> {
        match (timer, me.phase) {
            (Timer::Start, Phase::Idle) | (Timer::Wake, Phase::Sleeping) => Some(self.get_lock(me, out)),
            (Timer::Leave, Phase::Critical(version)) => Some(self.release_lock(me, version, out)),
            _ => None,
        }
    }
}

/// What a reply to `GET` says of the version; `None` if it is no such reply.
fn version(reply: Reply) -> Option<Option<u32>> {
    match reply {
        Reply::Nil => Some(None),
        Reply::Value(Value::Number(version)) => Some(Some(version)),
        Reply::Value(Value::Token { .. }) | Reply::Number(_) => None,
        Reply::Ok | Reply::PartlyFailed | Reply::NoReplicas => None,
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = RedisStore;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<RedisStore>, out: &mut Out<Self>) -> State {
        match self {
            Self::Client(_) => {
                out.set_timer(Timer::Start, model_timeout());
                State::Client(ClientState { phase: Phase::Idle, attempt: 0 })
            }
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
        if let (Self::Client(client), State::Client(me)) = (self, state.as_ref())
            && let Some(next) = client.on_timeout(*me, *timer, out)
        {
            *state = Cow::Owned(State::Client(next));
        }
    }
}

/// What a node is at, if it is a client that is up.
fn phase(node: &Node<'_, Member>) -> Option<Phase> {
    match node.state {
        Some(State::Client(client)) => Some(client.phase),
        Some(State::Store(_)) | None => None,
    }
}

/// The clients for whose phase `of` gives something, with that.
fn clients<T>(phases: &[Option<Phase>], of: impl Fn(Phase) -> Option<T>) -> Vec<(Id, T)> {
    phases.iter().enumerate().filter_map(|(ix, phase)| Some((Id::from(ix), of((*phase)?)?))).collect()
}

fn held(phase: Phase) -> Option<u32> {
    match phase {
        Phase::Critical(version) => Some(version),
        _ => None,
    }
}

fn two_believers(phases: &[Option<Phase>]) -> Option<String> {
    match clients(phases, held).as_slice() {
        [(one, _), (other, _), ..] => Some(format!("{one:?} and {other:?} both believe to have the lock")),
        [_] | [] => None,
    }
}

fn same_version(phases: &[Option<Phase>]) -> Option<String> {
    let holders = clients(phases, held);
    let twin = |(ix, (one, version)): (usize, &(Id, u32))| {
        let (other, _) = holders[ix + 1..].iter().find(|(_, other)| other == version)?;
        Some(format!("{one:?} and {other:?} both hold version {version}"))
    };
    holders.iter().enumerate().find_map(twin)
}

fn raised(phases: &[Option<Phase>]) -> Option<String> {
    let version = |phase| match phase {
        Phase::Raised(version) => Some(version),
        _ => None,
    };
    let (client, version) = *clients(phases, version).first()?;
    Some(format!("{client:?} raised `Invalid version` when it released version {version}, which it was given"))
}

fn first_at(phases: &[Option<Phase>], wanted: Phase, what: &str) -> Option<String> {
    let at = clients(phases, |phase| (phase == wanted).then_some(()));
    at.first().map(|(client, ())| format!("{client:?} {what}"))
}

/// The optimistic lock, as published.
#[derive(Debug)]
pub struct OptimisticArticle {
    sizes: Sizes,
}

impl OptimisticArticle {
    fn store(&self) -> Id {
        Id::from(self.sizes.clients)
    }
}

impl Protocol for OptimisticArticle {
    const CARD: Card = Card {
        name: "optimistic-article",
        title: "Optimistic lock by a version, as published",
        source: "article 002, section 3.1.2, lines 94 to 131",
        modelled: "Each step of `get_lock` and `release_lock`, each command and reply; each client wants the lock once",
        left_out: "What is done under the lock. The length of sleeps: timers fire at any moment. Crashes and losses: \
                   it breaks without",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Member;
    type History = ();

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Member> {
        let client = Member::Client(Client { store: self.store(), tries: self.sizes.tries });
        Roster::new()
            .role("client", vec![client; self.sizes.clients])
            .role("store", [Member::Store(RedisServer { durable: true, volatile: None, ttl: 0 })])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        let by = |claim: Claim, found: fn(&[Option<Phase>]) -> Option<String>| {
            claim.by_nodes(|_, node| phase(node), move |_, phases: &[Option<Phase>]| found(phases).map(Evidence::new))
        };
        vec![
            by(Claim::always("no-raise", "No client dies of an error in the lock's code"), raised),
            by(Claim::always("mutual-exclusion", "At most one client believes that it has the lock"), two_believers),
            by(Claim::always("unique-version", "No two clients hold the same version"), same_version),
            by(Claim::sometimes("retry", "A client tries again"), |phases| {
                first_at(phases, Phase::Sleeping, "sleeps before the next try")
            }),
            by(Claim::sometimes("delete", "A client deletes the version"), |phases| {
                first_at(phases, Phase::Deleting, "deletes the version")
            }),
            by(Claim::sometimes("release", "A client has released the lock"), |phases| {
                first_at(phases, Phase::Done, "has released the lock")
            }),
        ]
    }
}
