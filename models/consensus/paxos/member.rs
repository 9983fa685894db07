//! The three roles as one actor: which message is which rule.

use std::borrow::Cow;

use quorate::{Actor, Id, Out, rename};
use serde::{Deserialize, Serialize};

use super::acceptor::Acceptor;
use super::learner::Learner;
use super::proposer::Proposer;
use super::{AcceptorState, LearnerState, Msg, ProposerState, Retry};

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It proposes.
    Proposer(Proposer),
    /// It votes.
    Acceptor(Acceptor),
    /// It learns.
    Learner(Learner),
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum State {
    /// Of a proposer.
    Proposer(ProposerState),
    /// Of an acceptor.
    Acceptor(AcceptorState),
    /// Of a learner.
    Learner(LearnerState),
}

/// What outlives a crash.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stored {
    /// Of a proposer.
    Proposer {
        /// The highest round that it has used.
        round: usize,
    },
    /// Of an acceptor: all that it knows.
    Acceptor(AcceptorState),
}

rename! {
    enum State { Proposer(state), Acceptor(state), Learner(state) }
    enum Stored { Proposer { round }, Acceptor(state) }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Retry;
    type State = State;
    type Storage = Stored;
    type Random = ();

    fn on_start(&self, id: Id, storage: &Option<Stored>, o: &mut Out<Self>) -> State {
        match (self, storage) {
            (Self::Proposer(proposer), Some(Stored::Proposer { round })) => {
                State::Proposer(proposer.start(id, Some(*round), o))
            }
            (Self::Proposer(proposer), _) => State::Proposer(proposer.start(id, None, o)),
            (Self::Acceptor(_), Some(Stored::Acceptor(saved))) => State::Acceptor(saved.clone()),
            (Self::Acceptor(_), _) => State::Acceptor(AcceptorState::default()),
            (Self::Learner(_), _) => State::Learner(LearnerState::default()),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let mut next = State::clone(state);
        match (self, &mut next, msg) {
            (Self::Acceptor(acceptor), State::Acceptor(me), Msg::Prepare { ballot }) => {
                acceptor.phase_1b(me, src, ballot, o);
            }
            (Self::Proposer(proposer), State::Proposer(me), Msg::Promise { ballot, vote }) => {
                proposer.phase_2a(me, src, ballot, vote, o);
            }
            (Self::Acceptor(acceptor), State::Acceptor(me), Msg::Accept(vote)) => acceptor.phase_2b(me, vote, o),
            (Self::Learner(learner), State::Learner(me), Msg::Accepted(vote)) => learner.learn(me, src, vote),
            (Self::Proposer(_) | Self::Acceptor(_) | Self::Learner(_), ..) => {}
        }
        if next != **state {
            *state = Cow::Owned(next);
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, Retry: &Retry, o: &mut Out<Self>) {
        if let (Self::Proposer(proposer), State::Proposer(me)) = (self, state.to_mut()) {
            proposer.retry(id, me, o);
        }
    }
}
