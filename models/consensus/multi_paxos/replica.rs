//! A replica, which is proposer, acceptor and learner in all slots: its state, its disk, which message is which rule.

use std::collections::{BTreeMap, BTreeSet};

use quorate::model::Deviations;
use quorate::{Id, Out, rename};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::member::{Lead, Member, Stored};
use super::message::{Ballot, Command, Msg, Request, Slot, Votes};
use super::{Deviation, Params};

/// A replica, with what it knows of the others.
#[derive(Clone, Debug)]
pub struct Replica {
    pub(super) id: Id,
    /// The other replicas.
    pub(super) peers: Vec<Id>,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

/// What an acceptor must remember.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Durable {
    /// The highest ballot that it promised or voted in, for all slots: it votes in none below.
    pub promised: Option<Ballot>,
    /// Its latest vote in each slot.
    pub votes: Votes,
}

/// A replica's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ReplicaState {
    /// What outlives a crash.
    pub durable: Durable,
    /// What it is in the ballot that it promised.
    pub role: Role,
    /// The commands that it has executed, slot by slot from 1.
    ///
    /// Invariant: each is chosen for its slot.
    pub executed: Vec<Command>,
}

/// What a replica is in the ballot that it promised.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Role {
    /// It votes.
    Follower,
    /// The ballot is its own, and it waits for promises.
    Preparing {
        /// The votes of each replica that promised, its own included.
        promises: BTreeMap<Id, Votes>,
    },
    /// The ballot is its own, and it has a quorum of promises.
    Leading {
        /// The last slot that was reported: what it asks votes for after that is new.
        carried: Slot,
        /// Who voted in each slot that is not known to be chosen, the leader included.
        voters: BTreeMap<Slot, BTreeSet<Id>>,
    },
}

rename! {
    struct Durable { promised, votes }
    struct ReplicaState { durable, role, executed }
    enum Role { Follower, Preparing { promises }, Leading { carried, voters } }
}

impl Replica {
    pub(super) fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// How many replicas are a quorum.
    pub(super) fn quorum(&self) -> usize {
        let replicas = self.peers.len() + 1;
        if self.breaks(Deviation::Minority) { replicas / 2 } else { replicas / 2 + 1 }
    }

    /// What it has on disk the first time that it starts.
    pub(super) fn first(&self) -> Durable {
        self.params.start.durable(self.id, self.peers.len() + 1)
    }

    /// A replica that starts, or comes back, has executed nothing.
    pub(super) fn start(&self, durable: Durable, o: &mut Out<Member>) -> ReplicaState {
        let me = ReplicaState { durable, role: Role::Follower, executed: Vec::new() };
        self.set_timer(&me, o);
        me
    }

    /// Which message is which rule.
    pub(super) fn receive(&self, me: &mut ReplicaState, src: Id, msg: Msg, o: &mut Out<Member>) {
        match msg {
            Msg::Request { number, reads } => self.request(me, Request { client: src, number, reads }, o),
            Msg::Prepare(ballot) => self.prepare(me, src, ballot, o),
            Msg::Promise { ballot, votes } => self.promise(me, src, ballot, votes, o),
            Msg::Accept(slot, vote) => self.accept(me, src, slot, vote, o),
            Msg::Accepted(slot, ballot) => self.accepted(me, src, slot, ballot, o),
            Msg::Commit(slot, ballot) => self.commit(me, slot, ballot),
            Msg::Reply { .. } => {}
        }
    }

    /// What every rule ends with: what must outlive a crash is on disk before the answer is sent.
    pub(super) fn finish(&self, before: &ReplicaState, me: &ReplicaState, o: &mut Out<Member>) {
        if me.durable != before.durable {
            let mut saved = me.durable.clone();
            if self.breaks(Deviation::ForgetPromise) {
                saved.promised = saved.votes.values().map(|vote| vote.ballot).max();
            }
            if self.breaks(Deviation::ForgetVotes) {
                saved.votes.clear();
            }
            o.save(Stored::Replica(saved));
        }
        self.set_timer(me, o);
    }

    /// The lowest ballot of this replica above all that it has promised.
    pub(super) fn next_ballot(&self, promised: Option<Ballot>) -> Ballot {
        let least = Ballot { round: promised.map_or(1, |promised| promised.round), leader: self.id };
        if Some(least) > promised { least } else { Ballot { round: least.round + 1, ..least } }
    }

    /// Whether it may begin a ballot still.
    pub(super) fn may_begin(&self, promised: Option<Ballot>) -> bool {
        self.params.may_lead(self.id) && self.next_ballot(promised).round <= self.params.rounds
    }

    /// Any candidate may come to think that there is no leader.
    fn set_timer(&self, me: &ReplicaState, o: &mut Out<Member>) {
        let is_follower = matches!(me.role, Role::Follower);
        match is_follower && self.may_begin(me.durable.promised) {
            true => o.set_timer(Lead, model_timeout()),
            false => o.cancel_timer(Lead),
        }
    }
}
