//! Two-phase commit: one coordinator asks all participants to vote, and all carry out what it decides.
//!
//! # Source
//!
//! J. Gray, *Notes on Data Base Operating Systems* (1978), on two-phase commit [G78]; P. Bernstein, V.
//! Hadzilacos and N. Goodman, *Concurrency Control and Recovery in Database Systems* (1987), chapter 7 [BHG];
//! J. Gray and L. Lamport, *Consensus on Transaction Commit* (2006), section 3 [GL06]; the answer that a
//! coordinator gives for a transaction that it has forgotten is that of C. Mohan, B. Lindsay and R. Obermarck,
//! *Transaction Management in the R\* Distributed Database Management System* (1986) [MLO86]: presumed abort.
//!
//! # What is modelled
//!
//! One transaction, its logs, every time-out, recovery of the coordinator and of participants, repeated
//! questions and answers in a bounded number, forgetting, and on request cooperative termination ([BHG] 7.4). A
//! write to the log and the messages of the same step are atomic, which is what "force the log, then send"
//! buys. A multicast is *one send a step*, so that a crash may fall between two of its sends; the order is left
//! open. With `multicast = "at-once"` it is one step.
//!
//! # What is left out, and why that is sound
//!
//! The work of the transaction is one open choice of a participant, to vote Yes or No; with `coordinator_votes` also of the
//! coordinator. By default the work of a participant that has not voted outlives a crash, as if it was done again: that has more
//! behaviours than `lost_work`, where such a participant aborts when it comes back ([BHG] 7.4, recovery). Other transactions share
//! nothing with this one but locks, which a participant holds exactly while it is prepared. Log records are
//! never lost or torn: the protocol assumes that. Real servers ask and repeat for ever; a bounded number is
//! enough as long as it exceeds what may be lost, and checks with fewer show what fails.
//!
//! A participant prepares when it is asked, where [GL06] lets it do so before: it is then as if Prepare had reached it
//! sooner. [BHG] 7.4 tells Abort to those who voted Yes; here all are told and all acknowledge, so that one that said No
//! hears what it knows.
//!
//! | file | what |
//! |---|---|
//! | `coordinator` | the coordinator's state and rules |
//! | `participant` | a participant's state and rules |
//! | `claims` | what the observer sees, and the properties |

mod claims;
mod coordinator;
mod participant;

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Card, Deviations, Facts, Property, Protocol, Reductions, Roster, Step, Symmetry};
use quorate::{Actor, Id, Out, deviations, params, rename};
use serde::Serialize;

pub use coordinator::{Coordinator, CoordinatorState};
pub use participant::{Participant, ParticipantState};

use super::decision::{Multicast, Outcome, Vote};
use super::ledger::{Fact, Ledger};

params! {
    /// The size of the cluster, and which correct options are on.
    pub struct Sizes {
        /// Number of participants.
        pub participants: usize = 2, in 1..=7;
        /// How often a prepared participant asks for the outcome, beside once when it restarts.
        pub queries: usize = 1, in 0..=3;
        /// How often the coordinator repeats its outcome to those who have not acknowledged it, beside once
        /// when it restarts.
        pub resends: usize = 0, in 0..=3;
        /// How a message to all participants is sent.
        pub multicast: Multicast = Multicast::OneByOne;
        /// Whether the coordinator forgets the transaction once all have acknowledged, and from then on
        /// presumes abort.
        pub forgets: bool = true;
        /// Whether a prepared participant also asks its peers (cooperative termination).
        pub cooperative: bool = false;
        /// Whether a participant that comes back and finds no record of the transaction has lost its work, and aborts; else
        /// its work outlives the crash, and it may still vote.
        pub lost_work: bool = false;
        /// Whether the coordinator has work of its own, and a vote, which it gives last.
        pub coordinator_votes: bool = false;
    }
}

deviations! {
    /// What a coordinator or a participant may do wrongly.
    pub enum Deviation {
        /// A prepared participant that hears nothing commits.
        CommitOnTimeout = "commit-on-timeout" breaks "commit-validity";
        /// A prepared participant that hears nothing aborts, as if it had not voted.
        AbortAfterYes = "abort-after-yes" breaks "agreement";
        /// A participant votes Yes without a record of it.
        NoPreparedLog = "no-prepared-log" breaks "agreement";
        /// A participant votes No without a record of it, and may vote again when it comes back. Where its work is lost, so
        /// that it aborts then (`lost_work`), the record is not needed for the outcome: there the participant only
        /// acknowledges what it has not written.
        NoAbortLog = "no-abort-log" breaks "commit-validity";
        /// A participant that is told Commit acknowledges it without a record of it.
        NoCommitLog = "no-commit-log" breaks "acknowledged-logged";
        /// A participant that comes back and finds no record of the transaction votes for work that it has lost.
        VoteForLostWork = "vote-for-lost-work" breaks "work-kept";
        /// The coordinator decides by the votes of the others alone.
        NoOwnVote = "no-own-vote" breaks "commit-validity";
        /// A participant that has committed obeys a late Abort.
        AbortOverridesCommit = "abort-overrides-commit" breaks "irrevocable";
        /// A participant that has not voted obeys Commit.
        CommitWithoutPrepare = "commit-without-prepare" harmless;
        /// The coordinator sends its outcome without a record of it.
        NoDecisionLog = "no-decision-log" breaks "agreement";
        /// The coordinator commits as soon as most have voted Yes.
        MajorityVotes = "majority-votes" breaks "commit-validity";
        /// The coordinator takes a No for an answer like any other.
        IgnoreNo = "ignore-no" breaks "commit-validity";
        /// The coordinator decides at the first vote, without waiting for the others.
        DecideEarly = "decide-early" breaks "abort-validity";
        /// A coordinator that finds no outcome in its log when it restarts commits.
        PresumeCommit = "presume-commit" breaks "commit-validity";
        /// A coordinator that finds an outcome in its log when it restarts tells it only to those who ask.
        SilentRecovery = "silent-recovery" breaks "termination";
        /// The coordinator forgets the transaction at the first acknowledgement.
        AckForgets = "ack-forgets" breaks "agreement";
    }
}

/// The last record in a node's log: the only one that its recovery needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Record {
    /// Coordinator: the transaction has been started, and may be undecided.
    Start,
    /// Participant: nothing of the protocol. It tells a restart from the first start, where that matters.
    Begun,
    /// Participant: it has voted Yes, or is about to, and knows no outcome.
    Prepared,
    /// The outcome is commit.
    Commit,
    /// The outcome is abort; in a participant's log also: it voted No or gave up before it voted.
    Abort,
    /// Coordinator: the transaction is over, and its outcome forgotten.
    End,
}

impl Record {
    /// The record that makes `outcome` last.
    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Commit => Self::Commit,
            Outcome::Abort => Self::Abort,
        }
    }

    /// The outcome that the log knows.
    pub fn outcome(self) -> Option<Outcome> {
        match self {
            Self::Commit => Some(Outcome::Commit),
            Self::Abort => Some(Outcome::Abort),
            Self::Start | Self::Begun | Self::Prepared | Self::End => None,
        }
    }
}

/// What is sent. There is one transaction and the sender is on the envelope, so that no message needs a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Coordinator to participant: vote.
    Prepare,
    /// Participant to coordinator: it votes Yes.
    Yes,
    /// Participant to coordinator: it votes No.
    No,
    /// To a participant: the transaction is committed.
    Commit,
    /// To a participant: the transaction is aborted.
    Abort,
    /// From a prepared participant: what is the outcome?
    Query,
    /// Participant to coordinator: the outcome that you told is in my log.
    Ack,
}

impl Msg {
    /// The message that tells `outcome`.
    fn told(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Commit => Self::Commit,
            Outcome::Abort => Self::Abort,
        }
    }
}

/// What a node waits for, and no longer wants to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Overdue {
    /// Participant: Prepare has not come, or the work takes too long.
    Prepare,
    /// Participant: the outcome has not come.
    Outcome,
    /// Coordinator: votes are missing.
    Votes,
    /// Coordinator: acknowledgements are missing.
    Acks,
}

/// What a node leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Pick {
    /// Coordinator: whom to send to next.
    SendTo(Id),
    /// Participant, or a coordinator that votes: how the work went.
    Vote(Vote),
}

rename! {
    nobody in Record
    nobody in Msg
    nobody in Overdue
    enum Pick { SendTo(to), Vote(vote) }
    enum State { Coordinator(state), Participant(state) }
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum TwoPhaseActor {
    /// It decides.
    Coordinator(Coordinator),
    /// It votes, and carries out what is decided.
    Participant(Participant),
}

/// The volatile state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum State {
    /// Of the coordinator.
    Coordinator(CoordinatorState),
    /// Of a participant.
    Participant(ParticipantState),
}

const ROLE_KEPT: &str = "a node keeps its role";

impl Actor for TwoPhaseActor {
    type Msg = Msg;
    type Timer = Overdue;
    type State = State;
    type Storage = Record;
    type Random = Pick;

    fn on_start(&self, _: Id, log: &Option<Record>, o: &mut Out<Self>) -> State {
        match self {
            Self::Coordinator(me) => State::Coordinator(me.start(*log, o)),
            Self::Participant(me) => State::Participant(me.start(*log, o)),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut()) {
            (Self::Coordinator(me), State::Coordinator(state)) => me.on_msg(state, src, msg, o),
            (Self::Participant(me), State::Participant(state)) => me.on_msg(state, src, msg, o),
            (Self::Coordinator(_), State::Participant(_)) | (Self::Participant(_), State::Coordinator(_)) => {
                unreachable!("{ROLE_KEPT}")
            }
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Overdue, o: &mut Out<Self>) {
        match (self, state.to_mut()) {
            (Self::Coordinator(me), State::Coordinator(state)) => me.on_timeout(state, *timer, o),
            (Self::Participant(me), State::Participant(state)) => me.on_timeout(state, *timer, o),
            (Self::Coordinator(_), State::Participant(_)) | (Self::Participant(_), State::Coordinator(_)) => {
                unreachable!("{ROLE_KEPT}")
            }
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, pick: &Pick, o: &mut Out<Self>) {
        match (self, state.to_mut(), pick) {
            (Self::Coordinator(_), State::Coordinator(state), Pick::SendTo(to)) => {
                Coordinator::send_next(state, *to, o);
            }
            (Self::Coordinator(me), State::Coordinator(state), Pick::Vote(vote)) => me.vote(state, *vote, o),
            (Self::Participant(me), State::Participant(state), Pick::Vote(vote)) => me.vote(state, *vote, o),
            (Self::Coordinator(_) | Self::Participant(_), State::Coordinator(_) | State::Participant(_), _) => {
                unreachable!("{ROLE_KEPT}")
            }
        }
    }
}

/// Two-phase commit of one transaction.
#[derive(Clone, Debug)]
pub struct TwoPhase {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl TwoPhase {
    /// The coordinator's id.
    const COORDINATOR: usize = 0;

    /// The participants' ids.
    fn participants(&self) -> BTreeSet<Id> {
        (1..=self.sizes.participants).map(Id::from).collect()
    }
}

impl Protocol for TwoPhase {
    const CARD: Card = Card {
        name: "two-phase-commit",
        title: "Two-phase commit",
        source: "Gray, Notes on Data Base Operating Systems (1978); Bernstein, Hadzilacos and Goodman, \
                 Concurrency Control and Recovery in Database Systems (1987), chapter 7; Gray and Lamport, \
                 Consensus on Transaction Commit (2006), section 3; Mohan, Lindsay and Obermarck, Transaction \
                 Management in the R* Distributed Database Management System (1986)",
        modelled: "One transaction with logs, time-outs, recovery, queries, repetitions, forgetting with presumed \
                   abort, and optional cooperative termination. A multicast is one send a step.",
        left_out: "The work of the transaction (an open choice between Yes and No), other transactions (they share \
                   nothing with this one), damaged logs (the protocol assumes sound ones), endless repetition (a \
                   number that exceeds what may be lost is enough), preparing before being asked (as if asked sooner).",
    };

    const REDUCTIONS: Reductions = Reductions::SYMMETRY;

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = TwoPhaseActor;
    type History = Ledger;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<TwoPhaseActor> {
        let coordinator = TwoPhaseActor::Coordinator(Coordinator {
            participants: self.participants(),
            sizes: self.sizes.clone(),
            deviations: self.deviations,
        });
        let participants = self.participants().into_iter().map(|me| {
            TwoPhaseActor::Participant(Participant {
                coordinator: Id::from(Self::COORDINATOR),
                peers: self.participants().into_iter().filter(|peer| *peer != me).collect(),
                sizes: self.sizes.clone(),
                deviations: self.deviations,
            })
        });
        Roster::new().role("coordinator", [coordinator]).role("participant", participants)
    }

    fn history(&self) -> Ledger {
        let voters = self.participants();
        Ledger::new(
            voters.into_iter().chain(self.sizes.coordinator_votes.then_some(Id::from(Self::COORDINATOR))).collect(),
        )
    }

    fn observe(&self, step: &Step<'_, TwoPhaseActor>, facts: &mut Facts<Fact>) {
        claims::observe(Id::from(Self::COORDINATOR), step, facts);
    }

    fn symmetry(&self) -> Option<Symmetry<Self>> {
        Some(Symmetry::of_roles(&self.roster(), &["participant"]))
    }

    fn properties() -> Vec<Property<Self>> {
        claims::properties()
    }
}
