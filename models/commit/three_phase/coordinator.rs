//! The coordinator: it collects the votes, brings all to the brink of commit, and only then commits.

use std::collections::BTreeSet;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;

use super::{Awaited, Deviation, Log, Msg, NEXT, Overdue, Phase, Pick, Sizes, ThreePhaseActor, watch};
use crate::commit::decision::{Multicast, Outcome, Vote};

/// The coordinator of one transaction.
#[derive(Clone, Debug)]
pub struct Coordinator {
    /// Who takes part. Invariant: not empty.
    pub participants: BTreeSet<Id>,
    /// How it multicasts, and how it learns of crashes.
    pub sizes: Sizes,
    /// What it does wrongly.
    pub deviations: Deviations<Deviation>,
}

/// The coordinator's state.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct CoordinatorState {
    /// Who has crashed, as far as it knows.
    pub dead: BTreeSet<Id>,
    /// Where it stands.
    pub stage: Stage,
}

/// Where the coordinator stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Stage {
    /// It collects votes: `w1` of [S81].
    Voting {
        /// Who is still to be sent CanCommit.
        unsent: BTreeSet<Id>,
        /// Who has voted Yes.
        yes: BTreeSet<Id>,
    },
    /// It collects acknowledgements: `p1`. Invariant: every participant has voted Yes.
    PreCommitting {
        /// Who is still to be sent PreCommit.
        unsent: BTreeSet<Id>,
        /// Who is up and has not acknowledged. Invariant: includes `unsent`.
        unacked: BTreeSet<Id>,
    },
    /// It tells its outcome: `c1` or `a1`. Invariant: its log says the same.
    Telling {
        /// What it has decided.
        outcome: Outcome,
        /// Who is still to be told.
        unsent: BTreeSet<Id>,
    },
}

impl Stage {
    /// The message of the multicast that is going on, and who is still to be sent it.
    fn sending(&mut self) -> (&mut BTreeSet<Id>, Msg) {
        match self {
            Self::Voting { unsent, .. } => (unsent, Msg::CanCommit),
            Self::PreCommitting { unsent, .. } => (unsent, Msg::PreCommit),
            Self::Telling { unsent, outcome } => (unsent, Msg::told(*outcome)),
        }
    }
}

impl Coordinator {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// Phase 1 begins: all are asked whether they can commit ([BHG] 7.5, step 1).
    pub(super) fn start(&self, o: &mut Out<ThreePhaseActor>) -> CoordinatorState {
        o.save(Log::of(Phase::Working));
        let voting = Stage::Voting { unsent: self.participants.clone(), yes: BTreeSet::new() };
        let mut state = CoordinatorState { dead: BTreeSet::new(), stage: self.begin(voting, o) };
        self.go_on(&mut state, o);
        state
    }

    pub(super) fn on_msg(&self, state: &mut CoordinatorState, src: Id, msg: Msg, o: &mut Out<ThreePhaseActor>) {
        if state.dead.contains(&src) {
            return;
        }
        match msg {
            Msg::Yes => self.count(state, src, Vote::Yes, o),
            Msg::No => self.count(state, src, Vote::No, o),
            Msg::Ack => note_ack(state, src),
            Msg::Down => self.bury(state, src, o),
            Msg::CanCommit
            | Msg::PreCommit
            | Msg::Commit
            | Msg::Abort
            | Msg::StateReq
            | Msg::StateIs(_)
            | Msg::Gone(_) => {}
        }
        self.go_on(state, o);
    }

    pub(super) fn on_timeout(&self, state: &mut CoordinatorState, overdue: Overdue, o: &mut Out<ThreePhaseActor>) {
        self.bury(state, overdue.0, o);
        self.go_on(state, o);
    }

    /// With the last Yes phase 2 begins; with a No the coordinator decides to abort, and the one who said it
    /// knows ([BHG] 7.5, step 3).
    fn count(&self, state: &mut CoordinatorState, src: Id, vote: Vote, o: &mut Out<ThreePhaseActor>) {
        let Stage::Voting { yes, .. } = &mut state.stage else { return };
        match vote {
            Vote::Yes => {
                yes.insert(src);
            }
            Vote::No => self.decide(state, Outcome::Abort, Some(src), o),
        }
    }

    /// Someone has crashed. A vote that is missing will never come, so that the coordinator aborts; an
    /// acknowledgement that is missing is not waited for any more ([BHG] 7.5, time-out actions).
    fn bury(&self, state: &mut CoordinatorState, who: Id, o: &mut Out<ThreePhaseActor>) {
        state.dead.insert(who);
        state.stage.sending().0.remove(&who);
        match &mut state.stage {
            Stage::Voting { yes, .. } => {
                if !yes.contains(&who) && !self.breaks(Deviation::VotesOfTheLiving) {
                    self.decide(state, Outcome::Abort, None, o);
                }
            }
            Stage::PreCommitting { unacked, .. } => {
                let acked = !unacked.remove(&who);
                if !acked && self.breaks(Deviation::AbortWithoutAck) {
                    self.decide(state, Outcome::Abort, None, o);
                }
            }
            Stage::Telling { .. } => {}
        }
    }

    /// When all have voted Yes all are told so; when all that are up have acknowledged that, and not before,
    /// the coordinator decides to commit ([S81]; [BHG] 7.5, steps 3 and 5).
    fn go_on(&self, state: &mut CoordinatorState, o: &mut Out<ThreePhaseActor>) {
        let up = &self.participants - &state.dead;
        match &mut state.stage {
            Stage::Voting { yes, .. } => {
                let voters = if self.breaks(Deviation::VotesOfTheLiving) { &up } else { &self.participants };
                if voters.is_subset(yes) {
                    o.save(Log::of(Phase::Committable));
                    state.stage = self.begin(Stage::PreCommitting { unsent: up.clone(), unacked: up }, o);
                    return self.go_on(state, o);
                }
                if !yes.is_empty() && self.breaks(Deviation::DecideEarly) {
                    self.decide(state, Outcome::Abort, None, o);
                }
            }
            Stage::PreCommitting { unsent, unacked } => {
                if unacked.is_empty() || (unsent.is_empty() && self.breaks(Deviation::CommitWithoutAcks)) {
                    self.decide(state, Outcome::Commit, None, o);
                }
            }
            Stage::Telling { .. } => {}
        }
        let unsent = state.stage.sending().0.clone();
        watch(&self.sizes, &self.participants, (Awaited::Answers, self.awaited(state)), o);
        o.choose_random(NEXT, unsent.into_iter().map(Pick::SendTo).collect());
    }

    /// The outcome is in the log before anybody hears of it.
    fn decide(&self, state: &mut CoordinatorState, outcome: Outcome, knows: Option<Id>, o: &mut Out<ThreePhaseActor>) {
        o.save(Log::of(Phase::Decided(outcome)));
        let unsent =
            (self.participants.iter().copied()).filter(|id| !state.dead.contains(id) && knows != Some(*id)).collect();
        state.stage = self.begin(Stage::Telling { outcome, unsent }, o);
    }

    /// Starts to send the message of `stage` to all in its `unsent`.
    fn begin(&self, mut stage: Stage, o: &mut Out<ThreePhaseActor>) -> Stage {
        if self.sizes.multicast == Multicast::AtOnce {
            let (unsent, msg) = stage.sending();
            o.broadcast(&*unsent, &msg);
            unsent.clear();
        }
        stage
    }

    /// The next send of a multicast.
    pub(super) fn send_next(&self, state: &mut CoordinatorState, to: Id, o: &mut Out<ThreePhaseActor>) {
        let (unsent, msg) = state.stage.sending();
        unsent.remove(&to);
        o.send(to, msg);
        self.go_on(state, o);
    }

    /// From whom it waits to hear: when all have been asked, from those that have not answered.
    fn awaited(&self, state: &CoordinatorState) -> BTreeSet<Id> {
        match &state.stage {
            Stage::Voting { unsent, yes } if unsent.is_empty() => &(&self.participants - yes) - &state.dead,
            Stage::PreCommitting { unsent, unacked } if unsent.is_empty() => unacked.clone(),
            Stage::Voting { .. } | Stage::PreCommitting { .. } | Stage::Telling { .. } => BTreeSet::new(),
        }
    }
}

fn note_ack(state: &mut CoordinatorState, src: Id) {
    if let Stage::PreCommitting { unacked, .. } = &mut state.stage {
        unacked.remove(&src);
    }
}
