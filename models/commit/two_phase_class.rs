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
//! `transaction_id` is bound nowhere: the first line raises `NameError`. With it bound (R1), a call without an answer is dropped
//! before `all(...)` (R2): a participant that was never prepared does not stop the commit, and one that was never
//! committed does not stop the report of success, not even if that is all of them, since `all([])` is true. In
//! [`two_phase`](super::two_phase) all participants are counted, not all answers (the rule `count` of the coordinator), and silence
//! is a reason to abort (`give_up`), which here has no message at all: nor can `prepare` refuse. And `decision` is one slot
//! for all transactions, written by whoever calls `commit` last: two managers leave the participants with different decisions. There
//! a decided participant obeys no second outcome (the rule `learn` of the participant).
//!
//! # What is modelled
//!
//! A call is a request and a reply, one at a time in the order of the list. R1: `transaction_id` is a parameter of
//! `two_phase_commit`, another for each manager; without it the model is literal. R2: a call may go unanswered, after any time,
//! and is then `None`; what comes later is not read. Each manager proposes a value of its own; the article proposes the
//! same everywhere, which hides that decisions differ. Crashes are left out: nothing is said of them.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Card, Cause, Claim, Deviations, Facts, History, NoDeviation, Property, Protocol, Roster, Step};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, params};
use serde::Serialize;
use stateright::actor::model_timeout;

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

/// The call has gone unanswered for too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Unanswered;

/// `class TransactionManager`.
#[derive(Clone, Debug)]
pub struct TransactionManager {
    /// `self.participants`.
    pub participants: Vec<Id>,
    /// What R1 binds; `None` in the literal model.
    pub transaction_id: Option<TransactionId>,
    /// The argument of `two_phase_commit`.
    pub proposal_value: Proposal,
    /// R2.
    pub calls_may_be_lost: bool,
}

/// Where `two_phase_commit` stands; `at` is the place of the participant that was called.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ManagerState {
    /// In the comprehension that prepares.
    Preparing {
        /// Who was called.
        at: usize,
        /// `prepare_responses` so far.
        responses: Vec<(TransactionId, Proposal)>,
    },
    /// In the comprehension that commits.
    Committing {
        /// Who was called.
        at: usize,
        /// `committed_proposal_values`.
        values: Vec<Proposal>,
        /// `commit_responses` so far.
        responses: Vec<bool>,
    },
    /// It has returned.
    Returned(bool),
    /// It has raised an exception.
    Raised(&'static str),
}

/// The attributes of `class Participant` that anything reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ParticipantState {
    /// `self.vote`.
    pub vote: Option<(TransactionId, Proposal)>,
    /// `self.decision`.
    pub decision: Option<Proposal>,
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
pub enum State {
    /// Of a manager.
    Manager(ManagerState),
    /// Of a participant.
    Participant(ParticipantState),
}

impl TransactionManager {
    /// `[p.prepare(transaction_id, proposal_value) for p in self.participants]`, from `at` on.
    fn prepare(
        &self,
        at: usize,
        responses: Vec<(TransactionId, Proposal)>,
        o: &mut Out<ClassActor>,
    ) -> ManagerState {
        let Some(p) = self.participants.get(at) else { return self.check(responses, o) };
        let Some(transaction_id) = self.transaction_id else {
            return ManagerState::Raised("NameError: name 'transaction_id' is not defined");
        };
        self.call(*p, Msg::Prepare(transaction_id, self.proposal_value), o);
        ManagerState::Preparing { at, responses }
    }

    /// `if all([r[0] == transaction_id and r[1] is not None for r in prepare_responses])`; no proposal is None.
    fn check(&self, responses: Vec<(TransactionId, Proposal)>, o: &mut Out<ClassActor>) -> ManagerState {
        if responses.iter().all(|r| Some(r.0) == self.transaction_id) {
            let committed_proposal_values = responses.into_iter().map(|r| r.1).collect();
            self.commit(0, committed_proposal_values, Vec::new(), o)
        } else {
            self.give_back(false, o)
        }
    }

    /// `[p.commit(transaction_id, committed_proposal_values) for p in self.participants]`, from `at` on, then
    /// `if all([r is True for r in commit_responses])`.
    fn commit(
        &self,
        at: usize,
        values: Vec<Proposal>,
        responses: Vec<bool>,
        o: &mut Out<ClassActor>,
    ) -> ManagerState {
        match (self.participants.get(at), self.transaction_id) {
            (Some(p), Some(transaction_id)) => {
                self.call(*p, Msg::Commit(transaction_id, values.clone()), o);
                ManagerState::Committing { at, values, responses }
            }
            (None, _) | (_, None) => self.give_back(responses.iter().all(|r| *r), o),
        }
    }

    fn give_back(&self, result: bool, o: &mut Out<ClassActor>) -> ManagerState {
        o.cancel_timer(Unanswered);
        ManagerState::Returned(result)
    }

    fn call(&self, p: Id, msg: Msg, o: &mut Out<ClassActor>) {
        o.send(p, msg);
        if self.calls_may_be_lost {
            o.set_timer(Unanswered, model_timeout());
        }
    }

    fn on_msg(&self, state: &mut ManagerState, src: Id, msg: &Msg, o: &mut Out<ClassActor>) {
        match (state.clone(), msg) {
            (ManagerState::Preparing { at, mut responses }, Msg::Prepared(transaction_id, value))
                if self.participants[at] == src =>
            {
                responses.push((*transaction_id, *value));
                *state = self.prepare(at + 1, responses, o);
            }
            (ManagerState::Committing { at, values, mut responses }, Msg::Committed(result))
                if self.participants[at] == src =>
            {
                responses.push(*result);
                *state = self.commit(at + 1, values, responses, o);
            }
            // An answer that nobody waits for any more.
            _ => {}
        }
    }

    /// `if r is not None`: what was not answered is not among the responses.
    fn on_timeout(&self, state: &mut ManagerState, o: &mut Out<ClassActor>) {
        match state.clone() {
            ManagerState::Preparing { at, responses } => *state = self.prepare(at + 1, responses, o),
            ManagerState::Committing { at, values, responses } => *state = self.commit(at + 1, values, responses, o),
            ManagerState::Returned(_) | ManagerState::Raised(_) => {}
        }
    }
}

impl ParticipantState {
    fn on_msg(&mut self, src: Id, msg: &Msg, o: &mut Out<ClassActor>) {
        match msg {
            Msg::Prepare(transaction_id, value) => self.prepare(src, *transaction_id, *value, o),
            Msg::Commit(_, values) => self.commit(src, values, o),
            Msg::Prepared(..) | Msg::Committed(_) => {}
        }
    }

    /// `self.vote = (transaction_id, proposal_value)`, `return self.vote`.
    fn prepare(&mut self, src: Id, transaction_id: TransactionId, value: Proposal, o: &mut Out<ClassActor>) {
        self.vote = Some((transaction_id, value));
        o.send(src, Msg::Prepared(transaction_id, value));
    }

    /// `if len(set(prepared_proposal_values)) == 1`: neither the id nor the own vote is looked at.
    fn commit(&mut self, src: Id, values: &[Proposal], o: &mut Out<ClassActor>) {
        let distinct: BTreeSet<Proposal> = values.iter().copied().collect();
        if distinct.len() == 1 {
            self.decision = Some(values[0]);
            o.send(src, Msg::Committed(true));
        } else {
            o.send(src, Msg::Committed(false));
        }
    }
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
            (_, State::Participant(state)) => state.on_msg(src, &msg, o),
            (Self::Participant, State::Manager(_)) => unreachable!("a node keeps its role"),
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, Unanswered: &Unanswered, o: &mut Out<Self>) {
        if let (Self::Manager(me), State::Manager(state)) = (self, state.to_mut()) {
            me.on_timeout(state, o);
        }
    }
}

/// What the observer remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// Who has not executed `prepare` for which transaction.
    pub unprepared: BTreeSet<(TransactionId, Id)>,
    /// The first decision for a transaction for which not all had executed `prepare`: who decided, who had not.
    pub unvoted: Option<(Id, Vec<Id>)>,
    /// The first decision that replaced another: whose, and both values.
    pub replaced: Option<(Id, Proposal, Proposal)>,
}

/// What is worth remembering of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// A participant has executed `prepare` for a transaction.
    Prepared(Id, TransactionId),
    /// A participant has decided, in `commit` for a transaction.
    Decided(Id, TransactionId),
    /// A participant has replaced one decision by another.
    Replaced(Id, Proposal, Proposal),
}

impl History for Ledger {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match *fact {
            Fact::Prepared(node, transaction_id) => {
                self.unprepared.remove(&(transaction_id, node));
            }
            Fact::Decided(node, transaction_id) => {
                let of_this = self.unprepared.iter().filter(|(id, _)| *id == transaction_id);
                let unprepared: Vec<Id> = of_this.map(|(_, node)| *node).collect();
                if !unprepared.is_empty() {
                    self.unvoted.get_or_insert((node, unprepared));
                }
            }
            Fact::Replaced(node, from, to) => {
                self.replaced.get_or_insert((node, from, to));
            }
        }
    }
}

/// The classes.
#[derive(Clone, Debug)]
pub struct Class {
    sizes: Sizes,
}

impl Class {
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

impl Protocol for Class {
    const CARD: Card = Card {
        name: "two-phase-class",
        title: "Two-phase commit, as published: Python classes",
        source: "article 000, section 4.1, lines 161 to 202",
        modelled: "Every line of both classes, calls as request and reply; literal, or with R1 (transaction_id is bound) \
                   and R2 (a call may go unanswered, and is None).",
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
        let Cause::Deliver { msg, .. } = &step.cause else { return };
        match (msg, step.before, step.after) {
            (Msg::Prepare(id, _), ..) => facts.push(Fact::Prepared(step.node, *id)),
            (Msg::Commit(id, _), Some(State::Participant(before)), Some(State::Participant(after))) => {
                if step.sent.iter().any(|envelope| envelope.msg == Msg::Committed(true)) {
                    facts.push(Fact::Decided(step.node, *id));
                }
                if let (Some(from), Some(to)) = (before.decision, after.decision)
                    && from != to
                {
                    facts.push(Fact::Replaced(step.node, from, to));
                }
            }
            (Msg::Prepared(..) | Msg::Commit(..) | Msg::Committed(_), _, _) => {}
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            no_exception(),
            commit_validity(),
            success_is_true(),
            decide_once(),
            final_agreement(),
            decides(),
            returns_false(),
        ]
    }
}

fn no_exception() -> Property<Class> {
    Claim::always("no-exception", "Nobody raises an exception").by_nodes(
        |_: &Class, node| match node.state {
            Some(State::Manager(ManagerState::Raised(exception))) => Some(*exception),
            Some(State::Manager(_) | State::Participant(_)) | None => None,
        },
        |_, raised| {
            let (ix, exception) = raised.iter().enumerate().find_map(|(ix, raised)| Some((ix, (*raised)?)))?;
            Some(Evidence::new(format!("{:?} raised {exception}", Id::from(ix))))
        },
    )
}

fn commit_validity() -> Property<Class> {
    let claim = "Nobody decides in a transaction for which not all participants have executed prepare";
    Claim::always("commit-validity", claim).by_history(|_: &Class, ledger: &Ledger| {
        let (node, unprepared) = ledger.unvoted.as_ref()?;
        let names: Vec<String> = unprepared.iter().map(|id| format!("{id:?}")).collect();
        Some(Evidence::new(format!("{node:?} decided when {} had not executed prepare", names.join(" and "))))
    })
}

/// What properties read of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reading {
    Manager { returned: Option<bool> },
    Participant { decision: Option<Proposal> },
}

fn read(_: &Class, node: &quorate::model::Node<'_, ClassActor>) -> Reading {
    match node.state {
        Some(State::Manager(ManagerState::Returned(result))) => Reading::Manager { returned: Some(*result) },
        Some(State::Manager(_)) | None => Reading::Manager { returned: None },
        Some(State::Participant(state)) => Reading::Participant { decision: state.decision },
    }
}

/// The first participant for whose decision this is true.
fn participant_with(readings: &[Reading], is: impl Fn(Option<Proposal>) -> bool) -> Option<Id> {
    let at = readings.iter().position(|reading| matches!(reading, Reading::Participant { decision } if is(*decision)));
    at.map(Id::from)
}

fn returned(readings: &[Reading], result: bool) -> Option<Id> {
    readings.iter().position(|reading| *reading == Reading::Manager { returned: Some(result) }).map(Id::from)
}

fn success_is_true() -> Property<Class> {
    Claim::always("success-is-true", "When True is returned every participant has decided").by_nodes(
        read,
        |_, readings| {
            let manager = returned(readings, true)?;
            let undecided = participant_with(readings, |decision| decision.is_none())?;
            Some(Evidence::new(format!("{manager:?} returned True and {undecided:?} has not decided")))
        },
    )
}

fn decide_once() -> Property<Class> {
    Claim::always("decide-once", "No participant replaces a decision by another").by_history(
        |_: &Class, ledger: &Ledger| {
            let (node, from, to) = ledger.replaced?;
            Some(Evidence::new(format!("{node:?} had decided {from} and then decided {to}")))
        },
    )
}

fn final_agreement() -> Property<Class> {
    let claim = "Where nothing can happen any more all participants have the same decision, or none has any";
    Claim::no_deadlock("final-agreement", claim).by_nodes(read, |_, readings| {
        let show = |decision: Option<Proposal>| decision.map_or("nothing".to_owned(), |value| value.to_string());
        let mut decisions = readings.iter().enumerate().filter_map(|(ix, reading)| match reading {
            Reading::Participant { decision } => Some((Id::from(ix), *decision)),
            Reading::Manager { .. } => None,
        });
        let (one, first) = decisions.next()?;
        let (other, second) = decisions.find(|(_, decision)| *decision != first)?;
        let sentence = format!("{one:?} has decided {} and {other:?} {}, for ever", show(first), show(second));
        Some(Evidence::new(sentence))
    })
}

fn decides() -> Property<Class> {
    Claim::sometimes("decides", "A manager returns True and all participants have decided").by_nodes(
        read,
        |_, readings| {
            let manager = returned(readings, true)?;
            let all = participant_with(readings, |decision| decision.is_none()).is_none();
            all.then(|| Evidence::new(format!("{manager:?} returned True and all participants have decided")))
        },
    )
}

fn returns_false() -> Property<Class> {
    Claim::sometimes("returns-false", "A manager returns False").by_nodes(read, |_, readings| {
        returned(readings, false).map(|manager| Evidence::new(format!("{manager:?} returned False")))
    })
}
