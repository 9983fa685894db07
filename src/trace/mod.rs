//! Floor 4: counterexamples and witnesses as plain data.
//!
//! A [`Trace`] is one way through a system to a state in which a property finds what it looks for, or a run without
//! end: a lasso, of which the [`Ending`] says where its loop begins, and why it is fair. It knows
//! nothing of integers and no Rust type of the protocol: its steps are actions with values, so that it can be kept
//! in a file, shown by any version of the tool, and taken again after the protocol has changed. [`story`] tells it
//! to people. [`replay`] takes its steps again, and says where they part if they do.
//!
//! | file | what |
//! |---|---|
//! | `format` | the trace and its parts, as they stand in the file |
//! | `record` | from a path through a system to a trace |
//! | `endless` | runs without a last state: why they are fair |
//! | `difference` | how two values differ, part by part |
//! | `read` | from a file's text to a trace, or why it is none |
//! | `story` | the numbered story |
//! | `mermaid` | the sequence diagram |
//! | `setting` | what a trace was taken from, in a sentence |
//! | `lines` | text in lines that fit a terminal |
//! | `replay` | taking the steps again |

mod difference;
mod endless;
mod format;
mod lines;
mod mermaid;
mod read;
mod record;
mod replay;
#[cfg(test)]
mod script;
mod setting;
mod story;

pub use format::{Change, Ending, FORMAT, How, Kept, Outcome, Part, Step, Trace, VERSION};
pub use mermaid::mermaid;
pub use read::TraceError;
pub use replay::{Replay, replay};
pub use story::story;
