//! The verdict table: one row for each check, by protocol, then one line in total.

use super::numbers::{count, counted, elapsed};
use super::style::{BAD, DOUBTFUL, FAINT, GOOD, STRONG, paint};
use super::verdicts;
use crate::exit::Exit;
use crate::spec::{Check, Checked, Conclusion};
use crate::system::PropertyCard;

/// What is longer is cut: what is said of a failure has it whole, and so has the report for machines.
const VERDICT_WIDTH_MAX: usize = 36;
/// What the other columns and the gaps take.
const OTHER_WIDTH: usize = 40;
const NAME_WIDTH_MIN: usize = 24;

/// The widths of the columns, in characters: known before the first check has ended, so that rows can be
/// written as they come.
#[derive(Clone, Debug)]
pub struct Table {
    name: usize,
    verdict: usize,
    /// The protocol of the rows so far.
    protocol: String,
}

impl Table {
    /// A table of at most so many columns with room for these checks, each with the properties of its protocol.
    pub fn of<'a>(width: usize, checks: impl Iterator<Item = (&'a Check, &'a [PropertyCard])>) -> Self {
        let mut table = Self { name: 0, verdict: 0, protocol: String::new() };
        for (check, properties) in checks {
            let verdict = verdicts::expected(check, properties).chars().count();
            table.name = table.name.max(check.name.chars().count());
            table.verdict = table.verdict.max(verdict.min(VERDICT_WIDTH_MAX));
        }
        let room = width.saturating_sub(OTHER_WIDTH + table.verdict);
        table.name = table.name.min(room).max(NAME_WIDTH_MIN);
        table
    }

    /// The row of a check, below a heading if it is the first of its protocol.
    pub fn row(&mut self, checked: &Checked) -> String {
        let protocol = &checked.check.instance.protocol;
        let heading = if self.protocol == *protocol { String::new() } else { self.heading(protocol) };
        let line = match checked.outcome() {
            Some(outcome) => {
                let statistics = &outcome.exploration.statistics;
                let (states, depth) = (count(statistics.distinct), statistics.depth.to_string());
                let numbers = [&states[..], &depth, &elapsed(statistics.elapsed_us)];
                self.line(&checked.check.name, &verdicts::found(outcome), numbers)
            }
            None => self.line(&checked.check.name, "", ["", "", ""]),
        };
        format!("{heading}  {line}  {}\n", status(checked))
    }

    fn heading(&mut self, protocol: &str) -> String {
        let gap = if self.protocol.is_empty() { "" } else { "\n" };
        protocol.clone_into(&mut self.protocol);
        let width = protocol.chars().count();
        // The name of the protocol stands two columns to the left of its checks.
        let columns = self.line("", "", ["states", "depth", "time"]);
        let columns: String = columns.chars().skip(width.saturating_sub(2)).collect();
        let columns = if width < 2 { format!("{}{columns}", " ".repeat(2 - width)) } else { columns };
        format!("{gap}{}{}\n", paint(STRONG, protocol), paint(FAINT, columns))
    }

    fn line(&self, name: &str, verdict: &str, [states, depth, time]: [&str; 3]) -> String {
        let (a, b) = (self.name, self.verdict);
        let (name, verdict) = (cut(name, a), cut(verdict, b.max(VERDICT_WIDTH_MAX)));
        format!("{name:a$}  {verdict:b$}  {states:>9}  {depth:>5}  {time:>7}")
    }
}

/// A text in at most so many characters.
fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width { text.to_owned() } else { text.chars().take(width - 1).chain(['…']).collect() }
}

/// One word for how a check ended.
pub fn status(checked: &Checked) -> String {
    let (style, word) = match (&checked.conclusion, checked.exit()) {
        (Conclusion::Skipped, _) => (FAINT, "not run"),
        (Conclusion::OutOfTime, _) => (DOUBTFUL, "NO TIME"),
        (Conclusion::Refused(_), _) => (BAD, "REFUSED"),
        (Conclusion::Searched(_), Exit::Expected) => (GOOD, "ok"),
        (Conclusion::Searched(_), Exit::Undecided) => (DOUBTFUL, "UNDECIDED"),
        (Conclusion::Searched(_), Exit::Interrupted) => (DOUBTFUL, "INTERRUPTED"),
        (Conclusion::Searched(_), Exit::Differs | Exit::Usage | Exit::NothingSelected | Exit::Internal) => {
            (BAD, "FAILED")
        }
    };
    paint(style, word)
}

/// The line below the table. `elapsed_us` is what the whole run took.
pub fn total(checks: &[Checked], elapsed_us: u64) -> String {
    let ending = |exit| checks.iter().filter(|checked| checked.exit() == exit).count();
    let skipped = checks.iter().filter(|checked| matches!(checked.conclusion, Conclusion::Skipped)).count();
    let late = checks.iter().filter(|checked| matches!(checked.conclusion, Conclusion::OutOfTime)).count();
    let groups = [
        (ending(Exit::Expected), GOOD, "as expected"),
        (ending(Exit::Differs), BAD, "FAILED"),
        (ending(Exit::Usage), BAD, "REFUSED"),
        (ending(Exit::Undecided) - late, DOUBTFUL, "undecided"),
        (ending(Exit::Interrupted) - skipped, DOUBTFUL, "interrupted"),
        (skipped, DOUBTFUL, "not run"),
        (late, DOUBTFUL, "not run for want of time"),
    ];
    let groups = groups.into_iter().filter(|(number, _, _)| *number > 0);
    let groups: Vec<String> = groups.map(|(number, style, word)| paint(style, format!("{number} {word}"))).collect();
    let states =
        checks.iter().filter_map(Checked::outcome).map(|outcome| outcome.exploration.statistics.distinct).sum();
    let states = counted(states, "state");
    format!("\n{}: {}; {states} in {}\n", counted(checks.len() as u64, "check"), groups.join(", "), elapsed(elapsed_us))
}
