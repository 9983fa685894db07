//! What the observer remembers, and what must be true beside the claims of every commit protocol.

use std::collections::BTreeSet;

use quorate::Id;
use quorate::model::{Cause, Claim, Facts, History, Node, Property, Step, World};
use quorate::system::Evidence;
use serde::Serialize;

use super::{Log, Msg, Phase, State, ThreePhase, ThreePhaseActor};
use crate::commit::claims::{self, Deciding, Judged};
use crate::commit::decision::{Outcome, Vote};
use crate::commit::ledger::{self, Excuse};

/// What the observer remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// Votes and decisions.
    pub ledger: ledger::Ledger,
    /// Whether a backup has crashed while it had something to do as such.
    pub backup_lost: bool,
}

/// What is worth remembering of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// Of votes and decisions.
    Ledger(ledger::Fact),
    /// A backup has crashed.
    BackupLost,
}

impl Ledger {
    /// Nobody has voted.
    pub fn new(participants: BTreeSet<Id>) -> Self {
        Self { ledger: ledger::Ledger::new(participants), backup_lost: false }
    }
}

impl History for Ledger {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match fact {
            Fact::Ledger(fact) => self.ledger.record(fact),
            Fact::BackupLost => self.backup_lost = true,
        }
    }
}

impl Deciding for ThreePhase {
    fn outcome(log: &Log) -> Option<Outcome> {
        log.phase.outcome()
    }
}

impl Judged for ThreePhase {
    fn ledger(history: &Ledger) -> &ledger::Ledger {
        &history.ledger
    }
}

/// Pushes the facts of a step: votes and reasons first, since what is decided in the same step may rest on
/// them.
pub(super) fn observe(step: &Step<'_, ThreePhaseActor>, facts: &mut Facts<Fact>) {
    for envelope in step.sent {
        match envelope.msg {
            Msg::Yes => facts.push(Fact::Ledger(ledger::Fact::Voted(step.node, Vote::Yes))),
            Msg::No => {
                facts.push(Fact::Ledger(ledger::Fact::Voted(step.node, Vote::No)));
                facts.push(Fact::Ledger(ledger::Fact::Excused(Excuse::No)));
            }
            Msg::CanCommit
            | Msg::PreCommit
            | Msg::Ack
            | Msg::Commit
            | Msg::Abort
            | Msg::StateReq
            | Msg::StateIs(_)
            | Msg::Down
            | Msg::Gone(_) => {}
        }
    }
    match (&step.cause, step.before) {
        (Cause::Crash, Some(State::Participant(state))) => {
            facts.push(Fact::Ledger(ledger::Fact::Excused(Excuse::Crash)));
            if state.duty.is_some() && state.phase.outcome().is_none() {
                facts.push(Fact::BackupLost);
            }
        }
        (Cause::Crash, Some(State::Coordinator(_))) => facts.push(Fact::Ledger(ledger::Fact::Excused(Excuse::Crash))),
        (Cause::Timeout(_), _) => facts.push(Fact::Ledger(ledger::Fact::Excused(Excuse::Overdue))),
        (Cause::Crash | Cause::Start | Cause::Restart | Cause::Deliver { .. } | Cause::Choose(_), _) => {}
    }
    let outcome = |log: Option<&Log>| log.and_then(|log| log.phase.outcome());
    let decided = ledger::Fact::of_log(step.node, outcome(step.stored_before), outcome(step.stored_after));
    facts.extend(decided.map(Fact::Ledger));
}

/// The claims, safety first, then what must be possible.
pub(super) fn properties() -> Vec<Property<ThreePhase>> {
    vec![
        claims::agreement(),
        claims::commit_validity(),
        claims::abort_validity("Nobody aborts unless somebody voted No, crashed, or was waited for too long"),
        claims::irrevocable(),
        committable_valid(),
        concurrency_set(),
        non_blocking(),
        all_commit(),
        abort_after_no(),
        commit_by_termination(),
        abort_by_termination(),
        backup_crashes(),
    ]
}

/// What properties read of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Reading {
    /// Whether the node is up, and has been up all the time.
    live: bool,
    /// What its log says.
    phase: Phase,
}

fn read(_: &ThreePhase, node: &Node<'_, ThreePhaseActor>) -> Reading {
    let live = matches!(node.state, Some(State::Coordinator(_) | State::Participant(_)));
    Reading { live, phase: node.storage.map_or(Phase::Working, |log| log.phase) }
}

fn find(readings: &[Reading], is: impl Fn(&Reading) -> bool) -> Option<Id> {
    readings.iter().position(is).map(Id::from)
}

/// [BHG] 7.5: to be committable is to know that all have voted Yes. It is what the termination protocol rests on: a
/// backup that finds somebody committable commits.
fn committable_valid() -> Property<ThreePhase> {
    let claim = "Nobody is committable before all participants have voted Yes";
    Claim::always("committable-valid", claim).by_world(|_: &ThreePhase, world| {
        let ledger = &world.history.ledger;
        let unwilling = ledger.silent.iter().chain(&ledger.refused).next()?;
        let is_committable =
            |node: &&Node<'_, ThreePhaseActor>| node.storage.is_some_and(|log| log.phase == Phase::Committable);
        let id = world.nodes.iter().find(is_committable)?.id;
        Some(Evidence::new(format!("{id:?} is committable, and {unwilling:?} is not willing")))
    })
}

/// [S81], on concurrency sets: what makes the protocol non-blocking. While someone is uncertain nobody may have
/// committed, or else the uncertain could not decide without them.
fn concurrency_set() -> Property<ThreePhase> {
    let claim = "Where someone has committed nobody who is up is uncertain or has not voted";
    Claim::always("concurrency-set", claim).by_nodes(read, |_, readings| {
        let committed = find(readings, |node| node.phase == Phase::Decided(Outcome::Commit))?;
        let unsure = |node: &Reading| node.live && matches!(node.phase, Phase::Working | Phase::Uncertain);
        let uncertain = find(readings, unsure)?;
        Some(Evidence::new(format!("{committed:?} has committed and {uncertain:?} does not know that all are willing")))
    })
}

/// What three-phase commit is for: nobody who is up waits for ever, whoever has crashed. It is the stronger fifth condition
/// of Ö. Babaoğlu and S. Toueg, *Understanding Non-Blocking Atomic Commitment* (1993).
fn non_blocking() -> Property<ThreePhase> {
    Claim::no_deadlock("non-blocking", "Where nothing can happen any more everyone who is up has decided").by_nodes(
        read,
        |_, readings| {
            let id = find(readings, |node| node.live && node.phase.outcome().is_none())?;
            Some(Evidence::new(format!("{id:?} has not decided, and nothing can happen any more")))
        },
    )
}

fn all_commit() -> Property<ThreePhase> {
    Claim::sometimes("all-commit", "All commit").by_nodes(read, |_, readings| {
        let all = readings.iter().all(|node| node.phase == Phase::Decided(Outcome::Commit));
        all.then(|| Evidence::new("all have committed"))
    })
}

fn readings(protocol: &ThreePhase, world: &World<'_, ThreePhase>) -> Vec<Reading> {
    world.nodes.iter().map(|node| read(protocol, node)).collect()
}

/// Whether all participants that are up, and there is one, have decided so.
fn living_participants(readings: &[Reading], decided: impl Fn(Option<Outcome>) -> bool) -> bool {
    let mut living = readings[ThreePhase::COORDINATOR + 1..].iter().filter(|node| node.live).peekable();
    living.peek().is_some() && living.all(|node| decided(node.phase.outcome()))
}

fn abort_after_no() -> Property<ThreePhase> {
    Claim::sometimes("abort-after-no", "A No makes all abort").by_world(|_: &ThreePhase, world| {
        let no = world.history.ledger.excuse == Some(Excuse::No);
        let all = world.nodes.iter().all(|node| ThreePhase::logged(node) == Some(Outcome::Abort));
        (no && all).then(|| Evidence::new("all have aborted, since one voted No"))
    })
}

/// Whether the coordinator has left no outcome and all participants that are up have this one.
fn terminated(readings: &[Reading], outcome: Outcome) -> bool {
    let coordinator = readings[ThreePhase::COORDINATOR];
    !coordinator.live
        && coordinator.phase.outcome().is_none()
        && living_participants(readings, |decided| decided == Some(outcome))
}

fn commit_by_termination() -> Property<ThreePhase> {
    let claim = "All participants that are up commit, though the coordinator crashed before it decided";
    Claim::sometimes("commit-by-termination", claim).by_nodes(read, |_, readings| {
        let sentence = "all participants that are up have committed without the coordinator";
        terminated(readings, Outcome::Commit).then(|| Evidence::new(sentence))
    })
}

fn abort_by_termination() -> Property<ThreePhase> {
    let claim =
        "All participants voted Yes, and all that are up abort, since the coordinator crashed before it decided";
    Claim::sometimes("abort-by-termination", claim).by_world(|protocol: &ThreePhase, world| {
        let votes = &world.history.ledger;
        let all_willing = votes.silent.is_empty() && votes.refused.is_empty();
        let reached = all_willing && terminated(&readings(protocol, world), Outcome::Abort);
        reached.then(|| Evidence::new("all participants were willing, and all that are up have aborted"))
    })
}

fn backup_crashes() -> Property<ThreePhase> {
    let claim = "All participants that are up decide, though a backup crashed before it decided";
    Claim::sometimes("backup-crashes", claim).by_world(|protocol: &ThreePhase, world| {
        let all = living_participants(&readings(protocol, world), |decided| decided.is_some());
        let sentence = "all participants that are up have decided after a backup had crashed";
        (world.history.backup_lost && all).then(|| Evidence::new(sentence))
    })
}
