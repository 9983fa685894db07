//! What the observer remembers, and what must be true beside the claims of every commit protocol.

use quorate::Id;
use quorate::model::{Cause, Claim, Facts, Node, Property, Step};
use quorate::system::Evidence;

use super::{Duty, Msg, Phase, QuorumCommit, Record, Site};
use crate::commit::claims::{self, Deciding, Judged};
use crate::commit::decision::{Outcome, Vote};
use crate::commit::ledger::{Excuse, Fact, Ledger};

impl Deciding for QuorumCommit {
    fn outcome(record: &Record) -> Option<Outcome> {
        record.phase.outcome()
    }
}

impl Judged for QuorumCommit {
    fn ledger(history: &Ledger) -> &Ledger {
        history
    }
}

/// Pushes the facts of a step: votes and reasons first, since what is decided in the same step may rest on them.
pub(super) fn observe(step: &Step<'_, Site>, facts: &mut Facts<Fact>) {
    for envelope in step.sent {
        if let Msg::Vote(vote) = envelope.msg {
            facts.push(Fact::Voted(step.node, vote));
            facts.extend((vote == Vote::No).then_some(Fact::Excused(Excuse::No)));
        }
    }
    if let Cause::Timeout(_) = step.cause {
        facts.push(Fact::Excused(Excuse::Overdue));
    }
    let outcome = |record: Option<&Record>| record.and_then(|record| record.phase.outcome());
    let (old, new) = (outcome(step.stored_before), outcome(step.stored_after));
    facts.extend(Fact::of_log(step.node, old, new));
    // A log here forgets nothing.
    facts.extend(old.filter(|_| new.is_none()).map(|old| Fact::Retracted(step.node, old)));
}

/// The claims, safety first, then what must be possible.
pub(super) fn properties() -> Vec<Property<QuorumCommit>> {
    vec![
        claims::agreement(),
        claims::commit_validity(),
        claims::abort_validity("Nobody aborts unless somebody voted No, or was taken to have gone"),
        claims::irrevocable(),
        progress(),
        outcome_spreads(),
        Claim::sometimes("all-commit", "All sites commit").by_nodes(read, |_, sites| all(sites, Outcome::Commit)),
        Claim::sometimes("all-abort", "All sites abort").by_nodes(read, |_, sites| all(sites, Outcome::Abort)),
        Claim::sometimes("commit-by-recovery", "A recovery commits, of which somebody has not heard")
            .by_nodes(read, |_, sites| recovered(sites, Outcome::Commit)),
        Claim::sometimes("abort-by-recovery", "A recovery aborts, while others are on the brink of commit")
            .by_nodes(read, aborts_beside_committable),
        Claim::sometimes("attempts-differ", "One site is on the brink of commit, and another on that of abort")
            .by_nodes(read, |_, sites| {
                let commit = find(sites, |site| site.phase == Phase::Prepared(Outcome::Commit))?;
                let abort = find(sites, |site| site.phase == Phase::Prepared(Outcome::Abort))?;
                Some(Evidence::new(format!("{commit:?} is on the brink of commit and {abort:?} on that of abort")))
            }),
    ]
}

/// What properties read of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Reading {
    is_up: bool,
    stands: bool,
    phase: Phase,
    elected: (usize, Id),
    attempted: usize,
}

fn read(_: &QuorumCommit, node: &Node<'_, Site>) -> Option<Reading> {
    let Record { phase, elected, attempted } = *node.storage?;
    let stands = node.state.is_some_and(|state| state.duty != Duty::None);
    Some(Reading { is_up: node.state.is_some(), stands, phase, elected, attempted })
}

fn find(sites: &[Option<Reading>], is: impl Fn(&Reading) -> bool) -> Option<Id> {
    sites.iter().position(|site| site.as_ref().is_some_and(&is)).map(Id::from)
}

/// [KD]: a quorum that is connected decides. Those who have joined an election and are up with the one that stands are taken
/// to be connected: while the network is split they may not be.
fn progress() -> Property<QuorumCommit> {
    let claim = "Where nothing can happen any more, no site still stands whom a quorum of those that are up has joined";
    Claim::no_deadlock("progress", claim).by_nodes(read, |protocol: &QuorumCommit, sites| {
        let standing = sites.iter().flatten().find(|site| {
            let has_joined = |other: &&Reading| other.is_up && other.elected == site.elected;
            site.stands && sites.iter().flatten().filter(has_joined).count() >= protocol.quorum()
        })?;
        let (number, who) = standing.elected;
        Some(Evidence::new(format!("{who:?} stands in election {number} with a quorum, and never decides")))
    })
}

/// [KD]: the one elected multicasts the decision. Elections are counted here: where the one that was joined is gone, or has not
/// decided, a site that waits would stand again.
fn outcome_spreads() -> Property<QuorumCommit> {
    let claim =
        "Where nothing can happen any more, no site that is up waits for one that it has joined, is up and has decided";
    Claim::no_deadlock("outcome-spreads", claim).by_nodes(read, |_: &QuorumCommit, sites| {
        let is_up = |id: Id| sites.get(usize::from(id)).copied().flatten().filter(|site| site.is_up);
        let has_decided = |site: Reading| site.phase.outcome().is_some();
        let waits_in_vain = |site: &Reading| !has_decided(*site) && is_up(site.elected.1).is_some_and(has_decided);
        (0..sites.len()).map(Id::from).find_map(|waits| {
            let (number, who) = is_up(waits).filter(waits_in_vain)?.elected;
            Some(Evidence::new(format!("{waits:?} waits in election {number} and never hears what {who:?} knows")))
        })
    })
}

fn all(sites: &[Option<Reading>], outcome: Outcome) -> Option<Evidence> {
    let has_decided = |site: &Option<Reading>| site.is_some_and(|site| site.phase == Phase::Decided(outcome));
    sites.iter().all(has_decided).then(|| Evidence::new(format!("all have the outcome {outcome:?}")))
}

/// Who has decided in a later election than the first, while another is still open.
fn recovered(sites: &[Option<Reading>], outcome: Outcome) -> Option<Evidence> {
    let by = |site: &Reading| {
        site.phase == Phase::Decided(outcome) && site.attempted == site.elected.0 && site.attempted > 1
    };
    let (who, open) = (find(sites, by)?, find(sites, |site| site.phase.outcome().is_none())?);
    Some(Evidence::new(format!("{who:?} has the outcome {outcome:?} by a recovery, and {open:?} has none")))
}

fn aborts_beside_committable(_: &QuorumCommit, sites: &[Option<Reading>]) -> Option<Evidence> {
    let evidence = recovered(sites, Outcome::Abort)?;
    find(sites, |site| site.phase == Phase::Prepared(Outcome::Commit))?;
    Some(evidence)
}
