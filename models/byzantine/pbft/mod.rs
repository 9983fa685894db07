//! Practical Byzantine Fault Tolerance: replicas some of which lie execute the same requests in the same order.
//!
//! **Source.** Miguel Castro and Barbara Liskov, *Practical Byzantine Fault Tolerance* (OSDI 1999), section 4: 4.1 (the
//! client), 4.2 (normal-case operation), 4.3 (garbage collection), 4.4 (view changes), 4.5 (correctness).
//!
//! **Modelled.** Two requests, which all replicas have from the start, as clients send them to all in the end; the three
//! phases; checkpoints, and water marks that move with them; view changes with their certificates, null requests included; clients that wait for f + 1 equal answers. Messages may come late and again, or,
//! where a check says so, be lost. Views are bounded by a parameter; what happens within them is complete.
//!
//! **How replicas lie.** They act together, and tell each node what they like, different things to different ones, or
//! nothing: as primaries any pre-prepare and any new view, as backups any prepare, commit, checkpoint and view change.
//! Where nodes count, a lie is told when it completes the count, by all liars at once, and is not stored.
//!
//! **How signatures bind them.** What correct replicas sign they send to all. So a liar can present only what the node to
//! which it is presented can have received itself: the certificate in its view change needs the prepares of correct backups,
//! the view changes on which its new view rests are those of correct replicas. The node takes the lie once it *has* received
//! these; that they come by another way and perhaps later makes no difference to what can be believed. It is how the
//! later version of the protocol, without signatures, refers to view changes. Certificates that correct replicas show are
//! genuine by construction.
//!
//! **Left out.** What requests do: a request is answered with the place in which it was executed. That a request which
//! a backup does not have is fetched. A liar shows in a view change no checkpoint and at most one certificate: each
//! checkpoint that it could prove is one that f + 1 correct replicas have. MACs in place of signatures, tentative
//! execution and the read-only optimisation (5), recovery.
//!
//! **Proofs of checkpoints.** Where others may wait for their water marks to move, a replica shows them the checkpoints that
//! made its own stable: those who lie can tell theirs to one replica alone. The paper has no such message, and promises of
//! progress with a small window rest on it. Its content is believed, since correct replicas alone send it. Where all numbers
//! are between the first water marks nobody waits, and it is left out.
//!
//! **What is promised of progress.** That clients are answered, not that each correct replica executes each request: one that
//! has given up a view alone, while the others went on with the help of a liar that then fell silent, waits until
//! something else makes the others change the view too.
//!
//! | file | what |
//! |---|---|
//! | `message` | views, sequence numbers, requests, messages and lies |
//! | `replica` | a correct replica: its state, which message is which rule |
//! | `normal` | section 4.2 |
//! | `checkpoint` | section 4.3 |
//! | `view_change` | section 4.4 |
//! | `lies` | what those who lie can say |
//! | `member` | replicas and clients as one actor |
//! | `claims` | what is promised |
//! | `witnesses` | the situations that must be reached |

mod checkpoint;
mod claims;
mod lies;
mod member;
mod message;
mod normal;
mod replica;
mod view_change;
mod witnesses;

use std::collections::BTreeSet;

use quorate::Id;
use quorate::model::{Card, Deviations, NetworkKind, Property, Protocol, Roster};

pub use member::{Client, ClientState, Member, State, Timer};
pub use message::{Certificate, Lie, Msg, Proof, Request, Seq, View};
pub use replica::{Phase, Replica, ReplicaState, Slot};

quorate::params! {
    /// Who takes part, who lies, and how much happens.
    pub struct Params {
        /// Number of replicas.
        pub replicas: usize = 4, in 3..=7;
        /// How many may lie, as the quorums have it: f.
        pub tolerated: usize = 1, in 1..=2;
        /// How many do lie.
        pub liars: usize = 1, in 0..=2;
        /// The first of those; 0 is the primary of the first view.
        pub first_liar: usize = 0, in 0..=6;
        /// Whether they say nothing at all, as if they had crashed.
        pub silent: bool = false;
        /// Number of views: a replica in the last one gives it up no more.
        pub views: usize = 2, in 1..=4;
        /// Number of sequence numbers.
        pub numbers: usize = 1, in 1..=2;
        /// How many of them are between the water marks at a time: the paper's k.
        pub window: usize = 2, in 1..=2;
        /// Whether there are checkpoints, one after each request.
        pub checkpoints: bool = false;
        /// Number of clients that wait for an answer.
        pub clients: usize = 0, in 0..=2;
    }
}

quorate::deviations! {
    /// What a correct replica or a client may do wrongly.
    pub enum Deviation {
        /// One prepare less than 2f makes a certificate.
        PrepareQuorumSmall = "prepare-quorum-small" breaks "prepared-unique";
        /// One commit less than 2f + 1 is enough.
        CommitQuorumSmall = "commit-quorum-small" breaks "agreement";
        /// A replica commits what is prepared.
        ExecuteOnPrepared = "execute-on-prepared" breaks "agreement";
        /// A replica counts prepares for the number, whatever their request.
        DigestNotChecked = "digest-not-checked" breaks "prepared-unique";
        /// A backup accepts another pre-prepare for the same number.
        AcceptTwo = "accept-two" breaks "prepared-unique";
        /// A backup accepts a request that no client has signed.
        RequestNotSigned = "request-not-signed" breaks "validity";
        /// A replica executes what is committed though an earlier number is not.
        ExecuteWithGap = "execute-with-gap" breaks "same-order";
        /// A replica executes a request again that is committed again under another number.
        ExecuteAgain = "execute-again" breaks "executed-once";
        /// A replica goes on with the old view after it has sent its view change.
        NoStopOldView = "no-stop-old-view" breaks "agreement";
        /// One view change less than 2f + 1 makes a new view.
        ViewChangeQuorumSmall = "view-change-quorum-small" breaks "agreement";
        /// A new view begins without what was prepared.
        NoCertificates = "no-certificates" breaks "agreement";
        /// A view change shows no certificates.
        OmitCertificates = "omit-certificates" breaks "agreement";
        /// A certificate is believed and not checked.
        ForgedCertificate = "forged-certificate" breaks "agreement";
        /// Replicas that have executed all that they know of do not join others in a view change.
        NoJoin = "no-join" breaks "progress";
        /// A new view begins without the checkpoint that view changes show.
        IgnoreCheckpoint = "ignore-checkpoint" breaks "view-change-safe";
        /// A checkpoint is stable when f + 1 replicas have it.
        CheckpointSmall = "checkpoint-small" breaks "stable-backed";
        /// A replica discards its certificates with its own checkpoint, before that is stable.
        DiscardEarly = "discard-early" breaks "view-change-safe";
        /// A replica discards nothing.
        KeepLog = "keep-log" breaks "within-marks";
        /// A backup accepts a number above the high water mark.
        AcceptAbove = "accept-above" breaks "within-marks";
        /// A replica shows nobody that a checkpoint is stable.
        KeepProof = "keep-proof" breaks "progress";
        /// A client believes the first answer.
        AcceptOneAnswer = "accept-one-answer" breaks "answer-true";
    }
}

/// PBFT with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct Pbft {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Pbft {
    fn liars(&self) -> BTreeSet<Id> {
        (self.params.first_liar..).take(self.params.liars).map(Id::from).collect()
    }

    fn replica(&self, id: Id) -> Member {
        let (mut liars, params) = (self.liars(), self.params.clone());
        if liars.contains(&id) {
            return Member::Liar;
        }
        if params.silent {
            // Nobody need be prepared for what is never said.
            liars.clear();
        }
        let peers = Id::vec_from(0..params.replicas).into_iter().filter(|peer| *peer != id).collect();
        let lies = lies::to_replica(&params, &liars);
        Member::Correct(Replica { id, peers, liars, lies, params, deviations: self.deviations })
    }

    fn client(&self) -> Member {
        let Params { tolerated, liars, silent, .. } = self.params;
        let liars = if silent { 0 } else { liars };
        let lies = lies::to_client(liars, self.params.numbers);
        Member::Client(Client { tolerated, liars, lies, deviations: self.deviations })
    }
}

impl Protocol for Pbft {
    const CARD: Card = Card {
        name: "pbft",
        title: "Practical Byzantine Fault Tolerance",
        source: "Castro and Liskov, Practical Byzantine Fault Tolerance (OSDI 1999), section 4",
        modelled: "normal operation, checkpoints, view changes with certificates, clients; replicas that lie as far as \
                   signatures let them, together and differently to everybody",
        left_out: "what requests do, for which the place of their execution stands; how requests reach replicas; MACs; \
                   tentative execution and reads without agreement; recovery",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if params.first_liar + params.liars > params.replicas {
            return Err(format!("there are only {} replicas, too few for the liars", params.replicas));
        }
        if params.window < params.numbers && !params.checkpoints {
            return Err("without checkpoints the water marks stay where they are: `window` is too small".to_owned());
        }
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        Roster::new()
            .role("replica", Id::vec_from(0..self.params.replicas).into_iter().map(|id| self.replica(id)))
            .role("client", (0..self.params.clients).map(|_| self.client()))
    }

    /// A message may come late, more than once, or never.
    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
