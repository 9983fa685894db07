//! The orchestrator: the paper's saga execution component.

use std::collections::BTreeSet;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::member::{Answer, Member, Msg, Saved, Timer};
use super::{Deviation, Params, Recovery};

/// How far a saga is, as the log says it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// The step with this number has begun, and all before it are done.
    Forward(usize),
    /// These steps are still to be taken back. Never none.
    Backward(BTreeSet<usize>),
    /// All steps are done, for good.
    Done,
    /// All that was done has been taken back.
    Compensated,
}

/// The orchestrator's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct OrchestratorState {
    /// How far it is.
    pub phase: Phase,
    /// How often it has asked for what comes next.
    pub asked: usize,
}

/// The orchestrator.
#[derive(Clone, Debug)]
pub struct Orchestrator {
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

impl Orchestrator {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// Sections 4 and 5: after a crash the log says what is to be done. A step that has begun may have been done.
    pub(super) fn start(&self, logged: Option<&Phase>, o: &mut Out<Member>) -> OrchestratorState {
        let phase = match (logged, self.params.recovery) {
            (None, _) => Phase::Forward(1),
            (Some(Phase::Forward(step)), Recovery::Backward) => self.abandon(*step),
            (Some(phase), _) => phase.clone(),
        };
        self.enter(phase, o)
    }

    /// The log is written before anything is asked for.
    fn enter(&self, phase: Phase, o: &mut Out<Member>) -> OrchestratorState {
        self.log(&phase, o);
        let mut me = OrchestratorState { phase, asked: 0 };
        self.ask(&mut me, o);
        if matches!(me.phase, Phase::Forward(_)) && self.params.gives_up {
            o.set_timer(Timer::GiveUp, model_timeout());
        } else {
            o.cancel_timer(Timer::GiveUp);
        }
        me
    }

    fn log(&self, phase: &Phase, o: &mut Out<Member>) {
        if matches!(phase, Phase::Backward(_)) && self.breaks(Deviation::ForgetAbort) {
            return;
        }
        let mut logged = phase.clone();
        if let Phase::Forward(step @ 2..) = &mut logged
            && self.breaks(Deviation::LogLate)
        {
            *step -= 1;
        }
        o.save(Saved::Orchestrator(logged));
    }

    /// What comes next, once more if it has not been asked for too often.
    pub(super) fn ask(&self, me: &mut OrchestratorState, o: &mut Out<Member>) {
        match &me.phase {
            Phase::Forward(step) => o.send(Id::from(*step), Msg::Do),
            Phase::Backward(left) => o.send(Id::from(self.next(left)), Msg::Undo),
            Phase::Done | Phase::Compensated => {
                o.cancel_timer(Timer::Again);
                return self.release(&me.phase, o);
            }
        }
        me.asked += 1;
        if me.asked < self.params.tries && !self.breaks(Deviation::AskOnce) {
            o.set_timer(Timer::Again, model_timeout());
        } else {
            o.cancel_timer(Timer::Again);
        }
    }

    /// Where readers wait, they wait no more.
    fn release(&self, phase: &Phase, o: &mut Out<Member>) {
        if self.params.locks && *phase == Phase::Done {
            (1..=self.params.steps).for_each(|step| o.send(Id::from(step), Msg::Release));
        }
    }

    /// Section 2: Cj comes before the one of each earlier step.
    fn next(&self, left: &BTreeSet<usize>) -> usize {
        let next = if self.breaks(Deviation::FirstFirst) { left.first() } else { left.last() };
        *next.expect("something is left while a saga is taken back")
    }

    /// All is taken back, also the step that has begun and perhaps been done.
    pub(super) fn abandon(&self, begun: usize) -> Phase {
        let is_certain = self.breaks(Deviation::TrustAnswers);
        Self::backward((1..=begun).filter(|step| *step < begun || !is_certain).collect())
    }

    fn backward(left: BTreeSet<usize>) -> Phase {
        if left.is_empty() { Phase::Compensated } else { Phase::Backward(left) }
    }

    /// A saga that is not done is given up.
    pub(super) fn give_up(&self, me: &OrchestratorState, o: &mut Out<Member>) -> Option<OrchestratorState> {
        let Phase::Forward(step) = me.phase else { return None };
        Some(self.enter(self.abandon(step), o))
    }

    /// An answer to what it has asked for last; any other comes too late.
    pub(super) fn hear(
        &self,
        me: &OrchestratorState,
        step: usize,
        answer: Answer,
        o: &mut Out<Member>,
    ) -> Option<OrchestratorState> {
        let phase = match (&me.phase, answer) {
            (Phase::Forward(now), Answer::Done) if *now == step => self.go_on(step, o),
            (Phase::Forward(now), Answer::Refused) if *now == step => Self::backward((1..step).collect()),
            (Phase::Backward(left), Answer::Undone) if self.next(left) == step => {
                Self::backward(left.iter().copied().filter(|other| *other != step).collect())
            }
            (Phase::Forward(_) | Phase::Backward(_) | Phase::Done | Phase::Compensated, _) => return None,
        };
        Some(self.enter(phase, o))
    }

    fn go_on(&self, done: usize, o: &mut Out<Member>) -> Phase {
        if self.params.locks && self.breaks(Deviation::ReleaseEarly) {
            o.send(Id::from(done), Msg::Release);
        }
        if done == self.params.steps { Phase::Done } else { Phase::Forward(done + 1) }
    }
}
