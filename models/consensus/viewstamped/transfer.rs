//! State transfer, section 5.2.
//!
//! The paper has a replica that hears of a later view take the view's number and cut its log back to what is
//! committed before it asks for the rest. If it then counts as normal in that view, or brings the short log into the
//! next one, what it held of a committed request is lost. Here it stays what it is until the answer comes.

use quorate::{Id, Out};

use super::Deviation;
use super::member::Member;
use super::message::{Log, Msg, View};
use super::replica::{Replica, ReplicaState, Status};

impl Replica {
    /// The sender is in a later view: the replica asks it for all that comes after what is surely the same.
    pub(super) fn fall_behind(&self, me: &mut ReplicaState, src: Id, view: View, o: &mut Out<Member>) {
        if !self.params.state_transfer {
            return;
        }
        if self.breaks(Deviation::StateTransferLiteral) {
            me.record.log.truncate(me.record.commit);
            self.enter(me, view, me.record.commit, o);
        }
        o.send(src, Msg::GetState { view, op: me.record.commit });
    }

    /// The replica lacks something of its own view.
    pub(super) fn ask_for_more(&self, me: &ReplicaState, src: Id, o: &mut Out<Member>) {
        if self.params.state_transfer {
            o.send(src, Msg::GetState { view: me.view, op: me.op() });
        }
    }

    /// A replica whose status is normal in the view that is asked for answers.
    pub(super) fn get_state(&self, me: &ReplicaState, src: Id, view: View, op: usize, o: &mut Out<Member>) {
        if me.is_normal() && me.view == view && op <= me.op() {
            let entries = me.record.log[op..].to_vec();
            o.send(src, Msg::NewState { view, after: op, entries, commit: me.record.commit });
        }
    }

    /// The answer: of a view in which the replica is not normal yet it is as good as its StartView; of its own view it
    /// may have what the replica lacks.
    #[expect(clippy::too_many_arguments, reason = "the message has four fields")]
    pub(super) fn new_state(
        &self,
        me: &mut ReplicaState,
        src: Id,
        view: View,
        after: usize,
        entries: &Log,
        commit: usize,
        o: &mut Out<Member>,
    ) {
        let is_new = view > me.view || view == me.view && !me.is_normal();
        let is_longer = view == me.view && me.is_normal() && after + entries.len() > me.op();
        let is_recovering = matches!(me.status, Status::Recovering { .. });
        let same = if is_new { me.record.commit } else { me.op() };
        if !(is_new || is_longer) || is_recovering || after > same {
            return;
        }
        me.record.log.truncate(after);
        me.record.log.extend_from_slice(entries);
        self.enter(me, view, commit, o);
        self.acknowledge(me, src, o);
    }
}
