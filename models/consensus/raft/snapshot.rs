//! Compacting the log (section 7 of the extended paper): a snapshot of the state machine takes the place of a prefix.
//!
//! The state machine is the list of what is committed. So a snapshot is the prefix itself, and the log is kept whole
//! with a mark: no rule reads an entry before the mark, but for those that read what a snapshot is said to hold, its
//! last place and the configuration there.

use super::Deviation;
use super::log::{Log, Term};
use super::message::Msg;
use super::server::{Server, ServerState};

impl Server {
    /// Up to where the server may discard its log: a snapshot is of what is committed and applied.
    fn compactable(&self, me: &ServerState) -> usize {
        match self.breaks(Deviation::SnapshotUncommitted) {
            false => me.commit,
            true => me.durable.log.len(),
        }
    }

    /// Whether there is something to discard. Each server decides for itself.
    pub(super) fn may_compact(&self, me: &ServerState) -> bool {
        self.params.compaction && self.compactable(me) > me.durable.snapshot
    }

    /// The server takes a snapshot, and discards what is in it.
    pub(super) fn compact(&self, me: &mut ServerState) {
        me.durable.snapshot = self.compactable(me);
    }

    /// What the leader sends to a follower that needs entries which it has discarded.
    pub(super) fn snapshot(&self, me: &ServerState) -> Msg {
        Msg::InstallSnapshot { term: me.durable.term, snapshot: me.durable.log.prefix(me.durable.snapshot) }
    }

    /// Figure 13, "receiver implementation"; returns the answer. A snapshot is one message: 2 to 4 are about chunks.
    pub(super) fn install(&self, me: &mut ServerState, term: Term, snapshot: &Log) -> Msg {
        if term < me.durable.term {
            return Msg::NotAppended { term: me.durable.term };
        }
        self.follow(me);
        let last = snapshot.end();
        // 6: it has the last entry, and what follows that is still valid; likewise where its own snapshot has it.
        let has_it = last.index <= me.durable.snapshot || me.durable.log.at(last.index) == Some(last);
        if has_it && !self.breaks(Deviation::InstallDiscards) {
            me.durable.snapshot = me.durable.snapshot.max(last.index);
            me.commit = me.commit.max(last.index);
        } else {
            self.replace(me, snapshot);
        }
        Msg::Appended { term: me.durable.term, matched: last.index }
    }

    /// 7 and 8: all of the log goes, and the state machine is that of the snapshot.
    fn replace(&self, me: &mut ServerState, snapshot: &Log) {
        let mut log = snapshot.clone();
        if self.breaks(Deviation::InstallKeepsConflict) {
            let suffix = me.durable.log.slice(log.len() + 1, usize::MAX);
            suffix.into_iter().for_each(|entry| log.push(entry));
        }
        (me.durable.snapshot, me.commit) = (snapshot.len(), snapshot.len());
        me.durable.log = log;
    }
}
