//! Markdown, for summaries and pull requests: the verdict matrix, the sweeps, and each failure with its diagram.

use std::collections::BTreeSet;
use std::fmt::Write;

use super::failures::told;
use super::format::Run;
use super::grid::{Grid, grids, words};
use super::numbers::{count, elapsed};
use super::traces::mermaid;
use super::{plain, status, verdicts};
use crate::exit::Exit;
use crate::spec::{Checked, Conclusion, Outcome};
use crate::trace::{Trace, story};

/// The whole run.
pub(super) fn report(run: &Run<'_>) -> String {
    let mut text = format!("# quorate: {}\n", ending(run.exit));
    text += &plain(&super::total(run.checks, run.elapsed_us));
    text += &matrix(run.checks);
    for grid in grids(run.checks) {
        text += &sweep(&grid);
    }
    let red: Vec<&Checked> = run.checks.iter().filter(|checked| checked.exit() != Exit::Expected).collect();
    if !red.is_empty() {
        text += "\n## Not as expected\n";
        red.iter().for_each(|checked| failure(checked, &mut text));
    }
    text
}

/// A counterexample on a page of its own.
pub fn page(trace: &Trace, check: &str) -> String {
    format!("# {}: {}\n\nCheck: {}\n\n{}", code(&trace.property), trace.verdict.word(), cell(check), told_by(trace))
}

fn ending(exit: Exit) -> &'static str {
    match exit {
        Exit::Expected => "every verdict is as expected",
        Exit::Differs => "a verdict or a count differs",
        Exit::Usage => "a check is refused",
        Exit::Undecided => "undecided",
        Exit::NothingSelected => "nothing was selected",
        Exit::Internal => "an internal error",
        Exit::Interrupted => "interrupted",
    }
}

/// A row for each check.
fn matrix(checks: &[Checked]) -> String {
    let mut text =
        "\n| protocol | check | verdict | states | depth | time | |\n|---|---|---|--:|--:|--:|---|\n".to_owned();
    for checked in checks {
        let (protocol, name) = (&checked.check.instance.protocol, &checked.check.name);
        let numbers = checked.outcome().map(|outcome| {
            let statistics = &outcome.exploration.statistics;
            let (states, time) = (count(statistics.distinct), elapsed(statistics.elapsed_us));
            format!("{} | {states} | {} | {time}", cell(&verdicts::found(outcome)), statistics.depth)
        });
        let numbers = numbers.unwrap_or_else(|| " | | | ".to_owned());
        let _ = writeln!(text, "| {} | {} | {numbers} | {} |", cell(protocol), cell(name), plain(&status(checked)));
    }
    text
}

fn sweep(grid: &Grid<'_>) -> String {
    let head: Vec<String> = grid.head.iter().map(|head| cell(head)).collect();
    let mut text = format!("\n## {}\n\n| {} |\n|{}\n", cell(&grid.title), head.join(" | "), "---|".repeat(head.len()));
    for (values, across) in &grid.rows {
        let cells = values.iter().map(|value| cell(value)).chain(across.iter().map(|checked| cell(&words(*checked))));
        let _ = writeln!(text, "| {} |", cells.collect::<Vec<_>>().join(" | "));
    }
    text
}

fn failure(checked: &Checked, text: &mut String) {
    let check = &checked.check;
    let _ = writeln!(text, "\n### {}: {}\n", cell(&check.instance.protocol), cell(&check.name));
    if let Some((file, line)) = &check.place {
        let _ = writeln!(text, "{}:{line}\n", code(file));
    }
    match &checked.conclusion {
        Conclusion::Refused(sentence) => *text += &format!("- {}\n", cell(sentence)),
        Conclusion::Skipped => *text += "- the run was interrupted before this check\n",
        Conclusion::OutOfTime => *text += "- the time for the whole run was spent\n",
        Conclusion::Searched(outcome) => failures(outcome, text),
    }
}

fn failures(outcome: &Outcome, text: &mut String) {
    for failure in &outcome.failures {
        let name = failure.property_ix().map(|ix| format!("{}: ", code(&outcome.properties[ix].name)));
        let _ = writeln!(text, "- {}{}", name.unwrap_or_default(), cell(&failure.to_string()));
    }
    let told: BTreeSet<usize> = outcome.failures.iter().filter_map(|failure| told(outcome, failure)).collect();
    for trace in told.into_iter().filter_map(|ix| outcome.traces[ix].as_ref()) {
        *text += &format!("\n{}", told_by(trace));
    }
}

/// A diagram, and the story folded away below it.
fn told_by(trace: &Trace) -> String {
    let story = plain(&story(trace));
    let fence = "`".repeat(longest_run(&story, '`').max(2) + 1);
    format!(
        "{}\n\n```mermaid\n{}```\n\n<details><summary>Step by step</summary>\n\n{fence}text\n{story}{fence}\n\n</details>\n",
        cell(&trace.evidence),
        mermaid(trace)
    )
}

/// Text that means itself in Markdown, also in a table.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' => cell.push(' '),
            '&' => cell += "&amp;",
            '<' => cell += "&lt;",
            '\\' | '|' | '*' | '_' | '`' | '[' | ']' | '#' | '~' => cell.extend(['\\', letter]),
            letter => cell.push(letter),
        }
    }
    cell
}

fn code(text: &str) -> String {
    format!("`{}`", text.replace('`', "'"))
}

fn longest_run(text: &str, letter: char) -> usize {
    text.split(|other| other != letter).map(str::len).max().unwrap_or_default()
}
