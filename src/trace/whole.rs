//! The same run, with nothing left out.

use crate::engine::Path;
use crate::system::{Explain, Successors, Word};

/// The run of `whole` that takes the steps of a path through `system`, the same with something left out; `None` if there
/// is none, or if it has no last state: what repeats itself where something is left out need not do so otherwise.
pub fn in_whole(system: &dyn Explain, path: &Path, whole: &dyn Explain) -> Option<Path> {
    let is_endless = matches!(path.ending, crate::engine::Ending::Loop { .. });
    // What is in flight may differ at once: what is stale is not.
    let begins = |state: &[Word]| {
        let (whole, reduced) = (whole.snapshot(state), system.snapshot(&path.states[0]));
        (whole.nodes, whole.history) == (reduced.nodes, reduced.history)
    };
    let start = whole.initial().into_iter().find(|state| begins(state));
    let mut run = Path { states: vec![start.filter(|_| !is_endless)?], steps: Vec::new(), ending: path.ending };
    let mut successors = Successors::default();
    for (state, step) in path.states.iter().zip(&path.steps) {
        let wanted = system.action(state, *step);
        let here = run.states.last().expect("a run has a start");
        whole.successors(here, &mut successors);
        let index = (0..successors.len()).find(|index| whole.action(here, *index) == wanted)?;
        let mut next = here.clone();
        successors.iter().nth(index)?.apply(&mut next);
        run.steps.push(index);
        run.states.push(next);
    }
    Some(run)
}
