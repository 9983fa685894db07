//! Raft as the prose of another article tells it: no terms, votes for everybody, and the winner's log over all others.
//!
//! # As published
//!
//! Article 001, section 3.1.2 (lines 46 to 55), in short. *Election*: nodes send each other heartbeats, to see whether
//! the leader is well; when the leader's time is over each node sends RequestVote to the others. *Vote*: who receives
//! it and has no elected leader at present answers VoteReply. *Log replication*: with enough replies the leader copies
//! its own log to the others, so that all have the same. *Confirmation*: the others then send AppendEntries to the
//! leader, to agree to the log.
//!
//! # What is wrong
//!
//! A node votes for whoever asks as long as it knows of no leader: two candidates have the same voter, and both lead.
//! In [`raft`](super::raft) an election has a term and a server one vote in it, which it saves. Nothing asks how long a
//! candidate's log is: the winner copies its own over the others, and what a majority has agreed to is gone. There a
//! voter refuses a candidate whose log is behind its own, a leader deletes nothing of its own and only what conflicts
//! of others', and who hears an earlier leader refuses it, which without terms it cannot know. And the names are mixed
//! up: AppendEntries goes from the leader to the others there.
//!
//! # What is modelled, and what the text leaves open
//!
//! All four steps. "Enough" is more than half, the own vote included. A node's time may be over at any moment, as often
//! as `timeouts` says; it then knows of no leader. Who leads, or is copied a log, knows one. A client asks a leader to
//! append something, which copies its log again; when more than half have agreed to it the client is told. Heartbeats
//! are left out: they do nothing but put the moment off.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{
    Card, Cause, Claim, Deviations, Facts, History, NoDeviation, Node, Property, Protocol, Roster, Step,
};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, params};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::electorate;

params! {
    /// Who takes part, and for how long.
    pub struct Sizes {
        /// Number of nodes.
        pub nodes: usize = 3, in 2..=5;
        /// Number of nodes whose time may be over.
        pub candidates: usize = 2, in 1..=5;
        /// How often it may be.
        pub timeouts: usize = 1, in 1..=2;
        /// How much each leader is asked to append.
        pub entries: usize = 0, in 0..=2;
    }
}

/// What travels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Vote for me; the number of the try is there to know the reply by.
    RequestVote(usize),
    /// Yes.
    VoteReply(usize),
    /// The leader's log.
    Copy(Vec<char>),
    /// From the others to the leader, as the text has it: agreed, to a log of this length.
    AppendEntries(usize),
}

/// Nothing was heard of a leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct LeaderTimeout;

/// What a client asks a leader to append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Request(pub char);

/// What a node knows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct NodeState {
    /// Its log.
    pub log: Vec<char>,
    /// The leader, as far as it knows of one.
    pub leader: Option<Id>,
    /// As a candidate: who has voted for it.
    pub votes: BTreeSet<Id>,
    /// As a leader: who has agreed to its log.
    pub agreed: BTreeSet<Id>,
    /// How often its time was over.
    pub timeouts: usize,
    /// How much it was asked to append.
    pub requests: usize,
}

/// A node.
#[derive(Clone, Debug)]
pub struct RaftNode {
    others: Vec<Id>,
    stands: bool,
    sizes: Sizes,
}

impl RaftNode {
    fn is_enough(&self, count: usize) -> bool {
        2 * count > self.others.len() + 1
    }

    fn wait(&self, me: &NodeState, o: &mut Out<Self>) {
        if self.stands && me.timeouts < self.sizes.timeouts {
            o.set_timer(LeaderTimeout, model_timeout());
        }
    }

    /// Line 52: the leader's time is over.
    fn stand(&self, id: Id, me: &mut NodeState, o: &mut Out<Self>) {
        me.timeouts += 1;
        me.leader = None;
        me.votes = BTreeSet::from([id]);
        o.broadcast(&self.others, &Msg::RequestVote(me.timeouts));
        self.wait(me, o);
    }

    /// Line 53: who has no leader at present votes.
    fn vote(me: &NodeState, candidate: Id, number: usize, o: &mut Out<Self>) {
        if me.leader.is_none() {
            o.send(candidate, Msg::VoteReply(number));
        }
    }

    /// Line 54: with enough replies, the log is copied.
    fn count_vote(&self, id: Id, me: &mut NodeState, voter: Id, number: usize, o: &mut Out<Self>) {
        if me.votes.is_empty() || number != me.timeouts {
            return;
        }
        me.votes.insert(voter);
        if self.is_enough(me.votes.len()) {
            me.votes.clear();
            me.leader = Some(id);
            o.cancel_timer(LeaderTimeout);
            self.copy(id, me, o);
        }
    }

    fn copy(&self, id: Id, me: &mut NodeState, o: &mut Out<Self>) {
        me.agreed = BTreeSet::from([id]);
        o.broadcast(&self.others, &Msg::Copy(me.log.clone()));
        let letter = ('a'..='z').nth(usize::from(id) * self.sizes.entries + me.requests);
        let next = letter.filter(|_| me.requests < self.sizes.entries);
        o.choose_random("client", next.map(Request).into_iter().collect());
    }

    fn append(&self, id: Id, me: &mut NodeState, Request(what): Request, o: &mut Out<Self>) {
        me.requests += 1;
        me.log.push(what);
        self.copy(id, me, o);
    }

    /// Line 55: the log is taken, and agreed to.
    fn take(&self, me: &mut NodeState, leader: Id, log: Vec<char>, o: &mut Out<Self>) {
        o.send(leader, Msg::AppendEntries(log.len()));
        o.remove_random("client");
        me.log = log;
        me.leader = Some(leader);
        me.votes.clear();
        me.agreed.clear();
        self.wait(me, o);
    }
}

impl Actor for RaftNode {
    type Msg = Msg;
    type Timer = LeaderTimeout;
    type State = NodeState;
    type Storage = ();
    type Random = Request;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> NodeState {
        let me = NodeState::default();
        self.wait(&me, o);
        me
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, NodeState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let me = state.to_mut();
        match msg {
            Msg::RequestVote(number) => Self::vote(me, src, number, o),
            Msg::VoteReply(number) => self.count_vote(id, me, src, number, o),
            Msg::Copy(log) => self.take(me, src, log, o),
            Msg::AppendEntries(length) if me.leader == Some(id) && length == me.log.len() => {
                me.agreed.insert(src);
            }
            Msg::AppendEntries(_) => {}
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, NodeState>, LeaderTimeout: &LeaderTimeout, o: &mut Out<Self>) {
        self.stand(id, state.to_mut(), o);
    }

    fn on_random(&self, id: Id, state: &mut Cow<'_, NodeState>, request: &Request, o: &mut Out<Self>) {
        self.append(id, state.to_mut(), *request, o);
    }
}

/// What the observer remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ghost {
    /// What clients were told is in the log.
    pub acknowledged: BTreeSet<char>,
    /// The first of that which a copy erased, and where.
    pub erased: Option<(Id, char)>,
}

/// What is worth remembering of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// More than half have agreed to this log.
    Acknowledged(Vec<char>),
    /// A copy erased this of a node's log.
    Erased(Id, Vec<char>),
}

impl History for Ghost {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match fact {
            Fact::Acknowledged(log) => self.acknowledged.extend(log),
            Fact::Erased(node, entries) => {
                if let Some(entry) = entries.iter().find(|entry| self.acknowledged.contains(entry)) {
                    self.erased.get_or_insert((*node, *entry));
                }
            }
        }
    }
}

/// Raft as the prose tells it.
#[derive(Clone, Debug)]
pub struct RaftNoTerms {
    sizes: Sizes,
}

impl Protocol for RaftNoTerms {
    const CARD: Card = Card {
        name: "raft-no-terms",
        title: "Raft without terms, as an article tells it",
        source: "article 001, section 3.1.2 (lines 46-55)",
        modelled: "all four steps, and a client of whoever leads; a node's time may be over at any moment",
        left_out: "heartbeats, which only put that moment off; crashes, of which nothing is said",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = RaftNode;
    type History = Ghost;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        electorate::enough(sizes.nodes, sizes.candidates, "nodes")?;
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<RaftNode> {
        let node = |others, stands| RaftNode { others, stands, sizes: self.sizes.clone() };
        Roster::new().role("node", electorate::members(self.sizes.nodes, self.sizes.candidates, node))
    }

    fn history(&self) -> Ghost {
        Ghost::default()
    }

    fn observe(&self, step: &Step<'_, RaftNode>, facts: &mut Facts<Fact>) {
        let (Cause::Deliver { msg, .. }, Some(before), Some(after)) = (&step.cause, step.before, step.after) else {
            return;
        };
        match msg {
            Msg::AppendEntries(_) if 2 * after.agreed.len() > self.sizes.nodes => {
                facts.push(Fact::Acknowledged(after.log.clone()));
            }
            Msg::Copy(log) => {
                let erased: Vec<char> = before.log.iter().copied().filter(|entry| !log.contains(entry)).collect();
                if !erased.is_empty() {
                    facts.push(Fact::Erased(step.node, erased));
                }
            }
            Msg::RequestVote(_) | Msg::VoteReply(_) | Msg::AppendEntries(_) => {}
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            one_leader(),
            Claim::always("acknowledged-stays", "no copy erases what clients were told is in the log").by_history(
                |_, ghost: &Ghost| {
                    let (node, entry) = ghost.erased?;
                    Some(Evidence::new(format!("{entry} was acknowledged, and a copy erased it at {node:?}")))
                },
            ),
            Claim::sometimes("acknowledges", "a client is told that its entry is in the log").by_history(
                |_, ghost: &Ghost| {
                    let entry = ghost.acknowledged.first()?;
                    Some(Evidence::new(format!("{entry} is acknowledged")))
                },
            ),
        ]
    }
}

fn one_leader() -> Property<RaftNoTerms> {
    Claim::always("one-leader", "no two nodes lead at the same time").by_nodes(
        |_: &RaftNoTerms, node: &Node<'_, RaftNode>| node.state.is_some_and(|state| state.leader == Some(node.id)),
        |_, leads| {
            let mut leaders = leads.iter().enumerate().filter(|(_, leads)| **leads).map(|(at, _)| Id::from(at));
            let (one, other) = (leaders.next()?, leaders.next()?);
            Some(Evidence::new(format!("{one:?} and {other:?} both lead")))
        },
    )
}
