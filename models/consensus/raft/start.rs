//! From where a run starts: nothing, or a reachable state that is too far from it for an exhaustive search.
//!
//! Messages on their way are left out of such a state, they are late or lost, but for the one for whose sake it is there.

use std::collections::BTreeMap;

use quorate::Id;

use super::Params;
use super::ghost::Ghost;
use super::log::{Entry, Log, Term};
use super::message::Msg;
use super::server::{Durable, Role, ServerState};

quorate::choice_param! {
    /// From where a run starts.
    pub enum Start {
        /// Nobody has stood yet, and all logs are empty.
        Empty = "empty",
        /// Server 0 leads in term 1 by the votes of all, and all logs are empty.
        Leader = "leader",
        /// Figure 8 (b) of the paper, for three servers: server 0 led in term 1 and took its entries, server 1 led in
        /// term 2 and took one, and neither has sent any to anyone.
        Figure8 = "figure-8",
        /// Further on: server 0 led in terms 1 and 3 and had server 2 append two entries, server 1 led in terms 2 and 4 and
        /// had server 0 replace them. What server 2 then answered to server 0 is still on its way.
        Overwritten = "overwritten",
    }
}

impl Start {
    /// Why it is reachable, for `Figure8`: 0 wins term 1 with the vote of 2 and takes entries. 1 wins term 2 with the
    /// vote of 2, whose log is as empty as its own, and takes an entry; its request for a vote also reaches 0,
    /// which adopts the term and refuses. 1 crashes and comes back.
    ///
    /// And for `Overwritten`, from there with two entries of term 1: 0 wins term 3 with the vote of 2, which appends both
    /// and answers. 1 stands for term 3 in vain and wins term 4 with the vote of 0, since its entry is of a later term;
    /// 0 replaces its own by it. 1 crashes and comes back.
    fn durable(self, server: Id, requests: usize) -> Durable {
        let (zero, one) = (Id::from(0), Id::from(1));
        let log = |count, term, leader| Log::new(std::iter::repeat_n(Entry { term, leader }, count));
        match (self, usize::from(server)) {
            (Self::Empty, _) => Durable::default(),
            (Self::Leader, _) => Durable { term: 1, voted_for: Some(zero), log: Log::default() },
            (Self::Figure8, 0) => Durable { term: 2, voted_for: None, log: log(requests, 1, zero) },
            (Self::Figure8, 1) => Durable { term: 2, voted_for: Some(one), log: log(1, 2, one) },
            (Self::Figure8, _) => Durable { term: 2, voted_for: Some(one), log: Log::default() },
            (Self::Overwritten, 0 | 1) => Durable { term: 4, voted_for: Some(one), log: log(1, 2, one) },
            (Self::Overwritten, _) => Durable { term: 3, voted_for: Some(zero), log: log(2, 1, zero) },
        }
    }

    /// What `server` is at the start, if it is not `leader`.
    pub(super) fn state(self, server: Id, leader: Role, params: &Params) -> ServerState {
        let leads = self == Self::Leader && server == Id::from(0);
        ServerState {
            durable: self.durable(server, params.requests),
            commit: 0,
            hears_leader: params.pre_vote && self == Self::Leader && !leads,
            role: if leads { leader } else { Role::Follower },
        }
    }

    /// What `server` has sent before, to whom, and is still on its way.
    pub(super) fn under_way(self, server: Id) -> Option<(Id, Msg)> {
        let is_late = self == Self::Overwritten && server == Id::from(2);
        is_late.then(|| (Id::from(0), Msg::Appended { term: 3, matched: 2 }))
    }

    /// What happened before, beside what the observer sees when the servers start.
    pub(super) fn ghost(self) -> Ghost {
        let (zero, one, two) = (Id::from(0), Id::from(1), Id::from(2));
        let log = |count, term, leader| Log::new(std::iter::repeat_n(Entry { term, leader }, count));
        match self {
            Self::Empty | Self::Leader => Ghost::default(),
            Self::Figure8 => Ghost {
                won: [(1, zero), (2, one)].map(|(term, leader)| (term, leader, Log::default())).into(),
                votes: BTreeMap::<(Term, Id), Id>::from([((1, zero), zero), ((1, two), zero)]),
                ..Ghost::default()
            },
            Self::Overwritten => Ghost {
                won: [
                    (1, zero, Log::default()),
                    (2, one, Log::default()),
                    (3, zero, log(2, 1, zero)),
                    (4, one, log(1, 2, one)),
                ]
                .into(),
                votes: [
                    ((1, zero), zero),
                    ((1, two), zero),
                    ((2, one), one),
                    ((2, two), one),
                    ((3, zero), zero),
                    ((3, one), one),
                ]
                .into(),
                truncated: true,
                ..Ghost::default()
            },
        }
    }
}
