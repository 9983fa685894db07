//! Models of stateright's own kinds, none of them made of actors.

use std::time::Duration;

use serde_json::json;

use super::*;
use crate::engine::{Checkpoints, Ended, Limits, Paths, Settings, Silent, Verdict, explore, explore_keeping};

/// `a * x + b * y = c` over bytes, as in stateright's tests: each step counts one of the two up.
#[derive(Clone, Debug)]
struct Equation {
    a: u8,
    b: u8,
    c: u8,
}

#[derive(Clone, Debug, PartialEq)]
enum Guess {
    X,
    Y,
}

impl Model for Equation {
    type State = (u8, u8);
    type Action = Guess;

    fn init_states(&self) -> Vec<(u8, u8)> {
        vec![(0, 0)]
    }

    fn actions(&self, _: &(u8, u8), actions: &mut Vec<Guess>) {
        actions.extend([Guess::X, Guess::Y]);
    }

    fn next_state(&self, &(x, y): &(u8, u8), guess: Guess) -> Option<(u8, u8)> {
        Some(match guess {
            Guess::X => (x.wrapping_add(1), y),
            Guess::Y => (x, y.wrapping_add(1)),
        })
    }

    fn properties(&self) -> Vec<Property<Self>> {
        let solved = |equation: &Self, &(x, y): &(u8, u8)| {
            equation.a.wrapping_mul(x).wrapping_add(equation.b.wrapping_mul(y)) == equation.c
        };
        vec![Property::sometimes("solvable", solved)]
    }
}

/// A walk over the edges of a graph from 0, and whether an odd number is met on every run.
struct Graph(&'static [(u8, u8)]);

impl Model for Graph {
    type State = u8;
    type Action = u8;

    fn init_states(&self) -> Vec<u8> {
        vec![0]
    }

    fn actions(&self, state: &u8, actions: &mut Vec<u8>) {
        actions.extend(self.0.iter().filter(|(from, _)| from == state).map(|(_, to)| *to));
    }

    fn next_state(&self, _: &u8, to: u8) -> Option<u8> {
        Some(to)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::eventually("odd", |_, state| state % 2 == 1)]
    }
}

fn settings(threads: usize) -> Settings {
    Settings { threads, paths: Paths::All, ..Settings::default() }
}

#[test]
fn all_states_are_counted_and_the_nearest_solution_is_told() {
    for threads in [1, 3] {
        let system = Foreign::new(Equation { a: 2, b: 10, c: 14 });
        let found = explore(&system, &settings(threads), &Silent);
        assert_eq!((found.ended, found.statistics.distinct), (Ended::Complete, 256 * 256));
        let path = found.findings[0].as_ref().and_then(|finding| finding.path.clone()).unwrap();
        // 2 * 2 + 10 * 1: three steps, and no fewer.
        assert_eq!(path.steps.len(), 3);
        assert_eq!(system.state(path.states.last().unwrap()), &(2, 1));
        let told = system.action(&path.states[0], path.steps[0]);
        assert!(format!("{told:?}").contains('X'), "the least by content: {told:?}");
    }
    let unsolvable = explore(&Foreign::new(Equation { a: 4, b: 8, c: 7 }), &settings(2), &Silent);
    assert_eq!(unsolvable.verdict(0, PropertyKind::Sometimes), Verdict::Unreachable);
}

/// Where stateright's own search is wrong: cycles, and ways that meet.
#[test]
fn eventually_is_decided_on_the_graph() {
    let verdict = |edges: &'static [(u8, u8)]| {
        explore(&Foreign::new(Graph(edges)), &settings(1), &Silent).verdict(0, PropertyKind::Eventually)
    };
    assert_eq!(verdict(&[(0, 1)]), Verdict::Holds);
    assert_eq!(verdict(&[(0, 2), (2, 4)]), Verdict::Violated);
    assert_eq!(verdict(&[(0, 2), (0, 1), (1, 4), (2, 4), (4, 6)]), Verdict::Violated);
}

#[test]
fn a_search_of_a_model_can_be_gone_on_with() {
    let folder = std::env::temp_dir().join(format!("quorate-foreign-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let model = || Equation { a: 2, b: 10, c: 14 };
    let checkpoints = |resume: bool| Checkpoints {
        folder: folder.clone(),
        every: Duration::from_secs(60),
        identity: json!("equation"),
        resume: resume.then(|| folder.clone()),
    };
    let cut = Settings { limits: Limits { states: Some(20_000), ..Limits::default() }, ..settings(2) };
    let first = explore_keeping(&Foreign::new(model()), &cut, &Silent, &checkpoints(false)).unwrap();
    assert!(matches!(first.ended, Ended::Cut(_)));
    let alone = explore(&Foreign::new(model()), &settings(1), &Silent);
    let went_on = explore_keeping(&Foreign::new(model()), &settings(2), &Silent, &checkpoints(true)).unwrap();
    assert_eq!(went_on.statistics.widths, alone.statistics.widths);
    assert_eq!(went_on.statistics.generated, alone.statistics.generated);
    assert_eq!(went_on.findings[0].as_ref().unwrap().depth, alone.findings[0].as_ref().unwrap().depth);
    std::fs::remove_dir_all(folder).unwrap();
}
