//! What GitHub Actions understands: an annotation for each failure, at the check in its manifest.
//!
//! Source: GitHub's "Workflow commands". In a message `%` and line ends are written as `%25`, `%0D` and `%0A`, in a
//! property `:` and `,` as `%3A` and `%2C` too.

use super::failures::told;
use super::format::Run;
use super::plain;
use crate::exit::Exit;
use crate::spec::{Check, Checked, Conclusion, Outcome};
use crate::trace::story;

pub(super) fn annotations(run: &Run<'_>) -> String {
    run.checks.iter().flat_map(of_check).collect()
}

fn of_check(checked: &Checked) -> Vec<String> {
    let check = &checked.check;
    match &checked.conclusion {
        Conclusion::Searched(outcome) => of_failures(check, outcome),
        Conclusion::Refused(sentence) => vec![annotation(check, "error", sentence)],
        Conclusion::Skipped => Vec::new(),
        Conclusion::OutOfTime => vec![annotation(check, "warning", "the time for the whole run was spent")],
    }
}

fn of_failures(check: &Check, outcome: &Outcome) -> Vec<String> {
    let of = |failure: &crate::spec::Failure| {
        let level = if failure.exit() == Exit::Differs { "error" } else { "warning" };
        let name = failure.property_ix().map(|ix| format!("{}: ", outcome.properties[ix].name)).unwrap_or_default();
        let trace = told(outcome, failure).and_then(|ix| outcome.traces[ix].as_ref());
        let story = trace.map(|trace| format!("\n\n{}", story(trace))).unwrap_or_default();
        annotation(check, level, &format!("{name}{failure}{story}"))
    };
    outcome.failures.iter().map(of).collect()
}

fn annotation(check: &Check, level: &str, text: &str) -> String {
    let place = check.place.as_ref().map(|(file, line)| format!("file={},line={line},", property(file)));
    let title = property(&format!("{}: {}", check.instance.protocol, check.name));
    format!("::{level} {}title={title}::{}\n", place.unwrap_or_default(), message(&plain(text)))
}

fn message(text: &str) -> String {
    text.trim_end().replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    message(text).replace(':', "%3A").replace(',', "%2C")
}
