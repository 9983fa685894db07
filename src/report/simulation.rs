//! What random walks have met: for people, and as one JSON document.
//!
//! Neither has a time or a number of threads in it: the same seed and the same version give the same bytes. The document
//! is `{"format": "quorate-simulation", "version": 1, …}`; its version grows when a member is taken away or changes
//! its meaning.

use indexmap::IndexMap;
use serde::Serialize;

use super::json::text;
use super::numbers::{count, counted};
use super::style::{BAD, DOUBTFUL, FAINT, GOOD, STRONG, paint};
use crate::cluster::Instance;
use crate::exit::Exit;
use crate::spec::{Simulated, Told, Walked};
use crate::system::{ActionKind, PropertyKind};
use crate::trace::{Trace, story};
use crate::walk::{Bound, Covered, Estimate, Freshness, Settings, Simulation, Stopped};

/// What the member `format` of a report says.
pub const FORMAT: &str = "quorate-simulation";
/// The version of the format.
pub const VERSION: u32 = 1;

/// The walks of one check, for people.
pub fn people(simulated: &Simulated, settings: &Settings) -> String {
    let title = format!("{}  {}", paint(STRONG, &simulated.check.instance.protocol), simulated.check.name);
    match &simulated.walked {
        Err(sentence) => format!("{title}\n{}: {sentence}\n", paint(BAD, "error")),
        Ok(walked) => {
            let stories: String = walked.told.iter().map(|told| finding(told, walked)).collect();
            format!(
                "{}\n\n{}{}\n{}{stories}",
                title.trim_end(),
                properties(walked),
                estimates(walked),
                numbers(&walked.simulation, settings)
            )
        }
    }
}

fn properties(walked: &Walked) -> String {
    let width = walked.properties.iter().map(|card| card.name.chars().count()).max().unwrap_or_default();
    let line = |(ix, card): (usize, &crate::system::PropertyCard)| {
        let met = walked.simulation.met[ix];
        let (word, style) = match (card.kind.is_witness(), met > 0) {
            _ if !walked.is_asked(ix) => ("not asked: a walk has an end", FAINT),
            (false, true) => ("violated", BAD),
            (false, false) => ("no violation met", FAINT),
            (true, true) => ("reached", GOOD),
            (true, false) if walked.exit_of(ix) == Exit::Undecided => ("not reached", DOUBTFUL),
            (true, false) => ("not reached", FAINT),
        };
        let more = walked.simulation.first(ix).map_or_else(String::new, |first| {
            let steps = counted(first.path.steps.len() as u64, "step");
            let walks = counted(met, "walk");
            format!(" in walk {} after {steps}; in {walks}", count(first.walk))
        });
        let kind = card.kind.word();
        format!("  {:width$}  {}  {}{more}\n", card.name, paint(FAINT, format!("{kind:11}")), paint(style, word))
    };
    walked.properties.iter().enumerate().map(line).collect()
}

fn estimates(walked: &Walked) -> String {
    let named = walked.quantities.iter().zip(&walked.simulation.estimates);
    let lines: String =
        named.filter_map(|(name, estimate)| estimate.as_ref().map(|estimate| one_estimate(name, estimate))).collect();
    if lines.is_empty() { lines } else { format!("\n{lines}") }
}

fn one_estimate(name: &str, estimate: &Estimate) -> String {
    let interval = estimate.interval;
    let runs = counted(estimate.runs, "run");
    let mut text = format!(
        "  {}: {} {} (95 % {}: {} to {}) of {runs}\n",
        paint(STRONG, name),
        if estimate.is_probability { "probability" } else { "mean" },
        figure(estimate.mean),
        interval.method,
        figure(interval.low),
        figure(interval.high),
    );
    for quantile in &estimate.quantiles {
        text += &format!(
            "    {:>3} % of runs at most {} (95 % {}: {} to {})\n",
            quantile.part * 100.0,
            figure(quantile.value),
            quantile.interval.method,
            figure(quantile.interval.low),
            figure(quantile.interval.high)
        );
    }
    if !estimate.is_probability {
        text += &format!("    from {} to {}\n", figure(estimate.range.0), figure(estimate.range.1));
    }
    text
}

/// A number in some four digits.
fn figure(number: f64) -> String {
    match number.abs() {
        0.0 => "0".to_owned(),
        small if small < 0.001 => format!("{number:.2e}"),
        small if small < 1.0 => format!("{number:.4}"),
        small if small < 100.0 => format!("{number:.2}"),
        _ => format!("{number:.0}"),
    }
}

fn numbers(simulation: &Simulation, settings: &Settings) -> String {
    let Simulation { walks, steps, covered, fresh, .. } = simulation;
    let ended = match simulation.stopped {
        Stopped::Count => "all walks were taken",
        Stopped::Time => "the time was over",
        Stopped::Violation => "the run stopped at a violation",
        Stopped::Precision => "the estimates are as precise as asked",
        Stopped::Interrupted => "the run was interrupted",
    };
    let more = if covered.states_are_more { "more than " } else { "" };
    let mut text = format!(
        "  seed {}, {}: {}, {} ({} at most), {} at rest, {} cut at {}; {ended}\n  covered: {more}{}, {}; in the last {}: {} and {} new\n",
        settings.seed,
        settings.strategy.word(),
        counted(*walks, "walk"),
        counted(*steps, "step"),
        count(u64::from(simulation.steps_max)),
        count(simulation.walks_at_rest),
        count(simulation.walks_cut),
        counted(u64::from(settings.steps_max), "step"),
        counted(covered.states, "distinct state"),
        counted(covered.local_transitions, "local transition"),
        counted(fresh.walks, "walk"),
        counted(fresh.states, "state"),
        counted(fresh.local_transitions, "local transition"),
    );
    if let Some(Bound { threads, steps, depth, probability }) = simulation.bound {
        text += &format!(
            "  pct: a bug of depth {depth} is met in one walk with probability 1/(n k^(d-1)) = {} at least, for n = {threads} threads and k = {steps} steps\n",
            figure(probability)
        );
    }
    text + "  random walks do not show that anything holds: `quorate check` does\n"
}

fn finding(told: &Told, walked: &Walked) -> String {
    let name = &walked.properties[told.property_ix].name;
    let times = if told.times > 1 { format!(", met {} times", count(told.times)) } else { String::new() };
    let from = match (told.walk_steps, told.trace.steps.len()) {
        (walk, small) if walk > small => format!(", {walk} steps made {small}"),
        _ => String::new(),
    };
    format!(
        "\n{} walk {}{from}{times}\n{}  {} quorate replay {}\n",
        paint(STRONG, format!("{name}:")),
        count(told.walk),
        story(&told.trace),
        paint(FAINT, "again:"),
        told.code
    )
}

#[derive(Serialize)]
struct Report<'a> {
    format: &'static str,
    version: u32,
    quorate: &'static str,
    exit: Ending,
    seed: u64,
    strategy: &'static str,
    steps_max: u32,
    checks: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Ending {
    code: u8,
    word: Exit,
}

#[derive(Serialize)]
struct Row<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    instance: &'a Instance,
    exit: Exit,
    #[serde(flatten)]
    walked: Option<WalkedRow<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused: Option<&'a str>,
}

#[derive(Serialize)]
struct WalkedRow<'a> {
    stopped: Stopped,
    walks: u64,
    walks_at_rest: u64,
    walks_cut: u64,
    steps: u64,
    longest_steps: u32,
    actions: IndexMap<&'static str, u64>,
    covered: Covered,
    fresh: Freshness,
    #[serde(skip_serializing_if = "Option::is_none")]
    bound: Option<Bound>,
    properties: Vec<PropertyRow<'a>>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    estimates: IndexMap<&'a str, &'a Option<Estimate>>,
    counterexamples: Vec<ToldRow<'a>>,
}

#[derive(Serialize)]
struct PropertyRow<'a> {
    name: &'a str,
    kind: PropertyKind,
    expected: &'static str,
    /// In how many walks it found what it looks for.
    met: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_walk: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_steps: Option<usize>,
}

#[derive(Serialize)]
struct ToldRow<'a> {
    property: &'a str,
    walk: u64,
    walk_steps: usize,
    times: u64,
    code: &'a str,
    trace: &'a Trace,
}

/// The report of a run that ends with `exit`.
pub fn json(simulated: &[Simulated], settings: &Settings, exit: Exit) -> String {
    text(&Report {
        format: FORMAT,
        version: VERSION,
        quorate: env!("CARGO_PKG_VERSION"),
        exit: Ending { code: exit.code(), word: exit },
        seed: settings.seed,
        strategy: settings.strategy.word(),
        steps_max: settings.steps_max,
        checks: simulated.iter().map(row).collect(),
    })
}

fn row(simulated: &Simulated) -> Row<'_> {
    Row {
        name: &simulated.check.name,
        file: simulated.check.place.as_ref().map(|(file, _)| file.as_str()),
        instance: &simulated.check.instance,
        exit: simulated.exit(),
        walked: simulated.walked.as_ref().ok().map(walked_row),
        refused: simulated.walked.as_ref().err().map(String::as_str),
    }
}

fn walked_row(walked: &Walked) -> WalkedRow<'_> {
    let simulation = &walked.simulation;
    let property = |(ix, card): (usize, &'_ crate::system::PropertyCard)| {
        let first = simulation.first(ix);
        (ix, card.kind, first.map(|first| first.walk), first.map(|first| first.path.steps.len()))
    };
    let properties = walked.properties.iter().enumerate().map(property);
    WalkedRow {
        stopped: simulation.stopped,
        walks: simulation.walks,
        walks_at_rest: simulation.walks_at_rest,
        walks_cut: simulation.walks_cut,
        steps: simulation.steps,
        longest_steps: simulation.steps_max,
        actions: ActionKind::ALL.into_iter().zip(simulation.actions).map(|(kind, n)| (kind.word(), n)).collect(),
        covered: simulation.covered,
        fresh: simulation.fresh,
        bound: simulation.bound,
        properties: properties
            .map(|(ix, kind, first_walk, first_steps)| PropertyRow {
                name: &walked.properties[ix].name,
                kind,
                expected: walked.expected[ix].word(),
                met: simulation.met[ix],
                first_walk,
                first_steps,
            })
            .collect(),
        estimates: walked.quantities.iter().map(String::as_str).zip(&simulation.estimates).collect(),
        counterexamples: walked.told.iter().map(|told| told_row(told, walked)).collect(),
    }
}

fn told_row<'a>(told: &'a Told, walked: &'a Walked) -> ToldRow<'a> {
    ToldRow {
        property: &walked.properties[told.property_ix].name,
        walk: told.walk,
        walk_steps: told.walk_steps,
        times: told.times,
        code: &told.code,
        trace: &told.trace,
    }
}
