//! The same schedule in another variant of the protocol: as far as it goes, and where the two part.

use std::sync::Arc;

use serde::Serialize;

use super::desk::Refusal;
use super::runs::{Run, Runs};
use crate::cluster::{Entry, Instance};
use crate::engine::{Ending, Path};
use crate::report::viewer::ContrastTold;
use crate::system::{Explain, Snapshot, Successors};
use crate::trace::{Code, NoReturn, contrast_of, no_return, steps};

/// States that are searched for the point of no return.
const NO_RETURN_STATES_MAX: usize = 20_000;

/// What became of the schedule.
#[derive(Debug, Serialize)]
pub(super) struct Comparison {
    /// The deviations of the other variant.
    with: Vec<String>,
    /// Where the two part.
    contrast: ContrastTold,
    /// The run in the other variant, as far as the same steps can be taken.
    code: String,
    /// How many steps that are.
    step_count: usize,
}

/// What a run hangs on.
#[derive(Debug, Serialize)]
pub(super) struct Insight {
    /// After which step a violation can no longer be avoided; `None` where that is not known.
    no_return: Option<NoReturn>,
    /// Where it parts from the protocol as it should be; `None` where that is what it is taken from.
    contrast: Option<ContrastTold>,
    /// The variants to which it can be compared, the protocol as it should be first.
    variants: Vec<String>,
}

pub(super) fn compare(runs: &Runs<'_>, run: &Run, with: &str) -> Result<Comparison, Refusal> {
    let with: Vec<String> = with.split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let instance = Instance { deviations: with.clone(), ..run.instance.clone() };
    let other = runs.system(&instance)?;
    let contrast = parting(run, &*other);
    let path = same_steps(&*run.system, &run.path, &*other);
    let step_count = path.steps.len();
    let code = Code::of(&*other, &path, &instance, &run.wanted).text();
    Ok(Comparison { with, contrast, code, step_count })
}

/// Where the schedule of `run` parts in `other`.
fn parting(run: &Run, other: &dyn Explain) -> ContrastTold {
    let snapshots: Vec<Snapshot> = run.path.states.iter().map(|state| run.system.snapshot(state)).collect();
    let taken = steps(&*run.system, &run.path, &snapshots, &run.instance);
    ContrastTold::of(&contrast_of(other, &snapshots[0], &taken, run.instance.environment.keeps_delivered()))
}

/// The steps of `path` in `other`, found by what they are, as far as they can be taken.
fn same_steps(system: &dyn Explain, path: &Path, other: &dyn Explain) -> Path {
    let mut same =
        Path { states: other.initial().into_iter().take(1).collect(), steps: Vec::new(), ending: Ending::Found };
    let mut successors = Successors::default();
    for (here, index) in path.states.iter().zip(&path.steps) {
        let Some(there) = same.states.last().cloned() else { break };
        let wanted = system.action(here, *index);
        other.successors(&there, &mut successors);
        let Some(found) = (0..successors.len()).find(|index| other.action(&there, *index) == wanted) else { break };
        let mut next = there;
        successors.iter().nth(found).expect("the index is below the count").apply(&mut next);
        same.states.push(next);
        same.steps.push(found);
    }
    same
}

pub(super) fn insight(runs: &Runs<'_>, run: &Run) -> Insight {
    let deviations = runs.entry(&run.instance.protocol).map(Entry::deviations).unwrap_or_default();
    let variants: Vec<String> =
        std::iter::once("").chain(deviations.iter().map(|card| card.name)).map(str::to_owned).collect();
    let contrast = correct(runs, run).map(|correct| parting(run, &*correct));
    Insight { no_return: point_of_no_return(run), contrast, variants }
}

/// After which step what the run shows can no longer be avoided, if that is soon known.
pub(super) fn point_of_no_return(run: &Run) -> Option<NoReturn> {
    let look = |goal| no_return(&*run.system, &run.path, goal, NO_RETURN_STATES_MAX);
    *run.no_return.get_or_init(|| run.goal.and_then(look))
}

/// The protocol as it should be; `None` where the run is taken from that.
pub(super) fn correct(runs: &Runs<'_>, run: &Run) -> Option<Arc<dyn Explain>> {
    let correct = Instance { deviations: Vec::new(), ..run.instance.clone() };
    if correct == run.instance { None } else { runs.system(&correct).ok() }
}
