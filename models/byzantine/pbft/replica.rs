//! A correct replica: its state, and which message is which rule.

use std::collections::{BTreeMap, BTreeSet};

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::member::{Member, Timer};
use super::message::{Certificate, Lie, Msg, Proof, Request, Seq, View};
use super::{Deviation, Params};

/// A correct replica, with what it knows of the group.
#[derive(Clone, Debug)]
pub struct Replica {
    pub(super) id: Id,
    /// The other replicas.
    pub(super) peers: Vec<Id>,
    /// Those that lie. It does not know them: they are the ones of whom it may be told anything.
    pub(super) liars: BTreeSet<Id>,
    /// All that it may be told by them.
    pub(super) lies: Vec<Lie>,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

/// A replica's memory, which survives its crashes, or it counts as faulty.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ReplicaState {
    /// The view in which it takes part, or last did.
    ///
    /// Invariant: it never falls.
    pub view: View,
    /// The view to which it changes, if it does; then it takes part in none.
    pub changing: Option<View>,
    /// What was accepted in this view, by sequence number.
    pub slots: BTreeMap<Seq, Slot>,
    /// All certificates that it has had, after its stable checkpoint.
    pub certificates: BTreeSet<Certificate>,
    /// The prepares that it knows, as long as they matter, its own included.
    pub prepares: BTreeSet<(Certificate, Id)>,
    /// The commits of others that it knows, as long as they matter.
    pub commits: BTreeSet<(Certificate, Id)>,
    /// What it knows to be committed, and the view in which it first was.
    pub committed: BTreeMap<(Seq, Request), View>,
    /// What it has executed, in this order; its length is the last sequence number.
    pub executed: Vec<Request>,
    /// The sequence number of its stable checkpoint: h.
    pub stable: Seq,
    /// The later checkpoints of others and itself.
    pub checkpoints: BTreeSet<(Vec<Request>, Id)>,
    /// The view changes of others that it knows, as long as they matter.
    pub view_changes: BTreeMap<(View, Id), Proof>,
}

/// What a replica has accepted under a sequence number, and how far it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Slot {
    /// What.
    pub request: Request,
    /// How far.
    pub phase: Phase,
}

/// How far a request is in a view (section 4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// The pre-prepare is accepted.
    PrePrepared,
    /// There is a certificate.
    Prepared,
    /// It is committed-local.
    Committed,
}

impl ReplicaState {
    /// The view that it wants to be in.
    pub fn goal(&self) -> View {
        self.changing.unwrap_or(self.view)
    }
}

impl Replica {
    pub(super) fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// Section 4: the primary of a view is chosen by its number, round robin.
    pub(super) fn primary_of(&self, view: View) -> Id {
        Id::from(view % self.params.replicas)
    }

    /// Whether it hears what belongs to this view. Section 4.4: from its view change on it does not, until the new view.
    pub(super) fn hears(&self, me: &ReplicaState, view: View) -> bool {
        me.view == view && (me.changing.is_none() || self.breaks(Deviation::NoStopOldView))
    }

    /// What a replica is at first: in view 0, whose primary has the requests of all clients.
    pub(super) fn start(&self, o: &mut Out<Member>) -> ReplicaState {
        let mut me = ReplicaState::default();
        self.propose(&mut me, o);
        self.end_of_step(&me, o);
        me
    }

    /// Which message is which rule.
    pub(super) fn receive(&self, me: &mut ReplicaState, src: Id, msg: Msg, o: &mut Out<Member>) {
        match msg {
            Msg::PrePrepare(told) => self.pre_prepare(me, src, told, o),
            Msg::Prepare(told) => self.prepare(me, src, told, o),
            Msg::Commit(told) => self.commit(me, src, told, o),
            Msg::Checkpoint(state) => self.checkpoint(me, src, state, o),
            Msg::ViewChange { view, proof } => self.view_change(me, src, view, proof, o),
            Msg::NewView { view, proofs } => self.new_view(me, view, &proofs, o),
            Msg::Stable(state) => self.advance(me, &state, o),
            Msg::Reply(_) => {}
        }
        self.end_of_step(me, o);
    }

    /// Section 4.4: its timer runs out.
    pub(super) fn time_out(&self, me: &mut ReplicaState, o: &mut Out<Member>) {
        self.begin_view_change(me, me.goal() + 1, o);
        self.end_of_step(me, o);
    }

    /// Which lie is which rule.
    pub(super) fn be_told(&self, me: &mut ReplicaState, lie: &Lie, o: &mut Out<Member>) {
        match lie {
            Lie::PrePrepare(seq, request) => {
                let told = Certificate { seq: *seq, view: me.view, request: *request };
                if let Some(primary) = self.lying_primary(me.view) {
                    self.pre_prepare(me, primary, told, o);
                }
            }
            Lie::Prepare(seq) => self.prepared(me, *seq, self.lying_backups(me.view), o),
            Lie::Commit(seq) => self.committed_local(me, *seq, self.liars.len(), o),
            Lie::Checkpoint(seq) => self.stable(me, *seq, self.liars.len(), o),
            Lie::ViewChange(claim) => self.told_view_change(me, *claim, o),
            Lie::NewView(claim, signers) => self.told_new_view(me, *claim, signers, o),
            Lie::Reply(_) => {}
        }
        self.end_of_step(me, o);
    }

    /// The primary of a view, if it lies.
    pub(super) fn lying_primary(&self, view: View) -> Option<Id> {
        self.liars.get(&self.primary_of(view)).copied()
    }

    /// How many backups of a view lie.
    pub(super) fn lying_backups(&self, view: View) -> usize {
        self.liars.len() - usize::from(self.lying_primary(view).is_some())
    }

    /// Section 4.4: a timer runs while something waits to be executed. Those who lie may tell it something.
    fn end_of_step(&self, me: &ReplicaState, o: &mut Out<Member>) {
        match self.waits(me) {
            true => o.set_timer(Timer::ViewChange, model_timeout()),
            false => o.cancel_timer(Timer::ViewChange),
        }
        o.choose_random("is told", self.lies.clone());
    }

    /// Whether its timer runs. In the last view there is nothing to change to.
    pub(super) fn waits(&self, me: &ReplicaState) -> bool {
        me.executed.len() < self.params.numbers && me.goal() + 1 < self.params.views
    }
}
