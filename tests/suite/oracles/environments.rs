//! Environments to try: a list that covers every corner, and any at random.

use proptest::prelude::*;
use quorate::model::{Budget, Crashes, Environment, InFlightAtCrash, Losses, NetworkKind, NoOpDelivery};

/// Every kind of network.
pub const NETWORKS: [NetworkKind; 3] = [NetworkKind::Unordered, NetworkKind::Duplicating, NetworkKind::Fifo];

const NO_OPS: [NoOpDelivery; 2] = [NoOpDelivery::Wait, NoOpDelivery::Consume];

/// A network without faults.
pub fn calm(network: NetworkKind) -> Environment {
    Environment { network, ..Environment::default() }
}

/// Budget for messages to any role.
pub fn losses(total: Budget) -> Losses {
    Losses { total, of_roles: vec![] }
}

/// Every network and treatment of deliveries that change nothing, under each of ten kinds of faults; those of one
/// role strike `role`.
pub fn grid(role: &str) -> Vec<Environment> {
    let mut environments = Vec::new();
    for network in NETWORKS {
        for no_op in NO_OPS {
            let calm = Environment { network, no_op, ..Environment::default() };
            environments.extend(faults(role).into_iter().map(|(loss, duplicates, crashes)| Environment {
                loss,
                duplicates,
                crashes,
                ..calm.clone()
            }));
        }
    }
    environments
}

fn faults(role: &str) -> Vec<(Losses, Losses, Crashes)> {
    let (never, once, ever) = (Budget::NEVER, Budget::AtMost(1), Budget::Unlimited);
    let of_role = |total| Losses { total, of_roles: vec![role.to_owned()] };
    let crashes = |total: u32| Crashes { total: Budget::AtMost(total), ..Crashes::default() };
    let none = || losses(never);
    vec![
        (none(), none(), crashes(0)),
        (losses(once), none(), crashes(0)),
        (losses(ever), none(), crashes(0)),
        (of_role(ever), of_role(once), crashes(0)),
        (none(), losses(once), crashes(0)),
        (losses(once), losses(ever), crashes(0)),
        (none(), none(), crashes(1)),
        (none(), none(), Crashes { at_once: once, of_roles: vec![role.to_owned()], ..crashes(2) }),
        (losses(once), none(), Crashes { total: ever, at_once: once, in_flight: InFlightAtCrash::Lost, ..crashes(0) }),
        (none(), losses(once), Crashes { restart: false, in_flight: InFlightAtCrash::Lost, ..crashes(2) }),
    ]
}

/// Any environment; some of its faults strike only the role `a`.
pub fn any_environment() -> impl Strategy<Value = Environment> {
    (prop::sample::select(&NETWORKS[..]), prop::sample::select(&NO_OPS[..]), any_losses(), any_losses(), any_crashes())
        .prop_map(|(network, no_op, loss, duplicates, crashes)| Environment {
            assume: Vec::new(),
            network,
            no_op,
            loss,
            duplicates,
            crashes,
        })
}

fn any_budget() -> impl Strategy<Value = Budget> {
    prop_oneof![3 => Just(Budget::NEVER), 3 => (1..=2_u32).prop_map(Budget::AtMost), 1 => Just(Budget::Unlimited)]
}

fn any_roles() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![2 => Just(vec![]), 1 => Just(vec!["a".to_owned()])]
}

fn any_losses() -> impl Strategy<Value = Losses> {
    (any_budget(), any_roles()).prop_map(|(total, of_roles)| Losses { total, of_roles })
}

fn any_crashes() -> impl Strategy<Value = Crashes> {
    let at_once = prop_oneof![1 => Just(Budget::AtMost(1)), 2 => Just(Budget::Unlimited)];
    let in_flight = prop::sample::select(&[InFlightAtCrash::Kept, InFlightAtCrash::Lost][..]);
    (any_budget(), at_once, any_roles(), prop::bool::ANY, in_flight).prop_map(
        |(total, at_once, of_roles, restart, in_flight)| Crashes { total, at_once, of_roles, restart, in_flight },
    )
}
