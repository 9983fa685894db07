//! Paxos as the algorithm block of an article has it.
//!
//! # As published
//!
//! Article 000, section 3.2 (lines 79 to 104), in the block's own words:
//!
//! ```text
//! input: N, the set of all acceptors
//! global variable: D, the decided value
//! function propose(v):
//!   n := choose a propose number
//!   send prepare request(n) to floor(|N|/2)+1 acceptors
//!   wait for promise responses
//!   if received floor(|N|/2)+1 promise responses with same proposal number m and no decided value,
//!     then select v' = v or bottom based on some criteria
//!     send accept request(m, v') to floor(|N|/2)+1 acceptors
//!     wait for accept responses
//!     if received floor(|N|/2)+1 accept responses with same accept values,
//!       then broadcast decide value(v')
//! function promise(n):
//!   if n > highest previous promise number then
//!     set highest promise number to n
//!     return promise
//! function accept(m, v):
//!   if m > highest previous accept number then
//!     set highest accept number to m
//!     set accepted value to v
//!     return accept
//! ```
//!
//! # What is wrong
//!
//! Two lines are missing, and either gap alone is enough to decide two values. `accept` asks what the acceptor accepted
//! and not what it promised: phase 2b of [`paxos`](super::paxos) compares with `promised`. And `promise` says nothing of
//! what the acceptor accepted, so that `select v'` cannot take it up: phase 1b there reports the vote, and phase 2a
//! proposes the value of the latest one. The parameters `accept_heeds_promise` and `promise_reports_vote` put the two
//! lines back; with both, agreement holds. Beside that, bottom may be decided, which nobody proposed; requests go to just
//! as many acceptors as must answer, so that one crash among them leaves its proposer waiting; and numbers are not said
//! to be different: two proposers with the same number can wait for each other for ever.
//!
//! # What is modelled, and what is left out
//!
//! Each request and each response, with the choice of the acceptors that a proposer asks, in both phases the same. The
//! criteria of the choice between v and bottom are not said: it is v, or either of them. D is read ("no decided value")
//! and never written, so it is left out. Each proposer proposes once, as the block does.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Card, Claim, Deviations, Facts, History, NoDeviation, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::decisions::Decisions;
use super::paxos::Value;

quorate::choice_param! {
    /// By which criteria a proposer chooses between its value and bottom.
    pub enum Criteria {
        /// It takes its value.
        Own = "own",
        /// It takes either.
        OwnOrBottom = "own-or-bottom",
    }
}

quorate::params! {
    /// Who takes part, and what the block leaves open.
    pub struct Sizes {
        /// Number of acceptors.
        pub acceptors: usize = 3, in 1..=5;
        /// Number of proposers, each with a value of its own.
        pub proposers: usize = 2, in 1..=3;
        /// Whether all proposers choose the same number; otherwise each has its own.
        pub same_numbers: bool = false;
        /// What a proposer selects.
        pub criteria: Criteria = Criteria::Own;
        /// A cure: an acceptor accepts nothing below what it promised.
        pub accept_heeds_promise: bool = false;
        /// A cure: a promise reports what was accepted, and the proposer takes the latest of it.
        pub promise_reports_vote: bool = false;
    }
}

/// A number and a value that were accepted under it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Accepted {
    /// The number.
    pub number: usize,
    /// The value.
    pub value: Value,
}

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Prepare request (n).
    Prepare(usize),
    /// Promise response, with the proposal number; what was accepted is there with the cure only.
    Promise(usize, Option<Accepted>),
    /// Accept request (m, v').
    Accept(Accepted),
    /// Accept response.
    Accepted(Accepted),
}

/// What a proposer chooses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Choice {
    /// The acceptors that it asks.
    Acceptors(Vec<Id>),
    /// v'.
    Value(Value),
}

/// A proposer in `propose`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Proposing {
    /// The acceptors that it asks; none before they are chosen.
    pub acceptors: Vec<Id>,
    /// Where it is.
    pub line: Line,
}

/// Where a proposer is in `propose`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Line {
    /// It waits for promise responses; it has these.
    AwaitPromises(BTreeSet<(Id, Option<Accepted>)>),
    /// It selects v'.
    Select,
    /// It waits for accept responses to this; it has those of these acceptors.
    AwaitAccepts(Accepted, BTreeSet<Id>),
    /// It has broadcast the decided value.
    Decided(Value),
}

/// What an acceptor remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Accepting {
    /// The highest promise number; numbers begin at 1.
    pub promise_number: usize,
    /// The highest accept number and the value accepted with it.
    pub accepted: Option<Accepted>,
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a proposer.
    Proposer(Proposing),
    /// Of an acceptor.
    Acceptor(Accepting),
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It runs `propose`.
    Proposer(Proposer),
    /// It answers with `promise` and `accept`.
    Acceptor(Acceptor),
}

/// A proposer.
#[derive(Clone, Debug)]
pub struct Proposer {
    number: usize,
    value: Value,
    acceptors: Vec<Id>,
    criteria: Criteria,
}

impl Proposer {
    /// floor(|N|/2)+1.
    fn quorum(&self) -> usize {
        self.acceptors.len() / 2 + 1
    }

    /// `send prepare request(n) to floor(|N|/2)+1 acceptors`: to which, is open.
    fn propose(&self, o: &mut Out<Member>) -> Proposing {
        let subsets = (0_u32..1 << self.acceptors.len()).filter(|bits| bits.count_ones() as usize == self.quorum());
        let members = |bits: u32| (0..).zip(&self.acceptors).filter(move |(n, _)| bits >> n & 1 == 1);
        let choices = subsets.map(|bits| Choice::Acceptors(members(bits).map(|(_, acceptor)| *acceptor).collect()));
        o.choose_random("acceptors", choices.collect());
        Proposing { acceptors: Vec::new(), line: Line::AwaitPromises(BTreeSet::new()) }
    }

    fn send_prepare(&self, me: &mut Proposing, acceptors: &[Id], o: &mut Out<Member>) {
        me.acceptors = acceptors.to_vec();
        o.broadcast(acceptors, &Msg::Prepare(self.number));
    }

    /// `if received floor(|N|/2)+1 promise responses with same proposal number m ... then select v'`.
    fn promised(&self, me: &mut Proposing, acceptor: Id, vote: Option<Accepted>, o: &mut Out<Member>) {
        let Line::AwaitPromises(promises) = &mut me.line else { return };
        promises.insert((acceptor, vote));
        if promises.len() < self.quorum() {
            return;
        }
        let latest = promises.iter().filter_map(|(_, vote)| *vote).max_by_key(|vote| vote.number);
        match (latest, self.criteria) {
            (Some(vote), _) => self.send_accept(me, vote.value, o),
            (None, Criteria::Own) => self.send_accept(me, self.value, o),
            (None, Criteria::OwnOrBottom) => {
                me.line = Line::Select;
                o.choose_random("value", vec![Choice::Value(self.value), Choice::Value(BOTTOM)]);
            }
        }
    }

    /// `send accept request(m, v') to floor(|N|/2)+1 acceptors`.
    fn send_accept(&self, me: &mut Proposing, value: Value, o: &mut Out<Member>) {
        let accept = Accepted { number: self.number, value };
        o.broadcast(&me.acceptors, &Msg::Accept(accept));
        me.line = Line::AwaitAccepts(accept, BTreeSet::new());
    }

    /// `if received floor(|N|/2)+1 accept responses with same accept values, then broadcast decide value(v')`.
    fn accepted(&self, me: &mut Proposing, acceptor: Id, vote: Accepted) {
        let Line::AwaitAccepts(accept, acceptors) = &mut me.line else { return };
        if vote == *accept {
            acceptors.insert(acceptor);
        }
        if acceptors.len() >= self.quorum() {
            me.line = Line::Decided(vote.value);
        }
    }
}

/// An acceptor.
#[derive(Clone, Debug)]
pub struct Acceptor {
    accept_heeds_promise: bool,
    promise_reports_vote: bool,
}

impl Acceptor {
    /// `function promise(n)`.
    fn promise(&self, me: &mut Accepting, proposer: Id, number: usize, o: &mut Out<Member>) {
        if number > me.promise_number {
            me.promise_number = number;
            o.send(proposer, Msg::Promise(number, me.accepted.filter(|_| self.promise_reports_vote)));
        }
    }

    /// `function accept(m, v)`.
    fn accept(&self, me: &mut Accepting, proposer: Id, vote: Accepted, o: &mut Out<Member>) {
        if self.accept_heeds_promise && vote.number < me.promise_number {
            return;
        }
        if Some(vote.number) > me.accepted.map(|accepted| accepted.number) {
            me.accepted = Some(vote);
            o.send(proposer, Msg::Accepted(vote));
        }
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = ();
    type State = State;
    type Storage = ();
    type Random = Choice;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Proposer(proposer) => State::Proposer(proposer.propose(o)),
            Self::Acceptor(_) => State::Acceptor(Accepting::default()),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut(), msg) {
            (Self::Acceptor(acceptor), State::Acceptor(me), Msg::Prepare(number)) => {
                acceptor.promise(me, src, number, o);
            }
            (Self::Proposer(proposer), State::Proposer(me), Msg::Promise(_, vote)) => {
                proposer.promised(me, src, vote, o);
            }
            (Self::Acceptor(acceptor), State::Acceptor(me), Msg::Accept(vote)) => acceptor.accept(me, src, vote, o),
            (Self::Proposer(proposer), State::Proposer(me), Msg::Accepted(vote)) => proposer.accepted(me, src, vote),
            (Self::Proposer(_) | Self::Acceptor(_), ..) => {}
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, choice: &Choice, o: &mut Out<Self>) {
        match (self, state.to_mut(), choice) {
            (Self::Proposer(proposer), State::Proposer(me), Choice::Acceptors(acceptors)) => {
                proposer.send_prepare(me, acceptors, o);
            }
            (Self::Proposer(proposer), State::Proposer(me), Choice::Value(value)) => {
                proposer.send_accept(me, *value, o);
            }
            (Self::Proposer(_) | Self::Acceptor(_), ..) => {}
        }
    }
}

/// The value that nobody proposes.
const BOTTOM: Value = Value('⊥');

/// Paxos as the block has it.
#[derive(Clone, Debug)]
pub struct PaxosBlock {
    sizes: Sizes,
}

impl PaxosBlock {
    fn proposer(&self, ix: usize) -> Member {
        Member::Proposer(Proposer {
            number: if self.sizes.same_numbers { 1 } else { ix + 1 },
            value: Value::of(ix.into()),
            acceptors: Id::vec_from((0..self.sizes.acceptors).map(|n| self.sizes.proposers + n)),
            criteria: self.sizes.criteria,
        })
    }

    fn acceptor(&self) -> Member {
        Member::Acceptor(Acceptor {
            accept_heeds_promise: self.sizes.accept_heeds_promise,
            promise_reports_vote: self.sizes.promise_reports_vote,
        })
    }
}

impl Protocol for PaxosBlock {
    const CARD: Card = Card {
        name: "paxos-block",
        title: "Paxos, as an article's algorithm block has it",
        source: "article 000, section 3.2, the algorithm block (lines 79-104)",
        modelled: "every request and response of the block; what it leaves open is a choice or a parameter",
        left_out: "the global variable D, which is never written",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Member;
    type History = Decisions<Value>;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Member> {
        Roster::new()
            .role("proposer", (0..self.sizes.proposers).map(|ix| self.proposer(ix)))
            .role("acceptor", (0..self.sizes.acceptors).map(|_| self.acceptor()))
    }

    fn history(&self) -> Decisions<Value> {
        Decisions::default()
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<<Decisions<Value> as History>::Fact>) {
        match step.after {
            Some(State::Proposer(Proposing { line: Line::Decided(value), .. })) if step.before != step.after => {
                facts.push((step.node, *value));
            }
            _ => {}
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("agreement", "no two different values are decided")
                .by_history(|_, it: &Decisions<_>| it.disagreement()),
            Claim::always("validity", "a decided value was proposed")
                .by_history(|_, it: &Decisions<_>| it.decision_where(|_, value| *value == BOTTOM)),
            Claim::no_deadlock("terminates", "where nothing can happen any more, a value is decided")
                .by_history(|_, it: &Decisions<_>| it.indecision()),
            Claim::sometimes("decided", "a value is decided").by_history(|_, it: &Decisions<_>| it.decision()),
        ]
    }
}
