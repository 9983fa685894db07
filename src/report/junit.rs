//! JUnit XML: a suite for each protocol, a test case for each check.
//!
//! What differs is a `failure` whose type is the word of the failure; what is undecided, refused or was not run is an
//! `error`: it is not known to be wrong, and nobody shall take it for good. The form is the one that the xUnit plugin
//! of Jenkins has a schema for, which pytest, surefire and GitLab read and write too.

use std::fmt::Write;

use super::failures::told;
use super::format::Run;
use super::plain;
use super::xml::{escaped, quoted};
use crate::exit::Exit;
use crate::spec::{Checked, Conclusion, Outcome};
use crate::trace::story;

pub(super) fn report(run: &Run<'_>) -> String {
    let mut protocols: Vec<&str> = Vec::new();
    for checked in run.checks {
        let protocol = checked.check.instance.protocol.as_str();
        if !protocols.contains(&protocol) {
            protocols.push(protocol);
        }
    }
    let (failures, errors) = endings(run.checks.iter());
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        text,
        "<testsuites name=\"quorate\" tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" time=\"{}\">",
        run.checks.len(),
        seconds(run.elapsed_us)
    );
    for protocol in protocols {
        suite(protocol, run.checks, &mut text);
    }
    text += "</testsuites>\n";
    text
}

fn suite(protocol: &str, checks: &[Checked], text: &mut String) {
    let own = || checks.iter().filter(|checked| checked.check.instance.protocol == protocol);
    let (failures, errors) = endings(own());
    let elapsed_us = own().map(elapsed_us).sum();
    let _ = writeln!(
        text,
        "  <testsuite name={} tests=\"{}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\" time=\"{}\">",
        quoted(protocol),
        own().count(),
        seconds(elapsed_us)
    );
    own().for_each(|checked| case(checked, text));
    *text += "  </testsuite>\n";
}

fn case(checked: &Checked, text: &mut String) {
    let check = &checked.check;
    let class = quoted(&format!("quorate.{}", check.instance.protocol));
    let time = seconds(elapsed_us(checked));
    let _ = write!(text, "    <testcase classname={class} name={} time=\"{time}\"", quoted(&check.name));
    let place = check.place.as_ref().map(|(file, line)| format!("{file}:{line}\n")).unwrap_or_default();
    let problems: String = match &checked.conclusion {
        Conclusion::Searched(outcome) => failures(outcome, &place),
        Conclusion::Refused(sentence) => problem("error", "refused", sentence, &place),
        Conclusion::Skipped => problem("error", "not-run", "the run was interrupted", &place),
        Conclusion::OutOfTime => problem("error", "out-of-time", "the time for the whole run was spent", &place),
    };
    if problems.is_empty() {
        *text += "/>\n";
    } else {
        let _ = writeln!(text, ">\n{problems}    </testcase>");
    }
}

fn failures(outcome: &Outcome, place: &str) -> String {
    let of = |failure: &crate::spec::Failure| {
        let element = if failure.exit() == Exit::Differs { "failure" } else { "error" };
        let name = failure.property_ix().map(|ix| format!("{}: ", outcome.properties[ix].name)).unwrap_or_default();
        let trace = told(outcome, failure).and_then(|ix| outcome.traces[ix].as_ref());
        let story = trace.map(|trace| format!("\n{}", story(trace))).unwrap_or_default();
        problem(element, failure.word(), &format!("{name}{failure}"), &format!("{place}{story}"))
    };
    outcome.failures.iter().map(of).collect()
}

fn problem(element: &str, word: &str, message: &str, text: &str) -> String {
    let (word, message, text) = (quoted(word), quoted(message), escaped(&plain(text)));
    format!("      <{element} type={word} message={message}>{text}</{element}>\n")
}

/// How many test cases have failed, and how many have erred.
fn endings<'a>(checks: impl Iterator<Item = &'a Checked>) -> (usize, usize) {
    checks.fold((0, 0), |(failures, errors), checked| match checked.exit() {
        Exit::Expected => (failures, errors),
        Exit::Differs => (failures + 1, errors),
        Exit::Usage | Exit::Undecided | Exit::NothingSelected | Exit::Internal | Exit::Interrupted => {
            (failures, errors + 1)
        }
    })
}

fn elapsed_us(checked: &Checked) -> u64 {
    checked.outcome().map_or(0, |outcome| outcome.exploration.statistics.elapsed_us)
}

fn seconds(us: u64) -> String {
    format!("{}.{:03}", us / 1_000_000, us / 1_000 % 1_000)
}
