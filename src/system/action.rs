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
    /// A node that was paused goes on.
    Resume,
    /// The sides of a split network hear of each other again.
    Heal,
    /// Time passes.
    Tick,
    /// A message is lost.
    Drop,
    /// A message reaches its receiver and stays in flight.
    Duplicate,
    /// A message reaches its receiver with another payload.
    Corrupt,
    /// A node loses all but what it had saved.
    Crash,
    /// A node crashes, and what it had saved last is not there.
    LoseSave,
    /// A node crashes, and what it had saved last is there in part.
    TearSave,
    /// A node stands still.
    Pause,
    /// The network splits.
    Partition,
    /// The clock of a node gains or loses.
    Drift,
}

impl ActionKind {
    /// Every kind, in order.
    pub const ALL: [Self; 16] = [
        Self::Deliver,
        Self::Timeout,
        Self::Choose,
        Self::Restart,
        Self::Resume,
        Self::Heal,
        Self::Tick,
        Self::Drop,
        Self::Duplicate,
        Self::Corrupt,
        Self::Crash,
        Self::LoseSave,
        Self::TearSave,
        Self::Pause,
        Self::Partition,
        Self::Drift,
    ];

    /// Whether the world does this to the protocol, rather than the protocol going its way.
    ///
    /// A fault may happen or not: a state in which only faults are possible counts as one in which
    /// nothing happens any more.
    pub const fn is_fault(self) -> bool {
        match self {
            Self::Deliver | Self::Timeout | Self::Choose | Self::Restart | Self::Resume | Self::Heal | Self::Tick => {
                false
            }
            Self::Drop
            | Self::Duplicate
            | Self::Corrupt
            | Self::Crash
            | Self::LoseSave
            | Self::TearSave
            | Self::Pause
            | Self::Partition
            | Self::Drift => true,
        }
    }

    /// The word that reports and traces use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deliver => "deliver",
            Self::Timeout => "timeout",
            Self::Choose => "choose",
            Self::Restart => "restart",
            Self::Resume => "resume",
            Self::Heal => "heal",
            Self::Tick => "tick",
            Self::Drop => "drop",
            Self::Duplicate => "duplicate",
            Self::Corrupt => "corrupt",
            Self::Crash => "crash",
            Self::LoseSave => "lose-save",
            Self::TearSave => "tear-save",
            Self::Pause => "pause",
            Self::Partition => "partition",
            Self::Drift => "drift",
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
    /// `node` was paused and goes on.
    Resume {
        /// Who goes on.
        node: String,
    },
    /// The network is whole again.
    Heal,
    /// Time passes: one tick, for everyone.
    Tick,
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
    /// `message` reaches `to` as `arrives`.
    Corrupt {
        /// The sender.
        from: String,
        /// The receiver.
        to: String,
        /// The payload that was sent.
        message: Value,
        /// The payload that the receiver gets.
        arrives: Value,
    },
    /// `node` loses its state, timers and choices, and keeps its storage.
    Crash {
        /// Who crashes.
        node: String,
    },
    /// `node` crashes, and its storage is as before its last save.
    LoseSave {
        /// Who crashes.
        node: String,
    },
    /// `node` crashes, and its storage has its last save in part.
    TearSave {
        /// Who crashes.
        node: String,
        /// What is in the storage.
        storage: Value,
    },
    /// `node` stands still: it takes no step until it is resumed.
    Pause {
        /// Who stands still.
        node: String,
    },
    /// The network splits: nothing passes from one side to another.
    Partition {
        /// The nodes of each side.
        sides: Vec<Vec<String>>,
    },
    /// The clock of `node` gains a tick, or will miss the next one.
    Drift {
        /// Whose clock it is.
        node: String,
        /// 1 where it gains, -1 where it loses.
        ticks: i8,
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
            Self::Resume { .. } => ActionKind::Resume,
            Self::Heal => ActionKind::Heal,
            Self::Tick => ActionKind::Tick,
            Self::Drop { .. } => ActionKind::Drop,
            Self::Duplicate { .. } => ActionKind::Duplicate,
            Self::Corrupt { .. } => ActionKind::Corrupt,
            Self::Crash { .. } => ActionKind::Crash,
            Self::LoseSave { .. } => ActionKind::LoseSave,
            Self::TearSave { .. } => ActionKind::TearSave,
            Self::Pause { .. } => ActionKind::Pause,
            Self::Partition { .. } => ActionKind::Partition,
            Self::Drift { .. } => ActionKind::Drift,
        }
    }

    /// Who and what, without the kind: `proposer0 -> acceptor1: Prepare { ballot: 1.0 }`. Empty where the whole
    /// world takes part.
    pub fn subject(&self) -> String {
        match self {
            Self::Deliver { from, to, message }
            | Self::Drop { from, to, message }
            | Self::Duplicate { from, to, message } => format!("{from} -> {to}: {message}"),
            Self::Corrupt { from, to, message, arrives } => format!("{from} -> {to}: {message} as {arrives}"),
            Self::Timeout { node, timer } => format!("{node}: {timer}"),
            Self::Choose { node, key, choice } => format!("{node}: {key} = {choice}"),
            Self::TearSave { node, storage } => format!("{node}: {storage}"),
            Self::Drift { node, ticks } => format!("{node}: {ticks:+}"),
            Self::Partition { sides } => sides.iter().map(|side| side.join(", ")).collect::<Vec<_>>().join(" | "),
            Self::Restart { node }
            | Self::Resume { node }
            | Self::Crash { node }
            | Self::LoseSave { node }
            | Self::Pause { node } => node.clone(),
            Self::Heal | Self::Tick => String::new(),
        }
    }

    /// The node whose step it is: who receives a message, or whom it happens to. `None` where a message is lost on its
    /// way, and where the whole world takes part.
    pub fn place(&self) -> Option<&str> {
        match self {
            Self::Deliver { to, .. } | Self::Duplicate { to, .. } | Self::Corrupt { to, .. } => Some(to),
            Self::Drop { .. } | Self::Partition { .. } | Self::Heal | Self::Tick => None,
            Self::Timeout { node, .. }
            | Self::Choose { node, .. }
            | Self::Restart { node }
            | Self::Resume { node }
            | Self::Crash { node }
            | Self::LoseSave { node }
            | Self::TearSave { node, .. }
            | Self::Pause { node }
            | Self::Drift { node, .. } => Some(node),
        }
    }

    /// The message that the step is about: sender, receiver, and what was sent.
    pub fn message(&self) -> Option<(&str, &str, &Value)> {
        match self {
            Self::Deliver { from, to, message }
            | Self::Drop { from, to, message }
            | Self::Duplicate { from, to, message }
            | Self::Corrupt { from, to, message, .. } => Some((from, to, message)),
            Self::Timeout { .. }
            | Self::Choose { .. }
            | Self::Restart { .. }
            | Self::Resume { .. }
            | Self::Heal
            | Self::Tick
            | Self::Crash { .. }
            | Self::LoseSave { .. }
            | Self::TearSave { .. }
            | Self::Pause { .. }
            | Self::Partition { .. }
            | Self::Drift { .. } => None,
        }
    }

    /// Whether that message is still in flight after the step. `keeps_delivered` says what the network does with a
    /// message that arrives, as it was sent or not.
    pub fn leaves_in_flight(&self, keeps_delivered: bool) -> bool {
        match self.kind() {
            ActionKind::Duplicate => true,
            ActionKind::Deliver | ActionKind::Corrupt => keeps_delivered,
            ActionKind::Drop
            | ActionKind::Timeout
            | ActionKind::Choose
            | ActionKind::Restart
            | ActionKind::Resume
            | ActionKind::Heal
            | ActionKind::Tick
            | ActionKind::Crash
            | ActionKind::LoseSave
            | ActionKind::TearSave
            | ActionKind::Pause
            | ActionKind::Partition
            | ActionKind::Drift => false,
        }
    }

    /// The nodes that take part: sender and receiver of a message, or the one whose step it is. Nobody where the
    /// whole world takes part.
    pub fn nodes(&self) -> Vec<&str> {
        match self {
            Self::Deliver { from, to, .. }
            | Self::Drop { from, to, .. }
            | Self::Duplicate { from, to, .. }
            | Self::Corrupt { from, to, .. } => vec![from, to],
            Self::Timeout { node, .. }
            | Self::Choose { node, .. }
            | Self::TearSave { node, .. }
            | Self::Drift { node, .. }
            | Self::Restart { node }
            | Self::Resume { node }
            | Self::Crash { node }
            | Self::LoseSave { node }
            | Self::Pause { node } => vec![node],
            Self::Heal | Self::Tick | Self::Partition { .. } => Vec::new(),
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.subject() {
            subject if subject.is_empty() => f.write_str(self.kind().word()),
            subject => write!(f, "{} {subject}", self.kind().word()),
        }
    }
}
