//! Floor 4: searches over integers.
//!
//! [`explore`] visits every reachable state of an [`Explain`](crate::system::Explain) system, breadth first, and
//! answers for each property by a [`Verdict`]. It knows states as vectors of words and nothing of what they mean.
//!
//! | file | what |
//! |---|---|
//! | `exploration` | what a search is told, and what it tells |

mod exploration;

pub use exploration::{
    Cut, Ended, Exploration, Finding, Limits, Path, Progress, Settings, Silent, Statistics, StopWhen, Verdict,
};
