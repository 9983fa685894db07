//! The properties, each with the sentence that is printed when it finds something.

use quorate::Id;
use quorate::model::{Claim, Node, Property, World};
use quorate::system::Evidence;

use super::{Ledger, Member, Phase, RedisSetnx, State, held};
use crate::locks::claims::{deadlock_free, lockout_free};
use crate::locks::ownership::WrongDelete;

/// All properties: what must never be, what must not remain, what must be reached.
pub(super) fn all() -> Vec<Property<RedisSetnx>> {
    [safety(), progress(), witnesses()].into_iter().flatten().collect()
}

/// What a node is at, if it is a client that is up.
fn phase(node: &Node<'_, Member>) -> Option<Phase> {
    match node.state {
        Some(State::Client(client)) => Some(client.phase),
        Some(State::Store(_)) | None => None,
    }
}

/// The clients in a phase that `fits`.
fn clients(phases: &[Option<Phase>], fits: impl Fn(Phase) -> bool) -> Vec<Id> {
    let fitting = |phase: &Option<Phase>| phase.is_some_and(&fits);
    phases.iter().enumerate().filter(|(_, phase)| fitting(phase)).map(|(ix, _)| Id::from(ix)).collect()
}

fn safety() -> Vec<Property<RedisSetnx>> {
    vec![
        Claim::always("mutual-exclusion", "At most one client believes that it has the lock").by_nodes(
            |_, node| phase(node),
            |_, phases: &[Option<Phase>]| match clients(phases, |phase| phase == Phase::Critical).as_slice() {
                [one, other, ..] => Some(Evidence::new(format!("{one:?} and {other:?} both believe to have the lock"))),
                [_] | [] => None,
            },
        ),
        Claim::always("no-wrong-delete", "A delete removes only a key that the deleter had set").by_history(
            |_, ledger: &Ledger| {
                ledger.wrong_delete.map(|WrongDelete { by, of }| {
                    Evidence::new(format!("the `DEL` of {by:?} removed the lock of {of:?}"))
                })
            },
        ),
        Claim::always("no-raise", "No client dies of an error in the lock's code").by_nodes(
            |_, node| phase(node),
            |_, phases: &[Option<Phase>]| {
                let raised = clients(phases, |phase| phase == Phase::Raised);
                raised
                    .first()
                    .map(|client| Evidence::new(format!("{client:?} raised NameError: `time` is not defined")))
            },
        ),
    ]
}

fn progress() -> Vec<Property<RedisSetnx>> {
    vec![
        Claim::no_deadlock("no-orphan", "When nothing happens any more, the key is not there").by_world(
            |protocol: &RedisSetnx, world: &World<'_, RedisSetnx>| {
                world.node(protocol.store()).state.is_some_and(held).then(|| {
                    Evidence::new(match world.history.key.owner {
                        Some(owner) => format!("the key that {owner:?} set stays for ever"),
                        None => "the key stays for ever".to_owned(),
                    })
                })
            },
        ),
        Claim::always_possible("no-waiter", "No client waits for a reply for ever").by_nodes(
            |_, node| phase(node),
            |_, phases: &[Option<Phase>]| {
                let waiting = clients(phases, |phase| matches!(phase, Phase::Acquiring | Phase::Releasing));
                waiting.first().map(|client| Evidence::new(format!("{client:?} waits for a reply for ever")))
            },
        ),
        lockout_free(asks),
        deadlock_free(asks, |node| phase(node) == Some(Phase::Critical)),
    ]
}

/// Whether a node is a client that waits to have the lock.
fn asks(node: &Node<'_, Member>) -> bool {
    matches!(phase(node), Some(Phase::Acquiring | Phase::Sleeping))
}

fn witnesses() -> Vec<Property<RedisSetnx>> {
    let witness = |name, about, found: fn(&[Option<Phase>]) -> Option<String>| {
        Claim::sometimes(name, about)
            .by_nodes(|_, node| phase(node), move |_, phases: &[Option<Phase>]| found(phases).map(Evidence::new))
    };
    vec![
        witness("contention", "A client finds the lock taken and sleeps", |phases| {
            clients(phases, |phase| phase == Phase::Sleeping).first().map(|client| format!("{client:?} sleeps"))
        }),
        witness("handover", "A client has the lock after another released it", |phases| {
            let (before, after) = (|phase| phase == Phase::Done, |phase| phase == Phase::Critical);
            let (before, after) = (*clients(phases, before).first()?, *clients(phases, after).first()?);
            Some(format!("{after:?} has the lock after {before:?}"))
        }),
        witness("all-done", "Every client has had the lock and released it", |phases| {
            let clients: Vec<Phase> = phases.iter().flatten().copied().collect();
            let all = clients.len() + 1 == phases.len() && clients.iter().all(|phase| *phase == Phase::Done);
            all.then(|| "all are done".to_owned())
        }),
    ]
}
