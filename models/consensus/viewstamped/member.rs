//! Replicas and clients as one actor.

use std::borrow::Cow;

use quorate::{Actor, Id, Out, rename};
use serde::Serialize;

use super::message::{Msg, View};
use super::replica::{Replica, ReplicaState};

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It replicates.
    Replica(Replica),
    /// It asks.
    Client(Client),
}

/// A client, which has one request open at a time (section 4: "clients ... have one outstanding request").
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

/// What outlives a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Stored {
    /// Of a replica.
    Replica {
        /// How often it has started.
        incarnation: usize,
        /// Its view, if it keeps that on disk; else 0.
        view: View,
    },
    /// Of a client: its request-number. When it comes back it repeats the request: one that gave the number to another
    /// would have that taken for the first.
    Client {
        /// The number of its open request.
        request: usize,
    },
}

/// What may happen to a replica at any moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// It has not heard of the primary for too long, as it thinks.
    ViewChange,
}

rename! {
    enum State { Replica(me), Client { request } }
    nobody in Stored
    nobody in Timer
}

impl Client {
    /// Section 4.1, 1: a client asks all replicas: one that is not the primary drops it. What it repeats without an
    /// answer is the same message.
    fn ask(&self, request: usize, o: &mut Out<Member>) -> State {
        o.save(Stored::Client { request });
        if request <= self.operations {
            o.broadcast(&self.replicas, &Msg::Request { request, reads: self.reads });
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
            (Self::Replica(replica), Some(Stored::Replica { incarnation, view })) => {
                State::Replica(replica.recover(*incarnation, *view, o))
            }
            (Self::Replica(replica), _) => State::Replica(replica.start(o)),
            (Self::Client(client), Some(Stored::Client { request })) => client.ask(*request, o),
            (Self::Client(client), _) => client.ask(1, o),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, &**state) {
            (Self::Replica(replica), State::Replica(before)) => {
                let mut me = before.clone();
                replica.receive(&mut me, src, msg, o);
                replica.set_timer(&me, o);
                *state = Cow::Owned(State::Replica(me));
            }
            (Self::Client(client), State::Client { request: open }) => {
                if matches!(msg, Msg::Reply { request, .. } if request == *open) {
                    *state = Cow::Owned(client.ask(open + 1, o));
                }
            }
            (Self::Replica(_) | Self::Client(_), _) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, Timer::ViewChange: &Timer, o: &mut Out<Self>) {
        if let (Self::Replica(replica), State::Replica(before)) = (self, &**state) {
            let mut me = before.clone();
            replica.begin_view_change(&mut me, before.view + 1, o);
            replica.set_timer(&me, o);
            *state = Cow::Owned(State::Replica(me));
        }
    }
}
