//! Redundancy and replication with failover, as an article tells them.
//!
//! # As published
//!
//! Article 001, sections 3.2.2 and 3.2.3 (lines 70 to 86), in short, and in both sections the same: the main node copies
//! its data to the others, so that all have the same data; if it fails, another takes its part and goes on serving.
//!
//! # What is wrong
//!
//! It is not said whether a write is answered before or after it is copied: answered before, it is lost with the main
//! node. Nor who finds out that a node failed, and from what: a node that seems to have failed and has not goes on
//! as well, and two that find out at once both take its part. And no protocol keeps the data of all nodes the same at
//! all times: a message takes time. In [`primary_backup`](super::primary_backup) one monitor decides, epochs fence off who was
//! put down, and what clients are promised is that no answer is taken back.
//!
//! # What is modelled, and what is left out
//!
//! Nodes with data, the first of which is the main node; clients with one write each; the copy, which replaces what the
//! receiver has; a node that takes over when it thinks that the main node failed. Channels are in order. Whether a write is
//! answered first or copied first is a parameter. What a node that comes back does is not told, so none does.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use quorate::model::{
    Assumption, Card, Claim, Condition, Deviations, NetworkKind, NoDeviation, Node, Property, Protocol, Roster,
};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

quorate::params! {
    /// Who takes part, and what the article leaves open.
    pub struct Sizes {
        /// Number of nodes.
        pub nodes: usize = 3, in 2..=5;
        /// Number of clients, with one write each.
        pub clients: usize = 1, in 1..=3;
        /// Whether a write is copied to all others before it is answered.
        pub copy_first: bool = false;
    }
}

/// The data: whose writes a node has.
pub type Writes = BTreeSet<Id>;

/// What travels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Client to nodes: write this.
    Write,
    /// To the client: it is written.
    Written,
    /// Main node to the others: this is the data.
    Copy(Writes),
    /// To the main node: I have this.
    Copied(Writes),
}

/// The main node seems to have failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Suspect;

/// What a node remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct NodeState {
    /// Whether it takes itself for the main node.
    pub is_main: bool,
    /// Its data.
    pub data: Writes,
    /// What each other node has said that it has.
    pub copied: BTreeMap<Id, Writes>,
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a node.
    Node(NodeState),
    /// Of a client: whether its write is answered.
    Client(bool),
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It has the data; the others, and whether a write is copied first.
    Node(Vec<Id>, bool),
    /// It writes, to these.
    Client(Vec<Id>),
}

/// The main node takes a write, and copies its data to all others.
fn write(me: &mut NodeState, client: Id, others: &[Id], copy_first: bool, o: &mut Out<Member>) {
    if !me.is_main || !me.data.insert(client) {
        return;
    }
    o.broadcast(others, &Msg::Copy(me.data.clone()));
    if !copy_first {
        o.send(client, Msg::Written);
    }
}

/// Where a write is copied first, it is answered when all others have it.
fn copied(me: &mut NodeState, src: Id, data: Writes, others: &[Id], o: &mut Out<Member>) {
    let everywhere = |me: &NodeState, client: &Id| {
        others.iter().all(|other| me.copied.get(other).is_some_and(|data| data.contains(client)))
    };
    let open: Vec<Id> = me.data.iter().copied().filter(|client| !everywhere(me, client)).collect();
    me.copied.insert(src, data);
    let now = open.iter().filter(|client| everywhere(me, client));
    now.for_each(|client| o.send(*client, Msg::Written));
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Suspect;
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Node(..) => {
                let is_main = usize::from(id) == 0;
                if !is_main {
                    o.set_timer(Suspect, model_timeout());
                }
                State::Node(NodeState { is_main, data: Writes::new(), copied: BTreeMap::new() })
            }
            Self::Client(nodes) => {
                o.broadcast(nodes, &Msg::Write);
                State::Client(false)
            }
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut(), msg) {
            (Self::Node(others, copy_first), State::Node(me), Msg::Write) => write(me, src, others, *copy_first, o),
            (Self::Node(others, true), State::Node(me), Msg::Copied(data)) => copied(me, src, data, others, o),
            (Self::Node(..), State::Node(me), Msg::Copy(data)) => {
                me.data.clone_from(&data);
                o.send(src, Msg::Copied(data));
            }
            (Self::Client(_), State::Client(is_answered), Msg::Written) => *is_answered = true,
            (Self::Node(..) | Self::Client(_), ..) => {}
        }
    }

    /// The main node failed, or seems to have: this one takes its part.
    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, Suspect: &Suspect, _: &mut Out<Self>) {
        if let State::Node(me) = state.to_mut() {
            me.is_main = true;
        }
    }
}

/// Redundancy and replication, as told.
#[derive(Clone, Debug)]
pub struct FailoverArticle {
    sizes: Sizes,
}

impl Protocol for FailoverArticle {
    const CARD: Card = Card {
        name: "failover-article",
        title: "Replication with failover, as an article tells it",
        source: "article 001, sections 3.2.2 and 3.2.3 (lines 70-86)",
        modelled: "the copy of the data to all nodes, before or after the answer; a node that takes over when it thinks \
                   that the main node failed",
        left_out: "nodes that come back, of which nothing is told",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Member;
    type History = ();

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Member> {
        let nodes = Id::vec_from(0..self.sizes.nodes);
        let others = |id: Id| nodes.iter().copied().filter(|other| *other != id).collect();
        Roster::new()
            .role("node", nodes.iter().map(|id| Member::Node(others(*id), self.sizes.copy_first)))
            .role("client", (0..self.sizes.clients).map(|_| Member::Client(nodes.clone())))
    }

    /// Copies arrive in the order in which they were sent.
    fn network(&self) -> NetworkKind {
        NetworkKind::Fifo
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("no-lost-write", "A main node has every write that was answered").by_nodes(state, lost_write),
            Claim::always("one-primary", "There is one main node").by_nodes(state, two_main),
            Claim::always("all-equal", "All nodes always have the same data").by_nodes(state, unequal),
            Claim::eventually_always("answered", "Every write is answered").by_nodes(state, unanswered),
            Claim::sometimes("taken-over", "Another node takes the main node's part").by_nodes(state, taken_over),
        ]
    }

    fn assumptions() -> Vec<Assumption<Self>> {
        let about = "A node takes the main node's part only when that is down";
        let condition =
            Condition::by_nodes(state, |it: &Self, states| states[0].as_ref().and_then(|_| taken_over(it, states)));
        vec![Assumption::new("accurate-detection", about, condition)]
    }
}

fn state(_: &FailoverArticle, node: &Node<'_, Member>) -> Option<State> {
    node.state.cloned()
}

/// The nodes that are up.
fn nodes(states: &[Option<State>]) -> impl Iterator<Item = (Id, &NodeState)> {
    (0..).map(Id::from).zip(states).filter_map(|(id, state)| match state {
        Some(State::Node(node)) => Some((id, node)),
        Some(State::Client(_)) | None => None,
    })
}

/// The clients whose writes are answered, or are not.
fn clients(states: &[Option<State>], answered: bool) -> impl Iterator<Item = Id> {
    let is = move |state: &Option<State>| *state == Some(State::Client(answered));
    (0..).map(Id::from).zip(states).filter(move |(_, state)| is(state)).map(|(id, _)| id)
}

fn lost_write(_: &FailoverArticle, states: &[Option<State>]) -> Option<Evidence> {
    let mut main = nodes(states).filter(|(_, node)| node.is_main);
    let (node, client) = main.find_map(|(id, node)| {
        let lost = clients(states, true).find(|client| !node.data.contains(client))?;
        Some((id, lost))
    })?;
    Some(Evidence::new(format!("the write of {client:?} was answered, and {node:?} does not have it")))
}

fn two_main(_: &FailoverArticle, states: &[Option<State>]) -> Option<Evidence> {
    let mut main = nodes(states).filter(|(_, node)| node.is_main);
    let ((one, _), (other, _)) = (main.next()?, main.next()?);
    Some(Evidence::new(format!("{one:?} and {other:?} take themselves for the main node")))
}

fn unequal(_: &FailoverArticle, states: &[Option<State>]) -> Option<Evidence> {
    let (first, node) = nodes(states).next()?;
    let (other, _) = nodes(states).find(|(_, other)| other.data != node.data)?;
    Some(Evidence::new(format!("{first:?} and {other:?} have different data")))
}

fn unanswered(_: &FailoverArticle, states: &[Option<State>]) -> Option<Evidence> {
    let client = clients(states, false).next()?;
    Some(Evidence::new(format!("the write of {client:?} is not answered")))
}

fn taken_over(_: &FailoverArticle, states: &[Option<State>]) -> Option<Evidence> {
    let (node, _) = nodes(states).find(|(id, node)| node.is_main && usize::from(*id) > 0)?;
    Some(Evidence::new(format!("{node:?} takes over")))
}
