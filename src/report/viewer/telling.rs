//! A run with all that can be told of it, as the page reads it.
//!
//! It is one JSON document. Values that occur again and again (a node that a step leaves alone, a message in flight) are
//! written once, in [`Telling::pool`], and named by their place there: a run of a thousand steps of nine nodes stays
//! small.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::Value as Json;

use super::calls::{Call, calls};
use super::diagram::Diagram;
use super::findings::{OrderTold, PropertyTold, flags, orders, properties};
use super::words::sentence;
use crate::cluster::Instance;
use crate::engine::Path;
use crate::system::{Action, Explain, InFlight, PropertyKind, Snapshot};
use crate::trace::{
    Change, Contrast, Ending, NoReturn, Outcome, Part, Step, Trace, as_written, causes_of, setting, steps,
};

/// The version of the document; the page that reads it comes with it.
pub const TELLING_VERSION: u32 = 1;

/// A run, told.
#[derive(Clone, Debug, Serialize)]
pub struct Telling {
    /// The version of this document.
    pub version: u32,
    /// The version of the tool.
    pub quorate: &'static str,
    /// What the run was taken from.
    pub instance: Instance,
    /// The same in a sentence.
    pub setting: String,
    /// The code that takes it again.
    pub code: String,
    /// What it shows, if it shows anything.
    pub goal: Option<Goal>,
    /// Names of the nodes.
    pub nodes: Vec<String>,
    /// The steps.
    pub steps: Vec<StepTold>,
    /// Every node and every message that occurs, once.
    pub pool: Vec<Json>,
    /// The states, one more than there are steps.
    pub states: Vec<StateTold>,
    /// The properties, and where they find something.
    pub properties: Vec<PropertyTold>,
    /// How the run goes on.
    pub ending: Option<Ending>,
    /// After which step a violation can no longer be avoided.
    pub no_return: Option<NoReturn>,
    /// Where it parts from the protocol as it should be, in words.
    pub contrast: Option<ContrastTold>,
    /// The calls of clients, where the observer has recorded any.
    pub calls: Vec<Call>,
    /// Orders that explain what the clients were answered, in rows.
    pub orders: Vec<OrderTold>,
    /// The picture.
    pub diagram: Diagram,
}

/// What a run shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Goal {
    /// The property.
    pub property: String,
    /// Of which kind it is.
    pub kind: PropertyKind,
    /// What it claims.
    pub claim: String,
    /// What is shown of it.
    pub outcome: Outcome,
    /// By what.
    pub evidence: String,
}

/// A step, told.
#[derive(Clone, Debug, Serialize)]
pub struct StepTold {
    /// The word of its kind.
    pub kind: &'static str,
    /// Whether the world does it to the protocol.
    pub fault: bool,
    /// The step.
    pub action: Action,
    /// Who and what, without the kind.
    pub subject: String,
    /// The step in one sentence.
    pub sentence: String,
    /// What it changed.
    pub changes: Vec<ChangeTold>,
    /// What it sent.
    pub sent: Vec<InFlight>,
    /// What is in flight no more, besides its message.
    pub lost: Vec<InFlight>,
}

/// A change, told.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeTold {
    /// `A` for something new, `M` for something else, `D` for something gone.
    pub mark: char,
    /// Whether it outlives a crash.
    pub durable: bool,
    /// The change.
    #[serde(flatten)]
    pub change: Change,
}

/// A state by its parts in the pool.
#[derive(Clone, Debug, Serialize)]
pub struct StateTold {
    /// The nodes.
    pub nodes: Vec<usize>,
    /// The messages in flight.
    pub network: Vec<usize>,
    /// Ticks that the messages have left, where time is timed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ticks: Vec<u8>,
    /// The sides of a split network.
    pub sides: Vec<Vec<String>>,
    /// What the observer has recorded.
    pub history: usize,
    /// What is left of each fault.
    pub budgets: Vec<(String, u32)>,
}

/// Where the run parts from the protocol as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ContrastTold {
    /// The row, if there is one.
    pub row: Option<usize>,
    /// In words.
    pub words: String,
}

impl Telling {
    /// Tells a run.
    pub fn of(system: &dyn Explain, path: &Path, instance: &Instance, code: String) -> Self {
        let snapshots: Vec<Snapshot> = path.states.iter().map(|state| system.snapshot(state)).collect();
        let taken = steps(system, path, &snapshots, instance);
        let calls = calls(&snapshots);
        let snapshots: Vec<Snapshot> = snapshots.iter().map(as_written).collect();
        let keeps_delivered = instance.environment.keeps_delivered();
        let causes = causes_of(&snapshots[0], &taken, keeps_delivered);
        let loop_to = match path.ending {
            crate::engine::Ending::Loop { from, .. } => Some(from),
            crate::engine::Ending::Found | crate::engine::Ending::Stop { .. } | crate::engine::Ending::Trap => None,
        };
        let mut pool = Pool::default();
        let states = snapshots.iter().map(|snapshot| pool.state(snapshot)).collect();
        let properties = properties(system, path);
        let mut diagram = Diagram::of(&snapshots, &taken, &causes, keeps_delivered, loop_to);
        diagram.flags = flags(&properties);
        Self {
            version: TELLING_VERSION,
            quorate: env!("CARGO_PKG_VERSION"),
            instance: instance.clone(),
            setting: setting(instance),
            code,
            goal: None,
            nodes: snapshots[0].nodes.iter().map(|node| node.name.clone()).collect(),
            diagram,
            calls,
            orders: orders(system, path),
            steps: taken.into_iter().map(told).collect(),
            pool: pool.values,
            states,
            properties,
            ending: None,
            no_return: None,
            contrast: None,
        }
    }

    /// The same with what its trace says of it.
    #[must_use]
    pub fn shown(mut self, trace: &Trace) -> Self {
        self.goal = Some(Goal {
            property: trace.property.clone(),
            kind: trace.kind,
            claim: trace.claim.clone(),
            outcome: trace.verdict,
            evidence: trace.evidence.clone(),
        });
        self.ending.clone_from(&trace.ending);
        self.no_return.clone_from(&trace.no_return);
        self.contrast = trace.contrast.as_ref().map(ContrastTold::of);
        self
    }
}

impl ContrastTold {
    /// A contrast in words.
    pub fn of(contrast: &Contrast) -> Self {
        let row = match contrast {
            Contrast::AtStart => Some(0),
            Contrast::Otherwise { step, .. } | Contrast::NotPossible { step, .. } => Some(*step),
            Contrast::Never => None,
        };
        Self { row, words: contrast.to_string() }
    }
}

fn told(step: Step) -> StepTold {
    let kind = step.action.kind();
    StepTold {
        kind: kind.word(),
        fault: kind.is_fault(),
        subject: step.action.subject(),
        sentence: sentence(&step),
        changes: step.changes.into_iter().map(change_told).collect(),
        sent: step.sent,
        lost: step.lost,
        action: step.action,
    }
}

fn change_told(change: Change) -> ChangeTold {
    let mark = match (&change.before, &change.after) {
        (None, _) => 'A',
        (Some(_), None) => 'D',
        (Some(_), Some(_)) => 'M',
    };
    ChangeTold { mark, durable: change.part == Part::Storage, change }
}

/// Values, each once.
#[derive(Default)]
struct Pool {
    values: Vec<Json>,
    /// By text: the place of a value.
    places: BTreeMap<String, usize>,
}

impl Pool {
    fn put(&mut self, value: &impl Serialize) -> usize {
        let value = serde_json::to_value(value).expect("a state has nothing that JSON cannot say");
        let next = self.values.len();
        let place = *self.places.entry(value.to_string()).or_insert(next);
        if place == next {
            self.values.push(value);
        }
        place
    }

    fn state(&mut self, snapshot: &Snapshot) -> StateTold {
        StateTold {
            nodes: snapshot.nodes.iter().map(|node| self.put(node)).collect(),
            network: snapshot.network.iter().map(|message| self.put(message)).collect(),
            ticks: snapshot.ticks.clone(),
            sides: snapshot.sides.clone(),
            history: self.put(&snapshot.history),
            budgets: snapshot.budgets.clone(),
        }
    }
}
