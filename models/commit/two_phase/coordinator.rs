//! The coordinator: it collects the votes, decides, and tells its outcome until all have it.

use std::collections::BTreeSet;

use quorate::model::Deviations;
use quorate::{Id, Out, rename};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{Deviation, Msg, Multicast, Outcome, Overdue, Pick, Record, Sizes, TwoPhaseActor, Vote};

/// The choice of whom to send to next.
const NEXT: &str = "next";

/// The choice of how the coordinator's own work went.
const WORK: &str = "work";

/// The coordinator of one transaction.
#[derive(Clone, Debug)]
pub struct Coordinator {
    /// Who takes part. Invariant: not empty.
    pub participants: BTreeSet<Id>,
    /// How often it repeats, how it multicasts, whether it forgets.
    pub sizes: Sizes,
    /// What it does wrongly.
    pub deviations: Deviations<Deviation>,
}

/// Where the coordinator stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum CoordinatorState {
    /// It collects votes. Invariant: its log says `Start`.
    Voting {
        /// Who has voted Yes. Invariant: not all participants, since with the last of them it decides, unless its own
        /// vote is open.
        yes: BTreeSet<Id>,
        /// Who is still to be sent Prepare.
        unsent: BTreeSet<Id>,
    },
    /// It tells its outcome. Invariant: its log says the same.
    Decided {
        /// What it has decided.
        outcome: Outcome,
        /// Who is still to be sent the outcome in this round.
        unsent: BTreeSet<Id>,
        /// Who has not acknowledged the outcome since the coordinator started.
        unacked: BTreeSet<Id>,
        /// How many more rounds there may be.
        resends_left: usize,
    },
    /// It has forgotten the transaction. Invariant: its log says `End`, and every participant's an outcome.
    Ended,
}

rename! {
    enum CoordinatorState {
        Voting { yes, unsent },
        Decided { outcome, unsent, unacked, resends_left },
        Ended,
    }
}

impl CoordinatorState {
    /// The message of the multicast that is going on, and who is still to be sent it.
    fn sending(&mut self) -> Option<(&mut BTreeSet<Id>, Msg)> {
        match self {
            Self::Voting { unsent, .. } => Some((unsent, Msg::Prepare)),
            Self::Decided { unsent, outcome, .. } => Some((unsent, Msg::told(*outcome))),
            Self::Ended => None,
        }
    }
}

impl Coordinator {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// What comes first after a start or a restart, by the log.
    pub(super) fn start(&self, log: Option<Record>, o: &mut Out<TwoPhaseActor>) -> CoordinatorState {
        match log {
            None => self.begin(o),
            Some(Record::Start) => self.presume(o),
            Some(Record::Commit) => self.take_up(Outcome::Commit, o),
            Some(Record::Abort) => self.take_up(Outcome::Abort, o),
            Some(Record::End) => CoordinatorState::Ended,
            Some(Record::Begun | Record::Prepared) => unreachable!("only participants write them"),
        }
    }

    pub(super) fn on_msg(&self, state: &mut CoordinatorState, src: Id, msg: Msg, o: &mut Out<TwoPhaseActor>) {
        match msg {
            Msg::Yes => self.count(state, src, Vote::Yes, o),
            Msg::No => self.count(state, src, Vote::No, o),
            Msg::Query => Self::answer(state, src, o),
            Msg::Ack => self.note_ack(state, src, o),
            Msg::Prepare | Msg::Commit | Msg::Abort => {}
        }
    }

    pub(super) fn on_timeout(&self, state: &mut CoordinatorState, timer: Overdue, o: &mut Out<TwoPhaseActor>) {
        match timer {
            Overdue::Votes => self.give_up(state, o),
            Overdue::Acks => self.resend(state, o),
            Overdue::Prepare | Overdue::Outcome => {}
        }
    }

    /// Phase 1 begins: the coordinator records that it starts, and asks all to vote ([BHG] 7.4, step 1).
    fn begin(&self, o: &mut Out<TwoPhaseActor>) -> CoordinatorState {
        o.save(Record::Start);
        let yes = BTreeSet::new();
        self.multicast(CoordinatorState::Voting { yes, unsent: self.participants.clone() }, o)
    }

    /// Phase 2 begins: with the last Yes it decides to commit, with the first No to abort ([BHG] 7.4, step 3;
    /// [GL06] section 3: TMCommit, TMAbort).
    fn count(&self, state: &mut CoordinatorState, src: Id, vote: Vote, o: &mut Out<TwoPhaseActor>) {
        let CoordinatorState::Voting { yes, .. } = state else { return };
        let for_commit = vote == Vote::Yes || self.breaks(Deviation::IgnoreNo);
        if !for_commit {
            *state = self.decide(Outcome::Abort, o);
            return;
        }
        yes.insert(src);
        let all = self.participants.len();
        let needed = if self.breaks(Deviation::MajorityVotes) { all / 2 + 1 } else { all };
        if yes.len() >= needed && self.sizes.coordinator_votes && !self.breaks(Deviation::NoOwnVote) {
            o.choose_random(WORK, vec![Pick::Vote(Vote::Yes), Pick::Vote(Vote::No)]);
        } else if yes.len() >= needed {
            *state = self.decide(Outcome::Commit, o);
        } else if self.breaks(Deviation::DecideEarly) {
            *state = self.decide(Outcome::Abort, o);
        }
    }

    /// All others are willing, and the coordinator votes itself ([BHG] 7.4, step 3). Its vote is its decision, so that it
    /// needs no record of its own.
    pub(super) fn vote(&self, state: &mut CoordinatorState, vote: Vote, o: &mut Out<TwoPhaseActor>) {
        *state = self.decide(if vote == Vote::Yes { Outcome::Commit } else { Outcome::Abort }, o);
    }

    /// A coordinator that lacks votes for too long aborts ([BHG] 7.4, time-out actions).
    fn give_up(&self, state: &mut CoordinatorState, o: &mut Out<TwoPhaseActor>) {
        if matches!(state, CoordinatorState::Voting { .. }) {
            *state = self.decide(Outcome::Abort, o);
        }
    }

    /// The outcome is in the log before anybody hears of it ([G78]; [BHG] 7.4, step 3).
    fn decide(&self, outcome: Outcome, o: &mut Out<TwoPhaseActor>) -> CoordinatorState {
        if !self.breaks(Deviation::NoDecisionLog) {
            o.save(Record::of(outcome));
        }
        o.cancel_timer(Overdue::Votes);
        o.remove_random(WORK);
        self.tell(outcome, self.participants.clone(), o)
    }

    /// A coordinator that restarts and finds that it had not decided aborts ([BHG] 7.4, recovery).
    fn presume(&self, o: &mut Out<TwoPhaseActor>) -> CoordinatorState {
        let presumed = if self.breaks(Deviation::PresumeCommit) { Outcome::Commit } else { Outcome::Abort };
        self.decide(presumed, o)
    }

    /// A coordinator that restarts and finds its outcome tells it again: it does not know how far it had come
    /// ([G78]).
    fn take_up(&self, outcome: Outcome, o: &mut Out<TwoPhaseActor>) -> CoordinatorState {
        let receivers =
            if self.breaks(Deviation::SilentRecovery) { BTreeSet::new() } else { self.participants.clone() };
        self.tell(outcome, receivers, o)
    }

    fn tell(&self, outcome: Outcome, receivers: BTreeSet<Id>, o: &mut Out<TwoPhaseActor>) -> CoordinatorState {
        let (unacked, resends_left) = (self.participants.clone(), self.sizes.resends);
        self.multicast(CoordinatorState::Decided { outcome, unsent: receivers, unacked, resends_left }, o)
    }

    /// The outcome is told again to all who have not acknowledged it ([G78]).
    fn resend(&self, state: &mut CoordinatorState, o: &mut Out<TwoPhaseActor>) {
        let CoordinatorState::Decided { unsent, unacked, resends_left, .. } = state else { return };
        unsent.clone_from(unacked);
        *resends_left -= 1;
        *state = self.multicast(state.clone(), o);
    }

    /// A participant asks: it is told the outcome, if there is one ([BHG] 7.4), and abort if there is nothing
    /// to be known any more ([MLO86]).
    fn answer(state: &CoordinatorState, src: Id, o: &mut Out<TwoPhaseActor>) {
        match state {
            CoordinatorState::Voting { .. } => {}
            CoordinatorState::Decided { outcome, .. } => o.send(src, Msg::told(*outcome)),
            CoordinatorState::Ended => o.send(src, Msg::Abort),
        }
    }

    /// When every participant has the outcome in its log, nobody will need it any more ([G78];
    /// [MLO86]).
    fn note_ack(&self, state: &mut CoordinatorState, src: Id, o: &mut Out<TwoPhaseActor>) {
        let CoordinatorState::Decided { unacked, .. } = state else { return };
        unacked.remove(&src);
        let all_know = unacked.is_empty() || self.breaks(Deviation::AckForgets);
        if all_know && self.sizes.forgets {
            o.save(Record::End);
            o.cancel_timer(Overdue::Acks);
            o.remove_random(NEXT);
            *state = CoordinatorState::Ended;
        }
    }

    /// Starts to send the message of `state` to all in its `unsent`.
    fn multicast(&self, mut state: CoordinatorState, o: &mut Out<TwoPhaseActor>) -> CoordinatorState {
        if let (Multicast::AtOnce, Some((unsent, msg))) = (self.sizes.multicast, state.sending()) {
            o.broadcast(&*unsent, &msg);
            unsent.clear();
        }
        send_on(&mut state, o);
        state
    }

    /// The next send of a multicast.
    pub(super) fn send_next(state: &mut CoordinatorState, to: Id, o: &mut Out<TwoPhaseActor>) {
        if let Some((unsent, msg)) = state.sending() {
            unsent.remove(&to);
            o.send(to, msg);
        }
        send_on(state, o);
    }
}

/// Leaves open to whom is sent next. When all have been sent to, the wait for their answers begins.
fn send_on(state: &mut CoordinatorState, o: &mut Out<TwoPhaseActor>) {
    let unsent = state.sending().map(|(unsent, _)| unsent.clone()).unwrap_or_default();
    let wait = match state {
        CoordinatorState::Voting { .. } => Some(Overdue::Votes),
        CoordinatorState::Decided { resends_left: 1.., .. } => Some(Overdue::Acks),
        CoordinatorState::Decided { resends_left: 0, .. } | CoordinatorState::Ended => None,
    };
    if let (true, Some(overdue)) = (unsent.is_empty(), wait) {
        o.set_timer(overdue, model_timeout());
    }
    // An empty set of options closes the choice.
    o.choose_random(NEXT, unsent.into_iter().map(Pick::SendTo).collect());
}
