//! The two classes, line by line.

use std::collections::BTreeSet;

use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{ClassActor, Msg, Proposal, TransactionId};

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

impl TransactionManager {
    /// `[p.prepare(transaction_id, proposal_value) for p in self.participants]`, from `at` on.
    pub(super) fn prepare(
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
    fn commit(&self, at: usize, values: Vec<Proposal>, responses: Vec<bool>, o: &mut Out<ClassActor>) -> ManagerState {
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

    pub(super) fn on_msg(&self, state: &mut ManagerState, src: Id, msg: &Msg, o: &mut Out<ClassActor>) {
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
    pub(super) fn on_timeout(&self, state: &mut ManagerState, o: &mut Out<ClassActor>) {
        match state.clone() {
            ManagerState::Preparing { at, responses } => *state = self.prepare(at + 1, responses, o),
            ManagerState::Committing { at, values, responses } => *state = self.commit(at + 1, values, responses, o),
            ManagerState::Returned(_) | ManagerState::Raised(_) => {}
        }
    }
}

impl ParticipantState {
    pub(super) fn on_msg(&mut self, src: Id, msg: &Msg, o: &mut Out<ClassActor>) {
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
