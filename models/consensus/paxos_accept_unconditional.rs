//! Paxos whose acceptors accept whatever they are told to, as an article tells it.
//!
//! # As published
//!
//! Article 004, sections 3.2.4 to 3.2.6 (lines 245 to 259), in short: Prepare with a number to all acceptors; a Promise with
//! that number from each that can accept it; on more than half of the Promises, Accept to all, with the winner's
//! "decision". On Accept an acceptor looks whether its log has a "decision" for this proposal already; if not, it
//! writes it there and broadcasts Accepted. A participant with Accepted from more than half applies the decision.
//! Article 003 (line 51) tells the same with the names of the phases exchanged.
//!
//! # What is wrong
//!
//! On Accept the acceptor looks into its log and not at its promise, and the log is by proposal: of two proposals, an
//! acceptor accepts both, in any order. In [`paxos`](super::paxos) phase 2b refuses a ballot below the promise. That alone
//! would not do, for a Promise here has only the number in it: phase 1b there reports the latest vote, which phase 2a
//! proposes again. The parameters `accept_heeds_promise` and `promise_reports_vote` put both back; with both of them,
//! agreement holds.
//!
//! # What is modelled, and what is left out
//!
//! All four messages. "Can accept the number" is read as: it is higher than all that the acceptor has promised. Numbers
//! are ballots, so that no two proposers have the same. Of the participants those that only apply are modelled, as role of
//! their own; section 3.2.5, which has proposers send Promises, contradicts 3.2.4 and is left out. A proposer proposes
//! once: giving up a number for another adds nothing that a further proposer does not.

use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use quorate::model::{Card, Claim, Deviations, Facts, History, NoDeviation, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::decisions::Decisions;
use super::paxos::{Ballot, Value, Vote};

quorate::params! {
    /// Who takes part.
    pub struct Sizes {
        /// Number of acceptors.
        pub acceptors: usize = 3, in 1..=5;
        /// Number of proposers, each with a value of its own.
        pub proposers: usize = 2, in 1..=3;
        /// Number of participants that apply decisions.
        pub participants: usize = 1, in 1..=2;
        /// A cure: an acceptor accepts nothing below what it promised.
        pub accept_heeds_promise: bool = false;
        /// A cure: a Promise reports the latest decision in the log, and the proposer takes the latest of them.
        pub promise_reports_vote: bool = false;
    }
}

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Can you accept this number?
    Prepare(Ballot),
    /// Yes, this one; what was accepted is there with the cure only.
    Promise(Ballot, Option<Vote>),
    /// This is the decision.
    Accept(Vote),
    /// I have it in my log.
    Accepted(Vote),
}

/// What an acceptor remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Accepting {
    /// The highest number that it promised.
    pub promised: Option<Ballot>,
    /// Its log: decisions, by proposal.
    pub log: BTreeMap<Ballot, Value>,
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a proposer: who promised and what they reported; nothing once it has won.
    Proposer(Option<BTreeMap<Id, Option<Vote>>>),
    /// Of an acceptor.
    Acceptor(Accepting),
    /// Of a participant: who has accepted what.
    Participant(BTreeMap<Vote, BTreeSet<Id>>),
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It proposes.
    Proposer(Proposer),
    /// It promises and accepts.
    Acceptor(Acceptor),
    /// It applies what is decided.
    Participant,
}

/// A proposer.
#[derive(Clone, Debug)]
pub struct Proposer {
    acceptors: Vec<Id>,
}

impl Proposer {
    /// 3.2.4: Prepare goes to all acceptors.
    fn prepare(&self, id: Id, o: &mut Out<Member>) {
        o.broadcast(&self.acceptors, &Msg::Prepare(number_of(id)));
    }

    /// 3.2.4: on more than half of the Promises, Accept goes to all.
    fn win(
        &self,
        id: Id,
        me: &mut Option<BTreeMap<Id, Option<Vote>>>,
        acceptor: Id,
        vote: Option<Vote>,
        o: &mut Out<Member>,
    ) {
        let Some(promises) = me else { return };
        promises.insert(acceptor, vote);
        if promises.len() > self.acceptors.len() / 2 {
            let latest = promises.values().flatten().max_by_key(|vote| vote.ballot);
            let value = latest.map_or(Value::of(id), |vote| vote.value);
            o.broadcast(&self.acceptors, &Msg::Accept(Vote { ballot: number_of(id), value }));
            *me = None;
        }
    }
}

/// The number of a proposer.
fn number_of(proposer: Id) -> Ballot {
    Ballot { round: 1, proposer }
}

/// An acceptor.
#[derive(Clone, Debug)]
pub struct Acceptor {
    participants: Vec<Id>,
    accept_heeds_promise: bool,
    promise_reports_vote: bool,
}

impl Acceptor {
    /// 3.2.4: an acceptor that can accept the number promises it.
    fn promise(&self, me: &mut Accepting, proposer: Id, number: Ballot, o: &mut Out<Member>) {
        if Some(number) > me.promised {
            me.promised = Some(number);
            let latest = me.log.last_key_value().map(|(ballot, value)| Vote { ballot: *ballot, value: *value });
            o.send(proposer, Msg::Promise(number, latest.filter(|_| self.promise_reports_vote)));
        }
    }

    /// 3.2.6: an acceptor that has no decision for this proposal in its log writes it there, and says so.
    fn accept(&self, me: &mut Accepting, vote: Vote, o: &mut Out<Member>) {
        if self.accept_heeds_promise && Some(vote.ballot) < me.promised {
            return;
        }
        if let Entry::Vacant(unwritten) = me.log.entry(vote.ballot) {
            unwritten.insert(vote.value);
            o.broadcast(&self.participants, &Msg::Accepted(vote));
        }
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = ();
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Proposer(proposer) => {
                proposer.prepare(id, o);
                State::Proposer(Some(BTreeMap::new()))
            }
            Self::Acceptor(_) => State::Acceptor(Accepting::default()),
            Self::Participant => State::Participant(BTreeMap::new()),
        }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut(), msg) {
            (Self::Acceptor(acceptor), State::Acceptor(me), Msg::Prepare(number)) => {
                acceptor.promise(me, src, number, o);
            }
            (Self::Proposer(proposer), State::Proposer(me), Msg::Promise(_, vote)) => {
                proposer.win(id, me, src, vote, o);
            }
            (Self::Acceptor(acceptor), State::Acceptor(me), Msg::Accept(vote)) => acceptor.accept(me, vote, o),
            (Self::Participant, State::Participant(me), Msg::Accepted(vote)) => {
                me.entry(vote).or_default().insert(src);
            }
            (Self::Proposer(_) | Self::Acceptor(_) | Self::Participant, ..) => {}
        }
    }
}

/// Paxos whose acceptors accept whatever they are told to.
#[derive(Clone, Debug)]
pub struct PaxosAcceptUnconditional {
    sizes: Sizes,
}

impl PaxosAcceptUnconditional {
    fn acceptor_ids(&self) -> Vec<Id> {
        Id::vec_from((0..self.sizes.acceptors).map(|n| self.sizes.proposers + n))
    }

    fn acceptor(&self) -> Member {
        let first = self.sizes.proposers + self.sizes.acceptors;
        Member::Acceptor(Acceptor {
            participants: Id::vec_from(first..first + self.sizes.participants),
            accept_heeds_promise: self.sizes.accept_heeds_promise,
            promise_reports_vote: self.sizes.promise_reports_vote,
        })
    }
}

impl Protocol for PaxosAcceptUnconditional {
    const CARD: Card = Card {
        name: "paxos-accept-unconditional",
        title: "Paxos whose acceptors accept whatever they are told to, as an article tells it",
        source: "article 004, sections 3.2.4 to 3.2.6 (lines 245-259); article 003, line 51",
        modelled: "Prepare, Promise, Accept, Accepted, and applying what more than half have accepted",
        left_out: "section 3.2.5, which contradicts 3.2.4; further numbers of a proposer, which are as further proposers",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Member;
    type History = Decisions<Value>;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Member> {
        let proposer = |_| Member::Proposer(Proposer { acceptors: self.acceptor_ids() });
        Roster::new()
            .role("proposer", (0..self.sizes.proposers).map(proposer))
            .role("acceptor", (0..self.sizes.acceptors).map(|_| self.acceptor()))
            .role("participant", (0..self.sizes.participants).map(|_| Member::Participant))
    }

    fn history(&self) -> Decisions<Value> {
        Decisions::default()
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<<Decisions<Value> as History>::Fact>) {
        if let Some(State::Participant(me)) = step.after
            && step.before != step.after
        {
            let majority = |acceptors: &BTreeSet<Id>| acceptors.len() > self.sizes.acceptors / 2;
            let applied = me.iter().filter(|(_, acceptors)| majority(acceptors)).map(|(vote, _)| vote.value);
            facts.extend(applied.map(|value| (step.node, value)));
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("agreement", "no two different values are applied")
                .by_history(|_, it: &Decisions<_>| it.disagreement()),
            Claim::no_deadlock("terminates", "where nothing can happen any more, a value is applied")
                .by_history(|_, it: &Decisions<_>| it.indecision()),
            Claim::sometimes("decided", "a value is applied").by_history(|_, it: &Decisions<_>| it.decision()),
        ]
    }
}
