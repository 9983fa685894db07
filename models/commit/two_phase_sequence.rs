//! Two-phase commit as the prose of an article tells it: a coordinator that finds a later one cancels in the midst of
//! its commits.
//!
//! # As published
//!
//! Article 003, lines 58 to 65, in short. *Prepare*: the coordinator asks the participants whether they can execute the
//! transaction, and waits until all agree; a participant executes it and answers how it went. *Commit*: when the
//! coordinator has all answers it asks all participants to commit; a participant commits and answers that it has. *In
//! the commit phase, if the number that the coordinator was given in the first phase is less than that of any
//! participant, it cancels the transaction and frees what it holds.*
//!
//! # What is wrong
//!
//! The last rule takes a decision back. The coordinator has sent some commits when the answer of one tells it of a
//! later number: that one has committed, those that were not asked yet are cancelled. Nobody crashes and nothing is
//! lost. In [`two_phase`](super::two_phase) the outcome is written once, when the votes are counted, and nothing is
//! decided after that (the rule `count` of the coordinator). Where the rule is applied once, to what the answers of the
//! first phase tell (`rule = "before-commit"`), it does no harm. Besides, "until all agree" has no way out: after one
//! refusal the coordinator waits for ever, and so do all that have executed; and so they do when it crashes.
//!
//! # What is modelled, and what the text leaves open
//!
//! Each coordinator has one transaction, and its place among them for a number. A participant's number is the greatest
//! it has been asked with, and it tells it with each answer; when the coordinator compares is a parameter. Whom it
//! sends to next is open. A cancelled participant undoes what it has executed; one that has committed cannot.
//! Participants execute several transactions at a time, since nothing is said of locks.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use quorate::model::{Card, Claim, Deviations, NetworkKind, NoDeviation, Node, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, choice_param, params};
use serde::Serialize;

choice_param! {
    /// When a coordinator compares its number with those of the participants.
    pub enum Rule {
        /// Whenever an answer comes, also to a commit.
        Always = "always",
        /// Once, when all have agreed.
        BeforeCommit = "before-commit",
    }
}

params! {
    /// Who takes part, and what the text leaves open.
    pub struct Sizes {
        /// Number of participants.
        pub participants: usize = 2, in 1..=4;
        /// Number of coordinators.
        pub coordinators: usize = 2, in 1..=3;
        /// When they compare numbers.
        pub rule: Rule = Rule::Always;
        /// Whether a participant may fail to execute.
        pub may_fail: bool = false;
    }
}

/// A coordinator's number, and so its transaction's.
pub type Number = u8;

/// What travels; each is about the transaction of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Can you execute the transaction?
    Prepare(Number),
    /// How it went, and the participant's own number.
    Executed(Number, bool, Number),
    /// Commit.
    Commit(Number),
    /// Done, and the participant's own number.
    Committed(Number, Number),
    /// Undo it.
    Cancel(Number),
}

/// What is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Pick {
    /// Whom a coordinator sends to next.
    SendTo(Id),
    /// How the execution of a transaction goes.
    Execute(Number, bool),
}

/// What a coordinator is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// The first phase.
    Prepare,
    /// The second.
    Commit,
    /// It cancels.
    Cancel,
}

/// Where a coordinator stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct CoordinatorState {
    /// What it is at.
    pub phase: Phase,
    /// Whom it has not sent that.
    pub unsent: BTreeSet<Id>,
    /// Who has not agreed.
    pub unanswered: BTreeSet<Id>,
    /// The greatest number that it was told of.
    pub told: Number,
}

/// What a participant has made of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Stage {
    /// It is asked, and has not tried.
    Asked,
    /// It could not execute it.
    Failed,
    /// It has executed it, and holds what that takes.
    Executed,
    /// It has committed it.
    Committed,
    /// It has undone it.
    Cancelled,
}

/// Where a participant stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ParticipantState {
    /// Its number.
    pub number: Number,
    /// The transactions that it knows of.
    pub transactions: BTreeMap<Number, Stage>,
}

/// A coordinator.
#[derive(Clone, Debug)]
pub struct Coordinator {
    number: Number,
    participants: BTreeSet<Id>,
    rule: Rule,
}

type Output = Out<SequenceActor>;

impl Coordinator {
    fn begin(&self, phase: Phase, told: Number, o: &mut Output) -> CoordinatorState {
        let all = || self.participants.clone();
        let state = CoordinatorState { phase, unsent: all(), unanswered: all(), told };
        Self::offer(&state, o);
        state
    }

    fn offer(state: &CoordinatorState, o: &mut Output) {
        o.choose_random("next", state.unsent.iter().copied().map(Pick::SendTo).collect());
    }

    fn send(&self, state: &mut CoordinatorState, to: Id, o: &mut Output) {
        state.unsent.remove(&to);
        o.send(
            to,
            match state.phase {
                Phase::Prepare => Msg::Prepare(self.number),
                Phase::Commit => Msg::Commit(self.number),
                Phase::Cancel => Msg::Cancel(self.number),
            },
        );
        Self::offer(state, o);
    }

    fn on_msg(&self, state: &mut CoordinatorState, src: Id, msg: Msg, o: &mut Output) {
        match (state.phase, msg) {
            (Phase::Prepare, Msg::Executed(_, true, number)) => self.count(state, src, number, o),
            (Phase::Commit, Msg::Committed(_, number)) if self.rule == Rule::Always && self.is_late(number) => {
                *state = self.begin(Phase::Cancel, number, o);
            }
            // Of a refusal nothing is said.
            (Phase::Prepare | Phase::Commit | Phase::Cancel, _) => {}
        }
    }

    /// Line 61: it waits until all agree. Line 65: a number that is less than that of any participant cancels.
    fn count(&self, state: &mut CoordinatorState, src: Id, number: Number, o: &mut Output) {
        state.unanswered.remove(&src);
        state.told = state.told.max(number);
        if state.unanswered.is_empty() {
            let phase = if self.is_late(state.told) { Phase::Cancel } else { Phase::Commit };
            *state = self.begin(phase, state.told, o);
        }
    }

    fn is_late(&self, number: Number) -> bool {
        self.number < number
    }
}

/// What a participant does.
fn participant_on_msg(me: &mut ParticipantState, may_fail: bool, src: Id, msg: Msg, o: &mut Output) {
    match msg {
        Msg::Prepare(of) => {
            me.number = me.number.max(of);
            me.transactions.insert(of, Stage::Asked);
            if may_fail {
                let ways = vec![Pick::Execute(of, true), Pick::Execute(of, false)];
                o.choose_random(format!("execute {of}"), ways);
            } else {
                execute(me, of, true, o);
            }
        }
        Msg::Commit(of) => {
            me.transactions.insert(of, Stage::Committed);
            o.send(src, Msg::Committed(of, me.number));
        }
        Msg::Cancel(of) if me.transactions.get(&of) == Some(&Stage::Executed) => {
            me.transactions.insert(of, Stage::Cancelled);
        }
        Msg::Cancel(_) | Msg::Executed(..) | Msg::Committed(..) => {}
    }
}

/// Line 61: it executes the transaction, and answers how it went. The coordinator of number n is node n - 1.
fn execute(me: &mut ParticipantState, of: Number, well: bool, o: &mut Output) {
    me.transactions.insert(of, if well { Stage::Executed } else { Stage::Failed });
    o.send(Id::from(usize::from(of) - 1), Msg::Executed(of, well, me.number));
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum SequenceActor {
    /// It asks.
    Coordinator(Coordinator),
    /// It executes.
    Participant {
        /// Whether it may fail to.
        may_fail: bool,
    },
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum State {
    /// Of a coordinator.
    Coordinator(CoordinatorState),
    /// Of a participant.
    Participant(ParticipantState),
}

impl Actor for SequenceActor {
    type Msg = Msg;
    type Timer = ();
    type State = State;
    type Storage = ();
    type Random = Pick;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Coordinator(me) => State::Coordinator(me.begin(Phase::Prepare, 0, o)),
            Self::Participant { .. } => State::Participant(ParticipantState::default()),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut()) {
            (Self::Coordinator(me), State::Coordinator(state)) => me.on_msg(state, src, msg, o),
            (Self::Participant { may_fail }, State::Participant(me)) => participant_on_msg(me, *may_fail, src, msg, o),
            (Self::Coordinator(_), State::Participant(_)) | (Self::Participant { .. }, State::Coordinator(_)) => {
                unreachable!("a node keeps its role")
            }
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, pick: &Pick, o: &mut Out<Self>) {
        match (self, state.to_mut(), *pick) {
            (Self::Coordinator(me), State::Coordinator(state), Pick::SendTo(to)) => me.send(state, to, o),
            (Self::Participant { .. }, State::Participant(me), Pick::Execute(of, well)) => execute(me, of, well, o),
            (Self::Coordinator(_) | Self::Participant { .. }, ..) => unreachable!("a node keeps its role"),
        }
    }
}

/// Two-phase commit with the rule of the numbers.
#[derive(Clone, Debug)]
pub struct TwoPhaseSequence {
    sizes: Sizes,
}

impl Protocol for TwoPhaseSequence {
    const CARD: Card = Card {
        name: "two-phase-sequence",
        title: "Two-phase commit with numbers, as published",
        source: "article 003, lines 58 to 65",
        modelled: "Both phases and the rule that cancels; several coordinators; a multicast is one send a step; \
                   crashes of coordinators, for good.",
        left_out: "What the text does not have: time-outs, recovery, lost messages, locks.",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = SequenceActor;
    type History = ();

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn network(&self) -> NetworkKind {
        NetworkKind::Fifo
    }

    fn roster(&self) -> Roster<SequenceActor> {
        let Sizes { participants, coordinators, rule, may_fail } = self.sizes.clone();
        let ids: BTreeSet<Id> = (0..participants).map(|n| Id::from(coordinators + n)).collect();
        let coordinator = |n: usize| {
            SequenceActor::Coordinator(Coordinator { number: n as Number + 1, participants: ids.clone(), rule })
        };
        Roster::new()
            .role("coordinator", (0..coordinators).map(coordinator))
            .role("participant", vec![SequenceActor::Participant { may_fail }; participants])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            agreement(),
            termination(),
            all_end("commits", "all participants commit a transaction", Stage::Committed),
            all_end("cancels", "all participants cancel a transaction", Stage::Cancelled),
        ]
    }
}

/// The transactions of a participant; `None` for a coordinator.
type Reading = Option<BTreeMap<Number, Stage>>;

fn read(_: &TwoPhaseSequence, node: &Node<'_, SequenceActor>) -> Reading {
    match node.state {
        Some(State::Participant(me)) => Some(me.transactions.clone()),
        Some(State::Coordinator(_)) | None => None,
    }
}

/// A participant that stands there with a transaction.
fn with(readings: &[Reading], of: Number, stage: Stage) -> Option<Id> {
    let stands = |reading: &Reading| reading.as_ref().and_then(|all| all.get(&of)) == Some(&stage);
    readings.iter().position(stands).map(Id::from)
}

fn agreement() -> Property<TwoPhaseSequence> {
    let claim = "no participant commits a transaction that another cancels";
    Claim::always("agreement", claim).by_nodes(read, |commit: &TwoPhaseSequence, readings| {
        (1..=commit.sizes.coordinators as Number).find_map(|of| {
            let (committed, cancelled) = (with(readings, of, Stage::Committed)?, with(readings, of, Stage::Cancelled)?);
            Some(Evidence::new(format!("{committed:?} has committed transaction {of}, {cancelled:?} has cancelled it")))
        })
    })
}

fn termination() -> Property<TwoPhaseSequence> {
    let claim = "where nothing can happen any more nobody holds a transaction that is neither committed nor cancelled";
    Claim::no_deadlock("termination", claim).by_nodes(read, |commit: &TwoPhaseSequence, readings| {
        (1..=commit.sizes.coordinators as Number).find_map(|of| {
            let holder = with(readings, of, Stage::Executed)?;
            Some(Evidence::new(format!("{holder:?} has executed transaction {of}, and nobody will tell it to end")))
        })
    })
}

fn all_end(name: &str, about: &str, stage: Stage) -> Property<TwoPhaseSequence> {
    Claim::sometimes(name, about).by_nodes(read, move |commit: &TwoPhaseSequence, readings| {
        let ends = |reading: &BTreeMap<Number, Stage>, of| reading.get(&of) == Some(&stage);
        let mut numbers = 1..=commit.sizes.coordinators as Number;
        let of = numbers.find(|of| readings.iter().flatten().all(|reading| ends(reading, *of)))?;
        Some(Evidence::new(format!("all participants have transaction {of} {stage:?}")))
    })
}
