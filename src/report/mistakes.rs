//! Mistakes in a manifest, each with the line where it stands and a mark under it.

use std::fmt::Write;

use super::style::{BAD, FAINT, GOOD, NAME, STRONG, paint};
use crate::spec::{Mistake, Mistakes, Source};

/// The most characters of a source line that are shown.
const LINE_WIDTH: usize = 96;

/// All mistakes of one source, and how many there are if there are several.
pub fn mistakes(found: &Mistakes) -> String {
    let mut text = String::new();
    for mistake in &found.mistakes {
        text += &one(&found.source, mistake);
    }
    if found.mistakes.len() > 1 {
        let _ = writeln!(text, "{}: {} mistakes", found.source.name, found.mistakes.len());
    }
    text
}

fn one(source: &Source, mistake: &Mistake) -> String {
    let place = source.place(mistake.span.start);
    let whole_line = source.line(place.line);
    let marked = source.slice(&mistake.span).lines().next().unwrap_or_default().chars().count();
    let (line, column) = window(whole_line, place.column - 1);
    let marks_width = marked.clamp(1, LINE_WIDTH.saturating_sub(column).max(1));

    let number = if source.from_options { " ".to_owned() } else { place.line.to_string() };
    let margin = " ".repeat(number.len());
    let bar = paint(FAINT, "|");
    let whereabouts = if source.from_options {
        source.name.clone()
    } else {
        format!("{}:{}:{}", source.name, place.line, place.column)
    };
    let marks = paint(BAD, "^".repeat(marks_width));
    let gap = " ".repeat(column);
    let mut text = format!("{}: {}\n", paint(BAD, "error"), paint(STRONG, &mistake.wrong));
    let _ = writeln!(text, "{margin}{} {}", paint(FAINT, "-->"), paint(NAME, whereabouts));
    let _ = writeln!(text, "{margin} {bar}");
    let _ = writeln!(text, "{} {bar} {line}", paint(FAINT, number));
    let beside = column + marks_width + 1 + mistake.expected.chars().count() <= LINE_WIDTH;
    let (label, note) = if beside { (&mistake.expected[..], "") } else { ("", &mistake.expected[..]) };
    let _ = writeln!(text, "{}", format!("{margin} {bar} {gap}{marks} {label}").trim_end());
    if !note.is_empty() {
        let _ = writeln!(text, "{margin} {} {note}", paint(FAINT, "="));
    }
    if let Some(nearest) = &mistake.nearest {
        let _ = writeln!(text, "{margin} {} did you mean {}?", paint(FAINT, "="), paint(GOOD, format!("`{nearest}`")));
    }
    text.push('\n');
    text
}

/// The part of a long line around a column, and where the column is in it.
fn window(line: &str, column: usize) -> (String, usize) {
    let line = line.replace('\t', " ");
    let count = line.chars().count();
    if count <= LINE_WIDTH {
        return (line, column);
    }
    let skipped = column.saturating_sub(LINE_WIDTH / 2).min(count - LINE_WIDTH);
    let shown: String = line.chars().skip(skipped).take(LINE_WIDTH).collect();
    let before = if skipped > 0 { "… " } else { "" };
    let after = if skipped + LINE_WIDTH < count { " …" } else { "" };
    (format!("{before}{shown}{after}"), column - skipped + before.chars().count())
}
