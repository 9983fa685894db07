//! Raft as the prose of an article tells it: whoever nobody answers is the leader.
//!
//! # As published
//!
//! Article 000, section 3.3 (lines 107 to 116), in short: there are a leader, followers and candidates, and candidates
//! elect the leader. Followers note the index and the term of their last entry. A candidate sets an election timeout
//! and begins an election. *A candidate that within the timeout has received no vote response, of other candidates or
//! of a leader that is alive, becomes leader.* A leader notes the next index and the next term, and sends to all
//! followers `AppendEntriesRequest` and `AppendEntriesResponse`; when one succeeds it goes on, when one fails it tries
//! again.
//!
//! # What is wrong
//!
//! The rule is upside down. A vote is what makes a leader in [`raft`](super::raft), from more than half of the servers,
//! each of which has one vote a term; here it is what prevents one. Two candidates that do not hear each other in time
//! both lead, in the same term, and not a single message has to arrive for it. And the better the network, the less
//! there is a leader: where followers answer (`followers_answer`) and every answer is in time, nobody is ever elected,
//! until the others have crashed.
//!
//! # What is modelled, and what the text leaves open
//!
//! The election. A candidate goes to the next term and asks all others; when its time is over and it has heard nothing
//! it leads, else it begins again, as often as `elections` says. Who answers besides candidates and leaders is open.
//! That a vote may be refused is not said: any answer is one. What is said of logs is left out, since it says neither
//! what a follower compares nor when an entry is committed.

use std::borrow::Cow;

use quorate::model::{Card, Claim, Deviations, Facts, History, NoDeviation, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out, params};
use serde::Serialize;

use super::elections::{Elections, Term};
use super::electorate;
use crate::stores::ticks;

params! {
    /// Who takes part, for how long, and what the text leaves open.
    pub struct Sizes {
        /// Number of servers.
        pub servers: usize = 3, in 2..=5;
        /// Number of servers that may become candidates.
        pub candidates: usize = 2, in 1..=5;
        /// How many elections each of them begins.
        pub elections: usize = 1, in 1..=3;
        /// Whether followers answer, as well as candidates and leaders.
        pub followers_answer: bool = false;
        /// The election timeout in ticks, where time is timed.
        pub timeout: usize = 3, in 1..=8;
    }
}

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// An election begins.
    VoteRequest(Term),
    /// The vote response.
    VoteResponse(Term),
}

/// The election timeout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct ElectionTimeout;

/// What a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Role {
    /// It has not stood, or will not any more.
    Follower,
    /// It has begun an election.
    Candidate {
        /// Whether anybody has answered.
        heard: bool,
    },
    /// Nobody has.
    Leader,
}

/// What a server remembers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ServerState {
    /// How many elections it has begun, and so its term.
    pub term: Term,
    /// What it is.
    pub role: Role,
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    others: Vec<Id>,
    stands: bool,
    sizes: Sizes,
}

impl Server {
    /// Line 111: a candidate sets an election timeout and begins an election.
    fn begin(&self, me: &mut ServerState, o: &mut Out<Self>) {
        if usize::from(me.term) == self.sizes.elections {
            me.role = Role::Follower;
            return;
        }
        *me = ServerState { term: me.term + 1, role: Role::Candidate { heard: false } };
        o.broadcast(&self.others, &Msg::VoteRequest(me.term));
        self.wait(o);
    }

    fn wait(&self, o: &mut Out<Self>) {
        o.set_timer(ElectionTimeout, ticks(self.sizes.timeout as u8));
    }

    /// Line 112: other candidates answer, and a leader that is alive.
    fn answer(&self, me: &ServerState, candidate: Id, term: Term, o: &mut Out<Self>) {
        match me.role {
            Role::Follower if !self.sizes.followers_answer => {}
            Role::Follower | Role::Candidate { .. } | Role::Leader => o.send(candidate, Msg::VoteResponse(term)),
        }
    }

    /// Line 112: the time is over. Who has heard nothing leads.
    fn judge(&self, me: &mut ServerState, o: &mut Out<Self>) {
        match me.role {
            Role::Candidate { heard: false } => me.role = Role::Leader,
            Role::Candidate { heard: true } | Role::Follower => self.begin(me, o),
            Role::Leader => {}
        }
    }
}

impl Actor for Server {
    type Msg = Msg;
    type Timer = ElectionTimeout;
    type State = ServerState;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> ServerState {
        if self.stands {
            self.wait(o);
        }
        ServerState { term: 0, role: Role::Follower }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, ServerState>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (msg, state.role) {
            (Msg::VoteRequest(term), _) => self.answer(state, src, term, o),
            (Msg::VoteResponse(term), Role::Candidate { .. }) if term == state.term => {
                state.to_mut().role = Role::Candidate { heard: true };
            }
            (Msg::VoteResponse(_), _) => {}
        }
    }

    fn on_timeout(
        &self,
        _: Id,
        state: &mut Cow<'_, ServerState>,
        ElectionTimeout: &ElectionTimeout,
        o: &mut Out<Self>,
    ) {
        self.judge(state.to_mut(), o);
    }
}

/// Raft as the prose tells it.
#[derive(Clone, Debug)]
pub struct RaftSilence {
    sizes: Sizes,
}

impl Protocol for RaftSilence {
    const CARD: Card = Card {
        name: "raft-silence",
        title: "Raft whose leader is whom nobody answers, as an article tells it",
        source: "article 000, section 3.3, the prose (lines 107-116)",
        modelled: "the election, with answers of candidates and leaders, or of followers too; crashes for good",
        left_out: "the log, of which it is said neither what is compared nor what is committed",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Server;
    type History = Elections;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        electorate::enough(sizes.servers, sizes.candidates, "servers")?;
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Server> {
        let server = |others, stands| Server { others, stands, sizes: self.sizes.clone() };
        Roster::new().role("server", electorate::members(self.sizes.servers, self.sizes.candidates, server))
    }

    fn history(&self) -> Elections {
        Elections::default()
    }

    fn observe(&self, step: &Step<'_, Server>, facts: &mut Facts<<Elections as History>::Fact>) {
        if let (Some(before), Some(after)) = (step.before, step.after)
            && before.role != after.role
            && after.role == Role::Leader
        {
            facts.push((after.term, step.node));
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("election-safety", "no two servers are elected in one term")
                .by_history(|_, elections: &Elections| elections.rivals()),
            Claim::no_deadlock("elects", "where nothing can happen any more, a server was elected")
                .by_history(|_, elections: &Elections| elections.vacancy()),
            Claim::sometimes("leads", "a server is elected").by_history(|_, elections: &Elections| elections.leader()),
        ]
    }
}
