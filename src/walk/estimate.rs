//! Mean, quantiles and probability, each with the interval that belongs to it.
//!
//! All intervals are at 95 %. A probability has Wilson's interval (1927), which is right near 0 and 1 too, where the
//! usual one is empty. A mean has the normal interval, mean ± 1.96 s/√n, which needs many runs and a quantity without
//! rare huge values. A quantile lies between two of the values found: the ranks come from the binomial distribution
//! (by its normal approximation), and nothing is assumed of the quantity.
//!
//! What an estimate does not tell: how the protocol fares under other odds. It is about runs whose steps are drawn as
//! the strategy draws them; and where a run was cut at its most steps, about the beginnings of runs. A run that stops
//! as soon as its interval is narrow enough covers the truth a little less often than 95 %.

use serde::Serialize;

/// The standard normal quantile of 97.5 %.
const Z: f64 = 1.959_963_984_540_054;
/// The quantiles that are told.
const QUANTILES: [f64; 3] = [0.5, 0.9, 0.99];

/// Where a number probably lies: from, to, and how that was worked out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// `wilson`, `normal` or `order-statistics`.
    pub method: &'static str,
}

impl Interval {
    /// Half of its width.
    pub fn half_width(self) -> f64 {
        (self.high - self.low) / 2.0
    }
}

/// A value below which some part of the runs lie.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Quantile {
    /// The part, from 0 to 1.
    pub part: f64,
    /// The value.
    pub value: f64,
    /// Where it probably lies.
    pub interval: Interval,
}

/// What the runs say of a quantity.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// How many runs.
    pub runs: u64,
    /// Whether it is a probability: `mean` is the part of the runs in which the thing was so.
    pub is_probability: bool,
    /// The mean.
    pub mean: f64,
    /// Where the mean probably lies.
    pub interval: Interval,
    /// The least value and the greatest.
    pub range: (f64, f64),
    /// Median and tail, of a quantity.
    pub quantiles: Vec<Quantile>,
}

impl Estimate {
    /// What these values, one of each run, say; `None` without a run.
    pub(super) fn of(values: &[f64], is_probability: bool) -> Option<Self> {
        let runs = values.len();
        let n = runs as f64;
        if runs == 0 {
            return None;
        }
        let mean = values.iter().sum::<f64>() / n;
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        Some(Self {
            runs: runs as u64,
            is_probability,
            mean,
            interval: if is_probability { wilson(mean, n) } else { normal(values, mean, n) },
            range: (sorted[0], sorted[runs - 1]),
            quantiles: if is_probability {
                Vec::new()
            } else {
                QUANTILES.iter().map(|part| quantile(&sorted, *part)).collect()
            },
        })
    }
}

fn wilson(part: f64, n: f64) -> Interval {
    let z2 = Z * Z;
    let centre = (part + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (part * (1.0 - part) / n + z2 / (4.0 * n * n)).sqrt();
    Interval { low: (centre - half).max(0.0), high: (centre + half).min(1.0), method: "wilson" }
}

fn normal(values: &[f64], mean: f64, n: f64) -> Interval {
    let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
    let deviation = if n > 1.0 { (squares / (n - 1.0)).sqrt() } else { f64::INFINITY };
    let half = Z * deviation / n.sqrt();
    Interval { low: mean - half, high: mean + half, method: "normal" }
}

fn quantile(sorted: &[f64], part: f64) -> Quantile {
    let n = sorted.len() as f64;
    // Ranks from 1; the interval's are one apart at least, and within the values.
    let at = |rank: f64| sorted[(rank.max(1.0).min(n) as usize) - 1];
    let half = Z * (n * part * (1.0 - part)).sqrt();
    let interval = Interval {
        low: at((n * part - half).floor()),
        high: at((n * part + half).ceil() + 1.0),
        method: "order-statistics",
    };
    Quantile { part, value: at((n * part).ceil()), interval }
}

#[cfg(test)]
mod tests {
    use super::super::dice::Dice;
    use super::*;

    #[test]
    fn wilsons_interval_is_that_of_the_books() {
        // 10 of 100: 0.0552 to 0.1744; none of 20: 0 to 0.1611.
        let ten = wilson(0.1, 100.0);
        assert!((ten.low - 0.0552).abs() < 5e-5 && (ten.high - 0.1744).abs() < 5e-5, "{ten:?}");
        let none = wilson(0.0, 20.0);
        assert!(none.low == 0.0 && (none.high - 0.1611).abs() < 5e-5, "{none:?}");
    }

    #[test]
    fn quantiles_are_values_and_their_intervals_hold_them() {
        let values: Vec<f64> = (1..=1_000).rev().map(f64::from).collect();
        let estimate = Estimate::of(&values, false).unwrap();
        assert_eq!((estimate.mean, estimate.range), (500.5, (1.0, 1_000.0)));
        assert_eq!(estimate.quantiles.iter().map(|one| one.value).collect::<Vec<_>>(), [500.0, 900.0, 990.0]);
        assert!(estimate.quantiles.iter().all(|one| one.interval.low < one.value && one.value < one.interval.high));
        assert_eq!(Estimate::of(&[], false), None);
    }

    /// Of many small studies of a die and a coin, about 95 % hold the truth.
    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let (mut mean, mut median, mut part) = (0, 0, 0);
        for study in 0..1_000 {
            let mut dice = Dice::of(11, study);
            let rolls: Vec<f64> = (0..300).map(|_| dice.unit()).collect();
            let estimate = Estimate::of(&rolls, false).unwrap();
            let holds = |interval: Interval, truth: f64| i32::from(interval.low <= truth && truth <= interval.high);
            mean += holds(estimate.interval, 0.5);
            median += holds(estimate.quantiles[0].interval, 0.5);
            let tosses: Vec<f64> = rolls.iter().map(|roll| f64::from(u8::from(*roll < 0.05))).collect();
            part += holds(Estimate::of(&tosses, true).unwrap().interval, 0.05);
        }
        for count in [mean, median, part] {
            assert!((930..=975).contains(&count), "{mean} {median} {part}");
        }
    }
}
