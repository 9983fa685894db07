//! Paxos as the prose of an article tells it: an election in which everybody may vote for everybody.
//!
//! # As published
//!
//! Article 001, section 3.1.1 (lines 35 to 44), in short. *Election*: each node makes a random proposal id and sends
//! Vote Request to the others. *Vote*: who receives it answers Vote Reply if no leader has been elected at present.
//! *Decision*: with enough replies the leader sends Promise to the others, to say that it has decided to use a value.
//! *Confirmation*: the others answer Confirm, to agree to it.
//!
//! # What is wrong
//!
//! A node answers everybody until it hears of a leader, and hears of one only when that has decided: two candidates
//! have the replies of the same node, and both decide. Waiting for the replies of all does not help. The proposal id is
//! compared with nothing. In [`paxos`](super::paxos) an acceptor that has promised a ballot is silent to every earlier
//! one (phase 1b), and a proposer that is promised a later one takes over what may have been chosen before (phase 2a);
//! what is decided is what a quorum *accepted* (phase 2b), while here Confirm comes after the decision and is counted
//! by nobody. With `one_vote` a node votes once: then no two decide, and often nobody does.
//!
//! # What is modelled, and what the text leaves open
//!
//! All four steps; what "enough" is, is a parameter, the own vote included. A node knows of a leader when it leads, or
//! has received Promise. Each node that stands has a value of its own. The proposal id is left out, since no rule reads
//! it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Card, Claim, Deviations, Facts, History, NoDeviation, Node, Property, Protocol, Roster, Step};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, choice_param, params};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::decisions::Decisions;
use super::electorate;
use super::paxos::Value;

choice_param! {
    /// How many votes are enough.
    pub enum Enough {
        /// More than half.
        Majority = "majority",
        /// All.
        All = "all",
    }
}

params! {
    /// Who takes part, and what the text leaves open.
    pub struct Sizes {
        /// Number of nodes.
        pub nodes: usize = 3, in 2..=5;
        /// Number of nodes that stand, each with a value of its own.
        pub candidates: usize = 2, in 1..=5;
        /// How many votes are enough.
        pub enough: Enough = Enough::Majority;
        /// No reading but a cure: a node votes once, one that stands for itself.
        pub one_vote: bool = false;
    }
}

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Vote for me.
    VoteRequest,
    /// Yes.
    VoteReply,
    /// I lead, and have decided to use this.
    Promise(Value),
    /// Agreed.
    Confirm,
}

/// A node stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Stand;

/// What a node knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct NodeState {
    /// The leader that it knows of.
    pub leader: Option<Id>,
    /// What it has decided as leader, or agreed to last.
    pub value: Option<Value>,
    /// For whom it has voted, itself included.
    pub voted_for: BTreeSet<Id>,
    /// Who has voted for it.
    pub votes: BTreeSet<Id>,
    /// Who has agreed to what it decided.
    pub confirms: BTreeSet<Id>,
}

/// A node.
#[derive(Clone, Debug)]
pub struct PaxosNode {
    others: Vec<Id>,
    stands: bool,
    sizes: Sizes,
}

impl PaxosNode {
    /// Line 41, unless a leader is known.
    fn stand(&self, id: Id, me: &mut NodeState, o: &mut Out<Self>) {
        if me.leader.is_none() && (me.voted_for.is_empty() || !self.sizes.one_vote) {
            me.voted_for.insert(id);
            me.votes.insert(id);
            o.broadcast(&self.others, &Msg::VoteRequest);
        }
    }

    /// Line 42: who knows of no leader votes. The cure: once.
    fn vote(&self, me: &mut NodeState, candidate: Id, o: &mut Out<Self>) {
        if me.leader.is_none() && (me.voted_for.is_empty() || !self.sizes.one_vote) {
            me.voted_for.insert(candidate);
            o.send(candidate, Msg::VoteReply);
        }
    }

    /// Line 43: with enough votes it decides.
    fn count_vote(&self, id: Id, me: &mut NodeState, voter: Id, o: &mut Out<Self>) {
        if me.leader.is_some() {
            return;
        }
        me.votes.insert(voter);
        let is_enough = match self.sizes.enough {
            Enough::Majority => 2 * me.votes.len() > self.sizes.nodes,
            Enough::All => me.votes.len() == self.sizes.nodes,
        };
        if is_enough {
            me.leader = Some(id);
            me.value = Some(Value::of(id));
            o.broadcast(&self.others, &Msg::Promise(Value::of(id)));
        }
    }

    /// Line 44: it agrees.
    fn confirm(me: &mut NodeState, leader: Id, value: Value, o: &mut Out<Self>) {
        me.leader = Some(leader);
        me.value = Some(value);
        o.send(leader, Msg::Confirm);
    }
}

impl Actor for PaxosNode {
    type Msg = Msg;
    type Timer = Stand;
    type State = NodeState;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> NodeState {
        if self.stands {
            o.set_timer(Stand, model_timeout());
        }
        NodeState::default()
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, NodeState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let me = state.to_mut();
        match msg {
            Msg::VoteRequest => self.vote(me, src, o),
            Msg::VoteReply => self.count_vote(id, me, src, o),
            Msg::Promise(value) => Self::confirm(me, src, value, o),
            Msg::Confirm => {
                me.confirms.insert(src);
            }
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, NodeState>, Stand: &Stand, o: &mut Out<Self>) {
        self.stand(id, state.to_mut(), o);
    }
}

/// Paxos as the prose tells it.
#[derive(Clone, Debug)]
pub struct PaxosLeaderVote {
    sizes: Sizes,
}

impl Protocol for PaxosLeaderVote {
    const CARD: Card = Card {
        name: "paxos-leader-vote",
        title: "Paxos as an election of a leader that decides, as an article tells it",
        source: "article 001, section 3.1.1 (lines 35-44)",
        modelled: "all four steps; \"enough\" is a majority, or all",
        left_out: "the random proposal id, which no rule reads; a node that stands again, of which nothing is said",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = PaxosNode;
    type History = Decisions<Value>;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        electorate::enough(sizes.nodes, sizes.candidates, "nodes")?;
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<PaxosNode> {
        let node = |others, stands| PaxosNode { others, stands, sizes: self.sizes.clone() };
        Roster::new().role("node", electorate::members(self.sizes.nodes, self.sizes.candidates, node))
    }

    fn history(&self) -> Decisions<Value> {
        Decisions::default()
    }

    fn observe(&self, step: &Step<'_, PaxosNode>, facts: &mut Facts<<Decisions<Value> as History>::Fact>) {
        if let (Some(before), Some(NodeState { value: Some(value), .. })) = (step.before, step.after)
            && before.value != Some(*value)
        {
            facts.push((step.node, *value));
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("agreement", "no two different values are decided, or agreed to")
                .by_history(|_, it: &Decisions<_>| it.disagreement()),
            Claim::no_deadlock("terminates", "where nothing can happen any more, a value is decided")
                .by_history(|_, it: &Decisions<_>| it.indecision()),
            Claim::sometimes("decided", "a value is decided").by_history(|_, it: &Decisions<_>| it.decision()),
            confirmed(),
        ]
    }
}

fn confirmed() -> Property<PaxosLeaderVote> {
    Claim::sometimes("confirmed", "all others have agreed to what a leader decided").by_nodes(
        |_: &PaxosLeaderVote, node: &Node<'_, PaxosNode>| node.state.map_or(0, |state| state.confirms.len()),
        |_, confirms| {
            let at = confirms.iter().position(|count| count + 1 == confirms.len())?;
            Some(Evidence::new(format!("all others have agreed to what {:?} decided", Id::from(at))))
        },
    )
}
