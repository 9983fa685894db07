//! `class Proposer`.

use quorate::{Id, Out};
use serde::Serialize;

use super::{Content, Exception, Sizes, Value, ZookeeperNode, ask, child, exception_of, id_of, sorted};
use crate::stores::zookeeper::{Command, Path, Reply};

/// `class Proposer`.
#[derive(Clone, Debug)]
pub struct Proposer {
    pub(super) ensemble: Id,
    pub(super) sizes: Sizes,
}

/// Where its `propose` stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ProposerState {
    /// `zc.create(proposal_path, ..., zk.EPHEMERAL_SEQUENTIAL)`.
    Creating,
    /// `zc.get_children('/proposals')`.
    Listing,
    /// `zc.get(prev_proposal_path)`.
    Reading,
    /// It has returned a value, or None.
    Returned(Option<Value>),
    /// It has raised.
    Raised(Exception),
}

type Output = Out<ZookeeperNode>;

impl Proposer {
    /// The first lines of `propose`.
    pub(super) fn propose(&self, me: Id, o: &mut Output) -> ProposerState {
        let data = Some(Value::of(me));
        ask(me, self.ensemble, Command::Create { path: child(me), data, ephemeral: true }, o);
        ProposerState::Creating
    }

    pub(super) fn on_reply(
        &self,
        me: Id,
        state: &ProposerState,
        reply: Reply<Content>,
        o: &mut Output,
    ) -> ProposerState {
        if let Some(exception) = exception_of(&reply) {
            return ProposerState::Raised(exception);
        }
        match (state, reply) {
            (ProposerState::Creating, _) => self.list(me, o),
            (ProposerState::Listing, Reply::Children(proposals)) => self.look(me, &sorted(proposals), o),
            (ProposerState::Reading, Reply::Data(node)) => match node.data {
                Some(value) => ProposerState::Returned(Some(value)),
                None => self.list(me, o),
            },
            _ => state.clone(),
        }
    }

    /// The first line of `while True`.
    fn list(&self, me: Id, o: &mut Output) -> ProposerState {
        ask(me, self.ensemble, Command::Children, o);
        ProposerState::Listing
    }

    /// `for proposal in proposals`, and `if prev_proposal is not None`. To the letter the first name raises.
    fn look(&self, me: Id, proposals: &[Path], o: &mut Output) -> ProposerState {
        if !self.sizes.r1_proposal_id && !proposals.is_empty() {
            return ProposerState::Raised("IndexError: list index out of range");
        }
        let is_lower = |proposal: &&Path| id_of(**proposal).is_some_and(|id| id < me);
        match proposals.iter().rfind(is_lower) {
            Some(prev_proposal) => {
                ask(me, self.ensemble, Command::Get { path: *prev_proposal }, o);
                ProposerState::Reading
            }
            None => ProposerState::Returned(self.sizes.r2_own_value.then(|| Value::of(me))),
        }
    }
}
