//! Servers and clients as one actor, and what they say to one another.

use std::borrow::Cow;

use quorate::{Actor, Id, Out, rename};
use serde::Serialize;

use super::client::{Client, ClientState};
use super::server::{Server, Tagged};

/// A message. Clients number their operations, and know by the number what an answer belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// To the servers: what have you?
    Query {
        /// The number of the operation.
        number: usize,
    },
    /// To the client: this.
    Report {
        /// The number of the operation.
        number: usize,
        /// What the server has.
        has: Tagged,
    },
    /// To the servers: store this.
    Store {
        /// The number of the operation.
        number: usize,
        /// What is to be stored.
        tagged: Tagged,
    },
    /// To the client: I have this, or something newer.
    Stored {
        /// The number of the operation.
        number: usize,
    },
}

/// A client feels like beginning its next operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Invoke;

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It keeps a copy.
    Server(Server),
    /// It writes or reads.
    Client(Client),
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a server: what it has.
    Server(Tagged),
    /// Of a client.
    Client(ClientState),
}

impl State {
    /// The state of a client.
    pub fn client(&self) -> Option<&ClientState> {
        match self {
            Self::Client(me) => Some(me),
            Self::Server(_) => None,
        }
    }
}

rename! {
    enum Msg { Query { number }, Report { number, has }, Store { number, tagged }, Stored { number } }
    nobody in Invoke
    enum State { Server(tagged), Client(state) }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Invoke;
    type State = State;
    type Storage = Tagged;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<Tagged>, o: &mut Out<Self>) -> State {
        match self {
            Self::Server(_) => State::Server(storage.unwrap_or_default()),
            Self::Client(client) => State::Client(client.wait(1, o)),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, &**state) {
            (Self::Server(server), State::Server(before)) => {
                let mut me = *before;
                server.receive(&mut me, src, &msg, o);
                *state = Cow::Owned(State::Server(me));
            }
            (Self::Client(client), State::Client(me)) => {
                if let Some((after, _)) = client.receive(me, src, &msg, o) {
                    *state = Cow::Owned(State::Client(after));
                }
            }
            (Self::Server(_) | Self::Client(_), _) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, Invoke: &Invoke, o: &mut Out<Self>) {
        if let (Self::Client(client), State::Client(me)) = (self, &**state) {
            *state = Cow::Owned(State::Client(client.invoke(me.number, o)));
        }
    }
}
