//! Every shipped protocol is held to the rules of the house, found by walking the catalogue: who adds a protocol
//! adds nothing here.

use std::collections::BTreeSet;
use std::path::PathBuf;

use quorate::cluster::Entry;
use quorate::engine::{Paths, Silent, Statistics};
use quorate::spec::{self, Check, Checked, Expected, Manifest, Manner, Size, Source};
use quorate::system::{PropertyKind, PropertySet};
use quorate::trace::{Replay, Trace, replay};
use quorate_models::CATALOGUE;

fn specs() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("specs")
}

pub fn manifest(entry: &dyn Entry) -> Manifest {
    let name = format!("{}.toml", entry.card().name);
    let text = std::fs::read_to_string(specs().join(&name)).unwrap_or_else(|error| panic!("specs/{name}: {error}"));
    spec::read(Source::file(name, text), CATALOGUE).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

/// Whether a protocol is as somebody has published it, and not as it should be.
pub fn is_as_published(entry: &dyn Entry) -> bool {
    let title = entry.card().title;
    title.contains("as published") || title.contains("article")
}

fn each_protocol(look: impl Fn(&dyn Entry, &Manifest)) {
    for entry in CATALOGUE {
        look(*entry, &manifest(*entry));
    }
}

fn each_small_check(look: impl Fn(&dyn Entry, &Check)) {
    each_protocol(|entry, manifest| {
        manifest.checks.iter().filter(|check| check.size == Size::Small).for_each(|check| look(entry, check));
    });
}

fn run(entry: &dyn Entry, check: &Check, threads: usize, paths: Paths) -> Checked {
    spec::run(check.clone(), entry, Manner { threads, paths, stop_when: None, audit: false }, &Silent)
}

fn is_violated(expected: Option<&Expected>) -> bool {
    matches!(expected, Some(Expected::Violated { .. }))
}

#[test]
fn names_are_unique_and_in_order_and_every_protocol_has_its_manifest() {
    let names: Vec<&str> = CATALOGUE.iter().map(|entry| entry.card().name).collect();
    assert!(names.is_sorted_by(|a, b| a < b), "{names:?}");
    let files: BTreeSet<String> = std::fs::read_dir(specs())
        .unwrap()
        .map(|file| file.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(files, names.iter().map(|name| (*name).to_owned()).collect());
}

#[test]
fn every_card_says_what_is_modelled_and_what_is_left_out() {
    for entry in CATALOGUE {
        let card = entry.card();
        for text in [card.title, card.source, card.modelled, card.left_out] {
            assert!(text.len() > 3, "{}: an empty line on the card", card.name);
        }
        assert!(entry.parameters().iter().all(|parameter| !parameter.about.is_empty()), "{}", card.name);
        assert!(entry.deviations().iter().all(|deviation| !deviation.about.is_empty()), "{}", card.name);
        assert!(entry.properties().iter().all(|property| !property.about.is_empty()), "{}", card.name);
        assert!(entry.properties().len() < PropertySet::CAPACITY, "{}", card.name);
    }
}

#[test]
fn every_deviation_has_a_check_of_its_own_on_the_property_that_it_names() {
    each_protocol(|entry, manifest| {
        for deviation in entry.deviations() {
            let name = format!("{} {}", entry.card().name, deviation.name);
            let own: Vec<&Check> =
                manifest.checks.iter().filter(|check| check.instance.deviations == [deviation.name]).collect();
            assert!(own.iter().any(|check| check.size == Size::Small), "{name} has no small check of its own");
            match deviation.breaks {
                Some(property) => assert!(
                    own.iter().any(|check| is_violated(check.expect.get(property))),
                    "{name} is not caught on {property}"
                ),
                None => assert!(
                    own.iter().all(|check| !check.expect.values().any(|expected| is_violated(Some(expected)))),
                    "{name} is called harmless and is not"
                ),
            }
        }
    });
}

/// A witness that no check reaches is dead code: what is published may have it, a protocol of ours may not.
#[test]
fn every_property_is_broken_somewhere_and_every_witness_reached() {
    each_protocol(|entry, manifest| {
        let as_published = is_as_published(entry);
        for property in entry.properties() {
            let name = format!("{} {}", entry.card().name, property.name);
            let mut checks = manifest.checks.iter();
            let shown = match property.kind {
                PropertyKind::Always
                | PropertyKind::NoDeadlock
                | PropertyKind::AlwaysStep
                | PropertyKind::Eventually
                | PropertyKind::LeadsTo
                | PropertyKind::EventuallyAlways
                | PropertyKind::AlwaysPossible => checks.any(|check| is_violated(check.expect.get(&property.name))),
                PropertyKind::Sometimes if as_published => {
                    checks.clone().any(|check| check.expected(&property) == Expected::Reachable)
                        || checks.any(|check| check.expect.get(&property.name) == Some(&Expected::Unreachable))
                }
                PropertyKind::Sometimes => checks.any(|check| check.expected(&property) == Expected::Reachable),
            };
            assert!(shown, "{name}: no check shows that it could be otherwise");
        }
    });
}

#[test]
fn every_count_is_locked() {
    each_protocol(|entry, manifest| {
        let unlocked: Vec<&str> = (manifest.checks.iter())
            .filter(|check| check.lock.is_none() && check.limits == Default::default())
            .map(|check| check.name.as_str())
            .collect();
        assert!(unlocked.is_empty(), "{}: {unlocked:?}", entry.card().name);
    });
}

/// What must not depend on the number of threads: what was found, how, and how much was seen.
fn outcome(checked: &Checked) -> (Vec<String>, Vec<Option<String>>, Statistics) {
    let outcome = checked.outcome().expect("the check was run");
    let mut statistics = outcome.exploration.statistics.clone();
    (statistics.elapsed_us, statistics.graph_us, statistics.peak_bytes) = (0, 0, 0);
    let verdicts = (0..outcome.properties.len()).map(|ix| format!("{:?}", outcome.verdict(ix))).collect();
    let violated = |trace: &&Trace| trace.kind != PropertyKind::Sometimes;
    let traces = outcome.traces.iter().map(|trace| trace.as_ref().filter(violated).map(Trace::to_json)).collect();
    (verdicts, traces, statistics)
}

/// Every small check comes out as expected, alike for 1, 2 and 8 threads, and each of its traces survives its
/// file and can be taken again.
#[test]
fn small_checks() {
    each_small_check(|entry, check| {
        // The ways to witnesses are walked where the levels are narrow enough to be kept many times over.
        let is_wide = check.lock.is_some_and(|lock| lock.states > 20_000);
        let alone = run(entry, check, 1, if is_wide { Paths::Violations } else { Paths::All });
        let name = format!("{} {}", check.instance.protocol, check.name);
        let failures = &alone.outcome().expect("the check was run").failures;
        assert!(failures.is_empty(), "{name}: {failures:?}");
        for threads in if is_wide { &[2][..] } else { &[2, 8] } {
            let together = run(entry, check, *threads, Paths::Violations);
            assert!(outcome(&together) == outcome(&alone), "{name}: {threads} threads");
        }
        take_again(entry, &alone, &name);
    });
}

fn take_again(entry: &dyn Entry, checked: &Checked, name: &str) {
    let outcome = checked.outcome().expect("the check was run");
    for (property_ix, trace) in outcome.traces.iter().enumerate() {
        let Some(trace) = trace else { continue };
        let read = Trace::parse(&trace.to_json(), "trace.json").expect("what was written can be read");
        // A system of its own: numbers mean nothing beyond one.
        let system = entry.build(&read.instance).expect("what was built can be built again");
        let replayed = replay(&*system, &read, property_ix);
        assert!(
            matches!(&replayed, Replay::Confirmed { steps, .. } if *steps == trace.steps.len()),
            "{name} {}: {replayed}",
            trace.property
        );
    }
}
