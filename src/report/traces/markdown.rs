//! Markdown for a comment on a pull request: the verdict, the diagram, the story, and how to take it again.

use super::Retold;
use super::mermaid::mermaid;
use crate::trace::{NoReturn, setting, story};

/// The most characters of a text: what a forge takes as one comment (GitHub: 65,536), and room for its frame.
pub const LIMIT_CHARS: usize = 60_000;

/// The trace as a comment. Where it would be too long, first the diagram goes and then the middle of the story; it says
/// so.
pub(super) fn markdown(retold: Retold<'_>) -> String {
    let whole = compose(retold, Some(mermaid(retold.trace)), &story(retold.trace));
    if whole.chars().count() <= LIMIT_CHARS {
        return whole;
    }
    let without_diagram = compose(retold, None, &story(retold.trace));
    if without_diagram.chars().count() <= LIMIT_CHARS {
        return without_diagram;
    }
    let frame = compose(retold, None, "").chars().count();
    compose(retold, None, &shortened(&story(retold.trace), LIMIT_CHARS.saturating_sub(frame)))
}

fn compose(retold: Retold<'_>, diagram: Option<String>, story: &str) -> String {
    let trace = retold.trace;
    let steps = trace.steps.len();
    let plural = if steps == 1 { "" } else { "s" };
    let mut text = format!(
        "### `{}` is {} after {steps} step{plural}\n\n{}\n\n- **Claim:** {}\n- **Checked:** {}\n",
        trace.property,
        trace.verdict.word(),
        prose(&trace.evidence),
        prose(&trace.claim),
        prose(&setting(&trace.instance)),
    );
    if let Some(NoReturn::Step(step)) = trace.no_return {
        text += &format!("- **Point of no return:** step {step}\n");
    }
    if let Some(diagram) = diagram {
        text += &format!("\n```mermaid\n{diagram}```\n");
    }
    let fence = "`".repeat(longest_run(story, '`').max(2) + 1);
    text += &format!("\n<details><summary>Step by step</summary>\n\n{fence}text\n{story}{fence}\n\n</details>\n");
    text + &format!("\nAgain: `quorate replay {}`\n", retold.code)
}

/// Letters that Markdown would take for marks.
fn prose(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '\n' | '\r' => out.push(' '),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '|' | '~' | '@' => out.extend(['\\', letter]),
            letter => out.push(letter),
        }
    }
    out
}

fn longest_run(text: &str, letter: char) -> usize {
    text.split(|other| other != letter).map(|run| run.chars().count()).max().unwrap_or(0)
}

/// The beginning and the end of a text, by lines, in at most so many characters.
fn shortened(text: &str, chars_max: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let half = chars_max.saturating_sub(80) / 2;
    let fitting = |lines: &mut dyn Iterator<Item = &&str>| {
        let mut chars = 0;
        lines.take_while(|line| (chars += line.chars().count() + 1, chars <= half).1).count()
    };
    let (head, tail) = (fitting(&mut lines.iter()), fitting(&mut lines.iter().rev()));
    let gone = lines.len().saturating_sub(head + tail);
    let note = format!("… {gone} lines are left out: the whole is in the trace …");
    let kept = lines[..head].iter().copied().chain([note.as_str()]).chain(lines[lines.len() - tail..].iter().copied());
    kept.map(|line| format!("{line}\n")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_keeps_its_two_ends() {
        let text: String = (0..10_000).map(|ix| format!("line {ix} ö\n")).collect();
        let short = shortened(&text, 2_000);
        assert!(short.chars().count() <= 2_000 && short.chars().count() > 1_800);
        assert!(short.starts_with("line 0 ö\n") && short.ends_with("line 9999 ö\n"));
        assert!(short.contains("lines are left out"));
    }

    #[test]
    fn marks_are_no_marks() {
        assert_eq!(prose("a_b [x](y) <b>\n@all"), "a\\_b \\[x\\](y) \\<b\\> \\@all");
        assert_eq!(longest_run("a``b`", '`'), 2);
    }
}
