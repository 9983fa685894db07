//! Colours and weights. Text is always written with them; the stream takes them away where nobody sees them.

use std::fmt::Display;

use anstyle::{AnsiColor, Style};

/// What is as it should be.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// What is not.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// What is not known, or deserves a look.
pub const DOUBTFUL: Style = AnsiColor::Yellow.on_default().bold();
/// Names of things.
pub const NAME: Style = AnsiColor::Cyan.on_default();
/// Headings.
pub const STRONG: Style = Style::new().bold();
/// What may be overlooked.
pub const FAINT: Style = Style::new().dimmed();

/// `text` in `style`.
pub fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}
