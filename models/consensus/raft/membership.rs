//! Changing the configuration: one server at a time (thesis, chapter 4), or by joint consensus (section 6; thesis,
//! 4.3).

use quorate::{Id, Out};

use super::Deviation;
use super::config::{Config, Members};
use super::log::Entry;
use super::server::{Role, Server, ServerState};

quorate::choice_param! {
    /// How the configuration changes.
    pub enum Membership {
        /// It does not.
        Fixed = "fixed",
        /// A leader adds or removes one server at a time.
        Single = "single",
        /// A leader goes to any other configuration, through a joint one.
        Joint = "joint",
    }
}

quorate::choice_param! {
    /// To which configurations leaders change.
    pub enum Direction {
        /// To any.
        Any = "any",
        /// To some of the servers that take part.
        Fewer = "fewer",
        /// To more servers.
        More = "more",
    }
}

impl Server {
    /// Thesis, 4.1: the latest configuration in the log counts, committed or not; where it is removed from the log, the
    /// one before it does again.
    pub(super) fn config(&self, me: &ServerState) -> Config {
        let mut known = me.durable.log.len();
        if self.breaks(Deviation::ConfigWhenCommitted) {
            known = me.commit;
        }
        let latest = me.durable.log.config(known);
        // A snapshot has the configuration of its last entry (section 7).
        let is_lost = |index| index <= me.durable.snapshot && self.breaks(Deviation::SnapshotForgetsConfig);
        latest.filter(|(index, _)| !is_lost(*index)).map_or(self.first, |(_, config)| config)
    }

    /// Whose majorities decide: of a joint configuration that of the old and that of the new one (section 6).
    fn electorates(&self, me: &ServerState) -> Vec<Members> {
        let mut electorates = self.config(me).electorates();
        if self.breaks(Deviation::JointOldOnly) {
            electorates.truncate(1);
        }
        if self.breaks(Deviation::JointNewOnly) {
            electorates.drain(..electorates.len() - 1);
        }
        electorates
    }

    /// How many of so many servers are a majority.
    fn majority(&self, servers: usize) -> usize {
        if self.breaks(Deviation::Minority) { servers / 2 } else { servers / 2 + 1 }
    }

    /// Whether these are enough to decide.
    pub(super) fn is_quorum(&self, me: &ServerState, servers: &[Id]) -> bool {
        self.electorates(me).into_iter().all(|members| {
            let count = servers.iter().filter(|server| members.contains(**server)).count();
            count >= self.majority(members.iter().count())
        })
    }

    /// The greatest index up to which enough servers have the leader's log.
    pub(super) fn replicated(&self, me: &ServerState, matched: &[usize]) -> usize {
        let replicated = self.electorates(me).into_iter().map(|members| self.replicated_in(members, me, matched));
        replicated.min().unwrap_or(0)
    }

    /// A leader that is not one of the members does not count itself (thesis, 4.2.2).
    fn replicated_in(&self, members: Members, me: &ServerState, matched: &[usize]) -> usize {
        let own = me.durable.log.len();
        let followers = members.iter().filter(|server| *server != self.id);
        let mut indices: Vec<usize> = followers.map(|follower| matched[usize::from(follower)]).collect();
        indices.sort_unstable();
        if self.breaks(Deviation::CommitMax) {
            return indices.last().copied().unwrap_or(own);
        }
        if self.breaks(Deviation::CommitMin) {
            return indices.first().copied().unwrap_or(own);
        }
        if members.contains(self.id) || self.breaks(Deviation::RemovedCountsItself) {
            indices.push(own);
            indices.sort_unstable();
        }
        indices[indices.len() - self.majority(members.iter().count())]
    }

    /// Thesis, 4.1: a leader begins a change when the one before is committed, and (Ongaro, raft-dev, 2015) an entry of
    /// its own term is: else it does not know of a change that another leader has begun.
    pub(super) fn changes(&self, me: &ServerState) -> Vec<Members> {
        let Config::Simple(current) = self.config(me) else { return Vec::new() };
        let begun = me.durable.log.changes_of(me.durable.term);
        if me.leads().is_none() || self.params.membership == Membership::Fixed || begun >= self.params.changes {
            return Vec::new();
        }
        let is_over = self.is_settled(me) || self.breaks(Deviation::TwoChanges);
        let knows = self.has_committed(me) || self.breaks(Deviation::ChangeBeforeCommit);
        let is_possible = |members: &Members| is_over && knows && self.is_change(current, *members);
        Members::all(self.peers.len() + 1).filter(is_possible).collect()
    }

    /// Whether the first configuration may become the second.
    fn is_change(&self, from: Members, to: Members) -> bool {
        let is_far = from.distance(to) > 1 && self.params.membership == Membership::Single;
        let is_meant = match self.params.direction {
            Direction::Any => true,
            Direction::Fewer => to.is_subset(from),
            Direction::More => from.is_subset(to),
        };
        from != to && !is_far && is_meant
    }

    /// Whether the latest configuration in the log is committed, as far as the server knows.
    fn is_settled(&self, me: &ServerState) -> bool {
        let log = &me.durable.log;
        log.config(log.len()).is_none_or(|(index, _)| index <= me.commit)
    }

    /// Whether a configuration without the server is committed, as far as it knows: it was removed, or is not yet
    /// added. Then it does not stand. While the one that removes it may still be lost it stands, and may have to, since
    /// the others may need its log (thesis, 4.2.2).
    pub(super) fn is_outside(&self, me: &ServerState) -> bool {
        self.is_settled(me) && !self.config(me).contains(self.id)
    }

    /// Whether the leader may go on from a joint configuration: once it is committed (section 6).
    pub(super) fn may_leave_joint(&self, me: &ServerState) -> bool {
        let is_joint = me.leads().is_some() && matches!(self.config(me), Config::Joint { .. });
        is_joint && (self.is_settled(me) || self.breaks(Deviation::LeaveJointEarly))
    }

    /// The leader begins a change: the configuration is an entry like others.
    pub(super) fn change(&self, me: &mut ServerState, to: Members, o: &mut Out<Self>) {
        let Config::Simple(old) = self.config(me) else { return };
        let is_joint = self.params.membership == Membership::Joint && !self.breaks(Deviation::DirectChange);
        self.reconfigure(me, if is_joint { Config::Joint { old, new: to } } else { Config::Simple(to) }, o);
    }

    /// Section 6: the leader ends a change, C-new.
    pub(super) fn leave_joint(&self, me: &mut ServerState, o: &mut Out<Self>) {
        if let Config::Joint { new, .. } = self.config(me) {
            self.reconfigure(me, Config::Simple(new), o);
        }
    }

    fn reconfigure(&self, me: &mut ServerState, config: Config, o: &mut Out<Self>) {
        me.durable.log.push(Entry { term: me.durable.term, leader: self.id, config: Some(config) });
        self.advance_commit(me);
        self.go_on_reading(me, o);
    }

    /// Thesis, 4.2.2: a leader that is not in the configuration leads until that is committed.
    pub(super) fn step_down_if_removed(&self, me: &mut ServerState) {
        if self.is_outside(me) && !self.breaks(Deviation::RemovedLeads) {
            me.role = Role::Follower;
        }
    }
}
