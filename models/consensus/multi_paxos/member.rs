//! Replicas and clients as one actor.

use std::borrow::Cow;

use quorate::{Actor, Id, Out, rename};
use serde::Serialize;

use super::message::Msg;
use super::replica::{Durable, Replica, ReplicaState};

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It replicates.
    Replica(Replica),
    /// It asks.
    Client(Client),
}

/// A client, which has one request open at a time.
#[derive(Clone, Debug)]
pub struct Client {
    /// Whom it asks.
    pub(super) replicas: Vec<Id>,
    /// How many requests it makes.
    pub(super) operations: usize,
    /// Whether they are reads.
    pub(super) reads: bool,
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a replica.
    Replica(ReplicaState),
    /// Of a client.
    Client {
        /// The number of its open request, from 1; one more than it makes when all are answered.
        request: usize,
    },
}

impl State {
    /// The state of a replica.
    pub fn replica(&self) -> Option<&ReplicaState> {
        match self {
            Self::Replica(me) => Some(me),
            Self::Client { .. } => None,
        }
    }
}

/// What outlives a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Stored {
    /// Of a replica.
    Replica(Durable),
    /// Of a client: the number of its open request.
    Client {
        /// The number.
        request: usize,
    },
}

/// A replica thinks that there is no leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Lead;

rename! {
    enum State { Replica(me), Client { request } }
    enum Stored { Replica(durable), Client { request } }
    nobody in Lead
}

impl Client {
    /// A client asks all replicas: one that does not lead does nothing. What it repeats is the same message.
    fn ask(&self, request: usize, o: &mut Out<Member>) -> State {
        o.save(Stored::Client { request });
        if request <= self.operations {
            o.broadcast(&self.replicas, &Msg::Request { number: request, reads: self.reads });
        }
        State::Client { request }
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Lead;
    type State = State;
    type Storage = Stored;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<Stored>, o: &mut Out<Self>) -> State {
        match (self, storage) {
            (Self::Replica(replica), Some(Stored::Replica(durable))) => {
                State::Replica(replica.start(durable.clone(), o))
            }
            (Self::Replica(replica), _) => {
                o.save(Stored::Replica(replica.first()));
                State::Replica(replica.start(replica.first(), o))
            }
            (Self::Client(client), Some(Stored::Client { request })) => client.ask(*request, o),
            (Self::Client(client), _) => client.ask(1, o),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, &**state) {
            (Self::Replica(replica), State::Replica(before)) => {
                let mut me = before.clone();
                replica.receive(&mut me, src, msg, o);
                replica.finish(before, &me, o);
                *state = Cow::Owned(State::Replica(me));
            }
            (Self::Client(client), State::Client { request: open }) => {
                if matches!(msg, Msg::Reply { number, .. } if number == *open) {
                    *state = Cow::Owned(client.ask(open + 1, o));
                }
            }
            (Self::Replica(_) | Self::Client(_), _) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, Lead: &Lead, o: &mut Out<Self>) {
        if let (Self::Replica(replica), State::Replica(before)) = (self, &**state) {
            let mut me = before.clone();
            replica.lead(&mut me, o);
            replica.finish(before, &me, o);
            *state = Cow::Owned(State::Replica(me));
        }
    }
}
