//! The caller and the service as one actor.

use std::borrow::Cow;

use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::breaker::{Caller, CallerState};

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// A call, by its number.
    Call(usize),
    /// Its answer.
    Answer {
        /// The number of the call.
        number: usize,
        /// Whether it has succeeded.
        is_well: bool,
    },
}

/// What the caller comes to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// It wants to make a call with this number.
    Call(usize),
    /// The breaker has been open for a while.
    HalfOpen,
}

/// How a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Health {
    /// Calls succeed.
    Well,
    /// Calls fail.
    Sick,
}

/// The service's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ServiceState {
    /// How it is.
    pub health: Health,
    /// How often it will fall sick at most.
    pub outages: usize,
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It calls.
    Caller(Caller),
    /// It is called.
    Service {
        /// How often it falls sick at most.
        outages: usize,
    },
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of the caller.
    Caller(CallerState),
    /// Of the service.
    Service(ServiceState),
}

/// A service that is sick gets well; one that is well may fall sick.
fn go_on(me: ServiceState, o: &mut Out<Member>) {
    match me {
        ServiceState { health: Health::Sick, .. } => o.choose_random("falls or gets", vec![Health::Well]),
        ServiceState { outages: 0, .. } => {}
        ServiceState { .. } => o.choose_random("falls or gets", vec![Health::Sick]),
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = ();
    /// How the service is from now on.
    type Random = Health;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Caller(caller) => State::Caller(caller.start(o)),
            Self::Service { outages } => {
                let me = ServiceState { health: Health::Well, outages: *outages };
                go_on(me, o);
                State::Service(me)
            }
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, &**state, msg) {
            (Self::Caller(caller), State::Caller(before), Msg::Answer { number, is_well }) => {
                let mut me = before.clone();
                caller.answered(&mut me, number, is_well, o);
                *state = Cow::Owned(State::Caller(me));
            }
            (Self::Service { .. }, State::Service(me), Msg::Call(number)) => {
                o.send(src, Msg::Answer { number, is_well: me.health == Health::Well });
            }
            (Self::Caller(_) | Self::Service { .. }, ..) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        if let (Self::Caller(caller), State::Caller(before)) = (self, &**state) {
            let mut me = before.clone();
            match timer {
                Timer::Call(number) => caller.call(&mut me, *number, o),
                Timer::HalfOpen => Caller::half_open(&mut me),
            }
            *state = Cow::Owned(State::Caller(me));
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, health: &Health, o: &mut Out<Self>) {
        if let State::Service(before) = **state {
            let outages = before.outages - usize::from(*health == Health::Sick);
            let me = ServiceState { health: *health, outages };
            go_on(me, o);
            *state = Cow::Owned(State::Service(me));
        }
    }
}
