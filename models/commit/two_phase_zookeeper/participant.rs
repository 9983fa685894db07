//! `class TransactionParticipant`.

use quorate::{Id, Out};
use serde::Serialize;

use super::coordinator::create;
use super::{Content, Found, Pick, Sizes, ZookeeperActor, ask, outcome_of, path};
use crate::commit::decision::{Outcome, Vote};
use crate::stores::zookeeper::{Command, Reply};

/// `class TransactionParticipant`, and the choices of whoever calls its methods.
#[derive(Clone, Debug)]
pub struct Participant {
    pub(super) ensemble: Id,
    pub(super) sizes: Sizes,
}

/// A method.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Method {
    /// `prepare`.
    Prepare,
    /// `commit`.
    Commit,
    /// `abort`.
    Abort,
}

/// Where a participant stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ParticipantState {
    /// What `prepare` has written, or is writing.
    pub vote: Option<Vote>,
    /// Which `...` was run, if any.
    pub ended: Option<Outcome>,
    /// What it waits for.
    pub line: Line,
}

/// A line on which a participant waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Line {
    /// To be called.
    Idle,
    /// In the `get` of a method.
    Getting(Method),
    /// R3: for its local transaction, with the version of the request.
    Executing(u32),
    /// In the last command of `prepare`.
    Voting,
    /// For nothing more: an exception was raised.
    Raised(&'static str),
}

type Output = Out<ZookeeperActor>;

impl ParticipantState {
    pub(super) fn start(o: &mut Output) -> Self {
        let mut state = Self { vote: None, ended: None, line: Line::Idle };
        state.wait_for_call(o);
        state
    }

    /// `prepare` is called until it has voted, then `commit` and `abort` until one has run.
    fn wait_for_call(&mut self, o: &mut Output) {
        self.line = Line::Idle;
        let methods: &[Method] = match (self.vote, self.ended) {
            (_, Some(_)) => &[],
            (None, None) => &[Method::Prepare],
            (Some(_), None) => &[Method::Commit, Method::Abort],
        };
        o.choose_random("call", methods.iter().copied().map(Pick::Call).collect());
    }
}

impl Participant {
    /// The first line of each method: `zc.get('/transaction/%s' % self)`.
    pub(super) fn call(&self, me: Id, state: &mut ParticipantState, method: Method, o: &mut Output) {
        state.line = Line::Getting(method);
        ask(me, self.ensemble, Command::Get { path: path(me) }, o);
    }

    pub(super) fn on_reply(&self, me: Id, state: &mut ParticipantState, reply: &Reply<Content>, o: &mut Output) {
        let raises_on_nothing = match state.line {
            Line::Getting(_) => self.sizes.get_raises,
            Line::Idle | Line::Executing(_) | Line::Voting | Line::Raised(_) => true,
        };
        match (outcome_of(reply, raises_on_nothing), state.line) {
            (Err(exception), _) => state.line = Line::Raised(exception),
            (Ok(found), Line::Getting(Method::Prepare)) => self.prepare(me, state, found, o),
            (Ok(found), Line::Getting(Method::Commit)) => self.commit(state, found, o),
            (Ok(found), Line::Getting(Method::Abort)) => self.abort(state, found, o),
            (Ok(_), Line::Voting) => state.wait_for_call(o),
            (Ok(_), Line::Idle | Line::Executing(_) | Line::Raised(_)) => {}
        }
    }

    /// `if prepare_request is not None and prepare_request[-1] == 'yes'`. To the letter that is never so; by R2 it is
    /// where the node holds a Yes, which nobody can have written; by R3 the request is what is looked for.
    fn prepare(&self, me: Id, state: &mut ParticipantState, found: Found, o: &mut Output) {
        if self.sizes.r3_vote {
            match found.filter(|node| node.data == Content::Preparing) {
                Some(request) => {
                    state.line = Line::Executing(request.version);
                    o.choose_random("execute", vec![Pick::Execute(true), Pick::Execute(false)]);
                }
                None => state.wait_for_call(o),
            }
        } else if self.sizes.r2_data && found.is_some_and(|node| node.data == Content::Yes) {
            self.write(me, state, Vote::Yes, create(me, Content::Yes), o);
        } else {
            self.write(me, state, Vote::No, Command::Delete { path: path(me), guard: None }, o);
        }
    }

    /// R3: `zc.set` of the vote over the request, or its `zc.delete`.
    pub(super) fn execute(&self, me: Id, state: &mut ParticipantState, well: bool, o: &mut Output) {
        let Line::Executing(version) = state.line else { return };
        if well {
            self.write(me, state, Vote::Yes, Command::Set { path: path(me), version, data: Content::Yes }, o);
        } else {
            self.write(me, state, Vote::No, Command::Delete { path: path(me), guard: None }, o);
        }
    }

    fn write(&self, me: Id, state: &mut ParticipantState, vote: Vote, command: Command<Content>, o: &mut Output) {
        state.vote = Some(vote);
        state.line = Line::Voting;
        ask(me, self.ensemble, command, o);
    }

    /// `if commit_request is not None`: whatever it holds. The cure asks for the outcome.
    fn commit(&self, state: &mut ParticipantState, found: Found, o: &mut Output) {
        if found.is_some_and(|node| !self.sizes.outcome_is_read || node.data == Content::Empty) {
            state.ended = Some(Outcome::Commit);
        }
        state.wait_for_call(o);
    }

    /// `if abort_request is not None`: where the coordinator has deleted nothing. The cure asks whether it has.
    fn abort(&self, state: &mut ParticipantState, found: Found, o: &mut Output) {
        if found.is_some() != self.sizes.outcome_is_read {
            state.ended = Some(Outcome::Abort);
        }
        state.wait_for_call(o);
    }
}
