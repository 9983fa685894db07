//! The probability that a payment is undone: the table of section 11 of Nakamoto (2008), and the formula of
//! Rosenfeld (2014).

use quorate::system::Explain;
use quorate::walk::Estimate;
use quorate_models::chain::DoubleSpend;

use super::{Walks, agree, build, count, exact, walks, word};

/// Section 11: q in percent, z, and the probability as printed.
const TABLE: [(usize, usize, &str); 22] = [
    (10, 0, "1.0000000"),
    (10, 1, "0.2045873"),
    (10, 2, "0.0509779"),
    (10, 3, "0.0131722"),
    (10, 4, "0.0034552"),
    (10, 5, "0.0009137"),
    (10, 6, "0.0002428"),
    (10, 7, "0.0000647"),
    (10, 8, "0.0000173"),
    (10, 9, "0.0000046"),
    (10, 10, "0.0000012"),
    (30, 0, "1.0000000"),
    (30, 5, "0.1773523"),
    (30, 10, "0.0416605"),
    (30, 15, "0.0101008"),
    (30, 20, "0.0024804"),
    (30, 25, "0.0006132"),
    (30, 30, "0.0001522"),
    (30, 35, "0.0000379"),
    (30, 40, "0.0000095"),
    (30, 45, "0.0000024"),
    (30, 50, "0.0000006"),
];

fn race(progress: &str, percent: usize, z: usize, patience: usize) -> Box<dyn Explain> {
    let params = [
        ("progress", word(progress)),
        ("attacker_percent", count(percent)),
        ("confirmations", count(z)),
        ("patience", count(patience)),
    ];
    build(quorate::cluster::entry::<DoubleSpend>(), &params)
}

/// Rosenfeld's equation 1: the attacker has found m blocks when the honest have found z, and must make up for z - m.
fn rosenfeld(percent: usize, z: usize) -> f64 {
    let q = percent as f64 / 100.0;
    let p = 1.0 - q;
    let (mut density, mut safe) = (p.powi(z as i32), 0.0);
    for m in 0..z {
        safe += density * (1.0 - (q / p).powi((z - m) as i32));
        density *= q * (z + m) as f64 / (m + 1) as f64;
    }
    1.0 - safe
}

/// From the odds of the model's steps comes the paper's table, in every digit that is printed.
#[test]
fn the_table_of_the_paper() {
    for (percent, z, printed) in TABLE {
        let chance = exact(&*race("poisson", percent, z, 40), "reversed");
        assert_eq!(format!("{chance:.7}"), printed, "q = {percent} %, z = {z}");
    }
}

/// Counted block by block an attacker has better chances than the paper's approximation says.
#[test]
fn the_count_of_rosenfeld() {
    for (percent, z, printed) in TABLE {
        let chance = exact(&*race("counted", percent, z, 40), "reversed");
        let formula = rosenfeld(percent, z);
        assert!((chance - formula).abs() < 1e-9, "q = {percent} %, z = {z}: {chance}, and {formula} by the formula");
        assert!(z <= 1 || chance > printed.parse().unwrap(), "q = {percent} %, z = {z}: {chance}");
    }
    // His table 1, in percent.
    let table = [(1, "20.000"), (2, "5.600"), (3, "1.712"), (4, "0.546"), (5, "0.178"), (6, "0.059")];
    for (z, printed) in table {
        assert_eq!(format!("{:.3}", 100.0 * rosenfeld(10, z)), printed, "q = 10 %, z = {z}");
    }
}

/// Walks for one row, with dice of their own.
fn estimate(progress: &str, percent: usize, z: usize) -> Estimate {
    // Where nothing is ever met more walks say little more.
    let walk_count = if z > 20 { 2_000 } else { 10_000 };
    let seed = (1_000 * percent + z) as u64;
    walks(&*race(progress, percent, z, 6), &["reversed"], Walks { seed, walk_count, steps_max: 10_000 }).remove(0)
}

#[test]
fn walks_agree_with_the_table() {
    let row =
        |&(percent, z, printed): &(usize, usize, &str)| (estimate("poisson", percent, z), printed.parse().unwrap());
    agree(&TABLE.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn walks_agree_with_the_count() {
    let row = |&(percent, z, _): &(usize, usize, &str)| (estimate("counted", percent, z), rosenfeld(percent, z));
    agree(&TABLE.iter().filter(|(_, z, _)| *z <= 20).map(row).collect::<Vec<_>>());
}
