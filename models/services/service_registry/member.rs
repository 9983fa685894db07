//! Instances and the registry, and all members as one actor.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Duration;

use quorate::model::Deviations;
use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::client::{Client, ClientState};
use super::{Deviation, Params};

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Instance to registry: I am there, and for the first time since I started.
    Register,
    /// Instance to registry: I am still there.
    Heartbeat,
    /// Client to registry: who is there?
    Lookup,
    /// To the client: these.
    List(BTreeSet<Id>),
    /// Client to instance: do something.
    Call,
    /// To the client: it is done.
    Answer,
}

/// What fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// An instance has its heartbeat.
    Beat,
    /// The entry of this instance ends.
    Expire(Id),
    /// The client asks for the list.
    Refresh,
    /// The client gives a call up.
    GiveUp,
}

/// A span of so many ticks.
pub(super) fn exactly(ticks: usize) -> Range<Duration> {
    let span = Duration::from_millis(ticks as u64);
    span..span
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It serves.
    Instance(Instance),
    /// It knows who serves.
    Registry(Registry),
    /// It is served.
    Client(Client),
}

/// An instance of a service.
#[derive(Clone, Debug)]
pub struct Instance {
    pub(super) registry: Id,
    pub(super) beat: usize,
}

impl Instance {
    fn beat(&self, message: Msg, o: &mut Out<Member>) {
        o.send(self.registry, message);
        o.set_timer(Timer::Beat, exactly(self.beat));
    }
}

/// The registry.
#[derive(Clone, Debug)]
pub struct Registry {
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

impl Registry {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// Entries on disk get a lease of full length: nobody knows how long the registry was down.
    fn start(&self, listed: BTreeSet<Id>, o: &mut Out<Member>) -> BTreeSet<Id> {
        if !self.breaks(Deviation::LeasesForgotten) {
            listed.iter().for_each(|instance| self.lease(*instance, o));
        }
        listed
    }

    fn lease(&self, instance: Id, o: &mut Out<Member>) {
        if !self.breaks(Deviation::NoLease) {
            o.set_timer(Timer::Expire(instance), exactly(self.params.lease));
        }
    }

    /// Any heartbeat registers: the registry may have lost the entry, or ended it for nothing.
    fn hear(&self, listed: &mut BTreeSet<Id>, instance: Id, is_first: bool, o: &mut Out<Member>) {
        let is_listed = listed.contains(&instance);
        if !is_listed && !is_first && self.breaks(Deviation::RegisterOnce) {
            return;
        }
        if !is_listed || !self.breaks(Deviation::NotRenewed) {
            self.lease(instance, o);
        }
        listed.insert(instance);
        self.save(listed, o);
    }

    fn save(&self, listed: &BTreeSet<Id>, o: &mut Out<Member>) {
        if self.params.durable {
            o.save(listed.clone());
        }
    }
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of an instance: nothing.
    Instance,
    /// Of the registry: who is listed.
    Registry(BTreeSet<Id>),
    /// Of the client.
    Client(ClientState),
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    /// What the registry has on disk.
    type Storage = BTreeSet<Id>;
    /// The instance that the client calls.
    type Random = Id;

    fn on_start(&self, _: Id, storage: &Option<BTreeSet<Id>>, o: &mut Out<Self>) -> State {
        match self {
            Self::Instance(instance) => {
                instance.beat(Msg::Register, o);
                State::Instance
            }
            Self::Registry(registry) => State::Registry(registry.start(storage.clone().unwrap_or_default(), o)),
            Self::Client(client) => State::Client(client.start(o)),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut(), msg) {
            (Self::Instance(_), State::Instance, Msg::Call) => o.send(src, Msg::Answer),
            (Self::Registry(_), State::Registry(listed), Msg::Lookup) => o.send(src, Msg::List(listed.clone())),
            (Self::Registry(registry), State::Registry(listed), message @ (Msg::Register | Msg::Heartbeat)) => {
                registry.hear(listed, src, message == Msg::Register, o);
            }
            (Self::Client(client), State::Client(me), Msg::List(listed)) => client.hear(me, listed, o),
            (Self::Client(client), State::Client(me), Msg::Answer) => client.answered(me, o),
            (Self::Instance(_) | Self::Registry(_) | Self::Client(_), ..) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match (self, state.to_mut(), timer) {
            (Self::Instance(instance), State::Instance, Timer::Beat) => instance.beat(Msg::Heartbeat, o),
            (Self::Registry(registry), State::Registry(listed), Timer::Expire(instance)) => {
                listed.remove(instance);
                registry.save(listed, o);
            }
            (Self::Client(client), State::Client(_), Timer::Refresh) => client.look_up(o),
            (Self::Client(client), State::Client(me), Timer::GiveUp) => client.give_up(me, o),
            (Self::Instance(_) | Self::Registry(_) | Self::Client(_), ..) => {}
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, instance: &Id, o: &mut Out<Self>) {
        if let (Self::Client(client), State::Client(me)) = (self, state.to_mut()) {
            client.call(me, *instance, o);
        }
    }
}
