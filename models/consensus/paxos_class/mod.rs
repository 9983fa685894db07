//! Paxos as the Python classes of an article have it.
//!
//! # As published
//!
//! Article 000, section 4.2 (lines 210 to 274), less comments and `__init__`; all numbers start at 0, but
//! `highest_promise_number` at -1 and `highest_accepted_value` at None:
//!
//! ```text
//! class Acceptor:
//!    def promise(self, proposer_id, propose_number, propose_value):
//!        if propose_number > self.highest_promise_number:
//!            self.highest_promise_number = propose_number
//!            self.highest_accepted_value = propose_value
//!        return (proposer_id, self.highest_promise_number)
//!
//!    def accept(self, proposer_id, accept_number, accept_value):
//!        if accept_number > self.highest_accepted_value:
//!            self.highest_accepted_value = accept_value
//!        return (proposer_id, self.highest_accepted_value)
//!
//! class Proposer:
//!    def propose(self, value):
//!        propose_number = self.next_propose_number
//!        self.next_propose_number += 1
//!        prepare_requests = [a.promise(self.proposer_id, propose_number, value) for a in acceptors]
//!        prepare_responses = [r for r in prepare_requests if r is not None]
//!        if len([r for r in prepare_responses if r[0] == self.proposer_id and r[1] >= propose_number]) > len(acceptors) // 2:
//!            decide_value = value
//!            accept_requests = [a.accept(self.proposer_id, propose_number, decide_value) for a in acceptors]
//!            accept_responses = [r for r in accept_requests if r is not None]
//!            if len([r for r in accept_responses if r[0] == self.proposer_id and r[1] == decide_value]) > len(acceptors) // 2:
//!                for a in acceptors:
//!                   a.learn(decide_value)
//! ```
//!
//! # What is wrong
//!
//! `accept` compares a number with a value: with the strings of the article's own example it raises `TypeError` at the
//! first call, and nothing is ever decided. Were the values numbers, two different ones would be decided, for `promise`
//! stores the value before anybody accepted it, a refusal answers with a larger number and so counts as a promise, `accept`
//! never looks at the promise, no reply tells what was accepted, and all proposers use the same numbers. In
//! [`paxos`](super::paxos) phase 1b answers only when it promises and reports the vote, phase 2a takes the value of the
//! latest vote, phase 2b compares the ballot with the promise, and a ballot names its proposer. At the end
//! `a.learn` raises `AttributeError`: acceptors have no such method, and learners are never called. The article's example
//! shows none of it, since its proposers all propose `'hello'`; here they propose different values.
//!
//! # What is modelled, and what is left out
//!
//! The listing runs in one process; here each method call is a request and a response, and proposers run side by side.
//! A list comprehension calls one acceptor after the other. An exception in a method goes to its caller, where it ends
//! `propose`, as Python has it. Two numbered repairs, which only make things run, are parameters:
//!
//! - R1 (`values`): values are numbers, larger or smaller than all numbers of proposals;
//! - R2 (`acceptors_learn`): acceptors have `learn`, and reaching it counts as the decision.
//!
//! A call that brings None (`calls_lost`) is a response, or a request, that took too long; the listing filters it out.

mod acceptor;
mod proposer;

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use quorate::model::{Card, Claim, Deviations, Facts, History, NoDeviation, Node, Property, Protocol, Roster, Step};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;

use acceptor::{Acceptor, AcceptorState};
use proposer::{Frame, Proposer, ProposerState, Timer};

use super::decisions::Decisions;

quorate::choice_param! {
    /// What the proposers propose.
    pub enum Values {
        /// Strings, as in the article, though different ones.
        Text = "text",
        /// R1: numbers larger than those of proposals: 10, 11.
        Large = "large",
        /// R1: numbers smaller than those of proposals: -5, -6.
        Small = "small",
    }
}

quorate::params! {
    /// Who takes part, and how the listing is made to run.
    pub struct Sizes {
        /// Number of acceptors; the article has 5.
        pub acceptors: usize = 3, in 1..=5;
        /// Number of proposers; the article has 3.
        pub proposers: usize = 2, in 1..=3;
        /// How often each proposer calls `propose`, until it decides; the article does so once.
        pub attempts: usize = 1, in 1..=3;
        /// What they propose.
        pub values: Values = Values::Text;
        /// R2: whether acceptors have a method `learn`.
        pub acceptors_learn: bool = false;
        /// How many calls of each proposer may bring None.
        pub calls_lost: usize = 0, in 0..=4;
    }
}

/// A Python object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Object {
    /// `None`.
    None,
    /// An `int`.
    Int(i8),
    /// A `str` of one letter.
    Str(char),
}

impl Object {
    /// `number > self`.
    fn is_less_than_number(self, number: i8) -> Result<bool, Exception> {
        match self {
            Self::Int(own) => Ok(number.cmp(&own) == Ordering::Greater),
            Self::None | Self::Str(_) => Err(Exception::TypeError),
        }
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => write!(f, "None"),
            Self::Int(number) => write!(f, "{number}"),
            Self::Str(letter) => write!(f, "'{letter}'"),
        }
    }
}

/// What Python raises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Exception {
    /// `'>' not supported between instances of 'int' and` what it is compared with.
    TypeError,
    /// `'Acceptor' object has no attribute 'learn'`.
    AttributeError,
}

/// A method of the acceptor, with its arguments but `proposer_id`, which is the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Method {
    /// `promise(proposer_id, propose_number, propose_value)`.
    Promise(i8, Object),
    /// `accept(proposer_id, accept_number, accept_value)`.
    Accept(i8, Object),
}

/// What travels. Each call of a proposer has a number, so that a response that comes too late is not taken for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// A method is called.
    Call(usize, Method),
    /// It returns `(proposer_id, object)`: a number from `promise`, a value from `accept`; or it raises.
    Return(usize, Result<Object, Exception>),
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a proposer.
    Proposer(ProposerState),
    /// Of an acceptor.
    Acceptor(AcceptorState),
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// `class Proposer`.
    Proposer(Proposer),
    /// `class Acceptor`.
    Acceptor(Acceptor),
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Proposer(proposer) => State::Proposer(proposer.start(o)),
            Self::Acceptor(_) => State::Acceptor(AcceptorState::default()),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut(), msg) {
            (Self::Acceptor(acceptor), State::Acceptor(me), Msg::Call(call, method)) => {
                o.send(src, Msg::Return(call, acceptor.call(me, method)));
            }
            (Self::Proposer(proposer), State::Proposer(me), Msg::Return(call, outcome)) => {
                proposer.returned(me, call, outcome, o);
            }
            (Self::Proposer(_) | Self::Acceptor(_), ..) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        if let (Self::Proposer(proposer), State::Proposer(me)) = (self, state.to_mut()) {
            proposer.call_lost(me, *timer, o);
        }
    }
}

/// Paxos as the classes have it.
#[derive(Clone, Debug)]
pub struct PaxosClass {
    sizes: Sizes,
}

impl PaxosClass {
    fn value(&self, ix: usize) -> Object {
        match (self.sizes.values, ix) {
            (Values::Text, 0) => Object::Str('A'),
            (Values::Text, 1) => Object::Str('B'),
            (Values::Text, _) => Object::Str('C'),
            (Values::Large, 0) => Object::Int(10),
            (Values::Large, 1) => Object::Int(11),
            (Values::Large, _) => Object::Int(12),
            (Values::Small, 0) => Object::Int(-5),
            (Values::Small, 1) => Object::Int(-6),
            (Values::Small, _) => Object::Int(-7),
        }
    }

    fn proposer(&self, ix: usize) -> Member {
        Member::Proposer(Proposer {
            value: self.value(ix),
            acceptors: Id::vec_from((0..self.sizes.acceptors).map(|n| self.sizes.proposers + n)),
            attempts: self.sizes.attempts,
            calls_lost: self.sizes.calls_lost,
            acceptors_learn: self.sizes.acceptors_learn,
        })
    }
}

impl Protocol for PaxosClass {
    const CARD: Card = Card {
        name: "paxos-class",
        title: "Paxos, as an article's Python classes have it",
        source: "article 000, section 4.2, the Python listing (lines 210-274)",
        modelled: "every call, response and exception of the listing, with proposers side by side",
        left_out: "the learners, which the listing never calls",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Member;
    type History = Decisions<Object>;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Member> {
        Roster::new()
            .role("proposer", (0..self.sizes.proposers).map(|ix| self.proposer(ix)))
            .role("acceptor", (0..self.sizes.acceptors).map(|_| Member::Acceptor(Acceptor)))
    }

    fn history(&self) -> Decisions<Object> {
        Decisions::default()
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<<Decisions<Object> as History>::Fact>) {
        match (self.roster().members()[usize::from(step.node)].actor.clone(), step.after) {
            (Member::Proposer(proposer), Some(State::Proposer(me)))
                if me.frame == Frame::Decided && step.before != step.after =>
            {
                facts.push((step.node, proposer.value));
            }
            _ => {}
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("agreement", "no two different values are decided")
                .by_history(|_, it: &Decisions<_>| it.disagreement()),
            Claim::always("no-exception", "nothing is raised").by_nodes(exception, raised),
            Claim::no_deadlock("terminates", "where nothing can happen any more, a value is decided")
                .by_history(|_, it: &Decisions<_>| it.indecision()),
            Claim::sometimes("decided", "a value is decided").by_history(|_, it: &Decisions<_>| it.decision()),
        ]
    }
}

fn exception(_: &PaxosClass, node: &Node<'_, Member>) -> Option<(Id, Exception)> {
    match node.state {
        Some(State::Proposer(ProposerState { frame: Frame::Raised(exception), .. })) => Some((node.id, *exception)),
        _ => None,
    }
}

fn raised(_: &PaxosClass, nodes: &[Option<(Id, Exception)>]) -> Option<Evidence> {
    let (proposer, exception) = nodes.iter().flatten().next()?;
    Some(Evidence::new(format!("`propose` of {proposer:?} ends with {exception:?}")))
}
