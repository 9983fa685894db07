//! One walk, from the start to its end.

use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

use super::coverage::Coverage;
use super::dice::Dice;
use super::settings::{Quantity, Settings};
use super::strategy::Chooser;
use crate::engine::{Ending, Path};
use crate::system::{ActionKind, Explain, Label, PropertyKind, PropertySet, ShowsIn, Successors, Word};

/// The properties of a system, by when a walk can ask them. Of those that show in the graph a walk, which has an end,
/// can say nothing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    /// In every state.
    anywhere: PropertySet,
    /// In every step.
    in_steps: PropertySet,
    /// Where nothing but faults can happen any more.
    at_rest: PropertySet,
    violations: PropertySet,
}

impl Asked {
    pub(super) fn of(system: &dyn Explain) -> Self {
        let cards = system.properties();
        let of = |wanted: fn(PropertyKind) -> bool| PropertySet::of(cards.len(), |ix| wanted(cards[ix].kind));
        Self {
            anywhere: of(|kind| kind.shows_in() == ShowsIn::State),
            in_steps: of(|kind| kind.shows_in() == ShowsIn::Step),
            at_rest: of(|kind| kind.shows_in() == ShowsIn::Deadlock),
            violations: of(|kind| !kind.is_witness()),
        }
    }

    pub(super) fn is_violation(&self, property_ix: usize) -> bool {
        self.violations.contains(property_ix)
    }
}

/// How a walk ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing but faults can happen any more.
    AtRest,
    /// It met a violation.
    Violation,
    /// It was as long as a walk may be.
    Cut,
}

/// A walk that was taken.
#[derive(Debug)]
pub(super) struct Course {
    /// The steps, by their index among those that were possible.
    pub(super) steps: Vec<u32>,
    pub(super) end: End,
    /// Property and the number of steps after which it first found something, in that order.
    pub(super) met: Vec<(usize, u32)>,
    pub(super) actions: [u64; ActionKind::ALL.len()],
    /// What it saw that earlier rounds had not, and every local transition that it took.
    pub(super) seen: Coverage,
    pub(super) threads: HashSet<u32, FxBuildHasher>,
    /// By [`Settings::quantities`].
    pub(super) values: Vec<f64>,
}

/// What the walks of a round have in common.
#[derive(Clone, Copy)]
pub(super) struct Route<'a> {
    pub(super) system: &'a dyn Explain,
    pub(super) settings: &'a Settings,
    pub(super) asked: Asked,
    /// What earlier rounds have seen.
    pub(super) seen: &'a Coverage,
    /// The length that runs are thought to have.
    pub(super) steps_usual: u32,
}

struct Walker<'a> {
    route: Route<'a>,
    state: Box<[Word]>,
    course: Course,
    found: PropertySet,
}

impl Route<'_> {
    /// Takes the walk with these dice.
    pub(super) fn walk(self, mut dice: Dice) -> Course {
        let initial = self.system.initial();
        let start = initial[dice.below(initial.len())].clone();
        let course = Course {
            steps: Vec::new(),
            end: End::Cut,
            met: Vec::new(),
            actions: [0; ActionKind::ALL.len()],
            seen: Coverage::default(),
            threads: HashSet::default(),
            values: vec![0.0; self.settings.quantities.len()],
        };
        let mut walker = Walker { route: self, state: start, course, found: PropertySet::EMPTY };
        walker.arrive(true);
        walker.go(&mut dice);
        walker.finish()
    }
}

impl Walker<'_> {
    fn go(&mut self, dice: &mut Dice) {
        let Route { system, settings, asked, seen, steps_usual } = self.route;
        let mut chooser = Chooser::new(&settings.strategy, steps_usual, seen, dice);
        let mut successors = Successors::asking(asked.anywhere.union(asked.in_steps));
        let mut labels: Vec<Label> = Vec::new();
        for step in 1..=settings.steps_max as usize + 1 {
            if self.violated() && !settings.walk_on {
                self.course.end = End::Violation;
                return;
            }
            system.labelled(&self.state, &mut successors, &mut labels);
            if !successors.goes_on() {
                self.rest();
                // A fault may still strike, and bring life back: where one is possible it does so every other time.
                let is_over = self.violated() && !settings.walk_on || successors.is_empty();
                if is_over || step > settings.steps_max as usize || dice.below(2) == 0 {
                    return;
                }
                self.course.end = End::Cut;
            }
            if step > settings.steps_max as usize {
                return;
            }
            let choice = chooser.choose(step, &successors, &labels, &self.course.seen, dice);
            // Where all that is possible has weight 0, nothing happens: that is what the weights say.
            let Some(index) = choice else {
                self.course.end = End::AtRest;
                return;
            };
            self.take(index, &successors, labels[index]);
        }
    }

    fn violated(&self) -> bool {
        !self.found.intersection(self.route.asked.violations).is_empty()
    }

    fn take(&mut self, index: usize, successors: &Successors, label: Label) {
        let successor = successors.iter().nth(index).expect("the index is among the steps");
        self.measure(index);
        let open = self.route.asked.in_steps.without(self.found);
        let before = (successor.visible && !open.is_empty()).then(|| self.state.clone());
        successor.apply(&mut self.state);
        self.course.steps.push(index as u32);
        self.course.actions[successor.kind as usize] += 1;
        self.course.seen.take(label.local, 1);
        self.course.threads.insert(label.thread);
        if let Some(before) = before {
            let found = self.route.system.step_findings(&before, &self.state, open);
            self.note(found);
        }
        self.arrive(successor.visible);
    }

    fn measure(&mut self, index: usize) {
        for (value, quantity) in self.course.values.iter_mut().zip(&self.route.settings.quantities) {
            if let Quantity::Observable(observable_ix) = quantity {
                *value += self.route.system.measured(&self.state, index, *observable_ix);
            }
        }
    }

    fn arrive(&mut self, visible: bool) {
        if !self.route.seen.has_state(&self.state) {
            self.course.seen.put_state(self.state.clone(), usize::MAX);
        }
        if visible {
            self.ask(self.route.asked.anywhere);
        }
    }

    fn ask(&mut self, properties: PropertySet) {
        let open = properties.without(self.found);
        if !open.is_empty() {
            let found = self.route.system.findings(&self.state, open);
            self.note(found);
        }
    }

    fn note(&mut self, found: PropertySet) {
        self.course.met.extend(found.iter().map(|property_ix| (property_ix, self.course.steps.len() as u32)));
        self.found = self.found.union(found);
    }

    fn rest(&mut self) {
        self.ask(self.route.asked.at_rest);
        self.course.end = End::AtRest;
    }

    fn finish(mut self) -> Course {
        for (value, quantity) in self.course.values.iter_mut().zip(&self.route.settings.quantities) {
            match *quantity {
                Quantity::Steps => *value = self.course.steps.len() as f64,
                Quantity::Actions(kind) => *value = self.course.actions[kind as usize] as f64,
                Quantity::Property(property_ix) => *value = f64::from(u8::from(self.found.contains(property_ix))),
                Quantity::Observable(observable_ix) => {
                    *value += self.route.system.measured_at_end(&self.state, observable_ix);
                }
            }
        }
        self.course
    }
}

/// The states along the first `length` steps of a walk that was taken with these dice.
pub(super) fn path(system: &dyn Explain, mut dice: Dice, steps: &[u32]) -> Path {
    let initial = system.initial();
    let mut states = vec![initial[dice.below(initial.len())].clone()];
    let mut successors = Successors::default();
    for index in steps {
        let mut next = states.last().expect("there is a start").clone();
        system.successors(&next, &mut successors);
        successors.iter().nth(*index as usize).expect("the walk took this step").apply(&mut next);
        states.push(next);
    }
    Path { states, steps: steps.iter().map(|index| *index as usize).collect(), ending: Ending::Found }
}
