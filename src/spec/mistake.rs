//! What is wrong with a manifest, and where.

use std::fmt;
use std::ops::Range;

/// A text that someone wrote, and what it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its file, as it was named on the command line.
    pub name: String,
    /// All of it.
    pub text: String,
    /// Whether it was put together from command-line options: then its line numbers mean nothing to anyone.
    pub from_options: bool,
}

/// A place in a [`Source`], counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Source {
    /// A file.
    pub fn file(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self { name: name.into(), text: text.into(), from_options: false }
    }

    /// The place of a byte. The end of the text has a place too.
    pub fn place(&self, byte: usize) -> Place {
        let before = self.slice(&(0..byte));
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        Place { line, column: before[line_start..].chars().count() + 1 }
    }

    /// The text between two bytes; a byte within a character stands for the character's start, one beyond the end
    /// for the end.
    pub fn slice(&self, span: &Range<usize>) -> &str {
        let boundary = |byte: usize| (0..=byte.min(self.text.len())).rev().find(|at| self.text.is_char_boundary(*at));
        let (start, end) = (boundary(span.start).unwrap_or(0), boundary(span.end).unwrap_or(0));
        &self.text[start..end.max(start)]
    }

    /// The line with the given number, without its end.
    pub fn line(&self, number: usize) -> &str {
        self.text.lines().nth(number - 1).unwrap_or_default()
    }
}

/// One thing that is wrong, with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// The bytes that are wrong.
    pub span: Range<usize>,
    /// What is wrong.
    pub wrong: String,
    /// What was expected there.
    pub expected: String,
    /// The known name that is nearest to the wrong one.
    pub nearest: Option<String>,
}

/// Everything that is wrong with one source, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistakes {
    /// The source.
    pub source: Source,
    /// What is wrong; at least one.
    pub mistakes: Vec<Mistake>,
}

/// One line for each mistake: `file:line:column: what is wrong; what was expected`.
impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, mistake) in self.mistakes.iter().enumerate() {
            if n > 0 {
                writeln!(f)?;
            }
            let Place { line, column } = self.source.place(mistake.span.start);
            write!(f, "{}:{line}:{column}: {}", self.source.name, mistake.wrong)?;
            if !mistake.expected.is_empty() {
                write!(f, "; {}", mistake.expected)?;
            }
            if let Some(nearest) = &mistake.nearest {
                write!(f, "; did you mean `{nearest}`?")?;
            }
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_from_one_in_characters() {
        let source = Source::file("x", "ab\nçd\n");
        let place = |byte| (source.place(byte).line, source.place(byte).column);
        assert_eq!((place(0), place(2), place(3)), ((1, 1), (1, 3), (2, 1)));
        assert_eq!((place(5), place(6), place(7)), ((2, 2), (2, 3), (3, 1)));
        assert_eq!((source.line(2), source.line(3)), ("çd", ""));
    }
}
