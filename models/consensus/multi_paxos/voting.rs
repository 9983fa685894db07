//! The two phases, in all slots at once (*Paxos Made Simple*, sections 2.2 and 3).

use std::collections::{BTreeMap, BTreeSet};

use quorate::{Id, Out};

use super::Deviation;
use super::member::Member;
use super::message::{Ballot, Command, Msg, Request, Slot, Vote, Votes};
use super::replica::{Replica, ReplicaState, Role};

impl Replica {
    /// Phase 1a: who would lead begins a ballot, for all slots, and promises it first.
    pub(super) fn lead(&self, me: &mut ReplicaState, o: &mut Out<Member>) {
        let ballot = self.next_ballot(me.durable.promised);
        me.durable.promised = Some(ballot);
        me.role = Role::Preparing { promises: BTreeMap::from([(self.id, self.report(me))]) };
        o.broadcast(&self.peers, &Msg::Prepare(ballot));
        self.begin(me, o);
    }

    /// Phase 1b: a replica promises a ballot higher than any that it promised, and says what it voted for.
    pub(super) fn prepare(&self, me: &mut ReplicaState, src: Id, ballot: Ballot, o: &mut Out<Member>) {
        if Some(ballot) <= me.durable.promised {
            return;
        }
        me.durable.promised = Some(ballot);
        me.role = Role::Follower;
        o.send(src, Msg::Promise { ballot, votes: self.report(me) });
    }

    /// Its votes in all slots: who asks may know of none of them.
    fn report(&self, me: &ReplicaState) -> Votes {
        let is_told = |slot: Slot| slot > me.executed.len() || !self.breaks(Deviation::ReportOpenOnly);
        let told = me.durable.votes.iter().filter(|(slot, _)| is_told(**slot)).map(|(slot, vote)| (*slot, *vote));
        let next = me.durable.votes.last_key_value().map_or(1, |(slot, _)| slot + 1);
        told.chain(self.breaks(Deviation::BlankReport).then(|| (next, Vote::blank()))).collect()
    }

    /// A promise comes.
    pub(super) fn promise(&self, me: &mut ReplicaState, src: Id, ballot: Ballot, votes: Votes, o: &mut Out<Member>) {
        if let Role::Preparing { promises } = &mut me.role
            && me.durable.promised == Some(ballot)
        {
            promises.insert(src, votes);
            self.begin(me, o);
        }
    }

    /// With a quorum of promises the leader asks for votes, in each slot up to the last that is reported, for the command
    /// of the latest vote there; where there is none, for a no-op. Later slots are free for what clients want.
    fn begin(&self, me: &mut ReplicaState, o: &mut Out<Member>) {
        let Role::Preparing { promises } = &me.role else { return };
        if promises.len() < self.quorum() {
            return;
        }
        let mut latest = Votes::new();
        for (slot, vote) in promises.values().flatten() {
            let known = latest.entry(*slot).or_insert(*vote);
            *known = *vote.max(known);
        }
        if self.breaks(Deviation::IgnoreReports) {
            latest.clear();
        }
        let last = latest.last_key_value().map_or(0, |(slot, _)| *slot);
        me.role = Role::Leading { carried: last, voters: BTreeMap::new() };
        for slot in 1..=last {
            let vote = latest.get(&slot).filter(|_| !self.breaks(Deviation::NoOpOverVote));
            match vote {
                Some(vote) => self.ask_for_votes(me, slot, vote.command, o),
                None if self.breaks(Deviation::LeaveHoles) => {}
                None => self.ask_for_votes(me, slot, Command::NoOp, o),
            }
        }
    }

    /// The leader gives a request the next slot, once; that it may have carried the same request over is for the client
    /// table to find out. What it has executed it answers again.
    pub(super) fn request(&self, me: &mut ReplicaState, request: Request, o: &mut Out<Member>) {
        let (Role::Leading { carried, .. }, Some(ballot)) = (&me.role, me.durable.promised) else { return };
        if request.reads && self.breaks(Deviation::LocalRead) {
            return self.reply(me, request, me.executed.len(), o);
        }
        let command = Command::Request(request);
        if let Some(ix) = me.executed.iter().position(|done| *done == command) {
            return self.reply(me, request, ix + 1, o);
        }
        let new = || me.durable.votes.iter().filter(|(slot, vote)| *slot > carried && vote.ballot == ballot);
        if new().all(|(_, vote)| vote.command != command) {
            let slot = new().map(|(slot, _)| *slot).max().unwrap_or(*carried) + 1;
            self.ask_for_votes(me, slot, command, o);
        }
    }

    /// Phase 2a: the leader votes first.
    fn ask_for_votes(&self, me: &mut ReplicaState, slot: Slot, command: Command, o: &mut Out<Member>) {
        let (Role::Leading { voters, .. }, Some(ballot)) = (&mut me.role, me.durable.promised) else { return };
        let vote = Vote { ballot, command };
        me.durable.votes.insert(slot, vote);
        voters.insert(slot, BTreeSet::from([self.id]));
        o.broadcast(&self.peers, &Msg::Accept(slot, vote));
        self.advance(me, o);
    }

    /// Phase 2b: a replica votes unless it has promised a higher ballot.
    pub(super) fn accept(&self, me: &mut ReplicaState, src: Id, slot: Slot, vote: Vote, o: &mut Out<Member>) {
        let is_allowed = Some(vote.ballot) >= me.durable.promised;
        if !is_allowed && !self.breaks(Deviation::AcceptNoCheck) {
            return;
        }
        if Some(vote.ballot) > me.durable.promised {
            me.durable.promised = Some(vote.ballot);
            me.role = Role::Follower;
        }
        me.durable.votes.insert(slot, vote);
        o.send(src, Msg::Accepted(slot, vote.ballot));
    }

    /// A vote comes; one that comes again says nothing new.
    pub(super) fn accepted(&self, me: &mut ReplicaState, src: Id, slot: Slot, ballot: Ballot, o: &mut Out<Member>) {
        if let Role::Leading { voters, .. } = &mut me.role
            && me.durable.promised == Some(ballot)
            && let Some(voters) = voters.get_mut(&slot)
            && voters.insert(src)
        {
            self.advance(me, o);
        }
    }
}
