//! From a code to a run, and one step further.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::Serialize;

use super::desk::Refusal;
use crate::cluster::{Entry, Instance};
use crate::engine::{Ending, Path};
use crate::report::viewer::Telling;
use crate::system::{Explain, PropertyKind, ShowsIn, Successors};
use crate::trace::{Astray, Code, NoReturn, Trace, settled};

/// Runs that are kept so that they need not be taken again.
const RUNS_KEPT: usize = 64;
/// Systems that are kept so that what they have worked out is not forgotten.
const SYSTEMS_KEPT: usize = 6;
/// The longest run: each step is asked of every property, and drawn.
const STEPS_MAX: usize = 20_000;

/// A run through a system.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) system: Arc<dyn Explain>,
    pub(super) instance: Instance,
    pub(super) path: Path,
    /// The property of which the code speaks; empty if of none.
    pub(super) wanted: String,
    /// The property that the run shows, and how.
    pub(super) goal: Option<usize>,
    /// Where the code cannot be followed any more.
    pub(super) astray: Option<Astray>,
    /// After which step what it shows can no longer be avoided, once somebody has asked.
    pub(super) no_return: OnceLock<Option<NoReturn>>,
}

/// A run as the page gets it.
#[derive(Debug, Serialize)]
pub(super) struct Told {
    #[serde(flatten)]
    telling: Telling,
    astray: Option<AstrayTold>,
}

#[derive(Debug, Serialize)]
struct AstrayTold {
    step: usize,
    words: String,
    possible: Vec<String>,
}

impl Run {
    pub(super) fn code(&self) -> String {
        let property = self.goal.map_or(self.wanted.as_str(), |ix| &self.system.properties()[ix].name);
        Code::of(&*self.system, &self.path, &self.instance, property).text()
    }

    /// The trace, where the run shows something.
    pub(super) fn trace(&self) -> Option<Trace> {
        self.goal.map(|goal| Trace::of(&*self.system, &self.path, &self.instance, goal))
    }

    pub(super) fn told(&self) -> Told {
        let telling = Telling::of(&*self.system, &self.path, &self.instance, self.code());
        let telling = match self.trace() {
            Some(trace) => telling.shown(&trace),
            None => telling,
        };
        let astray = self.astray.as_ref().map(|astray| AstrayTold {
            step: astray.step,
            words: format!("the protocol has changed: step {} of the link cannot be taken any more", astray.step),
            possible: astray.enabled.iter().map(ToString::to_string).collect(),
        });
        Told { telling, astray }
    }

    /// Looks again at what the run shows: what the code asks for, else what is violated now.
    fn look(mut self) -> Self {
        let cards = self.system.properties();
        let named = cards.iter().position(|card| card.name == self.wanted);
        let others = (0..cards.len()).filter(|ix| Some(*ix) != named && !cards[*ix].kind.is_witness());
        // What shows only in the whole run is looked for where the run leads back to itself.
        let last = self.path.states.last();
        let comes_back = self.path.states.iter().filter(|state| Some(*state) == last).count() > 1;
        let cheap = |ix: &usize| match cards[*ix].kind {
            PropertyKind::AlwaysPossible => false,
            kind => kind.shows_in() != ShowsIn::Graph || comes_back,
        };
        let candidates: Vec<usize> = named.into_iter().chain(others.filter(cheap)).collect();
        let shown = candidates.into_iter().find_map(|ix| Some((ix, settled(&*self.system, &self.path, ix)?)));
        self.goal = shown.as_ref().map(|(ix, _)| *ix);
        if let Some((_, path)) = shown {
            self.path = path;
        }
        self
    }
}

/// The runs and systems that were used last.
pub(super) struct Runs<'c> {
    catalogue: &'c [&'c dyn Entry],
    runs: Mutex<Vec<(String, Arc<Run>)>>,
    systems: Mutex<Vec<(Instance, Arc<dyn Explain>)>>,
}

impl<'c> Runs<'c> {
    pub(super) fn new(catalogue: &'c [&'c dyn Entry]) -> Self {
        Self { catalogue, runs: Mutex::default(), systems: Mutex::default() }
    }

    pub(super) fn entry(&self, protocol: &str) -> Option<&'c dyn Entry> {
        self.catalogue.iter().find(|entry| entry.card().name == protocol).copied()
    }

    /// The system of an instance.
    pub(super) fn system(&self, instance: &Instance) -> Result<Arc<dyn Explain>, Refusal> {
        let mut kept = self.systems.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(at) = kept.iter().position(|(other, _)| other == instance) {
            let found = kept.remove(at);
            let system = Arc::clone(&found.1);
            kept.push(found);
            return Ok(system);
        }
        let protocol = &instance.protocol;
        let unknown = || Refusal::not_found(format!("the catalogue has no protocol `{protocol}`"));
        let entry = self.entry(protocol).ok_or_else(unknown)?;
        let system: Arc<dyn Explain> = Arc::from(entry.build(instance).map_err(Refusal::bad)?);
        if kept.len() >= SYSTEMS_KEPT {
            kept.remove(0);
        }
        kept.push((instance.clone(), Arc::clone(&system)));
        Ok(system)
    }

    /// The run of a code, as far as it can be taken.
    pub(super) fn open(&self, text: &str) -> Result<Arc<Run>, Refusal> {
        if let Some(run) = self.kept(text) {
            return Ok(run);
        }
        let code = Code::parse(text).map_err(|error| Refusal::bad(error.to_string()))?;
        if code.step_count() > STEPS_MAX {
            return Err(Refusal::bad(format!("the run has more than {STEPS_MAX} steps")));
        }
        let system = self.system(&code.instance)?;
        let (path, astray) = code.follow_far(&*system);
        if path.states.is_empty() {
            return Err(Refusal::bad("the system has no start".to_owned()));
        }
        let run = Run {
            system,
            instance: code.instance,
            path,
            wanted: code.property,
            goal: None,
            astray,
            no_return: OnceLock::new(),
        };
        Ok(self.keep(text, run.look()))
    }

    /// The run that has the first `at` steps of another, and then the step with this index.
    pub(super) fn fork(&self, run: &Run, at: usize, index: usize) -> Result<Arc<Run>, Refusal> {
        let Some(here) = run.path.states.get(at) else {
            return Err(Refusal::bad(format!("the run has {} steps", run.path.steps.len())));
        };
        if at >= STEPS_MAX {
            return Err(Refusal::bad(format!("a run has at most {STEPS_MAX} steps")));
        }
        let mut successors = Successors::default();
        run.system.successors(here, &mut successors);
        let gone = || Refusal::bad(format!("there is no step {index} here; there are {}", successors.len()));
        let successor = successors.iter().nth(index).ok_or_else(gone)?;
        let mut next = here.clone();
        successor.apply(&mut next);
        let mut path = run.path.clone();
        path.states.truncate(at + 1);
        path.steps.truncate(at);
        path.states.push(next);
        path.steps.push(index);
        path.ending = Ending::Found;
        let run = Run { path, goal: None, astray: None, no_return: OnceLock::new(), ..run.clone() }.look();
        let code = run.code();
        Ok(self.keep(&code, run))
    }

    /// Keeps a run whose ending is known better than its code tells.
    pub(super) fn keep(&self, code: &str, run: Run) -> Arc<Run> {
        let run = Arc::new(run);
        let mut kept = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(other, _)| other != code);
        if kept.len() >= RUNS_KEPT {
            kept.remove(0);
        }
        kept.push((code.to_owned(), Arc::clone(&run)));
        run
    }

    fn kept(&self, code: &str) -> Option<Arc<Run>> {
        let kept = self.runs.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(other, _)| other == code).map(|(_, run)| Arc::clone(run))
    }
}
