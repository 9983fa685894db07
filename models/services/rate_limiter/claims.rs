//! The claims: how much is let through in a window, and that something is in the end.

use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::RateLimiter;
use super::member::{Member, State};
use super::store::StoreState;

/// All claims.
pub(super) fn all() -> Vec<Property<RateLimiter>> {
    vec![
        Claim::always("at-most-limit", "No more is let through in any window than the limit")
            .by_nodes(passed, |it, passed| more_than(it.params.limit, it.params.window, passed)),
        Claim::always("at-most-twice", "No more is let through in any window than twice the limit")
            .by_nodes(passed, |it, passed| more_than(2 * it.params.limit, it.params.window, passed)),
        Claim::always_possible("opens-again", "There will be room again")
            .by_nodes(has_room, |_, room| (!room.contains(&true)).then(|| Evidence::new("there is no room"))),
        Claim::sometimes("full", "There is no room")
            .by_nodes(has_room, |_, room| (!room.contains(&true)).then(|| Evidence::new("there is no room"))),
    ]
}

fn store<'a>(node: &Node<'a, Member>) -> Option<&'a StoreState> {
    if let State::Store(me) = node.state? { Some(me) } else { None }
}

/// How much was let through in the window that ends now.
fn passed(_: &RateLimiter, node: &Node<'_, Member>) -> usize {
    store(node).map_or(0, |me| me.log.len())
}

fn more_than(limit: usize, window: usize, passed: &[usize]) -> Option<Evidence> {
    let passed: usize = passed.iter().sum();
    (passed > limit).then(|| Evidence::new(format!("{passed} are let through within {window} ticks")))
}

fn has_room(it: &RateLimiter, node: &Node<'_, Member>) -> bool {
    let rules = super::Store { params: it.params.clone(), deviations: it.deviations };
    store(node).is_some_and(|me| rules.has_room(me))
}
