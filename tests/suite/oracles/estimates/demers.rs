//! Rumour mongering on 1000 sites: tables 1 to 3 of Demers et al. (1987).
//!
//! The paper does not say of how many runs its figures are the mean, and prints two or three digits. An estimate agrees
//! with a figure if its interval, made wider by one unit of the last digit that is printed, holds it.

use quorate::system::Explain;
use quorate_models::gossip::Epidemic;

use super::{Walks, build, count, walks, word};

/// A figure as printed, and a unit of its last digit.
type Figure = (f64, f64);

/// k, residue, traffic and t last.
type Row = (usize, Figure, Figure, Figure);

/// Push, feedback, counter.
const TABLE_1: [Row; 5] = [
    (1, (0.18, 0.01), (1.7, 0.1), (16.8, 0.1)),
    (2, (0.037, 0.001), (3.3, 0.1), (16.9, 0.1)),
    (3, (0.011, 0.001), (4.5, 0.1), (17.4, 0.1)),
    (4, (0.0036, 0.0001), (5.6, 0.1), (17.5, 0.1)),
    (5, (0.0012, 0.0001), (6.7, 0.1), (17.7, 0.1)),
];

/// Push, blind, coin.
const TABLE_2: [Row; 5] = [
    (1, (0.96, 0.01), (0.04, 0.01), (38.0, 1.0)),
    (2, (0.20, 0.01), (1.6, 0.1), (33.0, 1.0)),
    (3, (0.060, 0.001), (2.8, 0.1), (32.0, 1.0)),
    (4, (0.021, 0.001), (3.9, 0.1), (32.0, 1.0)),
    (5, (0.008, 0.001), (4.9, 0.1), (32.0, 1.0)),
];

/// Pull, feedback, counter.
const TABLE_3: [Row; 3] = [
    (1, (0.031, 0.001), (2.7, 0.1), (17.6, 0.1)),
    (2, (0.00058, 0.00001), (4.5, 0.1), (15.4, 0.1)),
    (3, (0.000004, 0.000001), (6.1, 0.1), (14.0, 0.1)),
];

fn population(kind: [&str; 3], k: usize) -> Box<dyn Explain> {
    let [direction, response, interest] = kind;
    let params =
        [("direction", word(direction)), ("response", word(response)), ("interest", word(interest)), ("k", count(k))];
    build(quorate::cluster::entry::<Epidemic>(), &params)
}

/// Where a handful of sites in all runs are missed, the interval of the mean is not normal: their number is as good as
/// Poisson, with a standard deviation of its root.
fn rare(printed: f64, runs: u64) -> f64 {
    let sites = 1_000.0 * runs as f64;
    let missed = printed * sites;
    if missed < 20.0 { (2.0 * missed.sqrt() + 1.0) / sites } else { 0.0 }
}

fn agree(kind: [&str; 3], table: &[Row], walk_count: impl Fn(usize) -> u64) {
    let mut differences = Vec::new();
    for &(k, residue, traffic, last) in table {
        let dice = Walks { seed: k as u64, walk_count: walk_count(k), steps_max: 100_000 };
        let names = ["residue", "traffic", "t-last"];
        let estimates = walks(&*population(kind, k), &names, dice);
        for ((name, estimate), (printed, unit)) in names.iter().zip(estimates).zip([residue, traffic, last]) {
            let within = estimate.interval.half_width().max(rare(printed, estimate.runs)) + unit;
            if (estimate.mean - printed).abs() > within {
                differences.push(format!("k = {k}, {name}: {printed} is printed, and {estimate:?}"));
            }
        }
    }
    assert!(differences.is_empty(), "{kind:?}: {differences:#?}");
}

#[test]
fn table_1_push_feedback_counter() {
    agree(["push", "feedback", "counter"], &TABLE_1, |_| 8);
}

#[test]
fn table_2_push_blind_coin() {
    agree(["push", "blind", "coin"], &TABLE_2, |k| if k == 1 { 200 } else { 8 });
}

#[test]
fn table_3_pull_feedback_counter() {
    agree(["pull", "feedback", "counter"], &TABLE_3, |k| if k == 1 { 8 } else { 3 });
}
