//! Replicating the log, sections 5.3 and 5.4.2.

use quorate::{Id, Out};

use super::Deviation;
use super::log::{Entry, Position, Term};
use super::message::Msg;
use super::server::{Durable, Role, Server, ServerState};

impl Server {
    /// The leader takes an entry from a client: it appends it to its own log.
    pub(super) fn take(&self, me: &mut ServerState) {
        me.durable.log.push(Entry { term: me.durable.term, leader: self.id, config: None });
        self.advance_commit(me);
    }

    /// What a leader has to send to `peer`: the entries from the next one on, or a heartbeat where there are none; its
    /// snapshot where it has discarded the next one (section 7).
    fn appends(&self, me: &ServerState, peer: Id) -> Vec<Msg> {
        let Role::Leader { next, .. } = &me.role else { return Vec::new() };
        if !self.config(me).contains(peer) {
            return Vec::new();
        }
        // A leader's log does not shrink; where something wrong makes it, the leader goes on from its end.
        let next = next[usize::from(peer)].min(me.durable.log.len() + 1);
        if next <= me.durable.snapshot {
            return vec![self.snapshot(me)];
        }
        let prev = me.durable.log.at(next - 1).expect("the place is not after the end");
        let entries = me.durable.log.slice(next, self.params.batch);
        let append = |entries| Msg::Append { term: me.durable.term, prev, entries, commit: me.commit };
        let heartbeat = (self.params.heartbeats && !entries.is_empty()).then(|| append(Vec::new()));
        std::iter::once(append(entries)).chain(heartbeat).collect()
    }

    /// The leader sends to each follower what it has for it.
    pub(super) fn send_appends(&self, me: &ServerState, o: &mut Out<Self>) {
        for peer in &self.peers {
            self.appends(me, *peer).into_iter().for_each(|append| o.send(*peer, append));
        }
    }

    /// The leader sends at once what it has not sent before. A message may take any time: what it could also send
    /// later is then on its way already.
    pub(super) fn replicate(&self, before: &ServerState, me: &ServerState, o: &mut Out<Self>) {
        for peer in &self.peers {
            let sent = self.appends(before, *peer);
            let new = self.appends(me, *peer).into_iter().filter(|append| !sent.contains(append));
            new.for_each(|append| o.send(*peer, append));
        }
    }

    /// Figure 2, AppendEntries, "receiver implementation", 1 to 5; returns the answer.
    pub(super) fn append(
        &self,
        me: &mut ServerState,
        term: Term,
        prev: Position,
        entries: &[Entry],
        commit: usize,
    ) -> Msg {
        if term < me.durable.term && !self.breaks(Deviation::AppendNoTermCheck) {
            return Msg::NotAppended { term: me.durable.term };
        }
        self.follow(me);
        // What it has discarded is committed, so that it is what the leader has there.
        let fits = prev.index < me.durable.snapshot || me.durable.log.at(prev.index) == Some(prev);
        if !fits && !self.breaks(Deviation::NoPrevCheck) {
            return Msg::NotAppended { term: me.durable.term };
        }
        self.write(&mut me.durable, prev.index, entries);
        let mut last_new = prev.index + entries.len();
        self.follow_commit(me, commit, last_new);
        if self.breaks(Deviation::AckLogLength) {
            last_new = me.durable.log.len();
        }
        Msg::Appended { term: me.durable.term, matched: last_new }
    }

    /// Section 5.2: who hears of the leader of its term is its follower. The vote stays given.
    pub(super) fn follow(&self, me: &mut ServerState) {
        let is_candidate = matches!(me.role, Role::Candidate { .. });
        if self.breaks(Deviation::AppendResetsVote) || is_candidate && self.breaks(Deviation::StepDownForgetsVote) {
            me.durable.voted_for = None;
        }
        // In the last term nobody asks for a pre-vote any more.
        me.hears_leader = self.params.pre_vote && me.durable.term < self.params.terms;
        if matches!(me.role, Role::Candidate { .. } | Role::PreCandidate { .. }) {
            me.role = Role::Follower;
        }
    }

    /// 3 and 4: an entry that conflicts with a new one goes, with all that follow it; what is there already stays,
    /// since the message may be old, and more may have come after it.
    fn write(&self, durable: &mut Durable, prev_index: usize, entries: &[Entry]) {
        let Durable { log, snapshot, .. } = durable;
        if self.breaks(Deviation::TruncateAlways) {
            log.truncate(prev_index);
        }
        for (index, entry) in (prev_index + 1..).zip(entries).filter(|(index, _)| index > snapshot) {
            let conflicts = log.get(index).is_some_and(|old| old.term != entry.term);
            if conflicts && !self.breaks(Deviation::KeepConflict) {
                log.truncate(index - 1);
            }
            if log.len() < index {
                log.push(*entry);
            }
        }
    }

    /// 5: what the leader has committed is committed here, as far as the log is known to be the leader's.
    fn follow_commit(&self, me: &mut ServerState, commit: usize, last_new: usize) {
        let mut known = last_new;
        if self.breaks(Deviation::CommitCapLogLength) {
            known = me.durable.log.len();
        }
        let commit = commit.min(known);
        if commit > me.commit || self.breaks(Deviation::CommitFollowsBack) {
            me.commit = commit;
        }
    }

    /// A follower has appended.
    pub(super) fn appended(&self, me: &mut ServerState, src: Id, term: Term, index: usize) {
        if term != me.durable.term && !self.breaks(Deviation::StaleAckCounted) {
            return;
        }
        if let Role::Leader { next, matched, .. } = &mut me.role {
            let follower = usize::from(src);
            // An ack that counts where it should not may be for more than the leader has.
            matched[follower] = matched[follower].max(index.min(me.durable.log.len()));
            next[follower] = next[follower].max(matched[follower] + 1);
            self.advance_commit(me);
        }
    }

    /// A follower's log has no such place: the leader tries one before.
    pub(super) fn not_appended(&self, me: &mut ServerState, src: Id, term: Term) {
        if let Role::Leader { next, matched, .. } = &mut me.role
            && term == me.durable.term
        {
            let follower = usize::from(src);
            next[follower] = (next[follower] - 1).max(matched[follower] + 1);
        }
    }

    /// Section 5.3: an entry is committed when a majority has it; 5.4.2: only one of the leader's own term, by which
    /// all before it are committed, too. An older one may be on a majority and still be overwritten (figure 8).
    pub(super) fn advance_commit(&self, me: &mut ServerState) {
        let Role::Leader { matched, .. } = &me.role else { return };
        let replicated = self.replicated(me, matched);
        let is_own = me.durable.log.get(replicated).is_some_and(|entry| entry.term == me.durable.term);
        if replicated > me.commit && (is_own || self.breaks(Deviation::CommitPreviousTerm)) {
            me.commit = replicated;
            self.step_down_if_removed(me);
        }
    }
}
