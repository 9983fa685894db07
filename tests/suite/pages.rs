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

use crate::catalogue::{is_as_published, manifest};

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

/// The source of the module of a protocol: the one with its card.
fn source_of(entry: &dyn Entry) -> String {
    let card = format!("name: \"{}\",", entry.card().name);
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("models")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else if let Some(source) = std::fs::read_to_string(&path).ok().filter(|source| source.contains(&card)) {
                return source;
            }
        }
    }
    panic!("no module has the card of {}", entry.card().name);
}

/// What a module's page says under a heading, with the targets of its links left out.
fn section(source: &str, heading: &str) -> Option<String> {
    let page =
        source.lines().map_while(|line| line.strip_prefix("//!")).map(|line| line.strip_prefix(' ').unwrap_or(line));
    let after = page.skip_while(|line| *line != format!("# {heading}")).skip(1);
    let text: Vec<&str> = after.take_while(|line| !line.starts_with("# ")).collect();
    let mut text = text.join("\n").trim().to_owned();
    while let Some((before, rest)) = text.split_once("](") {
        let (shown, after) = (before.rfind('[')?, rest.split_once(')')?.1);
        text = format!("{}{}{after}", &before[..shown], &before[shown + 1..]);
    }
    (!text.is_empty()).then_some(text)
}

/// What is wrong with what was published, in one place.
#[test]
fn each_protocol_as_published_is_put_right() {
    let mut page = "# As published, and what is wrong with it\n\nWhat an article has, as it has it, is in the module of each \
                    protocol; what is wrong, and which rule of which protocol puts it right, is here too. The flaws are \
                    found by checks: each links to its verdicts and to the shortest counterexamples.\n"
        .to_owned();
    for entry in CATALOGUE.iter().filter(|entry| is_as_published(**entry)) {
        let card = entry.card();
        let wrong = section(&source_of(*entry), "What is wrong");
        let wrong = wrong.unwrap_or_else(|| panic!("the module of {} does not say what is wrong", card.name));
        let links = format!("[verdicts](protocols/{0}.md), [counterexamples](counterexamples/{0}.md)", card.name);
        write!(page, "\n## {}\n\n`{}`: {links}\n\n{wrong}\n", card.title, card.name).unwrap();
    }
    hold("docs/as-published.md", &page);
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
