//! Components in which a run can stay for ever and be fair.
//!
//! A run that stays in a component may visit all its states and take all its inner edges again and again, which is
//! the fairest that it can be. A weakly fair instance stands against the whole component if it is possible in every
//! state and no inner edge takes it: then the same is true of every part. A strongly fair one that no inner edge
//! takes stands only against runs that visit states where it is possible: without those states what is left falls
//! into smaller components, which are looked at in turn.

use hashbrown::{HashMap, HashSet};
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use super::Watch;
use super::components::Parts;
use super::graph::{Graph, Scratch, StateIx};
use super::region::{Marks, Region};
use crate::engine::Cut;
use crate::system::{FairInstance, Fairness, Level};

/// States that a worker takes at once.
const CHUNK_STATES: usize = 1 << 12;

/// In how many states of a component an instance is possible, and whether an inner edge takes it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Chance {
    pub(super) possible_in: usize,
    pub(super) is_taken: bool,
}

pub(super) type Chances = HashMap<FairInstance, Chance, FxBuildHasher>;

/// The instances possible in the state that is loaded into `scratch` and of which more than progress is assumed,
/// each once.
pub(super) fn obligations(scratch: &Scratch, fairness: Fairness) -> Vec<FairInstance> {
    let all = scratch.instances.taken_by.iter().chain(&scratch.instances.ruled_out).copied();
    let mut instances: Vec<FairInstance> =
        all.filter(|instance| fairness.of_kind(instance.kind) >= Level::Weak).collect();
    instances.sort_unstable();
    instances.dedup();
    instances
}

/// What can happen in a component of `members`, told from the rest by `inside`.
fn chances(
    graph: &Graph<'_>,
    members: &[StateIx],
    inside: impl Fn(StateIx) -> bool + Sync,
    fairness: Fairness,
) -> Chances {
    let count = |states: &[StateIx]| {
        let (mut chances, mut scratch) = (Chances::default(), Scratch::default());
        for state in states {
            graph.expand(*state, &mut scratch);
            graph.list_instances(&mut scratch);
            for instance in obligations(&scratch, fairness) {
                chances.entry(instance).or_default().possible_in += 1;
            }
            for (instance, target) in scratch.instances.taken_by.iter().zip(&scratch.targets) {
                if fairness.of_kind(instance.kind) >= Level::Weak && inside(*target) {
                    chances.entry(*instance).or_default().is_taken = true;
                }
            }
        }
        chances
    };
    let merge = |mut sum: Chances, more: Chances| {
        for (instance, chance) in more {
            let merged = sum.entry(instance).or_default();
            merged.possible_in += chance.possible_in;
            merged.is_taken |= chance.is_taken;
        }
        sum
    };
    members.par_chunks(CHUNK_STATES).map(count).reduce(Chances::default, merge)
}

/// The largest components of the region in which a fair run can stay for ever, and in which something is missing
/// again and again, each with what can happen in it.
pub(super) fn fair_components(
    graph: &Graph<'_>,
    region: &Region,
    marks: &Marks,
    fairness: Fairness,
    watch: &Watch<'_>,
) -> Result<Vec<(Vec<StateIx>, Chances)>, Cut> {
    let all: Vec<u32> = (0..region.states.len() as u32).collect();
    let mut parts = Parts::new(all.len());
    let mut open = parts.components(&region.edges, 1, &all);
    let mut fair = Vec::new();
    while let Some(nodes) = open.pop() {
        watch.check()?;
        let part = parts.cut_out(&nodes);
        let members: Vec<StateIx> = nodes.iter().map(|node| region.states[*node as usize]).collect();
        if !members.iter().any(|state| marks.is_missing(*state)) {
            continue;
        }
        let inside = |state| region.node(state).is_some_and(|node| parts.of(node) == part);
        let chances = chances(graph, &members, inside, fairness);
        let untaken = |level: Level| {
            let untaken = chances.iter().filter(|(_, chance)| !chance.is_taken);
            untaken.filter(move |(instance, _)| fairness.of_kind(instance.kind) == level)
        };
        if untaken(Level::Weak).any(|(_, chance)| chance.possible_in == members.len()) {
            continue;
        }
        let avoided: HashSet<FairInstance, FxBuildHasher> =
            untaken(Level::Strong).map(|(instance, _)| *instance).collect();
        if avoided.is_empty() {
            fair.push((members, chances));
            continue;
        }
        let mut scratch = Scratch::default();
        let is_possible = |state: StateIx| {
            graph.load(state, &mut scratch);
            graph.list_instances(&mut scratch);
            obligations(&scratch, fairness).iter().any(|instance| avoided.contains(instance))
        };
        let impossible_in: Vec<bool> = members.iter().copied().map(is_possible).map(|possible| !possible).collect();
        let pick = |wanted: bool| {
            let picked = nodes.iter().zip(&impossible_in).filter(move |(_, impossible)| **impossible == wanted);
            picked.map(|(node, _)| *node).collect::<Vec<u32>>()
        };
        parts.dismiss(&pick(false));
        let rest = pick(true);
        open.extend(parts.components(&region.edges, part, &rest));
    }
    Ok(fair)
}
