//! The client: it has a list, calls an instance of it, and another if that does not answer.

use std::collections::BTreeSet;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;

use super::member::{Member, Msg, Timer, exactly};
use super::{Deviation, Params};

/// The client.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) registry: Id,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

/// The client's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// Whom it may call, as far as it knows.
    pub list: BTreeSet<Id>,
    /// Whom it has called, and waits for.
    pub calls: Option<Id>,
    /// Whether it was answered: it has no more to ask.
    pub is_answered: bool,
}

impl Client {
    /// What is chosen from the list.
    const CALLS: &'static str = "calls";

    pub(super) fn start(&self, o: &mut Out<Member>) -> ClientState {
        self.look_up(o);
        ClientState::default()
    }

    /// Asks for the list, again and again: what it has is what was so some time ago.
    pub(super) fn look_up(&self, o: &mut Out<Member>) {
        o.send(self.registry, Msg::Lookup);
        o.set_timer(Timer::Refresh, exactly(self.params.refresh));
    }

    /// A list takes the place of the one before.
    pub(super) fn hear(&self, me: &mut ClientState, listed: BTreeSet<Id>, o: &mut Out<Member>) {
        if !me.is_answered {
            me.list = listed;
            self.choose(me, o);
        }
    }

    /// Any instance of the list will do.
    fn choose(&self, me: &ClientState, o: &mut Out<Member>) {
        if me.calls.is_none() {
            o.choose_random(Self::CALLS, me.list.iter().copied().collect());
        }
    }

    /// Calls an instance.
    pub(super) fn call(&self, me: &mut ClientState, instance: Id, o: &mut Out<Member>) {
        me.calls = Some(instance);
        o.send(instance, Msg::Call);
        if !self.deviations.has(Deviation::NeverGiveUp) {
            o.set_timer(Timer::GiveUp, exactly(self.params.patience));
        }
    }

    /// No answer has come: whom it called is off its list, until the next.
    pub(super) fn give_up(&self, me: &mut ClientState, o: &mut Out<Member>) {
        if let Some(instance) = me.calls.take() {
            me.list.remove(&instance);
        }
        self.choose(me, o);
    }

    /// It is served, by whomever.
    pub(super) fn answered(&self, me: &mut ClientState, o: &mut Out<Member>) {
        *me = ClientState { is_answered: true, ..ClientState::default() };
        o.cancel_timer(Timer::Refresh);
        o.cancel_timer(Timer::GiveUp);
        o.choose_random(Self::CALLS, Vec::new());
    }
}
