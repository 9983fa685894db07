//! Paxos that decides on promises, as an article tells it.
//!
//! # As published
//!
//! Article 004, sections 3.2.1 (line 223), 3.2.4 (lines 247 to 251) and 3.2.5, in short: a proposer sends Prepare with a
//! number to all acceptors; an acceptor that can accept the number answers with a Promise that has the number in it;
//! a proposer that has Promises of more than half of them has won, announces its "decision" and tells everyone of it
//! by Accept. A proposer that waits in vain gives its number up and chooses another.
//!
//! # What is wrong
//!
//! A Promise says which number the acceptor would listen to. That more than half would listen says nothing of what they
//! accepted, and does not keep the next number from being listened to as well: two proposers win one after the other,
//! each with its value. In [`paxos`](super::paxos) a quorum of promises only lets the proposer ask for votes (phase 2a),
//! with the value of the latest vote that the promises report, and what is chosen is what a quorum voted for (phase 2b).
//!
//! # What is modelled, and what is left out
//!
//! Prepare, Promise, and the announcement; "can accept the number" is read as: it is higher than all that the acceptor
//! has promised. Numbers are ballots, so that no two proposers have the same. The Accept messages are left out: whoever
//! gets one is told what is decided already. What the article has acceptors do with them is
//! [`paxos_accept_unconditional`](super::paxos_accept_unconditional).

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Card, Claim, Deviations, Facts, History, NoDeviation, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::decisions::Decisions;
use super::paxos::{Ballot, Value};

quorate::params! {
    /// Who takes part, and how long they try.
    pub struct Sizes {
        /// Number of acceptors.
        pub acceptors: usize = 3, in 1..=5;
        /// Number of proposers, each with a value of its own.
        pub proposers: usize = 2, in 1..=3;
        /// How many numbers each proposer tries.
        pub numbers: usize = 1, in 1..=3;
    }
}

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Can you accept this number?
    Prepare(Ballot),
    /// Yes, this one.
    Promise(Ballot),
}

/// The proposer has waited in vain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct InVain;

/// What a proposer remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Proposing {
    /// Its number.
    pub number: Ballot,
    /// Who promised it.
    pub promises: BTreeSet<Id>,
    /// Whether it has announced its value as the decision.
    pub has_won: bool,
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a proposer.
    Proposer(Proposing),
    /// Of an acceptor: the highest number that it promised.
    Acceptor(Option<Ballot>),
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It proposes.
    Proposer(Proposer),
    /// It promises.
    Acceptor,
}

/// A proposer.
#[derive(Clone, Debug)]
pub struct Proposer {
    acceptors: Vec<Id>,
    numbers: usize,
}

impl Proposer {
    /// 3.2.4: a number is chosen, and Prepare sent to all acceptors.
    fn prepare(&self, number: Ballot, o: &mut Out<Member>) -> Proposing {
        o.broadcast(&self.acceptors, &Msg::Prepare(number));
        if number.round < self.numbers {
            o.set_timer(InVain, model_timeout());
        }
        Proposing { number, promises: BTreeSet::new(), has_won: false }
    }

    /// 3.2.1, step 2: more than half of the Promises, and the decision is announced.
    fn win(&self, me: &mut Proposing, acceptor: Id, number: Ballot, o: &mut Out<Member>) {
        if number != me.number || me.has_won {
            return;
        }
        me.promises.insert(acceptor);
        if me.promises.len() > self.acceptors.len() / 2 {
            me.has_won = true;
            o.cancel_timer(InVain);
        }
    }
}

/// 3.2.4: an acceptor that can accept the number promises it.
fn promise(me: &mut Option<Ballot>, proposer: Id, number: Ballot, o: &mut Out<Member>) {
    if Some(number) > *me {
        *me = Some(number);
        o.send(proposer, Msg::Promise(number));
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = InVain;
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Proposer(proposer) => State::Proposer(proposer.prepare(Ballot { round: 1, proposer: id }, o)),
            Self::Acceptor => State::Acceptor(None),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut(), msg) {
            (Self::Acceptor, State::Acceptor(me), Msg::Prepare(number)) => promise(me, src, number, o),
            (Self::Proposer(proposer), State::Proposer(me), Msg::Promise(number)) => proposer.win(me, src, number, o),
            (Self::Proposer(_) | Self::Acceptor, ..) => {}
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, InVain: &InVain, o: &mut Out<Self>) {
        if let (Self::Proposer(proposer), State::Proposer(me)) = (self, state.to_mut()) {
            *me = proposer.prepare(Ballot { round: me.number.round + 1, proposer: id }, o);
        }
    }
}

/// Paxos that decides on promises.
#[derive(Clone, Debug)]
pub struct PaxosDecideOnPromise {
    sizes: Sizes,
}

impl Protocol for PaxosDecideOnPromise {
    const CARD: Card = Card {
        name: "paxos-decide-on-promise",
        title: "Paxos that decides on promises, as an article tells it",
        source: "article 004, sections 3.2.1 and 3.2.4 (lines 217-255)",
        modelled: "Prepare, Promise, and the announcement of the decision",
        left_out: "the Accept messages, which tell what is decided already",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Member;
    type History = Decisions<Value>;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Member> {
        let acceptors = Id::vec_from((0..self.sizes.acceptors).map(|n| self.sizes.proposers + n));
        let proposer = |_| Member::Proposer(Proposer { acceptors: acceptors.clone(), numbers: self.sizes.numbers });
        Roster::new()
            .role("proposer", (0..self.sizes.proposers).map(proposer))
            .role("acceptor", (0..self.sizes.acceptors).map(|_| Member::Acceptor))
    }

    fn history(&self) -> Decisions<Value> {
        Decisions::default()
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<<Decisions<Value> as History>::Fact>) {
        match step.after {
            Some(State::Proposer(me)) if me.has_won && step.before != step.after => {
                facts.push((step.node, Value::of(step.node)));
            }
            _ => {}
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("agreement", "no two different values are announced as the decision")
                .by_history(|_, it: &Decisions<_>| it.disagreement()),
            Claim::no_deadlock("terminates", "where nothing can happen any more, a value is decided")
                .by_history(|_, it: &Decisions<_>| it.indecision()),
            Claim::sometimes("decided", "a value is decided").by_history(|_, it: &Decisions<_>| it.decision()),
        ]
    }
}
