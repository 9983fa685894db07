//! A ZooKeeper ensemble as its clients see it: one tree of nodes, one command after another.
//!
//! [`Tree`] is the state and says what each command does; [`Ensemble`] is the part of an actor that answers requests
//! and ends sessions.
//!
//! Source: Hunt, Konar, Junqueira and Reed, "ZooKeeper: Wait-free coordination for Internet-scale systems" (2010), 2.1 to
//! 2.4; the programmer's guide (ephemeral and sequence nodes, watches, sessions); runs of ZooKeeper 3.8.0 where these
//! leave something open. The ensemble itself is not modelled: its writes are linearizable, which is what ZAB is for
//! and is checked on its own. Left out: access control, containers, reads from a server that lags behind (`sync`):
//! every read here is the latest, which only helps the locks that are built on it.
//!
//! The order of a session's commands and of what comes back to it is not kept by the network here, so that commands of
//! a client's former life may come late; within a life a client has one command under way at a time, and what could
//! overtake its reply is a watch event, which in life it cannot. A lock that bears that bears the real thing.

use std::collections::{BTreeMap, BTreeSet};

use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::{Numbering, ticks};

/// A session: of which client, and the how-many-th of that client, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Session {
    /// Whose.
    pub client: Id,
    /// Which of that client's.
    pub number: u8,
}

/// Who wrote a node, as the writer says: a name that no other round of no other client has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Mark {
    /// Who.
    pub client: Id,
    /// In which round, from 1.
    pub round: u8,
}

/// The name of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Path {
    /// One with a name of its own.
    Plain(&'static str),
    /// A child of the queue, which the ensemble gave a number. Children are in the order of their numbers.
    Queued {
        /// The number.
        number: u32,
        /// What its creator put into the name before the number.
        prefix: Option<Mark>,
    },
}

/// What a new node is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum NewPath {
    /// This.
    Plain(&'static str),
    /// A child of the queue (`SEQUENCE`), with this before its number.
    Queued(Option<Mark>),
}

/// A command, with its arguments. `D` is what nodes hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Command<D = Mark> {
    /// `create`.
    Create {
        /// Under which name.
        path: NewPath,
        /// What it holds: in the locks always who wrote it.
        data: D,
        /// Whether it goes with the session.
        ephemeral: bool,
    },
    /// `delete`, of any version; with a guard in one `multi` with a check that it is still the node that was created
    /// in that transaction.
    Delete {
        /// Which node.
        path: Path,
        /// The transaction that created the node that is meant.
        guard: Option<u32>,
    },
    /// `exists`.
    Exists {
        /// Which node.
        path: Path,
        /// Whether the next change of it shall be told.
        watch: bool,
    },
    /// `getChildren` of the queue.
    Children,
    /// `getData`: what it holds, and its version.
    Get {
        /// Which node.
        path: Path,
    },
    /// `setData`, if the node has this version.
    Set {
        /// Which node.
        path: Path,
        /// The version that it must have.
        version: u32,
        /// What it shall hold.
        data: D,
    },
    /// A ping: the client is there.
    Ping,
}

/// What the ensemble answers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Reply<D = Mark> {
    /// Created, under this name and in this transaction.
    Created {
        /// The name.
        path: Path,
        /// The transaction (`czxid`).
        zxid: u32,
    },
    /// Deleted, or set.
    Ok,
    /// Whether the node is there.
    Exists {
        /// Which node.
        path: Path,
        /// Whether it is.
        there: bool,
    },
    /// The children of the queue, in order of their numbers.
    Children(Vec<Path>),
    /// The node, with its version and who created it when.
    Data(Znode<D>),
    /// There is a node of this name (-110).
    NodeExists,
    /// There is none (-101).
    NoNode,
    /// The node has another version, or is another than the one that is meant (-103).
    BadVersion,
    /// The session is over (-112).
    SessionExpired,
    /// To a ping: the ensemble is there.
    Pong,
}

/// A node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Znode<D = Mark> {
    /// What it holds.
    pub data: D,
    /// How often it was set since it was created.
    pub version: u32,
    /// The transaction that created it.
    pub czxid: u32,
    /// The session with which it goes; `None` if it stays.
    pub owner: Option<Session>,
}

/// The ensemble's tree, sessions and watches.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Tree<D = Mark> {
    /// The nodes by name.
    pub nodes: BTreeMap<Path, Znode<D>>,
    /// Sessions that have begun, each with the number of its newest connection; `None` for those that are over.
    ///
    /// Invariant: the owner of every ephemeral node and whoever watches has one here.
    pub sessions: BTreeMap<Session, Option<u8>>,
    /// Who is to be told of the next change of which node.
    pub watches: BTreeSet<(Path, Session)>,
    /// How many nodes were created: the last transaction that created one, and the next number in the queue.
    ///
    /// In life a queue counts its own children and a transaction every write; only their order is ever looked at.
    /// It stays 0 where numbers come again.
    pub created: u32,
    /// How numbers are given out. In a circle the next is the one after the last that is there, so that those that are
    /// there are as close together as they can be.
    #[serde(skip_serializing_if = "is_endless")]
    pub numbering: Numbering,
}

fn is_endless(numbering: &Numbering) -> bool {
    !numbering.comes_again()
}

impl<D> Default for Tree<D> {
    fn default() -> Self {
        Self::new(Numbering::default())
    }
}

impl<D> Tree<D> {
    /// A tree without nodes.
    pub fn new(numbering: Numbering) -> Self {
        Self { nodes: BTreeMap::new(), sessions: BTreeMap::new(), watches: BTreeSet::new(), created: 0, numbering }
    }
}

impl<D: Copy + PartialEq> Tree<D> {
    /// Executes a command, as one transaction. `None` for one that comes by a connection which the session has left:
    /// it is refused, and nobody is there to hear it (`SESSIONMOVED`).
    pub fn apply(&mut self, session: Session, connection: u8, command: &Command<D>) -> Option<Reply<D>> {
        match self.sessions.entry(session).or_insert(Some(connection)) {
            None => return Some(Reply::SessionExpired),
            Some(newest) if connection < *newest => return None,
            Some(newest) => *newest = connection,
        }
        Some(self.execute(session, command))
    }

    fn execute(&mut self, session: Session, command: &Command<D>) -> Reply<D> {
        match *command {
            Command::Create { path, data, ephemeral } => self.create(path, data, ephemeral.then_some(session)),
            Command::Delete { path, guard } => self.delete(path, guard),
            Command::Exists { path, watch } => {
                let there = self.nodes.contains_key(&path);
                // A child that is gone never comes, though its number may: nobody would be told of anything.
                let is_gone = !there && matches!(path, Path::Queued { .. }) && self.numbering.comes_again();
                if watch && !is_gone {
                    self.watches.insert((path, session));
                }
                Reply::Exists { path, there }
            }
            Command::Children => Reply::Children(self.queue().collect()),
            Command::Get { path } => self.nodes.get(&path).map_or(Reply::NoNode, |node| Reply::Data(*node)),
            Command::Set { path, version, data } => self.set(path, version, data),
            Command::Ping => Reply::Pong,
        }
    }

    /// The children of the queue, in order.
    pub fn queue(&self) -> impl Iterator<Item = Path> + '_ {
        self.nodes.keys().copied().filter(|path| matches!(path, Path::Queued { .. }))
    }

    /// Whether a session has begun and is not over.
    fn is_open(&self, session: Session) -> bool {
        self.sessions.get(&session).is_some_and(Option::is_some)
    }

    /// A session is over: its nodes and its watches go, all in one transaction.
    pub fn end(&mut self, session: Session) {
        self.sessions.insert(session, None);
        self.nodes.retain(|_, node| node.owner != Some(session));
        self.watches.retain(|(_, watcher)| *watcher != session);
    }

    fn create(&mut self, path: NewPath, data: D, owner: Option<Session>) -> Reply<D> {
        let zxid = self.next_number();
        let path = match path {
            NewPath::Plain(name) => Path::Plain(name),
            NewPath::Queued(prefix) => Path::Queued { number: zxid, prefix },
        };
        if self.nodes.contains_key(&path) {
            return Reply::NodeExists;
        }
        if !self.numbering.comes_again() {
            self.created = zxid;
        }
        self.nodes.insert(path, Znode { data, version: 0, czxid: zxid, owner });
        Reply::Created { path, zxid }
    }

    fn next_number(&self) -> u32 {
        if !self.numbering.comes_again() {
            return self.created + 1;
        }
        let mut numbers = self.nodes.values().map(|node| node.czxid);
        let is_last =
            |number: &u32| self.nodes.values().all(|node| self.numbering.distance(*number, node.czxid).is_none());
        numbers.find(is_last).map_or(1, |last| self.numbering.after(last))
    }

    /// Anyone may delete a node, also one that goes with another's session.
    fn delete(&mut self, path: Path, guard: Option<u32>) -> Reply<D> {
        match self.nodes.get(&path) {
            None => Reply::NoNode,
            Some(node) if guard.is_some_and(|czxid| czxid != node.czxid) => Reply::BadVersion,
            Some(_) => {
                self.nodes.remove(&path);
                Reply::Ok
            }
        }
    }

    /// The version counts from 0 again when the node was deleted and created anew.
    fn set(&mut self, path: Path, version: u32, data: D) -> Reply<D> {
        match self.nodes.get_mut(&path) {
            None => Reply::NoNode,
            Some(node) if node.version != version => Reply::BadVersion,
            Some(node) => {
                (node.data, node.version) = (data, version + 1);
                Reply::Ok
            }
        }
    }

    /// Takes out the watches of nodes that are there in one of the two trees and not in the other, or hold something
    /// else: a watch is told once.
    fn take_fired(&mut self, before: &Self) -> BTreeSet<(Path, Session)> {
        let changed = |path: &Path| before.nodes.get(path) != self.nodes.get(path);
        let fired: BTreeSet<_> = self.watches.iter().filter(|(path, _)| changed(path)).copied().collect();
        self.watches.retain(|watch| !fired.contains(watch));
        fired
    }
}

/// Which command of a client this is, so that a client reads the reply to what it asked last and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Call {
    /// On which session.
    pub session: Session,
    /// The client's round, from 1.
    pub round: u8,
    /// Over which connection of the session, from 0: a client that hears nothing connects anew.
    pub connection: u8,
}

impl Call {
    /// What a client calls its commands that sends one at a time, in one session, and waits for each reply.
    pub fn plain(client: Id) -> Self {
        Self { session: Session { client, number: 1 }, round: 1, connection: 0 }
    }

    /// Whose round this is.
    pub fn mark(&self) -> Mark {
        Mark { client: self.session.client, round: self.round }
    }
}

/// A command on its way to the ensemble.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Request<D = Mark> {
    /// Which it is of its client.
    pub call: Call,
    /// What shall be done.
    pub command: Command<D>,
}

/// What the ensemble sends to a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum FromEnsemble<D = Mark> {
    /// The reply to a command.
    Reply {
        /// To which.
        call: Call,
        /// What was said.
        reply: Reply<D>,
    },
    /// A node that the session watched has changed.
    Changed {
        /// On which session.
        session: Session,
        /// Which node.
        path: Path,
    },
    /// The session is over: what a client that has nothing to ask hears when it connects anew.
    Expired {
        /// Which session.
        session: Session,
    },
}

/// What travels where the ensemble and its clients are all there is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Wire<D = Mark> {
    /// A command, to the ensemble.
    Request(Request<D>),
    /// A reply or an event, to a client.
    FromEnsemble(FromEnsemble<D>),
}

impl<D> From<FromEnsemble<D>> for Wire<D> {
    fn from(message: FromEnsemble<D>) -> Self {
        Self::FromEnsemble(message)
    }
}

/// The ensemble's timer: it has not heard of this session for too long.
///
/// It is counted anew with each command. In asynchronous time it may fire at any moment from the first on: the client may
/// be down, or pause, or be cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct SessionTimeout(pub Session);

/// The ensemble as an actor, less what differs between protocols: the types of messages and timers. It never loses
/// what it has answered.
#[derive(Clone, Copy, Debug)]
pub struct Ensemble {
    /// Whether it ever ends a session: it does not where every client is heard of in time.
    pub ends_sessions: bool,
    /// How many ticks after it last heard of a session it ends it, where time is timed; with 0 whenever it likes.
    pub timeout: u8,
}

impl Ensemble {
    /// A command is executed and answered.
    pub fn on_request<A, D>(self, tree: &Tree<D>, request: Request<D>, out: &mut Out<A>) -> Tree<D>
    where
        A: Actor<Msg: From<FromEnsemble<D>>, Timer: From<SessionTimeout>>,
        D: Copy + PartialEq,
    {
        let Call { session, connection, .. } = request.call;
        let mut after = tree.clone();
        let reply = after.apply(session, connection, &request.command);
        if let Some(reply) = reply {
            if self.ends_sessions && after.is_open(session) {
                out.set_timer(SessionTimeout(session).into(), ticks(self.timeout));
            }
            out.send(session.client, FromEnsemble::Reply { call: request.call, reply }.into());
        }
        Self::tell(tree, after, out)
    }

    /// The ensemble ends a session. Its client learns of it later, whenever that may be.
    pub fn on_session_timeout<A, D>(self, tree: &Tree<D>, timeout: SessionTimeout, out: &mut Out<A>) -> Tree<D>
    where
        A: Actor<Msg: From<FromEnsemble<D>>>,
        D: Copy + PartialEq,
    {
        let SessionTimeout(session) = timeout;
        let mut after = tree.clone();
        after.end(session);
        out.send(session.client, FromEnsemble::Expired { session }.into());
        Self::tell(tree, after, out)
    }

    fn tell<A, D>(before: &Tree<D>, mut after: Tree<D>, out: &mut Out<A>) -> Tree<D>
    where
        A: Actor<Msg: From<FromEnsemble<D>>>,
        D: Copy + PartialEq,
    {
        for (path, session) in after.take_fired(before) {
            out.send(session.client, FromEnsemble::Changed { session, path }.into());
        }
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: Path = Path::Plain("lock");

    fn session(client: usize) -> Session {
        Session { client: Id::from(client), number: 1 }
    }

    fn mark(client: usize) -> Mark {
        Mark { client: Id::from(client), round: 1 }
    }

    fn create(client: usize) -> Command {
        Command::Create { path: NewPath::Plain("lock"), data: mark(client), ephemeral: true }
    }

    fn apply(tree: &mut Tree, client: usize, command: &Command) -> Reply {
        tree.apply(session(client), 0, command).expect("there is but one connection")
    }

    fn queue_up(tree: &mut Tree, client: usize) -> Path {
        let path = NewPath::Queued(Some(mark(client)));
        match apply(tree, client, &Command::Create { path, data: mark(client), ephemeral: true }) {
            Reply::Created { path, .. } => path,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn anyone_may_delete_anothers_ephemeral_node() {
        let mut tree = Tree::default();
        assert_eq!(apply(&mut tree, 0, &create(0)), Reply::Created { path: LOCK, zxid: 1 });
        assert_eq!(apply(&mut tree, 1, &create(1)), Reply::NodeExists);
        let delete = |guard| Command::Delete { path: LOCK, guard };
        assert_eq!(apply(&mut tree, 1, &delete(Some(7))), Reply::BadVersion);
        assert_eq!(apply(&mut tree, 1, &delete(None)), Reply::Ok);
        assert_eq!(apply(&mut tree, 1, &delete(None)), Reply::NoNode);
    }

    #[test]
    fn a_session_takes_its_nodes_with_it_and_is_refused_from_then_on() {
        let mut tree = Tree::default();
        apply(&mut tree, 0, &create(0));
        tree.end(session(0));
        assert!(tree.nodes.is_empty());
        assert_eq!(apply(&mut tree, 0, &create(0)), Reply::SessionExpired);
        let again = Session { number: 2, ..session(0) };
        assert_eq!(tree.apply(again, 0, &create(0)), Some(Reply::Created { path: LOCK, zxid: 2 }));
    }

    #[test]
    fn a_ping_is_answered_while_the_session_lasts() {
        let mut tree = Tree::default();
        assert_eq!(apply(&mut tree, 0, &Command::Ping), Reply::Pong);
        tree.end(session(0));
        assert_eq!(apply(&mut tree, 0, &Command::Ping), Reply::SessionExpired);
    }

    #[test]
    fn the_version_begins_anew_with_the_node() {
        let mut tree = Tree::default();
        let set = |version| Command::Set { path: LOCK, version, data: mark(0) };
        apply(&mut tree, 0, &create(0));
        assert_eq!(apply(&mut tree, 0, &set(0)), Reply::Ok);
        assert_eq!(apply(&mut tree, 0, &set(0)), Reply::BadVersion);
        apply(&mut tree, 0, &Command::Delete { path: LOCK, guard: None });
        apply(&mut tree, 0, &create(0));
        assert_eq!(apply(&mut tree, 0, &set(0)), Reply::Ok);
        let node = Znode { data: mark(0), version: 1, czxid: 2, owner: Some(session(0)) };
        assert_eq!(apply(&mut tree, 0, &Command::Get { path: LOCK }), Reply::Data(node));
    }

    #[test]
    fn a_watch_is_told_once_and_only_of_its_node() {
        let mut tree = Tree::default();
        let paths = [0, 1, 2].map(|client| queue_up(&mut tree, client));
        assert_eq!(apply(&mut tree, 0, &Command::Children), Reply::Children(paths.to_vec()));
        for (client, path) in [(1, paths[0]), (2, paths[1])] {
            let watch = Command::Exists { path, watch: true };
            assert_eq!(apply(&mut tree, client, &watch), Reply::Exists { path, there: true });
        }
        let before = tree.clone();
        tree.end(session(1));
        // The one in the middle goes: who watched it is told, and nobody else.
        assert_eq!(tree.take_fired(&before), BTreeSet::from([(paths[1], session(2))]));
        assert_eq!(tree.take_fired(&before), BTreeSet::new());
        let gone = Command::Exists { path: paths[1], watch: false };
        assert_eq!(apply(&mut tree, 2, &gone), Reply::Exists { path: paths[1], there: false });
    }

    #[test]
    fn what_comes_by_a_connection_that_was_left_is_not_executed() {
        let mut tree = Tree::default();
        assert_eq!(tree.apply(session(0), 1, &Command::Children), Some(Reply::Children(Vec::new())));
        assert_eq!(tree.apply(session(0), 0, &create(0)), None);
        assert!(tree.nodes.is_empty());
    }

    #[test]
    fn in_a_circle_the_next_number_is_the_one_after_the_last_that_is_there() {
        let mut tree = Tree::new(Numbering::circle(4));
        let number = |path| match path {
            Path::Queued { number, .. } => number,
            Path::Plain(_) => 0,
        };
        let mut numbers = Vec::new();
        let mut first = queue_up(&mut tree, 0);
        for turn in 1..=4 {
            let next = queue_up(&mut tree, turn % 2);
            numbers.push(number(next));
            let guard = None;
            assert_eq!(apply(&mut tree, 0, &Command::Delete { path: first, guard }), Reply::Ok);
            first = next;
        }
        assert_eq!(numbers, [2, 3, 4, 1]);
        let gone = Path::Queued { number: 3, prefix: Some(mark(0)) };
        let watch = Command::Exists { path: gone, watch: true };
        assert_eq!(apply(&mut tree, 1, &watch), Reply::Exists { path: gone, there: false });
        assert!(tree.watches.is_empty(), "what is gone does not come");
    }
}
