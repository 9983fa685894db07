//! From a check to its outcome.

use serde_json::{Value as Json, json};

use super::judge::another_shape;
use super::{Check, Expected, Failure, judge};
use crate::cluster::Entry;
use crate::engine::{
    Checkpoints, Ended, Exploration, Path, Paths, Progress, Settings, StopWhen, Verdict, explore, explore_keeping,
};
use crate::exit::Exit;
use crate::model::{Budget, Clocks};
use crate::system::{ActionKind, Explain, Fairness, PropertyCard};
use crate::trace::{NO_RETURN_STATES_MAX, Trace, in_whole, understood};

/// How a check is run; no verdict and no count depends on it.
#[derive(Clone, Copy, Debug)]
pub struct Manner {
    /// Threads of the search.
    pub threads: usize,
    /// For which findings a trace is made.
    pub paths: Paths,
    /// When the search may end, if not as the check says.
    pub stop_when: Option<StopWhen>,
    /// Whether the protocol's code is looked at a second time when the search has ended.
    pub audit: bool,
}

/// A check and what became of it.
#[derive(Clone, Debug)]
pub struct Checked {
    /// The check.
    pub check: Check,
    /// What became of it.
    pub conclusion: Conclusion,
}

/// What became of a check.
#[derive(Clone, Debug)]
pub enum Conclusion {
    /// Its search ended.
    Searched(Box<Outcome>),
    /// Its instance cannot be built, or its search cannot be gone on with, and why.
    Refused(String),
    /// The run was interrupted before it began.
    Skipped,
    /// The time for the whole run was spent before it began.
    OutOfTime,
}

/// A search that ended, and what it means. Lists go by the index of the property.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The properties, those that every cluster has included.
    pub properties: Vec<PropertyCard>,
    /// What was expected of each.
    pub expected: Vec<Expected>,
    /// What was found.
    pub exploration: Exploration,
    /// How each finding comes about, as far as [`Manner::paths`] asks for it.
    pub traces: Vec<Option<Trace>>,
    /// What is not as expected.
    pub failures: Vec<Failure>,
}

/// Runs a check of the protocol of `entry`.
pub fn run(check: Check, entry: &dyn Entry, manner: Manner, progress: &dyn Progress) -> Checked {
    run_keeping(check, entry, manner, None, progress)
}

/// The same; its search is kept, or gone on with, as `checkpoints` says. Their identity is that of the check.
pub fn run_keeping(
    check: Check,
    entry: &dyn Entry,
    manner: Manner,
    checkpoints: Option<Checkpoints>,
    progress: &dyn Progress,
) -> Checked {
    if progress.interrupted() {
        return Checked { check, conclusion: Conclusion::Skipped };
    }
    let system = match entry.build_reduced(&check.instance, check.reductions) {
        Ok(system) => system,
        Err(sentence) => return Checked { check, conclusion: Conclusion::Refused(sentence) },
    };
    let properties = system.properties().to_vec();
    let expected = |(property_ix, property): (usize, &PropertyCard)| match system.preserves(property_ix) {
        true => check.expected(property),
        false => check.expected_of_unpreserved(property),
    };
    let expected: Vec<Expected> = properties.iter().enumerate().map(expected).collect();
    let settings = Settings {
        threads: manner.threads,
        limits: check.limits,
        stop_when: manner.stop_when.unwrap_or_else(|| Check::stop_when(&properties, &expected)),
        paths: manner.paths,
        fairness: check.fairness,
        remember_all: manner.audit,
    };
    let exploration = match checkpoints {
        None => explore(&*system, &settings, progress),
        Some(checkpoints) => {
            let checkpoints = Checkpoints { identity: identity(&check, &properties), ..checkpoints };
            match explore_keeping(&*system, &settings, progress, &checkpoints) {
                Ok(exploration) => exploration,
                Err(error) => return Checked { check, conclusion: Conclusion::Refused(error.to_string()) },
            }
        }
    };
    let complaints = if manner.audit { system.complaints() } else { Vec::new() };
    let complaints: Vec<String> = complaints.into_iter().map(|sentence| format!("audit: {sentence}")).collect();
    let found = exploration.findings.iter().map(|finding| finding.as_ref()?.path.clone());
    // What is told is the protocol with nothing left out.
    let (whole, paths): (Box<dyn Explain>, Vec<Option<Path>>) = match entry.build(&check.instance) {
        Ok(whole) if !check.reductions.is_none() => {
            let paths = found.map(|path| in_whole(&*system, &path?, &*whole)).collect();
            (whole, paths)
        }
        Ok(_) | Err(_) => (system, found.collect()),
    };
    let trace_of = |(property_ix, path): (usize, &Option<Path>)| {
        Some(Trace::of(&*whole, path.as_ref()?, &check.instance, property_ix))
    };
    let mut traces: Vec<Option<Trace>> = paths.iter().enumerate().map(trace_of).collect();
    let mut failures = judge(&properties, &expected, check.lock, &exploration);
    for (property_ix, trace) in traces.iter().enumerate() {
        let shape = check.shapes.get(&properties[property_ix].name);
        failures.extend(trace.iter().zip(shape).filter_map(|(trace, shape)| another_shape(property_ix, shape, trace)));
    }
    // To say what a violation hangs on takes searches of its own: only of what is going to be read.
    let is_read = |property_ix: usize| failures.iter().any(|failure| failure.property_ix() == Some(property_ix));
    for (property_ix, (trace, path)) in traces.iter_mut().zip(&paths).enumerate() {
        if let (Some(path), true) = (path, is_read(property_ix)) {
            *trace = trace.take().map(|trace| understood(trace, &*whole, path, Some(entry), NO_RETURN_STATES_MAX));
        }
    }
    if let Some(refused) = &exploration.refused {
        // That nothing is decided follows from that.
        failures.clear();
        failures.push(Failure::Unsound { sentence: refused.clone() });
    }
    failures.extend(complaints.into_iter().map(|sentence| Failure::Unsound { sentence }));
    if check.undecided_allowed {
        failures.retain(|failure| failure.exit() != Exit::Undecided);
    }
    let outcome = Outcome { properties, expected, exploration, traces, failures };
    Checked { check, conclusion: Conclusion::Searched(Box::new(outcome)) }
}

/// What must be the same for a search to be gone on with.
fn identity(check: &Check, properties: &[PropertyCard]) -> Json {
    let properties: Vec<String> = properties.iter().map(|card| format!("{} ({:?})", card.name, card.kind)).collect();
    let mut identity = json!({ "instance": check.instance, "properties": properties });
    if !check.reductions.is_none() {
        identity["reductions"] = check.reductions.words().into();
    }
    identity
}

impl Checked {
    /// What was found, if the search took place.
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.conclusion {
            Conclusion::Searched(outcome) => Some(outcome),
            Conclusion::Refused(_) | Conclusion::Skipped | Conclusion::OutOfTime => None,
        }
    }

    /// The traces that were made.
    pub fn traces(&self) -> impl Iterator<Item = &Trace> {
        self.outcome().into_iter().flat_map(|outcome| outcome.traces.iter().flatten())
    }

    /// The exit code that it asks for. A check that nobody wrote down (from command-line options) knows of no
    /// witness that must be reached: without one it is undecided.
    pub fn exit(&self) -> Exit {
        let ad_hoc = self.check.place.is_none();
        match &self.conclusion {
            Conclusion::Refused(_) => Exit::Usage,
            Conclusion::Skipped => Exit::Interrupted,
            Conclusion::OutOfTime => Exit::Undecided,
            Conclusion::Searched(outcome) => outcome.failures.iter().fold(Exit::Expected, |exit, failure| {
                let missing = matches!(failure, Failure::WitnessMissing { .. });
                exit.and(if ad_hoc && missing { Exit::Undecided } else { failure.exit() })
            }),
        }
    }

    /// What is assumed of fairness for a property whose verdict depends on it.
    pub fn fairness(&self, property_ix: usize) -> Option<Fairness> {
        let card = &self.outcome()?.properties[property_ix];
        card.kind.assumes_fairness().then(|| self.check.fairness.over(card.fairness))
    }

    /// The faults that the check allows and that never happened though every state was seen: what it says of them
    /// is empty.
    pub fn unused_faults(&self) -> Vec<ActionKind> {
        let environment = &self.check.instance.environment;
        let Some(outcome) = self.outcome().filter(|outcome| outcome.exploration.ended == Ended::Complete) else {
            return Vec::new();
        };
        let happened = |kind: ActionKind| outcome.exploration.statistics.actions[kind as usize] > 0;
        let clocks = environment.timing().map_or(Clocks::Perfect, |timing| timing.clocks);
        let drifts = if clocks == Clocks::Perfect { Budget::NEVER } else { Budget::Unlimited };
        let allowed = [
            (ActionKind::Drop, environment.loss.total),
            (ActionKind::Duplicate, environment.duplicates.total),
            (ActionKind::Corrupt, environment.corruptions.total),
            (ActionKind::Crash, environment.crashes.total),
            (ActionKind::LoseSave, environment.lost_saves.total),
            (ActionKind::TearSave, environment.torn_saves.total),
            (ActionKind::Pause, environment.pauses.total),
            (ActionKind::Partition, environment.partitions.total),
            (ActionKind::Drift, drifts),
        ];
        allowed
            .into_iter()
            .filter(|(kind, budget)| budget.allows_any() && !happened(*kind))
            .map(|(kind, _)| kind)
            .collect()
    }
}

impl Outcome {
    /// The answer for a property.
    pub fn verdict(&self, property_ix: usize) -> Verdict {
        self.exploration.verdict(property_ix, self.properties[property_ix].kind)
    }

    /// Steps of the shortest way to what the property found.
    pub fn steps(&self, property_ix: usize) -> Option<u32> {
        self.exploration.findings[property_ix].as_ref().map(|finding| finding.depth)
    }
}
