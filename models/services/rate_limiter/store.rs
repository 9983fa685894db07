//! The store: what it has counted, and what it lets through.

use std::time::Duration;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;

use super::member::{Member, Msg, Timer};
use super::{Algorithm, Deviation, Params};

/// The store's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct StoreState {
    /// Of what was let through, how many ticks ago, the last first. What is a window ago is forgotten: this is the log,
    /// and what the claims are about.
    pub log: Vec<usize>,
    /// The counter of this window, as far as there is a difference.
    pub counter: usize,
    /// The tokens in the bucket.
    pub tokens: usize,
}

impl StoreState {
    /// A tick has passed.
    pub(super) fn grow_older(&mut self, window: usize) {
        self.log.iter_mut().for_each(|ago| *ago += 1);
        self.log.retain(|ago| *ago < window);
    }
}

/// The store.
#[derive(Clone, Debug)]
pub struct Store {
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

impl Store {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    pub(super) fn start(&self, o: &mut Out<Member>) -> StoreState {
        let mut me = StoreState::default();
        if self.params.algorithm == Algorithm::TokenBucket {
            me.tokens = self.params.limit;
            self.await_token(o);
        }
        me
    }

    fn after(ticks: usize, timer: Timer, o: &mut Out<Member>) {
        let duration = Duration::from_millis(ticks as u64);
        o.set_timer(timer, duration..duration);
    }

    fn await_token(&self, o: &mut Out<Member>) {
        Self::after(self.params.window / self.params.limit, Timer::Token, o);
    }

    /// Whether one more may be let through.
    pub(super) fn has_room(&self, me: &StoreState) -> bool {
        match self.params.algorithm {
            Algorithm::FixedWindow => me.counter < self.params.limit,
            Algorithm::SlidingLog => {
                let window = self.params.window - usize::from(self.breaks(Deviation::ShortLog));
                me.log.iter().filter(|ago| **ago < window).count() < self.params.limit
            }
            Algorithm::TokenBucket => me.tokens > 0,
        }
    }

    pub(super) fn receive(&self, me: &mut StoreState, src: Id, msg: Msg, o: &mut Out<Member>) {
        match msg {
            Msg::Take if self.has_room(me) => self.let_through(me, src, o),
            Msg::Take => o.send(src, Msg::Taken { is_first: false }),
            Msg::Look => o.send(src, Msg::Seen { has_room: self.has_room(me) }),
            Msg::Count => self.let_through(me, src, o),
            Msg::Expire => Self::after(self.params.window, Timer::Window, o),
            Msg::Taken { .. } | Msg::Seen { .. } => {}
        }
    }

    /// It is counted, and what is counted first has the counter expire.
    fn let_through(&self, me: &mut StoreState, src: Id, o: &mut Out<Member>) {
        me.log.insert(0, 0);
        match self.params.algorithm {
            Algorithm::FixedWindow => {
                me.counter += 1;
                if me.counter == 1 && !self.breaks(Deviation::ExpireApart) {
                    Self::after(self.params.window, Timer::Window, o);
                }
            }
            Algorithm::SlidingLog => {}
            Algorithm::TokenBucket => me.tokens = me.tokens.saturating_sub(1),
        }
        o.send(src, Msg::Taken { is_first: me.counter == 1 });
    }

    pub(super) fn time_out(&self, me: &mut StoreState, timer: Timer, o: &mut Out<Member>) {
        match timer {
            Timer::Window => me.counter = 0,
            Timer::Token => {
                let more = if self.breaks(Deviation::FillUp) { self.params.limit } else { 1 };
                me.tokens = (me.tokens + more).min(self.params.limit);
                self.await_token(o);
            }
            Timer::Request => {}
        }
    }
}
