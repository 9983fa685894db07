//! Two-phase commit as Python classes have it: whoever does not answer is left out of the count.
//!
//! # As published
//!
//! Article 000, section 4.1 (lines 161 to 202), without its comments:
//!
//! ```text
//! class Participant:
//!    def prepare(self, transaction_id, proposal_value):
//!        self.local_transaction_result = ...
//!        self.vote = (transaction_id, proposal_value)
//!        return self.vote
//!    def commit(self, transaction_id, prepared_proposal_values):
//!        if len(set(prepared_proposal_values)) == 1:
//!            self.decision = prepared_proposal_values[0]
//!            return True
//!        else:
//!            return False
//!
//! class TransactionManager:
//!    def two_phase_commit(self, proposal_value):
//!        prepare_requests = [p.prepare(transaction_id, proposal_value) for p in self.participants]
//!        prepare_responses = [r for r in prepare_requests if r is not None]
//!        if all([r[0] == transaction_id and r[1] is not None for r in prepare_responses]):
//!            committed_proposal_values = [r[1] for r in prepare_responses]
//!            commit_requests = [p.commit(transaction_id, committed_proposal_values) for p in self.participants]
//!            commit_responses = [r for r in commit_requests if r is not None]
//!            if all([r is True for r in commit_responses]):
//!                return True
//!        return False
//! ```
//!
//! # What is wrong
//!
//! `transaction_id` is bound nowhere: the first line raises `NameError`. With it bound (R1), a call without an
//! answer is dropped before `all(...)` (R2): a participant that was never prepared does not stop the commit,
//! and one that was never committed does not stop the report of success, not even if that is all of them, since
//! `all([])` is true. In [`two_phase`](super::two_phase) all participants are counted, not all answers (the
//! rule `count` of the coordinator), and silence is a reason to abort (`give_up`), which here has no message at
//! all: nor can `prepare` refuse. And `decision` is one slot for all transactions, written by whoever calls
//! `commit` last: two managers leave the participants with different decisions. There a decided participant
//! obeys no second outcome (the rule `learn` of the participant).
//!
//! # What is modelled
//!
//! A call is a request and a reply, one at a time in the order of the list. R1: `transaction_id` is a parameter
//! of `two_phase_commit`, another for each manager; without it the model is literal. R2: a call may go
//! unanswered, after any time, and is then `None`; what comes later is not read. Each manager proposes a value
//! of its own; the article proposes the same everywhere, which hides that decisions differ. Crashes are left
//! out: nothing is said of them.
//!
//! | file | what |
//! |---|---|
//! | `members` | the two classes, line by line |
//! | `claims` | what the observer remembers, and the properties |

mod claims;
mod members;

use std::borrow::Cow;

use quorate::model::{Card, Deviations, Facts, NoDeviation, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out, params};
use serde::Serialize;

pub use claims::{Fact, Ledger};
pub use members::{ManagerState, ParticipantState, TransactionManager, Unanswered};

params! {
    /// How many members there are, and which repairs are made.
    pub struct Sizes {
        /// Number of participants.
        pub participants: usize = 2, in 1..=4;
        /// Number of managers, each with one transaction and a value of its own.
        pub managers: usize = 1, in 1..=3;
        /// Repair R1: `transaction_id` is bound.
        pub r1_transaction_id: bool = true;
        /// Repair R2: a call may go unanswered, and is then None.
        pub r2_lost_calls: bool = true;
    }
}

/// A `transaction_id`: that of the manager with this number.
pub type TransactionId = usize;

/// A `proposal_value`, one letter for each manager.
pub type Proposal = char;

/// Calls and their returns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// `p.prepare(transaction_id, proposal_value)`.
    Prepare(TransactionId, Proposal),
    /// `p.prepare(...)` returns the vote.
    Prepared(TransactionId, Proposal),
    /// `p.commit(transaction_id, prepared_proposal_values)`.
    Commit(TransactionId, Vec<Proposal>),
    /// `p.commit(...)` returns.
    Committed(bool),
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum ClassActor {
    /// It runs `two_phase_commit`.
    Manager(TransactionManager),
    /// It runs `prepare` and `commit`.
    Participant,
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum State {
    /// Of a manager.
    Manager(ManagerState),
    /// Of a participant.
    Participant(ParticipantState),
}

impl Actor for ClassActor {
    type Msg = Msg;
    type Timer = Unanswered;
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Manager(me) => State::Manager(me.prepare(0, Vec::new(), o)),
            Self::Participant => State::Participant(ParticipantState::default()),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut()) {
            (Self::Manager(me), State::Manager(state)) => me.on_msg(state, src, &msg, o),
            (Self::Participant, State::Participant(state)) => state.on_msg(src, &msg, o),
            (Self::Manager(_), State::Participant(_)) | (Self::Participant, State::Manager(_)) => {
                unreachable!("a node keeps its role")
            }
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, Unanswered: &Unanswered, o: &mut Out<Self>) {
        if let (Self::Manager(me), State::Manager(state)) = (self, state.to_mut()) {
            me.on_timeout(state, o);
        }
    }
}

/// The classes.
#[derive(Clone, Debug)]
pub struct TwoPhaseClass {
    sizes: Sizes,
}

impl TwoPhaseClass {
    const PROPOSALS: [Proposal; 3] = ['X', 'Y', 'Z'];

    fn participants(&self) -> impl Iterator<Item = Id> {
        (0..self.sizes.participants).map(|n| Id::from(self.sizes.managers + n))
    }

    fn manager(&self, number: usize) -> TransactionManager {
        TransactionManager {
            participants: self.participants().collect(),
            transaction_id: self.sizes.r1_transaction_id.then_some(number),
            proposal_value: Self::PROPOSALS[number],
            calls_may_be_lost: self.sizes.r2_lost_calls,
        }
    }
}

impl Protocol for TwoPhaseClass {
    const CARD: Card = Card {
        name: "two-phase-class",
        title: "Two-phase commit, as published: Python classes",
        source: "article 000, section 4.1, lines 161 to 202",
        modelled: "Every line of both classes, calls as request and reply; literal, or with R1 (transaction_id is \
                   bound) and R2 (a call may go unanswered, and is None).",
        left_out: "Crashes: the text says nothing of them.",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = ClassActor;
    type History = Ledger;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<ClassActor> {
        let managers = (0..self.sizes.managers).map(|number| ClassActor::Manager(self.manager(number)));
        Roster::new()
            .role("manager", managers)
            .role("participant", vec![ClassActor::Participant; self.sizes.participants])
    }

    fn history(&self) -> Ledger {
        let of = |id| self.participants().map(move |node| (id, node));
        let unprepared = (0..self.sizes.managers).flat_map(of).collect();
        Ledger { unprepared, unvoted: None, replaced: None }
    }

    fn observe(&self, step: &Step<'_, ClassActor>, facts: &mut Facts<Fact>) {
        claims::observe(step, facts);
    }

    fn properties() -> Vec<Property<Self>> {
        claims::properties()
    }
}
