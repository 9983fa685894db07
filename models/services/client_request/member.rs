//! Clients, servers and the database as one actor, and what they say to one another.

use std::borrow::Cow;

use quorate::model::Deviations;
use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::Deviation;
use super::client::{Client, ClientState};
use super::database::{Database, DatabaseState, RequestId};

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Client to server: do this.
    Request(RequestId),
    /// Server to client: it is done.
    Reply {
        /// The number of the request.
        number: usize,
    },
    /// Server to database: carry this out.
    Execute {
        /// Whose request it is.
        client: Id,
        /// Its name.
        id: RequestId,
    },
    /// To the server: it is done.
    Executed {
        /// Whose request it is.
        client: Id,
        /// Its number.
        number: usize,
    },
}

/// No answer has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Timer;

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It asks.
    Client(Client),
    /// It passes on.
    Server(Server),
    /// It carries out.
    Database(Database),
}

/// A server, which remembers nothing.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) database: Id,
    pub(super) deviations: Deviations<Deviation>,
}

impl Server {
    /// A request goes to the database, and its client is answered when that has carried it out.
    fn receive(&self, src: Id, msg: Msg, o: &mut Out<Member>) {
        match msg {
            Msg::Request(id) => {
                o.send(self.database, Msg::Execute { client: src, id });
                if self.deviations.has(Deviation::AnswerFirst) {
                    o.send(src, Msg::Reply { number: id.number });
                }
            }
            Msg::Executed { client, number } => o.send(client, Msg::Reply { number }),
            Msg::Reply { .. } | Msg::Execute { .. } => {}
        }
    }
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a client.
    Client(ClientState),
    /// Of a server: nothing.
    Server,
    /// Of the database.
    Database(DatabaseState),
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = DatabaseState;
    /// Which server the balancer takes.
    type Random = Id;

    fn on_start(&self, _: Id, storage: &Option<DatabaseState>, o: &mut Out<Self>) -> State {
        match self {
            Self::Client(client) => State::Client(client.begin(1, o)),
            Self::Server(_) => State::Server,
            Self::Database(_) => State::Database(storage.clone().unwrap_or_default()),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, &**state, msg) {
            (Self::Client(client), State::Client(me), Msg::Reply { number }) if number == me.number => {
                *state = Cow::Owned(State::Client(client.begin(number + 1, o)));
            }
            (Self::Server(server), State::Server, msg) => server.receive(src, msg, o),
            (Self::Database(database), State::Database(before), Msg::Execute { client, id }) => {
                let mut me = before.clone();
                database.execute(&mut me, src, client, id, o);
                *state = Cow::Owned(State::Database(me));
            }
            (Self::Client(_) | Self::Server(_) | Self::Database(_), ..) => {}
        }
    }

    /// No answer has come: the request may be lost, or the answer, or both are slow.
    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, Timer: &Timer, o: &mut Out<Self>) {
        if let (Self::Client(client), State::Client(me)) = (self, &**state) {
            client.balance(me.number, o);
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, server: &Id, o: &mut Out<Self>) {
        if let (Self::Client(client), State::Client(me)) = (self, &**state) {
            *state = Cow::Owned(State::Client(client.send(*me, *server, o)));
        }
    }
}
