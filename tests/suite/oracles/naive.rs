//! A breadth-first search that is obviously right, and slow.
//!
//! It knows nothing but [`Model`]: no interning, no fingerprint, no threads, no early stop. Two states are the
//! same when they are equal; a hash only finds the place to look, and it is the state's own.

use std::hash::{Hash, Hasher};

use indexmap::IndexSet;
use stateright::Model;

/// Where the search stops, whole levels only.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Steps from an initial state.
    pub depth: u32,
    /// A level that takes the number of distinct states above this is not kept.
    pub states: usize,
}

impl Bounds {
    /// It sees everything.
    pub const NONE: Self = Self { depth: u32::MAX, states: usize::MAX };

    /// It sees what is at most this many steps away.
    pub fn depth(depth: u32) -> Self {
        Self { depth, ..Self::NONE }
    }

    /// It sees as many whole levels as have at most this many states.
    pub fn states(states: usize) -> Self {
        Self { states, ..Self::NONE }
    }
}

/// What was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Census {
    /// Distinct states by their distance from an initial state.
    pub widths: Vec<u64>,
    /// Steps out of states at less than the depth bound, those to known states included, those that lead back
    /// to the same state left out.
    pub generated: u64,
    /// For each probe, the least distance of a state for which it is true.
    pub nearest: Vec<Option<u32>>,
    /// Whether no bound cut the search.
    pub complete: bool,
}

impl Census {
    /// Distinct states.
    pub fn distinct(&self) -> u64 {
        self.widths.iter().sum()
    }

    /// Steps to the farthest state.
    pub fn depth(&self) -> u32 {
        self.widths.len() as u32 - 1
    }
}

/// A question about one state.
pub type Probe<'a, S> = &'a dyn Fn(&S) -> bool;

/// Visits the reachable states of `model`, level by level.
pub fn search<M>(model: &M, bounds: Bounds, probes: &[Probe<'_, M::State>]) -> Census
where
    M: Model,
    M::State: PartialEq + Hash,
{
    let mut seen: IndexSet<Exact<M::State>> = IndexSet::new();
    seen.extend(model.init_states().into_iter().filter(|state| model.within_boundary(state)).map(Exact));
    let mut census = Census { widths: vec![], generated: 0, nearest: vec![None; probes.len()], complete: true };
    let (mut level, mut generated) = (0..seen.len(), 0);
    while !level.is_empty() {
        let depth = census.widths.len() as u32;
        census.widths.push(level.len() as u64);
        census.generated = generated;
        for ix in level.clone() {
            for (nearest, probe) in census.nearest.iter_mut().zip(probes) {
                if nearest.is_none() && probe(&seen[ix].0) {
                    *nearest = Some(depth);
                }
            }
        }
        if depth == bounds.depth {
            return Census { complete: false, ..census };
        }
        for ix in level.clone() {
            for next in next_states(model, &seen[ix].0) {
                generated += 1;
                seen.insert(Exact(next));
            }
        }
        if seen.len() > bounds.states {
            return Census { complete: false, ..census };
        }
        level = level.end..seen.len();
    }
    Census { generated, ..census }
}

/// The states one step away from `state`, one for each step.
pub fn next_states<M: Model>(model: &M, state: &M::State) -> Vec<M::State>
where
    M::State: PartialEq,
{
    let mut actions = Vec::new();
    model.actions(state, &mut actions);
    let next = actions.into_iter().filter_map(|action| model.next_state(state, action));
    next.filter(|next| next != state && model.within_boundary(next)).collect()
}

/// A state as a key: its own equality, which is total, though stateright does not ask for `Eq`.
struct Exact<S>(S);

impl<S: PartialEq> PartialEq for Exact<S> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}

impl<S: PartialEq> Eq for Exact<S> {}

impl<S: Hash> Hash for Exact<S> {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        self.0.hash(hasher);
    }
}
