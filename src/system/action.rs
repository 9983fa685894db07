//! What can happen in one step, as plain data.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Value;

/// The kinds of action, in the order in which reports list them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[repr(u8)]
pub enum ActionKind {
    /// A message reaches its receiver.
    Deliver,
    /// A timer fires.
    Timeout,
    /// An actor's open choice is made.
    Choose,
    /// A node comes back with what it had saved.
    Restart,
    /// A message is lost.
    Drop,
    /// A message reaches its receiver and stays in flight.
    Duplicate,
    /// A node loses all but what it had saved.
    Crash,
}

impl ActionKind {
    /// Every kind, in order.
    pub const ALL: [Self; 7] =
        [Self::Deliver, Self::Timeout, Self::Choose, Self::Restart, Self::Drop, Self::Duplicate, Self::Crash];

    /// Whether the world does this to the protocol, rather than the protocol going its way.
    ///
    /// A fault may happen or not: a state in which only faults are possible counts as one in which
    /// nothing happens any more.
    pub const fn is_fault(self) -> bool {
        match self {
            Self::Deliver | Self::Timeout | Self::Choose | Self::Restart => false,
            Self::Drop | Self::Duplicate | Self::Crash => true,
        }
    }

    /// The word that reports and traces use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::Timeout => "timeout",
            Self::Choose => "choose",
            Self::Restart => "restart",
            Self::Drop => "drop",
            Self::Duplicate => "duplicate",
            Self::Crash => "crash",
        }
    }
}

/// One step of a system, with its values. Nodes are called by the names of the roster.
///
/// In JSON it is an object whose member `kind` has the word of its kind.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Action {
    /// `message` reaches `to`.
    Deliver {
        /// The sender.
        from: String,
        /// The receiver.
        to: String,
        /// The payload.
        message: Value,
    },
    /// The timer `timer` of `node` fires.
    Timeout {
        /// Whose timer it is.
        node: String,
        /// Which timer.
        timer: Value,
    },
    /// The choice that `node` had left open under `key` is made.
    Choose {
        /// Who had the choice.
        node: String,
        /// Which choice.
        key: String,
        /// What was chosen.
        choice: Value,
    },
    /// `node` starts again from its storage.
    Restart {
        /// Who restarts.
        node: String,
    },
    /// `message` is lost on its way to `to`.
    Drop {
        /// The sender.
        from: String,
        /// Who will not receive it.
        to: String,
        /// The payload.
        message: Value,
    },
    /// `message` reaches `to`, and a copy of it stays in flight.
    Duplicate {
        /// The sender.
        from: String,
        /// The receiver.
        to: String,
        /// The payload.
        message: Value,
    },
    /// `node` loses its state, timers and choices, and keeps its storage.
    Crash {
        /// Who crashes.
        node: String,
    },
}

impl Action {
    /// Which kind of action this is.
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::Deliver { .. } => ActionKind::Deliver,
            Self::Timeout { .. } => ActionKind::Timeout,
            Self::Choose { .. } => ActionKind::Choose,
            Self::Restart { .. } => ActionKind::Restart,
            Self::Drop { .. } => ActionKind::Drop,
            Self::Duplicate { .. } => ActionKind::Duplicate,
            Self::Crash { .. } => ActionKind::Crash,
        }
    }
    /// Who and what, without the kind: `proposer0 -> acceptor1: Prepare { ballot: 1.0 }`.
    pub fn subject(&self) -> String {
        match self {
            Self::Deliver { from, to, message }
            | Self::Drop { from, to, message }
            | Self::Duplicate { from, to, message } => format!("{from} -> {to}: {message}"),
            Self::Timeout { node, timer } => format!("{node}: {timer}"),
            Self::Choose { node, key, choice } => format!("{node}: {key} = {choice}"),
            Self::Restart { node } | Self::Crash { node } => node.clone(),
        }
    }

    /// The nodes that take part: sender and receiver of a message, or the one whose step it is.
    pub fn nodes(&self) -> Vec<&str> {
        match self {
            Self::Deliver { from, to, .. } | Self::Drop { from, to, .. } | Self::Duplicate { from, to, .. } => {
                vec![from, to]
            }
            Self::Timeout { node, .. } | Self::Choose { node, .. } | Self::Restart { node } | Self::Crash { node } => {
                vec![node]
            }
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind().word(), self.subject())
    }
}
