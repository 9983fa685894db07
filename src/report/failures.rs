//! Why a check is not as expected, with the story of every violation that nobody expected.

use std::collections::BTreeSet;

use super::style::{BAD, DOUBTFUL, FAINT, STRONG, paint};
use super::table::status;
use crate::exit::Exit;
use crate::spec::{Checked, Conclusion, Failure, Outcome, Size};
use crate::trace::story;

/// What there is to say of a check below the table; empty if it is as expected.
pub fn failures(checked: &Checked) -> String {
    match &checked.conclusion {
        Conclusion::Skipped => String::new(),
        Conclusion::OutOfTime => {
            format!("\n{}  the time for the whole run was spent\n{}", heading(checked), again(checked))
        }
        Conclusion::Refused(sentence) => format!("\n{}  {sentence}\n", heading(checked)),
        Conclusion::Searched(outcome) if outcome.failures.is_empty() => String::new(),
        Conclusion::Searched(outcome) => {
            let told: BTreeSet<usize> = outcome.failures.iter().filter_map(|failure| told(outcome, failure)).collect();
            let traces = told.into_iter().filter_map(|property_ix| outcome.traces[property_ix].as_ref());
            let stories: String = traces.map(|trace| format!("\n{}", indented(&story(trace)))).collect();
            format!("\n{}{}{}{stories}{}", heading(checked), reasons(outcome), origin(checked, outcome), again(checked))
        }
    }
}

fn heading(checked: &Checked) -> String {
    let check = &checked.check;
    let place = check.place.as_ref().map(|(file, line)| paint(FAINT, format!("  {file}:{line}"))).unwrap_or_default();
    let name = paint(STRONG, format!("{}: {}", check.instance.protocol, check.name));
    format!("{}  {name}{place}\n", status(checked))
}

/// One line for each failure; those that say the same of several properties share a line.
fn reasons(outcome: &Outcome) -> String {
    let mut lines: Vec<(String, Vec<&str>, Exit)> = Vec::new();
    for failure in &outcome.failures {
        let name = failure.property_ix().map(|ix| outcome.properties[ix].name.as_str());
        let sentence = failure.to_string();
        match lines.iter_mut().find(|(other, _, _)| *other == sentence) {
            Some((_, names, _)) => names.extend(name),
            None => lines.push((sentence, name.into_iter().collect(), failure.exit())),
        }
    }
    let line = |(sentence, names, exit): &(String, Vec<&str>, Exit)| {
        let style = if *exit == Exit::Differs { BAD } else { DOUBTFUL };
        let names = if names.is_empty() { String::new() } else { format!("{}: ", names.join(", ")) };
        format!("  {}{}\n", paint(STRONG, names), paint(style, sentence))
    };
    lines.iter().map(line).collect()
}

/// The property whose story tells what should not have been found.
pub(super) fn told(outcome: &Outcome, failure: &Failure) -> Option<usize> {
    match failure {
        Failure::Violated { property_ix, .. }
        | Failure::TooLong { property_ix, .. }
        | Failure::AnotherShape { property_ix, .. }
        | Failure::WitnessReached { property_ix, .. }
        | Failure::Decided { property_ix, .. } => Some(*property_ix),
        Failure::AnotherViolated { others, .. } => {
            outcome.properties.iter().position(|card| others.first() == Some(&card.name))
        }
        Failure::ViolationNotFound { .. }
        | Failure::WitnessMissing { .. }
        | Failure::Undecided { .. }
        | Failure::CountMoved { .. }
        | Failure::Unsound { .. } => None,
    }
}

/// Where the counts come from, if they are not what they were.
fn origin(checked: &Checked, outcome: &Outcome) -> String {
    let moved = outcome.failures.iter().any(|failure| matches!(failure, Failure::CountMoved { .. }));
    let source = checked.check.source.as_ref().filter(|_| moved);
    source.map(|source| format!("  {} {source}\n", paint(FAINT, "source:"))).unwrap_or_default()
}

fn again(checked: &Checked) -> String {
    let Some((file, _)) = &checked.check.place else { return String::new() };
    let (file, name) = (shell_word(file), shell_word(&checked.check.name));
    let size = match checked.check.size {
        Size::Small => String::new(),
        Size::Standard | Size::Stress => format!(" --size {}", checked.check.size.word()),
    };
    format!("\n  {} quorate check {file}{size} --name {name}\n", paint(FAINT, "again:"))
}

/// Words as a shell reads them.
pub fn command_line<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.map(shell_word).collect::<Vec<_>>().join(" ")
}

/// A word that a shell takes as one.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| if line.is_empty() { "\n".to_owned() } else { format!("  {line}\n") }).collect()
}

/// What the checks allowed and never happened, one line for each kind: their verdicts say nothing of it.
pub fn unused_faults(checks: &[Checked]) -> String {
    let mut lines: Vec<(String, Vec<String>)> = Vec::new();
    for checked in checks {
        for kind in checked.unused_faults() {
            let check = format!("{}: {}", checked.check.instance.protocol, checked.check.name);
            match lines.iter_mut().find(|(word, _)| word == kind.word()) {
                Some((_, names)) => names.push(check),
                None => lines.push((kind.word().to_owned(), vec![check])),
            }
        }
    }
    let line = |(word, names): &(String, Vec<String>)| {
        let note = paint(DOUBTFUL, "note");
        format!("{note}: allowed, but never happened: {word} ({})\n", names.join("; "))
    };
    lines.iter().map(line).collect()
}
