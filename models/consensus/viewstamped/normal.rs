//! Normal operation, section 4.1. The numbers are those of its list.

use quorate::{Id, Out};

use super::Deviation;
use super::member::Member;
use super::message::{Entry, Msg, View};
use super::replica::{Replica, ReplicaState, Status};

impl Replica {
    /// 2 and 3: the primary takes a request that it does not have, and has the backups prepare it; one that it has
    /// executed it answers again.
    pub(super) fn request(&self, me: &mut ReplicaState, entry: Entry, o: &mut Out<Member>) {
        if !self.leads(me) {
            return;
        }
        if entry.reads && self.breaks(Deviation::LocalRead) {
            return self.reply(me, entry, me.record.commit, o);
        }
        let known = me.op_of(entry).filter(|_| !self.breaks(Deviation::NoClientTable));
        if let Some(op) = known {
            if op <= me.record.commit {
                self.reply(me, entry, op, o);
            }
            return;
        }
        me.record.log.push(entry);
        let (view, op, commit) = (me.view, me.op(), me.record.commit);
        o.broadcast(&self.peers, &Msg::Prepare { view, op, entry, commit });
        if self.breaks(Deviation::ReplyEarly) {
            self.reply(me, entry, op, o);
        }
        self.advance(me, o);
    }

    /// 4: a backup appends a request when it has all earlier ones, and says so. A message that comes too early waits,
    /// or has the replica fetch what it lacks.
    #[expect(clippy::too_many_arguments, reason = "the message has four fields")]
    pub(super) fn prepare(
        &self,
        me: &mut ReplicaState,
        src: Id,
        view: View,
        op: usize,
        entry: Entry,
        commit: usize,
        o: &mut Out<Member>,
    ) {
        if view > me.view {
            return self.fall_behind(me, src, view, o);
        }
        if view < me.view || !me.is_normal() {
            return;
        }
        let has_earlier = op <= me.op() + 1;
        if !has_earlier && !self.breaks(Deviation::PrepareWithGap) {
            return self.ask_for_more(me, src, o);
        }
        if op > me.op() {
            me.record.log.push(entry);
            o.send(src, Msg::PrepareOk { view, op });
        }
        self.learn_commit(me, commit);
    }

    /// 5: a backup is prepared up to an op-number.
    pub(super) fn prepare_ok(&self, me: &mut ReplicaState, src: Id, view: View, op: usize, o: &mut Out<Member>) {
        if view != me.view || !self.leads(me) {
            return;
        }
        if let Status::Normal { prepared } = &mut me.status {
            let up_to = prepared.entry(src).or_insert(op);
            *up_to = op.max(*up_to);
        }
        self.advance(me, o);
    }

    /// 5 and 6: what f backups are prepared for is committed. The primary executes it, answers the clients and tells
    /// the backups, at once: the message may take any time.
    fn advance(&self, me: &mut ReplicaState, o: &mut Out<Member>) {
        let Status::Normal { prepared } = &me.status else { return };
        let mut needed = self.f();
        if self.breaks(Deviation::CommitEarly) {
            needed -= 1;
        }
        let is_prepared = |op: &usize| prepared.values().filter(|up_to| *up_to >= op).count() >= needed;
        let known = me.record.commit;
        if let Some(commit) = (known + 1..=me.op()).rev().find(is_prepared) {
            self.execute(me, commit, o);
            o.broadcast(&self.peers, &Msg::Commit { view: me.view, commit });
        }
    }

    /// A primary executes all requests up to an op-number and answers their clients.
    pub(super) fn execute(&self, me: &mut ReplicaState, commit: usize, o: &mut Out<Member>) {
        for op in me.record.commit + 1..=commit {
            let entry = me.record.log[op - 1];
            self.reply(me, entry, op, o);
        }
        me.record.commit = commit.max(me.record.commit);
    }

    /// A client is answered what there is up to an op-number.
    fn reply(&self, me: &ReplicaState, entry: Entry, op: usize, o: &mut Out<Member>) {
        o.send(entry.client, Msg::Reply { request: entry.request, answer: me.writes_up_to(op) });
    }

    /// 6 and 7: a backup learns what is committed.
    pub(super) fn commit(&self, me: &mut ReplicaState, src: Id, view: View, commit: usize, o: &mut Out<Member>) {
        if view > me.view {
            return self.fall_behind(me, src, view, o);
        }
        if view < me.view || !me.is_normal() {
            return;
        }
        if commit > me.op() {
            self.ask_for_more(me, src, o);
        }
        self.learn_commit(me, commit);
    }

    /// 7: it executes what it has of it.
    fn learn_commit(&self, me: &mut ReplicaState, commit: usize) {
        me.record.commit = commit.min(me.op()).max(me.record.commit);
    }
}
