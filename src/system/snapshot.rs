//! A whole state, as plain data.

use super::Value;

/// One node, as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeSnapshot {
    /// Its name in the roster.
    pub name: String,
    /// Its volatile state; `None` while it is down.
    pub state: Option<Value>,
    /// What it has saved, if anything.
    pub storage: Option<Value>,
    /// The timers that are set, in order.
    pub timers: Vec<Value>,
    /// The choices that are open: key and options, by key.
    pub choices: Vec<(String, Vec<Value>)>,
}

/// A message in flight.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct InFlight {
    /// The sender's name.
    pub from: String,
    /// The receiver's name.
    pub to: String,
    /// The payload.
    pub message: Value,
}

/// A state of a system, as plain data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The nodes, in the order of the roster.
    pub nodes: Vec<NodeSnapshot>,
    /// The messages in flight: sorted where the network has no order, by channel and in order where it has.
    pub network: Vec<InFlight>,
    /// What the observer has recorded; [`Value::Unit`] where it records nothing.
    pub history: Value,
    /// What is left of each bounded fault: word and number.
    pub budgets: Vec<(String, u32)>,
}
