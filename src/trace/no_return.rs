//! The point of no return: the step after which a violation can no longer be avoided.
//!
//! A violation *can be avoided* in a state from which some run, that goes on until nothing but faults can happen or
//! for ever, never meets it; whoever schedules, chooses and injects faults may help to avoid it, and nothing is
//! assumed to be fair. It can no longer be avoided after a step if every run from there meets it.
//!
//! It is computed exactly: from the states of the trace, last first, everything that is reachable without meeting the
//! violation is searched for such a run. Where that is more than may be searched, the answer is "unknown".

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use serde::{Deserialize, Serialize};

use super::atlas::{State, is_at_rest, shows, shows_in_a_state};
use crate::engine::Path;
use crate::system::{Explain, Successors};

/// Where a violation becomes inevitable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoReturn {
    /// After this step, from 1; 0 if it is inevitable from the start.
    Step(usize),
    /// Not known: more states than this would have to be searched.
    Unknown(usize),
}

/// The first step of `path` after which the violation at its end can no longer be avoided, if at most `states_max`
/// states, and fewer where they are large, must be held at once to know; `None` for what does not show in a state, or is hoped for.
pub fn no_return(system: &dyn Explain, path: &Path, property_ix: usize, states_max: usize) -> Option<NoReturn> {
    if system.properties()[property_ix].kind.is_witness() || !shows_in_a_state(system, path, property_ix) {
        return None;
    }
    let affordable = affordable(states_max, system.word_count());
    let mut search = Search { system, property_ix, states_max: affordable, doomed: HashMap::default(), ahead: 0 };
    for (ix, state) in path.states.iter().enumerate().rev().skip(1) {
        match search.is_doomed(state) {
            Some(true) => {}
            Some(false) => return Some(NoReturn::Step(ix + 1)),
            None => return Some(NoReturn::Unknown(affordable)),
        }
    }
    Some(NoReturn::Step(0))
}

/// Words of all states that are held at once at most: 128 MiB.
const WORDS_MAX: usize = 1 << 25;

/// How many states may be held at once.
fn affordable(states_max: usize, word_count: usize) -> usize {
    states_max.min(WORDS_MAX / word_count.max(1))
}

struct Search<'a> {
    system: &'a dyn Explain,
    property_ix: usize,
    states_max: usize,
    /// States seen: whether all runs from there meet the violation, or, while that is being worked out, false.
    doomed: HashMap<State, bool, FxBuildHasher>,
    /// States still to be looked at, those of all frames.
    ahead: usize,
}

/// A state on the way of the search, and the states after it that are still to be looked at.
struct Frame {
    state: State,
    next: Vec<State>,
}

impl Search<'_> {
    /// `None` if it would take too long to know.
    fn is_doomed(&mut self, state: &State) -> Option<bool> {
        if let Some(doomed) = self.doomed.get(state) {
            return Some(*doomed);
        }
        let mut way = Vec::new();
        self.ahead = 0;
        if !self.enter(state.clone(), &mut way) {
            return Some(false);
        }
        while let Some(frame) = way.last_mut() {
            let Some(next) = frame.next.pop() else {
                let frame = way.pop().expect("the loop looks at it");
                self.doomed.insert(frame.state, true);
                continue;
            };
            self.ahead -= 1;
            match self.doomed.get(&next).copied() {
                Some(true) => {}
                // It is on the way: a run may go round for ever.
                Some(false) => return Some(false),
                None if self.doomed.len() + self.ahead >= self.states_max => return None,
                None if !self.enter(next, &mut way) => return Some(false),
                None => {}
            }
        }
        Some(true)
    }

    /// Goes on to a state that is new. False if a run may end there without a violation.
    fn enter(&mut self, state: State, way: &mut Vec<Frame>) -> bool {
        if shows(self.system, &state, self.property_ix) {
            self.doomed.insert(state, true);
            return true;
        }
        if is_at_rest(self.system, &state) {
            return false;
        }
        let mut successors = Successors::default();
        self.system.successors(&state, &mut successors);
        let after = |successor: crate::system::Successor<'_>| {
            let mut next = state.clone();
            successor.apply(&mut next);
            next
        };
        let next: Vec<State> = successors.iter().map(after).collect();
        self.ahead += next.len();
        self.doomed.insert(state.clone(), false);
        way.push(Frame { state, next });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::super::script::Script;
    use super::*;
    use crate::system::{Action, NodeSnapshot, PropertyKind, Snapshot, Value};

    fn step(node: &str) -> Action {
        Action::Timeout { node: node.to_owned(), timer: Value::Unit }
    }

    /// Four steps to a violation.
    fn script() -> Script {
        let nodes = vec![NodeSnapshot { name: "a".to_owned(), ..NodeSnapshot::default() }];
        let start = Snapshot { nodes, ..Snapshot::default() };
        let script = Script::new(PropertyKind::Always, "well", "all is well", start);
        (0..4).fold(script, |script, _| script.then(step("a"), |_| {})).finds("it is not")
    }

    #[test]
    fn what_leaves_no_choice_is_inevitable_from_the_start() {
        assert_eq!(no_return(&script(), &script().path(), 0, 100), Some(NoReturn::Step(0)));
    }

    #[test]
    fn it_can_be_avoided_until_the_last_way_out_is_passed() {
        let script = script().or(0, step("b")).or(2, step("b"));
        assert_eq!(no_return(&script, &script.path(), 0, 100), Some(NoReturn::Step(3)));
    }

    #[test]
    fn states_that_are_still_to_be_looked_at_count_as_held() {
        let ways_out = |script: Script| (0..5).fold(script, |script, _| script.or(2, step("b")));
        let script = ways_out(script());
        assert_eq!(no_return(&script, &script.path(), 0, 100), Some(NoReturn::Step(3)));
        assert_eq!(no_return(&script, &script.path(), 0, 6), Some(NoReturn::Unknown(6)));
    }

    #[test]
    fn of_large_states_fewer_are_held() {
        assert_eq!(affordable(200_000, 8), 200_000);
        assert_eq!(affordable(200_000, 1_000), 33_554);
    }
}
