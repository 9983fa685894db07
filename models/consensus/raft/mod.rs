//! Raft: servers elect a leader, which has them append entries to one log in its order.
//!
//! **Source.** Diego Ongaro and John Ousterhout, *In Search of an Understandable Consensus Algorithm* (ATC 2014),
//! section 5 and figures 2, 3 and 8; its extended version, sections 6 to 8; Ongaro's thesis (2014), chapter 4 and
//! sections 6.4 and 9.6, with his correction of chapter 4 (raft-dev, 10 July 2015).
//!
//! **Modelled.** Elections, the log, commitment, what is on stable storage, crashes and restarts, one by one as
//! figure 2 has them. A leader sends whenever it has something new for a follower. With a duplicating network
//! (the default) a message then stands for itself and all its repetitions, any of which may come late or never.
//!
//! Where a parameter says so, the configuration changes, by one server at a time or through a joint configuration; an
//! administrator may want anything at any time. And servers discard what they have committed, each when it likes.
//!
//! With `clients` each leader serves one client in its term, which asks one thing after the other, and what those are
//! answered is judged as a whole: a list to which they append and whose length they read.
//!
//! **Left out.** Sessions of clients (8): an entry or a read is taken by a timer of the leader, an entry names no
//! command, and the state machine is the list of what is committed. A client whose leader is gone has no answer, and
//! asks no other: what a second attempt would need is a table of requests, which is a part of the state machine. The
//! blank entry with which a leader begins its term (8), so that it knows what is committed: a client's entry does for
//! that here, and a leader that takes none takes no read. Reads of followers (6.4), which ask the leader first, and
//! reads under leases (6.4.1), which rest on clocks. A leader that steps down when it hears of no majority (6.2): here
//! it leads on, and may do more. The transfer of leadership (3.10): without pre-votes anybody may stand at any moment
//! as it is. A vote that is refused is not answered: who is behind learns that also from the request that began the
//! later term, which goes to all. The first configuration is no entry: every log would begin with the same. A server
//! that is added takes part at once, without catching up first (thesis, 4.2.1), and one that is removed may disturb the
//! others by standing (4.2.3): both are about how long things take. It comes back with what it had; one that has lost
//! that is another server. Terms and entries are bounded by parameters; what happens within them is complete.
//!
//! | file | what |
//! |---|---|
//! | `log` | terms, entries, the log and the places in it |
//! | `message` | the messages |
//! | `server` | a server's state, stable storage, which event is which rule |
//! | `election` | sections 5.2 and 5.4.1, pre-votes |
//! | `replication` | sections 5.3 and 5.4.2 |
//! | `reading` | the read index (thesis, 6.4) |
//! | `config` | sets of servers, configurations |
//! | `membership` | section 6; thesis, chapter 4 |
//! | `snapshot` | section 7 |
//! | `start` | states to start from |
//! | `ghost` | what the observer remembers |
//! | `claims` | the claims |

mod claims;
mod config;
mod election;
mod ghost;
mod log;
mod membership;
mod message;
mod reading;
mod replication;
mod server;
mod snapshot;
mod start;

use std::collections::BTreeMap;

use quorate::model::{
    Card, Deviations, Facts, NetworkKind, Node, Property, Protocol, Reductions, Roster, Step, Symmetry,
};
use quorate::system::Linearization;
use quorate::{Envelope, Id};

use super::tally::Tally;

pub use config::{Config, Members};
pub use ghost::{Breach, Fact, Ghost};
pub use log::{Entry, Log, Position, Term};
pub use membership::{Direction, Membership};
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
        /// Whether what a leader takes in its term is from one client, which waits for its answer before it asks the next,
        /// and what is answered is noted for `linearizable`; else clients may want anything at any time.
        pub clients: bool = false;
        /// Number of entries that one message carries at most.
        pub batch: usize = 1, in 1..=4;
        /// Whether a leader also sends a heartbeat to a follower for which it has entries.
        pub heartbeats: bool = false;
        /// Whether who has no answer asks again: needed where a message may be lost; without end where the network is
        /// not duplicating.
        pub resends: bool = false;
        /// Whether a server asks who would vote for it before it stands.
        pub pre_vote: bool = false;
        /// Whether servers discard what they have committed and taken a snapshot of.
        pub compaction: bool = false;
        /// From where it starts.
        pub start: Start = Start::Empty;
        /// How many servers, from the first on, take part at first; 0 stands for all.
        pub members: usize = 0, in 0..=7;
        /// How the configuration changes.
        pub membership: Membership = Membership::Fixed;
        /// Number of changes that each leader begins in its term.
        pub changes: usize = 1, in 0..=3;
        /// To which configurations leaders change.
        pub direction: Direction = Direction::Any;
    }
}

impl Params {
    /// The configuration before any that is in a log.
    fn first(&self) -> Config {
        Config::Simple(Members::first(if self.members == 0 { self.servers } else { self.members }))
    }

    /// Whether `server` has an election timer.
    fn stands(&self, server: Id) -> bool {
        self.candidates == 0 || usize::from(server) < self.candidates
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
        /// A follower does not confirm that it follows.
        NoConfirm = "no-confirm" breaks "reads-answered";
        /// A leader that steps down removes what it has not committed.
        LeaderRollback = "leader-rollback" breaks "leader-completeness";
        /// A leader changes the configuration before it has committed an entry of its term, as the thesis has it.
        ChangeBeforeCommit = "change-before-commit" breaks "leader-completeness";
        /// A leader begins a change before the one before is committed.
        TwoChanges = "two-changes" breaks "leader-completeness";
        /// A configuration counts only when the server knows that it is committed.
        ConfigWhenCommitted = "config-when-committed" breaks "leader-completeness";
        /// Of a joint configuration a majority of the old members decides.
        JointOldOnly = "joint-old-only" breaks "leader-completeness";
        /// Of a joint configuration a majority of the new members decides.
        JointNewOnly = "joint-new-only" breaks "leader-completeness";
        /// A leader goes to any other configuration at once, without a joint one.
        DirectChange = "direct-change" breaks "leader-completeness";
        /// A leader goes on from a joint configuration before that is committed.
        LeaveJointEarly = "leave-joint-early" breaks "leader-completeness";
        /// A leader that is not in the configuration counts itself.
        RemovedCountsItself = "removed-counts-itself" breaks "leader-completeness";
        /// A leader leads on when a configuration without it is committed.
        RemovedLeads = "removed-leads" breaks "steps-down";
        /// It takes a snapshot of its whole log, committed or not.
        SnapshotUncommitted = "snapshot-uncommitted" breaks "leader-completeness";
        /// A snapshot does not say which configuration there was.
        SnapshotForgetsConfig = "snapshot-forgets-config" breaks "leader-completeness";
        /// It replaces its log by a snapshot even if it has all that is in it, and more.
        InstallDiscards = "install-discards" breaks "commit-monotone";
        /// It takes over a snapshot and keeps what is after it in its log, though that follows other entries.
        InstallKeepsConflict = "install-keeps-conflict" breaks "terms-in-order";
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
        let (params, deviations, first) = (self.params.clone(), self.deviations, self.params.first());
        let initial = params.start.state(id, &params);
        Server { id, peers, params, deviations, first, initial }
    }
}

impl Protocol for Raft {
    const CARD: Card = Card {
        name: "raft",
        title: "Raft",
        source: "Ongaro and Ousterhout, In Search of an Understandable Consensus Algorithm (ATC 2014; extended \
                 version), sections 5 to 8; Ongaro's thesis (2014), chapter 4, 6.4 and 9.6",
        modelled: "leader election, log replication, commitment, stable storage, pre-votes, reads by read index, clients \
                   of one leader each, changes of the membership, one server at a time or by joint consensus, snapshots",
        left_out: "sessions of clients, a protocol on top; the blank entry that begins a term, so that a leader without a \
                   request takes no read; reads of followers and under leases; stepping down where no majority is \
                   heard, and transfer of leadership, since anybody may stand at any moment; chunks of a snapshot, which \
                   is one message; refusals of votes, from which nobody learns more than from the request that began \
                   the term; catching up before a server is added and guarding against those removed, without which a change takes longer; \
                   commands, since who took an entry and when says which it is, as long as a leader takes one at \
                   each index",
    };

    const REDUCTIONS: Reductions = Reductions::SYMMETRY.and(Reductions::STALE_MESSAGES);

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Server;
    type History = Ghost;

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if params.candidates > params.servers {
            return Err(format!("{} candidates are more than the {} servers", params.candidates, params.servers));
        }
        if params.members > params.servers {
            return Err(format!("{} members are more than the {} servers", params.members, params.servers));
        }
        let servers = params.start.drawn_for().unwrap_or(params.servers);
        let is_drawn = params.start.drawn_for().is_some();
        if is_drawn && (params.servers != servers || ![0, servers].contains(&params.members)) {
            return Err(format!("this start is drawn for {servers} servers that all take part"));
        }
        if params.clients && !matches!(params.start, Start::Empty | Start::Leader) {
            return Err("a start with entries does not say what its clients were answered".to_owned());
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
        ghost::observe(&self.params, step, facts);
    }

    fn linearization(ghost: &Ghost) -> Option<Linearization> {
        ghost.calls.calls().next().map(|_| ghost.calls.linearization(Tally::default()))
    }

    /// No server is before another. They differ only by who stands and who takes part at first, and by the start.
    fn symmetry(&self) -> Option<Symmetry<Self>> {
        let is_first_leader = |ix: usize| match self.params.start {
            Start::Empty => Some(false),
            Start::Leader => Some(ix == 0),
            Start::Figure8 | Start::Overwritten | Start::Removed | Start::Begun => None,
        };
        let mut kinds: BTreeMap<(bool, bool, bool), Vec<Id>> = BTreeMap::new();
        for ix in 0..self.params.servers {
            let server = Id::from(ix);
            let kind = (is_first_leader(ix)?, self.params.stands(server), self.params.first().contains(server));
            kinds.entry(kind).or_default().push(server);
        }
        Some(Symmetry::of_groups(kinds.into_values()))
    }

    /// What was said in a term that is over for who hears it: the term outlives a crash. To an answer it does not react, and
    /// to a request only by saying so, which is an answer: those stay.
    fn is_stale(&self, node: &Node<'_, Server>, message: &Envelope<Msg>) -> bool {
        let term = node.state.map(|state| state.durable.term).or_else(|| node.storage.map(|saved| saved.term));
        let over = |of: Term| term.is_some_and(|term| of < term);
        match message.msg {
            Msg::Vote { term } | Msg::Appended { term, .. } | Msg::Confirmed { term } | Msg::NotAppended { term } => {
                over(term)
            }
            Msg::RequestVote { term, .. } => over(term),
            Msg::PreVote { .. }
            | Msg::RequestPreVote { .. }
            | Msg::Behind { .. }
            | Msg::Append { .. }
            | Msg::InstallSnapshot { .. }
            | Msg::Confirm { .. } => false,
        }
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
