//! What is possible in each state that was visited, worked out once.
//!
//! Making a trace small takes its steps again and again, thousands of times with few differences. Actions are numbered
//! here, so that taking a step is a comparison of numbers.

use std::rc::Rc;

use hashbrown::HashMap;
use indexmap::IndexSet;
use rustc_hash::FxBuildHasher;

use crate::engine::{Ending, Path};
use crate::system::{Action, Explain, PropertySet, ShowsIn, Successors, Word};

pub(super) type State = Box<[Word]>;

/// A transition: the number of its action, and where it leads.
pub(super) type Way = (u32, State);

/// What is possible in each visited state of a system, and where one property finds what it looks for.
pub(super) struct Atlas<'a> {
    pub(super) system: &'a dyn Explain,
    property_ix: usize,
    actions: IndexSet<Action>,
    ways: HashMap<State, Rc<[Way]>, FxBuildHasher>,
    shows: HashMap<State, bool, FxBuildHasher>,
}

impl<'a> Atlas<'a> {
    pub(super) fn new(system: &'a dyn Explain, property_ix: usize) -> Self {
        Self { system, property_ix, actions: IndexSet::new(), ways: HashMap::default(), shows: HashMap::default() }
    }

    /// The transitions out of a state, in the order of the system.
    pub(super) fn ways(&mut self, state: &State) -> Rc<[Way]> {
        if let Some(ways) = self.ways.get(state) {
            return Rc::clone(ways);
        }
        let mut successors = Successors::default();
        self.system.successors(state, &mut successors);
        let way = |(index, successor): (usize, crate::system::Successor<'_>)| {
            let mut to = state.clone();
            successor.apply(&mut to);
            (self.actions.insert_full(self.system.action(state, index)).0 as u32, to)
        };
        let ways: Rc<[Way]> = successors.iter().enumerate().map(way).collect();
        self.ways.insert(state.clone(), Rc::clone(&ways));
        ways
    }

    pub(super) fn action(&self, number: u32) -> &Action {
        self.actions.get_index(number as usize).expect("numbers come from this atlas")
    }

    /// Whether the property finds in `state` what it looks for.
    pub(super) fn shows(&mut self, state: &State) -> bool {
        if let Some(shows) = self.shows.get(state) {
            return *shows;
        }
        let shows = shows(self.system, state, self.property_ix);
        self.shows.insert(state.clone(), shows);
        shows
    }

    /// Whether the property finds what it looks for when `before` becomes `after`: in the step, or in where it leads.
    pub(super) fn shows_after(&mut self, before: &State, after: &State) -> bool {
        self.shows(after) || shows_in_step(self.system, before, after, self.property_ix)
    }

    /// The numbers of the actions along a path.
    pub(super) fn numbers(&mut self, path: &Path) -> Vec<u32> {
        path.states.iter().zip(&path.steps).map(|(state, index)| self.ways(state)[*index].0).collect()
    }

    /// The path that takes exactly these actions from `start`, if they can be taken.
    pub(super) fn path(&mut self, start: &State, schedule: &[u32]) -> Option<Path> {
        let mut path = Path { states: vec![start.clone()], steps: Vec::new(), ending: Ending::Found };
        for number in schedule {
            let here = path.states.last().expect("there is a start").clone();
            let ways = self.ways(&here);
            let index = ways.iter().position(|(action, _)| action == number)?;
            path.states.push(ways[index].1.clone());
            path.steps.push(index);
        }
        Some(path)
    }
}

/// Whether a property can be shown by the last state of a path alone, so that the path may be made another one.
pub(super) fn shows_in_a_state(system: &dyn Explain, path: &Path, property_ix: usize) -> bool {
    let where_it_shows = system.properties()[property_ix].kind.shows_in();
    path.ending == Ending::Found && matches!(where_it_shows, ShowsIn::State | ShowsIn::Deadlock)
}

/// Whether what is found at the end of the path shows there, or in the last step: what comes before may be left out.
pub(super) fn shows_at_the_end(system: &dyn Explain, path: &Path, property_ix: usize) -> bool {
    path.ending == Ending::Found && system.properties()[property_ix].kind.shows_in() != ShowsIn::Graph
}

/// Whether a property about steps finds in this one what it looks for.
pub(super) fn shows_in_step(system: &dyn Explain, before: &State, after: &State, property_ix: usize) -> bool {
    system.properties()[property_ix].kind.shows_in() == ShowsIn::Step
        && !system.step_findings(before, after, PropertySet::EMPTY.with(property_ix)).is_empty()
}

/// Whether a property finds in `state` what it looks for: one about deadlocks only where nothing but faults can happen.
/// One that shows in a step or in the graph finds nothing in a state.
pub(super) fn shows(system: &dyn Explain, state: &State, property_ix: usize) -> bool {
    let finds = !system.findings(state, PropertySet::EMPTY.with(property_ix)).is_empty();
    let somewhere = match system.properties()[property_ix].kind.shows_in() {
        ShowsIn::State => true,
        ShowsIn::Deadlock => finds && is_at_rest(system, state),
        ShowsIn::Step | ShowsIn::Graph => false,
    };
    finds && somewhere
}

/// Whether nothing but faults can happen any more.
pub(super) fn is_at_rest(system: &dyn Explain, state: &State) -> bool {
    let mut successors = Successors::default();
    system.successors(state, &mut successors);
    !successors.goes_on()
}
