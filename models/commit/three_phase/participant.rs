//! A participant: it votes, is brought to the brink of commit, and carries out the outcome, whoever tells it.

use std::collections::BTreeSet;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;

use super::{Detector, Deviation, Duty, Log, Msg, NEXT, Overdue, Phase, Pick, Sizes, ThreePhaseActor, watch};
use crate::commit::decision::{Outcome, Vote};

/// The choice of how the work went.
const WORK: &str = "work";

/// A participant of one transaction.
#[derive(Clone, Debug)]
pub struct Participant {
    /// Who it is.
    pub me: Id,
    /// Who decides, unless it crashes.
    pub coordinator: Id,
    /// The other participants.
    pub peers: BTreeSet<Id>,
    /// How it multicasts, and how it learns of crashes.
    pub sizes: Sizes,
    /// What it does wrongly.
    pub deviations: Deviations<Deviation>,
}

/// A participant's state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ParticipantState {
    /// Where it stands. Invariant: its log says the same.
    pub phase: Phase,
    /// Who has crashed, as far as it knows: it does not listen to them.
    pub dead: BTreeSet<Id>,
    /// What it does as the backup coordinator, if it is the one.
    pub duty: Option<Duty>,
}

impl Participant {
    pub(super) fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// Everyone else.
    pub(super) fn others(&self) -> BTreeSet<Id> {
        self.peers.iter().copied().chain([self.coordinator]).collect()
    }

    /// What comes first: the log says that it has not voted.
    pub(super) fn start(&self, o: &mut Out<ThreePhaseActor>) -> ParticipantState {
        o.save(Log::of(Phase::Working));
        self.resume(Phase::Working, o)
    }

    /// Takes part from `phase` on, and knows of no crash.
    pub(super) fn resume(&self, phase: Phase, o: &mut Out<ThreePhaseActor>) -> ParticipantState {
        let mut state = ParticipantState { phase, dead: BTreeSet::new(), duty: None };
        self.go_on(&mut state, o);
        state
    }

    pub(super) fn on_msg(&self, state: &mut ParticipantState, src: Id, msg: Msg, o: &mut Out<ThreePhaseActor>) {
        if state.dead.contains(&src) && !self.breaks(Deviation::ListenToTheDead) {
            return;
        }
        match msg {
            Msg::CanCommit => can_commit(state, o),
            Msg::PreCommit => pre_commit(state, src, o),
            Msg::Commit => self.learn(state, Outcome::Commit, o),
            Msg::Abort => self.learn(state, Outcome::Abort, o),
            Msg::StateReq => self.report(state, src, o),
            Msg::StateIs(phase) => note_state(state, src, phase),
            Msg::Ack => note_ack(state, src),
            Msg::Down => self.bury(state, src, o),
            Msg::Gone(who) => self.bury(state, who, o),
            Msg::Yes | Msg::No => {}
        }
        self.go_on(state, o);
    }

    pub(super) fn on_timeout(&self, state: &mut ParticipantState, overdue: Overdue, o: &mut Out<ThreePhaseActor>) {
        let Overdue(who) = overdue;
        if self.sizes.detector == Detector::TimeOut {
            o.broadcast(&self.peers, &Msg::Gone(who));
        }
        self.bury(state, who, o);
        self.go_on(state, o);
    }

    /// The vote is in the log before it is sent ([BHG] 7.5, step 2).
    pub(super) fn vote(&self, state: &mut ParticipantState, vote: Vote, o: &mut Out<ThreePhaseActor>) {
        match vote {
            Vote::Yes => {
                state.enter(Phase::Uncertain, o);
                o.send(self.coordinator, Msg::Yes);
            }
            Vote::No => {
                state.enter(Phase::Decided(Outcome::Abort), o);
                o.send(self.coordinator, Msg::No);
            }
        }
        self.go_on(state, o);
    }

    /// An outcome is told, by the coordinator or a backup ([BHG] 7.5, step 6).
    fn learn(&self, state: &mut ParticipantState, outcome: Outcome, o: &mut Out<ThreePhaseActor>) {
        let decided = matches!(state.phase, Phase::Decided(_));
        if !decided || self.breaks(Deviation::ObeyAgain) {
            self.decide(state, outcome, o);
        }
    }

    pub(super) fn decide(&self, state: &mut ParticipantState, outcome: Outcome, o: &mut Out<ThreePhaseActor>) {
        state.enter(Phase::Decided(outcome), o);
        o.remove_random(WORK);
        if state.duty.is_some() {
            self.tell(state, o);
        }
    }

    /// Someone has crashed. Who has not voted aborts on its own when the coordinator is gone ([BHG] 7.5,
    /// time-out actions); all others leave it to a backup.
    pub(super) fn bury(&self, state: &mut ParticipantState, who: Id, o: &mut Out<ThreePhaseActor>) {
        state.dead.insert(who);
        if who == self.coordinator {
            if state.phase == Phase::Working || self.breaks(Deviation::AbortOnCrash) {
                self.decide(state, Outcome::Abort, o);
            } else if self.breaks(Deviation::SimpleTimeouts) {
                let outcome = if state.phase == Phase::Uncertain { Outcome::Abort } else { Outcome::Commit };
                self.decide(state, state.phase.outcome().unwrap_or(outcome), o);
            }
        }
        self.strike(state, who);
    }

    /// What is done after each event: the next step of the termination protocol, if it is this participant's
    /// turn, the next send, and the wait.
    fn go_on(&self, state: &mut ParticipantState, o: &mut Out<ThreePhaseActor>) {
        self.terminate(state, o);
        watch(&self.sizes, &self.others(), self.awaited(state), o);
        let unsent = state.sending().map(|(unsent, _)| unsent.clone()).unwrap_or_default();
        o.choose_random(NEXT, unsent.into_iter().map(Pick::SendTo).collect());
    }

    /// The next send of a multicast.
    pub(super) fn send_next(&self, state: &mut ParticipantState, to: Id, o: &mut Out<ThreePhaseActor>) {
        if let Some((unsent, msg)) = state.sending() {
            unsent.remove(&to);
            o.send(to, msg);
        }
        self.go_on(state, o);
    }
}

impl ParticipantState {
    /// The phase is in the log before anybody hears of it.
    pub(super) fn enter(&mut self, phase: Phase, o: &mut Out<ThreePhaseActor>) {
        self.phase = phase;
        o.save(Log::of(phase));
    }
}

/// Asked to vote, it does its work.
fn can_commit(state: &ParticipantState, o: &mut Out<ThreePhaseActor>) {
    if state.phase == Phase::Working {
        o.choose_random(WORK, vec![Pick::Vote(Vote::Yes), Pick::Vote(Vote::No)]);
    }
}

/// All have voted Yes: a participant that is told so is uncertain no more ([BHG] 7.5, step 4).
fn pre_commit(state: &mut ParticipantState, src: Id, o: &mut Out<ThreePhaseActor>) {
    if state.phase == Phase::Uncertain {
        state.enter(Phase::Committable, o);
    }
    if state.phase == Phase::Committable {
        o.send(src, Msg::Ack);
    }
}

/// A state that a backup has asked for.
fn note_state(state: &mut ParticipantState, src: Id, phase: Phase) {
    if let Some(Duty::Asking { unanswered, answers, .. }) = &mut state.duty {
        unanswered.remove(&src);
        answers.insert(src, phase);
    }
}

/// The acknowledgement of a PreCommit of a backup.
fn note_ack(state: &mut ParticipantState, src: Id) {
    if let Some(Duty::Moving { unacked, .. }) = &mut state.duty {
        unacked.remove(&src);
    }
}
