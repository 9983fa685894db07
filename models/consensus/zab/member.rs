//! Servers and clients as one actor.

use std::borrow::Cow;

use quorate::{Actor, Id, Out, rename};
use serde::Serialize;

use super::message::Msg;
use super::server::{Durable, Server, ServerState};

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It replicates.
    Server(Server),
    /// It asks.
    Client(Client),
}

/// A client, which has one request open at a time.
#[derive(Clone, Debug)]
pub struct Client {
    /// Whom it asks.
    pub(super) servers: Vec<Id>,
    /// How many requests it makes.
    pub(super) operations: usize,
    /// Whether they are reads.
    pub(super) reads: bool,
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a server.
    Server(Box<ServerState>),
    /// Of a client.
    Client {
        /// The number of its open request, from 1; one more than it makes when all are answered.
        request: usize,
    },
}

impl State {
    /// The state of a server.
    pub fn server(&self) -> Option<&ServerState> {
        match self {
            Self::Server(me) => Some(me),
            Self::Client { .. } => None,
        }
    }
}

/// What outlives a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Stored {
    /// Of a server.
    Server(Durable),
    /// Of a client: the number of its open request.
    Client {
        /// The number.
        request: usize,
    },
}

/// What may happen to a server at any moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// The oracle names it.
    Lead,
    /// A quorum votes as it does, and it has waited long enough for a better vote, as it thinks.
    Elect,
    /// Its connection breaks or does not come about, or, if it leads, it has no quorum any more, as it thinks.
    Leave,
}

rename! {
    enum State { Server(me), Client { request } }
    enum Stored { Server(durable), Client { request } }
    nobody in Timer
}

impl Client {
    /// A client asks all servers: one that cannot answer does nothing.
    fn ask(&self, request: usize, o: &mut Out<Member>) -> State {
        o.save(Stored::Client { request });
        if request <= self.operations {
            o.broadcast(&self.servers, &Msg::Request { request, reads: self.reads });
        }
        State::Client { request }
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Stored;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<Stored>, o: &mut Out<Self>) -> State {
        match (self, storage) {
            (Self::Server(server), Some(Stored::Server(durable))) => {
                State::Server(Box::new(server.start(durable.clone(), o)))
            }
            (Self::Server(server), _) => {
                o.save(Stored::Server(server.first()));
                State::Server(Box::new(server.start(server.first(), o)))
            }
            (Self::Client(client), Some(Stored::Client { request })) => client.ask(*request, o),
            (Self::Client(client), _) => client.ask(1, o),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, &**state) {
            (Self::Server(server), State::Server(before)) => {
                let mut me = before.clone();
                server.receive(&mut me, src, msg, o);
                server.finish(before, &me, o);
                *state = Cow::Owned(State::Server(me));
            }
            (Self::Client(client), State::Client { request: open }) => {
                if matches!(msg, Msg::Reply { request, .. } if request == *open) {
                    *state = Cow::Owned(client.ask(open + 1, o));
                }
            }
            (Self::Server(_) | Self::Client(_), _) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        if let (Self::Server(server), State::Server(before)) = (self, &**state) {
            let mut me = before.clone();
            match timer {
                Timer::Lead => server.lead(&mut me, o),
                Timer::Leave => server.leave(&mut me, o),
                Timer::Elect => server.elect(&mut me, o),
            }
            server.finish(before, &me, o);
            *state = Cow::Owned(State::Server(me));
        }
    }
}
