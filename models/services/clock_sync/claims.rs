//! The claims: how wrong an estimate can be, and what the clock shows.

use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::estimate::{Estimate, Timestamps};
use super::member::{ClientState, Member, State};
use super::{ClockSync, Formula};

/// An exchange and what the client concludes.
type Concluded = (Timestamps, Estimate);

/// All claims.
pub(super) fn all() -> Vec<Property<ClockSync>> {
    vec![
        Claim::always("within-bound", "The offset is off by at most half the delay").by_nodes(concluded, out_of_bound),
        Claim::always("delay", "The delay is how long the messages took, for Cristian with what the server took")
            .by_nodes(concluded, wrong_delay),
        Claim::always("translation-invariant", "When both clocks are a tick ahead, the offset is the same")
            .by_nodes(concluded, changed_by_shift),
        Claim::always_step("monotone", "What the client's clock shows never goes back").by_nodes(shows, went_back),
        Claim::eventually("synchronized", "The client comes to know the offset").by_nodes(concluded, |_, all| {
            the(all).is_none().then(|| Evidence::new("the client does not know the offset"))
        }),
        Claim::sometimes("asymmetric", "The estimate is off: one way takes longer than the other").by_nodes(
            concluded,
            |it, all| {
                let (_, estimate) = the(all)?;
                let error = error_eighths(it, estimate);
                (error > 0).then(|| Evidence::new(format!("the offset is off by {error} eighths of a tick")))
            },
        ),
        Claim::sometimes("slowed", "The clock is ahead, and waits").by_nodes(shows, |_, shown| {
            let (shows, target) = shown.iter().flatten().next()?;
            (shows > target).then(|| Evidence::new(format!("the clock shows {shows} and should show {target} eighths")))
        }),
    ]
}

fn concluded(_: &ClockSync, node: &Node<'_, Member>) -> Option<Concluded> {
    match node.state? {
        State::Client(ClientState::Synchronized { at, estimate, .. }) => Some((*at, *estimate)),
        State::Client(ClientState::Asking { .. }) | State::Server { .. } => None,
    }
}

fn the(all: &[Option<Concluded>]) -> Option<Concluded> {
    all.iter().flatten().next().copied()
}

/// By how much the estimate differs from how far the server's clock is ahead.
fn error_eighths(it: &ClockSync, estimate: Estimate) -> i32 {
    (estimate.offset_eighths - 8 * it.ahead()).abs()
}

fn out_of_bound(it: &ClockSync, all: &[Option<Concluded>]) -> Option<Evidence> {
    let (_, estimate) = the(all)?;
    let (error, bound) = (error_eighths(it, estimate), 4 * estimate.delay);
    (error > bound).then(|| {
        let ahead = it.ahead();
        Evidence::new(format!(
            "the server is {ahead} ticks ahead, and the estimate is off by {error} eighths of a tick, more than {bound}"
        ))
    })
}

fn wrong_delay(it: &ClockSync, all: &[Option<Concluded>]) -> Option<Evidence> {
    let (at, estimate) = the(all)?;
    let took = at.returned - at.asked;
    let delay = match it.params.formula {
        Formula::Ntp => took - (at.answered - at.received),
        Formula::Cristian => took,
    };
    (delay != estimate.delay)
        .then(|| Evidence::new(format!("the delay is {delay} ticks, and {} is taken for it", estimate.delay)))
}

fn changed_by_shift(it: &ClockSync, all: &[Option<Concluded>]) -> Option<Evidence> {
    let (at, estimate) = the(all)?;
    let shifted = Estimate::new(at.shifted(1), it.params.formula, it.deviations);
    (shifted.offset_eighths != estimate.offset_eighths).then(|| {
        Evidence::new(format!(
            "the offset is {} eighths of a tick, and {} when both clocks are a tick ahead",
            estimate.offset_eighths, shifted.offset_eighths
        ))
    })
}

/// What the client's clock shows and what it should show, as far as it knows, in eighths of a tick.
fn shows(_: &ClockSync, node: &Node<'_, Member>) -> Option<(i32, i32)> {
    match node.state? {
        State::Client(ClientState::Asking { clock, .. }) => Some((8 * clock, 8 * clock)),
        State::Client(ClientState::Synchronized { shows_eighths, target_eighths, .. }) => {
            Some((*shows_eighths, *target_eighths))
        }
        State::Server { .. } => None,
    }
}

fn went_back(_: &ClockSync, before: &[Option<(i32, i32)>], after: &[Option<(i32, i32)>]) -> Option<Evidence> {
    let (before, after) = (before.iter().flatten().next()?.0, after.iter().flatten().next()?.0);
    (after < before).then(|| Evidence::new(format!("the clock showed {before} eighths of a tick, and then {after}")))
}
