//! What must be true of atomic commitment, and what the observer remembers to judge it.
//!
//! The claims are those of [BHG] 7.3 and of Ö. Babaoğlu and S. Toueg, *Understanding Non-Blocking Atomic
//! Commitment* (1993), AC1 to AC5. An outcome counts when it is in a node's log, whether the node is up or
//! down.

use std::collections::BTreeSet;

use quorate::Id;
use quorate::model::{Cause, Claim, Facts, History, Node, Property, Step, World};
use quorate::system::Evidence;
use serde::Serialize;

use super::{Msg, Outcome, Overdue, Record, TwoPhase, TwoPhaseActor, Vote};

/// What the observer remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// Participants that have not voted Yes.
    pub silent: BTreeSet<Id>,
    /// Participants that have voted No, whatever they voted besides.
    pub refused: BTreeSet<Id>,
    /// The first reason that there was to abort.
    pub excuse: Option<Excuse>,
    /// The first offence of each kind, in the order of their happening.
    pub offences: Vec<Offence>,
}

/// A reason to abort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Excuse {
    /// A participant has voted No.
    No,
    /// A participant has waited too long for Prepare, the coordinator for votes, or a peer for the outcome, who
    /// then asked.
    Overdue,
    /// The coordinator has restarted.
    Restart,
}

/// Something that no node may do, whatever happens to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Offence {
    /// A node commits although not all participants are willing.
    CommitsAgainst {
        /// Who commits.
        node: Id,
        /// Who has not voted Yes, or also No.
        unwilling: BTreeSet<Id>,
    },
    /// A participant commits that is not willing itself.
    CommitsUnwilling {
        /// Who commits.
        node: Id,
    },
    /// A node aborts for no reason.
    AbortsWithoutExcuse {
        /// Who aborts.
        node: Id,
    },
    /// A node replaces one outcome by another.
    Reverses {
        /// Whose log it is.
        node: Id,
        /// What it said before.
        from: Outcome,
        /// What it says now.
        to: Outcome,
    },
    /// The coordinator tells Commit and has no record of it.
    TellsUnrecorded {
        /// Who is told.
        to: Id,
    },
}

/// What is worth remembering of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// A participant has voted.
    Voted(Id, Vote),
    /// There is a reason to abort.
    Excused(Excuse),
    /// A node has written its outcome.
    Decided(Id, Outcome),
    /// A node has written another outcome over its first.
    Reversed(Id, Outcome, Outcome),
    /// The coordinator has told Commit and has no record of it.
    ToldUnrecorded(Id),
}

impl Ledger {
    /// Nobody has voted.
    pub fn new(participants: BTreeSet<Id>) -> Self {
        Self { silent: participants, refused: BTreeSet::new(), excuse: None, offences: Vec::new() }
    }

    fn offend(&mut self, offence: Offence) {
        let kind = std::mem::discriminant(&offence);
        if self.offences.iter().all(|known| std::mem::discriminant(known) != kind) {
            self.offences.push(offence);
        }
    }

    fn record_decision(&mut self, node: Id, outcome: Outcome) {
        match outcome {
            Outcome::Commit => {
                let unwilling = &self.silent | &self.refused;
                if unwilling.contains(&node) {
                    self.offend(Offence::CommitsUnwilling { node });
                }
                if !unwilling.is_empty() {
                    self.offend(Offence::CommitsAgainst { node, unwilling });
                }
            }
            Outcome::Abort => {
                if self.excuse.is_none() {
                    self.offend(Offence::AbortsWithoutExcuse { node });
                }
            }
        }
    }
}

impl History for Ledger {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match *fact {
            Fact::Voted(node, Vote::Yes) => {
                self.silent.remove(&node);
            }
            Fact::Voted(node, Vote::No) => {
                self.refused.insert(node);
            }
            Fact::Excused(excuse) => {
                self.excuse.get_or_insert(excuse);
            }
            Fact::Decided(node, outcome) => self.record_decision(node, outcome),
            Fact::Reversed(node, from, to) => self.offend(Offence::Reverses { node, from, to }),
            Fact::ToldUnrecorded(to) => self.offend(Offence::TellsUnrecorded { to }),
        }
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
            Msg::Query if envelope.dst != coordinator => facts.push(Fact::Excused(Excuse::Overdue)),
            Msg::Prepare | Msg::Commit | Msg::Abort | Msg::Query | Msg::Ack => {}
        }
    }
    match step.cause {
        Cause::Timeout(Overdue::Prepare | Overdue::Votes) => facts.push(Fact::Excused(Excuse::Overdue)),
        Cause::Restart if step.node == coordinator => facts.push(Fact::Excused(Excuse::Restart)),
        Cause::Timeout(Overdue::Outcome | Overdue::Acks)
        | Cause::Start
        | Cause::Restart
        | Cause::Deliver { .. }
        | Cause::Choose(_)
        | Cause::Crash => {}
    }
    let outcome = |log: Option<&Record>| log.and_then(|record| record.outcome());
    match (outcome(step.stored_before), outcome(step.stored_after)) {
        (None, Some(new)) => facts.push(Fact::Decided(step.node, new)),
        (Some(old), Some(new)) if old != new => facts.push(Fact::Reversed(step.node, old, new)),
        (_, Some(_) | None) => {}
    }
}

/// The claims, safety first, then what must be possible.
pub(super) fn properties() -> Vec<Property<TwoPhase>> {
    vec![
        agreement(),
        commit_validity(),
        own_vote(),
        abort_validity(),
        irrevocable(),
        coordinator_consistency(),
        termination(),
        outcome_spreads(),
        all_commit(),
        all_abort("abort-after-no", "A No makes all abort", Excuse::No),
        all_abort("abort-by-timeout", "Impatience makes all abort, without any No before it", Excuse::Overdue),
        commit_after_restart(),
        prepared_alone(),
    ]
}

fn logged(node: &Node<'_, TwoPhaseActor>) -> Option<Outcome> {
    node.storage.and_then(|record| record.outcome())
}

fn offence(claim: Claim, find: impl Fn(&Offence) -> Option<String> + Send + Sync + 'static) -> Property<TwoPhase> {
    claim.by_history(move |_: &TwoPhase, ledger: &Ledger| ledger.offences.iter().find_map(&find).map(Evidence::new))
}

/// AC1. All that decide decide the same, those that crashed later included.
fn agreement() -> Property<TwoPhase> {
    Claim::always("agreement", "No two logs say different outcomes, whether their nodes are up or down").by_nodes(
        |_: &TwoPhase, node| logged(node),
        |_, logs| {
            let has = |outcome| logs.iter().position(|log| *log == Some(outcome)).map(Id::from);
            let (committed, aborted) = (has(Outcome::Commit)?, has(Outcome::Abort)?);
            Some(Evidence::new(format!("{committed:?} has committed and {aborted:?} has aborted")))
        },
    )
}

/// AC3. Commit needs everyone's Yes.
fn commit_validity() -> Property<TwoPhase> {
    let claim = Claim::always("commit-validity", "Nobody commits before all participants have voted Yes");
    offence(claim, |offence| {
        let Offence::CommitsAgainst { node, unwilling } = offence else { return None };
        let names: Vec<String> = unwilling.iter().map(|id| format!("{id:?}")).collect();
        Some(format!("{node:?} committed when {} were not willing", names.join(" and ")))
    })
}

/// The part of AC3 that a participant can see to by itself.
fn own_vote() -> Property<TwoPhase> {
    let claim = Claim::always("own-vote", "No participant commits unless it has voted Yes itself");
    offence(claim, |offence| {
        let Offence::CommitsUnwilling { node } = offence else { return None };
        Some(format!("{node:?} committed and had not voted Yes itself"))
    })
}

/// AC4. Abort needs a reason: with none, all that happens is that all commit.
fn abort_validity() -> Property<TwoPhase> {
    let claim = Claim::always(
        "abort-validity",
        "Nobody aborts unless somebody voted No, waited too long, or the coordinator restarted",
    );
    offence(claim, |offence| {
        let Offence::AbortsWithoutExcuse { node } = offence else { return None };
        Some(format!("{node:?} aborted though nobody had voted No, waited too long or restarted"))
    })
}

/// AC2. A decision is for ever.
fn irrevocable() -> Property<TwoPhase> {
    offence(Claim::always("irrevocable", "No node changes the outcome in its log"), |offence| {
        let Offence::Reverses { node, from, to } = offence else { return None };
        Some(format!("{node:?} had {from:?} in its log and now has {to:?}"))
    })
}

/// [GL06] section 3: the coordinator's decision is made before it is told.
fn coordinator_consistency() -> Property<TwoPhase> {
    let claim = Claim::always("coordinator-consistency", "The coordinator tells Commit only with Commit in its log");
    offence(claim, |offence| {
        let Offence::TellsUnrecorded { to } = offence else { return None };
        Some(format!("{to:?} was told Commit, of which there is no record"))
    })
}

/// Whether a participant that is up has decided; `None` for all other nodes.
fn up_and_decided(_: &TwoPhase, node: &Node<'_, TwoPhaseActor>) -> Option<bool> {
    let is_participant = node.id != Id::from(TwoPhase::COORDINATOR);
    (is_participant && node.state.is_some()).then(|| logged(node).is_some())
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
    world.nodes.iter().map(logged).collect()
}

fn all_commit() -> Property<TwoPhase> {
    Claim::sometimes("all-commit", "All participants commit").by_nodes(
        |_: &TwoPhase, node| logged(node),
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
