//! A whole state, as plain data.

use serde::{Deserialize, Serialize};

use super::Value;

/// One node, as plain data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NodeSnapshot {
    /// Its name in the roster.
    pub name: String,
    /// Its volatile state; `None`, and in JSON absent, while it is down.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::system::present")]
    pub state: Option<Value>,
    /// Whether it stands still.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub paused: bool,
    /// Ticks until its pause must end; `None`, and in JSON absent, where nothing says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pause_left: Option<u32>,
    /// What it has saved; `None`, and in JSON absent, if nothing.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::system::present")]
    pub storage: Option<Value>,
    /// What its storage would be if its last save were lost, [`Value::None`] for an empty one; `None`, and in JSON
    /// absent, where that cannot happen.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "crate::system::present")]
    pub fallback: Option<Value>,
    /// The timers that are set, in order.
    pub timers: Vec<Value>,
    /// In timed mode, for each of the timers: ticks of the node's clock until it may fire, and until it must, if it
    /// ever must. Otherwise empty, and in JSON absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ticks: Vec<(u32, Option<u32>)>,
    /// How its clock is: the ticks that it is ahead, or until it may gain or lose again, and one more than ever while it
    /// is about to miss one. `None`, and in JSON absent, where clocks are perfect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<u32>,
    /// The choices that are open: key and options, by key. In JSON an object.
    #[serde(with = "object")]
    pub choices: Vec<(String, Vec<Value>)>,
}

/// A message in flight.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct InFlight {
    /// The sender's name.
    pub from: String,
    /// The receiver's name.
    pub to: String,
    /// The payload.
    pub message: Value,
}

/// A state of a system, as plain data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The nodes, in the order of the roster.
    pub nodes: Vec<NodeSnapshot>,
    /// The messages in flight: sorted where the network has no order, by channel and in order where it has.
    pub network: Vec<InFlight>,
    /// In timed mode, for each of the messages in flight: ticks until it must arrive, or until it may where it never
    /// must. Otherwise empty, and in JSON absent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ticks: Vec<u8>,
    /// The sides of a split network, by name of the nodes; empty, and in JSON absent, while it is whole.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sides: Vec<Vec<String>>,
    /// What the observer has recorded; [`Value::Unit`] where it records nothing.
    pub history: Value,
    /// What is left of each bounded fault: word and number. In JSON an object.
    #[serde(with = "object")]
    pub budgets: Vec<(String, u32)>,
}

/// Pairs as a JSON object, in their order.
mod object {
    use indexmap::IndexMap;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<T: Serialize, S: Serializer>(
        pairs: &[(String, T)],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_map(pairs.iter().map(|(key, value)| (key, value)))
    }

    pub(super) fn deserialize<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<(String, T)>, D::Error> {
        let members = IndexMap::<String, T>::deserialize(deserializer)?;
        Ok(members.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_node_that_is_down_differs_from_one_with_nothing_to_remember() {
        let up = NodeSnapshot {
            name: "n0".to_owned(),
            state: Some(Value::None),
            choices: vec![("pick".to_owned(), vec![Value::Int(1)])],
            ..NodeSnapshot::default()
        };
        let down = NodeSnapshot { state: None, choices: Vec::new(), ..up.clone() };
        let up_json = json!({ "name": "n0", "state": null, "timers": [], "choices": { "pick": [1] } });
        let down_json = json!({ "name": "n0", "timers": [], "choices": {} });
        for (node, json) in [(up, up_json), (down, down_json)] {
            assert_eq!(serde_json::to_value(&node).unwrap(), json);
            assert_eq!(serde_json::from_value::<NodeSnapshot>(json).unwrap(), node);
        }
    }
}
