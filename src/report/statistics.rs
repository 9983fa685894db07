//! The numbers of every search.

use serde::Serialize;

use super::json::Numbers;
use super::numbers::{bytes, count, elapsed};
use super::style::{FAINT, STRONG, paint};
use crate::engine::{Effort, Exploration};
use crate::spec::{Checked, Outcome};
use crate::system::ActionKind;

/// The length of the bar of the widest level.
const BARS_MAX: u64 = 40;

/// The numbers of every search, for people.
pub fn text(checks: &[Checked]) -> String {
    let of_check = |checked: &Checked| {
        let title = format!("{}: {}", checked.check.instance.protocol, checked.check.name);
        checked.outcome().map(|outcome| format!("\n{}\n{}", paint(STRONG, title), numbers(outcome)))
    };
    checks.iter().filter_map(of_check).collect()
}

fn numbers(outcome: &Outcome) -> String {
    let statistics = &outcome.exploration.statistics;
    let seconds = (statistics.elapsed_us as f64 / 1e6).max(1e-6);
    let rate = (statistics.distinct as f64 / seconds) as u64;
    let line = |name: &str, value: &str| format!("  {} {value}\n", paint(FAINT, format!("{name:11}")));
    let mut text = String::new();
    text += &line("distinct", &count(statistics.distinct));
    text += &line("generated", &count(statistics.generated));
    text += &line("depth", &statistics.depth.to_string());
    text += &line("time", &format!("{}, {} states/s", elapsed(statistics.elapsed_us), count(rate)));
    text += &line("memory", &bytes(statistics.peak_bytes));
    let actions = ActionKind::ALL.iter().zip(statistics.actions).filter(|(_, number)| *number > 0);
    let actions: Vec<String> = actions.map(|(kind, number)| format!("{} {}", kind.word(), count(number))).collect();
    text += &line("actions", &actions.join(", "));
    let widest = statistics.widths.iter().copied().max().unwrap_or_default();
    for (depth, width) in statistics.widths.iter().enumerate() {
        let bar = "▪".repeat((width * BARS_MAX / widest.max(1)) as usize);
        let name = if depth == 0 { "widths" } else { "" };
        text += &line(name, &format!("{depth:>4} {:>12} {bar}", count(*width)));
    }
    text
}

#[derive(Serialize)]
struct Document<'a> {
    format: &'static str,
    version: u32,
    quorate: &'static str,
    checks: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Row<'a> {
    protocol: &'a str,
    name: &'a str,
    statistics: Numbers<'a>,
    effort: Effort,
    /// Most bytes, of all, for each distinct state.
    bytes_per_state: f64,
    /// The kinds of step that were never taken.
    never_taken: Vec<&'static str>,
}

/// The numbers of every search, for machines.
pub fn json(checks: &[Checked]) -> String {
    let rows = checks.iter().filter_map(|checked| {
        let Exploration { statistics, effort, .. } = &checked.outcome()?.exploration;
        let kinds = ActionKind::ALL.into_iter().zip(statistics.actions);
        Some(Row {
            protocol: &checked.check.instance.protocol,
            name: &checked.check.name,
            statistics: Numbers::of(statistics),
            effort: *effort,
            bytes_per_state: statistics.peak_bytes as f64 / statistics.distinct.max(1) as f64,
            never_taken: kinds.filter(|(_, number)| *number == 0).map(|(kind, _)| kind.word()).collect(),
        })
    });
    let document = Document {
        format: "quorate-statistics",
        version: 1,
        quorate: env!("CARGO_PKG_VERSION"),
        checks: rows.collect(),
    };
    super::json::text(&document)
}
