//! Normal-case operation, section 4.2.

use quorate::{Id, Out};

use super::Deviation;
use super::member::Member;
use super::message::{Certificate, Msg, Request, Seq};
use super::replica::{Phase, Replica, ReplicaState, Slot};

impl Replica {
    /// `H`, section 4.3: the low water mark, which is the last stable checkpoint, and the paper's k.
    pub(super) fn high_mark(&self, me: &ReplicaState) -> Seq {
        me.stable + self.params.window
    }

    /// The primary gives each free sequence number between the water marks to a request that has none. Which comes first is up to it: here
    /// primaries of successive views differ.
    pub(super) fn propose(&self, me: &mut ReplicaState, o: &mut Out<Member>) {
        if self.primary_of(me.view) != self.id {
            return;
        }
        for seq in me.stable + 1..=self.params.numbers.min(self.high_mark(me)) {
            let is_used = |request: &Request| {
                me.executed.contains(request) || me.slots.values().any(|slot| slot.request == *request)
            };
            let mut requests = Request::OF_CLIENTS.into_iter().cycle().skip(me.view).take(Request::OF_CLIENTS.len());
            if !me.slots.contains_key(&seq)
                && let Some(request) = requests.find(|request| !is_used(request))
            {
                me.slots.insert(seq, Slot { request, phase: Phase::PrePrepared });
                o.broadcast(&self.peers, &Msg::PrePrepare(Certificate { seq, view: me.view, request }));
            }
        }
    }

    /// A backup accepts a pre-prepare of its view's primary if it has accepted no other for the number, the number is between
    /// the water marks, and a client has signed the request.
    pub(super) fn pre_prepare(&self, me: &mut ReplicaState, src: Id, told: Certificate, o: &mut Out<Member>) {
        let is_of_view = self.hears(me, told.view) && src == self.primary_of(told.view);
        let is_free = !me.slots.contains_key(&told.seq) || self.breaks(Deviation::AcceptTwo);
        let is_signed = told.request != Request::Forged || self.breaks(Deviation::RequestNotSigned);
        let is_below = told.seq <= self.high_mark(me) || self.breaks(Deviation::AcceptAbove);
        if is_of_view && is_free && told.seq > me.stable && is_below && is_signed {
            self.accept(me, told, o);
        }
    }

    /// A backup that accepts says so to all.
    pub(super) fn accept(&self, me: &mut ReplicaState, told: Certificate, o: &mut Out<Member>) {
        let slot = Slot { request: told.request, phase: Phase::PrePrepared };
        if me.slots.insert(told.seq, slot) != Some(slot) && self.primary_of(told.view) != self.id {
            me.prepares.insert((told, self.id));
            o.broadcast(&self.peers, &Msg::Prepare(told));
            self.prepared(me, told.seq, 0, o);
        }
    }

    /// A prepare of a backup counts where the same was accepted; one that comes before waits. One of a view that is over
    /// may show that what somebody else presents is a certificate.
    pub(super) fn prepare(&self, me: &mut ReplicaState, src: Id, told: Certificate, o: &mut Out<Member>) {
        if self.hears(me, told.view) {
            let slot = me.slots.get(&told.seq).filter(|slot| slot.phase == Phase::PrePrepared);
            if let Some(request) = slot.map(|slot| slot.request)
                && (told.request == request || self.breaks(Deviation::DigestNotChecked))
            {
                me.prepares.insert((Certificate { request, ..told }, src));
                self.prepared(me, told.seq, 0, o);
            }
        } else if self.is_evidence(me, told) {
            me.prepares.insert((told, src));
        }
    }

    /// `prepared(m, v, n, i)`: the pre-prepare and 2f prepares of different backups. `lies` of them are of those who lie.
    pub(super) fn prepared(&self, me: &mut ReplicaState, seq: Seq, lies: usize, o: &mut Out<Member>) {
        let Some(slot) = me.slots.get(&seq).copied().filter(|slot| slot.phase == Phase::PrePrepared) else { return };
        let told = Certificate { seq, view: me.view, request: slot.request };
        let count = me.prepares.iter().filter(|(prepare, _)| *prepare == told).count() + lies;
        let mut needed = 2 * self.params.tolerated;
        if self.breaks(Deviation::PrepareQuorumSmall) {
            needed -= 1;
        }
        if count < needed {
            return;
        }
        me.slots.insert(seq, Slot { phase: Phase::Prepared, ..slot });
        me.certificates.insert(told);
        // The certificate shows what the prepares did.
        me.prepares.retain(|(prepare, _)| *prepare != told);
        o.broadcast(&self.peers, &Msg::Commit(told));
        self.committed_local(me, seq, 0, o);
    }

    /// A commit counts where the same is prepared; one that comes before waits.
    pub(super) fn commit(&self, me: &mut ReplicaState, src: Id, told: Certificate, o: &mut Out<Member>) {
        let is_prepared = me.slots.get(&told.seq) == Some(&Slot { request: told.request, phase: Phase::Prepared });
        if self.hears(me, told.view) && is_prepared {
            me.commits.insert((told, src));
            self.committed_local(me, told.seq, 0, o);
        }
    }

    /// `committed-local(m, v, n, i)`: prepared, and 2f + 1 commits, its own included.
    pub(super) fn committed_local(&self, me: &mut ReplicaState, seq: Seq, lies: usize, o: &mut Out<Member>) {
        let Some(slot) = me.slots.get(&seq).copied().filter(|slot| slot.phase == Phase::Prepared) else { return };
        let count = 1 + me.commits.iter().filter(|(commit, _)| commit.seq == seq).count() + lies;
        let mut needed = 2 * self.params.tolerated + 1;
        if self.breaks(Deviation::CommitQuorumSmall) {
            needed -= 1;
        }
        if self.breaks(Deviation::ExecuteOnPrepared) {
            needed = 1;
        }
        if count < needed {
            return;
        }
        me.slots.insert(seq, Slot { phase: Phase::Committed, ..slot });
        me.commits.retain(|(commit, _)| commit.seq != seq);
        me.committed.entry((seq, slot.request)).or_insert(me.view);
        self.execute(me, o);
    }

    /// Requests that are committed are executed in the order of their numbers, and the clients told.
    pub(super) fn execute(&self, me: &mut ReplicaState, o: &mut Out<Member>) {
        for seq in me.executed.len() + 1..=self.params.numbers {
            let next = me.committed.keys().find(|(committed, _)| *committed == seq).map(|(_, request)| *request);
            let Some(request) = next else {
                if self.breaks(Deviation::ExecuteWithGap) {
                    continue;
                }
                return;
            };
            // Section 4.1: a request that was executed is answered again and not executed.
            let is_again = me.executed.contains(&request) && !self.breaks(Deviation::ExecuteAgain);
            me.executed.push(if is_again { Request::Null } else { request });
            self.reply(me, request, o);
            self.take_checkpoint(me, o);
        }
    }

    /// The client is told where its request stands, if it listens.
    fn reply(&self, me: &ReplicaState, request: Request, o: &mut Out<Member>) {
        let client = Request::OF_CLIENTS.iter().position(|other| *other == request);
        let place = me.executed.iter().position(|other| *other == request);
        if let (Some(client), Some(place)) = (client.filter(|client| *client < self.params.clients), place) {
            o.send(Id::from(self.params.replicas + client), Msg::Reply(place + 1));
        }
    }
}
