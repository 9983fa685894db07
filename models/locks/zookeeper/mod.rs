//! Locks in ZooKeeper: what their clients share.
//!
//! | file | what |
//! |---|---|
//! | `line` | a client's session and connection |
//! | `ledger` | what is remembered, and found wrong |
//! | `claims` | the properties that all have |
//! | `article` | a lock by one ephemeral node, as an article published it |
//! | `single` | a lock by one ephemeral node that is right |
//! | `queue` | a lock by ephemeral nodes with numbers, each watching the one before |
//!
//! The three are clients of the same [`Ensemble`], which may end a session at any moment: its client may be down, or
//! may pause, or be cut off, and the ensemble cannot tell. So belief is not exclusive, whatever the lock: a holder that
//! sleeps through the end of its session wakes up and still believes. The assumption `timely-sessions` rules that out: a
//! session ends only when its client is not up, or has nothing to do with the lock. What holds without it is what the
//! resource enforces: [`Fence`] takes no write under an older grant than the last it took.
//!
//! A client that is cut off can know more than one that sleeps: when nothing came of the ensemble for a while, its library
//! says that the connection is *suspended*. Whether the session is over nobody can tell it then. Who stops at that, and
//! goes on only when it is connected anew and has looked, excludes by belief though sessions end, if that while and the longest
//! way of an answer are together less than the session timeout. To the way belongs whatever held the answer up, such as a
//! short break of the link. `silence` and `session_timeout` of the queue say how long each is, in timed mode.
//!
//! Whether a client is locked out for ever shows only where the others want the lock for ever: `rounds = 0`. Rounds
//! have one name then and numbers of nodes come again, which tells the same where nothing of a former round is under
//! way when the next begins: on a network that keeps the order of each channel, as a session does, and where nothing is
//! sent again. The resource then takes every write, for it knows no order of numbers that come again.

mod article;
mod claims;
mod ledger;
mod line;
mod queue;
mod single;

use std::borrow::Cow;
use std::fmt;

use quorate::model::Datum;
use quorate::{Actor, Id, Out};
use serde::Serialize;

pub use article::ZookeeperArticle;
pub use ledger::{Breach, Fact, Ledger};
pub use line::Line;
pub use queue::ZookeeperQueue;
pub use single::ZookeeperLock;

use super::claims::Stance;
use crate::stores::Numbering;
use crate::stores::zookeeper::{Call, Ensemble, FromEnsemble, Mark, Request, SessionTimeout, Tree};

/// A write on its way to the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Write {
    /// Which message it is of its client.
    pub call: Call,
    /// The fencing token: the number of the transaction that created the client's node.
    pub token: u32,
}

/// What travels.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Msg {
    /// A command, to the ensemble.
    Request(Request),
    /// A reply or an event, to a client.
    FromEnsemble(FromEnsemble),
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

impl From<FromEnsemble> for Msg {
    fn from(message: FromEnsemble) -> Self {
        Self::FromEnsemble(message)
    }
}

/// What fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// The caller wants the lock.
    Start,
    /// The pause between two tries is over.
    Wake,
    /// The caller has done its work.
    Work,
    /// The client library has waited long enough for a reply.
    NoReply,
    /// A session's time is over.
    Session(SessionTimeout),
    /// The client library pings; only where it counts silence.
    Ping,
    /// The client library tells its caller that the connection is suspended: no answer of the ensemble for too long.
    Suspended,
}

impl From<SessionTimeout> for Timer {
    fn from(timeout: SessionTimeout) -> Self {
        Self::Session(timeout)
    }
}

/// A client of a lock: its rules.
///
/// A rule gives the state after it, or `None` if what came is of no concern.
pub trait LockClient: Clone + fmt::Debug + Send + Sync + 'static {
    /// All that it knows while it is up.
    type State: Datum;

    /// It starts, or starts again with what it had saved.
    fn on_start(&self, saved: Option<Saved>, out: &mut Out<Member<Self>>) -> Self::State;

    /// The ensemble replies, or tells of something.
    fn on_ensemble(&self, me: &Self::State, message: FromEnsemble, out: &mut Out<Member<Self>>) -> Option<Self::State>;

    /// The resource says what became of a write.
    fn on_written(
        &self,
        me: &Self::State,
        call: Call,
        accepted: bool,
        out: &mut Out<Member<Self>>,
    ) -> Option<Self::State>;

    /// A timer of its own fires.
    fn on_timeout(&self, me: &Self::State, timer: Timer, out: &mut Out<Member<Self>>) -> Option<Self::State>;

    /// What of `state` everybody may ask.
    fn outlook(state: &Self::State) -> Outlook;
}

/// What a client is at, as far as properties and the observer ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Outlook {
    /// Its round, from 1; 0 before the first.
    pub round: u8,
    /// The session that it relies on.
    pub session: u8,
    /// What it is at.
    pub stance: Stance,
}

/// What a client keeps over a crash: what makes the names of its rounds and sessions differ from those of its former
/// life. In life they are random.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Saved {
    /// Rounds that it has begun.
    pub round: u8,
    /// Sessions that it has opened.
    pub session: u8,
}

/// What the lock protects: it knows the largest token with which it took a write; 0 before the first.
///
/// Invariant: it never gets smaller. It is saved before a write is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Fence(pub u32);

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State<C> {
    /// Of a client.
    Client(C),
    /// Of the ensemble.
    Ensemble(Tree),
    /// Of the resource.
    Resource(Fence),
}

/// What survives a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Storage {
    /// Of a client.
    Client(Saved),
    /// Of the resource.
    Resource(Fence),
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member<C> {
    /// A caller with its client library.
    Client(C),
    /// The ensemble, and how it numbers what is created.
    Ensemble(Ensemble, Numbering),
    /// What the lock protects.
    Resource {
        /// Whether it looks at tokens.
        fencing: bool,
    },
}

/// A write is taken if its token is not smaller than the last: a holder may write more than once, and one whose
/// lock has passed to another who has written may write no more (Burrows 2006, 2.4; Kleppmann 2016).
fn write<C: LockClient>(fencing: bool, fence: Fence, src: Id, write: Write, out: &mut Out<Member<C>>) -> Option<Fence> {
    let accepted = write.token >= fence.0 || !fencing;
    out.send(src, Msg::Written { call: write.call, accepted });
    let after = Fence(write.token);
    (accepted && after != fence).then(|| {
        out.save(Storage::Resource(after));
        after
    })
}

impl<C: LockClient> Actor for Member<C> {
    type Msg = Msg;
    type Timer = Timer;
    type State = State<C::State>;
    type Storage = Storage;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<Storage>, out: &mut Out<Self>) -> Self::State {
        match (self, storage) {
            (Self::Client(client), Some(Storage::Client(saved))) => State::Client(client.on_start(Some(*saved), out)),
            (Self::Client(client), _) => State::Client(client.on_start(None, out)),
            (Self::Ensemble(_, numbering), _) => State::Ensemble(Tree::new(*numbering)),
            (Self::Resource { .. }, Some(Storage::Resource(fence))) => State::Resource(*fence),
            (Self::Resource { .. }, _) => State::Resource(Fence::default()),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<Self::State>, src: Id, msg: Msg, out: &mut Out<Self>) {
        let next = match (self, state.as_ref(), msg) {
            (Self::Client(client), State::Client(me), Msg::FromEnsemble(message)) => {
                client.on_ensemble(me, message, out).map(State::Client)
            }
            (Self::Client(client), State::Client(me), Msg::Written { call, accepted }) => {
                client.on_written(me, call, accepted, out).map(State::Client)
            }
            (Self::Ensemble(ensemble, _), State::Ensemble(tree), Msg::Request(request)) => {
                Some(State::Ensemble(ensemble.on_request(tree, request, out)))
            }
            (Self::Resource { fencing }, State::Resource(fence), Msg::Write(asked)) => {
                write(*fencing, *fence, src, asked, out).map(State::Resource)
            }
            _ => None,
        };
        if let Some(next) = next {
            *state = Cow::Owned(next);
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<Self::State>, timer: &Timer, out: &mut Out<Self>) {
        let next = match (self, state.as_ref(), *timer) {
            (Self::Ensemble(ensemble, _), State::Ensemble(tree), Timer::Session(timeout)) => {
                Some(State::Ensemble(ensemble.on_session_timeout(tree, timeout, out)))
            }
            (Self::Client(client), State::Client(me), timer) => client.on_timeout(me, timer, out).map(State::Client),
            _ => None,
        };
        if let Some(next) = next {
            *state = Cow::Owned(next);
        }
    }
}

/// How the ensemble numbers nodes, for clients that want the lock so often.
///
/// Where that is without end, a circle of twice as many as there are clients will do: each has one node at most, so
/// that those that are there are numbered within half of it. A client that speaks of a node before its own has one that
/// is there, and a new one is numbered after that: what it speaks of is not what comes by the same name later.
fn numbering(rounds: usize, clients: usize) -> Numbering {
    if rounds == 0 { Numbering::circle(2 * clients as u32) } else { Numbering::default() }
}

/// The name of a client's round.
fn mark(client: Id, round: u8) -> Mark {
    Mark { client, round }
}
