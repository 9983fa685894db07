//! A replica: its state, and which message is which rule.

use std::collections::{BTreeMap, BTreeSet};

use quorate::model::Deviations;
use quorate::{Id, Out, rename};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::member::{Member, Stored, Timer};
use super::message::{Entry, Msg, Record, Response, View, Vote};
use super::{Deviation, Params};

/// A replica, with what it knows of the group.
#[derive(Clone, Debug)]
pub struct Replica {
    pub(super) id: Id,
    /// The other replicas.
    pub(super) peers: Vec<Id>,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

/// A replica's memory (figure 2), all of which a crash destroys.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ReplicaState {
    /// How often it has started.
    pub incarnation: usize,
    /// The view-number.
    ///
    /// Invariant: it never falls while the replica is up.
    pub view: View,
    /// What it is doing.
    pub status: Status,
    /// The log and the commit-number.
    pub record: Record,
    /// The latest view in which its status was normal.
    pub last_normal: View,
}

/// What a replica is doing.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Status {
    /// It takes part in the view.
    Normal {
        /// Up to which op-number each backup has said to be prepared; empty unless the replica is the primary.
        prepared: BTreeMap<Id, usize>,
    },
    /// It changes to the view.
    ViewChange {
        /// Who else does, until enough do.
        starts: BTreeSet<Id>,
        /// What others, or itself, have brought; empty unless the replica is to be the primary.
        votes: BTreeMap<Id, Vote>,
    },
    /// It has lost its state.
    Recovering {
        /// The view in which it was, as far as its disk knows; 0 without a disk.
        known: View,
        /// The latest answer of each other replica.
        responses: BTreeMap<Id, Response>,
    },
}

rename! {
    struct ReplicaState { incarnation, view, status, record, last_normal }
    enum Status {
        Normal { prepared },
        ViewChange { starts, votes },
        Recovering { known, responses },
    }
}

impl ReplicaState {
    /// Whether its status is normal.
    pub fn is_normal(&self) -> bool {
        matches!(self.status, Status::Normal { .. })
    }

    /// The view that is on disk, if it is kept there.
    pub fn view_on_disk(&self) -> View {
        match self.status {
            Status::Recovering { known, .. } => known,
            Status::Normal { .. } | Status::ViewChange { .. } => self.view,
        }
    }

    /// The op-number.
    pub fn op(&self) -> usize {
        self.record.log.len()
    }

    /// How many requests up to an op-number do not only read: what the last of them is answered.
    pub fn writes_up_to(&self, op: usize) -> usize {
        self.record.log.iter().take(op).filter(|entry| !entry.reads).count()
    }

    /// The op-number of a request that the log has. The client-table is read off the log: a client has one request open,
    /// so what is in the log is all that it has asked and this replica knows of.
    pub fn op_of(&self, entry: Entry) -> Option<usize> {
        self.record.log.iter().position(|other| *other == entry).map(|ix| ix + 1)
    }
}

impl Replica {
    pub(super) fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// How many replicas may fail; the group has twice as many and one more.
    pub(super) fn f(&self) -> usize {
        self.peers.len() / 2
    }

    /// Section 4: the primary of a view is chosen by its number, round robin.
    pub(super) fn primary_of(&self, view: View) -> Id {
        Id::from(view % (self.peers.len() + 1))
    }

    /// Whether it is the primary of a view in which it takes part.
    pub(super) fn leads(&self, me: &ReplicaState) -> bool {
        me.is_normal() && self.primary_of(me.view) == self.id
    }

    /// What a replica is the first time that it starts.
    pub(super) fn start(&self, o: &mut Out<Member>) -> ReplicaState {
        let me = ReplicaState {
            incarnation: 0,
            view: 0,
            status: Status::Normal { prepared: BTreeMap::new() },
            record: Record::default(),
            last_normal: 0,
        };
        self.save(&me, o);
        self.set_timer(&me, o);
        me
    }

    /// What is on disk: nothing of the protocol, in the paper. The incarnation stands for whatever makes nonces
    /// different (section 4.3: a clock, or a counter on disk).
    pub(super) fn save(&self, me: &ReplicaState, o: &mut Out<Member>) {
        let view = if self.params.durable_view { me.view } else { 0 };
        o.save(Stored::Replica { incarnation: me.incarnation, view });
    }

    /// Which message is which rule.
    pub(super) fn receive(&self, me: &mut ReplicaState, src: Id, msg: Msg, o: &mut Out<Member>) {
        if let Msg::RecoveryResponse { nonce, response } = msg {
            return self.recovery_response(me, src, nonce, response, o);
        }
        // Section 4.3: who recovers takes part in nothing.
        let is_recovering = matches!(me.status, Status::Recovering { .. });
        if is_recovering && !self.breaks(Deviation::RecoveringParticipates) {
            return;
        }
        match msg {
            Msg::Request { request, reads } => self.request(me, Entry { client: src, request, reads }, o),
            Msg::Prepare { view, op, entry, commit } => self.prepare(me, src, view, op, entry, commit, o),
            Msg::PrepareOk { view, op } => self.prepare_ok(me, src, view, op, o),
            Msg::Commit { view, commit } => self.commit(me, src, view, commit, o),
            Msg::StartViewChange { view } => self.start_view_change(me, src, view, o),
            Msg::DoViewChange { view, vote } => self.do_view_change(me, src, view, vote, o),
            Msg::StartView { view, record } => self.start_view(me, src, view, record, o),
            Msg::Recovery { nonce } => self.recovery(me, src, nonce, o),
            Msg::GetState { view, op } => self.get_state(me, src, view, op, o),
            Msg::NewState { view, after, entries, commit } => {
                self.new_state(me, src, view, after, &entries, commit, o);
            }
            Msg::Reply { .. } | Msg::RecoveryResponse { .. } => {}
        }
    }

    /// A backup watches the primary; a replica in a view change watches the change. Both give up the view some day.
    pub(super) fn set_timer(&self, me: &ReplicaState, o: &mut Out<Member>) {
        let watches = match me.status {
            Status::Normal { .. } => self.primary_of(me.view) != self.id,
            Status::ViewChange { .. } => true,
            Status::Recovering { .. } => false,
        };
        let others = (self.peers.len() + 1).saturating_sub(self.params.watchers);
        let is_watcher = self.params.watchers == 0 || usize::from(self.id) >= others;
        match watches && is_watcher && me.view + 1 < self.params.views {
            true => o.set_timer(Timer::ViewChange, model_timeout()),
            false => o.cancel_timer(Timer::ViewChange),
        }
    }
}
