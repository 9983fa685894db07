//! A participant: it votes, and once it has voted Yes it may only wait and ask.

use std::collections::BTreeSet;

use quorate::model::Deviations;
use quorate::{Id, Out, rename};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{Deviation, Msg, Outcome, Overdue, Pick, Record, Sizes, TwoPhaseActor, Vote};

/// The choice of how the work went.
const WORK: &str = "work";

/// A participant of one transaction.
#[derive(Clone, Debug)]
pub struct Participant {
    /// Who decides.
    pub coordinator: Id,
    /// The other participants.
    pub peers: BTreeSet<Id>,
    /// How often it asks, and whom.
    pub sizes: Sizes,
    /// What it does wrongly.
    pub deviations: Deviations<Deviation>,
}

/// Where a participant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ParticipantState {
    /// It has not voted, and may still abort on its own. Invariant: its log says nothing.
    Working,
    /// It has voted Yes and is uncertain. Invariant: its log says `Prepared`.
    Prepared {
        /// How often it may still ask for the outcome.
        queries_left: usize,
    },
    /// It knows the outcome. Invariant: its log says the same.
    Decided(Outcome),
}

rename! {
    nobody in ParticipantState
}

impl Participant {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// What comes first after a start or a restart, by the log ([BHG] 7.4, recovery): nothing is known of a
    /// vote, so that it may still abort, and does where its work is lost; or it has voted Yes, so that it must ask; or
    /// it knows.
    pub(super) fn start(&self, log: Option<Record>, o: &mut Out<TwoPhaseActor>) -> ParticipantState {
        match log {
            None => {
                if self.sizes.lost_work {
                    o.save(Record::Begun);
                }
                self.work(o)
            }
            Some(Record::Begun) if self.breaks(Deviation::VoteForLostWork) => self.work(o),
            Some(Record::Begun) => {
                o.save(Record::Abort);
                ParticipantState::Decided(Outcome::Abort)
            }
            Some(Record::Prepared) => {
                self.send_queries(o);
                self.wait_for_outcome(self.sizes.queries, o)
            }
            Some(Record::Commit) => ParticipantState::Decided(Outcome::Commit),
            Some(Record::Abort) => ParticipantState::Decided(Outcome::Abort),
            Some(Record::Start | Record::End) => unreachable!("only the coordinator writes them"),
        }
    }

    fn work(&self, o: &mut Out<TwoPhaseActor>) -> ParticipantState {
        o.set_timer(Overdue::Prepare, model_timeout());
        ParticipantState::Working
    }

    pub(super) fn on_msg(&self, state: &mut ParticipantState, src: Id, msg: Msg, o: &mut Out<TwoPhaseActor>) {
        match msg {
            Msg::Prepare => self.prepare(*state, o),
            Msg::Commit => self.learn(state, src, Outcome::Commit, o),
            Msg::Abort => self.learn(state, src, Outcome::Abort, o),
            Msg::Query => self.answer_peer(state, src, o),
            Msg::Yes | Msg::No | Msg::Ack => {}
        }
    }

    pub(super) fn on_timeout(&self, state: &mut ParticipantState, timer: Overdue, o: &mut Out<TwoPhaseActor>) {
        match timer {
            Overdue::Prepare => self.give_up(state, o),
            Overdue::Outcome => self.ask(state, o),
            Overdue::Votes | Overdue::Acks => {}
        }
    }

    /// Asked to vote, it does its work; one that has aborted on its own votes No ([BHG] 7.4, step 2).
    fn prepare(&self, state: ParticipantState, o: &mut Out<TwoPhaseActor>) {
        match state {
            ParticipantState::Working => {
                o.choose_random(WORK, vec![Pick::Vote(Vote::Yes), Pick::Vote(Vote::No)]);
            }
            ParticipantState::Decided(Outcome::Abort) => o.send(self.coordinator, Msg::No),
            ParticipantState::Prepared { .. } | ParticipantState::Decided(Outcome::Commit) => {}
        }
    }

    /// The vote is in the log before it is sent ([BHG] 7.4, step 2; [GL06] section 3: RMPrepare).
    pub(super) fn vote(&self, state: &mut ParticipantState, vote: Vote, o: &mut Out<TwoPhaseActor>) {
        o.cancel_timer(Overdue::Prepare);
        match vote {
            Vote::Yes => {
                if !self.breaks(Deviation::NoPreparedLog) {
                    o.save(Record::Prepared);
                }
                o.send(self.coordinator, Msg::Yes);
                *state = self.wait_for_outcome(self.sizes.queries, o);
            }
            Vote::No => {
                if !self.breaks(Deviation::NoAbortLog) {
                    o.save(Record::Abort);
                }
                o.send(self.coordinator, Msg::No);
                *state = ParticipantState::Decided(Outcome::Abort);
            }
        }
    }

    /// A participant that has not voted may abort on its own ([BHG] 7.4, time-out actions; [GL06] section 3:
    /// RMChooseToAbort).
    fn give_up(&self, state: &mut ParticipantState, o: &mut Out<TwoPhaseActor>) {
        if *state == ParticipantState::Working {
            self.decide(state, Outcome::Abort, o);
        }
    }

    /// A participant that has voted Yes may not decide on its own: it asks ([BHG] 7.4, time-out actions).
    fn ask(&self, state: &mut ParticipantState, o: &mut Out<TwoPhaseActor>) {
        let ParticipantState::Prepared { queries_left } = *state else { return };
        if self.breaks(Deviation::CommitOnTimeout) {
            return self.decide(state, Outcome::Commit, o);
        }
        if self.breaks(Deviation::AbortAfterYes) {
            return self.decide(state, Outcome::Abort, o);
        }
        self.send_queries(o);
        *state = self.wait_for_outcome(queries_left - 1, o);
    }

    fn send_queries(&self, o: &mut Out<TwoPhaseActor>) {
        o.send(self.coordinator, Msg::Query);
        if self.sizes.cooperative {
            o.broadcast(&self.peers, &Msg::Query);
        }
    }

    fn wait_for_outcome(&self, queries_left: usize, o: &mut Out<TwoPhaseActor>) -> ParticipantState {
        if queries_left > 0 {
            o.set_timer(Overdue::Outcome, model_timeout());
        }
        ParticipantState::Prepared { queries_left }
    }

    /// An outcome is told. It is obeyed by those who are uncertain, and acknowledged to the coordinator as
    /// often as it tells it ([BHG] 7.4, step 4; [G78]).
    fn learn(&self, state: &mut ParticipantState, src: Id, outcome: Outcome, o: &mut Out<TwoPhaseActor>) {
        let obeyed = match (*state, outcome) {
            (ParticipantState::Prepared { .. }, _) | (ParticipantState::Working, Outcome::Abort) => true,
            (ParticipantState::Working, Outcome::Commit) => self.breaks(Deviation::CommitWithoutPrepare),
            (ParticipantState::Decided(Outcome::Commit), Outcome::Abort) => {
                self.breaks(Deviation::AbortOverridesCommit)
            }
            (ParticipantState::Decided(_), _) => false,
        };
        if obeyed {
            self.decide(state, outcome, o);
        }
        if src == self.coordinator && *state == ParticipantState::Decided(outcome) {
            o.send(self.coordinator, Msg::Ack);
        }
    }

    /// The outcome is in the log before it is acknowledged ([G78]).
    fn decide(&self, state: &mut ParticipantState, outcome: Outcome, o: &mut Out<TwoPhaseActor>) {
        if outcome == Outcome::Abort || !self.breaks(Deviation::NoCommitLog) {
            o.save(Record::of(outcome));
        }
        o.cancel_timer(Overdue::Prepare);
        o.cancel_timer(Overdue::Outcome);
        o.remove_random(WORK);
        *state = ParticipantState::Decided(outcome);
    }

    /// Cooperative termination: a peer asks. One that knows tells, one that has not voted aborts and says so,
    /// one that is uncertain itself cannot help ([BHG] 7.4).
    fn answer_peer(&self, state: &mut ParticipantState, src: Id, o: &mut Out<TwoPhaseActor>) {
        match *state {
            ParticipantState::Working => {
                self.decide(state, Outcome::Abort, o);
                o.send(src, Msg::Abort);
            }
            ParticipantState::Prepared { .. } => {}
            ParticipantState::Decided(outcome) => o.send(src, Msg::told(outcome)),
        }
    }
}
