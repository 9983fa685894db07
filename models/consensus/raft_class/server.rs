//! `class Raft`, and who calls its methods.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::Sizes;
use crate::consensus::elections::Term;
use crate::consensus::term_log::Entry;

/// Calls and their returns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// `request_vote`, with R1's argument. The two that tell of the log are read by nobody, and left out.
    RequestVote {
        /// `candidate_term`.
        candidate_term: Term,
    },
    /// `request_vote` returns.
    Vote {
        /// The term of the call.
        term: Term,
        /// What it returns.
        granted: bool,
    },
    /// `append_entries`, with R2's argument; `last_log_term` is read by nobody.
    AppendEntries {
        /// `term`.
        term: Term,
        /// `last_log_index`, which may be told only of a log that is not empty.
        last_log_index: usize,
        /// `logs`.
        logs: Vec<Entry>,
    },
    /// `append_entries` returns.
    Appended {
        /// The term of the call.
        term: Term,
        /// How long the caller's log was.
        length: usize,
        /// What it returns.
        success: bool,
    },
}

/// Nothing was heard of a leader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ElectionTimeout;

/// A client asks a leader to append something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Request(pub char);

/// What a server is, which the class does not say.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Role {
    /// It answers.
    Follower,
    /// It has called `request_vote` of all.
    Candidate {
        /// Who returned True.
        votes: BTreeSet<Id>,
    },
    /// It was elected.
    Leader {
        /// Who has returned True to the last `append_entries`.
        acknowledged: BTreeSet<Id>,
        /// How much it was asked to append.
        requests: usize,
    },
}

/// The attributes of `class Raft`, and what its caller knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ServerState {
    /// `logs`; the term of an entry is `logs[i][0]`.
    pub logs: Vec<Entry>,
    /// `current_term`.
    pub current_term: Term,
    /// `voted_for`.
    pub voted_for: Option<Id>,
    /// `commit_index`.
    pub commit_index: usize,
    /// What it is.
    pub role: Role,
    /// How often its timer has fired.
    pub timeouts: usize,
    /// The first exception that a method has raised.
    pub raised: Option<&'static str>,
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) others: Vec<Id>,
    pub(super) may_stand: bool,
    pub(super) sizes: Sizes,
}

type Output = Out<Server>;

/// The class, line by line.
impl ServerState {
    /// `request_vote`.
    fn request_vote(&mut self, candidate_id: Id, candidate_term: Term) -> bool {
        if self.current_term > candidate_term {
            return false;
        }
        if self.voted_for.is_none() || self.voted_for == Some(candidate_id) {
            self.voted_for = Some(candidate_id);
            self.current_term += 1;
            return true;
        }
        false
    }

    /// `append_entries`. An assignment to a slice that begins beyond the end appends, as `extend` does.
    fn append_entries(&mut self, term: Term, last_log_index: usize, logs: &[Entry]) -> bool {
        if term < self.current_term {
            return false;
        }
        let news = &logs[last_log_index..];
        if last_log_index >= self.logs.len() {
            self.logs.extend(news);
        }
        self.logs.truncate(last_log_index);
        self.logs.extend(news);
        true
    }

    /// `commit`.
    fn commit(&mut self) {
        loop {
            let Some((term, _)) = self.logs.last() else {
                self.raised.get_or_insert("IndexError: list index out of range");
                return;
            };
            if usize::from(*term) >= self.commit_index {
                break;
            }
            self.logs.pop();
        }
        self.commit_index = self.commit_index.max(self.logs.len() - 1);
    }
}

/// Who calls its methods.
impl Server {
    /// A server stands for the next term.
    fn stand(&self, me: Id, state: &mut ServerState, o: &mut Output) {
        state.timeouts += 1;
        state.current_term += 1;
        state.voted_for = Some(me);
        state.role = Role::Candidate { votes: BTreeSet::from([me]) };
        o.broadcast(&self.others, &Msg::RequestVote { candidate_term: state.current_term });
        self.wait(state, o);
    }

    /// Its timer may fire while it does not lead.
    fn wait(&self, state: &ServerState, o: &mut Output) {
        if self.may_stand && state.timeouts < self.sizes.timeouts {
            o.set_timer(ElectionTimeout, model_timeout());
        }
    }

    fn is_majority(&self, count: usize) -> bool {
        2 * count > self.others.len() + 1
    }

    fn count_vote(&self, me: Id, state: &mut ServerState, voter: Id, term: Term, o: &mut Output) {
        let Role::Candidate { votes } = &mut state.role else { return };
        if term == state.current_term {
            votes.insert(voter);
            if self.is_majority(votes.len()) {
                state.role = Role::Leader { acknowledged: BTreeSet::new(), requests: 0 };
                o.cancel_timer(ElectionTimeout);
                self.offer(me, state, o);
            }
        }
    }

    /// A client may ask for one thing after another.
    fn offer(&self, me: Id, state: &ServerState, o: &mut Output) {
        let Role::Leader { requests, .. } = &state.role else { return };
        if *requests < self.sizes.entries {
            let letter = ('a'..='z').nth(usize::from(me) * self.sizes.entries + requests);
            o.choose_random("client", letter.map(Request).into_iter().collect());
        }
    }

    fn append(&self, me: Id, state: &mut ServerState, Request(what): Request, o: &mut Output) {
        let Role::Leader { acknowledged, requests } = &mut state.role else { return };
        acknowledged.clear();
        *requests += 1;
        state.logs.push((state.current_term, what));
        let (term, last_log_index, logs) = (state.current_term, state.logs.len() - 1, state.logs.clone());
        o.broadcast(&self.others, &Msg::AppendEntries { term, last_log_index, logs });
        self.offer(me, state, o);
    }

    fn count_copy(&self, state: &mut ServerState, server: Id, term: Term, length: usize) {
        let Role::Leader { acknowledged, .. } = &mut state.role else { return };
        if term == state.current_term && length == state.logs.len() {
            acknowledged.insert(server);
            if self.is_majority(acknowledged.len() + 1) {
                state.commit();
            }
        }
    }

    fn follow(&self, state: &mut ServerState, o: &mut Output) {
        if state.role != Role::Follower {
            state.role = Role::Follower;
            o.remove_random("client");
            self.wait(state, o);
        }
    }

    fn on_request_vote(&self, state: &mut ServerState, candidate: Id, candidate_term: Term, o: &mut Output) {
        if !self.sizes.r1_candidate_term {
            state.raised.get_or_insert("NameError: name 'candidate_term' is not defined");
            return;
        }
        let granted = state.request_vote(candidate, candidate_term);
        o.send(candidate, Msg::Vote { term: candidate_term, granted });
    }

    fn on_append_entries(&self, state: &mut ServerState, leader: Id, call: (Term, usize, &[Entry]), o: &mut Output) {
        let (term, last_log_index, logs) = call;
        if !self.sizes.r2_logs && term >= state.current_term {
            state.raised.get_or_insert("NameError: name 'logs' is not defined");
            return;
        }
        let success = state.append_entries(term, last_log_index, logs);
        if success {
            self.follow(state, o);
        }
        o.send(leader, Msg::Appended { term, length: logs.len(), success });
    }
}

impl Actor for Server {
    type Msg = Msg;
    type Timer = ElectionTimeout;
    type State = ServerState;
    type Storage = ();
    type Random = Request;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> ServerState {
        let state = ServerState {
            logs: Vec::new(),
            current_term: 0,
            voted_for: None,
            commit_index: 0,
            role: Role::Follower,
            timeouts: 0,
            raised: None,
        };
        self.wait(&state, o);
        state
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, ServerState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        let state = state.to_mut();
        match msg {
            Msg::RequestVote { candidate_term } => self.on_request_vote(state, src, candidate_term, o),
            Msg::Vote { term, granted: true } => self.count_vote(id, state, src, term, o),
            Msg::AppendEntries { term, last_log_index, logs } => {
                self.on_append_entries(state, src, (term, last_log_index, &logs), o);
            }
            Msg::Appended { term, length, success: true } => self.count_copy(state, src, term, length),
            Msg::Vote { granted: false, .. } | Msg::Appended { success: false, .. } => {}
        }
    }

    fn on_timeout(
        &self,
        id: Id,
        state: &mut Cow<'_, ServerState>,
        ElectionTimeout: &ElectionTimeout,
        o: &mut Out<Self>,
    ) {
        self.stand(id, state.to_mut(), o);
    }

    fn on_random(&self, id: Id, state: &mut Cow<'_, ServerState>, request: &Request, o: &mut Out<Self>) {
        self.append(id, state.to_mut(), *request, o);
    }
}
