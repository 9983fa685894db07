//! What must be true of every commit protocol.
//!
//! The claims, and their numbers AC1 to AC4, are those of P. Bernstein, V. Hadzilacos and N. Goodman, *Concurrency Control
//! and Recovery in Database Systems* (1987), 7.3. An outcome counts when it is in a node's log, whether the node is up or
//! down.

use quorate::model::{Claim, Node, Property, Protocol};
use quorate::system::Evidence;
use quorate::{Actor, Id};

use super::decision::Outcome;
use super::ledger::{Ledger, Offence};

/// A protocol whose nodes write outcomes into their logs.
pub(super) trait Deciding: Protocol {
    /// The outcome that a log knows.
    fn outcome(log: &<Self::Actor as Actor>::Storage) -> Option<Outcome>;

    /// The outcome in the log of `node`.
    fn logged(node: &Node<'_, Self::Actor>) -> Option<Outcome> {
        node.storage.and_then(Self::outcome)
    }
}

/// A protocol whose observer remembers votes and decisions.
pub(super) trait Judged: Deciding {
    /// What it has remembered of them.
    fn ledger(history: &Self::History) -> &Ledger;
}

/// A claim that is broken by an offence.
pub(super) fn offence<P: Judged>(
    claim: Claim,
    find: impl Fn(&Offence) -> Option<String> + Send + Sync + 'static,
) -> Property<P> {
    claim.by_history(move |_: &P, history: &P::History| {
        P::ledger(history).offences.iter().find_map(&find).map(Evidence::new)
    })
}

/// AC1. All that decide decide the same, those that crashed later included.
pub(super) fn agreement<P: Deciding>() -> Property<P> {
    Claim::always("agreement", "No two logs say different outcomes, whether their nodes are up or down").by_nodes(
        |_: &P, node| P::logged(node),
        |_, logs| {
            let has = |outcome| logs.iter().position(|log| *log == Some(outcome)).map(Id::from);
            let (committed, aborted) = (has(Outcome::Commit)?, has(Outcome::Abort)?);
            Some(Evidence::new(format!("{committed:?} has committed and {aborted:?} has aborted")))
        },
    )
}

/// AC3. Commit needs everyone's Yes.
pub(super) fn commit_validity<P: Judged>() -> Property<P> {
    let claim = Claim::always("commit-validity", "Nobody commits before all participants have voted Yes");
    offence(claim, |offence| {
        let Offence::CommitsAgainst { node, unwilling } = offence else { return None };
        let names: Vec<String> = unwilling.iter().map(|id| format!("{id:?}")).collect();
        Some(format!("{node:?} committed when {} were not willing", names.join(" and ")))
    })
}

/// AC4. Abort needs a reason: with none, all that happens is that all commit.
pub(super) fn abort_validity<P: Judged>(about: &str) -> Property<P> {
    offence(Claim::always("abort-validity", about), |offence| {
        let Offence::AbortsWithoutExcuse { node } = offence else { return None };
        Some(format!("{node:?} aborted though there was no reason to"))
    })
}

/// AC2. A decision is for ever.
pub(super) fn irrevocable<P: Judged>() -> Property<P> {
    offence(Claim::always("irrevocable", "No node changes the outcome in its log"), |offence| match offence {
        Offence::Reverses { node, from, to } => Some(format!("{node:?} had {from:?} in its log and now has {to:?}")),
        Offence::Retracts { node, from } => Some(format!("{node:?} had {from:?} in its log and now has no outcome")),
        _ => None,
    })
}
