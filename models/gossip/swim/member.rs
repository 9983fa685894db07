//! A member: it pings one other in each period, suspects who does not answer, and refutes what is said of it.

use std::borrow::Cow;
use std::time::Duration;

use quorate::model::Deviations;
use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::view::{Opinion, View};
use super::{Deviation, Sizes};

/// What travels. What its sender believes rides on it: section 4.1.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Msg {
    /// What it says.
    pub says: Says,
    /// What its sender believes.
    pub view: View,
}

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Says {
    /// Are you there?
    Ping {
        /// Who asks; another than the sender where the sender asks for it.
        by: Id,
    },
    /// Ask that one for me.
    PingReq {
        /// Whom.
        target: Id,
    },
    /// That one is there.
    Ack {
        /// Who is.
        target: Id,
        /// Who has asked.
        by: Id,
    },
}

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// A period begins.
    Period,
    /// No answer has come.
    Unanswered,
    /// Nobody has refuted the suspicion of that one.
    Confirm(Id),
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct MemberState {
    /// What it believes.
    pub view: View,
    /// Whom it has asked in this period, if it waits for an answer.
    pub awaiting: Option<Id>,
    /// Whether it has asked others to ask that one.
    pub indirectly: bool,
    /// Whom it asked last.
    pub asked_last: Id,
}

/// A member.
#[derive(Clone, Debug)]
pub struct Member {
    pub(super) id: Id,
    pub(super) sizes: Sizes,
    pub(super) deviations: Deviations<Deviation>,
}

fn ticks(count: usize) -> std::ops::Range<Duration> {
    let duration = Duration::from_millis(count as u64);
    duration..duration
}

impl Member {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    fn send(&self, me: &MemberState, to: Id, says: Says, out: &mut Out<Self>) {
        out.send(to, Msg { says, view: me.view.clone() });
    }

    /// The others that it takes for members, the one after `last` first.
    fn others(&self, me: &MemberState, last: Id) -> Vec<Id> {
        let mut others: Vec<Id> = me.view.keys().copied().filter(|id| *id != self.id).collect();
        others.retain(|id| me.view.get(id) != Some(&Opinion::Dead));
        others.sort_by_key(|id| (*id <= last, *id));
        others
    }

    /// Section 3.1, and 4.3: in each period it pings one member, each in its turn.
    fn begin_period(&self, me: &mut MemberState, out: &mut Out<Self>) {
        let Some(&target) = self.others(me, me.asked_last).first() else { return };
        (me.awaiting, me.indirectly, me.asked_last) = (Some(target), false, target);
        self.send(me, target, Says::Ping { by: self.id }, out);
        out.set_timer(Timer::Unanswered, ticks(self.sizes.timeout));
    }

    fn end_period(&self, me: &mut MemberState, out: &mut Out<Self>) {
        (me.awaiting, me.indirectly) = (None, false);
        out.cancel_timer(Timer::Unanswered);
        out.set_timer(Timer::Period, ticks(self.sizes.period));
    }

    /// Section 3.1: where no answer comes in time, others are asked to ask; where then none comes, it is suspected.
    fn unanswered(&self, me: &mut MemberState, out: &mut Out<Self>) {
        let Some(target) = me.awaiting else { return };
        let mut helpers = self.others(me, target);
        helpers.retain(|id| *id != target);
        helpers.truncate(self.sizes.helpers);
        if !helpers.is_empty() && !me.indirectly {
            me.indirectly = true;
            helpers.iter().for_each(|helper| self.send(me, *helper, Says::PingReq { target }, out));
            out.set_timer(Timer::Unanswered, ticks(2 * self.sizes.timeout));
            return;
        }
        let believed = me.view[&target];
        let failed = if self.breaks(Deviation::NoSuspicion) { Opinion::Dead } else { believed.suspected() };
        self.believe(me, target, failed, out);
        self.end_period(me, out);
    }

    /// Section 4.2: of two opinions the one with precedence is kept; a suspicion that is not refuted in time is
    /// confirmed.
    fn believe(&self, me: &mut MemberState, of: Id, opinion: Opinion, out: &mut Out<Self>) {
        let is_kept = match me.view.get(&of) {
            Some(believed) => opinion <= *believed && !self.overrides_wrongly(opinion, *believed),
            // Section 4.1: that somebody joins is news as any other.
            None => self.breaks(Deviation::IgnoreUnknown),
        };
        if is_kept {
            return;
        }
        me.view.insert(of, opinion);
        if of == self.id {
            self.refute(me);
        } else if opinion.is_suspicion() && !self.breaks(Deviation::NeverConfirm) {
            out.set_timer(Timer::Confirm(of), ticks(self.sizes.suspicion));
        } else {
            out.cancel_timer(Timer::Confirm(of));
        }
    }

    fn overrides_wrongly(&self, opinion: Opinion, believed: Opinion) -> bool {
        let clears = self.breaks(Deviation::AliveClears) && believed.is_suspicion() && believed == opinion.suspected();
        clears || self.breaks(Deviation::DeadRevives) && believed == Opinion::Dead
    }

    /// Whom it knows at first: all that are there, or, where it joins, one of them and itself.
    fn known(&self) -> Vec<Id> {
        let there = self.sizes.members - self.sizes.joiners;
        if usize::from(self.id) < there { Id::vec_from(0..there) } else { vec![Id::from(0), self.id] }
    }

    /// Section 4.2: who hears that it is suspected says that it is alive, in a higher incarnation. Here it does so a
    /// number of times.
    fn refute(&self, me: &mut MemberState) {
        if let Opinion::In { incarnation, suspected: true } = me.view[&self.id]
            && usize::from(incarnation) < self.sizes.refutations
        {
            let incarnation = incarnation + u8::from(!self.breaks(Deviation::SameIncarnation));
            me.view.insert(self.id, Opinion::In { incarnation, suspected: false });
        }
    }

    fn hear(&self, me: &mut MemberState, src: Id, says: Says, out: &mut Out<Self>) {
        match says {
            Says::Ping { by } => self.send(me, src, Says::Ack { target: self.id, by }, out),
            Says::PingReq { target } => self.send(me, target, Says::Ping { by: src }, out),
            Says::Ack { target, by } if by != self.id => self.send(me, by, Says::Ack { target, by }, out),
            Says::Ack { target, .. } if me.awaiting == Some(target) => self.end_period(me, out),
            Says::Ack { .. } => {}
        }
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = MemberState;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, out: &mut Out<Self>) -> MemberState {
        out.set_timer(Timer::Period, ticks(self.sizes.period));
        let view = self.known().into_iter().map(|id| (id, Opinion::ALIVE)).collect();
        MemberState { view, awaiting: None, indirectly: false, asked_last: id }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, MemberState>, src: Id, msg: Msg, out: &mut Out<Self>) {
        let me = state.to_mut();
        if me.view[&self.id] == Opinion::Dead {
            return;
        }
        msg.view.iter().for_each(|(of, opinion)| self.believe(me, *of, *opinion, out));
        self.hear(me, src, msg.says, out);
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, MemberState>, timer: &Timer, out: &mut Out<Self>) {
        let me = state.to_mut();
        if me.view[&self.id] == Opinion::Dead {
            return;
        }
        match *timer {
            Timer::Period => self.begin_period(me, out),
            Timer::Unanswered => self.unanswered(me, out),
            Timer::Confirm(of) => self.believe(me, of, Opinion::Dead, out),
        }
    }
}
