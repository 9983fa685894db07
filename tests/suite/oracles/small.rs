//! Small actors under every environment, and random actors under random ones: ours against the reference.

use proptest::collection::vec;
use proptest::prelude::*;
use quorate::model::{NetworkKind, Protocol};

use super::actors::choosers::Choosers;
use super::actors::echoes::Echoes;
use super::actors::gossip::Gossip;
use super::actors::keepers::Keepers;
use super::actors::leader::Leader;
use super::actors::pingers::Pingers;
use super::actors::table::drawn;
use super::actors::witnesses::Witnesses;
use super::agreement::{agree, walk_together};
use super::environments::{any_environment, calm, grid};
use super::naive::Bounds;

/// States of the reference at most, for each instance: what is larger is compared by whole levels.
const STATES: usize = 3_000;

/// Holds one protocol against the reference under every environment of the grid.
fn agree_in_all<P: Protocol>(protocol: impl Fn() -> P, role: &str) {
    let environments = grid(role);
    assert_eq!(environments.len(), 156);
    let (mut complete_count, mut differences) = (0, Vec::new());
    for environment in &environments {
        match agree(&protocol, environment, Bounds::states(STATES)) {
            Ok(census) => complete_count += usize::from(census.complete),
            Err(difference) => differences.push(format!("in {environment:?}: {difference}")),
        }
        for start in 0..3 {
            let turns: Vec<usize> = (start..start + 30).map(|n| n * n).collect();
            let differs = |difference| differences.push(format!("on walk {start} in {environment:?}: {difference}"));
            walk_together(&protocol, environment, &turns).unwrap_or_else(differs);
        }
    }
    let difference_count = differences.len();
    assert!(differences.is_empty(), "{} differs {difference_count} times, first {}", P::CARD.name, differences[0]);
    assert!(complete_count >= 40, "only {complete_count} instances of {} were seen whole", P::CARD.name);
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

/// More nodes than a send to them fits a narrow number, and more words than a key of a few limbs holds.
#[test]
fn many_nodes_agree() {
    for environment in [calm(NetworkKind::Unordered), calm(NetworkKind::Fifo)] {
        agree(|| Leader { followers: 70, entries: 1 }, &environment, Bounds::states(STATES)).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Both see the same states at the same distances, and find the same.
    #[test]
    fn drawn_actors_agree(drawn in drawn(), environment in any_environment()) {
        let agreed = agree(|| drawn.clone(), &environment, Bounds::states(400));
        agreed.map(drop).map_err(TestCaseError::fail)?;
    }

    /// Both tell the same steps and the same states, on a walk at random.
    #[test]
    fn drawn_actors_walk_together(drawn in drawn(), environment in any_environment(), turns in vec(0..1_000_usize, 25)) {
        walk_together(|| drawn.clone(), &environment, &turns).map_err(TestCaseError::fail)?;
    }
}
