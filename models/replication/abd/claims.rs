//! What the observer sees of the clients, and the claims.

use quorate::model::{CallFact, Cause, Claim, Facts, Node, Operations, Property, Step};
use quorate::system::Evidence;
use quorate::{Id, Out};

use super::Abd;
use super::client::{Client, Phase};
use super::member::{Member, State};
use super::server::Tagged;
use crate::replication::register::{Operation, Register, Value};

/// A client begins an operation when its timer fires, and it returns with the last answer that it waits for.
pub(super) fn observe(client: &Client, step: &Step<'_, Member>, facts: &mut Facts<CallFact<Operation, Value>>) {
    let Some(before) = step.before.and_then(State::client) else { return };
    match &step.cause {
        Cause::Timeout(_) => facts.push(CallFact::Invoked(step.node, client.operation(before.number))),
        Cause::Deliver { src, msg } => {
            let taken = client.receive(before, *src, msg, &mut Out::new());
            facts.extend(taken.and_then(|(_, value)| value).map(|value| CallFact::Returned(step.node, value)));
        }
        Cause::Start | Cause::Choose(_) | Cause::Crash | Cause::Restart => {}
    }
}

/// All claims.
pub(super) fn all() -> Vec<Property<Abd>> {
    vec![
        Claim::always("linearizable", "Reads and writes are answered as if they came one after the other")
            .by_history(not_linearizable),
        Claim::eventually_always("answered", "Every read and write is answered, while a majority of servers is up")
            .by_nodes(is_done, unanswered),
        Claim::sometimes("differ", "Two servers have different values").by_nodes(value, differ),
        Claim::sometimes("read-while-written", "A read returns a value whose write is still open")
            .by_history(read_while_written),
        Claim::sometimes("done", "All operations are answered").by_nodes(is_done, |abd, done| {
            unanswered(abd, done).is_none().then(|| Evidence::new("all reads and writes are answered"))
        }),
    ]
}

fn not_linearizable(_: &Abd, calls: &Operations<Operation, Value>) -> Option<Evidence> {
    let holds = calls.is_linearizable(Register::default());
    (!holds).then(|| Evidence::new(format!("no order explains these answers: {calls}")))
}

/// Whether a client has no operation left; a server has none.
fn is_done(_: &Abd, node: &Node<'_, Member>) -> bool {
    node.state.and_then(State::client).is_none_or(|client| client.phase == Phase::Done)
}

fn unanswered(_: &Abd, done: &[bool]) -> Option<Evidence> {
    let client = done.iter().position(|done| !done)?;
    Some(Evidence::new(format!("an operation of {:?} is not answered", Id::from(client))))
}

fn value(_: &Abd, node: &Node<'_, Member>) -> Option<Value> {
    match node.state? {
        State::Server(Tagged { value, .. }) => Some(*value),
        State::Client(_) => None,
    }
}

fn differ(_: &Abd, values: &[Option<Value>]) -> Option<Evidence> {
    let mut values = values.iter().flatten();
    let first = values.next()?;
    let other = values.find(|value| *value != first)?;
    Some(Evidence::new(format!("one server has {first}, another {other}")))
}

fn read_while_written(_: &Abd, calls: &Operations<Operation, Value>) -> Option<Evidence> {
    let open = calls.calls().filter(|(_, call)| call.answer.is_none());
    let mut written = open.filter_map(|(_, call)| match call.operation {
        Operation::Write(value) => Some(value),
        Operation::Read => None,
    });
    let is_read =
        |value: &Value| calls.calls().any(|(_, call)| call.operation == Operation::Read && call.answer == Some(*value));
    let value = written.find(is_read)?;
    Some(Evidence::new(format!("{value} is read while its write is open")))
}
