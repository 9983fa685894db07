//! The claims: when the breaker opens, what goes through, what closes it.

use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::CircuitBreaker;
use super::breaker::{Breaker, CallerState};
use super::member::{Member, State};

/// All claims.
pub(super) fn all() -> Vec<Property<CircuitBreaker>> {
    vec![
        Claim::always("opens", "It is open after so many failures in succession").by_nodes(caller, too_many),
        Claim::always_step("no-call-while-open", "No call is made while it is open").by_nodes(caller, call_while_open),
        Claim::always("one-probe", "One call at a time is let through when it is half-open")
            .by_nodes(caller, two_probes),
        Claim::always_step("only-a-probe-closes", "It closes when the call that was let through succeeds")
            .by_nodes(caller, closed_by_another),
        Claim::eventually_always("recovers", "It is closed once the service stays well").by_nodes(caller, not_closed),
        Claim::sometimes("opened", "It is open").by_nodes(caller, |_: &CircuitBreaker, all| {
            let me = of(all).filter(|me| me.breaker == Breaker::Open)?;
            Some(Evidence::new(format!("it is open, with {} calls under way", me.calls.len())))
        }),
        Claim::sometimes("probed", "A call is let through while others from before the opening are under way")
            .by_nodes(caller, |_: &CircuitBreaker, all| {
                let me = of(all).filter(|me| me.breaker == Breaker::HalfOpen && me.probes() == 1)?;
                (me.calls.len() > 1).then(|| Evidence::new("one call is let through, and another is under way"))
            }),
    ]
}

fn caller(_: &CircuitBreaker, node: &Node<'_, Member>) -> Option<CallerState> {
    if let State::Caller(me) = node.state? { Some(me.clone()) } else { None }
}

fn of(all: &[Option<CallerState>]) -> Option<&CallerState> {
    all.iter().flatten().next()
}

fn too_many(it: &CircuitBreaker, all: &[Option<CallerState>]) -> Option<Evidence> {
    match of(all)?.breaker {
        Breaker::Closed { failures } if failures >= it.params.threshold => {
            Some(Evidence::new(format!("{failures} calls have failed in succession, and it is closed")))
        }
        Breaker::Closed { .. } | Breaker::Open | Breaker::HalfOpen => None,
    }
}

fn call_while_open(
    _: &CircuitBreaker,
    before: &[Option<CallerState>],
    after: &[Option<CallerState>],
) -> Option<Evidence> {
    let (before, after) = (of(before)?, of(after)?);
    let number = after.calls.keys().find(|number| !before.calls.contains_key(number))?;
    (before.breaker == Breaker::Open).then(|| Evidence::new(format!("call {number} is made, and it is open")))
}

fn two_probes(_: &CircuitBreaker, all: &[Option<CallerState>]) -> Option<Evidence> {
    let probes = of(all)?.probes();
    (probes > 1).then(|| Evidence::new(format!("{probes} calls are let through to see how the service is")))
}

fn closed_by_another(
    _: &CircuitBreaker,
    before: &[Option<CallerState>],
    after: &[Option<CallerState>],
) -> Option<Evidence> {
    let (before, after) = (of(before)?, of(after)?);
    let is_closed = |me: &CallerState| matches!(me.breaker, Breaker::Closed { .. });
    let by_probe = before.calls.iter().any(|(number, call)| call.is_probe && !after.calls.contains_key(number));
    let is_wrong = !is_closed(before) && is_closed(after) && !by_probe;
    is_wrong.then(|| Evidence::new("it closes by the answer to a call from before it opened"))
}

fn not_closed(_: &CircuitBreaker, all: &[Option<CallerState>]) -> Option<Evidence> {
    let what = match of(all)?.breaker {
        Breaker::Closed { .. } => return None,
        Breaker::Open => "it is open",
        Breaker::HalfOpen => "it is half-open",
    };
    Some(Evidence::new(what))
}
