//! Recovery, section 4.3. The numbers are those of its list.

use std::collections::BTreeMap;

use quorate::{Id, Out};

use super::Deviation;
use super::member::Member;
use super::message::{Msg, Record, Response, View};
use super::replica::{Replica, ReplicaState, Status};

impl Replica {
    /// 1: a replica that comes back has lost its state, and asks the others.
    pub(super) fn recover(&self, incarnation: usize, known: View, o: &mut Out<Member>) -> ReplicaState {
        let me = ReplicaState {
            incarnation: incarnation + 1,
            view: 0,
            status: Status::Recovering { known, responses: BTreeMap::new() },
            record: Record::default(),
            last_normal: 0,
        };
        // What the disk says of the view stays.
        self.save(&ReplicaState { view: known, ..me.clone() }, o);
        o.broadcast(&self.peers, &Msg::Recovery { nonce: self.nonce(&me) });
        me
    }

    fn nonce(&self, me: &ReplicaState) -> usize {
        if self.breaks(Deviation::NoNonce) { 0 } else { me.incarnation }
    }

    /// 2: a replica whose status is normal answers; only the primary says what it has.
    pub(super) fn recovery(&self, me: &ReplicaState, src: Id, nonce: usize, o: &mut Out<Member>) {
        if me.is_normal() {
            let record = self.leads(me).then(|| me.record.clone());
            o.send(src, Msg::RecoveryResponse { nonce, response: Response { view: me.view, record } });
        }
    }

    /// 3: answers of f + 1 replicas, one of them of the primary of the latest view that they name, are enough.
    pub(super) fn recovery_response(
        &self,
        me: &mut ReplicaState,
        src: Id,
        nonce: usize,
        response: Response,
        o: &mut Out<Member>,
    ) {
        let expected = self.nonce(me);
        let Status::Recovering { responses, known } = &mut me.status else { return };
        if nonce != expected {
            return;
        }
        let known = *known;
        let latest = responses.entry(src).or_insert_with(|| response.clone());
        *latest = response.max(latest.clone());
        let mut needed = self.f() + 1;
        if self.breaks(Deviation::RecoveryF) {
            needed -= 1;
        }
        if responses.len() < needed {
            return;
        }
        if let Some((view, record)) = self.freshest(responses) {
            me.record.log = record.log;
            self.enter(me, view, record.commit, o);
            self.go_on(me, known, o);
            // What it took over it is prepared for (4.1, step 4), and nobody tells it again: the paper has the primary send a
            // PREPARE again that is not answered in time, which is not modelled.
            if me.is_normal() && !self.breaks(Deviation::NoAckAfterRecovery) {
                self.acknowledge(me, self.primary_of(me.view), o);
            }
        }
    }

    /// What the primary of the latest view has, if it is among those who answered.
    fn freshest(&self, responses: &BTreeMap<Id, Response>) -> Option<(View, Record)> {
        let latest = responses.values().map(|response| response.view).max()?;
        let is_latest = |view: View| view == latest || self.breaks(Deviation::RecoveryAnyView);
        let answers = responses.values().filter(|response| is_latest(response.view));
        answers.filter_map(|response| Some((response.view, response.record.clone()?))).next()
    }

    /// With the view on disk: who may have voted in a view change does not act as if it had not, but takes it up again.
    fn go_on(&self, me: &mut ReplicaState, known: View, o: &mut Out<Member>) {
        if known > me.view {
            self.begin_view_change(me, known, o);
        }
    }
}
