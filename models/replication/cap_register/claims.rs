//! What the observer sees of the users, and the claims.

use quorate::Id;
use quorate::model::{CallFact, Cause, Claim, Facts, Node, Operations, Property, Step};
use quorate::system::Evidence;

use super::replica::{Msg, Replica, Timer};
use super::{CapRegister, Policy};
use crate::replication::register::{Operation, Register, Value};

/// A request begins when its timer fires, and returns when the answer is sent to the user. One that is refused does
/// neither: it may have been carried out or not.
pub(super) fn observe(replica: &Replica, step: &Step<'_, Replica>, facts: &mut Facts<CallFact<Operation, Value>>) {
    if let (Cause::Timeout(Timer::Ask), Some(after)) = (&step.cause, step.after) {
        facts.push(CallFact::Invoked(step.node, replica.operation(after.asked)));
    }
    facts.extend(step.sent.iter().filter_map(|sent| match sent.msg {
        Msg::Answer(value) => Some(CallFact::Returned(step.node, value)),
        Msg::Forward { .. } | Msg::Served { .. } | Msg::Update(_) | Msg::Updated(_) => None,
    }));
}

/// All claims: consistency, availability, and what becomes of both in the end.
pub(super) fn all() -> Vec<Property<CapRegister>> {
    vec![
        Claim::always("linearizable", "Consistency: requests are answered as if they came one after the other")
            .by_history(not_linearizable),
        Claim::always("available", "Availability: no request is refused").by_nodes(
            |_, node: &Node<'_, Replica>| node.state.is_some_and(|me| me.has_refused),
            |_, refused| named(refused, "refuses its user's request"),
        ),
        Claim::eventually_always("answered", "Every request is answered or refused").by_nodes(
            |it: &CapRegister, node| {
                node.state.is_some_and(|me| me.is_open || me.asked < it.params.requests && !me.has_refused)
            },
            |_, open| named(open, "has a request that is neither answered nor refused"),
        ),
        Claim::eventually_always("converges", "All copies become and stay equal").by_nodes(copy, unequal),
        Claim::sometimes("differ", "Two copies differ").by_nodes(copy, unequal),
        Claim::sometimes("done", "All requests are answered").by_nodes(
            |it: &CapRegister, node| {
                node.state.is_some_and(|me| me.asked < it.params.requests || me.is_open || me.has_refused)
            },
            |_, undone| (!undone.contains(&true)).then(|| Evidence::new("all requests are answered")),
        ),
    ]
}

/// The first replica of which it is true.
fn named(of: &[bool], what: &str) -> Option<Evidence> {
    let replica = of.iter().position(|it| *it)?;
    Some(Evidence::new(format!("{:?} {what}", Id::from(replica))))
}

fn not_linearizable(_: &CapRegister, calls: &Operations<Operation, Value>) -> Option<Evidence> {
    let holds = calls.is_linearizable(Register::default());
    (!holds).then(|| Evidence::new(format!("no order explains these answers: {calls}")))
}

/// What a replica has; only the home has anything where there is one.
fn copy(it: &CapRegister, node: &Node<'_, Replica>) -> Option<Value> {
    node.state.filter(|_| it.params.policy == Policy::Available).map(|me| me.copy.value)
}

fn unequal(_: &CapRegister, values: &[Option<Value>]) -> Option<Evidence> {
    let (first, other) = values.iter().enumerate().find(|(_, value)| **value != values[0]).map(|it| (values[0], it))?;
    let (first, (replica, other)) = (first?, (Id::from(other.0), (*other.1)?));
    Some(Evidence::new(format!("{:?} has {first}, {replica:?} has {other}", Id::from(0))))
}
