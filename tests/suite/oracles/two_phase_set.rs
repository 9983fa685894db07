//! Two-phase commit at the abstraction of TLA+'s `TwoPhase`: one growing set of messages that everybody reads.
//!
//! Four ways to the same published counts: stateright's checker and ours on a hand-written model, the naive search on
//! the same, and our cluster of actors that take the same atomic steps on a duplicating network.

use std::collections::BTreeSet;

use quorate::cluster::Cluster;
use quorate::engine::{Ended, Verdict, explore};
use quorate::model::NetworkKind;
use stateright::{Checker, Model, Property};

use super::agreement::everything;
use super::environments::calm;
use super::naive::{Bounds, search};
use super::whole::Whole;
use crate::peers::two_phase::{Kind, TwoPhase};

/// Some resource managers and the transaction manager.
#[derive(Clone)]
struct TwoPhaseSet {
    managers: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Phase {
    Working,
    Prepared,
    Committed,
    Aborted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Msg {
    Prepared(usize),
    Commit,
    Abort,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    managers: Vec<Phase>,
    /// `Working` until it has decided.
    transaction: Phase,
    prepared: BTreeSet<usize>,
    sent: BTreeSet<Msg>,
}

#[derive(Clone, Debug, PartialEq)]
enum Rule {
    ReceivePrepared(usize),
    Commit,
    Abort,
    Prepare(usize),
    ChooseToAbort(usize),
    ReceiveCommit(usize),
    ReceiveAbort(usize),
}

impl TwoPhaseSet {
    fn allows(&self, state: &State, rule: &Rule) -> bool {
        let undecided = state.transaction == Phase::Working;
        match rule {
            Rule::ReceivePrepared(manager) => undecided && state.sent.contains(&Msg::Prepared(*manager)),
            Rule::Commit => undecided && state.prepared.len() == self.managers,
            Rule::Abort => undecided,
            Rule::Prepare(manager) | Rule::ChooseToAbort(manager) => state.managers[*manager] == Phase::Working,
            Rule::ReceiveCommit(_) => state.sent.contains(&Msg::Commit),
            Rule::ReceiveAbort(_) => state.sent.contains(&Msg::Abort),
        }
    }
}

impl Model for TwoPhaseSet {
    type State = State;
    type Action = Rule;

    fn init_states(&self) -> Vec<State> {
        let managers = vec![Phase::Working; self.managers];
        vec![State { managers, transaction: Phase::Working, prepared: [].into(), sent: [].into() }]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Rule>) {
        actions.extend([Rule::Commit, Rule::Abort]);
        for manager in 0..self.managers {
            actions.extend([
                Rule::ReceivePrepared(manager),
                Rule::Prepare(manager),
                Rule::ChooseToAbort(manager),
                Rule::ReceiveCommit(manager),
                Rule::ReceiveAbort(manager),
            ]);
        }
        actions.retain(|rule| self.allows(state, rule));
    }

    fn next_state(&self, state: &State, rule: Rule) -> Option<State> {
        let mut next = state.clone();
        match rule {
            Rule::ReceivePrepared(manager) => drop(next.prepared.insert(manager)),
            Rule::Commit => {
                next.transaction = Phase::Committed;
                next.sent.insert(Msg::Commit);
            }
            Rule::Abort => {
                next.transaction = Phase::Aborted;
                next.sent.insert(Msg::Abort);
            }
            Rule::Prepare(manager) => {
                next.managers[manager] = Phase::Prepared;
                next.sent.insert(Msg::Prepared(manager));
            }
            Rule::ChooseToAbort(manager) | Rule::ReceiveAbort(manager) => next.managers[manager] = Phase::Aborted,
            Rule::ReceiveCommit(manager) => next.managers[manager] = Phase::Committed,
        }
        Some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("consistent", |_, state: &State| {
                !(state.managers.contains(&Phase::Committed) && state.managers.contains(&Phase::Aborted))
            }),
            Property::sometimes("commits", |_, state: &State| state.managers.iter().all(|m| *m == Phase::Committed)),
        ]
    }
}

/// Distinct states that our search sees of a system in which everything holds and every witness is reached.
fn ours(system: &dyn quorate::system::Explain) -> u64 {
    let found = explore(system, &everything(2), &quorate::engine::Silent);
    assert_eq!(found.ended, Ended::Complete);
    for (ix, card) in system.properties().iter().enumerate() {
        let good = if card.kind.is_witness() { Verdict::Reachable } else { Verdict::Holds };
        assert_eq!(found.verdict(ix, card.kind), good, "{}", card.name);
    }
    found.statistics.distinct
}

/// `TwoPhase` of tlaplus/Examples has 288 states for three resource managers, in a graph of depth 11 where TLC
/// counts the initial state as 1; stateright's `2pc` example has 288 for three, 8,832 for five.
#[test]
fn the_published_counts_are_met_in_four_ways() {
    for (managers, expected) in [(3, 288), (5, 8_832), (7, 296_448)] {
        let model = TwoPhaseSet { managers };
        let actors = TwoPhase { participants: managers, kind: Kind::Unasked };
        assert_eq!(ours(&Cluster::new(actors, &calm(NetworkKind::Duplicating)).unwrap()), expected);
        if managers < 7 {
            assert_eq!(ours(&Whole::new(model.clone())), expected);
            assert_eq!(model.clone().checker().spawn_bfs().join().unique_state_count() as u64, expected);
            assert_eq!(search(&model, Bounds::NONE, &[]).distinct(), expected);
        }
    }
}

#[test]
fn the_published_depth_is_met() {
    let census = search(&TwoPhaseSet { managers: 3 }, Bounds::NONE, &[]);
    assert_eq!(census.depth() + 1, 11);
    let actors = TwoPhase { participants: 3, kind: Kind::Unasked };
    let cluster = Cluster::new(actors, &calm(NetworkKind::Duplicating)).unwrap();
    let found = explore(&cluster, &everything(1), &quorate::engine::Silent);
    assert_eq!(found.statistics.widths, census.widths);
    assert_eq!(found.statistics.generated, census.generated);
}
