//! View changes, section 4.2. The numbers are those of its list.

use std::collections::{BTreeMap, BTreeSet};

use quorate::{Id, Out};

use super::Deviation;
use super::member::Member;
use super::message::{Msg, Record, View, Vote};
use super::replica::{Replica, ReplicaState, Status};

impl Replica {
    /// 1: a replica that notices the need for a view change, by its timer or because others change already, advances
    /// its view and tells the others.
    pub(super) fn begin_view_change(&self, me: &mut ReplicaState, view: View, o: &mut Out<Member>) {
        me.view = view;
        me.status = Status::ViewChange { starts: BTreeSet::new(), votes: BTreeMap::new() };
        self.save(me, o);
        o.broadcast(&self.peers, &Msg::StartViewChange { view });
        if self.starts_needed() == 0 {
            self.vote(me, o);
        }
    }

    /// How many others must have begun before a replica says what it has. Then f + 1 replicas know of the change, and
    /// one that recovers hears of it.
    fn starts_needed(&self) -> usize {
        if self.breaks(Deviation::NoStartViewChangeWait) { 0 } else { self.f() }
    }

    /// 2: another replica begins; with the last that is needed, this one says what it has.
    pub(super) fn start_view_change(&self, me: &mut ReplicaState, src: Id, view: View, o: &mut Out<Member>) {
        if view > me.view {
            self.begin_view_change(me, view, o);
        }
        let Status::ViewChange { starts, .. } = &mut me.status else { return };
        if view != me.view || starts.len() >= self.starts_needed() {
            return;
        }
        starts.insert(src);
        if starts.len() == self.starts_needed() {
            self.vote(me, o);
        }
    }

    /// 2: the replica sends what it has to the primary of the new view, which may be itself.
    fn vote(&self, me: &mut ReplicaState, o: &mut Out<Member>) {
        let (view, vote) = (me.view, Vote { last_normal: me.last_normal, record: me.record.clone() });
        match self.primary_of(view) {
            primary if primary == self.id => self.do_view_change(me, self.id, view, vote, o),
            primary => o.send(primary, Msg::DoViewChange { view, vote }),
        }
    }

    /// 3: the new primary has what f + 1 replicas have, and begins the view.
    pub(super) fn do_view_change(&self, me: &mut ReplicaState, src: Id, view: View, vote: Vote, o: &mut Out<Member>) {
        if view > me.view {
            self.begin_view_change(me, view, o);
        }
        let Status::ViewChange { votes, .. } = &mut me.status else { return };
        if view != me.view {
            return;
        }
        votes.insert(src, vote);
        let mut needed = self.f() + 1;
        if self.breaks(Deviation::DoViewChangeF) {
            needed -= 1;
        }
        if votes.len() < needed {
            return;
        }
        let votes: Vec<Vote> = votes.values().cloned().collect();
        self.begin_view(me, &votes, o);
    }

    /// 3 and 4: the view begins with the log of the latest view among the votes, the longest of those; the commit-number is
    /// the greatest, and what is newly committed is executed and answered.
    fn begin_view(&self, me: &mut ReplicaState, votes: &[Vote], o: &mut Out<Member>) {
        let commit = votes.iter().map(|vote| vote.record.commit).max().unwrap_or(0);
        me.record.log = self.choose(me, votes);
        // Where a wrong log was chosen, it may lack what is committed.
        self.execute(me, commit.min(me.op()), o);
        me.record.commit = me.record.commit.min(me.op());
        me.status = Status::Normal { prepared: BTreeMap::new() };
        me.last_normal = me.view;
        o.broadcast(&self.peers, &Msg::StartView { view: me.view, record: me.record.clone() });
    }

    fn choose(&self, me: &ReplicaState, votes: &[Vote]) -> Vec<super::Entry> {
        let mut best = votes.iter().max_by_key(|vote| (vote.last_normal, vote.record.log.len()));
        if self.breaks(Deviation::ViewOnly) {
            best = votes.iter().rev().max_by_key(|vote| vote.last_normal);
        }
        if self.breaks(Deviation::LongestLog) {
            best = votes.iter().max_by_key(|vote| vote.record.log.len());
        }
        if self.breaks(Deviation::OwnLog) {
            best = None;
        }
        best.map_or_else(|| me.record.log.clone(), |vote| vote.record.log.clone())
    }

    /// 5: the others take over the new primary's log, and acknowledge what of it is not committed yet.
    pub(super) fn start_view(&self, me: &mut ReplicaState, src: Id, view: View, record: Record, o: &mut Out<Member>) {
        let is_new = view > me.view || view == me.view && !me.is_normal();
        let is_old = view < me.view;
        if !(is_new || is_old && self.breaks(Deviation::OldStartView)) {
            return;
        }
        me.record.log = record.log;
        self.enter(me, view, record.commit, o);
        if !self.breaks(Deviation::NoAckAfterStartView) {
            self.acknowledge(me, src, o);
        }
    }

    /// A backup is normal in a view whose log it has.
    pub(super) fn enter(&self, me: &mut ReplicaState, view: View, commit: usize, o: &mut Out<Member>) {
        me.view = view;
        me.status = Status::Normal { prepared: BTreeMap::new() };
        me.last_normal = view;
        // Where something wrong has made the log lose what is committed, it goes on from the end.
        me.record.commit = commit.max(me.record.commit).min(me.op());
        self.save(me, o);
    }

    /// A backup says what it is prepared for, if that is not known to be committed.
    pub(super) fn acknowledge(&self, me: &ReplicaState, primary: Id, o: &mut Out<Member>) {
        if me.op() > me.record.commit {
            o.send(primary, Msg::PrepareOk { view: me.view, op: me.op() });
        }
    }
}
