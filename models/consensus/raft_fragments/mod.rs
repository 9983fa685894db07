//! Raft as three Python classes have it that break off in mid-line: what of them can be made to run.
//!
//! # As published
//!
//! Article 000, section 4.3 (lines 282 to 415), less comments and `__init__`; all numbers are 0 at first, and a
//! follower has no attributes but its id, `current_term`, `voted_for`, `last_log_index` and `last_log_term`. `(...)`
//! stands for what says the same again:
//!
//! ```text
//! class Follower:
//!    def request_vote(self, candidate_id, last_log_index, last_log_term, votes):
//!        if last_log_index >= self.last_log_index and last_log_term >= self.last_log_term:
//!            votes[candidate_id] = True
//!            return True
//!        else:
//!            return False
//!    def append_entries(self, leader_id, prev_log_index, prev_log_term, entries, leader_commit):
//!        if prev_log_index < self.last_log_index or prev_log_term != self.last_log_term:
//!            return False
//!        for i, e in enumerate(entries):
//!            self.log[self.last_log_index + 1 + i] = e
//!        if leader_commit > self.commit_index:
//!            self.commit_index = min(leader_commit, self.last_log_index)
//!        return True
//!
//! class Candidate:
//!    def request_vote(self, follower):
//!        if follower.current_term > self.current_term:
//!            self.current_term = follower.current_term
//!            return False
//!        if self.voted_for is None or self.voted_for == self.candidate_id:
//!            follower.voted_for = self.candidate_id
//!            self.vote_count += 1
//!            if self.vote_count > len(servers) // 2:
//!                return True
//!        return False
//!    def append_entries(self, follower): (...)
//!
//! class Leader:
//!    def start_election(self):
//!        self.current_term += 1
//!        self.vote_count = 0
//!        self.voted_for = self.leader_id
//!        for f in followers:
//!            future = asyncio.ensure_future(f.request_vote(self))
//!            votes[f.follower_id] = future
//!        done, pending = await asyncio.wait(votes.values(), timeout=election_timeout)
//!        if sum([future.result() for future in done]) > len(followers) // 2:
//!            self.become_leader()
//!    def become_leader(self):
//!        self.commit_index = 0
//!        self.next_index = {f.follower_id: f.last_log_index for f in followers}
//!        self.match_index = {f.follower_id: 0 for f in followers}
//!        (append_entries of all followers, in parallel)
//!    def append_entries(self, follower):
//!        prev_log_index = max(0, self.next_index[follower.follower_id] - 1)
//!        prev_log_term = self.log[prev_log_index]['term'] if prev_log_index >= 0 else 0
//!        entries = self.log[self.next_index[follower.follower_id]:]
//!        leader_commit = self.commit_index
//!        message = {(...)}
//!        future = asyncio.ensure_future(follower.append_entries(message))
//!        response = await future
//!        if response['success']:
//!            self.next_index[follower.follower_id] = prev_log_index + len(response['entries'])
//!            self.match_index[follower.follower_id] = self.next_index[follower.follower_id] - 1
//!            new_commit_index = max(self.commit_index, min([m for m in self.match_index.values()]))
//!            if new_commit_index >=
//! ```
//!
//! # What is wrong
//!
//! The listing is no program: it ends in mid-line, and `await` in a plain `def` is no Python. Where three fragments are
//! made to run, one by one:
//!
//! - *Votes* (`start-election`): a follower looks at the log and at nothing else. It remembers no vote and no term, and
//!   so elects everybody who asks, in one term. In [`raft`](super::raft) a voter has one vote a term, and saves it. The
//!   caller counts more than half of the *others*: of three servers all must be up.
//! - *A candidate that takes its votes* (`candidate`): it tests its own `voted_for`, which is always None, overwrites
//!   the follower's, and counts calls, not followers. It stands in whatever term it is in. In [`raft`](super::raft) a
//!   candidate begins a term of its own, and votes are a set of servers.
//! - *Entries* (`append`): nobody ever writes `last_log_index` and `last_log_term`, so that a follower takes entries
//!   only while the leader's first entry is of term 0, and writes each batch to the same place, over the one before.
//!   With R4 the second batch is refused for ever, since the leader's `prev_log_index` is one less than it should be.
//!   `match_index` follows the last response, and shrinks when an earlier one comes late. In [`raft`](super::raft) a
//!   follower compares the entry *before* the new ones, at its place, deletes what conflicts, and `matchIndex` only
//!   grows.
//!
//! # What is modelled, and what the text leaves open
//!
//! A call is a request and a response. Who calls what is open: in the first two fragments some servers stand, and the
//! second leaves open whom a candidate calls next; in the third there is one leader, and whenever a client has asked it
//! to append something it calls its `append_entries` for each follower. That `await` may stand where it does is granted
//! throughout; the line that breaks off stores the new commit index. Four numbered repairs are parameters:
//!
//! - R1: the arguments that a method has are passed to it;
//! - R2: followers have `log`, a dictionary, and `commit_index`;
//! - R3: the response is a dictionary with what came of it and the entries;
//! - R4: a follower that has taken entries says so in `last_log_index` and `last_log_term`.
//!
//! | file | what |
//! |---|---|
//! | `election`, `candidate`, `append` | the fragments, line by line |
//! | `claims` | the properties |

mod append;
mod candidate;
mod claims;
mod election;

use std::borrow::Cow;

use quorate::model::{Card, Cause, Deviations, Facts, History, NoDeviation, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out, choice_param, params};
use serde::Serialize;

pub use append::{Follower, Leader};
pub use candidate::Candidate;
pub use election::{Election, Phase};

use super::elections::{Elections, Term};

choice_param! {
    /// A part of the listing that can be made to run.
    pub enum Fragment {
        /// `Leader.start_election` and `Follower.request_vote`.
        StartElection = "start-election",
        /// `Candidate.request_vote`.
        Candidate = "candidate",
        /// `Leader.append_entries` and `Follower.append_entries`.
        Append = "append",
    }
}

params! {
    /// What runs, for whom, and which repairs are made.
    pub struct Sizes {
        /// Which fragment.
        pub fragment: Fragment = Fragment::StartElection;
        /// Number of servers.
        pub servers: usize = 3, in 2..=5;
        /// Number of servers that stand, once each.
        pub candidates: usize = 2, in 1..=5;
        /// Number of servers that are down from the beginning.
        pub absent: usize = 0, in 0..=4;
        /// Whether a candidate may call the same follower more than once.
        pub again: bool = false;
        /// How much the leader is asked to append.
        pub entries: usize = 2, in 1..=3;
        /// The leader's term: 0 if it was elected as `Candidate`, which counts none.
        pub term: usize = 1, in 0..=1;
        /// Repair R1: arguments are passed.
        pub r1_arguments: bool = true;
        /// Repair R2: followers have the attributes that their methods use.
        pub r2_attributes: bool = true;
        /// Repair R3: the response can be read.
        pub r3_response: bool = true;
        /// Repair R4: a follower knows what it has.
        pub r4_last: bool = true;
    }
}

/// What Python raises.
pub type Exception = &'static str;

/// Calls and their returns.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// `f.request_vote(...)` of a follower.
    RequestVote,
    /// It returns True, or raises.
    Voted(Result<(), Exception>),
    /// A candidate's `request_vote(follower)` writes `follower.voted_for`.
    TakeVote,
    /// The follower's attribute is written.
    Taken,
    /// `follower.append_entries(...)`.
    Append(append::Call),
    /// It returns, or raises: which call, and whether with success.
    Appended(append::Call, Result<bool, Exception>),
}

/// What fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// A server stands.
    Stand,
    /// `election_timeout`.
    ElectionTimeout,
}

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Pick {
    /// Whom a candidate calls next.
    Call(Id),
    /// What a client asks to append.
    Append(char),
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    others: Vec<Id>,
    /// Whether it stands, or in the third fragment leads.
    stands: bool,
    is_up: bool,
    sizes: Sizes,
}

/// The state of a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// It is down.
    Absent,
    /// In the first fragment.
    Election(Election),
    /// In the second.
    Candidate(Candidate),
    /// The leader of the third.
    Leader(Leader),
    /// A follower of the third.
    Follower(Follower),
}

impl State {
    /// The term in which the server was elected, if it was.
    fn elected(&self) -> Option<Term> {
        match self {
            Self::Election(Election { phase: Phase::Leader, current_term }) => Some(*current_term),
            Self::Candidate(Candidate { has_won: true, .. }) => Some(0),
            Self::Absent | Self::Election(_) | Self::Candidate(_) | Self::Leader(_) | Self::Follower(_) => None,
        }
    }
}

impl Actor for Server {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = ();
    type Random = Pick;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self.sizes.fragment {
            _ if !self.is_up => State::Absent,
            Fragment::StartElection => State::Election(self.prepare_election(o)),
            Fragment::Candidate => State::Candidate(self.prepare_candidate(o)),
            Fragment::Append if self.stands => State::Leader(self.become_leader(o)),
            Fragment::Append => State::Follower(Follower::default()),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (state.to_mut(), msg) {
            (State::Election(_), Msg::RequestVote) => self.request_vote(src, o),
            (State::Election(me), Msg::Voted(result)) => self.voted(me, src, result, o),
            (State::Candidate(me), Msg::TakeVote) => me.give_vote(src, o),
            (State::Candidate(me), Msg::Taken) => self.count_vote(me, o),
            (State::Follower(me), Msg::Append(call)) => self.append_entries(me, src, call, o),
            (State::Leader(me), Msg::Appended(call, result)) => self.appended(me, src, &call, result),
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        if let State::Election(me) = state.to_mut() {
            match timer {
                Timer::Stand => self.start_election(me, o),
                Timer::ElectionTimeout => self.judge(me),
            }
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, pick: &Pick, o: &mut Out<Self>) {
        match (state.to_mut(), pick) {
            (State::Candidate(me), Pick::Call(follower)) => self.take_vote(me, *follower, o),
            (State::Leader(me), Pick::Append(what)) => self.append(me, *what, o),
            _ => {}
        }
    }
}

/// Raft as the classes have it.
#[derive(Clone, Debug)]
pub struct RaftFragments {
    sizes: Sizes,
}

impl Protocol for RaftFragments {
    const CARD: Card = Card {
        name: "raft-fragments",
        title: "Raft, as fragments of an article's Python classes have it",
        source: "article 000, section 4.3, the Python listing (lines 282-415)",
        modelled: "three fragments, each alone: votes, a candidate that takes its votes, entries; literal, or with R1 \
                   (arguments), R2 (attributes), R3 (response), R4 (last_log_index and last_log_term are written)",
        left_out: "`Candidate.append_entries`, which says what the follower's does, of a candidate without entries",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Server;
    type History = Elections;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        if sizes.candidates + sizes.absent > sizes.servers {
            return Err(format!("{} servers are too few for who stands and who is down", sizes.servers));
        }
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Server> {
        let all = Id::vec_from(0..self.sizes.servers);
        let standing = if self.sizes.fragment == Fragment::Append { 1 } else { self.sizes.candidates };
        let server = |me: &Id| Server {
            others: all.iter().copied().filter(|other| other != me).collect(),
            stands: usize::from(*me) < standing,
            is_up: usize::from(*me) < self.sizes.servers - self.sizes.absent,
            sizes: self.sizes.clone(),
        };
        Roster::new().role("server", all.iter().map(server))
    }

    fn history(&self) -> Elections {
        Elections::default()
    }

    fn observe(&self, step: &Step<'_, Server>, facts: &mut Facts<<Elections as History>::Fact>) {
        if let Some(term) = step.after.and_then(State::elected)
            && step.before.and_then(State::elected).is_none()
            && !matches!(step.cause, Cause::Start)
        {
            facts.push((term, step.node));
        }
    }

    fn properties() -> Vec<Property<Self>> {
        claims::properties()
    }
}
