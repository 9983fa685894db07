//! The orchestrator, the services and readers as one actor, and what they say to one another.

use std::borrow::Cow;

use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::orchestrator::{Orchestrator, OrchestratorState, Phase};
use super::service::{Service, ServiceState};

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// To a service: do your step.
    Do,
    /// To a service: take your step back.
    Undo,
    /// To a service: the saga is done.
    Release,
    /// From a service to the orchestrator.
    Answer(Answer),
    /// From a reader to a service.
    Read,
    /// To a reader: whether the step is in effect.
    Value(bool),
}

/// What a service answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Answer {
    /// The step is done.
    Done,
    /// The step is not done, and will not be.
    Refused,
    /// The step is taken back, and will not be done.
    Undone,
}

/// What the orchestrator comes to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// No answer has come, and it asks again.
    Again,
    /// No answer has come, and it gives the saga up.
    GiveUp,
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It has the saga carried out.
    Orchestrator(Orchestrator),
    /// It does a step.
    Service(Service),
    /// It reads once, and has nothing to do with the saga.
    Reader {
        /// Where it reads.
        at: Id,
    },
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of the orchestrator.
    Orchestrator(OrchestratorState),
    /// Of a service.
    Service(ServiceState),
    /// Of a reader: what it has read.
    Reader(Option<bool>),
}

/// What a member has on disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Saved {
    /// The log of the orchestrator: its last record.
    Orchestrator(Phase),
    /// The database of a service.
    Service(ServiceState),
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Saved;
    /// Whether a service is able to do its step.
    type Random = bool;

    fn on_start(&self, _: Id, storage: &Option<Saved>, o: &mut Out<Self>) -> State {
        match (self, storage) {
            (Self::Orchestrator(it), Some(Saved::Orchestrator(phase))) => State::Orchestrator(it.start(Some(phase), o)),
            (Self::Orchestrator(it), _) => State::Orchestrator(it.start(None, o)),
            (Self::Service(it), Some(Saved::Service(me))) => State::Service(it.start(Some(me), o)),
            (Self::Service(it), _) => State::Service(it.start(None, o)),
            (Self::Reader { at }, _) => {
                o.send(*at, Msg::Read);
                State::Reader(None)
            }
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, &**state, msg) {
            (Self::Orchestrator(it), State::Orchestrator(me), Msg::Answer(answer)) => {
                if let Some(next) = it.hear(me, usize::from(src), answer, o) {
                    *state = Cow::Owned(State::Orchestrator(next));
                }
            }
            (Self::Service(it), State::Service(before), msg) => {
                let mut me = before.clone();
                it.receive(&mut me, src, &msg, o);
                *state = Cow::Owned(State::Service(me));
            }
            (Self::Reader { .. }, State::Reader(None), Msg::Value(value)) => {
                *state = Cow::Owned(State::Reader(Some(value)));
            }
            (Self::Orchestrator(_) | Self::Service(_) | Self::Reader { .. }, ..) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        let (Self::Orchestrator(it), State::Orchestrator(before)) = (self, &**state) else { return };
        let mut me = before.clone();
        match timer {
            Timer::Again => it.ask(&mut me, o),
            Timer::GiveUp => me = it.give_up(before, o).unwrap_or(me),
        }
        *state = Cow::Owned(State::Orchestrator(me));
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, able: &bool, o: &mut Out<Self>) {
        if let State::Service(before) = &**state {
            let mut me = before.clone();
            Service::settle(&mut me, *able, o);
            *state = Cow::Owned(State::Service(me));
        }
    }
}
