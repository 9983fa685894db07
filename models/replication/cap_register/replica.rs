//! A replica: the requests of its user, and which message is which rule.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use quorate::model::Deviations;
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::copies::{Copy, Version};
use super::{Deviation, Params, Policy};
use crate::replication::register::{Operation, Value};

/// A replica, with a user of its own.
#[derive(Clone, Debug)]
pub struct Replica {
    pub(super) id: Id,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

/// A replica's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ReplicaState {
    /// How many requests its user has made.
    pub asked: usize,
    /// Whether the last of them is open.
    pub is_open: bool,
    /// Whether a request was refused: its user goes away.
    pub has_refused: bool,
    /// What it has of the register.
    pub copy: Copy,
    /// The others that may lack the write of its own that is its copy.
    pub lacking: BTreeSet<Id>,
    /// Of the home: the last request of each other replica, and what that was answered.
    pub served: BTreeMap<Id, (usize, Value)>,
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// To the home: do this.
    Forward {
        /// The number of the request.
        number: usize,
        /// What is asked.
        operation: Operation,
    },
    /// Of the home: done.
    Served {
        /// The number of the request.
        number: usize,
        /// The answer.
        value: Value,
    },
    /// To another replica: this was written.
    Update(Copy),
    /// To its writer: I have this, or something newer.
    Updated(Version),
    /// To the user: the answer. Users are no members: only the observer sees it.
    Answer(Value),
}

/// What fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// The user makes a request.
    Ask,
    /// The home has not answered.
    InVain,
    /// What was sent may be lost.
    Repeat,
}

impl Replica {
    pub(super) fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// What the user asks in the request with this number. Each write has a value of its own.
    pub(super) fn operation(&self, number: usize) -> Operation {
        let user = usize::from(self.id);
        if user < self.params.writers {
            Operation::Write(user * self.params.requests + number)
        } else {
            Operation::Read
        }
    }

    /// The others.
    pub(super) fn peers(&self) -> BTreeSet<Id> {
        (0..self.params.replicas).map(Id::from).filter(|peer| *peer != self.id).collect()
    }

    /// After how long a replica has waited in vain, and repeats what it sent.
    pub(super) fn patience(&self) -> Range<Duration> {
        let ticks = Duration::from_millis(self.params.patience as u64);
        ticks..ticks
    }

    /// The user makes its next request.
    fn ask(&self, me: &mut ReplicaState, o: &mut Out<Self>) {
        me.asked += 1;
        me.is_open = true;
        match self.params.policy {
            Policy::Consistent | Policy::Waiting => self.ask_home(me, o),
            Policy::Available => self.ask_copy(me, o),
        }
    }

    /// The open request is answered.
    pub(super) fn answer(&self, me: &mut ReplicaState, value: Value, o: &mut Out<Self>) {
        me.is_open = false;
        o.send(self.user(), Msg::Answer(value));
        self.await_request(me, o);
    }

    /// The user may make its next request, at any moment.
    fn await_request(&self, me: &ReplicaState, o: &mut Out<Self>) {
        if me.asked < self.params.requests {
            o.set_timer(Timer::Ask, model_timeout());
        }
    }

    /// The id of the user, who is no member.
    pub(super) fn user(&self) -> Id {
        Id::from(self.params.replicas + usize::from(self.id))
    }
}

impl Actor for Replica {
    type Msg = Msg;
    type Timer = Timer;
    type State = ReplicaState;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> ReplicaState {
        let me = ReplicaState::default();
        self.await_request(&me, o);
        me
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, ReplicaState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let me = state.to_mut();
        match msg {
            Msg::Forward { number, operation } => self.serve(me, src, number, operation, o),
            Msg::Served { number, value } => self.served(me, number, value, o),
            Msg::Update(copy) => self.update(me, src, copy, o),
            Msg::Updated(version) => self.updated(me, src, version, o),
            Msg::Answer(_) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, ReplicaState>, timer: &Timer, o: &mut Out<Self>) {
        let me = state.to_mut();
        match timer {
            Timer::Ask => self.ask(me, o),
            Timer::InVain => self.in_vain(me, o),
            Timer::Repeat => self.repeat(me, o),
        }
    }
}

impl Replica {
    /// What nobody has confirmed is sent once more.
    fn repeat(&self, me: &ReplicaState, o: &mut Out<Self>) {
        match self.params.policy {
            Policy::Consistent | Policy::Waiting => self.forward(me, o),
            Policy::Available => self.pass_on(me, o),
        }
    }
}
