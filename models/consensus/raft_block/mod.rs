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
//! - `requestVote` knows no term and, to the letter, stores no vote: who has not stood itself elects everybody. With
//!   the vote stored (`grant_stores`) a server that has voted still stands later, in the term in which it voted, and
//!   finds one that has not. In [`raft`](super::raft) a request tells its term, whoever sees a later one takes it over,
//!   and the vote is for that term: with `terms_compared` as well no two are elected in one term.
//! - The candidate's last term must *equal* the voter's. In [`raft`](super::raft) it must be no less.
//! - `appendEntries` compares with the *last* entry instead of the one before the new ones: a follower that lacks
//!   entries passes, as long as the terms agree, and the new ones land where the missing should be; one that has more
//!   than the leader refuses for ever, since nothing is deleted.
//! - `commitIndex` is the lesser of what it is and what the leader tells: it begins with 0 and stays there. In
//!   [`raft`](super::raft) it becomes the lesser of the leader's and the last new index, and a leader counts who has
//!   what.
//!
//! # What is modelled, and what the text leaves open
//!
//! All five functions. Votes of more than half elect, the own one included. `self` in `requestVote` may be the
//! candidate or the voter (`self_is`). A candidate or leader that takes entries becomes a follower. A leader sends what
//! its `nextIndex` says when a client has asked for something, and sets `nextIndex` when true is returned (lines 113 to
//! 115); that it tries again is left out, since the answer is the same while nobody else writes. It has no rule for its
//! own commit index.
//!
//! The functions are in `server`.

mod server;

use quorate::model::{
    Card, Cause, Claim, Deviations, Facts, History, NoDeviation, Node, Property, Protocol, Roster, Step,
};
use quorate::system::Evidence;
use quorate::{choice_param, params};

pub use server::{ElectionTimeout, Msg, Request, Role, Server, ServerState};

use super::elections::Elections;
use super::electorate;
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
        left_out: "Heartbeats: calls without entries change nothing. Calls tried again: they are answered alike.",
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
        let server = |others, may_stand| Server { others, may_stand, sizes: self.sizes.clone() };
        Roster::new().role("server", electorate::members(self.sizes.servers, self.sizes.candidates, server))
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
