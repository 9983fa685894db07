//! View changes, section 4.4.

use std::collections::{BTreeMap, BTreeSet};

use quorate::{Id, Out};

use super::Deviation;
use super::member::Member;
use super::message::{Certificate, Msg, Proof, Request, Seq, View};
use super::replica::{Replica, ReplicaState};

impl Replica {
    /// A replica whose timer runs out gives up the view, and shows what it has.
    pub(super) fn begin_view_change(&self, me: &mut ReplicaState, view: View, o: &mut Out<Member>) {
        me.changing = Some(view);
        if !self.hears(me, me.view) {
            // Of the old view only the certificates count.
            me.slots.clear();
            me.commits.clear();
        }
        let judges = self.judges(view);
        me.view_changes.retain(|(other, _), _| *other > view || *other == view && judges);
        me.prepares.retain(|(_, signer)| !self.liars.is_empty() && (*signer == self.id || judges));
        o.broadcast(&self.peers, &Msg::ViewChange { view, proof: self.proof(me) });
    }

    /// `C` and `P`: the stable checkpoint, and of each later number the certificate of the latest view.
    fn proof(&self, me: &ReplicaState) -> Proof {
        let latest = |certificate: &&Certificate| {
            let same = me.certificates.iter().filter(|other| other.seq == certificate.seq);
            same.map(|other| other.view).max() == Some(certificate.view)
        };
        let mut prepared: BTreeSet<Certificate> = me.certificates.iter().filter(latest).copied().collect();
        if self.breaks(Deviation::OmitCertificates) {
            prepared.clear();
        }
        Proof { stable: me.executed[..me.stable].to_vec(), prepared }
    }

    /// A view change of another replica: the new primary needs it, or, where that lies, each replica as evidence. A replica
    /// whose timer does not run joins those who change.
    pub(super) fn view_change(&self, me: &mut ReplicaState, src: Id, view: View, proof: Proof, o: &mut Out<Member>) {
        let is_mine = me.changing == Some(view) && self.judges(view);
        if is_mine || view > me.goal() && !self.waits(me) {
            me.view_changes.insert((view, src), proof);
            self.join(me, 0, o);
            self.begin_view(me, &BTreeMap::new(), o);
        }
    }

    /// Whether what others show for a view is up to it.
    fn judges(&self, view: View) -> bool {
        self.primary_of(view) == self.id || self.lying_primary(view).is_some()
    }

    /// Section 4.5.2: f + 1 replicas that change to later views draw a replica along, to the earliest of these.
    fn join(&self, me: &mut ReplicaState, lies: usize, o: &mut Out<Member>) {
        let later: BTreeSet<(View, Id)> =
            me.view_changes.keys().copied().filter(|(view, _)| *view > me.goal()).collect();
        let others: BTreeSet<Id> = later.iter().map(|(_, id)| *id).collect();
        let view = later.first().map_or(me.goal() + 1, |(view, _)| *view);
        let is_drawn = others.len() + lies > self.params.tolerated && !self.breaks(Deviation::NoJoin);
        if is_drawn && view < self.params.views && !self.waits(me) {
            self.begin_view_change(me, view, o);
        }
    }

    /// Whether a prepare of a view that is over may be part of a certificate that somebody presents to it.
    pub(super) fn is_evidence(&self, me: &ReplicaState, told: Certificate) -> bool {
        let is_known = me.certificates.contains(&told) || told.seq <= me.stable;
        !self.liars.is_empty() && !is_known && me.changing.is_some_and(|view| told.view < view && self.judges(view))
    }

    /// Those who lie want the view change too.
    pub(super) fn told_view_change(&self, me: &mut ReplicaState, claim: Option<Certificate>, o: &mut Out<Member>) {
        self.join(me, self.liars.len(), o);
        if self.is_valid(me, claim) {
            self.begin_view(me, &self.their_proofs(claim), o);
        }
    }

    /// What those who lie show in a view change.
    fn their_proofs(&self, claim: Option<Certificate>) -> BTreeMap<Id, Proof> {
        let proof = Proof { stable: Vec::new(), prepared: claim.into_iter().collect() };
        self.liars.iter().map(|liar| (*liar, proof.clone())).collect()
    }

    /// Whether a certificate can be presented: 2f backups have signed a prepare, and the primary a pre-prepare, which it has
    /// where a correct backup has signed.
    fn is_valid(&self, me: &ReplicaState, claim: Option<Certificate>) -> bool {
        let Some(claim) = claim else { return true };
        let signers = me.prepares.iter().filter(|(prepare, _)| *prepare == claim).count();
        let is_proposed = signers > 0 || self.lying_primary(claim.view).is_some();
        let is_signed = is_proposed && signers + self.lying_backups(claim.view) >= 2 * self.params.tolerated;
        let is_shown = me.certificates.contains(&claim) || is_signed;
        claim.view < me.goal() && (is_shown || self.breaks(Deviation::ForgedCertificate))
    }

    /// The new primary has 2f + 1 view changes, its own and the `lies` included, and begins the view.
    fn begin_view(&self, me: &mut ReplicaState, lies: &BTreeMap<Id, Proof>, o: &mut Out<Member>) {
        let Some(view) = me.changing.filter(|view| self.primary_of(*view) == self.id) else { return };
        let others = me.view_changes.iter().filter(|((of, _), _)| *of == view).map(|((_, id), proof)| (*id, proof));
        let mut proofs: BTreeMap<Id, Proof> = others.map(|(id, proof)| (id, proof.clone())).collect();
        proofs.insert(self.id, self.proof(me));
        proofs.extend(lies.clone());
        if proofs.len() >= self.view_changes_needed() {
            o.broadcast(&self.peers, &Msg::NewView { view, proofs: proofs.clone() });
            self.enter(me, view, &proofs, o);
            self.propose(me, o);
        }
    }

    fn view_changes_needed(&self) -> usize {
        let needed = 2 * self.params.tolerated + 1;
        if self.breaks(Deviation::ViewChangeQuorumSmall) { needed - 1 } else { needed }
    }

    /// A backup enters a view that a correct primary begins. What the message shows is signed, and that primary has
    /// checked it.
    pub(super) fn new_view(
        &self,
        me: &mut ReplicaState,
        view: View,
        proofs: &BTreeMap<Id, Proof>,
        o: &mut Out<Member>,
    ) {
        if view > me.view {
            self.enter(me, view, proofs, o);
        }
    }

    /// A primary that lies begins the view with the view changes that it likes.
    pub(super) fn told_new_view(
        &self,
        me: &mut ReplicaState,
        claim: Option<Certificate>,
        signers: &BTreeSet<Id>,
        o: &mut Out<Member>,
    ) {
        let Some(view) = me.changing.filter(|view| self.lying_primary(*view).is_some()) else { return };
        let shown = |signer: &Id| match *signer == self.id {
            true => Some((self.id, self.proof(me))),
            false => Some((*signer, me.view_changes.get(&(view, *signer))?.clone())),
        };
        let mut proofs: BTreeMap<Id, Proof> = signers.iter().filter_map(shown).collect();
        let is_complete = proofs.len() == signers.len();
        proofs.extend(self.their_proofs(claim));
        if is_complete && self.is_valid(me, claim) && proofs.len() >= self.view_changes_needed() {
            self.enter(me, view, &proofs, o);
        }
    }

    /// The view begins: the stable checkpoint is the latest that was shown, and what comes after it is proposed again.
    fn enter(&self, me: &mut ReplicaState, view: View, proofs: &BTreeMap<Id, Proof>, o: &mut Out<Member>) {
        (me.view, me.changing) = (view, None);
        me.slots.clear();
        me.commits.clear();
        me.view_changes.retain(|(other, _), _| *other > view);
        // What others have signed can be received again; after the last view nobody presents it.
        me.prepares.retain(|(_, signer)| *signer == self.id && view + 1 < self.params.views);
        let latest = proofs.values().map(|proof| &proof.stable).max_by_key(|state| state.len());
        if let Some(latest) = latest.filter(|_| !self.breaks(Deviation::IgnoreCheckpoint)) {
            self.settle(me, latest, o);
        }
        for (seq, request) in self.proposed_again(me, proofs) {
            self.accept(me, Certificate { seq, view, request }, o);
        }
    }

    /// `O`: for each number up to the last that was shown to be prepared, the request of the latest view; the null request
    /// where nothing is shown. Of different requests of one view, which cannot be, the greatest.
    fn proposed_again(&self, me: &ReplicaState, proofs: &BTreeMap<Id, Proof>) -> BTreeMap<Seq, Request> {
        let mut shown: BTreeSet<Certificate> =
            proofs.values().flat_map(|proof| proof.prepared.iter().copied()).collect();
        if self.breaks(Deviation::NoCertificates) {
            shown.clear();
        }
        let last = shown.iter().map(|certificate| certificate.seq).max().unwrap_or(0);
        let latest = |seq: Seq| {
            let same = shown.iter().filter(|certificate| certificate.seq == seq);
            same.max_by_key(|certificate| (certificate.view, certificate.request)).map(|latest| latest.request)
        };
        (me.stable + 1..=last).map(|seq| (seq, latest(seq).unwrap_or(Request::Null))).collect()
    }
}
