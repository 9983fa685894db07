//! Every deviation is met by walks too, and what was met becomes as small as what a breadth-first search finds.
//!
//! The outcome is a page of the docs. Seeds are fixed, so that the page is the same everywhere; after a change that
//! moves it, `QUORATE_BLESS=1 cargo test --release --test walks` writes it anew.

use std::fmt::Write as _;

use quorate::cluster::Entry;
use quorate::engine::{Paths, Silent};
use quorate::spec::{self, Check, Expected, Manner, Simulated, Size, Telling};
use quorate::system::{ActionKind, PropertyKind};
use quorate::walk::{Settings, Strategy, Weights};
use quorate_models::CATALOGUE;

use crate::{Deaf, hold, manifest};

/// How many steps more than the shortest a minimised counterexample may have.
const SLACK: u32 = 2;

const HEAD: &str = "\
# Deviations, met by walks

Each deviation of the library in its smallest check: `quorate simulate` with seed 0 takes random walks until one violates
the property that the deviation names. The strategies are tried in this order: coverage (20,000 walks), weighted (60,000),
PCT of depth 8 and of depth 5 (100,000 each); then
walks that go on behind other violations, weighted (60,000) and PCT of depth 8 (20,000); then, also behind other violations,
weighted with faults as likely as deliveries (`--weights crash=5,restart=20,duplicate=10`, 300,000); and last, weighted
with nodes quicker than messages (`--weights crash=1.5,restart=10,choose=10,deliver=5`, 1,500,000). What was met is
minimised as `quorate trace minimise` does it; told is the first strategy by which it becomes short enough: not more than two
steps longer than the last column, the length of the shortest counterexample, which a breadth-first search of everything
found.

Not here: properties that show in no single walk (liveness, and that something stays possible), which walks do not judge.

This page is written and held by `cargo test --release --test walks`.

| protocol | deviation | property | strategy | walk | steps | minimised | shortest |
|---|---|---|---|--:|--:|--:|--:|
";

/// The strategies, and how many walks each may take.
fn budget() -> [(Strategy, u64); 4] {
    [
        (Strategy::Coverage, 20_000),
        (Strategy::Weighted(Weights::default()), 60_000),
        (Strategy::Pct { depth: 8 }, 100_000),
        (Strategy::Pct { depth: 5 }, 100_000),
    ]
}

/// The default weights, but for these.
fn weights(changed: &[(ActionKind, f64)]) -> Weights {
    let mut weights = Weights::default();
    changed.iter().for_each(|(kind, weight)| weights.0[*kind as usize] = *weight);
    weights
}

/// Faults are as likely as deliveries, and who has crashed is soon back.
fn faulty() -> Weights {
    weights(&[(ActionKind::Crash, 5.0), (ActionKind::Restart, 20.0), (ActionKind::Duplicate, 10.0)])
}

/// Nodes are quicker than messages: who sends one by one has sent, and who has crashed is back, before much arrives.
fn quick() -> Weights {
    use ActionKind::{Choose, Crash, Deliver, Restart};
    weights(&[(Crash, 1.5), (Restart, 10.0), (Choose, 10.0), (Deliver, 5.0)])
}

/// The smallest check of a deviation alone in which the property that it names is violated.
fn own_check(entry: &dyn Entry, deviation: &str, property: &str) -> Check {
    let checks = manifest(entry).checks.into_iter().filter(|check| {
        check.size == Size::Small
            && check.instance.deviations == [deviation]
            && matches!(check.expect.get(property), Some(Expected::Violated { .. }))
    });
    let states = |check: &Check| check.lock.map_or(u64::MAX, |lock| lock.states);
    checks.min_by_key(states).expect("the catalogue has one for each")
}

/// The first walk of the budget that violates the property, made small: by the first strategy by which that becomes short
/// enough, if there is one.
fn meet(entry: &dyn Entry, check: &Check, property: &str, shortest: u32) -> Option<(Strategy, spec::Told)> {
    let usual = Settings::default();
    let first = budget().map(|(strategy, walks_max)| Settings { strategy, walks_max, ..usual.clone() });
    // A walk that violates something else first may go on to the property that is looked for.
    let further = [
        (Strategy::Weighted(Weights::default()), 60_000),
        (Strategy::Pct { depth: 8 }, 20_000),
        (Strategy::Weighted(faulty()), 300_000),
    ];
    let further = further.map(|(strategy, walks_max)| Settings {
        strategy,
        walks_max,
        stop_at_violation: false,
        walk_on: true,
        ..usual.clone()
    });
    let last = Settings { strategy: Strategy::Weighted(quick()), walks_max: 1_500_000, ..usual.clone() };
    let mut met = first.into_iter().chain(further).chain([last]).filter_map(|settings| {
        let telling = Telling { minimise: true, all: false };
        let Simulated { walked, .. } =
            spec::run_walks(check.clone(), entry, &settings, &[], telling, &Deaf).expect("nothing is estimated");
        let told = walked.expect("the check was built before").told;
        told.into_iter().find(|told| told.trace.property == property).map(|told| (settings.strategy, told))
    });
    let first = met.next()?;
    let is_short = |(_, told): &(Strategy, spec::Told)| told.trace.steps.len() as u32 <= shortest + SLACK;
    if is_short(&first) { Some(first) } else { met.find(is_short).or(Some(first)) }
}

fn shortest(entry: &dyn Entry, check: &Check, property: &str) -> u32 {
    let manner = Manner { threads: 2, paths: Paths::None, stop_when: None, audit: false };
    let checked = spec::run(check.clone(), entry, manner, &Silent);
    let outcome = checked.outcome().expect("the check was run");
    let ix = outcome.properties.iter().position(|card| card.name == property).expect("the property is there");
    outcome.steps(ix).expect("the catalogue's test found it")
}

/// Whether a walk can judge it, and a walk to it can be made small.
fn is_for_walks(kind: PropertyKind) -> bool {
    match kind {
        PropertyKind::Always | PropertyKind::AlwaysStep | PropertyKind::NoDeadlock => true,
        PropertyKind::Sometimes
        | PropertyKind::Eventually
        | PropertyKind::LeadsTo
        | PropertyKind::EventuallyAlways
        | PropertyKind::AlwaysPossible => false,
    }
}

#[test]
#[cfg_attr(debug_assertions, ignore = "for an optimised build")]
fn every_deviation_is_met_and_becomes_small() {
    let mut page = HEAD.to_owned();
    let (mut wrong, mut unmet) = (Vec::new(), Vec::new());
    for entry in CATALOGUE {
        let protocol = entry.card().name;
        let properties = entry.properties();
        for deviation in entry.deviations() {
            let Some(property) = deviation.breaks else { continue };
            let card = properties.iter().find(|card| card.name == property).expect("a deviation names a property");
            if !is_for_walks(card.kind) {
                continue;
            }
            let check = own_check(*entry, deviation.name, property);
            let shortest = shortest(*entry, &check, property);
            let Some((strategy, met)) = meet(*entry, &check, property, shortest) else {
                let name = deviation.name;
                unmet.push(format!("{protocol} {name}"));
                writeln!(page, "| {protocol} | `{name}` | {property} | not met | | | | {shortest} |").unwrap();
                continue;
            };
            let small = met.trace.steps.len() as u32;
            if small > shortest + SLACK {
                wrong.push(format!("{protocol} {}: {small} steps, and {shortest} are enough", deviation.name));
            }
            let (name, word, walk) = (deviation.name, strategy.word(), met.walk + 1);
            writeln!(
                page,
                "| {protocol} | `{name}` | {property} | {word} | {walk} | {} | {small} | {shortest} |",
                met.walk_steps
            )
            .unwrap();
        }
    }
    let wrong = wrong.join("\n");
    assert!(wrong.is_empty(), "{wrong}");
    assert!(unmet.is_empty(), "not met: {unmet:?}");
    hold("docs/deviations.md", &page);
}
