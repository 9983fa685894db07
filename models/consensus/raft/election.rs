//! Electing a leader: section 5.2, the restriction of 5.4.1, and pre-votes (thesis, 9.6).

use quorate::{Id, Out};

use super::Deviation;
use super::log::{Position, Term};
use super::message::Msg;
use super::server::{Role, Server, ServerState, note};

impl Server {
    /// Whether the server may stand for another term.
    pub(super) fn may_stand(&self, me: &ServerState) -> bool {
        let has_term = me.leads().is_none() && me.durable.term < self.params.terms;
        has_term && self.params.stands(self.id) && !self.is_outside(me)
    }

    /// The election timer fires: there is no leader, as far as the server knows. It stands for the next term, or first
    /// asks whether it would have a majority there.
    pub(super) fn on_silence(&self, me: &mut ServerState, o: &mut Out<Self>) {
        me.hears_leader = false;
        if !self.may_stand(me) {
            return;
        }
        if !self.params.pre_vote {
            return self.stand(me, o);
        }
        me.role = Role::PreCandidate { grants: vec![self.id] };
        self.ask_for_pre_votes(me, o);
        self.count_pre_votes(me, o);
    }

    pub(super) fn ask_for_pre_votes(&self, me: &ServerState, o: &mut Out<Self>) {
        let request = Msg::RequestPreVote { term: me.durable.term + 1, end: me.durable.log.end() };
        self.tell_members(me, &request, o);
    }

    /// Thesis, 9.6: a server would vote for one who stands for a later term with an up-to-date log, unless it hears
    /// of a leader; and one who is behind must learn it, or it could ask for ever.
    pub(super) fn pre_vote(&self, me: &ServerState, src: Id, term: Term, end: Position, o: &mut Out<Self>) {
        if term <= me.durable.term {
            if !self.breaks(Deviation::PreVoteSilentToLate) {
                o.send(src, Msg::Behind { term: me.durable.term });
            }
            return;
        }
        let is_led = me.leads().is_some() || me.hears_leader;
        if is_led && !self.breaks(Deviation::PreVoteIgnoresLeader) {
            return;
        }
        if self.is_up_to_date(end, me.durable.log.end()) {
            o.send(src, Msg::PreVote { term });
        }
    }

    /// A server would vote for me.
    pub(super) fn count_pre_vote(&self, me: &mut ServerState, src: Id, term: Term, o: &mut Out<Self>) {
        if let Role::PreCandidate { grants } = &mut me.role
            && term == me.durable.term + 1
        {
            note(grants, src);
            self.count_pre_votes(me, o);
        }
    }

    fn count_pre_votes(&self, me: &mut ServerState, o: &mut Out<Self>) {
        if matches!(&me.role, Role::PreCandidate { grants } if self.is_quorum(me, grants)) {
            self.stand(me, o);
        }
    }

    /// Section 5.2: a server that stands begins a term, votes for itself and asks all others for their votes.
    fn stand(&self, me: &mut ServerState, o: &mut Out<Self>) {
        me.durable.term += 1;
        me.durable.voted_for = Some(self.id);
        me.role = Role::Candidate { votes: vec![self.id] };
        self.ask_for_votes(me, o);
        self.count_votes(me);
    }

    pub(super) fn ask_for_votes(&self, me: &ServerState, o: &mut Out<Self>) {
        self.tell_members(me, &Msg::RequestVote { term: me.durable.term, end: me.durable.log.end() }, o);
    }

    /// Section 5.2: one vote in each term, first come, first served; 5.4.1: for none whose log is less up-to-date.
    pub(super) fn vote(&self, me: &mut ServerState, candidate: Id, term: Term, end: Position, o: &mut Out<Self>) {
        if term < me.durable.term && !self.breaks(Deviation::VoteNoTermCheck) {
            return;
        }
        let is_free = me.durable.voted_for.is_none_or(|voted_for| voted_for == candidate);
        if !is_free && !self.breaks(Deviation::VoteMany) {
            return;
        }
        if !self.is_up_to_date(end, me.durable.log.end()) {
            return;
        }
        me.durable.voted_for = Some(candidate);
        let own = me.durable.term;
        o.send(candidate, Msg::Vote { term: if self.breaks(Deviation::ReplyWithTermAsked) { term } else { own } });
    }

    /// Section 5.4.1: of two logs the one whose last entry has the later term is more up-to-date; of those that end
    /// in the same term, the longer one.
    fn is_up_to_date(&self, theirs: Position, mine: Position) -> bool {
        let mut is_up_to_date = theirs >= mine;
        if self.breaks(Deviation::LogCheckLengthOnly) {
            is_up_to_date = theirs.index >= mine.index;
        }
        if self.breaks(Deviation::LogCheckTermOnly) {
            is_up_to_date = theirs.term >= mine.term;
        }
        if self.breaks(Deviation::LogCheckBoth) {
            is_up_to_date = theirs.term >= mine.term && theirs.index >= mine.index;
        }
        is_up_to_date || self.breaks(Deviation::NoLogCheck)
    }

    /// A candidate counts the votes of its term, each server once.
    pub(super) fn count_vote(&self, me: &mut ServerState, src: Id, term: Term) {
        if term != me.durable.term && !self.breaks(Deviation::StaleVoteCounted) {
            return;
        }
        if let Role::Candidate { votes } = &mut me.role {
            match self.breaks(Deviation::CountVoteMessages) {
                false => note(votes, src),
                true => votes.push(src),
            }
            self.count_votes(me);
        }
    }

    /// A majority of the configuration makes a leader, which knows nothing of the others' logs yet (figure 2, "volatile
    /// state on leaders").
    fn count_votes(&self, me: &mut ServerState) {
        if matches!(&me.role, Role::Candidate { votes } if self.is_quorum(me, votes)) {
            me.role = Role::elected(self.params.servers, me.durable.log.len());
        }
    }
}

impl Role {
    /// A leader of so many servers at the moment of its election.
    pub(super) fn elected(servers: usize, log_len: usize) -> Self {
        Self::Leader { next: vec![log_len + 1; servers], matched: vec![0; servers], read: None }
    }
}
