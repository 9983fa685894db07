//! A site: it votes, and decides with others or follows who does.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use quorate::model::Deviations;
use quorate::{Actor, Id, Out, rename};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{Deviation, Msg, QuorumCommit};
use crate::commit::decision::{Outcome, Vote};

/// The choice of how the work went.
const WORK: &str = "work";

/// A site.
#[derive(Clone, Debug)]
pub struct Site {
    /// Who it is.
    pub me: Id,
    /// All other sites.
    pub others: Vec<Id>,
    /// How many sites are a quorum.
    pub quorum: usize,
    /// The number of the last election.
    pub last_election: usize,
    /// What it does wrongly.
    pub deviations: Deviations<Deviation>,
}

/// Where a site stands, with the letters of [S82].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Phase {
    /// `q`: it has not voted.
    Working,
    /// `w`: it is willing.
    Willing,
    /// `pc` or `pa`: it is on the brink of this outcome.
    Prepared(Outcome),
    /// `c` or `a`.
    Decided(Outcome),
}

impl Phase {
    /// The outcome, if there is one.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Decided(outcome) => Some(outcome),
            Self::Working | Self::Willing | Self::Prepared(_) => None,
        }
    }
}

/// A site's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Record {
    /// Where it stands.
    pub phase: Phase,
    /// The last election that it has joined, and who stands in that ([KD]: Last_Elected). The first is the coordinator's.
    ///
    /// Invariant: the number never falls.
    pub elected: (usize, Id),
    /// The election in whose attempt it was brought to the brink ([KD]: Last_Attempt); 0 for none.
    pub attempted: usize,
}

/// A site's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct SiteState {
    /// What its log says, too.
    pub record: Record,
    /// What it is at, in the election in which it stands.
    pub duty: Duty,
}

/// What a site is at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Duty {
    /// It follows.
    None,
    /// It collects votes, and these have voted Yes.
    Voting(BTreeSet<Id>),
    /// It stands, and these have joined, itself included.
    Standing(BTreeMap<Id, Record>),
    /// It attempts an outcome, on whose brink these are, itself included.
    Attempting(Outcome, BTreeSet<Id>),
}

/// A site takes others to have gone, and stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Overdue;

rename! {
    nobody in Phase
    nobody in Overdue
    struct Record { phase, elected, attempted }
    struct SiteState { record, duty }
    enum Duty { None, Voting(yes), Standing(joined), Attempting(outcome, prepared) }
}

impl Site {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    fn coordinates(&self) -> bool {
        self.me == Id::from(QuorumCommit::COORDINATOR)
    }

    /// The transaction begins: the coordinator is willing, and asks whether the others are.
    fn begin(&self, o: &mut Out<Self>) -> SiteState {
        let phase = if self.coordinates() { Phase::Willing } else { Phase::Working };
        let record = Record { phase, elected: (1, Id::from(QuorumCommit::COORDINATOR)), attempted: 0 };
        if !self.coordinates() {
            return SiteState { record, duty: Duty::None };
        }
        o.broadcast(&self.others, &Msg::CanCommit);
        SiteState { record, duty: Duty::Voting(BTreeSet::new()) }
    }

    /// A No is the outcome ([S82]: a final state is final). Who stands gives that up with it, and tells all.
    fn vote(&self, state: &mut SiteState, vote: Vote, o: &mut Out<Self>) {
        match vote {
            Vote::Yes => state.record.phase = Phase::Willing,
            Vote::No if self.breaks(Deviation::KeepStanding) => state.record.phase = Phase::Decided(Outcome::Abort),
            Vote::No => self.hear(state, Outcome::Abort, o),
        }
        o.send(Id::from(QuorumCommit::COORDINATOR), Msg::Vote(vote));
    }

    /// A No is enough to abort, and to commit takes the Yes of all: then the coordinator attempts it.
    fn count(&self, state: &mut SiteState, src: Id, vote: Vote, o: &mut Out<Self>) {
        let Duty::Voting(yes) = &mut state.duty else { return };
        if vote == Vote::No || self.breaks(Deviation::AbortAtYes) {
            return self.decide(state, Outcome::Abort, o);
        }
        yes.insert(src);
        let is_enough = self.breaks(Deviation::VotesOfQuorum) && yes.len() + 1 >= self.quorum;
        if yes.len() == self.others.len() || is_enough {
            self.attempt(state, Outcome::Commit, o);
        }
    }

    /// [KD], recovery: the site stands with a later number, and gives up what it was at.
    fn stand(&self, state: &mut SiteState, o: &mut Out<Self>) {
        if self.breaks(Deviation::AbortOnSuspicion) {
            (state.record.phase, state.duty) = (Phase::Decided(Outcome::Abort), Duty::None);
            return;
        }
        state.record.elected = (state.record.elected.0 + 1, self.me);
        state.duty = Duty::Standing(BTreeMap::from([(self.me, state.record)]));
        o.broadcast(&self.others, &Msg::Elect(state.record.elected.0));
        self.conclude(state, o);
    }

    /// A site joins a later election than all in which it was, and says where it stands. One that has decided says so.
    fn join(&self, state: &mut SiteState, src: Id, number: usize, o: &mut Out<Self>) {
        if let Some(outcome) = state.record.phase.outcome() {
            return o.send(src, Msg::Decide(outcome));
        }
        if number > state.record.elected.0 {
            state.record.elected = (number, src);
            state.duty = Duty::None;
            o.send(src, Msg::Joined(state.record));
        }
    }

    /// [KD], decision rule, with a quorum: commit, if those of the latest attempt are on the brink of that; else abort. All of
    /// one attempt are on the brink of one outcome.
    fn conclude(&self, state: &mut SiteState, o: &mut Out<Self>) {
        let Duty::Standing(joined) = &state.duty else { return };
        let needed = match (self.breaks(Deviation::NoQuorum), self.breaks(Deviation::WaitForAll)) {
            (true, _) => 1,
            (false, true) => self.others.len() + 1,
            (false, false) => self.quorum,
        };
        if joined.len() < needed {
            return;
        }
        let is_committable = |record: &Record| record.phase == Phase::Prepared(Outcome::Commit);
        let latest = joined.values().max_by_key(|record| record.attempted);
        let commits = if self.breaks(Deviation::AnyCommittable) {
            joined.values().any(is_committable)
        } else if self.breaks(Deviation::AllCommittable) {
            joined.values().all(is_committable)
        } else {
            latest.is_some_and(is_committable)
        };
        self.attempt(state, if commits { Outcome::Commit } else { Outcome::Abort }, o);
    }

    /// The site is on the brink of an outcome itself, and wants a quorum to be.
    fn attempt(&self, state: &mut SiteState, outcome: Outcome, o: &mut Out<Self>) {
        let number = state.record.elected.0;
        (state.record.phase, state.record.attempted) = (Phase::Prepared(outcome), number);
        state.duty = Duty::Attempting(outcome, BTreeSet::from([self.me]));
        o.broadcast(&self.others, &Msg::Prepare(number, outcome));
        self.count_prepared(state, o);
    }

    /// [KD]: a site takes part in the attempt of the election in which it is. One that has decided says so.
    ///
    /// It goes by the number alone, since there is at most one attempt with each. A site joins one candidate of a number, and
    /// is counted only by the one that it names with that number: of two at most one has a quorum. A number in the log is not
    /// stood for again, and the first is the coordinator's alone. Who obeys has promised nothing to a later election; and a
    /// quorum that joins one later has a site in common with that by which an outcome was decided: it tells of that attempt,
    /// or of a later one.
    fn prepare(&self, state: &mut SiteState, src: Id, number: usize, outcome: Outcome, o: &mut Out<Self>) {
        let is_of_election =
            number == state.record.elected.0 || number < state.record.elected.0 && self.breaks(Deviation::ObeyEarlier);
        if let Some(outcome) = state.record.phase.outcome() {
            o.send(src, Msg::Decide(outcome));
        } else if is_of_election && state.duty == Duty::None {
            (state.record.phase, state.record.attempted) = (Phase::Prepared(outcome), number);
            o.send(src, Msg::Prepared(number));
        }
    }

    /// With a quorum on the brink the outcome is decided.
    fn count_prepared(&self, state: &mut SiteState, o: &mut Out<Self>) {
        let Duty::Attempting(outcome, prepared) = &state.duty else { return };
        let needed = match (self.breaks(Deviation::NoQuorum), self.breaks(Deviation::DecideEarly)) {
            (true, _) => 1,
            (false, true) => self.quorum - 1,
            (false, false) => self.quorum,
        };
        if prepared.len() >= needed {
            self.decide(state, *outcome, o);
        }
    }

    /// A site learns the outcome. [KD]: the one elected tells all, or those who have joined it would wait for ever. That it is
    /// the one elected its log says: it tells them also when it has crashed and come back.
    fn hear(&self, state: &mut SiteState, outcome: Outcome, o: &mut Out<Self>) {
        if state.record.elected.1 == self.me && !self.breaks(Deviation::KeepOutcome) {
            self.decide(state, outcome, o);
        } else {
            (state.record.phase, state.duty) = (Phase::Decided(outcome), Duty::None);
        }
    }

    /// The outcome is in the log, and told to all.
    fn decide(&self, state: &mut SiteState, outcome: Outcome, o: &mut Out<Self>) {
        state.record.phase = Phase::Decided(outcome);
        state.duty = Duty::None;
        o.broadcast(&self.others, &Msg::Decide(outcome));
    }

    /// What every rule ends with: the log says where the site stands before anybody hears of it.
    fn finish(&self, before: Option<Record>, state: &SiteState, o: &mut Out<Self>) {
        let mut record = state.record;
        if self.breaks(Deviation::AttemptNotLogged) && matches!(record.phase, Phase::Prepared(_)) {
            (record.phase, record.attempted) = (Phase::Willing, 0);
        }
        if before != Some(state.record) {
            o.save(record);
        }
        let may_stand = state.record.phase.outcome().is_none() && state.record.elected.0 < self.last_election;
        match may_stand {
            true => o.set_timer(Overdue, model_timeout()),
            false => o.cancel_timer(Overdue),
        }
        if state.record.phase != Phase::Working {
            o.remove_random(WORK);
        }
    }
}

impl Actor for Site {
    type Msg = Msg;
    type Timer = Overdue;
    type State = SiteState;
    type Storage = Record;
    type Random = Vote;

    /// A site that comes back follows. It has answered nothing that its log does not know.
    fn on_start(&self, _: Id, log: &Option<Record>, o: &mut Out<Self>) -> SiteState {
        let state = match log {
            None => self.begin(o),
            Some(record) => SiteState { record: *record, duty: Duty::None },
        };
        self.finish(*log, &state, o);
        state
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, SiteState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        let before = state.record;
        match msg {
            Msg::CanCommit if before.phase == Phase::Working => o.choose_random(WORK, vec![Vote::Yes, Vote::No]),
            Msg::CanCommit => {}
            Msg::Vote(vote) => self.count(state, src, vote, o),
            Msg::Elect(number) => self.join(state, src, number, o),
            Msg::Joined(record) => {
                if let Duty::Standing(joined) = &mut state.duty
                    && record.elected == before.elected
                {
                    joined.insert(src, record);
                    self.conclude(state, o);
                }
            }
            Msg::Prepare(number, outcome) => self.prepare(state, src, number, outcome, o),
            Msg::Prepared(number) => {
                if let Duty::Attempting(_, prepared) = &mut state.duty
                    && number == before.elected.0
                {
                    prepared.insert(src);
                    self.count_prepared(state, o);
                }
            }
            Msg::Decide(outcome) => {
                if before.phase.outcome().is_none() {
                    self.hear(state, outcome, o);
                }
            }
        }
        self.finish(Some(before), state, o);
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, SiteState>, Overdue: &Overdue, o: &mut Out<Self>) {
        let state = state.to_mut();
        let before = state.record;
        self.stand(state, o);
        self.finish(Some(before), state, o);
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, SiteState>, vote: &Vote, o: &mut Out<Self>) {
        let state = state.to_mut();
        let before = state.record;
        self.vote(state, *vote, o);
        self.finish(Some(before), state, o);
    }
}
