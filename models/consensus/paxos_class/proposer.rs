//! `class Proposer`.

use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{Exception, Member, Method, Msg, Object};

/// `class Proposer`, and what it is asked to do.
#[derive(Clone, Debug)]
pub struct Proposer {
    pub(super) value: Object,
    pub(super) acceptors: Vec<Id>,
    pub(super) attempts: usize,
    pub(super) calls_lost: usize,
    pub(super) acceptors_learn: bool,
}

/// Its attributes, and where it is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ProposerState {
    /// `next_propose_number`.
    pub next_propose_number: i8,
    /// How many calls it has made.
    pub calls: usize,
    /// How many more of its calls may bring None.
    pub calls_to_lose: usize,
    /// Where it is.
    pub frame: Frame,
}

/// Where a proposer is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Frame {
    /// In the list comprehension that calls `promise`; the results so far, `None` where none came.
    Prepare(Vec<Option<Object>>),
    /// In the list comprehension that calls `accept`.
    Accept(Vec<Option<Object>>),
    /// All its calls of `propose` have returned, and it has decided nothing.
    Returned,
    /// It has reached `learn`, which exists (R2).
    Decided,
    /// `propose` has raised.
    Raised(Exception),
}

/// The response takes too long: the call brings None.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Timer;

impl Proposer {
    /// `__init__`, and the first call of `propose`.
    pub(super) fn start(&self, o: &mut Out<Member>) -> ProposerState {
        let mut me = ProposerState {
            next_propose_number: 0,
            calls: 0,
            calls_to_lose: self.calls_lost,
            frame: Frame::Prepare(Vec::new()),
        };
        self.propose(&mut me, o);
        me
    }

    /// `propose`, up to its first call.
    fn propose(&self, me: &mut ProposerState, o: &mut Out<Member>) {
        me.next_propose_number += 1;
        me.frame = Frame::Prepare(Vec::new());
        self.call_next(me, 0, o);
    }

    /// `propose_number`.
    fn propose_number(me: &ProposerState) -> i8 {
        me.next_propose_number - 1
    }

    /// The next call of a list comprehension that has made `made` calls.
    fn call_next(&self, me: &mut ProposerState, made: usize, o: &mut Out<Member>) {
        let number = Self::propose_number(me);
        let method = match &me.frame {
            Frame::Prepare(_) => Method::Promise(number, self.value),
            Frame::Accept(_) => Method::Accept(number, self.value),
            Frame::Returned | Frame::Decided | Frame::Raised(_) => return,
        };
        me.calls += 1;
        o.send(self.acceptors[made], Msg::Call(me.calls, method));
        if me.calls_to_lose > 0 {
            o.set_timer(Timer, model_timeout());
        }
    }

    /// A call has returned or raised.
    pub(super) fn returned(
        &self,
        me: &mut ProposerState,
        call: usize,
        outcome: Result<Object, Exception>,
        o: &mut Out<Member>,
    ) {
        if call != me.calls {
            return;
        }
        o.cancel_timer(Timer);
        match outcome {
            Ok(object) => self.goes_on(me, Some(object), o),
            Err(exception) => me.frame = Frame::Raised(exception),
        }
    }

    /// A call has brought None.
    pub(super) fn call_lost(&self, me: &mut ProposerState, _: Timer, o: &mut Out<Member>) {
        me.calls_to_lose -= 1;
        self.goes_on(me, None, o);
    }

    /// The list comprehension goes on with the next acceptor, or `propose` with its next line.
    fn goes_on(&self, me: &mut ProposerState, result: Option<Object>, o: &mut Out<Member>) {
        let number = Self::propose_number(me);
        let made = match &mut me.frame {
            Frame::Prepare(results) | Frame::Accept(results) => {
                results.push(result);
                results.len()
            }
            Frame::Returned | Frame::Decided | Frame::Raised(_) => return,
        };
        if made < self.acceptors.len() {
            return self.call_next(me, made, o);
        }
        match &me.frame {
            Frame::Prepare(results) if self.majority_of(results, |result| result >= Object::Int(number)) => {
                me.frame = Frame::Accept(Vec::new());
                self.call_next(me, 0, o);
            }
            Frame::Accept(results) if self.majority_of(results, |result| result == self.value) => {
                me.frame = if self.acceptors_learn { Frame::Decided } else { Frame::Raised(Exception::AttributeError) };
            }
            Frame::Prepare(_) | Frame::Accept(_) => self.returns(me, o),
            Frame::Returned | Frame::Decided | Frame::Raised(_) => {}
        }
    }

    /// `len([r for r in responses if ...]) > len(acceptors) // 2`; `r[0] == self.proposer_id` is always true.
    fn majority_of(&self, results: &[Option<Object>], counts: impl Fn(Object) -> bool) -> bool {
        results.iter().flatten().filter(|result| counts(**result)).count() > self.acceptors.len() / 2
    }

    /// `propose` returns without a decision; it may be called again.
    fn returns(&self, me: &mut ProposerState, o: &mut Out<Member>) {
        if Self::propose_number(me) + 1 < i8::try_from(self.attempts).expect("attempts are few") {
            self.propose(me, o);
        } else {
            me.frame = Frame::Returned;
        }
    }
}
