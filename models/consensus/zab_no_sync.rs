//! ZooKeeper's broadcast as the prose of an article tells it: whoever leads next begins with what it has.
//!
//! # As published
//!
//! Article 003, lines 91 to 99 and once more 249 to 258, in short. *Election*: in one session there is only one leader; it
//! serves the clients, followers carry out its commands. *Replication*: the leader writes a transaction into its log and sends
//! it to the followers; a follower writes it to its disk first and then sends an acknowledgement; with those of a majority
//! the leader takes the transaction for completed and tells the client. *Recovery*: when the leader fails a new one is
//! elected, and the service goes on.
//!
//! # What is wrong
//!
//! "Goes on" is all that is said of the two phases that make the broadcast atomic. The next leader may be one that
//! missed what the last has completed. It begins with its own log, gives the numbers that are taken to other transactions, and
//! what clients were told is done is gone. In [`zab`](super::zab) a new leader first takes the latest history of a quorum
//! (discovery: phase 1, step l.1.2) and brings a quorum to it (synchronisation: phase 2) before it broadcasts anything, and
//! numbers have an epoch in them, so that no two leaders give the same. With `synchronises` both are there, and nothing is
//! lost.
//!
//! # What is modelled, and what the text leaves open
//!
//! Replication as told; a follower writes at the end of its log. How the leader is elected is open, and is read with good
//! will: a server that stands opens the session after its last, every server takes part in a session once, for one leader,
//! and more than half elect. Followers obey only their leader of their session. That servers note the session on their disks
//! is not told either; where they do not (`session_saved`), one that restarts elects a second leader of a session. A server
//! may think at any moment that the leader has failed. The number of a transaction is its place in the leader's log.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use quorate::model::{
    Card, Cause, Claim, Deviations, Facts, History, NetworkKind, NoDeviation, Property, Protocol, Roster, Step,
};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, params};
use serde::Serialize;
use stateright::actor::model_timeout;

params! {
    /// Who takes part, for how long, and the cure.
    pub struct Sizes {
        /// Number of servers.
        pub servers: usize = 3, in 2..=5;
        /// Number of servers that may stand.
        pub candidates: usize = 2, in 1..=5;
        /// How often each of them may.
        pub elections: usize = 1, in 1..=2;
        /// How many transactions each server is asked for, while it leads.
        pub transactions: usize = 1, in 1..=2;
        /// Whether a server notes on its disk in which session it takes part, as well as its log.
        pub session_saved: bool = true;
        /// No reading but a cure: a new leader takes the latest log of those that elect it, and all take that first.
        pub synchronises: bool = false;
    }
}

/// A session, from 1; 0 before the first.
pub type Session = u8;

/// A log: transactions by number, from 1.
pub type Log = Vec<char>;

/// What travels, each in a session.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Follow me.
    Stand(Session),
    /// I do; with the session of the sender's log, and the log: what the cure looks at.
    Follow(Session, (Session, Log)),
    /// A transaction, under its number.
    Transaction(Session, usize, char),
    /// The cure: all that the leader has.
    Synchronise(Session, Log),
    /// What has the first of these numbers, up to the last, is on my disk.
    Ack(Session, usize, usize),
}

/// The leader seems to have failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Suspicion;

/// What a client asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Request(pub char);

/// What is on a server's disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Disk {
    /// The last session in which it took part.
    pub session: Session,
    /// Its log.
    pub log: Log,
    /// The session in which it last took a log from its leader, or made it.
    pub log_session: Session,
    /// How often it has stood.
    pub elections: usize,
    /// How much it was asked for.
    pub requests: usize,
}

/// What a server is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Role {
    /// It follows who stands or leads in its session, if it knows.
    Follower(Option<Id>),
    /// It stands: who follows it, with which log.
    Candidate(BTreeMap<Id, (Session, Log)>),
    /// It leads: who has acknowledged which number.
    Leader(BTreeSet<(usize, Id)>),
}

/// What a server knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ServerState {
    /// What is on its disk.
    pub disk: Disk,
    /// What it is.
    pub role: Role,
}

impl ServerState {
    /// What a majority has acknowledged in this session, the leader itself included.
    fn completed(&self, servers: usize) -> Vec<(usize, char)> {
        let Role::Leader(acknowledged) = &self.role else { return Vec::new() };
        let count = |number: usize| acknowledged.iter().filter(|(of, _)| *of == number).count() + 1;
        let numbered = self.disk.log.iter().enumerate().map(|(at, what)| (at + 1, *what));
        numbered.filter(|(number, _)| 2 * count(*number) > servers).collect()
    }
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    others: Vec<Id>,
    stands: bool,
    sizes: Sizes,
}

type Output = Out<Server>;

impl Server {
    fn wait(&self, me: &ServerState, o: &mut Output) {
        if self.stands && me.disk.elections < self.sizes.elections {
            o.set_timer(Suspicion, model_timeout());
        }
    }

    /// Recovery, and at first: a new session.
    fn stand(&self, id: Id, me: &mut ServerState, o: &mut Output) {
        me.disk.session += 1;
        me.disk.elections += 1;
        let own = (me.disk.log_session, me.disk.log.clone());
        me.role = Role::Candidate(BTreeMap::from([(id, own)]));
        o.broadcast(&self.others, &Msg::Stand(me.disk.session));
        o.remove_random("client");
        self.wait(me, o);
    }

    /// One leader a session.
    fn follow(&self, me: &mut ServerState, candidate: Id, session: Session, o: &mut Output) {
        if session > me.disk.session {
            me.disk.session = session;
            me.role = Role::Follower(Some(candidate));
            o.remove_random("client");
            o.send(candidate, Msg::Follow(session, (me.disk.log_session, me.disk.log.clone())));
            self.wait(me, o);
        }
    }

    /// More than half elect. The cure: the latest log is taken, and all take it first.
    fn count_follower(&self, id: Id, me: &mut ServerState, follower: Id, log: (Session, Log), o: &mut Output) {
        let Role::Candidate(followers) = &mut me.role else { return };
        followers.insert(follower, log);
        if 2 * followers.len() <= self.sizes.servers {
            return;
        }
        if self.sizes.synchronises {
            let latest = followers.values().max_by_key(|(session, log)| (*session, log.len()));
            me.disk.log = latest.map(|(_, log)| log.clone()).unwrap_or_default();
            o.broadcast(&self.others, &Msg::Synchronise(me.disk.session, me.disk.log.clone()));
        }
        me.disk.log_session = me.disk.session;
        me.role = Role::Leader(BTreeSet::new());
        o.cancel_timer(Suspicion);
        self.offer(id, me, o);
    }

    fn offer(&self, id: Id, me: &ServerState, o: &mut Output) {
        let letter = ('a'..='z').nth(usize::from(id) * self.sizes.transactions + me.disk.requests);
        let next = letter.filter(|_| me.disk.requests < self.sizes.transactions);
        o.choose_random("client", next.map(Request).into_iter().collect());
    }

    /// Replication: the leader writes the transaction, and sends it.
    fn replicate(&self, id: Id, me: &mut ServerState, Request(what): Request, o: &mut Output) {
        me.disk.requests += 1;
        me.disk.log.push(what);
        let session = me.disk.session;
        o.broadcast(
            &self.others,
            &if self.sizes.synchronises {
                Msg::Synchronise(session, me.disk.log.clone())
            } else {
                Msg::Transaction(session, me.disk.log.len(), what)
            },
        );
        self.offer(id, me, o);
    }

    /// A follower writes to its disk first, and then acknowledges.
    fn write(me: &mut ServerState, leader: Id, number: usize, what: char, o: &mut Output) {
        me.disk.log.push(what);
        me.disk.log_session = me.disk.session;
        o.send(leader, Msg::Ack(me.disk.session, number, number));
    }

    /// The cure: it takes the leader's log for its own.
    fn synchronise(me: &mut ServerState, leader: Id, log: Log, o: &mut Output) {
        o.send(leader, Msg::Ack(me.disk.session, 1, log.len()));
        me.disk.log = log;
        me.disk.log_session = me.disk.session;
    }

    fn obeys(me: &ServerState, src: Id, session: Session) -> bool {
        me.role == Role::Follower(Some(src)) && me.disk.session == session
    }
}

impl Actor for Server {
    type Msg = Msg;
    type Timer = Suspicion;
    type State = ServerState;
    type Storage = Disk;
    type Random = Request;

    fn on_start(&self, _: Id, disk: &Option<Disk>, o: &mut Out<Self>) -> ServerState {
        let mut disk = disk.clone().unwrap_or_default();
        if !self.sizes.session_saved {
            (disk.session, disk.log_session) = (0, 0);
        }
        let state = ServerState { disk, role: Role::Follower(None) };
        self.wait(&state, o);
        state
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, ServerState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let before = state.disk.clone();
        let me = state.to_mut();
        match msg {
            Msg::Stand(session) => self.follow(me, src, session, o),
            Msg::Follow(session, log) if session == me.disk.session => self.count_follower(id, me, src, log, o),
            Msg::Transaction(session, number, what) if Self::obeys(me, src, session) => {
                Self::write(me, src, number, what, o);
            }
            Msg::Synchronise(session, log) if Self::obeys(me, src, session) => Self::synchronise(me, src, log, o),
            Msg::Ack(session, first, last) if session == me.disk.session => {
                if let Role::Leader(acknowledged) = &mut me.role {
                    acknowledged.extend((first..=last).map(|number| (number, src)));
                }
            }
            Msg::Follow(..) | Msg::Transaction(..) | Msg::Synchronise(..) | Msg::Ack(..) => {}
        }
        if state.disk != before {
            o.save(state.disk.clone());
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, ServerState>, Suspicion: &Suspicion, o: &mut Out<Self>) {
        self.stand(id, state.to_mut(), o);
        o.save(state.disk.clone());
    }

    fn on_random(&self, id: Id, state: &mut Cow<'_, ServerState>, request: &Request, o: &mut Out<Self>) {
        self.replicate(id, state.to_mut(), *request, o);
        o.save(state.disk.clone());
    }
}

/// What the observer remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ghost {
    /// Who led in which session, and the log with which it began.
    pub led: BTreeSet<(Session, Id, Log)>,
    /// What was completed under which number, and in which session first.
    pub completed: BTreeMap<(usize, char), Session>,
}

/// What is worth remembering of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// A server begins to lead with this log.
    Leads(Session, Id, Log),
    /// A leader takes this for completed, under these numbers.
    Completed(Session, Vec<(usize, char)>),
}

impl History for Ghost {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match fact {
            Fact::Leads(session, leader, log) => drop(self.led.insert((*session, *leader, log.clone()))),
            Fact::Completed(session, transactions) => {
                for transaction in transactions {
                    let first = self.completed.entry(*transaction).or_insert(*session);
                    *first = *session.min(first);
                }
            }
        }
    }
}

/// ZooKeeper's broadcast as the prose tells it.
#[derive(Clone, Debug)]
pub struct ZabNoSync {
    sizes: Sizes,
}

impl Protocol for ZabNoSync {
    const CARD: Card = Card {
        name: "zab-no-sync",
        title: "ZooKeeper's broadcast without synchronisation, as an article tells it",
        source: "article 003, lines 91 to 99 and 249 to 258",
        modelled: "replication, disks, crashes, an election of one leader a session that the text only names",
        left_out: "the time that a session lasts at least: a leader may be suspected at any moment",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Server;
    type History = Ghost;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        if sizes.candidates > sizes.servers {
            return Err(format!("{} of {} servers cannot stand", sizes.candidates, sizes.servers));
        }
        Ok(Self { sizes })
    }

    fn network(&self) -> NetworkKind {
        NetworkKind::Fifo
    }

    fn roster(&self) -> Roster<Server> {
        let all = Id::vec_from(0..self.sizes.servers);
        let server = |me: &Id| Server {
            others: all.iter().copied().filter(|other| other != me).collect(),
            stands: usize::from(*me) < self.sizes.candidates,
            sizes: self.sizes.clone(),
        };
        Roster::new().role("server", all.iter().map(server))
    }

    fn history(&self) -> Ghost {
        Ghost::default()
    }

    fn observe(&self, step: &Step<'_, Server>, facts: &mut Facts<Fact>) {
        let (Cause::Deliver { .. }, Some(before), Some(after)) = (&step.cause, step.before, step.after) else { return };
        let leads = |state: &ServerState| matches!(state.role, Role::Leader(_));
        if leads(after) && !leads(before) {
            facts.push(Fact::Leads(after.disk.session, step.node, after.disk.log.clone()));
        }
        let completed = after.completed(self.sizes.servers);
        if completed.len() > before.completed(self.sizes.servers).len() {
            facts.push(Fact::Completed(after.disk.session, completed));
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("one-leader", "no session has two leaders").by_history(two_leaders),
            Claim::always("completed-kept", "each leader begins with all that was completed in earlier sessions")
                .by_history(lost),
            Claim::always("one-transaction", "no two transactions are completed under one number")
                .by_history(two_of_one_number),
            Claim::sometimes("completed", "a transaction is completed").by_history(|_, ghost: &Ghost| {
                let ((number, what), _) = ghost.completed.first_key_value()?;
                Some(Evidence::new(format!("{what} is completed under number {number}")))
            }),
            Claim::sometimes("goes-on", "transactions of two sessions are completed").by_history(|_, ghost: &Ghost| {
                let sessions: BTreeSet<Session> = ghost.completed.values().copied().collect();
                (sessions.len() > 1)
                    .then(|| Evidence::new(format!("in {} sessions something is completed", sessions.len())))
            }),
        ]
    }
}

fn two_leaders(_: &ZabNoSync, ghost: &Ghost) -> Option<Evidence> {
    let mut pairs = ghost.led.iter().zip(ghost.led.iter().skip(1));
    let ((session, one, _), (_, other, _)) = pairs.find(|(one, other)| one.0 == other.0)?;
    Some(Evidence::new(format!("{one:?} and {other:?} both lead in session {session}")))
}

fn lost(_: &ZabNoSync, ghost: &Ghost) -> Option<Evidence> {
    ghost.completed.iter().find_map(|((number, what), completed_in)| {
        let mut later = ghost.led.iter().filter(|(session, ..)| session > completed_in);
        let (session, leader, _) = later.find(|(.., log)| log.get(number - 1) != Some(what))?;
        Some(Evidence::new(format!(
            "{what} is completed under number {number} in session {completed_in}, and {leader:?} begins session {session} without it"
        )))
    })
}

fn two_of_one_number(_: &ZabNoSync, ghost: &Ghost) -> Option<Evidence> {
    let mut pairs = ghost.completed.keys().zip(ghost.completed.keys().skip(1));
    let ((number, one), (_, other)) = pairs.find(|(one, other)| one.0 == other.0)?;
    Some(Evidence::new(format!("{one} and {other} are both completed under number {number}")))
}
