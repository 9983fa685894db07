//! `Candidate.request_vote`.

use std::collections::BTreeSet;

use quorate::{Id, Out};
use serde::Serialize;

use super::{Msg, Pick, Server};

/// A server's attributes, as a candidate and as a follower.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Candidate {
    /// `voted_for`, of the follower.
    pub voted_for: Option<Id>,
    /// `vote_count`, of the candidate.
    pub vote_count: usize,
    /// Whom it has called.
    pub called: BTreeSet<Id>,
    /// Whether a call has returned True.
    pub has_won: bool,
}

impl Server {
    pub(super) fn prepare_candidate(&self, o: &mut Out<Self>) -> Candidate {
        let me = Candidate::default();
        self.offer_calls(&me, o);
        me
    }

    /// Whom it calls next is open, until it has won.
    fn offer_calls(&self, me: &Candidate, o: &mut Out<Self>) {
        let may_call = |follower: &&Id| self.sizes.again || !me.called.contains(*follower);
        if self.stands && !me.has_won {
            o.choose_random("follower", self.others.iter().filter(may_call).copied().map(Pick::Call).collect());
        }
    }

    /// `request_vote(follower)`. All terms are 0, the candidate's own `voted_for` is None: it goes on to the write.
    pub(super) fn take_vote(&self, me: &mut Candidate, follower: Id, o: &mut Out<Self>) {
        me.called.insert(follower);
        o.send(follower, Msg::TakeVote);
    }

    /// `self.vote_count += 1`, and `if self.vote_count > len(servers) // 2`.
    pub(super) fn count_vote(&self, me: &mut Candidate, o: &mut Out<Self>) {
        me.vote_count += 1;
        me.has_won = me.vote_count > self.sizes.servers / 2;
        self.offer_calls(me, o);
    }
}

impl Candidate {
    /// `follower.voted_for = self.candidate_id`.
    pub(super) fn give_vote(&mut self, candidate: Id, o: &mut Out<Server>) {
        self.voted_for = Some(candidate);
        o.send(candidate, Msg::Taken);
    }
}
