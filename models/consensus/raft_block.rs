//! Raft as an algorithm block has it: votes without terms, and a commit index that can only sink.
//!
//! # As published
//!
//! Article 000, section 3.3 (lines 120 to 151); `C`, the cluster state, is declared and not used:
//!
//! ```text
//! function becomeFollower(_): reset election timeout; set votedFor to null
//! function becomeCandidate(_): set votedFor to self; increment currentTerm; request votes from all servers
//! function becomeLeader(_): set nextIndex for each server; set matchIndex for each server; start heartbeat timer
//! function appendEntries(server, prevLogIndex, prevLogTerm, entries, leaderCommit):
//!     if prevLogIndex < server.getLastLogIndex() or prevLogTerm != server.getLastLogTerm()
//!         return false
//!     if entries is not empty
//!         append entries to server's log
//!         set server.commitIndex = min(server.commitIndex, leaderCommit)
//!         return true
//! function requestVote(server, lastLogIndex, lastLogTerm):
//!     if lastLogIndex < server.getLastLogIndex() return false
//!     if lastLogTerm != server.getLastLogTerm() return false
//!     if votedFor is null or votedFor == self: grant vote and return true
//!     else return false
//! ```
//!
//! # What is wrong
//!
//! - `requestVote` knows no term and, to the letter, stores no vote: who has not stood itself elects everybody. With the
//!   vote stored (`grant_stores`) a server that has voted still stands later, in the term in which it voted, and finds one
//!   that has not. In [`raft`](super::raft) a request tells its term, whoever sees a later one takes it over, and the vote is
//!   for that term: with `terms_compared` as well no two are elected in one term.
//! - The candidate's last term must *equal* the voter's. In [`raft`](super::raft) it must be no less.
//! - `appendEntries` compares with the *last* entry instead of the one before the new ones: a follower that lacks entries
//!   passes, as long as the terms agree, and the new ones land where the missing should be; one that has more than the leader
//!   refuses for ever, since nothing is deleted.
//! - `commitIndex` is the lesser of what it is and what the leader tells: it begins with 0 and stays there. In
//!   [`raft`](super::raft) it becomes the lesser of the leader's and the last new index, and a leader counts who has what.
//!
//! # What is modelled, and what the text leaves open
//!
//! All five functions. Votes of more than half elect, the own one included. `self` in `requestVote` may be the candidate or
//! the voter (`self_is`). A candidate or leader that takes entries becomes a follower. A leader sends what its `nextIndex` says
//! when a client has asked for something, and sets `nextIndex` when true is returned (lines 113 to 115); that it tries again
//! is left out, since the answer would be the same. It has no rule for its own commit index.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use quorate::model::{
    Card, Cause, Claim, Deviations, Facts, History, NoDeviation, Node, Property, Protocol, Roster, Step,
};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, choice_param, params};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::elections::{Elections, Term};
use super::term_log::{Entry, mismatch};

choice_param! {
    /// Who `self` is in `requestVote`.
    pub enum SelfIs {
        /// Who asks.
        Candidate = "candidate",
        /// Who is asked.
        Voter = "voter",
    }
}

params! {
    /// Who takes part, for how long, and what the block leaves open.
    pub struct Sizes {
        /// Number of servers.
        pub servers: usize = 3, in 2..=5;
        /// Number of servers that may stand, once each.
        pub candidates: usize = 2, in 1..=5;
        /// How much a leader is asked to append.
        pub entries: usize = 0, in 0..=3;
        /// Who `self` is in `requestVote`.
        pub self_is: SelfIs = SelfIs::Candidate;
        /// Whether "grant vote" stores it in `votedFor`.
        pub grant_stores: bool = false;
        /// No reading but a cure: a request for votes tells its term; earlier ones are refused, later ones taken over.
        pub terms_compared: bool = false;
    }
}

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
    others: Vec<Id>,
    may_stand: bool,
    sizes: Sizes,
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

/// Raft as the block has it.
#[derive(Clone, Debug)]
pub struct RaftBlock {
    sizes: Sizes,
}

impl Protocol for RaftBlock {
    const CARD: Card = Card {
        name: "raft-block",
        title: "Raft, as an article's algorithm block has it",
        source: "article 000, section 3.3, the algorithm block (lines 120-151)",
        modelled: "all five functions, called by candidates and leaders as Raft has them",
        left_out: "Heartbeats: calls without entries change nothing. Calls that are tried again: they are answered alike.",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Server;
    type History = Elections;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        if sizes.candidates > sizes.servers {
            return Err(format!("{} of {} servers cannot stand", sizes.candidates, sizes.servers));
        }
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Server> {
        let all = Id::vec_from(0..self.sizes.servers);
        let server = |me: &Id| Server {
            others: all.iter().copied().filter(|other| other != me).collect(),
            may_stand: usize::from(*me) < self.sizes.candidates,
            sizes: self.sizes.clone(),
        };
        Roster::new().role("server", all.iter().map(server))
    }

    fn history(&self) -> Elections {
        Elections::default()
    }

    fn observe(&self, step: &Step<'_, Server>, facts: &mut Facts<<Elections as History>::Fact>) {
        let leads = |state: &ServerState| matches!(state.role, Role::Leader(_));
        if let (Cause::Deliver { msg: Msg::Granted(_), .. }, Some(before), Some(after)) =
            (&step.cause, step.before, step.after)
            && !leads(before)
            && leads(after)
        {
            facts.push((after.current_term, step.node));
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("election-safety", "no two servers are elected in one term")
                .by_history(|_, elections: &Elections| elections.rivals()),
            Claim::always("log-matching", "logs that have an entry of one term at one index are the same up to it")
                .by_nodes(log, |_, logs| mismatch(logs)),
            all_committed(),
            Claim::sometimes("leads", "a server is elected").by_history(|_, elections: &Elections| elections.leader()),
            Claim::sometimes("commits", "a server's commit index rises").by_nodes(
                |_: &RaftBlock, node: &Node<'_, Server>| node.state.is_some_and(|state| state.commit_index > 0),
                |_, risen| risen.contains(&true).then(|| Evidence::new("a commit index is more than 0")),
            ),
        ]
    }
}

fn log(_: &RaftBlock, node: &Node<'_, Server>) -> Vec<Entry> {
    node.state.map(|state| state.log.clone()).unwrap_or_default()
}

fn all_committed() -> Property<RaftBlock> {
    let claim = "where nothing can happen any more, what all servers have is committed by one";
    Claim::no_deadlock("all-committed", claim).by_nodes(
        |_: &RaftBlock, node: &Node<'_, Server>| {
            node.state.map_or((0, 0), |state| (state.log.len(), state.commit_index))
        },
        |_, readings| {
            let had = readings.iter().map(|(length, _)| *length).min()?;
            let committed = readings.iter().map(|(_, commit_index)| *commit_index).max()?;
            (committed < had).then(|| Evidence::new(format!("all have {had} entries, and {committed} are committed")))
        },
    )
}
