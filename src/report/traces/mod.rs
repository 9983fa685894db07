//! A trace in the forms in which other tools and people read it, one file each.
//!
//! [`TRACE_FORMATS`] is the list of them: help, `trace convert` and the tests go by it. A form is a function from a trace
//! to a text. Some need the whole state after each step and not only what has changed: they get it from
//! whoever has taken the steps again.

mod html;
mod itf;
mod markdown;
mod mermaid;
mod shiviz;

pub use html::run;
pub use markdown::LIMIT_CHARS as MARKDOWN_LIMIT_CHARS;

use crate::engine::Path;
use crate::system::{Explain, Snapshot};
use crate::trace::{Trace, story};
pub(super) use mermaid::mermaid;

/// A trace that was taken again.
#[derive(Clone, Copy)]
pub struct Retold<'a> {
    /// The trace.
    pub trace: &'a Trace,
    /// The states on the way, one more than there are steps.
    pub states: &'a [Snapshot],
    /// The code that takes it again.
    pub code: &'a str,
    /// What it was taken again in.
    pub system: &'a dyn Explain,
    /// Its path there.
    pub path: &'a Path,
}

impl std::fmt::Debug for Retold<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Retold").field("code", &self.code).finish_non_exhaustive()
    }
}

/// A form of a trace.
pub struct TraceFormat {
    /// Its name on the command line.
    pub name: &'static str,
    /// The usual end of a file of it.
    pub extension: &'static str,
    /// What it is for.
    pub about: &'static str,
    /// The text.
    pub write: fn(Retold<'_>) -> String,
}

impl std::fmt::Debug for TraceFormat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TraceFormat").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Every form of a trace: one line each.
#[rustfmt::skip]
pub static TRACE_FORMATS: &[TraceFormat] = &[
    TraceFormat { name: "text", extension: "txt", about: "the numbered story", write: |retold| story(retold.trace) },
    TraceFormat { name: "json", extension: "json", about: "the trace itself, as `replay` reads it", write: |retold| retold.trace.to_json() },
    TraceFormat { name: "itf", extension: "itf.json", about: "Informal Trace Format, for the viewers of Apalache and Quint", write: itf::itf },
    TraceFormat { name: "mermaid", extension: "mmd", about: "a Mermaid sequence diagram", write: |retold| mermaid(retold.trace) },
    TraceFormat { name: "markdown", extension: "md", about: "a comment on a pull request", write: markdown::markdown },
    TraceFormat { name: "shiviz", extension: "log", about: "a log with vector clocks, for ShiViz", write: |retold| shiviz::shiviz(retold.trace) },
    TraceFormat { name: "svg", extension: "svg", about: "the space-time diagram as a picture", write: html::picture },
    TraceFormat { name: "html", extension: "html", about: "one page to look at it, without a server or a network", write: html::page },
    TraceFormat { name: "code", extension: "q1", about: "a short code that `replay` takes", write: |retold| format!("{}\n", retold.code) },
];
