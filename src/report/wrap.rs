//! Text in lines that fit.

/// The most characters of a line.
pub(super) const WIDTH: usize = 100;

/// `text` in lines that start at column `indent`, after `label` in the first one. Blank lines become breaks; all
/// other breaks are the author's editor's, and are made anew. `label` may bear colours: `label_width` is what is
/// seen of it.
pub(super) fn wrapped(label: &str, label_width: usize, indent: usize, text: &str) -> String {
    let mut lines = String::from(label);
    let mut column = label_width;
    let mut started = false;
    let mut lines_blank = 0;
    for line in text.lines() {
        if line.trim().is_empty() {
            lines_blank += 1;
            continue;
        }
        if started && lines_blank > 0 {
            lines.push('\n');
            column = 0;
        }
        lines_blank = 0;
        for word in line.split_whitespace() {
            let width = word.chars().count();
            if started && column > 0 && column + 1 + width > WIDTH {
                lines.push('\n');
                column = 0;
            }
            let gap = if column < indent { indent - column } else { usize::from(started) };
            lines += &" ".repeat(gap);
            lines += word;
            column += gap + width;
            started = true;
        }
    }
    lines.push('\n');
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_flow_and_paragraphs_begin_anew() {
        let long = "word ".repeat(25);
        let lines = wrapped("  label", 7, 12, &format!(" one\n two\n\n{long}"));
        let lines: Vec<&str> = lines.lines().collect();
        assert_eq!(lines[0], "  label     one two");
        assert!(lines[1..].iter().all(|line| line.starts_with("            word") && line.len() <= WIDTH));
    }
}
