//! A server: its state, what outlives a crash, and which event is which rule.

use std::borrow::Cow;

use quorate::model::{Deviations, Rename, Renaming};
use quorate::{Actor, Id, Out, rename};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::config::{Config, Members};
use super::log::{Entry, Log, Term};
use super::membership::Membership;
use super::message::Msg;
use super::{Deviation, Params};

/// A server, with what it knows of the cluster.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) id: Id,
    pub(super) peers: Vec<Id>,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
    /// The configuration before any that is in a log.
    pub(super) first: Config,
    /// What it is the first time that it starts.
    pub(super) initial: ServerState,
}

/// What must be on stable storage before a message that depends on it is sent (figure 2, "persistent state").
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Durable {
    /// The latest term that it has seen.
    ///
    /// Invariant: it never falls, not even by a crash.
    pub term: Term,
    /// The candidate that has its vote in this term.
    pub voted_for: Option<Id>,
    /// The log.
    pub log: Log,
    /// Up to which index the log is discarded; a snapshot has what was there.
    ///
    /// Invariant: all up to there is committed.
    pub snapshot: usize,
}

/// A server's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ServerState {
    /// What outlives a crash.
    pub durable: Durable,
    /// The greatest index that it knows to be committed; after a restart that of its snapshot.
    ///
    /// Invariant: it never falls while the server is up.
    pub commit: usize,
    /// Whether it has heard of a leader since its election timer last fired; false where nobody asks for pre-votes.
    pub hears_leader: bool,
    /// What it is in its term.
    pub role: Role,
}

/// What a server is in its term.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Role {
    /// It answers.
    Follower,
    /// It asks who would vote for it.
    PreCandidate {
        /// Those who would, itself included, in order.
        grants: Vec<Id>,
    },
    /// It asks for votes.
    Candidate {
        /// Whose vote it has, its own included, in order.
        votes: Vec<Id>,
    },
    /// It takes entries and has the others append them.
    Leader {
        /// The index of the next entry to send to each server.
        ///
        /// Invariant: greater than what is known to match.
        next: Vec<usize>,
        /// Up to which index each other server's log is known to be its own; indexed by server.
        matched: Vec<usize>,
        /// The read that it has taken in its term.
        read: Option<Read>,
    },
}

/// A read that a leader has taken from a client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Read {
    /// The read index: what the leader knew to be committed when it took the read.
    pub index: usize,
    /// Who has confirmed since that the leader is one, itself included, in order; until the answer is given.
    pub confirmed: Vec<Id>,
    /// Whether the answer is given, which shows what is committed up to the index.
    pub is_answered: bool,
}

/// What may happen to a server at any moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// It has not heard of a leader for too long, as it thinks. One that never stands only notes it.
    Election,
    /// A client wants something of the leader.
    Request,
    /// An administrator wants the servers to be these.
    Change(Members),
    /// The leader goes on from a joint configuration.
    LeaveJoint,
    /// The server takes a snapshot.
    Compact,
    /// A client wants to read from the leader.
    Read,
    /// Who has asked has had no answer, and asks again.
    Resend,
}

rename! {
    struct Durable { term, voted_for, log, snapshot }
    struct ServerState { durable, commit, hears_leader, role }
    enum Timer { Election, Request, Change(members), LeaveJoint, Compact, Read, Resend }
}

/// Lists of servers are in order, and others have a place for each server.
impl Rename for Role {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        match self {
            Self::Follower => Self::Follower,
            Self::PreCandidate { grants } => Self::PreCandidate { grants: in_order(grants, names) },
            Self::Candidate { votes } => Self::Candidate { votes: in_order(votes, names) },
            Self::Leader { next, matched, read } => Self::Leader {
                next: names.places(next),
                matched: names.places(matched),
                read: read.as_ref().map(|read| Read { confirmed: in_order(&read.confirmed, names), ..read.clone() }),
            },
        }
    }
}

fn in_order(servers: &Vec<Id>, names: &Renaming<'_>) -> Vec<Id> {
    let mut servers = servers.rename(names);
    servers.sort_unstable();
    servers
}

impl ServerState {
    /// The term in which it leads.
    pub fn leads(&self) -> Option<Term> {
        matches!(self.role, Role::Leader { .. }).then_some(self.durable.term)
    }

    /// Whether it leads and has taken a read that it has not answered.
    pub fn waits_to_read(&self) -> bool {
        matches!(&self.role, Role::Leader { read: Some(read), .. } if !read.is_answered)
    }
}

impl Server {
    pub(super) fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// Whether the server, if it leads, has committed an entry of its term: only then does it know what is committed.
    pub(super) fn has_committed(&self, me: &ServerState) -> bool {
        me.durable.log.at(me.commit).map(|place| place.term) == Some(me.durable.term)
    }

    /// Whether a client may ask the leader for something: one that waits for its answer does not.
    pub(super) fn client_is_free(&self, me: &ServerState) -> bool {
        let log = &me.durable.log;
        let is_open = |entry: &Entry| entry.term == me.durable.term && entry.config.is_none();
        let writes = (me.commit + 1..=log.len()).filter_map(|index| log.get(index)).any(|entry| is_open(&entry));
        !self.params.clients || !writes && !me.waits_to_read()
    }

    /// Says `msg` to all others that take part.
    pub(super) fn tell_members(&self, me: &ServerState, msg: &Msg, o: &mut Out<Self>) {
        let config = self.config(me);
        self.peers.iter().filter(|peer| config.contains(**peer)).for_each(|peer| o.send(*peer, msg.clone()));
    }

    /// Figure 2, rules for all servers: who sees a later term is a follower in it and has not voted there.
    pub(super) fn adopt(&self, me: &mut ServerState, term: Term) {
        if me.leads().is_some() && self.breaks(Deviation::LeaderRollback) {
            me.durable.log.truncate(me.commit);
        }
        me.durable.term = term;
        me.durable.voted_for = None;
        me.hears_leader = false;
        me.role = Role::Follower;
    }

    /// Which message is which rule.
    fn receive(&self, me: &mut ServerState, src: Id, msg: Msg, o: &mut Out<Self>) {
        if let Some(term) = msg.term_of_sender()
            && term > me.durable.term
        {
            self.adopt(me, term);
        }
        match msg {
            Msg::RequestVote { term, end } => self.vote(me, src, term, end, o),
            Msg::Vote { term } => self.count_vote(me, src, term),
            Msg::RequestPreVote { term, end } => self.pre_vote(me, src, term, end, o),
            Msg::PreVote { term } => self.count_pre_vote(me, src, term, o),
            // To have adopted the term is all that it is for.
            Msg::Behind { .. } => {}
            Msg::Append { term, prev, entries, commit } => {
                let appended = self.append(me, term, prev, &entries, commit);
                o.send(src, appended);
            }
            Msg::InstallSnapshot { term, snapshot } => {
                let installed = self.install(me, term, &snapshot);
                o.send(src, installed);
            }
            Msg::Appended { term, matched } => self.appended(me, src, term, matched),
            Msg::NotAppended { term } => self.not_appended(me, src, term),
            Msg::Confirm { term } => self.confirm(me, src, term, o),
            Msg::Confirmed { term } => self.confirmed(me, src, term),
        }
    }

    /// What every rule ends with: what must outlive a crash is saved, a leader sends what is new, and the timers are
    /// those of the role.
    fn finish(&self, before: &ServerState, me: &ServerState, o: &mut Out<Self>) {
        if me.durable != before.durable {
            self.save(&me.durable, o);
        }
        self.replicate(before, me, o);
        self.set_timers(me, o);
    }

    fn save(&self, durable: &Durable, o: &mut Out<Self>) {
        let mut saved = durable.clone();
        if self.breaks(Deviation::VoteNotPersisted) {
            saved.voted_for = None;
        }
        if self.breaks(Deviation::TermNotPersisted) {
            (saved.term, saved.voted_for) = (0, None);
        }
        if self.breaks(Deviation::LogNotPersisted) {
            (saved.log, saved.snapshot) = (Log::default(), 0);
        }
        o.save(saved);
    }

    /// Section 5.1: who has no answer asks again.
    fn ask_again(&self, me: &ServerState, o: &mut Out<Self>) {
        match &me.role {
            Role::Follower => {}
            Role::PreCandidate { .. } => self.ask_for_pre_votes(me, o),
            Role::Candidate { .. } => self.ask_for_votes(me, o),
            Role::Leader { .. } => {
                self.send_appends(me, o);
                if me.waits_to_read() {
                    self.ask_to_confirm(me, o);
                }
            }
        }
    }

    fn set_timers(&self, me: &ServerState, o: &mut Out<Self>) {
        let leads = me.leads().is_some();
        let election = self.may_stand(me) || me.hears_leader;
        let request =
            leads && self.client_is_free(me) && me.durable.log.requests_of(me.durable.term) < self.params.requests;
        let mut timers = vec![
            (Timer::Election, election),
            (Timer::Request, request),
            (Timer::Compact, self.may_compact(me)),
            (Timer::Read, self.may_read(me)),
            (Timer::Resend, !matches!(me.role, Role::Follower) && self.params.resends),
        ];
        if self.params.membership != Membership::Fixed {
            let changes = self.changes(me);
            let all = Members::all(self.peers.len() + 1);
            timers.extend(all.map(|members| (Timer::Change(members), changes.contains(&members))));
            timers.push((Timer::LeaveJoint, self.may_leave_joint(me)));
        }
        for (timer, is_set) in timers {
            match is_set {
                true => o.set_timer(timer, model_timeout()),
                false => o.cancel_timer(timer),
            }
        }
    }
}

impl Actor for Server {
    type Msg = Msg;
    type Timer = Timer;
    type State = ServerState;
    type Storage = Durable;
    type Random = ();

    /// A server that comes back knows its term, its vote, its log and its snapshot, and is a follower (section 5.5).
    fn on_start(&self, _: Id, storage: &Option<Durable>, o: &mut Out<Self>) -> ServerState {
        let Some(durable) = storage else {
            self.save(&self.initial.durable, o);
            self.send_appends(&self.initial, o);
            if let Some((to, late)) = self.params.start.under_way(self.id) {
                o.send(to, late);
            }
            self.set_timers(&self.initial, o);
            return self.initial.clone();
        };
        let commit = durable.snapshot;
        let me = ServerState { durable: durable.clone(), commit, hears_leader: false, role: Role::Follower };
        self.set_timers(&me, o);
        me
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, ServerState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let mut me = ServerState::clone(state);
        self.receive(&mut me, src, msg, o);
        self.finish(state, &me, o);
        *state = Cow::Owned(me);
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, ServerState>, timer: &Timer, o: &mut Out<Self>) {
        let mut me = ServerState::clone(state);
        match timer {
            Timer::Election => self.on_silence(&mut me, o),
            Timer::Request => self.take(&mut me),
            Timer::Compact => self.compact(&mut me),
            Timer::Change(members) => self.change(&mut me, *members, o),
            Timer::LeaveJoint => self.leave_joint(&mut me, o),
            Timer::Read => self.read(&mut me, o),
            Timer::Resend => self.ask_again(&me, o),
        }
        self.finish(state, &me, o);
        *state = Cow::Owned(me);
    }
}

/// Notes `server`, once and in order.
pub(super) fn note(servers: &mut Vec<Id>, server: Id) {
    if let Err(place) = servers.binary_search(&server) {
        servers.insert(place, server);
    }
}
