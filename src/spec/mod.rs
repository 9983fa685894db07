//! Floor 5: what is checked, and what is expected of it.
//!
//! [`read`] turns the text of a manifest into a [`Manifest`] of [`Check`]s, or says everything that is wrong with
//! it, each [`Mistake`] with its place. [`run`] makes the instance of a check, searches it and compares what was
//! found with what was expected, by [`judge`]; [`lock`] writes the counts that were found into the manifest.
//!
//! | file | what |
//! |---|---|
//! | `check` | checks as typed data |
//! | `manifest` | from text to checks |
//! | `sweep`, `condition` | checks that stand for many, and which of them there are |
//! | `project` | `quorate.toml`: where manifests are, and profiles |
//! | `instance`, `environment`, `fairness`, `expect` | the parts of a check |
//! | `reader` | TOML, value by value, with places |
//! | `mistake` | what is wrong, and where |
//! | `nearest`, `pattern` | "did you mean", and "all that are like it" |
//! | `quantity` | durations and sizes |
//! | `run` | from a check to its outcome |
//! | `simulate` | from a check to what random walks make of it |
//! | `judge` | found against expected |
//! | `lock` | counts into the manifest |

mod check;
mod condition;
mod environment;
mod expect;
mod fairness;
mod instance;
mod judge;
mod lock;
mod manifest;
mod mistake;
mod nearest;
mod pattern;
mod project;
mod quantity;
mod reader;
mod run;
mod simulate;
mod sweep;

pub use check::{Check, Expected, Lock, Manifest, Size};
pub use judge::{Failure, counts, judge};
pub use lock::{Counted, lock};
pub use manifest::read;
pub use mistake::{Mistake, Mistakes, Place, Source};
pub use nearest::nearest;
pub use pattern::is_like;
pub use project::{PROFILE_KEYS, Profile, Project, read_profile, read_project};
pub use quantity::{duration, size};
pub use run::{Checked, Conclusion, Manner, Outcome, run, run_keeping};
pub use simulate::{Simulated, Telling, Told, Walked, run_walks};
pub use sweep::{Axis, Cell};
