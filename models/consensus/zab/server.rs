//! A server: its state, what outlives a crash, connections, and which message is which rule.

use std::collections::BTreeMap;

use quorate::model::Deviations;
use quorate::{Id, Out, rename};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::fast::Election;
use super::member::{Member, Stored, Timer};
use super::message::{Body, Epoch, History, Link, Msg, Zxid};
use super::{Deviation, Params};

/// A server, with what it knows of the ensemble.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) id: Id,
    /// The other servers.
    pub(super) peers: Vec<Id>,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

/// What is on disk.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Durable {
    /// How often it has begun to lead or to follow. ZooKeeper has no such number: it tells connections apart, as
    /// TCP does.
    pub attempt: usize,
    /// The last epoch that it accepted from a prospective leader (f.p).
    ///
    /// Invariant: it never falls, and is at least `current`.
    pub accepted: Epoch,
    /// The epoch whose history it has (f.a).
    pub current: Epoch,
    /// The transactions that it has accepted.
    pub history: History,
}

impl Durable {
    /// The zxid of its last transaction, if it has one.
    pub fn last_zxid(&self) -> Option<Zxid> {
        self.history.last().map(|txn| txn.zxid)
    }
}

/// A server's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ServerState {
    /// What outlives a crash.
    pub durable: Durable,
    /// How many transactions of the history it has delivered.
    pub delivered: usize,
    /// What it is doing.
    pub role: Role,
    /// What it knows of the fast election; `None` with the oracle.
    pub election: Option<Election>,
}

/// What a server is doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Role {
    /// It looks for a leader.
    Looking,
    /// It is connected to a leader.
    Following {
        /// Whom it follows.
        leader: Id,
        /// The connection.
        link: Link,
        /// The phase.
        phase: Phase,
        /// How many packets it has sent.
        sent: usize,
        /// How many packets it has received.
        received: usize,
    },
    /// It leads, or would.
    Leading {
        /// The phase.
        phase: Phase,
        /// The epoch that it has chosen.
        epoch: Option<Epoch>,
        /// Who is connected to it.
        learners: BTreeMap<Id, Learner>,
    },
}

/// A phase of the protocol; phase 0, the election, is that of a server that is looking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Phase {
    /// Phase 1.
    Discovery,
    /// Phase 2.
    Synchronization,
    /// Phase 3.
    Broadcast,
}

/// A follower, as its leader sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Learner {
    /// The connection.
    pub link: Link,
    /// How many packets were sent to it.
    pub sent: usize,
    /// How many packets were received from it.
    pub received: usize,
    /// How far it is.
    pub progress: Progress,
}

/// How far a follower is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Progress {
    /// CEPOCH has come, with this epoch.
    Connected(Epoch),
    /// NEWEPOCH is sent.
    Asked,
    /// ACK-E has come.
    Accepted {
        /// Whether it counts.
        counts: bool,
        /// The epoch of the history.
        current: Epoch,
        /// The history.
        history: History,
    },
    /// NEWLEADER is sent.
    Syncing,
    /// ACK-LD has come, and it has the history up to this place.
    Synced(usize),
}

rename! {
    struct Durable { attempt, accepted, current, history }
    struct ServerState { durable, delivered, role, election }
    enum Role {
        Looking,
        Following { leader, link, phase, sent, received },
        Leading { phase, epoch, learners },
    }
    nobody in Phase
    struct Learner { link, sent, received, progress }
    enum Progress { Connected(accepted), Asked, Accepted { counts, current, history }, Syncing, Synced(count) }
}

impl ServerState {
    /// The epoch in which it leads, once a quorum has accepted that and it has told the history.
    pub fn leads(&self) -> Option<Epoch> {
        match self.role {
            Role::Leading { phase: Phase::Synchronization | Phase::Broadcast, epoch, .. } => epoch,
            Role::Leading { phase: Phase::Discovery, .. } | Role::Looking | Role::Following { .. } => None,
        }
    }

    /// Whether it takes part in the fast election: it looks, and has found nobody yet.
    pub fn looks_for(&self) -> bool {
        let is_open = self.election.as_ref().is_some_and(|election| election.elected.is_none());
        matches!(self.role, Role::Looking) && is_open
    }

    /// Its phase, if it is not looking.
    pub fn phase(&self) -> Option<Phase> {
        match self.role {
            Role::Looking => None,
            Role::Following { phase, .. } | Role::Leading { phase, .. } => Some(phase),
        }
    }

    /// Whether it leads and takes requests.
    pub fn is_primary(&self) -> bool {
        matches!(self.role, Role::Leading { phase: Phase::Broadcast, .. })
    }
}

impl Server {
    pub(super) fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// Whether so many followers and their leader are a quorum.
    pub(super) fn is_quorum(&self, followers: usize) -> bool {
        followers + 1 > self.peers.len().div_ceil(2)
    }

    /// What it has on disk the first time that it starts.
    pub(super) fn first(&self) -> Durable {
        self.params.start.durable(self.id, self.peers.len() + 1)
    }

    /// A server that starts, or comes back, looks for a leader.
    pub(super) fn start(&self, durable: Durable, o: &mut Out<Member>) -> ServerState {
        let mut me = ServerState { durable, delivered: 0, role: Role::Looking, election: None };
        self.look(&mut me, o);
        self.set_timers(&me, o);
        me
    }

    /// What every rule ends with.
    pub(super) fn finish(&self, before: &ServerState, me: &ServerState, o: &mut Out<Member>) {
        if me.durable != before.durable {
            self.save(before, me, o);
        }
        self.set_timers(me, o);
    }

    /// What must outlive a crash is on disk before the answer is sent.
    fn save(&self, before: &ServerState, me: &ServerState, o: &mut Out<Member>) {
        let mut saved = me.durable.clone();
        if self.breaks(Deviation::HistoryLost) {
            saved.history = History::new();
        }
        if self.breaks(Deviation::AcceptedEpochLost) {
            saved.accepted = saved.current;
        }
        if self.breaks(Deviation::EpochBeforeHistory) && saved.current > before.durable.current {
            saved.history.clone_from(&before.durable.history);
        }
        o.save(Stored::Server(saved));
    }

    /// Whether it may lead or follow once more.
    pub(super) fn may_try(&self, me: &ServerState) -> bool {
        me.durable.attempt < self.params.attempts_of(self.id)
    }

    fn set_timers(&self, me: &ServerState, o: &mut Out<Member>) {
        let may_try = self.may_try(me);
        let may_be_named = me.election.is_none() && self.params.is_candidate(self.id);
        let is_looking = matches!(me.role, Role::Looking);
        let has_left = is_looking && (me.election.is_none() || me.looks_for());
        let timers = [
            (Timer::Lead, is_looking && may_try && may_be_named),
            (Timer::Elect, may_try && self.has_voted(me)),
            (Timer::Leave, !has_left && may_try),
        ];
        for (timer, is_set) in timers {
            match is_set {
                true => o.set_timer(timer, model_timeout()),
                false => o.cancel_timer(timer),
            }
        }
    }

    /// Which message is which rule.
    pub(super) fn receive(&self, me: &mut ServerState, src: Id, msg: Msg, o: &mut Out<Member>) {
        match msg {
            Msg::Request { request, reads: false } => self.request(me, src, request, o),
            Msg::Request { request, reads: true } => self.read(me, src, request, o),
            Msg::Notification { standing, round, vote } => self.notified(me, src, standing, (round, vote), o),
            Msg::Lead { attempt } => self.connect(me, src, attempt, o),
            Msg::Packet { link, seq, body } => match me.role {
                Role::Leading { .. } if !body.is_of_leader() => self.packet_of_follower(me, src, link, seq, body, o),
                Role::Following { .. } if body.is_of_leader() => self.packet_of_leader(me, src, link, seq, body, o),
                Role::Looking | Role::Following { .. } | Role::Leading { .. } => {}
            },
            Msg::Reply { .. } => {}
        }
    }

    /// A connection delivers in order: a packet that comes too early waits, one of another connection is lost.
    fn packet_of_leader(&self, me: &mut ServerState, src: Id, link: Link, seq: usize, body: Body, o: &mut Out<Member>) {
        let Role::Following { leader, link: mine, received, .. } = &mut me.role else { return };
        let is_next = seq == *received || seq > *received && self.breaks(Deviation::NonFifo);
        if src != *leader || link != *mine || !is_next {
            return;
        }
        *received = seq + 1;
        match body {
            Body::NewEpoch(epoch) => self.new_epoch(me, epoch, o),
            Body::NewLeader { epoch, history } => self.new_leader(me, epoch, history, o),
            Body::CommitLeader(count) | Body::Commit(count) => self.deliver(me, count),
            Body::Propose(txn) => self.propose(me, txn, o),
            Body::CEpoch(_) | Body::AckEpoch { .. } | Body::AckLeader(_) | Body::Ack(_) => {}
        }
    }

    fn packet_of_follower(
        &self,
        me: &mut ServerState,
        src: Id,
        link: Link,
        seq: usize,
        body: Body,
        o: &mut Out<Member>,
    ) {
        let Role::Leading { learners, .. } = &mut me.role else { return };
        if link.leader != me.durable.attempt {
            return;
        }
        if let Body::CEpoch(accepted) = body {
            return self.c_epoch(me, src, link, accepted, o);
        }
        let Some(learner) = learners.get_mut(&src).filter(|learner| learner.link == link) else { return };
        if seq != learner.received {
            return;
        }
        learner.received += 1;
        match body {
            Body::AckEpoch { counts, current, history } => self.ack_epoch(me, src, counts, current, history, o),
            Body::AckLeader(count) => self.ack_leader(me, src, count, o),
            Body::Ack(count) => self.ack(me, src, count, o),
            Body::CEpoch(_)
            | Body::NewEpoch(_)
            | Body::NewLeader { .. }
            | Body::CommitLeader(_)
            | Body::Propose(_)
            | Body::Commit(_) => {}
        }
    }

    /// A follower says something to its leader.
    pub(super) fn answer(&self, me: &mut ServerState, body: Body, o: &mut Out<Member>) {
        if let Role::Following { leader, link, sent, .. } = &mut me.role {
            o.send(*leader, Msg::Packet { link: *link, seq: *sent, body });
            *sent += 1;
        }
    }

    /// A leader says something to one of its followers, which is then so far.
    pub(super) fn tell(&self, follower: Id, learner: &mut Learner, body: Body, o: &mut Out<Member>) {
        o.send(follower, Msg::Packet { link: learner.link, seq: learner.sent, body });
        learner.sent += 1;
    }
}
