//! Raft: servers elect a leader, which has them append entries to one log in its order.
//!
//! **Source.** Diego Ongaro and John Ousterhout, *In Search of an Understandable Consensus Algorithm* (ATC 2014),
//! section 5 and figures 2, 3 and 8; reads and pre-votes from Ongaro's thesis (2014), sections 6.4 and 9.6.
//!
//! **Modelled.** Elections, the log, commitment, what is on stable storage, crashes and restarts, one by one as
//! figure 2 has them. A leader sends whenever it has something new for a follower. With a duplicating network
//! (the default) a message then stands for itself and all its repetitions, any of which may come late or never.
//!
//! **Left out.** Changes of the membership (section 6), compaction (7) and clients (8): an entry or a read is taken by
//! a timer of the leader, an entry names no command, and the state machine is the list of what is committed. A vote that is
//! refused is not answered: who is behind learns that also from the request that began the later term, which goes
//! to all. Terms and entries are bounded by parameters; what happens within them is complete.
//!
//! | file | what |
//! |---|---|
//! | `log` | terms, entries, the log and the places in it |
//! | `message` | the messages |
//! | `server` | a server's state, stable storage, which event is which rule |
//! | `election` | sections 5.2 and 5.4.1, pre-votes |
//! | `replication` | sections 5.3 and 5.4.2 |
//! | `reading` | the read index (thesis, 6.4) |
//! | `start` | states to start from |
//! | `ghost` | what the observer remembers |
//! | `claims` | the claims |

mod claims;
mod election;
mod ghost;
mod log;
mod message;
mod reading;
mod replication;
mod server;
mod start;

use quorate::Id;
use quorate::model::{Card, Deviations, Facts, NetworkKind, Property, Protocol, Roster, Step};

pub use ghost::{Breach, Fact, Ghost};
pub use log::{Entry, Log, Position, Term};
pub use message::Msg;
pub use server::{Durable, Read, Role, Server, ServerState, Timer};
pub use start::Start;

quorate::params! {
    /// Who takes part, and how much happens.
    pub struct Params {
        /// Number of servers.
        pub servers: usize = 3, in 1..=7;
        /// The last term: a server that has reached it stands no more.
        pub terms: usize = 2, in 1..=8;
        /// How many servers, from the first on, have an election timer; 0 stands for all. The others only vote.
        pub candidates: usize = 0, in 0..=7;
        /// Number of entries that each leader takes from clients in its term.
        pub requests: usize = 1, in 0..=4;
        /// Whether each leader takes one read from a client in its term.
        pub reads: bool = false;
        /// Number of entries that one message carries at most.
        pub batch: usize = 1, in 1..=4;
        /// Whether a leader also sends a heartbeat to a follower for which it has entries.
        pub heartbeats: bool = false;
        /// Whether who has no answer asks again: needed where a message may be lost; without end where the network is
        /// not duplicating.
        pub resends: bool = false;
        /// Whether a server asks who would vote for it before it stands.
        pub pre_vote: bool = false;
        /// From where it starts.
        pub start: Start = Start::Empty;
    }
}

quorate::deviations! {
    /// What a server may do wrongly.
    pub enum Deviation {
        /// Half of the servers are a majority.
        Minority = "minority" breaks "election-safety";
        /// It votes though it has voted for another in this term.
        VoteMany = "vote-many" breaks "votes-once";
        /// It does not save its vote.
        VoteNotPersisted = "vote-not-persisted" breaks "election-safety";
        /// It does not save its term.
        TermNotPersisted = "term-not-persisted" breaks "election-safety";
        /// It does not save its log.
        LogNotPersisted = "log-not-persisted" breaks "leader-completeness";
        /// It forgets its vote when the leader of its term makes it append.
        AppendResetsVote = "append-resets-vote" breaks "election-safety";
        /// A candidate forgets its vote when it learns of the leader of its term, and may vote for another. That is too
        /// late to elect one: whoever voted for the leader was no candidate, and forgets nothing.
        StepDownForgetsVote = "step-down-forgets-vote" breaks "votes-once";
        /// It votes in terms that are over, and says in which term it is now: the vote does not count.
        VoteNoTermCheck = "vote-no-term-check" harmless;
        /// It says that its vote is for the term in which it was asked: that is the one in which it votes.
        ReplyWithTermAsked = "reply-with-term-asked" harmless;
        /// A candidate counts votes of its earlier terms.
        StaleVoteCounted = "stale-vote-counted" breaks "election-safety";
        /// A candidate counts messages, not the servers that vote: a duplicate counts twice.
        CountVoteMessages = "count-vote-messages" breaks "election-safety";
        /// It votes for any log.
        NoLogCheck = "no-log-check" breaks "leader-completeness";
        /// It votes for any log that is as long as its own.
        LogCheckLengthOnly = "log-check-length-only" breaks "leader-completeness";
        /// It votes for any log that ends in as late a term as its own.
        LogCheckTermOnly = "log-check-term-only" breaks "leader-completeness";
        /// It votes for a log that is as long and ends in as late a term as its own: of two logs neither may do.
        LogCheckBoth = "log-check-both" breaks "elects";
        /// It would vote against a leader that it hears of.
        PreVoteIgnoresLeader = "pre-vote-ignores-leader" breaks "undisturbed";
        /// It does not tell those who would stand for a term that is over that they are behind.
        PreVoteSilentToLate = "pre-vote-silent-to-late" breaks "elects";
        /// It appends what a leader of an earlier term sends.
        AppendNoTermCheck = "append-no-term-check" breaks "leader-append-only";
        /// It appends wherever its log ends.
        NoPrevCheck = "no-prev-check" breaks "log-matching";
        /// It keeps an entry that conflicts with the leader's.
        KeepConflict = "keep-conflict" breaks "state-machine-safety";
        /// It removes what follows the place of the new entries, even if they are there already.
        TruncateAlways = "truncate-always" breaks "leader-completeness";
        /// It says that all of its log is the leader's.
        AckLogLength = "ack-log-length" breaks "leader-completeness";
        /// It commits as far as its log goes, though the end of it may not be the leader's.
        CommitCapLogLength = "commit-cap-log-length" breaks "state-machine-safety";
        /// It takes over the leader's commit index even if its own is greater.
        CommitFollowsBack = "commit-follows-back" breaks "commit-monotone";
        /// The leader commits an entry of an earlier term once a majority has it.
        CommitPreviousTerm = "commit-previous-term" breaks "leader-completeness";
        /// The leader commits what one follower has. That is a majority of three; of five it is not.
        CommitMax = "commit-max" breaks "leader-completeness";
        /// The leader commits what all followers have.
        CommitMin = "commit-min" breaks "progress";
        /// The leader counts acknowledgements of its earlier terms, though its log may have been replaced in between.
        StaleAckCounted = "stale-ack-counted" breaks "leader-completeness";
        /// The leader answers a read without asking whether it still leads.
        ReadLocally = "read-locally" breaks "reads-current";
        /// The leader takes reads before it has committed an entry of its term.
        ReadBeforeCommit = "read-before-commit" breaks "reads-current";
        /// A leader that steps down removes what it has not committed.
        LeaderRollback = "leader-rollback" breaks "leader-completeness";
    }
}

/// Raft with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct Raft {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Raft {
    fn server(&self, id: Id) -> Server {
        let peers = Id::vec_from((0..self.params.servers).filter(|ix| Id::from(*ix) != id));
        let follower = self.params.start.state(id, Role::Follower, &self.params);
        let mut server =
            Server { id, peers, params: self.params.clone(), deviations: self.deviations, initial: follower };
        server.initial = self.params.start.state(id, server.leader(0), &self.params);
        server
    }
}

impl Protocol for Raft {
    const CARD: Card = Card {
        name: "raft",
        title: "Raft",
        source: "Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm (ATC 2014), section 5; \
                 Ongaro's thesis (2014), 6.4 and 9.6",
        modelled: "leader election, log replication, commitment, stable storage, pre-votes, reads by read index",
        left_out: "changes of the membership, compaction, sessions of clients, which are protocols on top; refusals of \
                   votes, from which nobody learns more than from the request that began the term",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Server;
    type History = Ghost;

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if params.candidates > params.servers {
            return Err(format!("{} candidates are more than the {} servers", params.candidates, params.servers));
        }
        let is_drawn = matches!(params.start, Start::Figure8 | Start::Overwritten);
        if is_drawn && params.servers != 3 {
            return Err(format!("this start is drawn for 3 servers, not for {}", params.servers));
        }
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Server> {
        Roster::new().role("server", (0..self.params.servers).map(|ix| self.server(Id::from(ix))))
    }

    /// A message may come late, more than once, or never (section 5.1: servers repeat what is not answered).
    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) -> Ghost {
        self.params.start.ghost()
    }

    fn observe(&self, step: &Step<'_, Server>, facts: &mut Facts<Fact>) {
        ghost::observe(step, self.params.pre_vote, facts);
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
