//! The calls of clients, where the observer records [`Operations`](crate::model::Operations).
//!
//! They are known by their shape: a map of nodes to lists of records with an operation, the calls that came before it and
//! an answer. When a call was invoked and when it returned is read from the first state that has it.

use serde::Serialize;

use crate::system::{Snapshot, Value};

/// One call of one client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Call {
    /// Who calls.
    pub client: String,
    /// Which of the client's calls it is, from 0.
    pub turn: usize,
    /// What it asks.
    pub operation: Value,
    /// What it was answered; `None` while it is open.
    pub answer: Option<Value>,
    /// The row in which it was invoked.
    pub invoked: usize,
    /// The row in which it returned.
    pub returned: Option<usize>,
}

/// The calls of a run, by client.
pub(super) fn calls(states: &[Snapshot]) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for (row, state) in states.iter().enumerate() {
        for seen in in_history(&state.history) {
            let known = calls.iter_mut().find(|call| call.client == seen.client && call.turn == seen.turn);
            match known {
                None => calls.push(Call { invoked: row, returned: seen.answer.as_ref().map(|_| row), ..seen }),
                Some(call) if call.answer.is_none() && seen.answer.is_some() => {
                    call.answer = seen.answer;
                    call.returned = Some(row);
                }
                Some(_) => {}
            }
        }
    }
    calls.sort_by(|a, b| (&a.client, a.turn).cmp(&(&b.client, b.turn)));
    calls
}

fn in_history(value: &Value) -> Vec<Call> {
    match value {
        Value::Map(entries) if entries.iter().any(|(_, of_key)| has_calls(of_key)) => {
            entries.iter().flat_map(|(client, of_client)| of_one(&client.to_string(), of_client)).collect()
        }
        Value::Record { fields, .. } => fields.iter().flat_map(|(_, field)| in_history(field)).collect(),
        Value::Unit
        | Value::None
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Text(_)
        | Value::Node(_)
        | Value::Name(_)
        | Value::Seq(_)
        | Value::Tuple(_)
        | Value::Map(_)
        | Value::Variant { .. } => Vec::new(),
    }
}

fn has_calls(value: &Value) -> bool {
    matches!(value, Value::Seq(members) if members.iter().any(|member| call_parts(member).is_some()))
}

fn of_one(client: &str, value: &Value) -> Vec<Call> {
    let Value::Seq(members) = value else { return Vec::new() };
    let call = |(turn, member): (usize, &Value)| {
        let (operation, answer) = call_parts(member)?;
        Some(Call { client: client.to_owned(), turn, operation, answer, invoked: 0, returned: None })
    };
    members.iter().enumerate().filter_map(call).collect()
}

fn call_parts(value: &Value) -> Option<(Value, Option<Value>)> {
    let Value::Record { fields, .. } = value else { return None };
    let field = |name: &str| fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.clone());
    field("after")?;
    Some((field("operation")?, field("answer").filter(|answer| *answer != Value::None)))
}
