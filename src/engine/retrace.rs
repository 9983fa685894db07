//! The way to a state that was found.
//!
//! The search keeps no parents. When something was found, the levels are walked back: those states are kept from
//! which a found state can be reached in as many steps as are left. Then the way is walked forward, taking at
//! each state the step that is least by its content. So it is the same way for every number of threads, and
//! a state costs no memory for a way that is seldom asked for.

use std::sync::Arc;

use hashbrown::HashSet;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

use super::exploration::{Ending, Path};
use super::level::Level;
use super::search::CHUNK_STATES;
use crate::system::{Explain, PropertySet, Successors, Word};

/// States in which a property found something, all at the same distance from the start.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Target {
    pub(super) depth: usize,
    pub(super) states: Vec<Box<[Word]>>,
}

/// A set of states.
pub(super) type States = HashSet<Box<[Word]>, FxBuildHasher>;

/// The least shortest way to some state of each target, in the order of the targets.
pub(super) fn retrace(system: &dyn Explain, levels: &[Arc<Level>], targets: &[Option<&Target>]) -> Vec<Option<Path>> {
    // By target, then by distance from the start: states on a shortest way.
    let mut ways: Vec<Vec<States>> = (targets.iter())
        .map(|target| match target {
            None => Vec::new(),
            Some(target) => {
                let mut way = vec![States::default(); target.depth + 1];
                way[target.depth].extend(target.states.iter().cloned());
                way
            }
        })
        .collect();
    let farthest = ways.iter().map(Vec::len).max().unwrap_or(0);
    for depth in (0..farthest.saturating_sub(1)).rev() {
        for (target_ix, state) in leading_on(system, &levels[depth], &ways, depth) {
            ways[target_ix][depth].insert(state);
        }
    }
    ways.iter().map(|way| (!way.is_empty()).then(|| walk(system, way))).collect()
}

/// The states of a level with a step onto the way to a target, with the target's index.
fn leading_on(system: &dyn Explain, level: &Level, ways: &[Vec<States>], depth: usize) -> Vec<(usize, Box<[Word]>)> {
    let ahead: Vec<(usize, &States)> =
        ways.iter().enumerate().filter_map(|(ix, way)| Some((ix, way.get(depth + 1)?))).collect();
    let chunks: Vec<_> = level.chunks(CHUNK_STATES).collect();
    let leading = chunks.into_par_iter().flat_map_iter(|chunk| {
        let (mut successors, mut leading) = (Successors::default(), Vec::new());
        let mut next = vec![0; system.word_count()];
        chunk.for_each(false, system.word_count(), |words| {
            system.successors(words, &mut successors);
            let mut leads: Vec<bool> = vec![false; ahead.len()];
            for successor in successors.iter() {
                next.copy_from_slice(words);
                successor.apply(&mut next);
                system.represent(&mut next);
                leads.iter_mut().zip(&ahead).for_each(|(leads, (_, states))| *leads |= states.contains(&*next));
            }
            let led = ahead.iter().zip(leads).filter(|(_, leads)| *leads);
            leading.extend(led.map(|((target_ix, _), _)| (*target_ix, words.into())));
        });
        leading
    });
    leading.collect()
}

/// Walks from the start along the states of `way`, least action first. Where states stand for others, the walk takes
/// the steps of the system as it is, so that everybody keeps one name from the start to the end.
pub(super) fn walk(system: &dyn Explain, way: &[States]) -> Path {
    let is_on = |states: &States, state: &[Word]| {
        if !system.is_quotient() {
            return states.contains(state);
        }
        let mut representative: Box<[Word]> = state.into();
        system.represent(&mut representative);
        states.contains(&representative)
    };
    let start = system.initial().into_iter().find(|state| is_on(&way[0], state));
    let mut states = vec![start.expect("a way begins at an initial state")];
    let mut steps = Vec::new();
    let mut successors = Successors::default();
    for ahead in &way[1..] {
        let here = states.last().expect("there is a start");
        system.successors(here, &mut successors);
        let after = |index: usize| {
            let mut next = here.clone();
            successors.iter().nth(index).expect("the index is below the count").apply(&mut next);
            next
        };
        let onward = (0..successors.len()).filter(|index| is_on(ahead, &after(*index)));
        let least = onward.min_by_key(|index| (system.action(here, *index), *index));
        let step = least.expect("every state on a way has a step onto it");
        states.push(after(step));
        steps.push(step);
    }
    Path { states, steps, ending: Ending::Found }
}

/// The path with one more step, the least in which the property finds something.
pub(super) fn with_step(system: &dyn Explain, mut path: Path, property_ix: usize) -> Path {
    let open = PropertySet::EMPTY.with(property_ix);
    let here = path.states.last().expect("a path has at least one state").clone();
    let mut successors = Successors::default();
    system.successors(&here, &mut successors);
    let after = successors.iter().enumerate().filter_map(|(index, successor)| {
        let mut after = here.clone();
        successor.apply(&mut after);
        (!system.step_findings(&here, &after, open).is_empty()).then_some((index, after))
    });
    let least = after.min_by_key(|(index, _)| (system.action(&here, *index), *index));
    let (index, after) = least.expect("the property finds something in a step from here");
    path.states.push(after);
    path.steps.push(index);
    path
}
