//! The termination protocol: when the coordinator has crashed, the first participant that is up takes its place.
//!
//! The rules are those of [BHG] 7.5: the backup asks all that are up for their states, and
//!
//! - if someone has decided, that is the outcome (TR1, TR2);
//! - if all are uncertain, it is abort: nobody can have committed (TR3);
//! - if someone is committable, all who are uncertain are told PreCommit first, and when they have acknowledged it,
//!   the outcome is commit (TR4).
//!
//! When the backup crashes the next one does the same. [S81] has the backup ask nobody: it first moves all that are up
//! to its own state, and when they have acknowledged that it decides by this state alone: commit where a commit may be
//! concurrent with it, else abort. Both make what the backup knows common before anybody decides.

use std::collections::{BTreeMap, BTreeSet};

use quorate::{Id, Out};
use serde::Serialize;

use super::{Awaited, Deviation, Msg, Participant, ParticipantState, Phase, ThreePhaseActor};
use crate::commit::decision::{Multicast, Outcome};

/// What a backup coordinator is at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Duty {
    /// It asks for states.
    Asking {
        /// Who is still to be asked.
        unsent: BTreeSet<Id>,
        /// Who is up and has not answered. Invariant: includes `unsent`.
        unanswered: BTreeSet<Id>,
        /// Who has answered what, those included that have crashed since.
        answers: BTreeMap<Id, Phase>,
    },
    /// It tells PreCommit to those who were uncertain.
    Moving {
        /// Who is still to be told.
        unsent: BTreeSet<Id>,
        /// Who is up and has not acknowledged. Invariant: includes `unsent`.
        unacked: BTreeSet<Id>,
    },
    /// It tells the outcome. Invariant: it is in its own log.
    Telling {
        /// Who is still to be told.
        unsent: BTreeSet<Id>,
    },
}

impl ParticipantState {
    /// The message of the multicast that is going on, and who is still to be sent it.
    pub(super) fn sending(&mut self) -> Option<(&mut BTreeSet<Id>, Msg)> {
        match (self.duty.as_mut()?, self.phase) {
            (Duty::Asking { unsent, .. }, _) => Some((unsent, Msg::StateReq)),
            (Duty::Moving { unsent, .. }, _) => Some((unsent, Msg::PreCommit)),
            (Duty::Telling { unsent }, Phase::Decided(outcome)) => Some((unsent, Msg::told(outcome))),
            (Duty::Telling { .. }, Phase::Working | Phase::Uncertain | Phase::Committable) => None,
        }
    }
}

impl Participant {
    /// Whether everyone who would be the backup before this participant has crashed.
    fn is_next(&self, state: &ParticipantState) -> bool {
        let earlier: BTreeSet<Id> = self.peers.iter().copied().filter(|peer| *peer < self.me).collect();
        state.dead.contains(&self.coordinator)
            && earlier.is_subset(&state.dead)
            && (earlier.is_empty() || !self.breaks(Deviation::OneBackup))
    }

    /// The next step of the termination protocol, where it need not wait.
    pub(super) fn terminate(&self, state: &mut ParticipantState, o: &mut Out<ThreePhaseActor>) {
        if state.duty.is_none() && self.is_next(state) {
            self.take_over(state, o);
        }
        if let Some(Duty::Asking { unanswered, answers, .. }) = &state.duty
            && unanswered.is_empty()
        {
            self.conclude(state, &answers.clone(), o);
        }
        if let Some(Duty::Moving { unacked, .. }) = &state.duty
            && unacked.is_empty()
        {
            self.decide(state, Outcome::Commit, o);
        }
    }

    /// The participant becomes the backup. If it has decided it need not ask.
    fn take_over(&self, state: &mut ParticipantState, o: &mut Out<ThreePhaseActor>) {
        match state.phase {
            Phase::Decided(_) if self.breaks(Deviation::DecidedStaySilent) => {}
            Phase::Decided(_) => self.tell(state, o),
            Phase::Working | Phase::Uncertain | Phase::Committable => {
                let up = &self.peers - &state.dead;
                let duty = Duty::Asking { unsent: up.clone(), unanswered: up, answers: BTreeMap::new() };
                self.begin(state, duty, o);
            }
        }
    }

    /// All have answered that are up.
    fn conclude(&self, state: &mut ParticipantState, answers: &BTreeMap<Id, Phase>, o: &mut Out<ThreePhaseActor>) {
        let all_uncertain = state.phase == Phase::Uncertain && answers.values().all(|phase| *phase == Phase::Uncertain);
        let outcome = answers.values().find_map(|phase| phase.outcome());
        if let Some(outcome) = outcome {
            self.decide(state, outcome, o);
        } else if all_uncertain || self.breaks(Deviation::AbortCommittable) {
            self.decide(state, Outcome::Abort, o);
        } else if self.breaks(Deviation::SkipPreCommit) {
            self.decide(state, Outcome::Commit, o);
        } else {
            state.enter(Phase::Committable, o);
            let uncertain = answers.iter().filter(|(_, phase)| **phase == Phase::Uncertain).map(|(id, _)| *id);
            let unsent: BTreeSet<Id> = uncertain.filter(|id| !state.dead.contains(id)).collect();
            self.begin(state, Duty::Moving { unacked: unsent.clone(), unsent }, o);
        }
    }

    /// The backup tells the outcome to all that are up: it does not know who knows it.
    pub(super) fn tell(&self, state: &mut ParticipantState, o: &mut Out<ThreePhaseActor>) {
        let unsent = &self.peers - &state.dead;
        self.begin(state, Duty::Telling { unsent }, o);
    }

    /// Starts to send the message of `duty` to all in its `unsent`.
    fn begin(&self, state: &mut ParticipantState, duty: Duty, o: &mut Out<ThreePhaseActor>) {
        state.duty = Some(duty);
        if let (Multicast::AtOnce, Some((unsent, msg))) = (self.sizes.multicast, state.sending()) {
            o.broadcast(&*unsent, &msg);
            unsent.clear();
        }
    }

    /// A backup asks. All that come before it must have crashed, and are not listened to from now on: what they
    /// sent to this participant may still be on its way, and would contradict the answer.
    pub(super) fn report(&self, state: &mut ParticipantState, src: Id, o: &mut Out<ThreePhaseActor>) {
        let earlier = self.peers.iter().copied().filter(|peer| *peer < src);
        for gone in std::iter::once(self.coordinator).chain(earlier) {
            self.bury(state, gone, o);
        }
        o.send(src, Msg::StateIs(state.phase));
    }

    /// A backup does not wait for who has crashed.
    pub(super) fn strike(&self, state: &mut ParticipantState, gone: Id) {
        if self.breaks(Deviation::WaitForTheDead) {
            return;
        }
        match &mut state.duty {
            Some(Duty::Asking { unsent, unanswered: missing, .. } | Duty::Moving { unsent, unacked: missing }) => {
                unsent.remove(&gone);
                missing.remove(&gone);
            }
            Some(Duty::Telling { unsent }) => {
                unsent.remove(&gone);
            }
            None => {}
        }
    }

    /// From whom it waits to hear: a backup from all that it has asked, anyone else from the one who leads.
    pub(super) fn awaited(&self, state: &ParticipantState) -> (Awaited, BTreeSet<Id>) {
        let why = if state.duty.is_some() { Awaited::Answers } else { Awaited::Leader };
        let whom = match (&state.duty, state.phase) {
            (Some(Duty::Asking { unsent, unanswered: missing, .. } | Duty::Moving { unsent, unacked: missing }), _) => {
                if unsent.is_empty() {
                    missing.clone()
                } else {
                    BTreeSet::new()
                }
            }
            (Some(Duty::Telling { .. }), _) | (None, Phase::Decided(_)) => BTreeSet::new(),
            (None, Phase::Working | Phase::Uncertain | Phase::Committable) => {
                let earlier = self.peers.iter().copied().filter(|peer| *peer < self.me);
                let leaders = std::iter::once(self.coordinator).chain(earlier);
                leaders.filter(|id| !state.dead.contains(id)).take(1).collect()
            }
        };
        (why, whom)
    }
}
