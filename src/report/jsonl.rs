//! JSON lines: a line for each check as soon as it and those before it have ended, then one for the run.
//!
//! ```json
//! {"type":"check","format":"quorate-lines","version":1,"check":{ … as in the report … }}
//! {"type":"run","format":"quorate-lines","version":1,"quorate":"0.1.0","exit":{"code":0,"word":"expected"},"elapsed_us":1,"checks":1}
//! ```
//!
//! A reader that finds no line of type `run` knows that the run did not come to its end.

use serde::Serialize;

use super::format::Run;
use super::json::{Ending, Row, row as whole};
use crate::spec::Checked;

const FORMAT: &str = "quorate-lines";
const VERSION: u32 = 1;

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
enum Line<'a> {
    Check { format: &'static str, version: u32, check: Box<Row<'a>> },
    Run { format: &'static str, version: u32, quorate: &'static str, exit: Ending, elapsed_us: u64, checks: usize },
}

pub(super) fn row(checked: &Checked) -> String {
    text(&Line::Check { format: FORMAT, version: VERSION, check: Box::new(whole(checked)) })
}

pub(super) fn end(run: &Run<'_>) -> String {
    text(&Line::Run {
        format: FORMAT,
        version: VERSION,
        quorate: env!("CARGO_PKG_VERSION"),
        exit: Ending::of(run.exit),
        elapsed_us: run.elapsed_us,
        checks: run.checks.len(),
    })
}

fn text(line: &Line<'_>) -> String {
    let mut text = serde_json::to_string(line).expect("lines are made of words, numbers and lists");
    text.push('\n');
    text
}
