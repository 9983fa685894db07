//! `class Acceptor`, and `class Learner`, whose `learn` it calls.

use quorate::{Id, Out};
use serde::Serialize;

use super::{Content, Exception, Sizes, Value, ZookeeperNode, ask, exception_of, id_of, sorted};
use crate::stores::zookeeper::{Command, NewPath, Path, Reply};

/// `class Acceptor` and `class Learner` of one node.
#[derive(Clone, Debug)]
pub struct Acceptor {
    pub(super) ensemble: Id,
    pub(super) sizes: Sizes,
}

/// Where its `accept` stands; each with the value of the proposal that it was handed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum AcceptorState {
    /// It was handed none yet.
    Idle,
    /// `zc.create(acceptance_path, ..., zk.EPHEMERAL)`.
    Accepting(Value),
    /// In `learn`: `zc.get_children('/learners')`.
    Listing(Value),
    /// `zc.create(decision_path, ..., zk.PERSISTENT)`.
    Creating(Value),
    /// `zc.set(decision_path, ..., acceptance_version)`.
    Setting(Value),
    /// `print('Decision: ...')`.
    Decided(Value),
    /// It has returned, and decided nothing.
    Returned(Value),
    /// It has raised.
    Raised {
        /// What it had accepted by then.
        accepted: Option<Value>,
        /// What.
        exception: Exception,
    },
}

impl AcceptorState {
    /// The value of the proposal that the node has accepted.
    pub(super) fn accepted(&self) -> Option<Value> {
        match self {
            Self::Idle | Self::Accepting(_) => None,
            Self::Raised { accepted, .. } => *accepted,
            Self::Listing(value)
            | Self::Creating(value)
            | Self::Setting(value)
            | Self::Decided(value)
            | Self::Returned(value) => Some(*value),
        }
    }

    fn raise(&self, exception: Exception) -> Self {
        Self::Raised { accepted: self.accepted(), exception }
    }
}

type Output = Out<ZookeeperNode>;

/// `'/acceptances/%d' % self.node_id`.
fn acceptance_path(me: Id) -> NewPath {
    const PATHS: [&str; 4] = ["/acceptances/0", "/acceptances/1", "/acceptances/2", "/acceptances/3"];
    NewPath::Plain(PATHS[usize::from(me)])
}

/// `'/decisions/%d' % self.node_id`.
fn decision_path(me: Id) -> &'static str {
    const PATHS: [&str; 4] = ["/decisions/0", "/decisions/1", "/decisions/2", "/decisions/3"];
    PATHS[usize::from(me)]
}

impl Acceptor {
    /// It will be handed one of the proposals.
    pub(super) fn start(&self, o: &mut Output) -> AcceptorState {
        o.choose_random("accept", (0..self.sizes.nodes).map(|proposer| Value::of(proposer.into())).collect());
        AcceptorState::Idle
    }

    /// `accept`.
    pub(super) fn accept(&self, me: Id, value: Value, o: &mut Output) -> AcceptorState {
        ask(me, self.ensemble, Command::Create { path: acceptance_path(me), data: Some(value), ephemeral: true }, o);
        AcceptorState::Accepting(value)
    }

    pub(super) fn on_reply(
        &self,
        me: Id,
        state: &AcceptorState,
        reply: Reply<Content>,
        o: &mut Output,
    ) -> AcceptorState {
        if let Some(exception) = exception_of(&reply) {
            return state.raise(exception);
        }
        match (state, reply) {
            (AcceptorState::Accepting(value), _) => {
                ask(me, self.ensemble, Command::Children, o);
                AcceptorState::Listing(*value)
            }
            (AcceptorState::Listing(value), Reply::Children(learners)) => {
                self.learn(me, *value, sorted(learners).last(), o)
            }
            (AcceptorState::Creating(value), _) => self.decide(me, *value, o),
            (AcceptorState::Setting(value), _) => AcceptorState::Decided(*value),
            _ => state.clone(),
        }
    }

    /// `if self.node_id == learners[-1]`: to the letter of the empty list, and then of a number and a string.
    fn learn(&self, me: Id, value: Value, last: Option<&Path>, o: &mut Output) -> AcceptorState {
        let Some(last) = last else {
            return AcceptorState::Listing(value).raise("IndexError: list index out of range");
        };
        if !self.sizes.r4_numbers || id_of(*last) != Some(me) {
            return AcceptorState::Returned(value);
        }
        let path = NewPath::Plain(decision_path(me));
        ask(me, self.ensemble, Command::Create { path, data: None, ephemeral: false }, o);
        AcceptorState::Creating(value)
    }

    /// `zc.set(decision_path, ..., acceptance_version)`: to the letter `acceptance_data` is not defined here.
    fn decide(&self, me: Id, value: Value, o: &mut Output) -> AcceptorState {
        if !self.sizes.r5_data {
            return AcceptorState::Creating(value).raise("NameError: name 'acceptance_data' is not defined");
        }
        let path = Path::Plain(decision_path(me));
        ask(me, self.ensemble, Command::Set { path, version: 0, data: Some(value) }, o);
        AcceptorState::Setting(value)
    }
}
