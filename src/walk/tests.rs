//! Walks through a counter that is too simple to hide anything.

use super::*;
use crate::engine::Silent;
use crate::system::{
    Action, ActionKind, Evidence, Explain, PropertyCard, PropertyKind, PropertySet, Snapshot, Successors,
    TransitionSystem, Value, Word,
};

/// Two counters that go up to `top`, each by itself; the first may crash back to zero as often as it likes.
struct Counters {
    top: Word,
    /// The crash comes only where both are at the top and nothing else can happen.
    crashes_late: bool,
    cards: Vec<PropertyCard>,
}

fn counters(top: Word) -> Counters {
    let card = |name: &str, kind| PropertyCard::new(name, kind, String::new());
    let cards = vec![
        card("never-both-at-top", PropertyKind::Always),
        card("first-at-top", PropertyKind::Sometimes),
        card("ends-even", PropertyKind::NoDeadlock),
    ];
    Counters { top, crashes_late: false, cards }
}

impl TransitionSystem for Counters {
    fn word_count(&self) -> usize {
        2
    }

    fn initial(&self) -> Vec<Box<[Word]>> {
        vec![vec![0, 0].into_boxed_slice()]
    }

    fn successors(&self, state: &[Word], out: &mut Successors) {
        out.clear();
        for (ix, count) in state.iter().enumerate() {
            if *count < self.top {
                out.edit(ix, count + 1);
                out.finish_if_edited(ActionKind::Timeout, true);
            }
        }
        let may_crash = state[0] > 0 && (!self.crashes_late || state.iter().all(|count| *count == self.top));
        if may_crash {
            out.edit(0, 0);
            out.finish_if_edited(ActionKind::Crash, true);
        }
    }

    fn properties(&self) -> &[PropertyCard] {
        &self.cards
    }

    fn findings(&self, state: &[Word], open: PropertySet) -> PropertySet {
        let found = [state[0] == self.top && state[1] == self.top, state[0] == self.top, self.top % 2 == 1];
        PropertySet::of(3, |ix| open.contains(ix) && found[ix])
    }
}

impl Explain for Counters {
    fn action(&self, _: &[Word], index: usize) -> Action {
        Action::Timeout { node: index.to_string(), timer: Value::Unit }
    }

    fn snapshot(&self, _: &[Word]) -> Snapshot {
        Snapshot::default()
    }

    fn evidence(&self, state: &[Word], property: usize) -> Option<Evidence> {
        let found = !self.findings(state, PropertySet::EMPTY.with(property)).is_empty();
        found.then(|| Evidence::new("found"))
    }
}

fn strategies() -> [Strategy; 4] {
    [Strategy::Uniform, Strategy::Weighted(Weights::default()), Strategy::Pct { depth: 3 }, Strategy::Coverage]
}

/// What does not depend on the clock.
fn told(system: &Counters, settings: &Settings) -> String {
    format!("{:?}", Simulation { elapsed_us: 0, ..simulate(system, settings, &Silent) })
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let system = counters(4);
    for strategy in strategies() {
        for stop_at_violation in [true, false] {
            let settings = |threads| Settings {
                threads,
                strategy: strategy.clone(),
                stop_at_violation,
                walks_max: 300,
                steps_max: 40,
                quantities: vec![Quantity::Steps, Quantity::Property(1)],
                ..Settings::default()
            };
            assert_eq!(told(&system, &settings(1)), told(&system, &settings(8)), "{strategy:?}");
        }
    }
}

#[test]
fn a_meeting_is_a_way_to_what_was_met() {
    let system = counters(3);
    for strategy in strategies() {
        let settings = Settings { strategy, seed: 5, ..Settings::default() };
        let told = simulate(&system, &settings, &Silent);
        assert_eq!(told.stopped, Stopped::Violation);
        assert_eq!(told.walks, told.first(0).unwrap().walk + 1);
        for meeting in &told.meetings {
            let last = meeting.path.states.last().unwrap();
            assert!(system.evidence(last, meeting.property_ix).is_some());
            assert_eq!(meeting.path.states.len(), meeting.path.steps.len() + 1);
        }
    }
}

#[test]
fn everything_is_covered_in_the_end_and_nothing_new_comes() {
    let system = counters(3);
    let settings =
        Settings { stop_at_violation: false, walk_on: true, walks_max: 2_000, steps_max: 60, ..Settings::default() };
    let told = simulate(&system, &settings, &Silent);
    assert_eq!((told.covered.states, told.covered.states_are_more), (16, false));
    assert_eq!((told.fresh.walks, told.fresh.states, told.fresh.local_transitions), (500, 0, 0));
    let few = Settings { states_max: 7, ..settings };
    let told = simulate(&system, &few, &Silent);
    assert_eq!((told.covered.states, told.covered.states_are_more), (7, true));
}

#[test]
fn walks_end_at_rest_or_are_cut() {
    let system = counters(3);
    let settings = Settings { stop_at_violation: false, walk_on: true, walks_max: 200, ..Settings::default() };
    let told = simulate(&system, &settings, &Silent);
    assert_eq!((told.walks_at_rest, told.walks_cut, told.met[2]), (200, 0, 200), "crashes alone are no way on");
    let short = Settings { steps_max: 3, ..settings };
    let told = simulate(&system, &short, &Silent);
    assert_eq!((told.walks_at_rest, told.walks_cut, told.steps), (0, 200, 600));
}

/// What only a crash after the end of all else brings about is met too.
#[test]
fn a_walk_at_rest_may_take_a_fault() {
    let system = Counters { crashes_late: true, ..counters(2) };
    for strategy in strategies() {
        let settings =
            Settings { strategy, stop_at_violation: false, walk_on: true, walks_max: 400, ..Settings::default() };
        let told = simulate(&system, &settings, &Silent);
        let crashes = told.actions[ActionKind::Crash as usize];
        // Half of the walks end at the first rest, half of the others at the second, and so on.
        assert!((300..500).contains(&crashes), "{}: {crashes} crashes", settings.strategy.word());
        assert_eq!(told.walks_at_rest, 400);
    }
}

#[test]
fn a_run_ends_when_its_estimates_are_precise() {
    let system = counters(3);
    let settings = Settings {
        stop_at_violation: false,
        walk_on: true,
        walks_max: 100_000,
        quantities: vec![Quantity::Steps, Quantity::Property(0)],
        precision: Some(Precision::Relative(0.05)),
        ..Settings::default()
    };
    let told = simulate(&system, &settings, &Silent);
    assert_eq!(told.stopped, Stopped::Precision);
    let steps = told.estimates[0].as_ref().unwrap();
    assert!(steps.interval.half_width() <= 0.05 * steps.mean && told.walks < 5_000, "{told:?}");
    assert_eq!(told.estimates[1].as_ref().unwrap().mean, 1.0);
}
