//! Viewstamped Replication Revisited: a primary orders the requests of clients, and a new one takes over with the log
//! of a view's majority.
//!
//! **Source.** Barbara Liskov and James Cowling, *Viewstamped Replication Revisited* (MIT-CSAIL-TR-2012-021), sections
//! 4.1 (normal operation), 4.2 (view changes), 4.3 (recovery), 5.2 (state transfer).
//!
//! **Modelled.** Clients with one request open each, some of which only read, in the order of the log like all others;
//! the primary, the backups, commitment; view changes; recovery of
//! a replica that has lost everything; state transfer. With a duplicating network (the default) a message stands for itself
//! and all its repetitions, any of which may come late or never.
//!
//! **Left out.** Checkpoints and the collection of the log (5.1), which make recovery cheap; reconfiguration (7); what
//! requests do: a request is answered with how many were executed up to its own that do not only read, so that one lost
//! or executed twice shows. Reads that the primary answers alone under leases, or a backup from its state (6.3), are
//! other protocols: they rest on clocks, or promise less. Operations that are not deterministic (4.4), whose outcome
//! the primary would choose before it orders them: requests do nothing here that could differ. View-change messages
//! that carry a part of the log (5.3) and batches (6.2), which save messages; witnesses (6.1), which save replicas'
//! states. Recovery of a client (4.5), which has lost its request-number and goes on from a later one: here it is on
//! disk, and a client that comes back repeats its request. A request goes to all replicas at once, as it does when a
//! client repeats it; the number of the view in replies, by which it would find the primary, saves messages only. Views
//! are bounded by a parameter; what happens within them is complete.
//!
//! **Departures.** The paper counts the new primary's own among the f + 1 DoViewChange messages; here any f + 1 will
//! do, which has more behaviours.
//!
//! **Symmetry.** Clients are interchangeable. Replicas are not: the primary of a view is the one whose number the view says.
//! **Stale messages.** With `durable_view` what was said in an earlier view is nothing to a replica for ever; without, a
//! replica that recovers may go through that view again.
//!
//! **What the paper leaves open.** A replica that is normal in a view ignores the StartViewChange of that view. Of
//! answers to a recovering replica the latest of each other replica counts. State transfer is told in `transfer`, with
//! why it departs from the text.
//!
//! **What the paper has wrong.** Two replicas that crash and recover during a view change can lose a committed request:
//! the first forgets that it began the change, so that the second, which also forgets, hears of it from nobody when it
//! recovers; its vote is still on its way. See Michael, Ports, Sharma, Szekeres, *Recovering Shared Objects Without Stable
//! Storage* (DISC 2017). With `durable_view` each replica writes the number of its view to disk before it acts in
//! it, and takes up the view change again in which it was.
//!
//! | file | what |
//! |---|---|
//! | `message` | views, the log, the messages |
//! | `replica` | a replica's state, which message is which rule |
//! | `normal` | section 4.1 |
//! | `view_change` | section 4.2 |
//! | `recovery` | section 4.3 |
//! | `transfer` | section 5.2 |
//! | `member` | replicas and clients as one actor |
//! | `ghost` | what the observer remembers |
//! | `claims` | the claims |

mod claims;
mod ghost;
mod member;
mod message;
mod normal;
mod recovery;
mod replica;
mod transfer;
mod view_change;

use quorate::Id;
use quorate::model::{
    Card, Deviations, Facts, NetworkKind, Node, Property, Protocol, Reductions, Roster, Step, Symmetry,
};
use quorate::stateright::actor::Envelope;
use quorate::system::Linearization;

use super::tally::{Operation, Tally};
pub use ghost::{Fact, Ghost};
pub use member::{Client, Member, State, Stored, Timer};
pub use message::{Entry, Log, Msg, Record, Response, View, Vote};
pub use replica::{Replica, ReplicaState, Status};

quorate::params! {
    /// Who takes part, and how much happens.
    pub struct Params {
        /// Number of replicas, 2f + 1.
        pub replicas: usize = 3, in 3..=7;
        /// Number of clients that write.
        pub clients: usize = 1, in 1..=3;
        /// Number of clients that read.
        pub readers: usize = 0, in 0..=2;
        /// Number of requests of each client, one after the other.
        pub operations: usize = 1, in 1..=3;
        /// Number of views: a replica in the last one gives it up no more.
        pub views: usize = 2, in 1..=6;
        /// How many replicas, from the last on, begin view changes by themselves; 0 stands for all. The others join.
        pub watchers: usize = 0, in 0..=7;
        /// Whether a replica that hears of a later view, or lacks a request, asks for what it lacks; else it waits.
        pub state_transfer: bool = false;
        /// Whether a replica writes the number of its view to disk before it acts in it. The paper has nothing on disk.
        pub durable_view: bool = false;
    }
}

quorate::deviations! {
    /// What a replica may do wrongly.
    pub enum Deviation {
        /// The primary commits with one acknowledgement less than it needs.
        CommitEarly = "commit-early" breaks "committed-kept";
        /// The primary answers before the request is committed.
        ReplyEarly = "reply-early" breaks "linearizable";
        /// The primary answers reads from what it has executed, without the backups.
        LocalRead = "local-read" breaks "linearizable";
        /// The primary takes a request that it has already.
        NoClientTable = "no-client-table" breaks "executed-once";
        /// A backup appends a request though it lacks an earlier one.
        PrepareWithGap = "prepare-with-gap" breaks "agreement";
        /// The new primary begins with one vote less than it needs.
        DoViewChangeF = "do-view-change-f" breaks "committed-kept";
        /// The new primary keeps its own log.
        OwnLog = "own-log" breaks "committed-kept";
        /// The new primary takes a log of the latest view, not the longest of those.
        ViewOnly = "view-only" breaks "committed-kept";
        /// The new primary takes the longest log, of whatever view.
        LongestLog = "longest-log" breaks "committed-kept";
        /// A replica says what it has before others have begun the view change.
        NoStartViewChangeWait = "no-start-view-change-wait" breaks "committed-kept";
        /// A replica obeys the StartView of an earlier view.
        OldStartView = "old-start-view" breaks "view-monotone";
        /// A backup does not acknowledge what the log of the new view has and is not committed.
        NoAckAfterStartView = "no-ack-after-start-view" breaks "progress";
        /// A replica that recovers takes part before it has recovered.
        RecoveringParticipates = "recovering-participates" breaks "committed-kept";
        /// A replica that recovers waits for one answer less than it needs.
        RecoveryF = "recovery-f" breaks "committed-kept";
        /// A replica that recovers takes the log of any primary that answers, though another answer names a later view.
        RecoveryAnyView = "recovery-any-view" breaks "committed-kept";
        /// A replica that has recovered does not acknowledge what it took over and is not committed.
        NoAckAfterRecovery = "no-ack-after-recovery" breaks "progress";
        /// A replica uses the same nonce each time that it recovers.
        NoNonce = "no-nonce" breaks "committed-kept";
        /// A replica that hears of a later view cuts its log back to what is committed and counts as normal in that
        /// view before it has its log.
        StateTransferLiteral = "state-transfer-literal" breaks "committed-kept";
    }
}

/// Viewstamped Replication with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct Viewstamped {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Viewstamped {
    fn replica_ids(&self) -> Vec<Id> {
        Id::vec_from(0..self.params.replicas)
    }

    fn replica(&self, id: Id) -> Member {
        let peers = self.replica_ids().into_iter().filter(|peer| *peer != id).collect();
        Member::Replica(Replica { id, peers, params: self.params.clone(), deviations: self.deviations })
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

impl Protocol for Viewstamped {
    const CARD: Card = Card {
        name: "viewstamped-replication",
        title: "Viewstamped Replication Revisited",
        source: "Liskov and Cowling, Viewstamped Replication Revisited (2012), sections 4 and 5.2",
        modelled: "clients, reads in the order of the log, normal operation, view changes, recovery of replicas without a \
                   disk, state transfer",
        left_out: "checkpoints and collection of the log, which save time and space; reconfiguration; what requests do, \
                   for which their places stand; reads under leases or of backups; operations that are not \
                   deterministic; recovery of clients that have lost their numbers; witnesses, batches and shorter messages",
    };

    const REDUCTIONS: Reductions = Reductions::SYMMETRY.and(Reductions::STALE_MESSAGES);

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Ghost;

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if params.replicas.is_multiple_of(2) {
            return Err(format!("{} replicas are not 2f + 1 for any f", params.replicas));
        }
        if params.watchers > params.replicas {
            return Err(format!("{} watchers are more than the {} replicas", params.watchers, params.replicas));
        }
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        Roster::new()
            .role("replica", self.replica_ids().into_iter().map(|id| self.replica(id)))
            .role("client", (0..self.params.clients).map(|_| self.client(false)))
            .role("reader", (0..self.params.readers).map(|_| self.client(true)))
    }

    /// A message may come late, more than once, or never.
    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) -> Ghost {
        Ghost::default()
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
        ghost::observe(self.params.replicas, self.operation(step.node), step, facts);
    }

    fn linearization(ghost: &Ghost) -> Option<Linearization> {
        Some(ghost.calls.linearization(Tally::default()))
    }

    /// Clients are told apart only by whose request is whose.
    fn symmetry(&self) -> Option<Symmetry<Self>> {
        let asking = |from: usize, count: usize| Id::vec_from(from..from + count);
        let first = self.params.replicas;
        let readers = asking(first + self.params.clients, self.params.readers);
        Some(Symmetry::of_groups([asking(first, self.params.clients), readers]))
    }

    /// A second answer to a client, an answer to an earlier question of a replica that recovers, and, see the module page,
    /// what was said in an earlier view.
    fn is_stale(&self, node: &Node<'_, Member>, message: &Envelope<Msg>) -> bool {
        let (incarnation, view) = match (node.state, node.storage) {
            (Some(State::Client { request: open }), _) | (None, Some(Stored::Client { request: open })) => {
                return matches!(message.msg, Msg::Reply { request, .. } if request < *open);
            }
            (Some(State::Replica(me)), _) => (me.incarnation, me.view_on_disk()),
            (None, Some(Stored::Replica { incarnation, view })) => (*incarnation, *view),
            (None, None) => return false,
        };
        match message.msg {
            Msg::RecoveryResponse { nonce, .. } => nonce < incarnation,
            Msg::Prepare { view: of, .. }
            | Msg::PrepareOk { view: of, .. }
            | Msg::Commit { view: of, .. }
            | Msg::StartViewChange { view: of }
            | Msg::DoViewChange { view: of, .. }
            | Msg::StartView { view: of, .. }
            | Msg::GetState { view: of, .. }
            | Msg::NewState { view: of, .. } => self.params.durable_view && of < view,
            Msg::Request { .. } | Msg::Reply { .. } | Msg::Recovery { .. } => false,
        }
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
