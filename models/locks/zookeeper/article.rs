//! A lock in ZooKeeper by one ephemeral node, as an article published it.
//!
//! # As published
//!
//! Article 002, section 3.2.1 (lines 147 to 167), less comments:
//!
//! ```text
//! import zookeeper
//! zc = zk.Zookeeper('localhost:2181')
//!
//! def get_lock(resource):
//!     lock_path = '/lock/' + resource
//!     max_try = 10
//!     for i in range(max_try):
//!         if zc.create(lock_path, b'', zk.EPHEMERAL):
//!             return True
//!         elif i < max_try - 1:
//!             time.sleep(0.1)
//!     return False
//!
//! def release_lock(resource):
//!     lock_path = '/lock/' + resource
//!     zc.delete(lock_path)
//! ```
//!
//! # What is wrong
//!
//! The name that is imported is not the name that is used, so that to the letter nothing runs. Read with good will, the
//! lock excludes as long as every session ends in time. Nothing tells the holder that its session is over, nothing at
//! the resource stops it, and `delete` goes by the name alone: a client library that opens a new session and sends
//! the `delete` again removes the node of whoever has the lock now. And in every real client a `create` that finds a
//! node raises `NodeExistsError` and does not return false: the first contention ends in an exception, and the branch
//! that sleeps is dead (`verbatim`). [`single`](super::single) is the lock that stands all this: there the
//! delete is guarded by the transaction that created the node, and the resource looks at the grant.
//!
//! # What is modelled, and what is left out
//!
//! Each step of a caller, each command and each reply; crashes; sessions that end while their client sleeps. What
//! the lock protects is left out: a client that believes to have the lock stands for it. `tries` is 2 where nothing else
//! is said, since every branch of `get_lock` is taken with two.

use quorate::model::{Assumption, Card, Deviations, Facts, NoDeviation, Property, Protocol, Roster, Step};
use quorate::{Id, Out, params};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::claims::{self, ZookeeperClients};
use super::{Fact, Ledger, Line, LockClient, Member, Outlook, Saved, Timer, ledger, mark};
use crate::locks::claims::{Lock, Stance, StateOf, all_done, handover, mutual_exclusion};
use crate::stores::Numbering;
use crate::stores::zookeeper::{Call, Command, Ensemble, FromEnsemble, NewPath, Path, Reply};

/// `lock_path`, of the one resource.
const LOCK: &str = "lock";

params! {
    /// Who uses the lock, and how.
    pub struct Sizes {
        /// Number of clients.
        pub clients: usize = 2, in 1..=6;
        /// How often `get_lock` tries before it returns False; the article tries 10 times.
        pub tries: usize = 2, in 1..=10;
        /// Whether `create` raises when there is a node, as in every real client.
        pub verbatim: bool = false;
        /// Whether the library opens a new session for a `delete` that was refused because the old one is over.
        pub renew: bool = false;
    }
}

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// Wants nothing yet.
    Idle,
    /// In `get_lock`, waits for the reply to `create`.
    Creating,
    /// In `get_lock`, between two tries.
    Sleeping,
    /// Believes that it has the lock.
    Critical,
    /// In `release_lock`, waits for the reply to `delete`.
    Deleting,
    /// Has released the lock.
    Done,
    /// Was told False.
    Skipped,
    /// Died of an exception of the library.
    Raised,
    /// Crashed.
    Failed,
}

/// A client. All of it is volatile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// What it is at.
    pub phase: Phase,
    /// Its session.
    pub line: Line,
    /// The try of `get_lock` that it is in, from 1; 0 before the first and after the last.
    pub attempt: u8,
}

/// A caller.
#[derive(Clone, Debug)]
pub struct Client {
    id: Id,
    ensemble: Id,
    sizes: Sizes,
}

type Output = Out<Member<Client>>;

impl Client {
    fn ask(&self, me: ClientState, phase: Phase, command: Command, out: &mut Output) -> ClientState {
        me.line.ask(self.id, self.ensemble, command, out);
        ClientState { phase, ..me }
    }

    /// `zc.create(lock_path, b'', zk.EPHEMERAL)`.
    fn get_lock(&self, me: ClientState, out: &mut Output) -> ClientState {
        let me = ClientState { attempt: me.attempt + 1, ..me };
        let data = mark(self.id, me.line.round);
        self.ask(me, Phase::Creating, Command::Create { path: NewPath::Plain(LOCK), data, ephemeral: true }, out)
    }

    /// `if zc.create(...): return True`.
    fn got_lock(me: ClientState, out: &mut Output) -> ClientState {
        out.set_timer(Timer::Work, model_timeout());
        ClientState { phase: Phase::Critical, attempt: 0, ..me }
    }

    /// `elif i < max_try - 1: time.sleep(0.1)`, and after the last try `return False`; to the letter an exception.
    fn no_lock(&self, me: ClientState, out: &mut Output) -> ClientState {
        if self.sizes.verbatim {
            return ClientState { phase: Phase::Raised, attempt: 0, ..me };
        }
        if usize::from(me.attempt) == self.sizes.tries {
            return ClientState { phase: Phase::Skipped, attempt: 0, ..me };
        }
        out.set_timer(Timer::Wake, model_timeout());
        ClientState { phase: Phase::Sleeping, ..me }
    }

    /// `zc.delete(lock_path)`.
    fn release_lock(&self, me: ClientState, out: &mut Output) -> ClientState {
        self.ask(me, Phase::Deleting, Command::Delete { path: Path::Plain(LOCK), guard: None }, out)
    }

    /// The library says that the session is over: by an exception, unless it opens another and sends the same again.
    fn session_expired(&self, me: ClientState, out: &mut Output) -> ClientState {
        if me.phase == Phase::Deleting && self.sizes.renew {
            return self.release_lock(ClientState { line: me.line.reopen(out), ..me }, out);
        }
        ClientState { phase: Phase::Raised, attempt: 0, line: me.line.closed() }
    }
}

impl LockClient for Client {
    type State = ClientState;

    fn on_start(&self, saved: Option<Saved>, out: &mut Output) -> ClientState {
        let line = Line::new(saved.unwrap_or_default(), 0, 0);
        if saved.is_some() {
            return ClientState { phase: Phase::Failed, line, attempt: 0 };
        }
        out.set_timer(Timer::Start, model_timeout());
        ClientState { phase: Phase::Idle, line, attempt: 0 }
    }

    /// Events of the session are nothing to the article's code: it learns by its next command.
    fn on_ensemble(&self, me: &ClientState, message: FromEnsemble, out: &mut Output) -> Option<ClientState> {
        match message {
            FromEnsemble::Reply { call, reply } if call == me.line.call(self.id) => match (me.phase, reply) {
                (Phase::Creating | Phase::Deleting, Reply::SessionExpired) => Some(self.session_expired(*me, out)),
                (Phase::Creating, Reply::Created { .. }) => Some(Self::got_lock(*me, out)),
                (Phase::Creating, Reply::NodeExists) => Some(self.no_lock(*me, out)),
                (Phase::Deleting, Reply::Ok) => Some(ClientState { phase: Phase::Done, ..*me }),
                (Phase::Deleting, Reply::NoNode) => Some(ClientState { phase: Phase::Raised, ..*me }),
                _ => None,
            },
            FromEnsemble::Reply { .. } | FromEnsemble::Changed { .. } | FromEnsemble::Expired { .. } => None,
        }
    }

    fn on_written(&self, _: &ClientState, _: Call, _: bool, _: &mut Output) -> Option<ClientState> {
        None
    }

    fn on_timeout(&self, me: &ClientState, timer: Timer, out: &mut Output) -> Option<ClientState> {
        match timer {
            Timer::Start => Some(self.get_lock(ClientState { line: me.line.begin(1, out), ..*me }, out)),
            Timer::Wake => Some(self.get_lock(*me, out)),
            Timer::Work => Some(self.release_lock(*me, out)),
            Timer::NoReply | Timer::Session(_) | Timer::Ping | Timer::Suspended => None,
        }
    }

    fn outlook(state: &ClientState) -> Outlook {
        let stance = match state.phase {
            Phase::Idle | Phase::Failed => Stance::Away,
            Phase::Creating | Phase::Deleting => Stance::Waits,
            Phase::Sleeping => Stance::Pauses,
            Phase::Critical => Stance::Believes,
            Phase::Done => Stance::Done,
            Phase::Skipped => Stance::GaveUp,
            Phase::Raised => Stance::Raised,
        };
        Outlook { round: state.line.round, session: state.line.session, stance }
    }
}

/// The lock by one ephemeral node, as published.
#[derive(Debug)]
pub struct ZookeeperArticle {
    sizes: Sizes,
}

impl Lock for ZookeeperArticle {
    fn stance(state: &StateOf<Self>) -> Option<Stance> {
        claims::stance::<Client>(state)
    }
}

impl ZookeeperClients for ZookeeperArticle {
    type Client = Client;
}

impl Protocol for ZookeeperArticle {
    const CARD: Card = Card {
        name: "zookeeper-article",
        title: "Lock in ZooKeeper by one ephemeral node, as published",
        source: "article 002, section 3.2.1, lines 147 to 167",
        modelled: "Each step of `get_lock` and `release_lock`, each command and reply; crashes; sessions that end in time \
                   or at any moment; each client wants the lock once",
        left_out: "What is done under the lock. The length of sleeps: timers fire at any moment",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Member<Client>;
    type History = Ledger;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Member<Client>> {
        let ensemble = Id::from(self.sizes.clients);
        let client = |ix: usize| Member::Client(Client { id: Id::from(ix), ensemble, sizes: self.sizes.clone() });
        Roster::new()
            .role("client", (0..self.sizes.clients).map(client))
            .role("ensemble", [Member::Ensemble(Ensemble { ends_sessions: true, timeout: 0 }, Numbering::default())])
    }

    fn history(&self) -> Ledger {
        Ledger::default()
    }

    fn observe(&self, step: &Step<'_, Member<Client>>, facts: &mut Facts<Fact>) {
        ledger::observe(step, |_: &ClientState| 0, facts);
    }

    fn properties() -> Vec<Property<Self>> {
        let mut properties = vec![claims::no_raise(), mutual_exclusion(), claims::no_wrong_delete(), claims::retry()];
        properties.extend([handover(), all_done(), claims::expiry()]);
        properties
    }

    fn assumptions() -> Vec<Assumption<Self>> {
        vec![claims::timely_sessions()]
    }
}
