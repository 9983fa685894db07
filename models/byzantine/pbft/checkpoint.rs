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
            if self.breaks(Deviation::DiscardEarly) {
                me.certificates.retain(|certificate| certificate.seq > me.executed.len());
            }
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

    /// 2f + 1 replicas have the same state there: the checkpoint is stable, and the water marks move.
    pub(super) fn stable(&self, me: &mut ReplicaState, seq: Seq, lies: usize, o: &mut Out<Member>) {
        let mut needed = 2 * self.params.tolerated + 1;
        if self.breaks(Deviation::CheckpointSmall) {
            needed = self.params.tolerated + 1;
        }
        let told = me.checkpoints.iter().map(|(state, _)| state).filter(|state| state.len() == seq);
        let count = |state: &Vec<Request>| me.checkpoints.iter().filter(|(other, _)| other == state).count() + lies;
        if let Some(state) = told.into_iter().find(|state| count(state) >= needed).cloned() {
            self.advance(me, &state, o);
            self.show_proof(state, o);
        }
    }

    /// The water marks move, and the primary has more numbers to give.
    pub(super) fn advance(&self, me: &mut ReplicaState, state: &[Request], o: &mut Out<Member>) {
        self.settle(me, state, o);
        if self.hears(me, me.view) {
            self.propose(me, o);
        }
    }

    /// Where others wait for their water marks to move, the checkpoints that it has had are shown to them: those who lie
    /// may have told theirs to this replica alone.
    fn show_proof(&self, state: Vec<Request>, o: &mut Out<Member>) {
        if self.params.window < self.params.numbers && !self.breaks(Deviation::KeepProof) {
            o.broadcast(&self.peers, &Msg::Stable(state));
        }
    }

    /// Section 4.3: what is before a stable checkpoint is discarded. A replica that is not as far fetches the state from
    /// one of those that certified it (end of section 4.4).
    pub(super) fn settle(&self, me: &mut ReplicaState, state: &[Request], o: &mut Out<Member>) {
        let seq = state.len();
        if seq <= me.stable {
            return;
        }
        if me.executed.len() < seq {
            me.executed = state.to_vec();
        }
        me.stable = seq;
        let kept = if self.breaks(Deviation::KeepLog) { 0 } else { seq };
        me.slots.retain(|slot, _| *slot > kept);
        me.certificates.retain(|certificate| certificate.seq > kept);
        me.prepares.retain(|(prepare, _)| prepare.seq > seq);
        me.commits.retain(|(commit, _)| commit.seq > seq);
        me.checkpoints.retain(|(state, _)| state.len() > seq);
        self.execute(me, o);
    }
}
