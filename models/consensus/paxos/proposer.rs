//! The proposer: phases 1a and 2a.

use quorate::model::{Deviations, Rename, Renaming};
use quorate::{Out, rename};
use serde::{Deserialize, Serialize};
use stateright::actor::{Id, model_timeout};

use super::{Ballot, Deviation, Member, Msg, Stored, Value, Vote};

/// A proposer, with what it knows of the others.
#[derive(Clone, Debug)]
pub struct Proposer {
    /// What its client asked it to propose.
    pub(super) value: Value,
    /// Whom it asks.
    pub(super) acceptors: Vec<Id>,
    /// How many promises let it propose.
    pub(super) quorum1: usize,
    /// Among how many proposers the ballots are dealt.
    pub(super) proposer_count: usize,
    /// How many ballots are dealt.
    pub(super) ballot_count: usize,
    /// What goes wrong.
    pub(super) deviations: Deviations<Deviation>,
}

/// A proposer's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProposerState {
    /// The ballot that it is trying.
    ///
    /// Invariant: its round is in the proposer's storage, so that it is never used again.
    pub ballot: Ballot,
    /// How far the ballot got.
    pub phase: Phase,
}

/// How far a ballot got.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Phase {
    /// The proposer waits for promises; those that it has, by acceptor.
    ///
    /// Invariant: fewer than a quorum, of different acceptors, each for the current ballot.
    Preparing(Vec<Promise>),
    /// It has asked for votes, or has given up. What follows is between acceptors and learners.
    Done,
}

/// An acceptor's promise, as the proposer keeps it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Promise {
    /// Who promised.
    pub acceptor: Id,
    /// Its latest vote.
    pub vote: Option<Vote>,
}

/// The proposer's timer: it is time to try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Retry;

rename! {
    struct ProposerState { ballot, phase }
    struct Promise { acceptor, vote }
    nobody in Retry
}

impl Rename for Phase {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        match self {
            Self::Preparing(promises) => {
                let mut promises = promises.rename(names);
                promises.sort();
                Self::Preparing(promises)
            }
            Self::Done => Self::Done,
        }
    }
}

impl Proposer {
    /// Starts with round 1, or after a restart with the round after the last one saved.
    pub(super) fn start(&self, id: Id, last_round: Option<usize>, o: &mut Out<Member>) -> ProposerState {
        let round = last_round.unwrap_or(0) + 1;
        if last_round.is_some() && self.deviations.has(Deviation::NoRetry) {
            return ProposerState { ballot: self.ballot(id, round), phase: Phase::Done };
        }
        self.phase_1a(id, round, o)
    }

    /// Section 2.5: a proposer may abandon its ballot at any time and begin a higher one.
    pub(super) fn retry(&self, id: Id, me: &mut ProposerState, o: &mut Out<Member>) {
        *me = self.phase_1a(id, me.ballot.round + 1, o);
    }

    /// Phase 1a (section 2.2): a proposer selects a new ballot and asks the acceptors to promise it.
    ///
    /// Section 2.5: it remembers in stable storage the highest number that it tried to use.
    fn phase_1a(&self, id: Id, round: usize, o: &mut Out<Member>) -> ProposerState {
        if !self.deviations.has(Deviation::ProposerRestartSameBallot) {
            o.save(Stored::Proposer { round });
        }
        if self.has_ballot_after(id, round) && !self.deviations.has(Deviation::NoRetry) {
            o.set_timer(Retry, model_timeout());
        }
        let ballot = self.ballot(id, round);
        o.broadcast(&self.acceptors, &Msg::Prepare { ballot });
        ProposerState { ballot, phase: Phase::Preparing(Vec::new()) }
    }

    /// Phase 2a (section 2.2): on promises of a quorum of acceptors, the proposer asks them to vote for the value
    /// of the latest vote among the promises, or for its own where there is none.
    pub(super) fn phase_2a(
        &self,
        me: &mut ProposerState,
        acceptor: Id,
        ballot: Ballot,
        vote: Option<Vote>,
        o: &mut Out<Member>,
    ) {
        let Phase::Preparing(promises) = &mut me.phase else { return };
        if ballot != me.ballot && !self.deviations.has(Deviation::StalePromisesCounted) {
            return;
        }
        let known = promises.iter().any(|promise| promise.acceptor == acceptor);
        if known && !self.deviations.has(Deviation::CountDuplicates) {
            return;
        }
        promises.push(Promise { acceptor, vote });
        promises.sort();
        if promises.len() < self.quorum1 {
            return;
        }
        let value = self.value_to_propose(promises);
        o.broadcast(&self.acceptors, &Msg::Accept(Vote { ballot: me.ballot, value }));
        me.phase = Phase::Done;
    }

    /// Section 2.1, P2c: what a quorum of promises leaves to propose.
    fn value_to_propose(&self, promises: &[Promise]) -> Value {
        let reported = || promises.iter().filter_map(|promise| promise.vote);
        let mut binding = reported().max_by_key(|vote| vote.ballot);
        if self.deviations.has(Deviation::PickLowest) {
            binding = reported().min_by_key(|vote| vote.ballot);
        }
        if self.deviations.has(Deviation::PickAny) {
            binding = reported().next();
        }
        if self.deviations.has(Deviation::MajorityValue) {
            binding = reported().max_by_key(|vote| reported().filter(|other| other.value == vote.value).count());
        }
        if self.deviations.has(Deviation::IgnoreAccepted) {
            binding = None;
        }
        binding.map_or(self.value, |vote| vote.value)
    }

    /// The ballot of this proposer in `round`.
    fn ballot(&self, id: Id, round: usize) -> Ballot {
        let proposer = if self.deviations.has(Deviation::DupBallots) { Id::from(0) } else { id };
        Ballot { round, proposer }
    }

    /// Whether a ballot after that of `round` was dealt to this proposer.
    fn has_ballot_after(&self, id: Id, round: usize) -> bool {
        round * self.proposer_count + usize::from(id) < self.ballot_count
    }
}
