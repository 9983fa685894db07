//! From where a run starts: nothing, or a reachable state that is too far from it for an exhaustive search.
//!
//! Messages on their way are left out of such a state, they are late or lost, but for the one for whose sake it is there.

use std::collections::BTreeMap;

use quorate::Id;

use super::Params;
use super::config::{Config, Members};
use super::ghost::Ghost;
use super::log::{Entry, Log, Term};
use super::message::Msg;
use super::server::{Durable, Role, ServerState};

quorate::choice_param! {
    /// From where a run starts.
    pub enum Start {
        /// Nobody has stood yet, and all logs are empty.
        Empty = "empty",
        /// Server 0 leads in term 1 by the votes of all that take part, and all logs are empty.
        Leader = "leader",
        /// Figure 8 (b) of the paper, for three servers: server 0 led in term 1 and took its entries, server 1 led in
        /// term 2 and took one, and neither has sent any to anyone.
        Figure8 = "figure-8",
        /// Further on: server 0 led in terms 1 and 3 and had server 2 append two entries, server 1 led in terms 2 and 4 and
        /// had server 0 replace them. What server 2 then answered to server 0 is still on its way.
        Overwritten = "overwritten",
        /// Three servers: server 0 leads in term 1 and has committed an entry and then the removal of server 2, with
        /// the help of server 1, which does not know that yet. Server 2 has appended nothing.
        Removed = "removed",
        /// Four servers: server 0 led in term 1, had all append an entry and began to remove server 3, of which nobody
        /// else knows; server 1 has just been elected in term 2 by servers 2 and 3.
        Begun = "begun",
    }
}

/// So many entries of one leader in one term.
fn entries(count: usize, term: Term, leader: usize) -> impl Iterator<Item = Entry> {
    std::iter::repeat_n(Entry { term, leader: Id::from(leader), config: None }, count)
}

/// The change of server 0 in term 1 to the first so many servers.
fn change(members: usize) -> Entry {
    let config = Some(Config::Simple(Members::first(members)));
    Entry { term: 1, leader: Id::from(0), config }
}

impl Start {
    /// For how many servers it is drawn, if not for any number.
    pub(super) fn drawn_for(self) -> Option<usize> {
        match self {
            Self::Empty | Self::Leader => None,
            Self::Figure8 | Self::Overwritten | Self::Removed => Some(3),
            Self::Begun => Some(4),
        }
    }

    /// Why it is reachable, for `Figure8`: 0 wins term 1 with the vote of 2 and takes entries. 1 wins term 2 with the
    /// vote of 2, whose log is as empty as its own, and takes an entry; its request for a vote also reaches 0,
    /// which adopts the term and refuses. 1 crashes and comes back.
    ///
    /// And for `Overwritten`, from there with two entries of term 1: 0 wins term 3 with the vote of 2, which appends both
    /// and answers. 1 stands for term 3 in vain and wins term 4 with the vote of 0, since its entry is of a later term;
    /// 0 replaces its own by it. 1 crashes and comes back.
    ///
    /// For `Begun`: the request of 1 reaches 0 as well, which adopts the term and refuses, since its log is longer.
    fn durable(self, server: Id, params: &Params) -> Durable {
        if !params.first().contains(server) {
            return Durable::default();
        }
        let (zero, one) = (Some(Id::from(0)), Some(Id::from(1)));
        let (term, voted_for, log) = match (self, usize::from(server)) {
            (Self::Empty, _) => return Durable::default(),
            (Self::Leader, _) => (1, zero, Log::default()),
            (Self::Figure8, 0) => (2, None, Log::new(entries(params.requests, 1, 0))),
            (Self::Figure8, 1) => (2, one, Log::new(entries(1, 2, 1))),
            (Self::Figure8, _) => (2, one, Log::default()),
            (Self::Overwritten, 0 | 1) => (4, one, Log::new(entries(1, 2, 1))),
            (Self::Overwritten, _) => (3, zero, Log::new(entries(2, 1, 0))),
            (Self::Removed, 0 | 1) => (1, zero, Log::new(entries(1, 1, 0).chain([change(2)]))),
            (Self::Removed, _) => (1, zero, Log::default()),
            (Self::Begun, 0) => (2, None, Log::new(entries(1, 1, 0).chain([change(3)]))),
            (Self::Begun, _) => (2, one, Log::new(entries(1, 1, 0))),
        };
        Durable { term, voted_for, log, snapshot: 0 }
    }

    /// What `server` is at the start.
    pub(super) fn state(self, server: Id, params: &Params) -> ServerState {
        let (role, commit) = match (self, usize::from(server)) {
            (Self::Leader, 0) => (Role::elected(params.servers, 0), 0),
            (Self::Removed, 0) => (Role::Leader { next: vec![3, 3, 1], matched: vec![0, 2, 0], read: None }, 2),
            (Self::Begun, 0) => (Role::Follower, 1),
            (Self::Begun, 1) => (Role::elected(params.servers, 1), 0),
            (Self::Empty | Self::Leader | Self::Figure8 | Self::Overwritten | Self::Removed | Self::Begun, _) => {
                (Role::Follower, 0)
            }
        };
        let is_led = self == Self::Leader && role == Role::Follower && params.first().contains(server);
        let durable = self.durable(server, params);
        ServerState { durable, commit, hears_leader: params.pre_vote && is_led, role }
    }

    /// What `server` has sent before, to whom, and is still on its way.
    pub(super) fn under_way(self, server: Id) -> Option<(Id, Msg)> {
        let is_late = self == Self::Overwritten && server == Id::from(2);
        is_late.then(|| (Id::from(0), Msg::Appended { term: 3, matched: 2 }))
    }

    /// What happened before, beside what the observer sees when the servers start.
    pub(super) fn ghost(self) -> Ghost {
        let won = |wins: &[(Term, usize, Log)]| {
            wins.iter().map(|(term, leader, log)| (*term, Id::from(*leader), log.clone())).collect()
        };
        let votes = |votes: &[(Term, usize, usize)]| {
            let vote = |&(term, voter, candidate)| ((term, Id::from(voter)), Id::from(candidate));
            votes.iter().map(vote).collect::<BTreeMap<(Term, Id), Id>>()
        };
        match self {
            Self::Empty | Self::Leader | Self::Removed => Ghost::default(),
            Self::Figure8 => Ghost {
                won: won(&[(1, 0, Log::default()), (2, 1, Log::default())]),
                votes: votes(&[(1, 0, 0), (1, 2, 0)]),
                ..Ghost::default()
            },
            Self::Overwritten => Ghost {
                won: won(&[
                    (1, 0, Log::default()),
                    (2, 1, Log::default()),
                    (3, 0, Log::new(entries(2, 1, 0))),
                    (4, 1, Log::new(entries(1, 2, 1))),
                ]),
                votes: votes(&[(1, 0, 0), (1, 2, 0), (2, 1, 1), (2, 2, 1), (3, 0, 0), (3, 1, 1)]),
                truncated: true,
                ..Ghost::default()
            },
            Self::Begun => Ghost {
                won: won(&[(1, 0, Log::default())]),
                votes: votes(&[(1, 0, 0), (1, 1, 0), (1, 2, 0), (1, 3, 0)]),
                committed: entries(1, 1, 0).map(|entry| ((1, entry), 1)).collect(),
                ..Ghost::default()
            },
        }
    }
}
