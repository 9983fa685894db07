//! `class TransactionCoordinator`.

use quorate::{Id, Out};
use serde::Serialize;

use super::{Content, Found, Sizes, ZookeeperActor, ask, outcome_of, path};
use crate::commit::decision::Outcome;
use crate::stores::zookeeper::{Command, NewPath, Path, Reply};

/// `class TransactionCoordinator`.
#[derive(Clone, Debug)]
pub struct Coordinator {
    pub(super) participants: Vec<Id>,
    pub(super) ensemble: Id,
    pub(super) sizes: Sizes,
}

/// Where its `prepare` stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct CoordinatorState {
    /// The branch that `if success` took.
    pub outcome: Option<Outcome>,
    /// The line on which it waits for a reply.
    pub line: Line,
}

/// A line of `prepare`; `at` is the place of the participant whose node it is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Line {
    /// R1: `zc.create` of the request.
    Requesting {
        /// About whom.
        at: usize,
    },
    /// `prepare_response = zc.get(...)`.
    Reading {
        /// About whom.
        at: usize,
        /// `prepare_responses` so far, each with the version of its node.
        responses: Vec<Option<(Content, u32)>>,
    },
    /// `zc.create(..., b'', zk.EPHEMERAL)`.
    Committing {
        /// About whom.
        at: usize,
        /// The versions of the votes, for R4.
        versions: Vec<u32>,
    },
    /// `zc.delete(...)`.
    Aborting {
        /// About whom.
        at: usize,
    },
    /// `prepare` has returned.
    Returned,
    /// It has raised an exception.
    Raised(&'static str),
}

type Output = Out<ZookeeperActor>;

impl Coordinator {
    /// Its `prepare` is called.
    pub(super) fn start(&self, me: Id, o: &mut Output) -> CoordinatorState {
        let mut state = CoordinatorState { outcome: None, line: Line::Returned };
        if self.sizes.r1_request {
            self.request(me, &mut state, 0, o);
        } else {
            self.read(me, &mut state, 0, Vec::new(), o);
        }
        state
    }

    pub(super) fn on_reply(&self, me: Id, state: &mut CoordinatorState, reply: &Reply<Content>, o: &mut Output) {
        let reads = matches!(state.line, Line::Reading { .. });
        let deletes_again = self.sizes.r4_outcome && matches!(state.line, Line::Aborting { .. });
        let raises_on_nothing = if reads { self.sizes.get_raises } else { !deletes_again };
        match outcome_of(reply, raises_on_nothing) {
            Ok(found) => self.go_on(me, state, found, o),
            Err(exception) => state.line = Line::Raised(exception),
        }
    }

    fn go_on(&self, me: Id, state: &mut CoordinatorState, found: Found, o: &mut Output) {
        match state.line.clone() {
            Line::Requesting { at } => self.request(me, state, at + 1, o),
            Line::Reading { at, mut responses } => {
                responses.push(found.map(|node| (node.data, node.version)));
                self.read(me, state, at + 1, responses, o);
            }
            Line::Committing { at, versions } => self.commit(me, state, at + 1, versions, o),
            Line::Aborting { at } => self.abort(me, state, at + 1, o),
            Line::Returned | Line::Raised(_) => {}
        }
    }

    /// R1: `zc.create('/transaction/%s' % participant, prepare_request, zk.EPHEMERAL)`, from `at` on.
    fn request(&self, me: Id, state: &mut CoordinatorState, at: usize, o: &mut Output) {
        let Some(participant) = self.participants.get(at) else { return self.read(me, state, 0, Vec::new(), o) };
        state.line = Line::Requesting { at };
        ask(me, self.ensemble, create(*participant, Content::Preparing), o);
    }

    /// `prepare_response = zc.get(...)`, from `at` on.
    fn read(
        &self,
        me: Id,
        state: &mut CoordinatorState,
        at: usize,
        responses: Vec<Option<(Content, u32)>>,
        o: &mut Output,
    ) {
        let Some(participant) = self.participants.get(at) else { return self.judge(me, state, &responses, o) };
        state.line = Line::Reading { at, responses };
        ask(me, self.ensemble, Command::Get { path: path(*participant) }, o);
    }

    /// `if prepare_response is None or prepare_response[-1] != 'yes': success = False`. To the letter
    /// `prepare_response[-1]` is never `'yes'`: it is a part of what `get` returns, and no vote.
    fn judge(&self, me: Id, state: &mut CoordinatorState, responses: &[Option<(Content, u32)>], o: &mut Output) {
        let is_yes = |content: Content| self.sizes.r2_data && content == Content::Yes;
        let votes = responses.iter().map(|response| response.filter(|(content, _)| is_yes(*content)));
        match votes.map(|vote| vote.map(|(_, version)| version)).collect::<Option<Vec<u32>>>() {
            Some(versions) => {
                state.outcome = Some(Outcome::Commit);
                self.commit(me, state, 0, versions, o);
            }
            None => {
                state.outcome = Some(Outcome::Abort);
                self.abort(me, state, 0, o);
            }
        }
    }

    /// `zc.create('/transaction/%s' % commit_request['participant'], b'', zk.EPHEMERAL)`, from `at` on; by R4 `zc.set`.
    fn commit(&self, me: Id, state: &mut CoordinatorState, at: usize, versions: Vec<u32>, o: &mut Output) {
        let Some(participant) = self.participants.get(at) else { return state.line = Line::Returned };
        let data = Content::Empty;
        let command = if self.sizes.r4_outcome {
            Command::Set { path: path(*participant), version: versions[at], data }
        } else {
            create(*participant, data)
        };
        state.line = Line::Committing { at, versions };
        ask(me, self.ensemble, command, o);
    }

    /// `zc.delete('/transaction/%s' % abort_request['participant'])`, from `at` on.
    fn abort(&self, me: Id, state: &mut CoordinatorState, at: usize, o: &mut Output) {
        let Some(participant) = self.participants.get(at) else { return state.line = Line::Returned };
        state.line = Line::Aborting { at };
        ask(me, self.ensemble, Command::Delete { path: path(*participant), guard: None }, o);
    }
}

/// `zc.create(..., zk.EPHEMERAL)`.
pub(super) fn create(participant: Id, data: Content) -> Command<Content> {
    let Path::Plain(name) = path(participant) else { unreachable!("a participant's node has a plain name") };
    Command::Create { path: NewPath::Plain(name), data, ephemeral: true }
}
