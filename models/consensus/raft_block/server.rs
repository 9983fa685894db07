//! The functions of the block, and who calls them.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{SelfIs, Sizes};
use crate::consensus::elections::Term;
use crate::consensus::term_log::Entry;

/// Calls and their returns. The term of a call is there to know the return by; the cure alone reads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// `requestVote`.
    RequestVote {
        /// The candidate's term.
        term: Term,
        /// `lastLogIndex`.
        last_log_index: usize,
        /// `lastLogTerm`.
        last_log_term: Term,
    },
    /// It returns true.
    Granted(Term),
    /// `appendEntries`.
    AppendEntries {
        /// The leader's term.
        term: Term,
        /// `prevLogIndex`, from 1; 0 before the first.
        prev_log_index: usize,
        /// `prevLogTerm`.
        prev_log_term: Term,
        /// `entries`.
        entries: Vec<Entry>,
        /// `leaderCommit`.
        leader_commit: usize,
    },
    /// It returns true: the leader's term, and the index of the last of `entries`.
    Appended(Term, usize),
}

/// The election timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ElectionTimeout;

/// What a client asks a leader to append.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Request(pub char);

/// What a server is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Role {
    /// After `becomeFollower`, and at first.
    Follower,
    /// After `becomeCandidate`: who has granted its vote.
    Candidate(BTreeSet<Id>),
    /// After `becomeLeader`: `nextIndex`.
    Leader(BTreeMap<Id, usize>),
}

/// A server's variables.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ServerState {
    /// `currentTerm`.
    pub current_term: Term,
    /// `votedFor`.
    pub voted_for: Option<Id>,
    /// The log.
    pub log: Vec<Entry>,
    /// `commitIndex`.
    pub commit_index: usize,
    /// What it is.
    pub role: Role,
    /// How much it was asked to append.
    pub requests: usize,
}

impl ServerState {
    /// The term of the entry at an index from 1; 0 before the first.
    fn term_at(&self, index: usize) -> Term {
        index.checked_sub(1).and_then(|at| self.log.get(at)).map_or(0, |(term, _)| *term)
    }

    /// `appendEntries`.
    fn append_entries(&mut self, prev: (usize, Term), entries: &[Entry], leader_commit: usize) -> bool {
        let (prev_log_index, prev_log_term) = prev;
        if prev_log_index < self.log.len() || prev_log_term != self.term_at(self.log.len()) {
            return false;
        }
        self.log.extend(entries);
        self.commit_index = self.commit_index.min(leader_commit);
        true
    }
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) others: Vec<Id>,
    pub(super) may_stand: bool,
    pub(super) sizes: Sizes,
}

impl Server {
    /// `becomeCandidate`.
    fn become_candidate(&self, me: Id, state: &mut ServerState, o: &mut Out<Self>) {
        state.voted_for = Some(me);
        state.current_term += 1;
        state.role = Role::Candidate(BTreeSet::from([me]));
        let (term, last_log_index) = (state.current_term, state.log.len());
        let last_log_term = state.term_at(last_log_index);
        o.broadcast(&self.others, &Msg::RequestVote { term, last_log_index, last_log_term });
    }

    /// `requestVote`, the cure first.
    fn request_vote(
        &self,
        me: Id,
        state: &mut ServerState,
        candidate: Id,
        last: (Term, usize, Term),
        o: &mut Out<Self>,
    ) {
        let (term, last_log_index, last_log_term) = last;
        if self.sizes.terms_compared {
            if term < state.current_term {
                return;
            }
            if term > state.current_term {
                state.current_term = term;
                self.become_follower(state, o);
            }
        }
        if last_log_index < state.log.len() || last_log_term != state.term_at(state.log.len()) {
            return;
        }
        let self_ = match self.sizes.self_is {
            SelfIs::Candidate => candidate,
            SelfIs::Voter => me,
        };
        if state.voted_for.is_none_or(|voted_for| voted_for == self_) {
            if self.sizes.grant_stores {
                state.voted_for = Some(candidate);
            }
            o.send(candidate, Msg::Granted(term));
        }
    }

    fn count_vote(&self, me: Id, state: &mut ServerState, voter: Id, term: Term, o: &mut Out<Self>) {
        let Role::Candidate(votes) = &mut state.role else { return };
        if term == state.current_term {
            votes.insert(voter);
            if 2 * votes.len() > self.others.len() + 1 {
                self.become_leader(me, state, o);
            }
        }
    }

    /// `becomeLeader`: `nextIndex` is the one after its last, as Raft has it.
    fn become_leader(&self, me: Id, state: &mut ServerState, o: &mut Out<Self>) {
        let next_index = state.log.len() + 1;
        state.role = Role::Leader(self.others.iter().map(|other| (*other, next_index)).collect());
        self.offer(me, state, o);
    }

    /// `becomeFollower`.
    fn become_follower(&self, state: &mut ServerState, o: &mut Out<Self>) {
        state.role = Role::Follower;
        state.voted_for = None;
        o.remove_random("client");
    }

    fn offer(&self, me: Id, state: &ServerState, o: &mut Out<Self>) {
        let letter = ('a'..='z').nth(usize::from(me) * self.sizes.entries + state.requests);
        let next = letter.filter(|_| state.requests < self.sizes.entries);
        o.choose_random("client", next.map(Request).into_iter().collect());
    }

    /// A leader appends, and calls `appendEntries` of all others.
    fn lead(&self, me: Id, state: &mut ServerState, Request(what): Request, o: &mut Out<Self>) {
        state.requests += 1;
        state.log.push((state.current_term, what));
        let Role::Leader(next_index) = &state.role else { return };
        for (server, next) in next_index {
            let entries = state.log[next - 1..].to_vec();
            let (prev_log_index, leader_commit) = (next - 1, state.commit_index);
            let (term, prev_log_term) = (state.current_term, state.term_at(prev_log_index));
            o.send(*server, Msg::AppendEntries { term, prev_log_index, prev_log_term, entries, leader_commit });
        }
        self.offer(me, state, o);
    }

    fn count_copy(&self, state: &mut ServerState, server: Id, term: Term, last: usize) {
        let Role::Leader(next_index) = &mut state.role else { return };
        if term == state.current_term {
            next_index.insert(server, last + 1);
        }
    }
}

impl Actor for Server {
    type Msg = Msg;
    type Timer = ElectionTimeout;
    type State = ServerState;
    type Storage = ();
    type Random = Request;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> ServerState {
        if self.may_stand {
            o.set_timer(ElectionTimeout, model_timeout());
        }
        let (voted_for, log, role) = (None, Vec::new(), Role::Follower);
        ServerState { current_term: 0, voted_for, log, commit_index: 0, role, requests: 0 }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, ServerState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        match msg {
            Msg::RequestVote { term, last_log_index, last_log_term } => {
                self.request_vote(id, state, src, (term, last_log_index, last_log_term), o);
            }
            Msg::Granted(term) => self.count_vote(id, state, src, term, o),
            Msg::AppendEntries { term, prev_log_index, prev_log_term, entries, leader_commit } => {
                if state.append_entries((prev_log_index, prev_log_term), &entries, leader_commit) {
                    if state.role != Role::Follower {
                        self.become_follower(state, o);
                    }
                    o.send(src, Msg::Appended(term, prev_log_index + entries.len()));
                }
            }
            Msg::Appended(term, last) => self.count_copy(state, src, term, last),
        }
    }

    fn on_timeout(
        &self,
        id: Id,
        state: &mut Cow<'_, ServerState>,
        ElectionTimeout: &ElectionTimeout,
        o: &mut Out<Self>,
    ) {
        if !matches!(state.role, Role::Leader(_)) {
            self.become_candidate(id, state.to_mut(), o);
        }
    }

    fn on_random(&self, id: Id, state: &mut Cow<'_, ServerState>, request: &Request, o: &mut Out<Self>) {
        self.lead(id, state.to_mut(), *request, o);
    }
}
