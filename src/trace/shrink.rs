//! A small way to the same violation.
//!
//! A walk of hundreds of steps has a handful that matter. The others are taken out by delta debugging (Zeller,
//! Hildebrandt 2002), over actions with their values: what is left is followed, and a step that is no longer possible
//! is passed over, so that taking out a message takes out all that came of it. Tried in this order, again and again
//! until nothing helps:
//!
//! 1. without a kind of fault, without all that one node does;
//! 2. without a stretch of steps, of half the length first and of a single step last;
//! 3. the same, but where a step is not possible any more, one of the same shape (kind, nodes, name of the message)
//!    stands for it: after an election less, it is the message of another term;
//! 4. without any two steps;
//! 5. across a bend: from each state on the way a short breadth-first search, within a fixed number of states, for a later
//!    state on the way or for the violation itself.
//!
//! What the answer does not tell: that there is no shorter way. Only a breadth-first search of everything says that.

use std::collections::VecDeque;
use std::mem::{Discriminant, discriminant};

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::atlas::{Atlas, State, shows_at_the_end};
use super::order::canonical;
use crate::cluster::Instance;
use crate::engine::Path;
use crate::system::{Action, ActionKind, Explain, Payload, Successors, Value};

/// States of one search across a bend.
const BEND_STATES: usize = 6_000;
/// Longer ways than this are not tried without each pair of steps: their number grows with the square.
const PAIR_STEPS_MAX: usize = 80;

/// A small way from the start of `path` to a state, or by a step, in which the property finds what it looks for, in the
/// canonical order of [`canonical`]. What shows in the graph, and a lasso, stays as it is.
///
/// # Panics
/// If `path` is no path of `system` to such a state.
pub fn minimise(system: &dyn Explain, path: &Path, instance: &Instance, property_ix: usize) -> Path {
    if !shows_at_the_end(system, path, property_ix) {
        return path.clone();
    }
    let mut atlas = Atlas::new(system, property_ix);
    let schedule = atlas.numbers(path);
    let mut shrinking = Shrinking { start: path.states[0].clone(), schedule, atlas };
    shrinking.schedule = shrinking.follow(&shrinking.schedule.clone(), false).expect("the path shows the property");
    shrinking.run();
    let Shrinking { start, schedule, mut atlas } = shrinking;
    let small = atlas.path(&start, &schedule).expect("the schedule was followed");
    canonical(system, &small, instance, property_ix)
}

struct Shrinking<'a> {
    atlas: Atlas<'a>,
    start: State,
    /// The best so far: action by action, it leads to the violation and no earlier.
    schedule: Vec<u32>,
}

impl Shrinking<'_> {
    fn run(&mut self) {
        loop {
            let before = self.schedule.len();
            self.without_kinds_and_nodes();
            self.without_stretches(false);
            self.without_stretches(true);
            if self.schedule.len() == before {
                self.without_pairs();
            }
            if self.schedule.len() == before {
                self.across_bends();
            }
            if self.schedule.len() == before {
                return;
            }
        }
    }

    /// The steps of `wanted` that can be taken, up to where the property shows first; `None` if it does not.
    fn follow(&mut self, wanted: &[u32], loosely: bool) -> Option<Vec<u32>> {
        let mut here = self.start.clone();
        let mut taken = Vec::new();
        if self.atlas.shows(&here) {
            return Some(taken);
        }
        for number in wanted {
            let ways = self.atlas.ways(&here);
            let exactly = ways.iter().find(|(action, _)| action == number);
            let way = match exactly {
                None if loosely => {
                    let shape = shape(self.atlas.action(*number));
                    let alike = ways.iter().filter(|(action, _)| self::shape(self.atlas.action(*action)) == shape);
                    alike.min_by_key(|(action, _)| self.atlas.action(*action))
                }
                exactly => exactly,
            };
            if let Some((action, to)) = way {
                taken.push(*action);
                if self.atlas.shows_after(&here, to) {
                    return Some(taken);
                }
                here = to.clone();
            }
        }
        None
    }

    /// Takes `wanted` for the best, if it leads to the violation on a shorter way.
    fn try_out(&mut self, wanted: &[u32], loosely: bool) -> bool {
        match self.follow(wanted, loosely) {
            Some(shorter) if shorter.len() < self.schedule.len() => {
                self.schedule = shorter;
                true
            }
            Some(_) | None => false,
        }
    }

    fn without(&mut self, goes: impl Fn(&Action) -> bool) {
        let stays = |number: &&u32| !goes(self.atlas.action(**number));
        let wanted: Vec<u32> = self.schedule.iter().filter(stays).copied().collect();
        self.try_out(&wanted, false);
    }

    fn without_kinds_and_nodes(&mut self) {
        for kind in ActionKind::ALL.into_iter().filter(|kind| kind.is_fault()) {
            self.without(|action| action.kind() == kind);
        }
        let actions = self.schedule.iter().map(|number| self.atlas.action(*number));
        let mut nodes: Vec<String> = actions.flat_map(Action::nodes).map(str::to_owned).collect();
        nodes.sort();
        nodes.dedup();
        for node in nodes {
            self.without(|action| action.nodes().contains(&node.as_str()));
        }
    }

    fn without_stretches(&mut self, loosely: bool) {
        let mut length = self.schedule.len().div_ceil(2);
        while length > 0 {
            let mut from = 0;
            let mut helped = false;
            while from < self.schedule.len() {
                let to = (from + length).min(self.schedule.len());
                let wanted = [&self.schedule[..from], &self.schedule[to..]].concat();
                if self.try_out(&wanted, loosely) {
                    helped = true;
                } else {
                    from = to;
                }
            }
            if !helped || length > 1 {
                length /= 2;
            }
        }
    }

    fn without_pairs(&mut self) {
        let count = self.schedule.len();
        if count > PAIR_STEPS_MAX {
            return;
        }
        for first in 0..count {
            for second in first + 1..count {
                let rest = self.schedule.iter().enumerate().filter(|(ix, _)| *ix != first && *ix != second);
                let wanted: Vec<u32> = rest.map(|(_, number)| *number).collect();
                if self.try_out(&wanted, true) {
                    return;
                }
            }
        }
    }

    fn across_bends(&mut self) {
        let path = self.atlas.path(&self.start, &self.schedule).expect("the schedule was followed");
        let places: HashMap<&State, usize, FxBuildHasher> = path.states.iter().zip(0..).collect();
        for from in (0..self.schedule.len()).rev() {
            if let Some((across, to)) = self.bend(&path.states[from], from, &places) {
                let wanted = [&self.schedule[..from], &across, &self.schedule[to..]].concat();
                if self.try_out(&wanted, false) {
                    return;
                }
            }
        }
    }

    /// A way from the state at place `from` to a later place, or to the violation, with fewer steps than the schedule
    /// has; and the place.
    fn bend(
        &mut self,
        state: &State,
        from: usize,
        places: &HashMap<&State, usize, FxBuildHasher>,
    ) -> Option<(Vec<u32>, usize)> {
        let end = self.schedule.len();
        let mut came: HashMap<State, Option<(State, usize)>, FxBuildHasher> = HashMap::default();
        came.insert(state.clone(), None);
        let mut queue = VecDeque::from([(state.clone(), 0_usize)]);
        let mut successors = Successors::default();
        while let Some((here, depth)) = queue.pop_front() {
            // One step more would be no gain even at the end.
            if from + depth + 1 >= end {
                continue;
            }
            self.atlas.system.successors(&here, &mut successors);
            for (index, successor) in successors.iter().enumerate() {
                let mut to = here.clone();
                successor.apply(&mut to);
                if came.contains_key(&to) {
                    continue;
                }
                came.insert(to.clone(), Some((here.clone(), index)));
                let gain = places.get(&to).copied().filter(|place| *place > from + depth + 1);
                let place = if self.atlas.shows_after(&here, &to) { Some(end) } else { gain };
                if let Some(place) = place {
                    return Some((self.retrace(&came, to), place));
                }
                if came.len() > BEND_STATES {
                    return None;
                }
                queue.push_back((to, depth + 1));
            }
        }
        None
    }

    fn retrace(&mut self, came: &HashMap<State, Option<(State, usize)>, FxBuildHasher>, to: State) -> Vec<u32> {
        let mut actions = Vec::new();
        let mut here = to;
        while let Some(Some((before, index))) = came.get(&here) {
            actions.push(self.atlas.ways(before)[*index].0);
            here = before.clone();
        }
        actions.reverse();
        actions
    }
}

/// What two actions have in common that differ by values only.
fn shape(action: &Action) -> (ActionKind, Vec<&str>, Option<Word<'_>>) {
    let word = match action {
        Action::Deliver { message: value, .. }
        | Action::Drop { message: value, .. }
        | Action::Duplicate { message: value, .. }
        | Action::Timeout { timer: value, .. }
        | Action::Corrupt { arrives: value, .. }
        | Action::TearSave { storage: value, .. }
        | Action::Choose { choice: value, .. } => Some(value),
        Action::Restart { .. }
        | Action::Resume { .. }
        | Action::Heal
        | Action::Tick
        | Action::Crash { .. }
        | Action::LoseSave { .. }
        | Action::Pause { .. }
        | Action::Partition { .. }
        | Action::Drift { .. } => None,
    };
    (action.kind(), action.nodes(), word.map(name))
}

type Word<'a> = (Discriminant<Value>, Option<(&'a str, Discriminant<Payload>)>);

/// What kind of value it is, and the name of a variant.
fn name(value: &Value) -> Word<'_> {
    let variant = match value {
        Value::Variant { name, payload } => Some((name.as_str(), discriminant(payload))),
        Value::Unit
        | Value::None
        | Value::Bool(_)
        | Value::Int(_)
        | Value::Text(_)
        | Value::Node(_)
        | Value::Name(_)
        | Value::Seq(_)
        | Value::Tuple(_)
        | Value::Map(_)
        | Value::Record { .. } => None,
    };
    (discriminant(value), variant)
}
