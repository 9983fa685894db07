//! The cells of a sweep as a table: the last axis across, the others down.

use indexmap::IndexMap;

use super::numbers::counted;
use super::style::{BAD, DOUBTFUL, FAINT, GOOD, STRONG, paint};
use crate::engine::Verdict;
use crate::exit::Exit;
use crate::spec::{Axis, Cell, Checked, Conclusion, Outcome};

/// A sweep and what became of its cells.
pub(super) struct Grid<'a> {
    /// The protocol, unless the sweep is over several, and the name of the sweep.
    pub(super) title: String,
    /// What stands above the values of the rows, then above each column.
    pub(super) head: Vec<String>,
    /// The values of a row, and its cells; `None` where there is none.
    pub(super) rows: Vec<(Vec<&'a str>, Vec<Option<&'a Checked>>)>,
}

/// A check, and where it stands in its sweep.
type Placed<'a> = (&'a Cell, &'a Checked);

/// The sweeps of a run, in its order.
pub(super) fn grids(checks: &[Checked]) -> Vec<Grid<'_>> {
    // By file and name of the sweep.
    let mut sweeps: IndexMap<(Option<&str>, &str), Vec<Placed<'_>>> = IndexMap::new();
    for checked in checks {
        let Some(cell) = &checked.check.cell else { continue };
        let file = checked.check.place.as_ref().map(|(file, _)| file.as_str());
        sweeps.entry((file, &cell.sweep)).or_default().push((cell, checked));
    }
    sweeps.iter().map(|((_, name), cells)| grid(name, cells)).collect()
}

fn grid<'a>(name: &str, cells: &[Placed<'a>]) -> Grid<'a> {
    let mut columns: Vec<&Axis> = Vec::new();
    let mut rows: Vec<(Vec<&str>, Vec<Option<&Checked>>)> = Vec::new();
    for (cell, checked) in cells {
        let (last, others) = cell.axes.split_last().expect("a sweep has an axis");
        let column = columns.iter().position(|axis| *axis == last).unwrap_or_else(|| {
            columns.push(last);
            columns.len() - 1
        });
        let values: Vec<&str> = others.iter().map(|axis| axis.value.as_str()).collect();
        let row = rows.iter().position(|(other, _)| *other == values).unwrap_or_else(|| {
            rows.push((values, Vec::new()));
            rows.len() - 1
        });
        let across = &mut rows[row].1;
        across.resize(across.len().max(column + 1), None);
        across[column] = Some(checked);
    }
    for (_, across) in &mut rows {
        across.resize(columns.len(), None);
    }
    let others = cells[0].0.axes.split_last().map(|(_, others)| others).unwrap_or_default();
    let above = columns.iter().map(|axis| format!("{}={}", axis.axis, axis.value));
    let head = others.iter().map(|axis| axis.axis.clone()).chain(above).collect();
    let protocol = &cells[0].1.check.instance.protocol;
    let is_of_one = cells.iter().all(|(_, checked)| checked.check.instance.protocol == *protocol);
    let title = if is_of_one { format!("{protocol}: {name}") } else { name.to_owned() };
    Grid { title, head, rows }
}

/// What became of a cell, in a few words.
pub(super) fn words(cell: Option<&Checked>) -> String {
    let Some(checked) = cell else { return "-".to_owned() };
    let found = match &checked.conclusion {
        Conclusion::Searched(outcome) => found(outcome),
        Conclusion::Refused(_) => "refused".to_owned(),
        Conclusion::Skipped | Conclusion::OutOfTime => "not run".to_owned(),
    };
    match checked.exit() {
        Exit::Differs => format!("FAILED: {found}"),
        Exit::Expected | Exit::Undecided | Exit::Interrupted | Exit::Usage | Exit::NothingSelected | Exit::Internal => {
            found
        }
    }
}

fn found(outcome: &Outcome) -> String {
    let of = |wanted: fn(Verdict) -> bool| (0..outcome.properties.len()).filter(move |ix| wanted(outcome.verdict(*ix)));
    let violated: Vec<usize> = of(|verdict| verdict == Verdict::Violated).collect();
    let Some(first) = violated.first() else {
        let undecided = of(|verdict| matches!(verdict, Verdict::Undecided(_))).count();
        return if undecided > 0 { "undecided".to_owned() } else { "holds".to_owned() };
    };
    let steps = outcome.steps(*first).map(|steps| format!(" in {}", counted(u64::from(steps), "step")));
    let more = if violated.len() > 1 { format!(" (+{})", violated.len() - 1) } else { String::new() };
    format!("{} violated{}{more}", outcome.properties[*first].name, steps.unwrap_or_default())
}

/// All sweeps, for people.
pub fn sweeps(checks: &[Checked]) -> String {
    grids(checks).iter().map(text).collect()
}

fn text(grid: &Grid<'_>) -> String {
    let plain = |(values, across): &(Vec<&str>, Vec<Option<&Checked>>)| -> Vec<String> {
        values.iter().map(|value| (*value).to_owned()).chain(across.iter().map(|cell| words(*cell))).collect()
    };
    let rows: Vec<Vec<String>> = grid.rows.iter().map(plain).collect();
    let width = |ix: usize| {
        let cells = rows.iter().map(|row| &row[ix]).chain([&grid.head[ix]]);
        cells.map(|cell| cell.chars().count()).max().unwrap_or_default()
    };
    let widths: Vec<usize> = (0..grid.head.len()).map(width).collect();
    // Nothing stands after the last column.
    let padding = |ix: usize| if ix + 1 < widths.len() { widths[ix] } else { 0 };
    let padded = |text: &str, ix: usize| format!("{text:width$}", width = padding(ix));
    let head: Vec<String> = grid.head.iter().enumerate().map(|(ix, text)| padded(text, ix)).collect();
    let mut table = format!("\n{}\n  {}\n", paint(STRONG, &grid.title), paint(FAINT, head.join("  ")));
    for (row, (values, across)) in rows.iter().zip(&grid.rows) {
        let cell = |(ix, text): (usize, &String)| match ix.checked_sub(values.len()).and_then(|ix| across[ix]) {
            Some(checked) => paint(style(checked), padded(text, ix)),
            None => padded(text, ix),
        };
        let line: Vec<String> = row.iter().enumerate().map(cell).collect();
        table += &format!("  {}\n", line.join("  "));
    }
    table
}

fn style(checked: &Checked) -> anstyle::Style {
    match checked.exit() {
        Exit::Expected => GOOD,
        Exit::Undecided | Exit::Interrupted => DOUBTFUL,
        Exit::Differs | Exit::Usage | Exit::NothingSelected | Exit::Internal => BAD,
    }
}
