//! Servers, monitor and clients as one actor.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::message::{Msg, Request};
use super::monitor::{Monitor, MonitorState};
use super::server::{Durable, Server, ServerState};
use super::writes::Writes;

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It is primary or backup.
    Server(Server),
    /// It says who is primary.
    Monitor(Monitor),
    /// It asks.
    Client(Client),
}

/// A client, which has one request open at a time.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) servers: Vec<Id>,
    /// How often it writes.
    pub(super) writes: usize,
    /// How often it reads after that.
    pub(super) reads: usize,
    /// Whether it says which writes it has seen.
    pub(super) says_seen: bool,
}

/// A client's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// The number of its open request, from 1; one more than it makes when all are answered.
    pub open: usize,
    /// The writes that it has seen, its own or others'; none where it does not say so.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub seen: BTreeSet<Request>,
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a server.
    Server(ServerState),
    /// Of the monitor.
    Monitor(MonitorState),
    /// Of a client.
    Client(ClientState),
}

/// What outlives a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Stored {
    /// Of a server.
    Server(Durable),
}

/// The primary seems to be down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Suspect;

impl Client {
    /// Whether the request with this number reads; `None` if there is none.
    pub(super) fn reads(&self, number: usize) -> Option<bool> {
        (number <= self.writes + self.reads).then_some(number > self.writes)
    }

    /// Asks all servers: which is the primary shows.
    fn ask(&self, number: usize, seen: BTreeSet<Request>, o: &mut Out<Member>) -> State {
        if let Some(reads) = self.reads(number) {
            o.broadcast(&self.servers, &Msg::Request { number, reads, seen: seen.clone() });
        }
        State::Client(ClientState { open: number, seen })
    }

    /// The next request, with what this answer shows.
    fn answered(&self, me: &ClientState, answer: &Writes, o: &mut Out<Member>) -> State {
        let mut seen = me.seen.clone();
        if self.says_seen {
            seen.extend(answer.iter());
        }
        self.ask(me.open + 1, seen, o)
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Suspect;
    type State = State;
    type Storage = Stored;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<Stored>, o: &mut Out<Self>) -> State {
        match self {
            Self::Server(server) => {
                let durable = storage.as_ref().map(|Stored::Server(durable)| durable.clone());
                let me = server.start(durable);
                o.save(Stored::Server(me.durable.clone()));
                State::Server(me)
            }
            Self::Monitor(monitor) => State::Monitor(monitor.start(o)),
            Self::Client(client) => client.ask(1, BTreeSet::new(), o),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, &**state, msg) {
            (Self::Server(server), State::Server(before), msg) => {
                let mut me = before.clone();
                server.receive(&mut me, src, msg, o);
                *state = Cow::Owned(State::Server(me));
            }
            (Self::Monitor(monitor), State::Monitor(before), Msg::Report { epoch, position }) => {
                let mut me = before.clone();
                monitor.report(&mut me, src, epoch, position, o);
                *state = Cow::Owned(State::Monitor(me));
            }
            (Self::Client(client), State::Client(me), Msg::Reply { number, answer }) if number == me.open => {
                *state = Cow::Owned(client.answered(me, &answer, o));
            }
            (Self::Server(_) | Self::Monitor(_) | Self::Client(_), ..) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, Suspect: &Suspect, o: &mut Out<Self>) {
        if let (Self::Monitor(monitor), State::Monitor(me)) = (self, &**state) {
            *state = Cow::Owned(State::Monitor(monitor.suspect(me, o)));
        }
    }
}
