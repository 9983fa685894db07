//! Servers and store as one actor, and what they say to one another.

use std::borrow::Cow;

use quorate::model::Deviations;
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::Deviation;
use super::store::{Store, StoreState};

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Server to store, one script: let one through if there is room, and count it.
    Take,
    /// Server to store: is there room?
    Look,
    /// Server to store: one was let through.
    Count,
    /// Server to store: the counter is to expire.
    Expire,
    /// To the server: it is done.
    Taken {
        /// Whether one is what the counter says.
        is_first: bool,
    },
    /// To the server.
    Seen {
        /// Whether there is room.
        has_room: bool,
    },
}

/// What comes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// A server is asked.
    Request,
    /// The counter expires.
    Window,
    /// A token comes into the bucket.
    Token,
}

/// A server's memory: whether it waits for the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ServerState {
    /// It can be asked.
    Idle,
    /// It has asked the store.
    Asking,
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It is asked, one after the other.
    Server {
        /// Whom it asks.
        store: Id,
        /// What it does wrongly.
        deviations: Deviations<Deviation>,
    },
    /// It counts.
    Store(Store),
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a server.
    Server(ServerState),
    /// Of the store.
    Store(StoreState),
}

fn idle(o: &mut Out<Member>) -> ServerState {
    o.set_timer(Timer::Request, model_timeout());
    ServerState::Idle
}

fn answered(store: Id, deviations: Deviations<Deviation>, msg: Msg, o: &mut Out<Member>) -> Option<ServerState> {
    match msg {
        Msg::Seen { has_room: true } => {
            o.send(store, Msg::Count);
            Some(ServerState::Asking)
        }
        Msg::Seen { has_room: false } => Some(idle(o)),
        Msg::Taken { is_first } => {
            if is_first && deviations.has(Deviation::ExpireApart) {
                o.send(store, Msg::Expire);
            }
            Some(idle(o))
        }
        Msg::Take | Msg::Look | Msg::Count | Msg::Expire => None,
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Server { .. } => State::Server(idle(o)),
            Self::Store(store) => State::Store(store.start(o)),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, &**state) {
            (Self::Server { store, deviations }, State::Server(ServerState::Asking)) => {
                if let Some(next) = answered(*store, *deviations, msg, o) {
                    *state = Cow::Owned(State::Server(next));
                }
            }
            (Self::Store(store), State::Store(before)) => {
                let mut me = before.clone();
                store.receive(&mut me, src, msg, o);
                *state = Cow::Owned(State::Store(me));
            }
            (Self::Server { .. } | Self::Store(_), _) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match (self, &**state) {
            (Self::Server { store, deviations }, State::Server(ServerState::Idle)) => {
                let asks = if deviations.has(Deviation::LookThenCount) { Msg::Look } else { Msg::Take };
                o.send(*store, asks);
                *state = Cow::Owned(State::Server(ServerState::Asking));
            }
            (Self::Store(store), State::Store(before)) => {
                let mut me = before.clone();
                store.time_out(&mut me, *timer, o);
                *state = Cow::Owned(State::Store(me));
            }
            (Self::Server { .. } | Self::Store(_), _) => {}
        }
    }
}
