//! A service: one step of the saga and its compensation, each a transaction of its own.

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;

use super::Deviation;
use super::member::{Answer, Member, Msg, Saved};

/// A service's memory: all of it is in its database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ServiceState {
    /// Whether it can do the step, once that is settled: there are rooms left, or not.
    pub able: Option<bool>,
    /// What it last answered, by which it knows a request again.
    pub answered: Option<Answer>,
    /// How often the step has taken effect.
    pub done: u8,
    /// How often its compensation has.
    pub undone: u8,
    /// Whether readers need not wait for the saga any more.
    pub released: bool,
}

impl ServiceState {
    /// Whether the step has an effect that was not taken back.
    pub fn is_in_effect(&self) -> bool {
        self.done > self.undone
    }
}

/// A service.
#[derive(Clone, Debug)]
pub struct Service {
    pub(super) locks: bool,
    pub(super) deviations: Deviations<Deviation>,
}

impl Service {
    const ABLE: &'static str = "is able to";

    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    pub(super) fn start(&self, stored: Option<&ServiceState>, o: &mut Out<Member>) -> ServiceState {
        let me = stored.cloned().unwrap_or_default();
        if me.able.is_none() && me.answered.is_none() {
            o.choose_random(Self::ABLE, vec![true, false]);
        }
        me
    }

    pub(super) fn settle(me: &mut ServiceState, able: bool, o: &mut Out<Member>) {
        me.able = Some(able);
        o.save(Saved::Service(me.clone()));
    }

    pub(super) fn receive(&self, me: &mut ServiceState, src: Id, msg: &Msg, o: &mut Out<Member>) {
        match msg {
            Msg::Do => self.step(me, src, o),
            Msg::Undo => self.compensate(me, src, o),
            Msg::Release if me.is_in_effect() && !me.released => {
                me.released = true;
                o.save(Saved::Service(me.clone()));
            }
            Msg::Read => self.read(me, src, o),
            Msg::Release | Msg::Answer(_) | Msg::Value(_) => {}
        }
    }

    /// The step, if it was not asked for before, and can be done. What was taken back is not done any more.
    fn step(&self, me: &mut ServiceState, src: Id, o: &mut Out<Member>) {
        let may_do = match me.answered {
            None => me.able,
            Some(Answer::Done) => Some(self.breaks(Deviation::DoAgain)),
            Some(Answer::Refused) => Some(false),
            Some(Answer::Undone) => Some(self.breaks(Deviation::TakeLate)),
        };
        // It waits until it is settled.
        let Some(may_do) = may_do else { return };
        if may_do {
            me.done += 1;
            me.answered = Some(Answer::Done);
        } else if me.answered.is_none() {
            me.answered = Some(Answer::Refused);
        }
        o.save(Saved::Service(me.clone()));
        let answer = if me.answered == Some(Answer::Done) { Answer::Done } else { Answer::Refused };
        o.send(src, Msg::Answer(answer));
    }

    /// The compensation takes back what was done, if anything was, and is remembered in each case.
    fn compensate(&self, me: &mut ServiceState, src: Id, o: &mut Out<Member>) {
        let has_effect = match me.answered {
            Some(Answer::Done) => true,
            None | Some(Answer::Refused) => self.breaks(Deviation::UndoNothing),
            Some(Answer::Undone) => me.undone > 0 && self.breaks(Deviation::UndoAgain),
        };
        if has_effect {
            me.undone += 1;
        }
        me.answered = Some(Answer::Undone);
        o.remove_random(Self::ABLE);
        o.save(Saved::Service(me.clone()));
        o.send(src, Msg::Answer(Answer::Undone));
    }

    /// Whoever reads sees what is there, as soon as it may.
    fn read(&self, me: &ServiceState, src: Id, o: &mut Out<Member>) {
        let must_wait = self.locks && me.is_in_effect() && !me.released;
        if !must_wait {
            o.send(src, Msg::Value(me.is_in_effect()));
        }
    }
}
