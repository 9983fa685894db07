//! Paxos with random numbers, as the Python class of an article has it.
//!
//! # As published
//!
//! Article 001, section 4.1 (lines 93 to 125); the four dictionaries are empty at first:
//!
//! ```text
//! def propose(self, value):
//!     proposal_id = random.randint(1, MAX_PROPOSAL_ID)
//!     self.proposals[proposal_id] = value
//!     for node in nodes:
//!         self.send_proposal(node, proposal_id, value)
//!
//! def vote(self, proposal_id, value):
//!     if proposal_id not in self.proposals:
//!         return
//!     if value == self.proposals[proposal_id]:
//!         self.votes[proposal_id] = value
//!         self.send_vote(proposal_id, value)
//!
//! def promise(self, proposal_id, value):
//!     if proposal_id not in self.votes:
//!         return
//!     if value == self.votes[proposal_id]:
//!         self.promises[proposal_id] = value
//!         self.send_promise(proposal_id, value)
//!
//! def confirm(self, proposal_id, value):
//!     if proposal_id not in self.promises:
//!         return
//!     if value == self.promises[proposal_id]:
//!         self.confirms[proposal_id] = value
//!         self.send_confirm(proposal_id, value)
//! ```
//!
//! # What is wrong
//!
//! Nothing is counted and no ids are compared: each proposal goes through `vote`, `promise` and `confirm` on its own,
//! as if it were the only one, so two proposals are confirmed with two values. What [`paxos`](super::paxos) has instead is
//! a quorum in phase 2a and in the learner, and in phases 1b and 2b the comparison of the ballot with the promise. Nobody
//! but the proposer has the id in `proposals`, so no other node ever votes. And a random id may be that of another.
//!
//! # What is modelled, and what is left out
//!
//! Every method, the random id as an open choice, and the sends, of which the listing shows only the calls: to all nodes,
//! the sender included. It does not say who calls `vote`, `promise` and `confirm`: here the arrival of a proposal, a vote
//! and a promise does. One numbered repair is a parameter:
//!
//! - R1 (`receivers_store`): a node that receives a proposal puts it into `proposals`, so that it may vote.
//!
//! Messages are a set from which delivery removes nothing, since one vote after the other makes a node send the same
//! promise once more.

use std::borrow::Cow;
use std::collections::BTreeMap;

use quorate::model::{
    Card, Claim, Deviations, Facts, History, NetworkKind, NoDeviation, Property, Protocol, Roster, Step,
};
use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::decisions::Decisions;
use super::paxos::Value;

quorate::params! {
    /// Who takes part, and how the listing is made to run.
    pub struct Sizes {
        /// Number of nodes.
        pub nodes: usize = 3, in 1..=5;
        /// How many of them propose, each a value of its own.
        pub proposers: usize = 2, in 1..=3;
        /// `MAX_PROPOSAL_ID`.
        pub max_proposal_id: usize = 2, in 1..=4;
        /// R1: whether the receiver of a proposal puts it into `proposals`.
        pub receivers_store: bool = false;
    }
}

/// A dictionary from proposal id to value.
pub type Dict = BTreeMap<usize, Value>;

/// What travels: a proposal id and a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// From `send_proposal`.
    Proposal(usize, Value),
    /// From `send_vote`.
    Vote(usize, Value),
    /// From `send_promise`.
    Promise(usize, Value),
    /// From `send_confirm`: nobody has a method for it.
    Confirm(usize, Value),
}

/// `random.randint(1, MAX_PROPOSAL_ID)`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ProposalId(pub usize);

/// A node's attributes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Attributes {
    /// `proposals`.
    pub proposals: Dict,
    /// `votes`.
    pub votes: Dict,
    /// `promises`.
    pub promises: Dict,
    /// `confirms`.
    pub confirms: Dict,
}

/// A node, an object of `class Paxos`.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is asked to propose.
    value: Option<Value>,
    nodes: Vec<Id>,
    max_proposal_id: usize,
    receivers_store: bool,
}

impl Node {
    /// `propose`, after its first line.
    fn propose(&self, me: &mut Attributes, proposal_id: usize, value: Value, o: &mut Out<Self>) {
        me.proposals.insert(proposal_id, value);
        o.broadcast(&self.nodes, &Msg::Proposal(proposal_id, value));
    }

    /// `vote`.
    fn vote(&self, me: &mut Attributes, proposal_id: usize, value: Value, o: &mut Out<Self>) {
        if me.proposals.get(&proposal_id) == Some(&value) {
            me.votes.insert(proposal_id, value);
            o.broadcast(&self.nodes, &Msg::Vote(proposal_id, value));
        }
    }

    /// `promise`.
    fn promise(&self, me: &mut Attributes, proposal_id: usize, value: Value, o: &mut Out<Self>) {
        if me.votes.get(&proposal_id) == Some(&value) {
            me.promises.insert(proposal_id, value);
            o.broadcast(&self.nodes, &Msg::Promise(proposal_id, value));
        }
    }

    /// `confirm`.
    fn confirm(&self, me: &mut Attributes, proposal_id: usize, value: Value, o: &mut Out<Self>) {
        if me.promises.get(&proposal_id) == Some(&value) {
            me.confirms.insert(proposal_id, value);
            o.broadcast(&self.nodes, &Msg::Confirm(proposal_id, value));
        }
    }
}

impl Actor for Node {
    type Msg = Msg;
    type Timer = ();
    type State = Attributes;
    type Storage = ();
    type Random = ProposalId;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Attributes {
        if self.value.is_some() {
            o.choose_random("proposal_id", (1..=self.max_proposal_id).map(ProposalId).collect());
        }
        Attributes::default()
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, Attributes>, ProposalId(id): &ProposalId, o: &mut Out<Self>) {
        if let Some(value) = self.value {
            self.propose(state.to_mut(), *id, value, o);
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, Attributes>, _: Id, msg: Msg, o: &mut Out<Self>) {
        let me = state.to_mut();
        match msg {
            Msg::Proposal(proposal_id, value) => {
                if self.receivers_store {
                    me.proposals.insert(proposal_id, value);
                }
                self.vote(me, proposal_id, value, o);
            }
            Msg::Vote(proposal_id, value) => self.promise(me, proposal_id, value, o),
            Msg::Promise(proposal_id, value) => self.confirm(me, proposal_id, value, o),
            Msg::Confirm(..) => {}
        }
    }
}

/// Paxos with random numbers.
#[derive(Clone, Debug)]
pub struct PaxosRandomId {
    sizes: Sizes,
}

impl PaxosRandomId {
    fn value(&self, node: usize) -> Option<Value> {
        (node < self.sizes.proposers).then(|| Value::of(node.into()))
    }

    fn node(&self, node: usize) -> Node {
        Node {
            value: self.value(node),
            nodes: Id::vec_from(0..self.sizes.nodes),
            max_proposal_id: self.sizes.max_proposal_id,
            receivers_store: self.sizes.receivers_store,
        }
    }

    fn is_of_another(&self, node: Id, value: Value) -> bool {
        self.value(node.into()) != Some(value)
    }
}

impl Protocol for PaxosRandomId {
    const CARD: Card = Card {
        name: "paxos-random-id",
        title: "Paxos with random numbers, as an article's Python class has it",
        source: "article 001, section 4.1, the Python listing (lines 93-125)",
        modelled: "every method of the listing; the random id is an open choice; each send goes to all nodes",
        left_out: "nothing of the listing; who calls its methods is not in it: here a message does",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Node;
    type History = Decisions<Value>;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        if sizes.proposers > sizes.nodes {
            return Err(format!("{} of {} nodes cannot propose", sizes.proposers, sizes.nodes));
        }
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Node> {
        Roster::new().role("node", (0..self.sizes.nodes).map(|node| self.node(node)))
    }

    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) -> Decisions<Value> {
        Decisions::default()
    }

    fn observe(&self, step: &Step<'_, Node>, facts: &mut Facts<<Decisions<Value> as History>::Fact>) {
        if let (Some(before), Some(after)) = (step.before, step.after)
            && before.confirms != after.confirms
        {
            facts.extend(after.confirms.values().map(|value| (step.node, *value)));
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("agreement", "no two different values are confirmed")
                .by_history(|_, it: &Decisions<_>| it.disagreement()),
            Claim::sometimes("confirmed", "a value is confirmed").by_history(|_, it: &Decisions<_>| it.decision()),
            Claim::sometimes("confirmed-by-another", "a node confirms a value that it did not propose").by_history(
                |paxos: &Self, it: &Decisions<_>| it.decision_where(|node, value| paxos.is_of_another(node, *value)),
            ),
        ]
    }
}
