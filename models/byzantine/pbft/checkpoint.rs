//! Checkpoints, section 4.3, one after each request where they are taken at all.

use quorate::{Id, Out};

use super::Deviation;
use super::member::Member;
use super::message::{Msg, Request, Seq};
use super::replica::{Replica, ReplicaState};

impl Replica {
    /// A replica that has executed as far as to a checkpoint tells its state.
    pub(super) fn take_checkpoint(&self, me: &mut ReplicaState, o: &mut Out<Member>) {
        if self.params.checkpoints {
            o.broadcast(&self.peers, &Msg::Checkpoint(me.executed.clone()));
            self.checkpoint(me, self.id, me.executed.clone(), o);
        }
    }

    /// It collects the checkpoints of others that are later than its stable one.
    pub(super) fn checkpoint(&self, me: &mut ReplicaState, src: Id, state: Vec<Request>, o: &mut Out<Member>) {
        let seq = state.len();
        if seq > me.stable {
            me.checkpoints.insert((state, src));
            self.stable(me, seq, 0, o);
        }
    }

    /// 2f + 1 replicas have the same state there: the checkpoint is stable.
    pub(super) fn stable(&self, me: &mut ReplicaState, seq: Seq, lies: usize, o: &mut Out<Member>) {
        let mut needed = 2 * self.params.tolerated + 1;
        if self.breaks(Deviation::CheckpointSmall) {
            needed = self.params.tolerated + 1;
        }
        let told = me.checkpoints.iter().map(|(state, _)| state).filter(|state| state.len() == seq);
        let count = |state: &Vec<Request>| me.checkpoints.iter().filter(|(other, _)| other == state).count() + lies;
        if let Some(state) = told.into_iter().find(|state| count(state) >= needed).cloned() {
            self.settle(me, &state, o);
        }
    }

    /// What is before a stable checkpoint is discarded. A replica that is not as far fetches the state (section 4.6.2 of
    /// the thesis).
    pub(super) fn settle(&self, me: &mut ReplicaState, state: &[Request], o: &mut Out<Member>) {
        let seq = state.len();
        if seq <= me.stable {
            return;
        }
        if me.executed.len() < seq {
            me.executed = state.to_vec();
        }
        me.stable = seq;
        me.slots.retain(|slot, _| *slot > seq);
        me.certificates.retain(|certificate| certificate.seq > seq);
        me.prepares.retain(|(prepare, _)| prepare.seq > seq);
        me.commits.retain(|(commit, _)| commit.seq > seq);
        me.checkpoints.retain(|(state, _)| state.len() > seq);
        self.execute(me, o);
    }
}
