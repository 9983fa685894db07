//! Phase 0 as ZooKeeper has it: servers that look for a leader tell one another for whom they vote, in rounds that a
//! logical clock counts, until a quorum votes alike (ZooKeeper, `FastLeaderElection`; Medeiros, 4.1, of an older version:
//! there votes have no epoch, and whoever says in the same round that it leads is followed at once).
//!
//! Votes may come in any order here, where ZooKeeper has a connection between each two servers: who looks may see an
//! earlier vote of another after a later one. And it tells its vote again when it hears nothing for a while: here a message
//! on a duplicating network stands for its repetitions.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use quorate::{Id, Out, rename};
use serde::Serialize;

use super::Deviation;
use super::election::Method;
use super::member::Member;
use super::message::{Msg, Standing, Vote};
use super::server::{Role, Server, ServerState};

/// What a server knows of the election. All of it is gone with a crash, the clock too.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Election {
    /// The logical clock: the number of the round.
    pub round: usize,
    /// Its vote: for one whose history is not behind its own.
    pub vote: Vote,
    /// The latest vote in this round that came from each other server.
    pub received: BTreeMap<Id, Vote>,
    /// What others said who looked no more, with their rounds.
    pub settled: BTreeMap<Id, (Standing, usize, Vote)>,
    /// Whom it is to follow, once it has found that out.
    pub elected: Option<Id>,
}

rename! {
    struct Election { round, vote, received, settled, elected }
}

impl Server {
    /// A server that looks begins the next round, and votes for itself. One that may lead or follow no more is silent.
    pub(super) fn look(&self, me: &mut ServerState, o: &mut Out<Member>) {
        if self.params.election == Method::Oracle {
            return;
        }
        let round = me.election.as_ref().map_or(0, |election| election.round) + 1;
        let vote = self.own_vote(me);
        me.election =
            Some(Election { round, vote, received: BTreeMap::new(), settled: BTreeMap::new(), elected: None });
        if self.may_try(me) {
            self.tell_vote(me, o);
        }
    }

    fn own_vote(&self, me: &ServerState) -> Vote {
        Vote { epoch: me.durable.current, zxid: me.durable.last_zxid(), leader: self.id }
    }

    fn notification(me: &ServerState) -> Option<Msg> {
        let election = me.election.as_ref()?;
        let standing = match &me.role {
            Role::Leading { .. } => Standing::Leading,
            Role::Looking if election.elected.is_none() => Standing::Looking,
            Role::Looking | Role::Following { .. } => Standing::Following,
        };
        Some(Msg::Notification { standing, round: election.round, vote: election.vote })
    }

    fn tell_vote(&self, me: &ServerState, o: &mut Out<Member>) {
        Self::notification(me).into_iter().for_each(|msg| o.broadcast(&self.peers, &msg));
    }

    /// A vote of another comes. Who looks no more only says how it voted, to one that does.
    pub(super) fn notified(
        &self,
        me: &mut ServerState,
        src: Id,
        standing: Standing,
        (round, vote): (usize, Vote),
        o: &mut Out<Member>,
    ) {
        match (me.looks_for(), standing) {
            (false, Standing::Looking) => Self::notification(me).into_iter().for_each(|msg| o.send(src, msg)),
            (true, Standing::Looking) if self.may_try(me) => self.compare(me, src, round, vote, o),
            (true, Standing::Following | Standing::Leading) if self.may_try(me) => {
                self.hear_of_settled(me, src, standing, (round, vote), o);
            }
            (false | true, Standing::Looking | Standing::Following | Standing::Leading) => {}
        }
    }

    /// A vote of one that looks, too. In a later round all begins anew; one that is behind in an earlier round is told; in the
    /// same round the better vote counts.
    fn compare(&self, me: &mut ServerState, src: Id, round: usize, vote: Vote, o: &mut Out<Member>) {
        let own = self.own_vote(me);
        let Some(election) = &mut me.election else { return };
        let before = (election.round, election.vote);
        let order = if self.breaks(Deviation::AnyRound) { Ordering::Equal } else { round.cmp(&election.round) };
        match order {
            Ordering::Less => return Self::notification(me).into_iter().for_each(|msg| o.send(src, msg)),
            Ordering::Equal => election.vote = self.better(election.vote, vote),
            Ordering::Greater => {
                (election.round, election.vote) = (round, self.better(own, vote));
                election.received.clear();
            }
        }
        election.received.insert(src, vote);
        if before != (election.round, election.vote) {
            self.tell_vote(me, o);
        }
    }

    fn better(&self, one: Vote, other: Vote) -> Vote {
        match self.breaks(Deviation::VoteById) {
            true if other.leader > one.leader => other,
            true => one,
            false => one.max(other),
        }
    }

    /// A vote of one that looks no more: with a quorum of such votes, and if the one voted for says that it leads, there is a
    /// leader already, and the server joins.
    fn hear_of_settled(
        &self,
        me: &mut ServerState,
        src: Id,
        standing: Standing,
        (round, vote): (usize, Vote),
        o: &mut Out<Member>,
    ) {
        let id = self.id;
        let Some(election) = &mut me.election else { return };
        if round == election.round {
            election.received.insert(src, vote);
        }
        election.settled.insert(src, (standing, round, vote));
        let leads = |said: &(Standing, usize, Vote)| *said == (Standing::Leading, round, vote);
        let is_led = match vote.leader == id {
            true => round == election.round,
            false => election.settled.get(&vote.leader).is_some_and(leads) || self.breaks(Deviation::NoLeaderCheck),
        };
        let alike = election.settled.values().filter(|(_, its, same)| (*its, *same) == (round, vote)).count();
        let in_round = election.received.values().filter(|same| **same == vote).count();
        let own = usize::from(election.vote == vote);
        let is_voted = self.is_majority(alike) || round == election.round && self.is_majority(in_round + own);
        if is_led && is_voted {
            (election.round, election.vote) = (round, vote);
            self.settle(me, o);
        }
    }

    /// Whether a quorum votes as this server does.
    pub(super) fn has_voted(&self, me: &ServerState) -> bool {
        let Some(election) = me.election.as_ref().filter(|_| me.looks_for()) else { return false };
        self.is_majority(election.received.values().filter(|vote| **vote == election.vote).count() + 1)
    }

    fn is_majority(&self, servers: usize) -> bool {
        servers > self.peers.len().div_ceil(2)
    }

    /// A quorum votes alike, and no better vote has come.
    pub(super) fn elect(&self, me: &mut ServerState, o: &mut Out<Member>) {
        self.settle(me, o);
    }

    /// The server leads, or waits for a word of the one that it is to follow.
    fn settle(&self, me: &mut ServerState, o: &mut Out<Member>) {
        let Some(election) = &mut me.election else { return };
        let leader = election.vote.leader;
        election.received.clear();
        election.settled.clear();
        election.elected = Some(leader);
        match leader == self.id {
            true => self.lead(me, o),
            false => me.durable.attempt += 1,
        }
    }
}
