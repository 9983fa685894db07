//! The verdict table: one row for each check, then one line in total.

use super::numbers::{count, counted, elapsed};
use super::style::{BAD, DOUBTFUL, FAINT, GOOD, paint};
use super::verdicts;
use crate::exit::Exit;
use crate::spec::{Check, Checked, Conclusion};
use crate::system::PropertyCard;

/// What is longer is cut: the report as JSON has it whole, and so has what is said of a failure.
const NAME_WIDTH_MAX: usize = 40;
const VERDICT_WIDTH_MAX: usize = 34;

/// The widths of the columns, in characters: known before the first check has ended, so that rows can be
/// written as they come.
#[derive(Clone, Copy, Debug)]
pub struct Table {
    protocol: usize,
    name: usize,
    verdict: usize,
}

impl Table {
    /// A table with room for these checks, each with the properties of its protocol.
    pub fn of<'a>(checks: impl Iterator<Item = (&'a Check, &'a [PropertyCard])>) -> Self {
        let mut table = Self { protocol: "protocol".len(), name: "check".len(), verdict: "verdict".len() };
        for (check, properties) in checks {
            let verdict = verdicts::expected(check, properties).chars().count();
            table.protocol = table.protocol.max(check.instance.protocol.chars().count());
            table.name = table.name.max(check.name.chars().count().min(NAME_WIDTH_MAX));
            table.verdict = table.verdict.max(verdict.min(VERDICT_WIDTH_MAX));
        }
        table
    }

    /// The heading.
    pub fn heading(&self) -> String {
        let line = self.line("protocol", "check", "verdict", ["states", "depth", "time"]);
        format!("{}\n", paint(FAINT, line.trim_end()))
    }

    /// The row of a check.
    pub fn row(&self, checked: &Checked) -> String {
        let (protocol, name) = (&checked.check.instance.protocol, &checked.check.name);
        let line = match checked.outcome() {
            Some(outcome) => {
                let statistics = &outcome.exploration.statistics;
                let (states, depth) = (count(statistics.distinct), statistics.depth.to_string());
                let numbers = [&states[..], &depth, &elapsed(statistics.elapsed_us)];
                self.line(protocol, name, &verdicts::found(outcome), numbers)
            }
            None => self.line(protocol, name, "", ["", "", ""]),
        };
        format!("{line}  {}\n", status(checked))
    }

    fn line(&self, protocol: &str, name: &str, verdict: &str, [states, depth, time]: [&str; 3]) -> String {
        let (a, b, c) = (self.protocol, self.name, self.verdict);
        let (name, verdict) = (cut(name, b), cut(verdict, c.max(VERDICT_WIDTH_MAX)));
        format!("{protocol:a$}  {name:b$}  {verdict:c$}  {states:>10}  {depth:>5}  {time:>7}")
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
    let groups = [
        (ending(Exit::Expected), GOOD, "as expected"),
        (ending(Exit::Differs), BAD, "FAILED"),
        (ending(Exit::Usage), BAD, "REFUSED"),
        (ending(Exit::Undecided), DOUBTFUL, "undecided"),
        (ending(Exit::Interrupted) - skipped, DOUBTFUL, "interrupted"),
        (skipped, DOUBTFUL, "not run"),
    ];
    let groups = groups.into_iter().filter(|(number, _, _)| *number > 0);
    let groups: Vec<String> = groups.map(|(number, style, word)| paint(style, format!("{number} {word}"))).collect();
    let states =
        checks.iter().filter_map(Checked::outcome).map(|outcome| outcome.exploration.statistics.distinct).sum();
    let states = counted(states, "state");
    format!("{}: {}; {states} in {}\n", counted(checks.len() as u64, "check"), groups.join(", "), elapsed(elapsed_us))
}
