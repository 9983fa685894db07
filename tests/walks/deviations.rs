//! Every deviation is met by walks too, and what was met becomes as small as what a breadth-first search finds.
//!
//! The outcome is a page of the docs. Seeds are fixed, so that the page is the same everywhere; after a change that
//! moves it, `QUORATE_BLESS=1 cargo test --release --test walks` writes it anew. The walks that are on the page are taken
//! again; only where one does not meet its deviation any more, another is looked for. Whoever wants all to be looked
//! for, which takes ten minutes, deletes the page before.

use std::fmt::Write as _;

use quorate::cluster::Entry;
use quorate::engine::{Paths, Silent};
use quorate::spec::{self, Check, Expected, Manner, Simulated, Size, Telling};
use quorate::system::{ActionKind, PropertyKind};
use quorate::walk::{Settings, Strategy, Weights};
use quorate_models::CATALOGUE;

use crate::{Deaf, blesses, hold, manifest, root};

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

This page is written by `QUORATE_BLESS=1 cargo test --release --test walks`. A walk that is on the page is taken again, in every
run of the tests; another is looked for only where it does not meet its deviation any more.

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

/// All strategies with the walks that each may take, in the order in which they are tried.
fn tiers() -> Vec<Settings> {
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
    first.into_iter().chain(further).chain([last]).collect()
}

/// The first walk that violates the property, made small.
fn walk(entry: &dyn Entry, check: &Check, property: &str, settings: &Settings) -> Option<spec::Told> {
    let telling = Telling { minimise: true, all: false };
    let Simulated { walked, .. } =
        spec::run_walks(check.clone(), entry, settings, &[], telling, &Deaf).expect("nothing is estimated");
    let told = walked.expect("the check was built before").told;
    told.into_iter().find(|told| told.trace.property == property)
}

/// The first walk of the budget that violates the property, made small: by the first strategy by which that becomes short
/// enough, if there is one.
fn meet(entry: &dyn Entry, check: &Check, property: &str, shortest: u32) -> Option<(Strategy, spec::Told)> {
    let mut met = tiers()
        .into_iter()
        .filter_map(|settings| walk(entry, check, property, &settings).map(|told| (settings.strategy, told)));
    let first = met.next()?;
    let is_short = |(_, told): &(Strategy, spec::Told)| told.trace.steps.len() as u32 <= shortest + SLACK;
    if is_short(&first) { Some(first) } else { met.find(is_short).or(Some(first)) }
}

/// What a row of the page says of a walk.
struct Row {
    word: String,
    walk: u64,
    walk_steps: usize,
    small: usize,
}

impl Row {
    fn of(page: &str, protocol: &str, deviation: &str) -> Option<Self> {
        let start = format!("| {protocol} | `{deviation}` |");
        let cells: Vec<&str> = page.lines().find(|line| line.starts_with(&start))?.split('|').map(str::trim).collect();
        Some(Self {
            word: cells[4].to_owned(),
            walk: cells[5].parse().ok()?,
            walk_steps: cells[6].parse().ok()?,
            small: cells[7].parse().ok()?,
        })
    }

    /// The walk of this row once more.
    fn meet_again(&self, entry: &dyn Entry, check: &Check, property: &str) -> Option<(Strategy, spec::Told)> {
        let alone = |settings: Settings| match settings.strategy {
            // It learns from those before.
            Strategy::Coverage => Settings { walks_max: self.walk, ..settings },
            Strategy::Uniform | Strategy::Weighted(_) | Strategy::Pct { .. } => {
                Settings { first_walk: self.walk - 1, walks_max: 1, ..settings }
            }
        };
        let may_be = |settings: &Settings| settings.strategy.word() == self.word && settings.walks_max >= self.walk;
        let mut met = tiers().into_iter().filter(may_be).filter_map(|settings| {
            let settings = alone(settings);
            walk(entry, check, property, &settings).map(|told| (settings.strategy, told))
        });
        met.find(|(_, told)| {
            (told.walk + 1, told.walk_steps, told.trace.steps.len()) == (self.walk, self.walk_steps, self.small)
        })
    }
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
    let written = std::fs::read_to_string(root().join("docs/deviations.md")).unwrap_or_default();
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
            let row = Row::of(&written, protocol, deviation.name);
            let again = row.and_then(|row| row.meet_again(*entry, &check, property));
            let met = again.or_else(|| blesses().then(|| meet(*entry, &check, property, shortest)).flatten());
            let Some((strategy, met)) = met else {
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
