//! The pages of the docs that are made from the catalogue and the specs, held against what is committed.
//!
//! `QUORATE_BLESS=1 cargo test --release --test suite pages` writes them anew.

use std::fmt::Write as _;
use std::path::PathBuf;

use quorate::cluster::Entry;
use quorate::engine::{Paths, Silent, StopWhen};
use quorate::report::pages::{FaultGrid, counterexamples, faults, overview, protocol, told};
use quorate::spec::{self, Check, Manner};
use quorate::system::{PropertySet, ShowsIn};
use quorate::trace::Trace;
use quorate_models::CATALOGUE;

use crate::catalogue::manifest;

fn all() -> Vec<(&'static dyn Entry, Vec<Check>)> {
    CATALOGUE.iter().map(|entry| (*entry, manifest(*entry).checks)).collect()
}

/// The file has this text, or is given it when that is asked for.
fn hold(file: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("QUORATE_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == text, "{file} is not what the specs give: write it anew with QUORATE_BLESS=1");
}

/// The same of a part of a file, between `<!-- name -->` and `<!-- end -->`.
fn hold_part(file: &str, name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(file);
    let whole = std::fs::read_to_string(&path).unwrap();
    let opening = format!("<!-- {name} -->\n");
    let from = whole.find(&opening).unwrap_or_else(|| panic!("{file} has no part {name}")) + opening.len();
    let to = from + whole[from..].find("<!-- end -->").unwrap_or_else(|| panic!("{file}: {name} does not end"));
    hold(file, &format!("{}{text}{}", &whole[..from], &whole[to..]));
}

#[test]
fn each_protocol_has_its_page() {
    let mut index = "# The library\n\nEach page is made from the protocol's card and its specs.\n\n".to_owned();
    for (entry, checks) in all() {
        let card = entry.card();
        hold(&format!("docs/protocols/{}.md", card.name), &protocol(entry, &checks));
        writeln!(index, "- [{}]({}.md)", card.title, card.name).unwrap();
    }
    hold("docs/protocols/README.md", &index);
}

/// The shortest way to what the check finds violated.
fn counterexample(entry: &dyn Entry, check: &Check) -> Option<Trace> {
    let properties = entry.properties();
    let wanted = told(entry, check)?;
    let property_ix = properties.iter().position(|card| card.name == wanted.name)?;
    let only = PropertySet::of(properties.len(), |ix| ix == property_ix);
    // What shows in the graph shows when all of it is there.
    let stop_when = (wanted.kind.shows_in() != ShowsIn::Graph).then_some(StopWhen::AllFound(only));
    let manner = Manner { threads: 2, paths: Paths::Violations, stop_when, audit: false };
    let checked = spec::run(check.clone(), entry, manner, &Silent);
    let outcome =
        checked.outcome().unwrap_or_else(|| panic!("{}: {} was not run", check.instance.protocol, check.name));
    Some(outcome.traces[property_ix].clone().unwrap_or_else(|| panic!("{}: no trace", check.name)))
}

#[test]
fn each_counterexample_is_told() {
    for (entry, checks) in all() {
        let found: Vec<(&Check, Trace)> =
            checks.iter().filter_map(|check| Some((check, counterexample(entry, check)?))).collect();
        let found: Vec<(&Check, &Trace)> = found.iter().map(|(check, trace)| (*check, trace)).collect();
        hold(&format!("docs/counterexamples/{}.md", entry.card().name), &counterexamples(entry, &found));
    }
}

#[test]
fn the_readme_lists_every_system_with_its_verdicts() {
    hold_part("README.md", "systems", &overview(&all()));
}

#[test]
fn the_locks_are_held_against_the_faults() {
    let columns = ["crash", "pause", "drift", "loss", "failover", "partition"];
    let grid = FaultGrid {
        family: "grid/locks",
        columns: &columns,
        effect: "no-stale-write",
        // A claim about the servers.
        aside: &["one-primary"],
    };
    hold_part("docs/locks.md", "grid:locks", &faults(grid, &all()));
}
