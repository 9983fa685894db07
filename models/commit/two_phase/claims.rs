//! What must be true beside the claims of every commit protocol, and what the observer sees.
//!
//! The numbers of claims are those of [BHG] 7.3.

use quorate::Id;
use quorate::model::{Cause, Claim, Facts, Node, Property, Step, World};
use quorate::system::Evidence;

use super::{Fact, Ledger, Msg, Overdue, ParticipantState, Pick, Record, State, TwoPhase, TwoPhaseActor};
use crate::commit::claims::{self, Deciding, Judged};
use crate::commit::decision::{Outcome, Vote};
use crate::commit::ledger::{Excuse, Offence};

impl Deciding for TwoPhase {
    fn outcome(log: &Record) -> Option<Outcome> {
        log.outcome()
    }
}

impl Judged for TwoPhase {
    fn ledger(history: &Ledger) -> &Ledger {
        history
    }
}

/// Pushes the facts of a step: votes and reasons first, since what is decided in the same step may rest on
/// them.
pub(super) fn observe(coordinator: Id, step: &Step<'_, TwoPhaseActor>, facts: &mut Facts<Fact>) {
    for envelope in step.sent {
        match envelope.msg {
            Msg::Yes => facts.push(Fact::Voted(step.node, Vote::Yes)),
            Msg::No => {
                facts.push(Fact::Voted(step.node, Vote::No));
                facts.push(Fact::Excused(Excuse::No));
            }
            Msg::Commit if step.node == coordinator && step.stored_after != Some(&Record::Commit) => {
                facts.push(Fact::ToldUnrecorded(envelope.dst));
            }
            Msg::Ack if decided(step.after) != logged(step.stored_after) => {
                facts.push(Fact::AckedUnrecorded(step.node));
            }
            Msg::Query if envelope.dst != coordinator => facts.push(Fact::Excused(Excuse::Overdue)),
            Msg::Prepare | Msg::Commit | Msg::Abort | Msg::Query | Msg::Ack => {}
        }
    }
    match step.cause {
        Cause::Timeout(Overdue::Prepare | Overdue::Votes) => facts.push(Fact::Excused(Excuse::Overdue)),
        Cause::Restart if step.stored_before == Some(&Record::Begun) => {
            facts.push(Fact::Lost(step.node));
            facts.push(Fact::Excused(Excuse::LostWork));
        }
        Cause::Choose(Pick::Vote(vote)) if step.node == coordinator => {
            facts.push(Fact::Voted(coordinator, *vote));
            facts.extend((*vote == Vote::No).then_some(Fact::Excused(Excuse::No)));
        }
        Cause::Restart if step.node == coordinator => facts.push(Fact::Excused(Excuse::Restart)),
        Cause::Timeout(Overdue::Outcome | Overdue::Acks)
        | Cause::Start
        | Cause::Restart
        | Cause::Deliver { .. }
        | Cause::Choose(_)
        | Cause::Crash => {}
    }
    facts.extend(Fact::of_log(step.node, logged(step.stored_before), logged(step.stored_after)));
}

fn logged(log: Option<&Record>) -> Option<Outcome> {
    log.and_then(|record| record.outcome())
}

/// On which outcome a participant acts.
fn decided(state: Option<&State>) -> Option<Outcome> {
    match state? {
        State::Participant(ParticipantState::Decided(outcome)) => Some(*outcome),
        State::Participant(_) | State::Coordinator(_) => None,
    }
}

/// The claims, safety first, then what must be possible.
pub(super) fn properties() -> Vec<Property<TwoPhase>> {
    let reasons =
        "Nobody aborts unless somebody voted No, waited too long, lost its work, or the coordinator restarted";
    vec![
        claims::agreement(),
        claims::commit_validity(),
        own_vote(),
        work_kept(),
        claims::abort_validity(reasons),
        claims::irrevocable(),
        coordinator_consistency(),
        acknowledged_logged(),
        termination(),
        outcome_spreads(),
        all_decide(),
        all_commit(),
        all_abort("abort-after-no", "A No makes all abort", Excuse::No),
        all_abort("abort-by-timeout", "Impatience makes all abort, without any No before it", Excuse::Overdue),
        commit_after_restart(),
        prepared_alone(),
    ]
}

/// The part of AC3 that each can see to by itself.
fn own_vote() -> Property<TwoPhase> {
    let claim = Claim::always("own-vote", "Nobody who votes commits unless it has voted Yes itself");
    claims::offence(claim, |offence| {
        let Offence::CommitsUnwilling { node } = offence else { return None };
        Some(format!("{node:?} committed and had not voted Yes itself"))
    })
}

/// [BHG] 7.4, recovery: who finds no record of the transaction has not voted, and what it had done is gone.
fn work_kept() -> Property<TwoPhase> {
    let claim = Claim::always("work-kept", "No participant votes Yes for work that it has lost in a crash");
    claims::offence(claim, |offence| {
        let Offence::VotesForNothing { node } = offence else { return None };
        Some(format!("{node:?} voted Yes, and had lost its work"))
    })
}

/// [GL06] section 3: the coordinator's decision is made before it is told.
fn coordinator_consistency() -> Property<TwoPhase> {
    let claim = Claim::always("coordinator-consistency", "The coordinator tells Commit only with Commit in its log");
    claims::offence(claim, |offence| {
        let Offence::TellsUnrecorded { to } = offence else { return None };
        Some(format!("{to:?} was told Commit, of which there is no record"))
    })
}

/// [G78]: what is acknowledged is in the log, since the coordinator may forget it from then on.
fn acknowledged_logged() -> Property<TwoPhase> {
    let claim = Claim::always("acknowledged-logged", "No participant acknowledges an outcome that is not in its log");
    claims::offence(claim, |offence| {
        let Offence::AcksUnrecorded { node } = offence else { return None };
        Some(format!("{node:?} acknowledged an outcome of which it has no record"))
    })
}

/// Whether a participant that is up has decided; `None` for all other nodes. To have decided is to act on an outcome: what
/// is in the log is the other claims' concern, and whoever comes back and finds nothing there has yet to decide.
fn up_and_decided(_: &TwoPhase, node: &Node<'_, TwoPhaseActor>) -> Option<bool> {
    let is_participant = node.id != Id::from(TwoPhase::COORDINATOR);
    (is_participant && node.state.is_some()).then(|| decided(node.state).is_some())
}

fn position_of(decided: &[Option<bool>], is: bool) -> Option<Id> {
    decided.iter().position(|decided| *decided == Some(is)).map(Id::from)
}

/// AC5. Nobody who is up waits for ever. It holds when whoever crashes comes back; with a coordinator that does
/// not, two-phase commit blocks.
fn termination() -> Property<TwoPhase> {
    Claim::no_deadlock("termination", "Where nothing can happen any more every participant that is up has decided")
        .by_nodes(up_and_decided, |_, decided| {
            let id = position_of(decided, false)?;
            Some(Evidence::new(format!("{id:?} has not decided, and nothing can happen any more")))
        })
}

/// AC5 as a claim about runs: no run goes round for ever with a participant that is up and undecided. What is
/// delivered, what fires and who comes back is as weak fairness has it; a node that never comes back is a fault of
/// the environment.
fn all_decide() -> Property<TwoPhase> {
    let claim = "Every run comes to where all participants that are up have decided, and stays there";
    Claim::eventually_always("all-decide", claim).by_nodes(up_and_decided, |_, decided| {
        let id = position_of(decided, false)?;
        Some(Evidence::new(format!("{id:?} has not decided")))
    })
}

/// What cooperative termination gives even without the coordinator: who waits for ever has nobody to learn
/// from.
fn outcome_spreads() -> Property<TwoPhase> {
    let claim = "Where nothing can happen any more all participants that are up have decided, or none of them has";
    Claim::no_deadlock("outcome-spreads", claim).by_nodes(up_and_decided, |_, decided| {
        let (knows, waits) = (position_of(decided, true)?, position_of(decided, false)?);
        Some(Evidence::new(format!("{waits:?} has not decided, and will never hear what {knows:?} knows")))
    })
}

fn every_participant(logs: &[Option<Outcome>], outcome: Outcome) -> bool {
    logs.iter().enumerate().all(|(ix, log)| ix == TwoPhase::COORDINATOR || *log == Some(outcome))
}

fn all_logs(world: &World<'_, TwoPhase>) -> Vec<Option<Outcome>> {
    world.nodes.iter().map(TwoPhase::logged).collect()
}

fn all_commit() -> Property<TwoPhase> {
    Claim::sometimes("all-commit", "All participants commit").by_nodes(
        |_: &TwoPhase, node| TwoPhase::logged(node),
        |_, logs| every_participant(logs, Outcome::Commit).then(|| Evidence::new("all participants have committed")),
    )
}

fn all_abort(name: &str, about: &str, excuse: Excuse) -> Property<TwoPhase> {
    Claim::sometimes(name, about).by_world(move |_: &TwoPhase, world| {
        let reached = world.history.excuse == Some(excuse) && every_participant(&all_logs(world), Outcome::Abort);
        reached.then(|| Evidence::new(format!("all participants have aborted; the first reason was {excuse:?}")))
    })
}

fn commit_after_restart() -> Property<TwoPhase> {
    Claim::sometimes("commit-after-restart", "All participants commit after the coordinator crashed and came back")
        .by_world(|_: &TwoPhase, world| {
            let restarted = world.history.excuse == Some(Excuse::Restart);
            let reached = restarted && every_participant(&all_logs(world), Outcome::Commit);
            reached.then(|| Evidence::new("all participants have committed after a restart of the coordinator"))
        })
}

fn prepared_alone() -> Property<TwoPhase> {
    Claim::sometimes("prepared-alone", "A participant is prepared while the coordinator is down").by_nodes(
        |_: &TwoPhase, node| (node.state.is_some(), node.storage == Some(&Record::Prepared)),
        |_, nodes| {
            let (coordinator_up, _) = nodes[TwoPhase::COORDINATOR];
            let id = Id::from(nodes.iter().position(|(_, prepared)| *prepared)?);
            (!coordinator_up).then(|| Evidence::new(format!("{id:?} is prepared and the coordinator is down")))
        },
    )
}
