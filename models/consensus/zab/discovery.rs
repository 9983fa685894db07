//! Phases 1 and 2: a prospective leader agrees with a quorum on a new epoch, and brings all to one history.

use quorate::{Id, Out};

use super::Deviation;
use super::member::Member;
use super::message::{Body, Epoch, History, Link};
use super::server::{Learner, Phase, Progress, Role, Server, ServerState};

impl Server {
    /// l.1.1: a follower connects; one that comes late is told the epoch at once.
    pub(super) fn c_epoch(&self, me: &mut ServerState, src: Id, link: Link, accepted: Epoch, o: &mut Out<Member>) {
        let Role::Leading { learners, .. } = &mut me.role else { return };
        if learners.get(&src).is_some_and(|known| known.link.follower >= link.follower) {
            return;
        }
        learners.insert(src, Learner { link, sent: 0, received: 1, progress: Progress::Connected(accepted) });
        self.choose_epoch(me, o);
    }

    /// l.1.1: with a quorum connected the leader chooses an epoch later than all that they have accepted.
    pub(super) fn choose_epoch(&self, me: &mut ServerState, o: &mut Out<Member>) {
        let Role::Leading { epoch, learners, .. } = &mut me.role else { return };
        if epoch.is_none() && self.is_quorum(learners.len()) {
            let accepted = learners.values().filter_map(|learner| match learner.progress {
                Progress::Connected(accepted) => Some(accepted),
                Progress::Asked | Progress::Accepted { .. } | Progress::Syncing | Progress::Synced(_) => None,
            });
            let latest = accepted.fold(me.durable.accepted, Epoch::max);
            let new = if self.breaks(Deviation::EpochNotIncremented) { latest.max(1) } else { latest + 1 };
            (*epoch, me.durable.accepted) = (Some(new), new);
        }
        let Some(epoch) = *epoch else { return };
        for (follower, learner) in learners.iter_mut() {
            if matches!(learner.progress, Progress::Connected(_)) {
                learner.progress = Progress::Asked;
                self.tell(*follower, learner, Body::NewEpoch(epoch), o);
            }
        }
        self.choose_history(me, o);
    }

    /// f.1.2: a follower accepts an epoch later than all that it has accepted, and says what it has. An earlier one it
    /// refuses; one that it has accepted already, perhaps from another, it does not accept twice (Zab 1.0: such an
    /// answer does not count).
    pub(super) fn new_epoch(&self, me: &mut ServerState, epoch: Epoch, o: &mut Out<Member>) {
        if epoch < me.durable.accepted && !self.breaks(Deviation::NewEpochNoCheck) {
            return self.leave(me, o);
        }
        let counts = epoch != me.durable.accepted
            || self.breaks(Deviation::AcceptEpochTwice)
            || self.breaks(Deviation::NewEpochNoCheck);
        me.durable.accepted = epoch;
        let (current, history) = (me.durable.current, me.durable.history.clone());
        self.answer(me, Body::AckEpoch { counts, current, history }, o);
    }

    /// l.1.2: a follower has accepted the epoch.
    pub(super) fn ack_epoch(
        &self,
        me: &mut ServerState,
        src: Id,
        counts: bool,
        current: Epoch,
        history: History,
        o: &mut Out<Member>,
    ) {
        let Role::Leading { learners, .. } = &mut me.role else { return };
        let Some(learner) = learners.get_mut(&src) else { return };
        learner.progress = Progress::Accepted { counts, current, history };
        self.choose_history(me, o);
    }

    /// l.1.2 and l.2.1: when a quorum has accepted the epoch, the leader takes the best history among them, and
    /// tells it to all. Who comes late is told the history as it is by then.
    fn choose_history(&self, me: &mut ServerState, o: &mut Out<Member>) {
        let Role::Leading { phase, epoch: Some(epoch), learners } = &mut me.role else { return };
        let accepted = learners.values().filter_map(|learner| match &learner.progress {
            Progress::Accepted { counts: true, current, history } => Some((*current, history)),
            _ => None,
        });
        let accepted: Vec<(Epoch, &History)> = accepted.collect();
        if *phase == Phase::Discovery && self.is_quorum(accepted.len()) {
            let own = (me.durable.current, &me.durable.history);
            me.durable.history = self.best(own, &accepted);
            me.durable.current = *epoch;
            *phase = Phase::Synchronization;
        }
        if *phase == Phase::Discovery {
            return;
        }
        for (follower, learner) in learners.iter_mut() {
            if matches!(learner.progress, Progress::Accepted { .. }) {
                learner.progress = Progress::Syncing;
                let history = me.durable.history.clone();
                self.tell(*follower, learner, Body::NewLeader { epoch: *epoch, history }, o);
            }
        }
        self.establish(me, o);
    }

    /// The history of the latest epoch; of those, the one with the latest transaction.
    fn best(&self, own: (Epoch, &History), others: &[(Epoch, &History)]) -> History {
        let last = |history: &History| history.last().map(|txn| txn.zxid);
        let all = others.iter().chain([&own]);
        let mut best = all.clone().max_by_key(|(current, history)| (*current, last(history)));
        if self.breaks(Deviation::PickByEpochOnly) {
            best = all.clone().rev().max_by_key(|(current, _)| *current);
        }
        if self.breaks(Deviation::PickByZxidOnly) {
            best = all.max_by_key(|(_, history)| last(history));
        }
        if self.breaks(Deviation::OwnHistory) {
            best = Some(&own);
        }
        let mut best = best.map_or_else(History::new, |(_, history)| (*history).clone());
        if self.breaks(Deviation::KeepOwnTail) {
            let lacking: History = own.1.iter().filter(|txn| !best.contains(txn)).copied().collect();
            best.extend(lacking);
        }
        best
    }

    /// f.2.1: a follower that has accepted the epoch takes over its history, and then is of that epoch, in one step.
    pub(super) fn new_leader(&self, me: &mut ServerState, epoch: Epoch, history: History, o: &mut Out<Member>) {
        if epoch != me.durable.accepted {
            return self.leave(me, o);
        }
        (me.durable.current, me.durable.history) = (epoch, history);
        // What it had delivered is in every later history.
        me.delivered = me.delivered.min(me.durable.history.len());
        if let Role::Following { phase, .. } = &mut me.role {
            *phase = Phase::Synchronization;
        }
        let count = me.durable.history.len();
        self.answer(me, Body::AckLeader(count), o);
    }

    /// l.2.2: a follower has the history; one that comes late is told at once what of it is delivered.
    pub(super) fn ack_leader(&self, me: &mut ServerState, src: Id, count: usize, o: &mut Out<Member>) {
        let Role::Leading { phase, learners, .. } = &mut me.role else { return };
        let Some(learner) = learners.get_mut(&src) else { return };
        learner.progress = Progress::Synced(count);
        match phase {
            Phase::Broadcast => {
                self.tell(src, learner, Body::CommitLeader(me.delivered), o);
                self.advance(me, o);
            }
            Phase::Discovery | Phase::Synchronization => self.establish(me, o),
        }
    }

    /// l.2.2: when a quorum has the history, the leader delivers all of it, and the broadcast begins.
    fn establish(&self, me: &mut ServerState, o: &mut Out<Member>) {
        let Role::Leading { phase, learners, .. } = &mut me.role else { return };
        let synced = learners.values().filter(|learner| matches!(learner.progress, Progress::Synced(_))).count();
        if *phase != Phase::Synchronization || !self.is_quorum(synced) {
            return;
        }
        *phase = Phase::Broadcast;
        let mut count = me.durable.history.len();
        if self.breaks(Deviation::InitialHistoryOpen) {
            count = me.delivered;
        }
        for (follower, learner) in learners.iter_mut() {
            if matches!(learner.progress, Progress::Synced(_)) {
                self.tell(*follower, learner, Body::CommitLeader(count), o);
            }
        }
        self.deliver_and_reply(me, count, o);
    }
}
