//! The report of a run as one JSON document.
//!
//! ```json
//! {
//!   "format": "quorate-report",
//!   "version": 1,
//!   "quorate": "0.1.0",
//!   "command": "quorate check --output json",
//!   "exit": { "code": 1, "word": "differs" },
//!   "elapsed_us": 120000,
//!   "checks": [{
//!     "name": "three acceptors", "file": "specs/paxos.toml", "line": 3, "size": "small",
//!     "instance": { "protocol": "paxos", "params": {}, "deviations": [], "environment": {} },
//!     "exit": "differs",
//!     "ended": "complete",
//!     "failures": [{ "word": "violated", "property": "agreement", "sentence": "…" }],
//!     "properties": [{
//!       "name": "agreement", "kind": "always", "claim": "…", "expected": "holds",
//!       "verdict": "violated", "steps": 12, "trace": { "format": "quorate-trace" }
//!     }],
//!     "unused_faults": ["crash"],
//!     "assurance": { "states": "exact", "time": "asynchronous time: …", "never_taken": ["drop"] },
//!     "lock": { "states": 12345, "depth": 20 },
//!     "statistics": { "distinct": 12346, "depth": 20 }
//!   }]
//! }
//! ```
//!
//! The version grows when a member is taken away or changes its meaning; a reader passes over members that it
//! does not know. A trace in a report is what a trace file holds.

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::Value as Json;

use super::assurance::Assurance;
use super::format::Run;
use super::simulation;
use crate::cluster::Instance;
use crate::engine::{Ended, Statistics, Verdict};
use crate::exit::Exit;
use crate::spec::{Cell, Checked, Conclusion, Failure, Lock, Outcome, Size};
use crate::system::{ActionKind, Fairness, PropertyKind};
use crate::trace::Trace;

/// What the member `format` of a report says.
pub const FORMAT: &str = "quorate-report";
/// The version of the format.
pub const VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    format: &'static str,
    version: u32,
    quorate: &'static str,
    command: &'a str,
    exit: Ending,
    elapsed_us: u64,
    checks: Vec<Row<'a>>,
}

#[derive(Serialize)]
pub(super) struct Ending {
    code: u8,
    word: Exit,
}

#[derive(Serialize)]
pub(super) struct Row<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<&'a Cell>,
    size: Size,
    tags: &'a [String],
    instance: &'a Instance,
    #[serde(skip_serializing_if = "Option::is_none")]
    source: Option<&'a str>,
    exit: Exit,
    ended: String,
    failures: Vec<FailureRow<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<PropertyRow<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unused_faults: Vec<ActionKind>,
    #[serde(skip_serializing_if = "Option::is_none")]
    lock: Option<Lock>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assurance: Option<Assurance<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    statistics: Option<Numbers<'a>>,
}

#[derive(Serialize)]
struct FailureRow<'a> {
    word: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    property: Option<&'a str>,
    sentence: String,
}

#[derive(Serialize)]
struct PropertyRow<'a> {
    name: &'a str,
    kind: PropertyKind,
    claim: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    fairness: Option<Fairness>,
    expected: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    at_most_steps: Option<u32>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    steps: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace: Option<&'a Trace>,
}

/// The numbers of a search, actions by their words.
#[derive(Serialize)]
pub(super) struct Numbers<'a> {
    distinct: u64,
    generated: u64,
    depth: u32,
    widths: &'a [u64],
    actions: IndexMap<&'static str, u64>,
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    ruled_out: IndexMap<&'static str, u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    graph_us: Option<u64>,
    peak_bytes: u64,
    elapsed_us: u64,
}

impl<'a> Numbers<'a> {
    pub(super) fn of(statistics: &'a Statistics) -> Self {
        let Statistics { distinct, generated, depth, ref widths, actions, ruled_out, graph_us, peak_bytes, elapsed_us } =
            *statistics;
        let by_word =
            |numbers: [u64; ActionKind::ALL.len()]| ActionKind::ALL.map(ActionKind::word).into_iter().zip(numbers);
        Self {
            distinct,
            generated,
            depth,
            widths,
            actions: by_word(actions).collect(),
            ruled_out: by_word(ruled_out).filter(|(_, number)| *number > 0).collect(),
            graph_us: Some(graph_us).filter(|us| *us > 0),
            peak_bytes,
            elapsed_us,
        }
    }
}

impl Ending {
    pub(super) fn of(exit: Exit) -> Self {
        Self { code: exit.code(), word: exit }
    }
}

/// The report of a run.
pub(super) fn report(run: &Run<'_>) -> String {
    text(&Report {
        format: FORMAT,
        version: VERSION,
        quorate: env!("CARGO_PKG_VERSION"),
        command: run.command,
        exit: Ending::of(run.exit),
        elapsed_us: run.elapsed_us,
        checks: run.checks.iter().map(row).collect(),
    })
}

/// A document, indented, with an end of line.
pub(super) fn text(document: &impl Serialize) -> String {
    let mut text = serde_json::to_string_pretty(document).expect("reports are made of words, numbers and lists");
    text.push('\n');
    text
}

pub(super) fn row(checked: &Checked) -> Row<'_> {
    let (check, outcome) = (&checked.check, checked.outcome());
    let not_run = |word, sentence: &str| vec![FailureRow { word, property: None, sentence: sentence.to_owned() }];
    let (ended, failures) = match &checked.conclusion {
        Conclusion::Searched(outcome) => (ended(outcome.exploration.ended), failures(outcome)),
        Conclusion::Refused(sentence) => ("refused".to_owned(), not_run("refused", sentence)),
        Conclusion::Skipped => ("not-run".to_owned(), Vec::new()),
        Conclusion::OutOfTime => ("not-run".to_owned(), not_run("out-of-time", "the time for the whole run was spent")),
    };
    Row {
        name: &check.name,
        file: check.place.as_ref().map(|(file, _)| file.as_str()),
        line: check.place.as_ref().map(|(_, line)| *line),
        cell: check.cell.as_ref(),
        size: check.size,
        tags: &check.tags,
        instance: &check.instance,
        source: check.source.as_deref(),
        exit: checked.exit(),
        ended,
        failures,
        properties: outcome.map(|outcome| properties(checked, outcome)).unwrap_or_default(),
        unused_faults: checked.unused_faults(),
        lock: check.lock,
        assurance: outcome.map(|outcome| Assurance::of(checked, outcome)),
        statistics: outcome.map(|outcome| Numbers::of(&outcome.exploration.statistics)),
    }
}

/// `complete`, `stopped`, or what cut the search: `cut-time`.
fn ended(ended: Ended) -> String {
    match ended {
        Ended::Complete => "complete".to_owned(),
        Ended::Stopped => "stopped".to_owned(),
        Ended::Cut(cut) => format!("cut-{}", cut.word()),
    }
}

fn failures(outcome: &Outcome) -> Vec<FailureRow<'_>> {
    let row = |failure: &Failure| FailureRow {
        word: failure.word(),
        property: failure.property_ix().map(|ix| outcome.properties[ix].name.as_str()),
        sentence: failure.to_string(),
    };
    outcome.failures.iter().map(row).collect()
}

fn properties<'a>(checked: &Checked, outcome: &'a Outcome) -> Vec<PropertyRow<'a>> {
    let row = |ix| PropertyRow { fairness: checked.fairness(ix), ..property(outcome, ix) };
    (0..outcome.properties.len()).map(row).collect()
}

fn property(outcome: &Outcome, ix: usize) -> PropertyRow<'_> {
    let (card, verdict) = (&outcome.properties[ix], outcome.verdict(ix));
    let why = match verdict {
        Verdict::Undecided(cut) => Some(cut.to_string()),
        Verdict::Holds | Verdict::Violated | Verdict::Reachable | Verdict::Unreachable => None,
    };
    PropertyRow {
        name: &card.name,
        kind: card.kind,
        claim: &card.about,
        fairness: None,
        expected: outcome.expected[ix].word(),
        at_most_steps: outcome.expected[ix].at_most_steps(),
        verdict: verdict.word(),
        why,
        steps: outcome.steps(ix),
        trace: outcome.traces[ix].as_ref(),
    }
}

/// The traces in a report, as texts that [`Trace::parse`] reads, each with the name of its check; `None` if the
/// text is no report.
///
/// # Errors
/// A sentence, if it is a report that this version does not read.
pub fn traces_in(text: &str) -> Option<Result<Vec<(String, String)>, String>> {
    let report: Json = serde_json::from_str(text).ok()?;
    let format = report.get("format")?.as_str()?;
    let known = [(FORMAT, VERSION), (simulation::FORMAT, simulation::VERSION)];
    let (_, known) = known.into_iter().find(|(name, _)| *name == format)?;
    match report.get("version") {
        Some(version) if *version == known => {}
        Some(version) => {
            return Some(Err(format!(
                "a report of version {version}; this is quorate {}, which reads version {known}",
                env!("CARGO_PKG_VERSION")
            )));
        }
        None => return Some(Err("a report without a version".to_owned())),
    }
    let members = |json: &Json, key: &str| json.get(key).and_then(Json::as_array).cloned().unwrap_or_default();
    let mut traces = Vec::new();
    for check in members(&report, "checks") {
        let name = check.get("name").and_then(Json::as_str).unwrap_or_default().to_owned();
        let found = [members(&check, "properties"), members(&check, "counterexamples")].concat();
        let found = found.iter().filter_map(|property| property.get("trace"));
        traces.extend(found.map(|trace| (name.clone(), trace.to_string())));
    }
    Some(Ok(traces))
}
