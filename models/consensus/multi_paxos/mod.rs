//! Multi-Paxos: an instance of Paxos for each place of a log, with one leader that does phase 1 for all of them at once.
//!
//! **Source.** Leslie Lamport, *Paxos Made Simple* (2001), section 3; what happens to requests from Robbert van Renesse and
//! Deniz Altinbuken, *Paxos Made Moderately Complex* (2015).
//!
//! **Modelled.** Replicas that are proposers, acceptors and learners; phase 1 for all slots; a new leader that carries over
//! what is reported and fills holes with no-ops; several slots open at once; execution in order; requests that only read
//! and go through the log like all others; stable storage. With a duplicating network (the default) a message
//! stands for itself and all its repetitions.
//!
//! **Left out.** A leader stays until a higher ballot reaches it; what makes another think that there is none is a timer that
//! may fire at any moment. Changes of the membership through the log. A limit to the slots open at once (alpha) matters
//! only to those. Reports of all slots rather than of those from some slot on make phase 1 longer and no different. A follower
//! that lacks what was chosen waits: its leader asks for votes in all slots. Rounds are bounded by a parameter.
//!
//! | file | what |
//! |---|---|
//! | `message` | ballots, slots, commands, the messages |
//! | `replica` | a replica's state, its disk, which message is which rule |
//! | `voting` | phases 1 and 2 |
//! | `execution` | executing what is chosen |
//! | `start` | states to start from |
//! | `member` | replicas and clients as one actor |
//! | `ghost` | what the observer remembers |
//! | `claims` | the claims |

mod claims;
mod execution;
mod ghost;
mod member;
mod message;
mod replica;
mod start;
mod voting;

use quorate::model::{
    Card, Deviations, Facts, NetworkKind, Node, Property, Protocol, Reductions, Roster, Step, Symmetry,
};
use quorate::system::Linearization;
use quorate::{Envelope, Id};

use super::tally::{Operation, Tally};
pub use ghost::{Fact, Ghost};
pub use member::{Client, Lead, Member, State, Stored};
pub use message::{Ballot, Command, Msg, Request, Slot, Vote, Votes};
pub use replica::{Durable, Replica, ReplicaState, Role};
pub use start::Start;

quorate::params! {
    /// Who takes part, and how much happens.
    pub struct Params {
        /// Number of replicas.
        pub replicas: usize = 3, in 1..=5;
        /// How many replicas, from the first on, may come to lead; 0 stands for all.
        pub candidates: usize = 2, in 0..=5;
        /// The last round in which a replica begins a ballot; each has one in each round.
        pub rounds: usize = 1, in 1..=4;
        /// Number of clients that write.
        pub clients: usize = 1, in 0..=3;
        /// Number of clients that read.
        pub readers: usize = 0, in 0..=2;
        /// Number of requests of each client, one after the other.
        pub operations: usize = 1, in 1..=3;
        /// From where it starts.
        pub start: Start = Start::Empty;
    }
}

impl Params {
    /// Whether a replica may come to lead.
    fn may_lead(&self, replica: Id) -> bool {
        self.candidates == 0 || usize::from(replica) < self.candidates
    }
}

quorate::deviations! {
    /// What a replica may do wrongly.
    pub enum Deviation {
        /// Quorums are one replica too small.
        Minority = "minority" breaks "agreement";
        /// The leader takes the first slots for its own requests, whatever votes are reported.
        IgnoreReports = "ignore-reports" breaks "agreement";
        /// The leader fills all slots up to the last that is reported with no-ops.
        NoOpOverVote = "no-op-over-vote" breaks "agreement";
        /// The leader does not fill the slots for which nothing is reported.
        LeaveHoles = "leave-holes" breaks "progress";
        /// A replica reports no votes of slots that it has executed.
        ReportOpenOnly = "report-open-only" breaks "agreement";
        /// A replica that promises reports the empty record of the next slot as a vote.
        BlankReport = "blank-report" breaks "validity";
        /// A replica votes in any ballot.
        AcceptNoCheck = "accept-no-check" breaks "agreement";
        /// A replica does not save what it promised.
        ForgetPromise = "forget-promise" breaks "agreement";
        /// A replica does not save what it voted for.
        ForgetVotes = "forget-votes" breaks "agreement";
        /// A replica that hears how much is chosen executes what it voted for, in whatever ballot.
        CommitIndexBlind = "commit-index-blind" breaks "executed-chosen";
        /// The leader answers reads from what it has executed, without a slot.
        LocalRead = "local-read" breaks "linearizable";
        /// A request that is chosen for two slots takes effect in both.
        NoClientTable = "no-client-table" breaks "executed-once";
    }
}

/// Multi-Paxos with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct MultiPaxos {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl MultiPaxos {
    fn replica_ids(&self) -> Vec<Id> {
        Id::vec_from(0..self.params.replicas)
    }

    fn replica(&self, id: Id) -> Replica {
        let peers = self.replica_ids().into_iter().filter(|peer| *peer != id).collect();
        Replica { id, peers, params: self.params.clone(), deviations: self.deviations }
    }

    fn client(&self, reads: bool) -> Member {
        Member::Client(Client { replicas: self.replica_ids(), operations: self.params.operations, reads })
    }

    /// What a client asks; of a replica, what it says is not looked at.
    fn operation(&self, node: Id) -> Operation {
        let reads = usize::from(node) >= self.params.replicas + self.params.clients;
        if reads { Operation::Read } else { Operation::Append }
    }
}

impl Protocol for MultiPaxos {
    const CARD: Card = Card {
        name: "multi-paxos",
        title: "Multi-Paxos",
        source: "Lamport, Paxos Made Simple (2001), section 3; van Renesse and Altinbuken, Paxos Made Moderately Complex \
                 (2015)",
        modelled: "a log with one leader at a time, phase 1 for all slots at once, no-ops in holes, execution in order, \
                   reads through the log, stable storage",
        left_out: "changes of the membership; the choice of the leader, which a timer makes at any moment; reports of a part \
                   of the slots, which save bytes",
    };

    const REDUCTIONS: Reductions = Reductions::SYMMETRY.and(Reductions::STALE_MESSAGES);

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Ghost;

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if params.candidates > params.replicas {
            return Err(format!("{} candidates are more than the {} replicas", params.candidates, params.replicas));
        }
        if params.clients + params.readers == 0 {
            return Err("without clients nothing is proposed".to_owned());
        }
        if params.start == Start::Hole && (params.replicas != 3 || params.clients < 2) {
            return Err("the hole is drawn for 3 replicas and two clients that write".to_owned());
        }
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        Roster::new()
            .role("replica", self.replica_ids().into_iter().map(|id| Member::Replica(self.replica(id))))
            .role("client", (0..self.params.clients).map(|_| self.client(false)))
            .role("reader", (0..self.params.readers).map(|_| self.client(true)))
    }

    /// A message may come late, more than once, or never.
    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) -> Ghost {
        self.params.start.ghost(self.params.replicas)
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
        let replica = self.replica(step.node);
        let effects = |executed: &[Command]| replica.effects(executed).collect::<Vec<_>>().into_iter();
        ghost::observe(self.operation(step.node), effects, step, facts);
    }

    /// Replicas that never lead have no ballots, which would be compared. Clients are told apart only by whose request
    /// is whose.
    fn symmetry(&self) -> Option<Symmetry<Self>> {
        if self.params.start != Start::Empty {
            return None;
        }
        let voters = self.replica_ids().into_iter().filter(|id| !self.params.may_lead(*id)).collect();
        let clients = |from: usize, count: usize| Id::vec_from(from..from + count);
        let first = self.params.replicas;
        let readers = clients(first + self.params.clients, self.params.readers);
        Some(Symmetry::of_groups([voters, clients(first, self.params.clients), readers]))
    }

    /// What asks a replica for less than it has promised, or for that promise once more; what answers a ballot that its
    /// leader has left behind, or that it needs no more; a request to who will never lead; a second answer to a client. What
    /// was promised and what was answered outlives a crash, and who has lost a ballot in one does not take it up again.
    fn is_stale(&self, node: &Node<'_, Member>, message: &Envelope<Msg>) -> bool {
        let promised = match (node.state, node.storage) {
            (Some(State::Replica(me)), _) => me.durable.promised,
            (None, Some(Stored::Replica(durable))) => durable.promised,
            _ => None,
        };
        let open = match (node.state, node.storage) {
            (Some(State::Client { request }), _) | (None, Some(Stored::Client { request })) => *request,
            _ => 0,
        };
        let role = match node.state {
            Some(State::Replica(me)) => &me.role,
            _ => &Role::Follower,
        };
        match &message.msg {
            Msg::Prepare(ballot) => Some(*ballot) <= promised,
            Msg::Promise { ballot, .. } => {
                let waits = matches!(role, Role::Preparing { .. });
                Some(*ballot) < promised || Some(*ballot) == promised && !waits
            }
            Msg::Accepted(slot, ballot) => {
                let counts = match role {
                    Role::Follower => false,
                    Role::Preparing { .. } => true,
                    Role::Leading { voters, .. } => voters.get(slot).is_none_or(|known| !known.contains(&message.src)),
                };
                Some(*ballot) < promised || Some(*ballot) == promised && !counts
            }
            Msg::Accept(_, vote) => Some(vote.ballot) < promised,
            Msg::Reply { number, .. } => *number < open,
            Msg::Request { .. } => {
                let will_lead = self.replica(node.id).may_begin(promised);
                matches!(role, Role::Follower) && !will_lead
            }
            Msg::Commit(..) => false,
        }
    }

    fn linearization(ghost: &Ghost) -> Option<Linearization> {
        Some(ghost.calls.linearization(Tally::default()))
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
