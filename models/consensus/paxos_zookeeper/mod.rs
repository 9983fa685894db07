//! Paxos over ZooKeeper as Python classes have it: proposers that ask no acceptor, acceptors that compare nothing.
//!
//! # As published
//!
//! Article 002, section 3.2.2 (lines 253 to 320), less comments and `__init__`; all have a `node_id`; `value` in the
//! last class stands here for what the listing writes out twice:
//!
//! ```text
//! class Proposer(object):
//!    def propose(self, value):
//!        proposal_path = '/proposals/%d' % self.node_id
//!        proposal_data = {'value': value}
//!        proposal_version = zc.create(proposal_path, json.dumps(proposal_data).encode(), zk.EPHEMERAL_SEQUENTIAL)
//!        while True:
//!            proposals = zc.get_children('/proposals')
//!            proposals.sort()
//!            prev_proposal = None
//!            for proposal in proposals:
//!                proposal_node_id = int(proposal.split('/')[1])
//!                if proposal_node_id < self.node_id:
//!                   prev_proposal = proposal
//!            if prev_proposal is not None:
//!                prev_proposal_path = '/proposals/%s' % prev_proposal
//!                prev_proposal_data = json.loads(zc.get(prev_proposal_path)[0].decode())
//!                if prev_proposal_data['value'] is not None:
//!                   return prev_proposal_data['value']
//!            else:
//!                break
//!
//! class Acceptor(object):
//!    def accept(self, proposal_path, proposal_version):
//!        acceptance_path = '/acceptances/%d' % self.node_id
//!        acceptance_data = {'proposal_path': proposal_path, 'proposal_version': proposal_version}
//!        acceptance_version = zc.create(acceptance_path, json.dumps(acceptance_data).encode(), zk.EPHEMERAL)
//!        learner = Learner(self.node_id)
//!        learner.learn(acceptance_path, acceptance_version)
//!
//! class Learner(object):
//!    def learn(self, acceptance_path, acceptance_version):
//!        learners = zc.get_children('/learners')
//!        learners.sort()
//!        if self.node_id == learners[-1]:
//!            decision_path = '/decisions/%d' % self.node_id
//!            decision_data = {}
//!            zc.create(decision_path, json.dumps(decision_data).encode(), zk.PERSISTENT)
//!            value = acceptance_data['proposal_data']['value']
//!            decision_version = zc.set(decision_path, json.dumps({'value': value}).encode(), acceptance_version)
//!            if decision_version > 0:
//!                print('Decision: %s' % value)
//! ```
//!
//! # What is wrong
//!
//! To the letter nothing is decided: the names of children have no `/`, so that `split('/')[1]` raises `IndexError` at
//! the first look; nobody is a child of `/learners`, so that `learners[-1]` does too. Made to run (R1 to R5), the two
//! halves have nothing to do with each other. A proposer takes what the next lower one wanted at first, or its own
//! value where there is no lower one yet, and calls that the result: no two need to agree, with no fault at all. An
//! acceptor accepts what it is handed, and compares it with nothing; the learner with the highest id decides on its own
//! acceptance alone, under a path of its own, and when its session ends the next highest does the same with another
//! value. In [`paxos`](super::paxos) a value is chosen when a quorum has voted for it in one ballot (the learner), a
//! proposer takes the value of the latest vote of a quorum (phase 2a), and an acceptor compares the ballot with its
//! promise (phase 2b). The article says that ZooKeeper has Paxos inside and so gives it to its clients: what it has
//! inside is [`zab`](super::zab), and its clients get a tree of nodes, on which this is built.
//!
//! # What is modelled, and what the text leaves open
//!
//! Each command and each reply, on one tree of nodes in which the four parents exist; sessions that end. `part` says
//! which half runs, since the listing connects them nowhere. It calls no acceptor: here each is handed one proposal,
//! any. Numbered repairs, which only make it run, are parameters:
//!
//! - R1: the id of a proposal is its name less the ten digits that ZooKeeper puts behind it;
//! - R2: `propose` returns the own value where it would return None;
//! - R3: every node is a child of `/learners` from the beginning, and as long as its session lasts;
//! - R4: ids are compared as numbers;
//! - R5: `acceptance_data` has the proposal's data, and `create` returns the version 0.
//!
//! | file | what |
//! |---|---|
//! | `proposer` | `class Proposer` |
//! | `acceptor` | `class Acceptor` and `class Learner`, which run in one thread |

mod acceptor;
mod proposer;

use std::borrow::Cow;

use quorate::model::{Card, Claim, Deviations, Facts, History, NoDeviation, Node, Property, Protocol, Roster, Step};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

pub use acceptor::{Acceptor, AcceptorState};
pub use proposer::{Proposer, ProposerState};

use super::decisions::Decisions;
use super::paxos::Value;
use crate::stores::zookeeper::{
    Call, Command, Ensemble, FromEnsemble, Mark, NewPath, Path, Reply, Request, SessionTimeout, Tree, Wire,
};

quorate::choice_param! {
    /// Which half of the listing runs.
    pub enum Part {
        /// `Proposer.propose`.
        Proposers = "proposers",
        /// `Acceptor.accept`, and in it `Learner.learn`.
        Acceptors = "acceptors",
    }
}

quorate::params! {
    /// Who takes part, which repairs are made, and what ZooKeeper does.
    pub struct Sizes {
        /// Which half runs.
        pub part: Part = Part::Proposers;
        /// Number of proposers, each with a value of its own; or of acceptors, each handed one of as many proposals.
        pub nodes: usize = 2, in 1..=4;
        /// Repair R1: a proposal's id is its name less ten digits.
        pub r1_proposal_id: bool = true;
        /// Repair R2: who finds no lower proposal returns its own value.
        pub r2_own_value: bool = true;
        /// Repair R3: every node is a child of `/learners`.
        pub r3_learners: bool = true;
        /// Repair R4: ids are compared as numbers.
        pub r4_numbers: bool = true;
        /// Repair R5: the learner knows the proposal's data.
        pub r5_data: bool = true;
        /// Whether sessions may end.
        pub sessions_end: bool = false;
    }
}

/// What a node of the tree holds: a value, as itself or as the proposal that has it; `None` for `{}`.
pub type Content = Option<Value>;

/// What travels.
pub type Msg = Wire<Content>;

/// What Python raises.
pub type Exception = &'static str;

/// A child of the directory that is listed in this half: `/proposals`, or `/learners`. The client puts its id before
/// the number that ZooKeeper gives.
fn child(node: Id) -> NewPath {
    NewPath::Queued(Some(Mark { client: node, round: 1 }))
}

/// The id in the name of a child.
fn id_of(child: Path) -> Option<Id> {
    match child {
        Path::Queued { prefix, .. } => prefix.map(|mark| mark.client),
        Path::Plain(_) => None,
    }
}

/// `get_children` and `sort`: by id, since all ids have one digit.
fn sorted(mut children: Vec<Path>) -> Vec<Path> {
    children.sort_by_key(|child| id_of(*child));
    children
}

/// Sends a command.
fn ask(me: Id, ensemble: Id, command: Command<Content>, o: &mut Out<ZookeeperNode>) {
    o.send(ensemble, Msg::Request(Request { call: Call::plain(me), command }));
}

/// The exception that a client library makes of a reply, if it does.
fn exception_of(reply: &Reply<Content>) -> Option<Exception> {
    match reply {
        Reply::NoNode => Some("NoNodeError"),
        Reply::NodeExists => Some("NodeExistsError"),
        Reply::BadVersion => Some("BadVersionError"),
        Reply::SessionExpired => Some("SessionExpiredError"),
        Reply::Created { .. }
        | Reply::Ok
        | Reply::Exists { .. }
        | Reply::Children(_)
        | Reply::Data(_)
        | Reply::Pong => None,
    }
}

/// ZooKeeper, and who is a child of `/learners` when it starts.
#[derive(Clone, Debug)]
pub struct Server {
    ensemble: Ensemble,
    learners: Vec<Id>,
}

impl Server {
    fn start(&self, o: &mut Out<ZookeeperNode>) -> Tree<Content> {
        let mut tree = Tree::default();
        for learner in &self.learners {
            let Call { session, connection, .. } = Call::plain(*learner);
            let create = Command::Create { path: child(*learner), data: None, ephemeral: true };
            let _created = tree.apply(session, connection, &create);
            if self.ensemble.ends_sessions {
                o.set_timer(SessionTimeout(session), model_timeout());
            }
        }
        tree
    }
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum ZookeeperNode {
    /// `class Proposer`.
    Proposer(Proposer),
    /// `class Acceptor` and `class Learner`.
    Acceptor(Acceptor),
    /// ZooKeeper.
    Server(Server),
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum State {
    /// Of a proposer.
    Proposer(ProposerState),
    /// Of an acceptor.
    Acceptor(AcceptorState),
    /// Of ZooKeeper.
    Server(Tree<Content>),
}

impl State {
    /// What the node has decided: returned by `propose`, or printed by `learn`.
    fn decision(&self) -> Option<Value> {
        match self {
            Self::Proposer(ProposerState::Returned(value)) => *value,
            Self::Acceptor(AcceptorState::Decided(value)) => Some(*value),
            Self::Proposer(_) | Self::Acceptor(_) | Self::Server(_) => None,
        }
    }

    fn exception(&self) -> Option<Exception> {
        match self {
            Self::Proposer(ProposerState::Raised(exception)) => Some(exception),
            Self::Acceptor(AcceptorState::Raised { exception, .. }) => Some(exception),
            Self::Proposer(_) | Self::Acceptor(_) | Self::Server(_) => None,
        }
    }
}

impl Actor for ZookeeperNode {
    type Msg = Msg;
    type Timer = SessionTimeout;
    type State = State;
    type Storage = ();
    /// The value of the proposal that an acceptor is handed.
    type Random = Value;

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Proposer(me) => State::Proposer(me.propose(id, o)),
            Self::Acceptor(me) => State::Acceptor(me.start(o)),
            Self::Server(server) => State::Server(server.start(o)),
        }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, _: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut(), msg) {
            (Self::Server(server), State::Server(tree), Msg::Request(request)) => {
                *tree = server.ensemble.on_request(tree, request, o);
            }
            (Self::Proposer(me), State::Proposer(state), Msg::FromEnsemble(FromEnsemble::Reply { reply, .. })) => {
                *state = me.on_reply(id, state, reply, o);
            }
            (Self::Acceptor(me), State::Acceptor(state), Msg::FromEnsemble(FromEnsemble::Reply { reply, .. })) => {
                *state = me.on_reply(id, state, reply, o);
            }
            // That a session is over is learnt from the next command.
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timeout: &SessionTimeout, o: &mut Out<Self>) {
        if let (Self::Server(server), State::Server(tree)) = (self, state.to_mut()) {
            *tree = server.ensemble.on_session_timeout(tree, *timeout, o);
        }
    }

    fn on_random(&self, id: Id, state: &mut Cow<'_, State>, value: &Value, o: &mut Out<Self>) {
        if let (Self::Acceptor(me), State::Acceptor(state)) = (self, state.to_mut()) {
            *state = me.accept(id, *value, o);
        }
    }
}

/// Paxos over ZooKeeper.
#[derive(Clone, Debug)]
pub struct PaxosZookeeper {
    sizes: Sizes,
}

impl PaxosZookeeper {
    fn server(&self) -> ZookeeperNode {
        let learn = self.sizes.part == Part::Acceptors && self.sizes.r3_learners;
        let learners = Id::vec_from(0..if learn { self.sizes.nodes } else { 0 });
        let ensemble = Ensemble { ends_sessions: self.sizes.sessions_end, timeout: 0 };
        ZookeeperNode::Server(Server { ensemble, learners })
    }
}

impl Protocol for PaxosZookeeper {
    const CARD: Card = Card {
        name: "paxos-zookeeper",
        title: "Paxos over ZooKeeper, as an article's Python classes have it",
        source: "article 002, section 3.2.2, the Python listing (lines 253-320)",
        modelled: "every command, reply and exception of the listing; sessions that end; literal, or with R1 (names \
                   are read), R2 (one's own value counts), R3 (there are learners), R4 (ids are numbers), R5 (data is \
                   passed)",
        left_out: "crashes and lost messages, of which nothing is said; to the tree a crash is the end of a session",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = ZookeeperNode;
    type History = Decisions<Value>;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<ZookeeperNode> {
        let ensemble = Id::from(self.sizes.nodes);
        let proposer = ZookeeperNode::Proposer(Proposer { ensemble, sizes: self.sizes.clone() });
        let acceptor = ZookeeperNode::Acceptor(Acceptor { ensemble, sizes: self.sizes.clone() });
        let roster = match self.sizes.part {
            Part::Proposers => Roster::new().role("proposer", vec![proposer; self.sizes.nodes]),
            Part::Acceptors => Roster::new().role("acceptor", vec![acceptor; self.sizes.nodes]),
        };
        roster.role("ensemble", [self.server()])
    }

    fn history(&self) -> Decisions<Value> {
        Decisions::default()
    }

    fn observe(&self, step: &Step<'_, ZookeeperNode>, facts: &mut Facts<<Decisions<Value> as History>::Fact>) {
        if let Some(value) = step.after.and_then(State::decision)
            && step.before != step.after
        {
            facts.push((step.node, value));
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("agreement", "no two different values are decided")
                .by_history(|_, it: &Decisions<_>| it.disagreement()),
            majority(),
            no_exception(),
            Claim::no_deadlock("terminates", "where nothing can happen any more, a value is decided")
                .by_history(|_, it: &Decisions<_>| it.indecision()),
            Claim::sometimes("decided", "a value is decided").by_history(|_, it: &Decisions<_>| it.decision()),
        ]
    }
}

/// What a node has accepted, if it is an acceptor, and what it has decided.
type Reading = (Option<Option<Value>>, Option<Value>);

fn majority() -> Property<PaxosZookeeper> {
    Claim::always("majority", "what a learner decides, more than half of the acceptors have accepted").by_nodes(
        |_: &PaxosZookeeper, node: &Node<'_, ZookeeperNode>| -> Reading {
            let accepted = match node.state {
                Some(State::Acceptor(state)) => Some(state.accepted()),
                Some(State::Proposer(_) | State::Server(_)) | None => None,
            };
            (accepted, node.state.and_then(State::decision))
        },
        |_, readings| {
            let accepted: Vec<Option<Value>> = readings.iter().filter_map(|(accepted, _)| *accepted).collect();
            let learnt = |(at, (accepted, decided)): (usize, &Reading)| accepted.and(decided.map(|value| (at, value)));
            let few = |value| 2 * accepted.iter().filter(|other| **other == Some(value)).count() <= accepted.len();
            let (at, value) = readings.iter().enumerate().filter_map(learnt).find(|(_, value)| few(*value))?;
            Some(Evidence::new(format!("{:?} decided {value}, and no majority had accepted it", Id::from(at))))
        },
    )
}

fn no_exception() -> Property<PaxosZookeeper> {
    Claim::always("no-exception", "nothing is raised").by_nodes(
        |_: &PaxosZookeeper, node: &Node<'_, ZookeeperNode>| node.state.and_then(State::exception),
        |_, raised| {
            let (at, exception) = raised.iter().enumerate().find_map(|(at, raised)| Some((at, (*raised)?)))?;
            Some(Evidence::new(format!("{:?} raised {exception}", Id::from(at))))
        },
    )
}
