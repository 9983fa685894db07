//! The caller: its breaker, and its calls under way.

use std::collections::BTreeMap;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::member::{Member, Msg, Timer};
use super::{Deviation, Params};

/// A breaker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Breaker {
    /// Calls go through.
    Closed {
        /// How many have failed in succession.
        failures: usize,
    },
    /// None does.
    Open,
    /// One does.
    HalfOpen,
}

/// A call under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Call {
    /// Whether it is the one that was let through to see how the service is.
    pub is_probe: bool,
}

/// The caller's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct CallerState {
    /// The breaker.
    pub breaker: Breaker,
    /// The calls under way, by number. A number is used again once its call is answered.
    pub calls: BTreeMap<usize, Call>,
}

impl CallerState {
    /// How many calls are under way that were let through to see how the service is.
    pub fn probes(&self) -> usize {
        self.calls.values().filter(|call| call.is_probe).count()
    }
}

/// The caller.
#[derive(Clone, Debug)]
pub struct Caller {
    pub(super) service: Id,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

impl Caller {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    pub(super) fn start(&self, o: &mut Out<Member>) -> CallerState {
        (0..self.params.calls).for_each(|number| o.set_timer(Timer::Call(number), model_timeout()));
        CallerState { breaker: Breaker::Closed { failures: 0 }, calls: BTreeMap::new() }
    }

    /// What a call is that is made now, if one may be made.
    fn may_call(&self, me: &CallerState) -> Option<Call> {
        match me.breaker {
            Breaker::Closed { .. } => Some(Call { is_probe: false }),
            Breaker::Open => self.breaks(Deviation::CallWhileOpen).then_some(Call { is_probe: false }),
            Breaker::HalfOpen => {
                let is_free = me.probes() == 0 || self.breaks(Deviation::TwoProbes);
                is_free.then_some(Call { is_probe: true })
            }
        }
    }

    /// It wants to make a call. If it may not, that fails at once, and it will want to again.
    pub(super) fn call(&self, me: &mut CallerState, number: usize, o: &mut Out<Member>) {
        match self.may_call(me) {
            Some(call) => {
                me.calls.insert(number, call);
                o.send(self.service, Msg::Call(number));
            }
            None => o.set_timer(Timer::Call(number), model_timeout()),
        }
    }

    /// An answer counts where the breaker is closed, and where it is the one that was waited for.
    pub(super) fn answered(&self, me: &mut CallerState, number: usize, is_well: bool, o: &mut Out<Member>) {
        let Some(call) = me.calls.remove(&number) else { return };
        o.set_timer(Timer::Call(number), model_timeout());
        match (me.breaker, is_well) {
            (Breaker::Closed { .. }, true) => me.breaker = Breaker::Closed { failures: 0 },
            (Breaker::Closed { failures }, false) => self.fail(me, failures + 1, o),
            (Breaker::HalfOpen, true) if call.is_probe || self.breaks(Deviation::LateCloses) => {
                me.breaker = Breaker::Closed { failures: 0 };
            }
            (Breaker::HalfOpen, false) if call.is_probe => self.open(me, o),
            (Breaker::HalfOpen | Breaker::Open, _) => {}
        }
    }

    fn fail(&self, me: &mut CallerState, failures: usize, o: &mut Out<Member>) {
        if failures >= self.params.threshold && !self.breaks(Deviation::NeverOpens) {
            self.open(me, o);
        } else {
            me.breaker = Breaker::Closed { failures: failures.min(self.params.threshold) };
        }
    }

    fn open(&self, me: &mut CallerState, o: &mut Out<Member>) {
        let is_again = me.breaker == Breaker::HalfOpen;
        me.breaker = Breaker::Open;
        let is_forgotten = is_again && self.breaks(Deviation::ForgetProbe);
        if !is_forgotten && !self.breaks(Deviation::NeverHalfOpen) {
            o.set_timer(Timer::HalfOpen, model_timeout());
        }
    }

    /// It has been open for a while.
    pub(super) fn half_open(me: &mut CallerState) {
        me.breaker = Breaker::HalfOpen;
    }
}
