//! From a check to what random walks make of it.

use super::{Check, Expected};
use crate::cluster::{Entry, Instance};
use crate::engine::Path;
use crate::exit::Exit;
use crate::system::{ActionKind, Explain, PropertyCard, ShowsIn};
use crate::trace::{Code, Trace, canonical, minimise, understood};
use crate::walk::{Meeting, Progress, Quantity, Settings, Simulation, Stopped, simulate};

/// How what was met is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Telling {
    /// Whether ways are made small first.
    pub minimise: bool,
    /// Whether every violation that was met is told, those that are the same in canonical form once; else the first of
    /// each property.
    pub all: bool,
}

/// A check and what walks made of it.
#[derive(Clone, Debug)]
pub struct Simulated {
    /// The check.
    pub check: Check,
    /// What became of it: an instance that cannot be built says why.
    pub walked: Result<Walked, String>,
}

/// Walks that were taken, and what they mean. Lists go by the index of the property.
#[derive(Clone, Debug)]
pub struct Walked {
    /// The properties, those that every cluster has included.
    pub properties: Vec<PropertyCard>,
    /// What was expected of each.
    pub expected: Vec<Expected>,
    /// What the walks met.
    pub simulation: Simulation,
    /// The names of what was estimated.
    pub quantities: Vec<String>,
    /// What was met, told; by property, then by the walk that met it first.
    pub told: Vec<Told>,
}

/// A finding of a walk.
#[derive(Clone, Debug)]
pub struct Told {
    /// Which property.
    pub property_ix: usize,
    /// The walk that met it first, from 0.
    pub walk: u64,
    /// How many of the kept findings are this one, in canonical form.
    pub times: u64,
    /// Steps of the walk to there.
    pub walk_steps: usize,
    /// The way that is told.
    pub trace: Trace,
    /// The same as a code.
    pub code: String,
}

/// Takes walks through the instance of a check. `quantities` are the names of what is estimated.
///
/// # Errors
/// A sentence, if a quantity has no such name.
pub fn run_walks(
    check: Check,
    entry: &dyn Entry,
    settings: &Settings,
    quantities: &[String],
    telling: Telling,
    progress: &dyn Progress,
) -> Result<Simulated, String> {
    let system = match entry.build(&check.instance) {
        Ok(system) => system,
        Err(sentence) => return Ok(Simulated { check, walked: Err(sentence) }),
    };
    let read = quantities.iter().map(|name| quantity(&*system, name)).collect::<Result<_, _>>()?;
    let settings = Settings { quantities: read, ..settings.clone() };
    let simulation = simulate(&*system, &settings, progress);
    let properties = system.properties().to_vec();
    let walked = Walked {
        expected: properties.iter().map(|property| check.expected(property)).collect(),
        told: understand(tell(&*system, &simulation, &check.instance, telling), &*system, entry),
        quantities: quantities.to_vec(),
        simulation,
        properties,
    };
    Ok(Simulated { check, walked: Ok(walked) })
}

/// What the name stands for: `steps`, a kind of action, an observable or a property.
fn quantity(system: &dyn Explain, name: &str) -> Result<Quantity, String> {
    let kinds = ActionKind::ALL;
    let kind = kinds.into_iter().find(|kind| kind.word() == name);
    let observable = system.observables().iter().position(|card| card.name == name);
    let property = system.properties().iter().position(|card| card.name == name);
    match (name, observable, property, kind) {
        ("steps", ..) => Ok(Quantity::Steps),
        (_, Some(observable_ix), ..) => Ok(Quantity::Observable(observable_ix)),
        (_, _, Some(property_ix), _) => Ok(Quantity::Property(property_ix)),
        (_, _, _, Some(kind)) => Ok(Quantity::Actions(kind)),
        _ => {
            let observables = system.observables().iter().map(|card| card.name.as_str());
            let properties = system.properties().iter().map(|card| card.name.as_str());
            let names: Vec<&str> =
                observables.chain(properties).chain(kinds.map(ActionKind::word)).chain(["steps"]).collect();
            let near = super::nearest(name, names.iter().copied());
            let hint = near
                .map_or_else(|| format!("; known: {}", names.join(", ")), |near| format!("; did you mean `{near}`?"));
            Err(format!("there is nothing called `{name}` to estimate{hint}"))
        }
    }
}

/// States that are searched for a point of no return: walks are for what is too large to be searched.
const NO_RETURN_STATES_MAX: usize = 20_000;

fn understand(told: Vec<(Told, Path)>, system: &dyn Explain, entry: &dyn Entry) -> Vec<Told> {
    let understand = |(told, way): (Told, Path)| {
        let trace = understood(told.trace, system, &way, Some(entry), NO_RETURN_STATES_MAX);
        Told { trace, ..told }
    };
    told.into_iter().map(understand).collect()
}

/// What is told, and the way that each tells of.
fn tell(system: &dyn Explain, simulation: &Simulation, instance: &Instance, telling: Telling) -> Vec<(Told, Path)> {
    let is_violation = |property_ix: usize| !system.properties()[property_ix].kind.is_witness();
    let mut told: Vec<(Told, Path)> = Vec::new();
    for meeting in simulation.meetings.iter().filter(|meeting| is_violation(meeting.property_ix)) {
        let is_first = told.iter().all(|(other, _)| other.property_ix != meeting.property_ix);
        if !is_first && !telling.all {
            continue;
        }
        let one = tell_one(system, meeting, instance, telling.minimise);
        let same = |(other, _): &&mut (Told, Path)| {
            let actions = |told: &Told| told.trace.steps.iter().map(|step| step.action.clone()).collect::<Vec<_>>();
            other.property_ix == one.0.property_ix && actions(other) == actions(&one.0)
        };
        match told.iter_mut().find(same) {
            Some((other, _)) => other.times += 1,
            None => told.push(one),
        }
    }
    told.sort_by_key(|(told, _)| (told.property_ix, told.walk));
    told
}

fn tell_one(system: &dyn Explain, meeting: &Meeting, instance: &Instance, small: bool) -> (Told, Path) {
    let Meeting { property_ix, walk, ref path } = *meeting;
    let way = if small {
        minimise(system, path, instance, property_ix)
    } else {
        canonical(system, path, instance, property_ix)
    };
    let name = &system.properties()[property_ix].name;
    let told = Told {
        property_ix,
        walk,
        times: 1,
        walk_steps: path.steps.len(),
        code: Code::of(system, &way, instance, name).text(),
        trace: Trace::of(system, &way, instance, property_ix),
    };
    (told, way)
}

impl Simulated {
    /// The exit code that it asks for. What walks have not met is not known: where a check expects it, that is
    /// undecided, and where it expects the contrary, as expected as walks can say.
    pub fn exit(&self) -> Exit {
        match &self.walked {
            Err(_) => Exit::Usage,
            Ok(walked) => walked.exit(),
        }
    }
}

impl Walked {
    fn exit(&self) -> Exit {
        let interrupted = self.simulation.stopped == Stopped::Interrupted;
        let start = if interrupted { Exit::Interrupted } else { Exit::Expected };
        (0..self.properties.len()).fold(start, |exit, ix| exit.and(self.exit_of(ix)))
    }

    /// What one property asks for.
    pub fn exit_of(&self, property_ix: usize) -> Exit {
        let met = self.simulation.met[property_ix] > 0;
        // A run that was told to stop at a violation has not looked for the rest.
        let stopped = self.simulation.stopped == Stopped::Violation;
        let is_witness = self.properties[property_ix].kind.is_witness();
        match (self.expected[property_ix], met) {
            (Expected::Anything, _) | (Expected::Undecided, false) => Exit::Expected,
            (Expected::Violated { .. } | Expected::Reachable, true) => Exit::Expected,
            (Expected::Violated { .. }, false) => Exit::Undecided,
            (Expected::Reachable, false) if stopped => Exit::Expected,
            (Expected::Reachable, false) => Exit::Undecided,
            (Expected::Holds | Expected::NotSeen | Expected::Unreachable, false) => Exit::Expected,
            (Expected::NotSeen, true) if is_witness => Exit::Expected,
            (Expected::Holds | Expected::NotSeen | Expected::Unreachable | Expected::Undecided, true) => Exit::Differs,
        }
    }

    /// Whether a walk, which has an end, can say anything of a property.
    pub fn is_asked(&self, property_ix: usize) -> bool {
        self.properties[property_ix].kind.shows_in() != ShowsIn::Graph
    }
}
