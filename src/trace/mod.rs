//! Floor 4: counterexamples and witnesses as plain data.
//!
//! A [`Trace`] is one way through a system to a state in which a property finds what it looks for, or a run without
//! end: a lasso, of which the [`Ending`] says where its loop begins, and why it is fair. It knows
//! nothing of integers and no Rust type of the protocol: its steps are actions with values, so that it can be kept
//! in a file, shown by any version of the tool, and taken again after the protocol has changed. [`story`] tells it
//! to people. [`replay`] takes its steps again, and says where they part if they do. [`minimise`] makes a long way
//! short, [`canonical`] makes equal bugs look equal, [`no_return`] and [`contrast`] say what it hangs on.
//!
//! | file | what |
//! |---|---|
//! | `format` | the trace and its parts, as they stand in the file |
//! | `record` | from a path through a system to a trace |
//! | `endless` | runs without a last state: why they are fair |
//! | `difference` | how two values differ, part by part |
//! | `read` | from a file's text to a trace, or why it is none |
//! | `story` | the numbered story |
//! | `setting` | what a trace was taken from, in a sentence |
//! | `lines` | text in lines that fit a terminal |
//! | `replay`, `lenient` | taking the steps again; going on with what is like them |
//! | `code`, `confirm` | a short code to paste; a test that confirms it |
//! | `atlas` | what is possible in each visited state, worked out once |
//! | `shrink` | a small way to the same violation |
//! | `causes`, `order` | what rests on what; the canonical order of concurrent steps |
//! | `no_return` | after which step a violation is inevitable |
//! | `contrast` | where a trace parts from the protocol as it should be |
//! | `understood` | a trace with both |
//! | `whole` | the same run, where a search has left something out |

mod atlas;
mod causes;
mod code;
mod confirm;
mod contrast;
mod difference;
mod endless;
mod format;
mod lenient;
mod lines;
mod no_return;
mod order;
mod read;
mod record;
mod replay;
#[cfg(test)]
mod script;
mod setting;
mod shrink;
mod story;
mod understood;
mod whole;

pub use causes::{causes, causes_of};
pub use code::{Astray, Code, CodeError, PREFIX as CODE_PREFIX};
pub use confirm::{confirm, test_source};
pub use contrast::{Contrast, contrast, contrast_of};
pub use endless::settled;
pub use format::{Change, Ending, FORMAT, How, Kept, Outcome, Part, Step, Trace, VERSION, as_written};
pub use lenient::{Detour, Lenient, lenient};
pub use no_return::{NoReturn, no_return};
pub use order::canonical;
pub use read::TraceError;
pub use record::steps;
pub use replay::{Replay, replay, retake};
pub use setting::{setting, time};
pub use shrink::minimise;
pub use story::{outcome, outline, story};
pub use understood::{NO_RETURN_STATES_MAX, understood};
pub use whole::in_whole;
