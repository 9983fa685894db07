//! Phase 3: the primary broadcasts transactions.

use quorate::{Id, Out};

use super::Deviation;
use super::member::Member;
use super::message::{Body, Msg, Txn, Zxid};
use super::server::{Phase, Progress, Role, Server, ServerState};

impl Server {
    /// l.3.1: the primary makes a transaction of a request that its history does not have (see the module page), and
    /// proposes it to all that it has sent the history. One that is delivered it answers again.
    pub(super) fn request(&self, me: &mut ServerState, client: Id, request: usize, o: &mut Out<Member>) {
        let Role::Leading { phase: Phase::Broadcast, epoch: Some(epoch), learners } = &mut me.role else { return };
        let history = &mut me.durable.history;
        if let Some(ix) = history.iter().position(|txn| (txn.client, txn.request) == (client, request)) {
            if ix < me.delivered {
                o.send(client, Msg::Reply { request, place: ix + 1 });
            }
            return;
        }
        let counter = history.iter().filter(|txn| txn.zxid.epoch == *epoch).count() + 1;
        let txn = Txn { zxid: Zxid { epoch: *epoch, counter }, client, request };
        history.push(txn);
        for (follower, learner) in learners.iter_mut() {
            if matches!(learner.progress, Progress::Syncing | Progress::Synced(_)) {
                self.tell(*follower, learner, Body::Propose(txn), o);
            }
        }
        if self.breaks(Deviation::ReplyEarly) {
            o.send(client, Msg::Reply { request, place: me.durable.history.len() });
        }
        self.advance(me, o);
    }

    /// f.3.1: a follower accepts a proposal, in the order of the connection, and says so.
    pub(super) fn propose(&self, me: &mut ServerState, txn: Txn, o: &mut Out<Member>) {
        me.durable.history.push(txn);
        let count = me.durable.history.len();
        self.answer(me, Body::Ack(count), o);
    }

    /// l.3.2: a follower has accepted.
    pub(super) fn ack(&self, me: &mut ServerState, src: Id, count: usize, o: &mut Out<Member>) {
        let Role::Leading { learners, .. } = &mut me.role else { return };
        if let Some(learner) = learners.get_mut(&src) {
            learner.progress = Progress::Synced(count);
        }
        self.advance(me, o);
    }

    /// l.3.2: what a quorum has is delivered, in order.
    pub(super) fn advance(&self, me: &mut ServerState, o: &mut Out<Member>) {
        let Role::Leading { phase: Phase::Broadcast, learners, .. } = &mut me.role else { return };
        let has = |count: usize| {
            let synced = learners.values().filter(|learner| match learner.progress {
                Progress::Synced(up_to) => up_to >= count,
                Progress::Connected(_) | Progress::Asked | Progress::Accepted { .. } | Progress::Syncing => false,
            });
            synced.count()
        };
        let is_due = |count: &usize| self.is_quorum(has(*count)) || self.breaks(Deviation::CommitAlone);
        let Some(count) = (me.delivered + 1..=me.durable.history.len()).rev().find(is_due) else { return };
        for (follower, learner) in learners.iter_mut() {
            if matches!(learner.progress, Progress::Synced(_)) {
                self.tell(*follower, learner, Body::Commit(count), o);
            }
        }
        self.deliver_and_reply(me, count, o);
    }

    /// The primary delivers, and answers the clients.
    pub(super) fn deliver_and_reply(&self, me: &mut ServerState, count: usize, o: &mut Out<Member>) {
        let new = me.durable.history.iter().enumerate().take(count).skip(me.delivered);
        new.for_each(|(ix, txn)| o.send(txn.client, Msg::Reply { request: txn.request, place: ix + 1 }));
        self.deliver(me, count);
    }

    /// f.3.2: a follower delivers what the primary has.
    pub(super) fn deliver(&self, me: &mut ServerState, count: usize) {
        if let Role::Following { phase, .. } = &mut me.role {
            *phase = Phase::Broadcast;
        }
        // With packets out of order it may lack some of it.
        me.delivered = me.delivered.max(count.min(me.durable.history.len()));
    }

    /// A server answers a read from what it has delivered, without asking anybody, unless it is looking.
    pub(super) fn read(&self, me: &ServerState, client: Id, request: usize, o: &mut Out<Member>) {
        if me.phase() == Some(Phase::Broadcast) {
            o.send(client, Msg::Reply { request, place: me.delivered });
        }
    }
}
