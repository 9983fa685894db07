//! A server: elections, which the text leaves open, and replication.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::Sizes;

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
    pub(super) fn completed(&self, servers: usize) -> Vec<(usize, char)> {
        let Role::Leader(acknowledged) = &self.role else { return Vec::new() };
        let count = |number: usize| acknowledged.iter().filter(|(of, _)| *of == number).count() + 1;
        let numbered = self.disk.log.iter().enumerate().map(|(at, what)| (at + 1, *what));
        numbered.filter(|(number, _)| 2 * count(*number) > servers).collect()
    }
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) others: Vec<Id>,
    pub(super) stands: bool,
    pub(super) sizes: Sizes,
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
