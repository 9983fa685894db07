//! The Informal Trace Format of Apalache (its ADR 15), which its viewers and those of Quint read.
//!
//! Each state has the variables `action`, `nodes`, `network`, `history` and `budgets`. A value is written as the
//! format has it: a tuple as `#tup`, a map as `#map`, a whole number beyond 2^53 as `#bigint`; a variant, and a value
//! that is absent, as Apalache writes its variants: `{"tag": …, "value": …}`.

use serde_json::{Map, Value as Json, json};

use super::Retold;
use crate::system::{InFlight, NodeSnapshot, Payload, Snapshot, Value};
use crate::trace::setting;

/// Numbers up to here are exact in every reader of JSON.
const EXACT_MAX: i128 = (1 << 53) - 1;

/// The trace as one ITF document.
pub(super) fn itf(retold: Retold<'_>) -> String {
    let trace = retold.trace;
    let actions = std::iter::once("start".to_owned()).chain(trace.steps.iter().map(|step| step.action.to_string()));
    let states = retold.states.iter().zip(actions).enumerate();
    let states: Vec<Json> = states.map(|(ix, (snapshot, action))| state(ix, snapshot, &action)).collect();
    let document = json!({
        "#meta": {
            "format": "ITF",
            "format-description": "https://apalache-mc.org/docs/adr/015adr-trace.html",
            "source": setting(&trace.instance),
            "description": format!("{} is {}: {}", trace.property, trace.verdict.word(), trace.evidence),
            "quorate": trace.quorate,
        },
        "vars": ["action", "nodes", "network", "history", "budgets"],
        "states": states,
    });
    let mut text = serde_json::to_string_pretty(&document).expect("a trace has nothing that JSON cannot say");
    text.push('\n');
    text
}

fn state(ix: usize, snapshot: &Snapshot, action: &str) -> Json {
    let nodes = snapshot.nodes.iter().map(|node| (node.name.clone(), self::node(node)));
    let budgets = snapshot.budgets.iter().map(|(name, left)| json!([name, left]));
    json!({
        "#meta": { "index": ix },
        "action": action,
        "nodes": { "#map": nodes.map(|(name, node)| json!([name, node])).collect::<Vec<_>>() },
        "network": snapshot.network.iter().map(in_flight).collect::<Vec<_>>(),
        "history": value(&snapshot.history),
        "budgets": { "#map": budgets.collect::<Vec<_>>() },
    })
}

fn node(node: &NodeSnapshot) -> Json {
    let choices = node.choices.iter().map(|(key, options)| json!([key, list(options)]));
    json!({
        "up": node.state.is_some(),
        "state": optional(node.state.as_ref()),
        "storage": optional(node.storage.as_ref()),
        "timers": list(&node.timers),
        "choices": { "#map": choices.collect::<Vec<_>>() },
    })
}

fn in_flight(message: &InFlight) -> Json {
    json!({ "from": message.from, "to": message.to, "message": value(&message.message) })
}

fn optional(present: Option<&Value>) -> Json {
    present.map_or_else(|| tagged("None", unit()), |present| tagged("Some", value(present)))
}

fn unit() -> Json {
    json!({ "#tup": [] })
}

fn tagged(tag: &str, value: impl Into<Json>) -> Json {
    json!({ "tag": tag, "value": value.into() })
}

fn list(values: &[Value]) -> Json {
    Json::Array(values.iter().map(value).collect())
}

fn record(fields: &[(String, Value)]) -> Json {
    // No field of Rust begins with `#`, but a key of a map that was read from JSON may.
    let name = |name: &String| name.trim_start_matches('#').to_owned();
    Json::Object(fields.iter().map(|(field, value)| (name(field), self::value(value))).collect::<Map<_, _>>())
}

fn value(plain: &Value) -> Json {
    match plain {
        Value::Unit => unit(),
        Value::None => tagged("None", unit()),
        Value::Bool(flag) => Json::Bool(*flag),
        Value::Int(number) if number.abs() <= EXACT_MAX => Json::from(*number as i64),
        Value::Int(number) => json!({ "#bigint": number.to_string() }),
        Value::Text(text) | Value::Name(text) => Json::String(text.clone()),
        Value::Node(_) => Json::String(plain.to_string()),
        Value::Seq(members) => list(members),
        Value::Tuple(members) => json!({ "#tup": list(members) }),
        Value::Map(entries) => {
            let pairs = entries.iter().map(|(key, of_key)| json!([value(key), value(of_key)]));
            json!({ "#map": pairs.collect::<Vec<_>>() })
        }
        Value::Record { fields, .. } => record(fields),
        Value::Variant { name, payload } => tagged(
            name,
            match payload {
                Payload::Empty => unit(),
                Payload::Values(values) => match values.as_slice() {
                    [one] => value(one),
                    several => json!({ "#tup": list(several) }),
                },
                Payload::Fields(fields) => record(fields),
            },
        ),
    }
}
