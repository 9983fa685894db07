//! Text in lines that fit a terminal.

/// The most columns of a line, unless a single word is longer.
const WIDTH: usize = 108;

/// A text that grows by paragraphs.
#[derive(Debug, Default)]
pub(super) struct Lines {
    text: String,
}

impl Lines {
    /// Adds a paragraph. Its first line starts with `label`, all its lines with at least `indent` columns; those
    /// after the first are set in by two more.
    ///
    /// It is broken at spaces only, and nothing is left out. Control characters are shown, not written: a trace
    /// from somewhere else shall not steer the terminal.
    pub(super) fn paragraph(&mut self, indent: usize, label: &str, text: &str) {
        let mut line = format!("{:indent$}", visible(label));
        let mut width = line.chars().count();
        for (ix, word) in visible(text).split(' ').enumerate() {
            let word_width = word.chars().count();
            if ix > 0 && width + 1 + word_width > WIDTH {
                self.push(&line);
                line = " ".repeat(indent + 2);
                width = indent + 2;
            } else if ix > 0 {
                line.push(' ');
                width += 1;
            }
            line.push_str(word);
            width += word_width;
        }
        self.push(&line);
    }

    /// Adds an empty line.
    pub(super) fn gap(&mut self) {
        self.text.push('\n');
    }

    fn push(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }

    /// The text so far.
    pub(super) fn finish(self) -> String {
        self.text
    }
}

/// The text on one line, with control characters in their escaped form.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push(' '),
            character if character.is_control() => shown.extend(character.escape_default()),
            character => shown.push(character),
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_broken_at_spaces_and_nothing_is_lost() {
        let words: Vec<String> = (0..60).map(|ix| "x".repeat(ix % 9 + 1)).collect();
        let mut lines = Lines::default();
        lines.paragraph(4, "a:", &words.join(" "));
        let text = lines.finish();
        assert!(text.lines().count() > 2 && text.lines().all(|line| line.len() <= WIDTH));
        assert!(text.starts_with("a:  x xx") && text.lines().skip(1).all(|line| line.starts_with("      x")));
        assert_eq!(text.split_whitespace().skip(1).collect::<Vec<_>>(), words);
    }

    #[test]
    fn a_word_that_is_too_long_stays_whole() {
        let word = "y".repeat(200);
        let mut lines = Lines::default();
        lines.paragraph(0, "", &format!("a {word} b"));
        assert_eq!(lines.finish(), format!("a\n  {word}\n  b\n"));
    }

    #[test]
    fn control_characters_are_shown() {
        let mut lines = Lines::default();
        lines.paragraph(0, "", "two\nlines \u{1b}[2J");
        assert_eq!(lines.finish(), "two lines \\u{1b}[2J\n");
    }
}
