//! Two-phase commit over ZooKeeper as Python classes have it: one node a participant, for request, vote and outcome
//! alike.
//!
//! # As published
//!
//! Article 002, section 3.2.1 (lines 169 to 240, and again 371 to 448), less comments, and less the dictionaries that
//! are built and never sent; `...` is the article's:
//!
//! ```text
//! class TransactionCoordinator(object):
//!    def prepare(self):
//!        prepare_responses = []
//!        for prepare_request in prepare_requests:
//!            prepare_response = zc.get('/transaction/%s' % prepare_request['participant'])
//!            prepare_responses.append(prepare_response)
//!        success = True
//!        for prepare_response in prepare_responses:
//!            if prepare_response is None or prepare_response[-1] != 'yes':
//!                success = False
//!                break
//!        if success:
//!            for commit_request in commit_requests:
//!                zc.create('/transaction/%s' % commit_request['participant'], b'', zk.EPHEMERAL)
//!        else:
//!            for abort_request in abort_requests:
//!                zc.delete('/transaction/%s' % abort_request['participant'])
//!
//! class TransactionParticipant(object):
//!    def prepare(self):
//!        prepare_request = zc.get('/transaction/%s' % self)
//!        if prepare_request is not None and prepare_request[-1] == 'yes':
//!            ...
//!            zc.create('/transaction/%s' % self, b'yes', zk.EPHEMERAL)
//!        else:
//!            zc.delete('/transaction/%s' % self)
//!    def commit(self):
//!        commit_request = zc.get('/transaction/%s' % self)
//!        if commit_request is not None:
//!            ...
//!    def abort(self):
//!        abort_request = zc.get('/transaction/%s' % self)
//!        if abort_request is not None:
//!            ...
//! ```
//!
//! # What is wrong
//!
//! To the letter nothing can be committed. Nobody writes a request. Who finds no request deletes a node that is not
//! there, and `delete` raises; who found one would create a node that is there, and `create` would raise. The last
//! element of what `get` returns is no vote. Let requests, votes and outcomes flow (R1 to R4), and the one node of a
//! participant still means three things. `commit` runs as soon as there is a node, so that a participant's own Yes, or
//! the mere request, commits it, whatever the others say; in [`two_phase`](super::two_phase) the outcome is a message
//! of its own, sent when the coordinator has counted Yes from all (its rule `count`). `abort` runs where there is a
//! node too, though an abort is the deletion of the node: who has voted Yes and is aborted finds nothing, and waits for
//! ever. And a coordinator that looks too early takes a request for a No. With `outcome_is_read` the two methods tell
//! outcomes apart, and nobody commits what another aborts, until the coordinator's session ends: its nodes, the outcome
//! among them, go with it, so that who looks later takes a commit for an abort. An outcome has to be in a log that
//! stays (in [`two_phase`](super::two_phase), `take_up`).
//!
//! # What is modelled, and what the text leaves open
//!
//! Each command and each reply, on one tree of nodes. `get` of a node that is not there returns None, since the listing
//! asks for that; `get_raises` has it raise, as it does in every real client, and then the first `get` is the end. That
//! the name which is imported is not the name which is used is read over. The article calls only the coordinator's
//! `prepare`; who calls the participants' methods is open: here someone calls `prepare`, once it has returned `commit`
//! and `abort`, again and again in any order, and stops when one of the two has run its `...`. Four numbered repairs
//! only make it run:
//!
//! - R1: the coordinator creates each participant's node, with the request in it, before it reads;
//! - R2: votes are compared with what the node holds;
//! - R3: a participant that finds the request votes as it likes, Yes by `set`, No by `delete`; who finds none looks
//!   again;
//! - R4: the coordinator commits by `set`, and `delete` of a node that is gone does not raise.
//!
//! | file | what |
//! |---|---|
//! | `coordinator`, `participant` | the two classes, line by line |
//! | `claims` | the properties |

mod claims;
mod coordinator;
mod participant;

use std::borrow::Cow;

use quorate::model::{Card, Deviations, NoDeviation, Property, Protocol, Roster};
use quorate::{Actor, Id, Out, params};
use serde::Serialize;

pub use coordinator::{Coordinator, CoordinatorState, Line};
pub use participant::{Method, Participant, ParticipantState};

use crate::stores::zookeeper::{
    Call, Command, Ensemble, FromEnsemble, Path, Reply, Request, SessionTimeout, Tree, Wire, Znode,
};

params! {
    /// How many participants there are, which repairs are made, and what ZooKeeper does.
    pub struct Sizes {
        /// Number of participants.
        pub participants: usize = 2, in 1..=4;
        /// Repair R1: the coordinator writes the requests.
        pub r1_request: bool = true;
        /// Repair R2: votes are compared with what the node holds.
        pub r2_data: bool = true;
        /// Repair R3: a participant votes as it likes on the request.
        pub r3_vote: bool = true;
        /// Repair R4: the outcome may be written over the vote, or where no node is left.
        pub r4_outcome: bool = true;
        /// No repair but a cure: `commit` runs on the outcome only, `abort` where the node is gone.
        pub outcome_is_read: bool = false;
        /// Whether `get` raises where there is no node, as in every real client.
        pub get_raises: bool = false;
        /// Whether sessions may end.
        pub sessions_end: bool = false;
    }
}

/// What a node of the tree holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Content {
    /// `{'participant': ..., 'status': 'preparing'}`: written by R1 only.
    Preparing,
    /// `b'yes'`, by the participant.
    Yes,
    /// `b''`, by the coordinator that commits.
    Empty,
}

/// What travels.
pub type Msg = Wire<Content>;

/// What a class is told: what `get` found, or `None` for any other command that went well.
type Found = Option<Znode<Content>>;

/// `'/transaction/%s' % participant`; the coordinator is node 0.
fn path(participant: Id) -> Path {
    const PATHS: [&str; 4] = ["/transaction/0", "/transaction/1", "/transaction/2", "/transaction/3"];
    Path::Plain(PATHS[usize::from(participant) - 1])
}

/// Sends a command.
fn ask(me: Id, ensemble: Id, command: Command<Content>, o: &mut Out<ZookeeperActor>) {
    o.send(ensemble, Msg::Request(Request { call: Call::plain(me), command }));
}

/// What Python makes of a reply: a value, or an exception.
fn outcome_of(reply: &Reply<Content>, get_raises: bool) -> Result<Found, &'static str> {
    match reply {
        Reply::Data(node) => Ok(Some(*node)),
        Reply::NoNode if !get_raises => Ok(None),
        Reply::NoNode => Err("NoNodeError"),
        Reply::NodeExists => Err("NodeExistsError"),
        Reply::BadVersion => Err("BadVersionError"),
        Reply::SessionExpired => Err("SessionExpiredError"),
        Reply::Created { .. } | Reply::Ok | Reply::Exists { .. } | Reply::Children(_) | Reply::Pong => Ok(None),
    }
}

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Pick {
    /// Which method of a participant is called next.
    Call(Method),
    /// How its local transaction goes (R3).
    Execute(bool),
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum ZookeeperActor {
    /// `TransactionCoordinator`, whose `prepare` is called.
    Coordinator(Coordinator),
    /// `TransactionParticipant`.
    Participant(Participant),
    /// ZooKeeper.
    Ensemble(Ensemble),
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum State {
    /// Of the coordinator.
    Coordinator(CoordinatorState),
    /// Of a participant.
    Participant(ParticipantState),
    /// Of ZooKeeper.
    Ensemble(Tree<Content>),
}

impl Actor for ZookeeperActor {
    type Msg = Msg;
    type Timer = SessionTimeout;
    type State = State;
    type Storage = ();
    type Random = Pick;

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Coordinator(me) => State::Coordinator(me.start(id, o)),
            Self::Participant(_) => State::Participant(ParticipantState::start(o)),
            Self::Ensemble(_) => State::Ensemble(Tree::default()),
        }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, _: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, msg) {
            (Self::Ensemble(ensemble), Msg::Request(request)) => {
                if let State::Ensemble(tree) = state.to_mut() {
                    *tree = ensemble.on_request(tree, request, o);
                }
            }
            (_, Msg::FromEnsemble(FromEnsemble::Reply { reply, .. })) => match (self, state.to_mut()) {
                (Self::Coordinator(me), State::Coordinator(state)) => me.on_reply(id, state, &reply, o),
                (Self::Participant(me), State::Participant(state)) => me.on_reply(id, state, &reply, o),
                _ => {}
            },
            // That a session is over is learnt from the next command.
            (_, Msg::FromEnsemble(_) | Msg::Request(_)) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timeout: &SessionTimeout, o: &mut Out<Self>) {
        if let (Self::Ensemble(ensemble), State::Ensemble(tree)) = (self, state.to_mut()) {
            *tree = ensemble.on_session_timeout(tree, *timeout, o);
        }
    }

    fn on_random(&self, id: Id, state: &mut Cow<'_, State>, pick: &Pick, o: &mut Out<Self>) {
        if let (Self::Participant(me), State::Participant(state)) = (self, state.to_mut()) {
            match pick {
                Pick::Call(method) => me.call(id, state, *method, o),
                Pick::Execute(well) => me.execute(id, state, *well, o),
            }
        }
    }
}

/// The classes, and the ZooKeeper that they talk through.
#[derive(Clone, Debug)]
pub struct TwoPhaseZookeeper {
    sizes: Sizes,
}

impl Protocol for TwoPhaseZookeeper {
    const CARD: Card = Card {
        name: "two-phase-zookeeper",
        title: "Two-phase commit over ZooKeeper, as published: Python classes",
        source: "article 002, section 3.2.1, lines 169 to 240",
        modelled: "Every command of both classes and every reply, exceptions, sessions that end; literal, or with R1 \
                   (requests are written), R2 (votes are read), R3 (participants vote), R4 (outcomes are written).",
        left_out: "Crashes and lost messages, of which nothing is said; to the tree a crash is the end of a session. \
                   The two functions of a lock before the classes, which these do not use: zookeeper-article has them.",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = ZookeeperActor;
    type History = ();

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<ZookeeperActor> {
        let participants: Vec<Id> = (1..=self.sizes.participants).map(Id::from).collect();
        let ensemble = Id::from(self.sizes.participants + 1);
        let participant = Participant { ensemble, sizes: self.sizes.clone() };
        let coordinator = Coordinator { participants, ensemble, sizes: self.sizes.clone() };
        let rules = Ensemble { ends_sessions: self.sizes.sessions_end, timeout: 0 };
        Roster::new()
            .role("coordinator", [ZookeeperActor::Coordinator(coordinator)])
            .role("participant", vec![ZookeeperActor::Participant(participant); self.sizes.participants])
            .role("ensemble", [ZookeeperActor::Ensemble(rules)])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        claims::properties()
    }
}
