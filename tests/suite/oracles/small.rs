//! Small actors under every environment, and random actors under random ones: ours against the reference.

use proptest::prelude::*;
use quorate::model::{Environment, Protocol};

use super::actors::choosers::Choosers;
use super::actors::echoes::Echoes;
use super::actors::gossip::Gossip;
use super::actors::keepers::Keepers;
use super::actors::leader::Leader;
use super::actors::pingers::Pingers;
use super::actors::table::drawn;
use super::actors::witnesses::Witnesses;
use super::agreement::agree;
use super::environments::{any_environment, grid};
use super::naive::Bounds;

/// States of the reference at most, for each instance: what is larger is compared by whole levels.
const STATES: usize = 3_000;

/// Holds one protocol against the reference under every environment of the grid, with one thread and with two.
fn agree_in_all<P: Protocol>(protocol: impl Fn() -> P, role: &str) {
    let environments = grid(role);
    assert_eq!(environments.len(), 60);
    let (mut complete_count, mut differences) = (0, Vec::new());
    for (ix, environment) in environments.iter().enumerate() {
        match agree(&protocol, environment, 1 + ix % 2, Bounds::states(STATES)) {
            Ok(census) => complete_count += usize::from(census.complete),
            Err(difference) => differences.push(format!("in {environment:?}: {difference}")),
        }
    }
    let difference_count = differences.len();
    assert!(differences.is_empty(), "{} differs {difference_count} times, first {}", P::CARD.name, differences[0]);
    assert!(complete_count >= 20, "only {complete_count} instances of {} were seen whole", P::CARD.name);
}

#[test]
fn pingers_agree() {
    agree_in_all(|| Pingers { count: 2, pings: 1 }, "pinger");
}

#[test]
fn keepers_that_save_agree() {
    agree_in_all(|| Keepers { count: 1, orders: 2, saves: true }, "keeper");
}

#[test]
fn keepers_that_forget_agree() {
    agree_in_all(|| Keepers { count: 2, orders: 1, saves: false }, "keeper");
}

#[test]
fn choosers_agree() {
    agree_in_all(|| Choosers { count: 2 }, "chooser");
}

#[test]
fn leaders_agree() {
    agree_in_all(|| Leader { followers: 1, entries: 3 }, "follower");
}

#[test]
fn gossip_agrees() {
    agree_in_all(|| Gossip { count: 2 }, "node");
}

#[test]
fn echoes_agree() {
    agree_in_all(|| Echoes { until: 2 }, "echo");
}

#[test]
fn witnesses_agree() {
    agree_in_all(|| Witnesses { messages: 3 }, "sink");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn drawn_actors_agree(drawn in drawn(), environment in any_environment(), threads in 1..=2_usize) {
        agree_or_fail(&drawn, &environment, threads)?;
    }
}

fn agree_or_fail<P: Protocol + Clone>(
    protocol: &P,
    environment: &Environment,
    threads: usize,
) -> Result<(), TestCaseError> {
    let agreed = agree(|| protocol.clone(), environment, threads, Bounds::states(600));
    agreed.map(drop).map_err(TestCaseError::fail)
}
