//! The acceptor: phases 1b and 2b.

use quorate::model::Deviations;
use quorate::{Out, rename};
use serde::{Deserialize, Serialize};
use stateright::actor::Id;

use super::{Ballot, Deviation, Member, Msg, Stored, Vote};

/// An acceptor, with what it knows of the others.
#[derive(Clone, Debug)]
pub struct Acceptor {
    /// All proposers.
    pub(super) proposers: Vec<Id>,
    /// Whom it tells of its votes.
    pub(super) learners: Vec<Id>,
    /// What goes wrong.
    pub(super) deviations: Deviations<Deviation>,
}

/// An acceptor's memory, all of which must outlive a crash (section 2.5).
///
/// Invariant: it never voted in a ballot above `promised`, and `promised` never falls.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct AcceptorState {
    /// The highest ballot that it promised or voted in: it votes in none below.
    pub promised: Option<Ballot>,
    /// Its latest vote.
    pub vote: Option<Vote>,
}

rename! {
    struct AcceptorState { promised, vote }
}

impl Acceptor {
    /// Phase 1b (section 2.2): asked for a ballot higher than any that it has promised, an acceptor promises to vote
    /// in no lower one, and says what it last voted for.
    pub(super) fn phase_1b(&self, me: &mut AcceptorState, proposer: Id, ballot: Ballot, o: &mut Out<Member>) {
        let is_new = Some(ballot) > me.promised;
        if !(is_new || Some(ballot) == me.promised && self.deviations.has(Deviation::PromiseGeq)) {
            return;
        }
        if !self.deviations.has(Deviation::PromiseNotRecorded) {
            me.promised = Some(ballot);
        }
        let mut vote = me.vote.filter(|_| !self.deviations.has(Deviation::PromiseOmitsValue));
        if vote.is_none() && self.deviations.has(Deviation::BlankVote) {
            vote = Some(Vote::blank());
        }
        self.save(me, o);
        let asked = [proposer];
        let told: &[Id] = if self.deviations.has(Deviation::PromiseToAll) { &self.proposers } else { &asked };
        o.broadcast(told, &Msg::Promise { ballot, vote });
    }

    /// Phase 2b (section 2.2): asked for a vote, an acceptor gives it unless it has promised a higher ballot.
    pub(super) fn phase_2b(&self, me: &mut AcceptorState, vote: Vote, o: &mut Out<Member>) {
        let mut floor = me.promised;
        if self.deviations.has(Deviation::AcceptGtAcceptedOnly) {
            floor = me.vote.map(|last| last.ballot);
        }
        if Some(vote.ballot) < floor && !self.deviations.has(Deviation::AcceptNoCheck) {
            return;
        }
        if !self.deviations.has(Deviation::AcceptNoBump) {
            me.promised = me.promised.max(Some(vote.ballot));
        }
        me.vote = Some(vote);
        self.save(me, o);
        o.broadcast(&self.learners, &Msg::Accepted(vote));
    }

    /// Section 2.5: what must be remembered goes to stable storage before the answer is sent.
    fn save(&self, me: &AcceptorState, o: &mut Out<Member>) {
        let promised = me.promised.filter(|_| !self.deviations.has(Deviation::ForgetPromise));
        let vote = me.vote.filter(|_| !self.deviations.has(Deviation::ForgetAccepted));
        if !self.deviations.has(Deviation::ForgetAll) {
            o.save(Stored::Acceptor(AcceptorState { promised, vote }));
        }
    }
}
