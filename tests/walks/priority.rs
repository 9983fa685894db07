//! Walks by priority find deep bugs earlier than uniform ones.
//!
//! Counted in walks until the bug is met, which no machine changes; the median of several seeds. The outcome is a page of the
//! docs, written anew by `QUORATE_BLESS=1 cargo test --release --test walks`.

use std::fmt::Write as _;

use quorate::spec::{self, Check, Telling};
use quorate::walk::{Settings, Strategy};
use quorate_models::CATALOGUE;

use crate::{Deaf, hold, manifest};

const SEEDS: u64 = 5;
/// A strategy that has not met the bug by then has taken all these walks.
const WALKS_MAX: u64 = 10_000;

/// Bugs that need several things in one order: protocol, check, property, the depth that PCT is given, and whether it is
/// claimed that it is faster.
const BUGS: &[(&str, &str, &str, u32, bool)] = &[
    ("raft", "a read by a leader that does not ask", "reads-current", 3, true),
    ("viewstamped-replication", "the longest log of any view", "committed-kept", 8, true),
    ("zab", "the epoch is saved before its history", "delivered-kept", 3, true),
    ("paxos", "a vote is not saved", "agreement", 3, true),
    ("three-phase-commit", "an acknowledgement that will not come makes abort", "agreement", 3, false),
];

const HEAD: &str = "\
# Walks by priority against uniform walks

Random walks until one meets a bug that needs several things in one order: the median of five seeds, each with 10,000 walks;
10,000 stands for as many or more. PCT is probabilistic concurrency testing (Burckhardt et al. 2010) of the depth given. It is not always the
better choice: where the order matters less than which fault strikes, uniform walks do as well.

| protocol | check | property | uniform | PCT | depth | ratio |
|---|---|---|--:|--:|--:|--:|
";

fn check_of(protocol: &str, name: &str) -> Check {
    let entry = CATALOGUE.iter().find(|entry| entry.card().name == protocol).unwrap();
    manifest(*entry).checks.into_iter().find(|check| check.name == name).unwrap_or_else(|| panic!("{protocol}: {name}"))
}

/// The first walk that violated the property, from 1; or all that were taken.
fn walks(check: &Check, property: &str, strategy: &Strategy, seed: u64) -> u64 {
    let entry = CATALOGUE.iter().find(|entry| entry.card().name == check.instance.protocol).unwrap();
    let settings = Settings {
        seed,
        strategy: strategy.clone(),
        walks_max: WALKS_MAX,
        steps_max: 200,
        // Another property may fall before.
        stop_at_violation: false,
        walk_on: true,
        ..Settings::default()
    };
    let telling = Telling { minimise: false, all: false };
    let simulated = spec::run_walks(check.clone(), *entry, &settings, &[], telling, &Deaf).unwrap();
    let told = simulated.walked.unwrap().told;
    told.iter().find(|told| told.trace.property == property).map_or(WALKS_MAX, |told| told.walk + 1)
}

fn median(check: &Check, property: &str, strategy: &Strategy) -> u64 {
    let mut all: Vec<u64> = (0..SEEDS).map(|seed| walks(check, property, strategy, seed)).collect();
    all.sort_unstable();
    all[all.len() / 2]
}

#[test]
#[cfg_attr(debug_assertions, ignore = "for an optimised build")]
fn deep_bugs_are_met_earlier() {
    let mut page = HEAD.to_owned();
    for (protocol, name, property, depth, claimed) in BUGS {
        let check = check_of(protocol, name);
        let uniform = median(&check, property, &Strategy::Uniform);
        let pct = median(&check, property, &Strategy::Pct { depth: *depth });
        let ratio = uniform as f64 / pct as f64;
        assert!(!claimed || ratio > 1.0, "{protocol}: {name}: uniform {uniform}, PCT {pct}");
        writeln!(page, "| {protocol} | {name} | `{property}` | {uniform} | {pct} | {depth} | {ratio:.1} |").unwrap();
    }
    hold("docs/priority.md", &page);
}
