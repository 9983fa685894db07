//! The trace and its parts, as they stand in the file.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::{Contrast, NoReturn};
use crate::cluster::Instance;
use crate::system::{Action, FairClass, Fairness, InFlight, Level, PropertyKind, Snapshot, Value, present};

/// What the member `format` of a trace says.
pub const FORMAT: &str = "quorate-trace";

/// The version of the format that this tool writes and reads. It grows when a reader of the old one would
/// misunderstand the new one; members that are merely new do not make a version, and are ignored by those who
/// do not know them.
pub const VERSION: u32 = 1;

/// One way to a state in which a property finds what it looks for.
///
/// In a file it is one JSON object with these members. Nodes are called by their names in the roster; values are
/// written as serde writes them (a variant is `"Ping"`, `{"Put": 3}` or `{"Vote": {"term": 4}}`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// Always [`FORMAT`].
    pub format: String,
    /// The version of the format.
    pub version: u32,
    /// The version of the tool that wrote it.
    pub quorate: String,
    /// What it was taken from: protocol, parameters, deviations, network and faults.
    pub instance: Instance,
    /// The name of the property.
    pub property: String,
    /// What kind of claim the property is: `always`, `eventually` and so on.
    pub kind: PropertyKind,
    /// What the trace shows of it.
    pub verdict: Outcome,
    /// What the property claims, in one sentence.
    pub claim: String,
    /// What it found in the last state, in the last step, or where the loop begins, in one sentence.
    pub evidence: String,
    /// The whole state at the start.
    pub start: Snapshot,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// How the run goes on after the steps. In JSON absent where they say it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// After which step a violation can no longer be avoided; in JSON absent where nobody has asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_return: Option<NoReturn>,
    /// Where it parts from the protocol without its deviations; in JSON absent where there are none or nobody has asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contrast: Option<Contrast>,
}

/// How a run goes on after the steps of a trace.
///
/// In JSON it is an object whose member `kind` is `loop`, `stop` or `trap`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Ending {
    /// The last step leads back to the state before the step with the index `from`: that step and those after it are
    /// repeated for ever. The first `from` steps are the stem.
    Loop {
        /// How many steps come before the loop.
        from: usize,
        /// What was assumed.
        fairness: Fairness,
        /// For everything that must be treated fairly and is possible on the loop: how it is. By class, then by name.
        kept: Vec<Kept>,
    },
    /// Nothing need happen in the last state: the run may stay there for ever.
    Stop {
        /// What was assumed.
        fairness: Fairness,
        /// What can happen there and need not.
        possible: Vec<Action>,
    },
    /// What is missing is out of reach from the last state on, unless a fault helps.
    Trap,
}

/// How fairness to one message, timer, choice or node is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Of which class it is.
    pub class: FairClass,
    /// What is assumed of it: `weak` or `strong`.
    pub level: Level,
    /// Which it is, such as `deliver client0 -> server: Acquire`.
    pub what: String,
    /// How fairness to it is kept.
    pub how: How,
}

/// How fairness is kept. Steps count from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// It is taken on the loop.
    Taken {
        /// In which step.
        step: usize,
    },
    /// It is not possible everywhere on the loop.
    Impossible {
        /// After which step it is not; where the loop begins at the start, this may be 0.
        after: usize,
    },
}

/// What a trace shows of its property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The last state shows evidence against the claim.
    Violated,
    /// The last state shows the situation that was looked for.
    Reachable,
}

impl Outcome {
    /// What a finding of a property of this kind is.
    pub fn of(kind: PropertyKind) -> Self {
        if kind.is_witness() { Self::Reachable } else { Self::Violated }
    }

    /// The word that stories use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Violated => "violated",
            Self::Reachable => "reached",
        }
    }
}

/// One step: what happened, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What happened. This alone is what a replay goes by; the rest tells the reader what it did.
    pub action: Action,
    /// How the nodes and the history differ from before, in the order of the roster.
    pub changes: Vec<Change>,
    /// The messages that the step put in flight.
    pub sent: Vec<InFlight>,
    /// The messages that are in flight no more, without the one that the action is about. In JSON absent if none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lost: Vec<InFlight>,
}

/// One thing that a step changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// Whose it is; in JSON absent for the history, which is nobody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Which part of the node.
    pub part: Part,
    /// Where in the part: fields after dots, keys and positions in brackets, such as `log[2].term`. Empty for the
    /// whole. A position is the one afterwards; that of something removed is the one before.
    pub path: String,
    /// What was there; in JSON absent for something new.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub before: Option<Value>,
    /// What is there now; in JSON absent for something that is gone.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "present")]
    pub after: Option<Value>,
}

/// The parts of which a change may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Whether the node is up: true or false. Where it changes, the whole state is new or gone too.
    Up,
    /// Its volatile state.
    State,
    /// What it has saved.
    Storage,
    /// The timers that are set.
    Timers,
    /// The choices that are open: the options of each key.
    Choices,
    /// What the observer has recorded.
    History,
}

impl Trace {
    /// The text of the file, which [`Trace::parse`] reads.
    pub fn to_json(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a trace has nothing that JSON cannot say");
        text.push('\n');
        text
    }
}

/// A part of a trace as JSON. Two parts are the same when their JSON is, whatever the order of its members.
pub(super) fn json(part: &impl Serialize) -> Json {
    serde_json::to_value(part).expect("a trace has nothing that JSON cannot say")
}

/// A part of a trace as it will be when it has been in a file: what is told of a run shall not depend on whether it was.
pub fn as_written<T: Serialize + DeserializeOwned>(part: &T) -> T {
    serde_json::from_value(json(part)).expect("what is written can be read")
}
