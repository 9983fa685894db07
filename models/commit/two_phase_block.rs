//! Two-phase commit as an algorithm block has it: a set of participants that once were prepared, and never stop
//! to be.
//!
//! # As published
//!
//! Article 000, section 3.1 (lines 41 to 65), in full:
//!
//! ```text
//! input: T, the set of all participants
//! global variable: V, the set of all prepared participants
//! function prepare(p):
//!     if p ∈ V then return true
//!     else execute local transaction and return result
//! function commit():
//!     if ∀ p ∈ T: p.prepare() = true then
//!         for each p ∈ T do p.commit()
//!         V := T
//!     else rollback
//! ```
//!
//! # What is wrong
//!
//! `V` belongs to no transaction and is never emptied. After the first commit all of `T` are in it, and in each
//! later transaction `prepare` says true for them without asking: they commit what they have not executed, and
//! would have refused. In [`two_phase`](super::two_phase) a vote is a message of one transaction, counted for
//! it alone (the rule `count` of the coordinator). And when the caller of `commit` stops between two
//! participants, nobody tells the second: there are no records to restart from and no question that a
//! participant could ask (the rules `take_up` of the coordinator and `ask` of a participant). The text before
//! the block (lines 43 to 47) has no rollback at all: with `rollback = "nobody"` one refusal leaves the others
//! prepared for ever.
//!
//! # What is modelled, and what the text leaves open
//!
//! One caller of `commit`, for one transaction after another; `p.prepare()` and `p.commit()` are a request and
//! a reply. `V` is read and written only by what `commit` calls, one call at a time: the caller keeps it, and a
//! `prepare` that it answers is no message. `∀` asks all in order, also after a refusal. Of whom "rollback" is
//! said is open: of all. There is no time-out, no recovery and nothing about lost messages, so that only the
//! caller may crash, for good. That no two participants end one transaction differently is not claimed: one
//! caller that takes one branch cannot break it.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Card, Cause, Claim, Deviations, Facts, History, NoDeviation, Property, Protocol, Roster, Step};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, choice_param, params};
use serde::Serialize;

choice_param! {
    /// Who is rolled back when somebody refuses.
    pub enum Rollback {
        /// All participants.
        All = "all",
        /// Nobody, as in the text before the block.
        Nobody = "nobody",
    }
}

params! {
    /// How many participants and transactions there are.
    pub struct Sizes {
        /// Number of participants.
        pub participants: usize = 2, in 1..=4;
        /// How often `commit` is called.
        pub transactions: usize = 2, in 1..=3;
        /// Who is rolled back when somebody refuses.
        pub rollback: Rollback = Rollback::All;
    }
}

/// Calls and their returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// `p.prepare()`.
    Prepare,
    /// `p.prepare()` returns.
    Prepared(bool),
    /// `p.commit()`.
    Commit,
    /// A participant rolls back.
    Rollback,
    /// `p.commit()` or the rollback returns.
    Done,
}

/// Who calls `commit`.
#[derive(Clone, Debug)]
pub struct Coordinator {
    /// `T`, in the order of `for each`.
    pub participants: Vec<Id>,
    /// Whom it rolls back.
    pub rollback: Rollback,
    /// How often it calls `commit`.
    pub transactions: usize,
}

/// Where the coordinator stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct CoordinatorState {
    /// How many more transactions it will start.
    pub transactions_left: usize,
    /// `V`. Invariant as published: it only grows.
    pub prepared: BTreeSet<Id>,
    /// The line on which it waits for a call to return.
    pub line: Line,
}

/// A line of `commit`; `at` is the place in `T` of the participant that was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Line {
    /// `if ∀ p ∈ T: p.prepare() = true`.
    Asking {
        /// Who was called.
        at: usize,
        /// Whether all so far have answered true.
        all_true: bool,
    },
    /// `for each p ∈ T do p.commit()`.
    Committing {
        /// Who was called.
        at: usize,
    },
    /// `rollback`.
    RollingBack {
        /// Who was called.
        at: usize,
    },
    /// The last transaction is over.
    Finished,
}

/// What the local transaction came to, if one is in hand; `None` when none is, or it was committed or rolled
/// back.
pub type LocalTransaction = Option<bool>;

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum BlockActor {
    /// It runs `commit`.
    Coordinator(Coordinator),
    /// It runs `prepare`, and is told the rest.
    Participant {
        /// Who calls it.
        caller: Id,
    },
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum State {
    /// Of the coordinator.
    Coordinator(CoordinatorState),
    /// Of a participant.
    Participant(LocalTransaction),
}

impl Coordinator {
    fn start(&self, o: &mut Out<BlockActor>) -> CoordinatorState {
        let mut state =
            CoordinatorState { transactions_left: self.transactions, prepared: BTreeSet::new(), line: Line::Finished };
        self.commit(&mut state, o);
        state
    }

    fn on_msg(&self, state: &mut CoordinatorState, msg: Msg, o: &mut Out<BlockActor>) {
        match (state.line, msg) {
            (Line::Asking { at, all_true }, Msg::Prepared(result)) => self.ask(state, at + 1, all_true && result, o),
            (Line::Committing { at }, Msg::Done) => self.commit_each(state, at + 1, o),
            (Line::RollingBack { at }, Msg::Done) => self.roll_back(state, at + 1, o),
            (Line::Asking { .. } | Line::Committing { .. } | Line::RollingBack { .. } | Line::Finished, _) => {}
        }
    }

    /// `function commit()`, once for each transaction.
    fn commit(&self, state: &mut CoordinatorState, o: &mut Out<BlockActor>) {
        state.line = Line::Finished;
        if state.transactions_left > 0 {
            state.transactions_left -= 1;
            self.ask(state, 0, true, o);
        }
    }

    /// `if ∀ p ∈ T: p.prepare() = true`, from `at` on, and within `prepare` the line `if p ∈ V then return
    /// true`.
    fn ask(&self, state: &mut CoordinatorState, at: usize, all_true: bool, o: &mut Out<BlockActor>) {
        let asked = (at..self.participants.len()).find(|at| !state.prepared.contains(&self.participants[*at]));
        match asked {
            Some(at) => {
                o.send(self.participants[at], Msg::Prepare);
                state.line = Line::Asking { at, all_true };
            }
            None if all_true => self.commit_each(state, 0, o),
            None => self.roll_back(state, 0, o),
        }
    }

    /// `for each p ∈ T do p.commit()`, from `at` on, then `V := T`.
    fn commit_each(&self, state: &mut CoordinatorState, at: usize, o: &mut Out<BlockActor>) {
        if let Some(p) = self.participants.get(at) {
            o.send(*p, Msg::Commit);
            state.line = Line::Committing { at };
        } else {
            state.prepared = self.participants.iter().copied().collect();
            self.commit(state, o);
        }
    }

    /// `else rollback`, from `at` on.
    fn roll_back(&self, state: &mut CoordinatorState, at: usize, o: &mut Out<BlockActor>) {
        let told = match self.rollback {
            Rollback::All => self.participants.get(at),
            Rollback::Nobody => None,
        };
        if let Some(p) = told {
            o.send(*p, Msg::Rollback);
            state.line = Line::RollingBack { at };
        } else {
            self.commit(state, o);
        }
    }
}

/// `prepare`: `execute local transaction`; how it goes is open. Told to commit or roll back, the participant
/// does.
fn participant_on_msg(state: &mut LocalTransaction, src: Id, msg: Msg, o: &mut Out<BlockActor>) {
    match msg {
        Msg::Prepare => o.choose_random("local transaction", vec![true, false]),
        Msg::Commit | Msg::Rollback => {
            *state = None;
            o.send(src, Msg::Done);
        }
        Msg::Prepared(_) | Msg::Done => {}
    }
}

impl Actor for BlockActor {
    type Msg = Msg;
    type Timer = ();
    type State = State;
    type Storage = ();
    /// What the local transaction came to.
    type Random = bool;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Coordinator(me) => State::Coordinator(me.start(o)),
            Self::Participant { .. } => State::Participant(None),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut()) {
            (Self::Coordinator(me), State::Coordinator(state)) => me.on_msg(state, msg, o),
            (Self::Participant { .. }, State::Participant(state)) => participant_on_msg(state, src, msg, o),
            (Self::Coordinator(_), State::Participant(_)) | (Self::Participant { .. }, State::Coordinator(_)) => {
                unreachable!("a node keeps its role")
            }
        }
    }

    /// `... and return result`.
    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, result: &bool, o: &mut Out<Self>) {
        if let Self::Participant { caller } = self {
            *state.to_mut() = State::Participant(Some(*result));
            o.send(*caller, Msg::Prepared(*result));
        }
    }
}

/// What the observer remembers: the first participant that committed what it had not executed with success.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// Who, and what its local transaction had come to.
    pub committed_unexecuted: Option<(Id, LocalTransaction)>,
}

impl History for Ledger {
    type Fact = (Id, LocalTransaction);

    fn record(&mut self, fact: &Self::Fact) {
        self.committed_unexecuted.get_or_insert(*fact);
    }
}

/// The algorithm block.
#[derive(Clone, Debug)]
pub struct TwoPhaseBlock {
    sizes: Sizes,
}

impl Protocol for TwoPhaseBlock {
    const CARD: Card = Card {
        name: "two-phase-block",
        title: "Two-phase commit, as published: algorithm block",
        source: "article 000, section 3.1, lines 41 to 65",
        modelled: "One caller of commit(), one transaction after another, calls as request and reply; the set V of \
                   prepared participants is never emptied, as published.",
        left_out: "What the text does not have: time-outs, recovery, lost messages.",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = BlockActor;
    type History = Ledger;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<BlockActor> {
        let coordinator = Coordinator {
            participants: (1..=self.sizes.participants).map(Id::from).collect(),
            rollback: self.sizes.rollback,
            transactions: self.sizes.transactions,
        };
        Roster::new()
            .role("coordinator", [BlockActor::Coordinator(coordinator)])
            .role("participant", vec![BlockActor::Participant { caller: Id::from(0) }; self.sizes.participants])
    }

    fn history(&self) -> Ledger {
        Ledger::default()
    }

    fn observe(&self, step: &Step<'_, BlockActor>, facts: &mut Facts<(Id, LocalTransaction)>) {
        if let (Cause::Deliver { msg: Msg::Commit, .. }, Some(State::Participant(local))) = (&step.cause, step.before)
            && *local != Some(true)
        {
            facts.push((step.node, *local));
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![commit_validity(), termination(), commits(), rolls_back()]
    }
}

fn commit_validity() -> Property<TwoPhaseBlock> {
    Claim::always("commit-validity", "A participant commits only what it has executed with success").by_history(
        |_: &TwoPhaseBlock, ledger: &Ledger| {
            let (node, local) = ledger.committed_unexecuted?;
            let why = if local.is_none() { "had not executed anything" } else { "had failed" };
            Some(Evidence::new(format!("{node:?} committed, and its local transaction {why}")))
        },
    )
}

fn termination() -> Property<TwoPhaseBlock> {
    let claim = "Where nothing can happen any more no participant holds a transaction that is neither committed nor \
                 rolled back";
    Claim::no_deadlock("termination", claim).by_nodes(
        |_: &TwoPhaseBlock, node| matches!(node.state, Some(State::Participant(Some(true)))),
        |_, waits| {
            let id = Id::from(waits.iter().position(|waits| *waits)?);
            Some(Evidence::new(format!("{id:?} has executed its part, and nobody will tell it to commit or roll back")))
        },
    )
}

fn coordinator_witness(
    name: &str,
    about: &str,
    sentence: &'static str,
    is_there: impl Fn(&CoordinatorState) -> bool + Send + Sync + 'static,
) -> Property<TwoPhaseBlock> {
    Claim::sometimes(name, about).by_nodes(
        move |_: &TwoPhaseBlock, node| matches!(node.state, Some(State::Coordinator(state)) if is_there(state)),
        move |_, there| there.contains(&true).then(|| Evidence::new(sentence)),
    )
}

fn commits() -> Property<TwoPhaseBlock> {
    coordinator_witness("commits", "A transaction is committed by all", "all have committed, V is T", |state| {
        !state.prepared.is_empty()
    })
}

fn rolls_back() -> Property<TwoPhaseBlock> {
    coordinator_witness("rolls-back", "A transaction is rolled back", "the coordinator rolls back", |state| {
        matches!(state.line, Line::RollingBack { .. })
    })
}
