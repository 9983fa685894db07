//! What walks estimate, against tables in papers.
//!
//! | module | what |
//! |---|---|
//! | `demers` | the residue, the traffic and the time of rumour mongering |
//! | `nakamoto` | the probability of a double spend |
//! | `sites` | a population by numbers, and the same site by site |

mod demers;
mod nakamoto;
mod sites;

use std::collections::BTreeMap;

use quorate::cluster::{Entry, Instance};
use quorate::engine::Silent;
use quorate::model::{Environment, ParamValue};
use quorate::system::{Explain, Successors, Word};
use quorate::walk::{Estimate, Quantity, Settings, Simulation, Strategy, Weights, simulate};

/// The instance of a protocol with these parameters, without faults.
fn build(entry: &dyn Entry, params: &[(&str, ParamValue)]) -> Box<dyn Explain> {
    let instance = Instance {
        protocol: entry.card().name.to_owned(),
        params: params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect(),
        deviations: Vec::new(),
        environment: Environment::default(),
    };
    entry.build(&instance).expect("the parameters go together")
}

fn count(number: usize) -> ParamValue {
    ParamValue::Count(number)
}

fn word(name: &str) -> ParamValue {
    ParamValue::Choice(name.to_owned())
}

/// The index of an observable.
fn observable(system: &dyn Explain, name: &str) -> usize {
    system.observables().iter().position(|card| card.name == name).expect("the protocol has such an observable")
}

/// How many walks are taken, of which dice, and where one would be cut.
#[derive(Clone, Copy)]
struct Walks {
    seed: u64,
    walk_count: u64,
    steps_max: u32,
}

/// Weighted walks to their end, and what they say of these observables.
fn walks(system: &dyn Explain, names: &[&str], Walks { seed, walk_count, steps_max }: Walks) -> Vec<Estimate> {
    let settings = Settings {
        seed,
        threads: 2,
        strategy: Strategy::Weighted(Weights::default()),
        steps_max,
        walks_max: walk_count,
        stop_at_violation: false,
        walk_on: true,
        quantities: names.iter().map(|name| Quantity::Observable(observable(system, name))).collect(),
        ..Settings::default()
    };
    let Simulation { estimates, walks_cut, .. } = simulate(system, &settings, &Silent);
    assert_eq!(walks_cut, 0, "every run was taken to its end");
    estimates.into_iter().map(|estimate| estimate.expect("there were walks")).collect()
}

/// Of many intervals at 95 % most hold the truth, and none is far from it.
fn agree(found: &[(Estimate, f64)]) {
    const ROUNDING: f64 = 1e-9;
    let is_held = |(estimate, truth): &&(Estimate, f64)| {
        estimate.interval.low - ROUNDING <= *truth && *truth <= estimate.interval.high + ROUNDING
    };
    let missed: Vec<&(Estimate, f64)> = found.iter().filter(|one| !is_held(one)).collect();
    assert!(missed.len() * 7 <= found.len(), "{} of {} miss the truth: {missed:?}", missed.len(), found.len());
    for (estimate, truth) in missed {
        assert!((estimate.mean - truth).abs() <= 2.0 * estimate.interval.half_width(), "{truth}, and {estimate:?}");
    }
}

/// The steps out of a state: where they lead, and how likely they are.
type Chances = Vec<(usize, f64)>;

/// The mean of an observable of the last state, exactly, from the odds of all steps: a Markov chain, solved.
///
/// Its states have one kind of step each, so that the weights of kinds say nothing.
fn exact(system: &dyn Explain, name: &str) -> f64 {
    let observable = observable(system, name);
    let (states, chances) = chain(system);
    let at_end = |state: &[Word]| system.measured_at_end(state, observable);
    let mut means: Vec<f64> =
        states.iter().zip(&chances).map(|(state, next)| if next.is_empty() { at_end(state) } else { 0.0 }).collect();
    for _ in 0..100_000 {
        let mut change: f64 = 0.0;
        for ix in (0..states.len()).rev().filter(|ix| !chances[*ix].is_empty()) {
            let mean = chances[ix].iter().map(|(next, chance)| chance * means[*next]).sum();
            change = change.max(f64::abs(mean - means[ix]));
            means[ix] = mean;
        }
        if change < 1e-15 {
            return means[0];
        }
    }
    panic!("the means do not settle");
}

/// All states, the first of which is where runs start, and the chances of the steps out of each.
fn chain(system: &dyn Explain) -> (Vec<Box<[Word]>>, Vec<Chances>) {
    let mut states = system.initial();
    assert_eq!(states.len(), 1);
    let mut numbers: BTreeMap<Box<[Word]>, usize> = BTreeMap::from([(states[0].clone(), 0)]);
    let (mut chances, mut successors, mut labels) = (Vec::new(), Successors::default(), Vec::new());
    while let Some(state) = states.get(chances.len()).cloned() {
        system.labelled(&state, &mut successors, &mut labels);
        let kinds: Vec<_> = successors.iter().map(|successor| successor.kind).collect();
        assert!(kinds.windows(2).all(|pair| pair[0] == pair[1]), "steps of one kind only");
        let total: f64 = labels.iter().map(|label| label.weight).sum();
        let step = |(successor, label): (quorate::system::Successor<'_>, &quorate::system::Label)| {
            let mut next = state.clone();
            successor.apply(&mut next);
            let number = *numbers.entry(next.clone()).or_insert_with(|| {
                states.push(next);
                states.len() - 1
            });
            (number, label.weight / total)
        };
        chances.push(successors.iter().zip(&labels).map(step).collect());
    }
    (states, chances)
}
