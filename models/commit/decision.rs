//! The words of every commit protocol: what is voted, what is decided, and how a message to all is sent.

use quorate::{choice_param, rename};
use serde::Serialize;

/// How a transaction ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Outcome {
    /// All its effects last.
    Commit,
    /// It leaves no effect.
    Abort,
}

/// A participant's answer to the question whether it can commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Vote {
    /// It will do whatever is decided, come what may.
    Yes,
    /// It has aborted.
    No,
}

rename! {
    nobody in Outcome
    nobody in Vote
}

choice_param! {
    /// How a message to all participants is sent.
    pub enum Multicast {
        /// One send a step, in any order: the sender may crash between two sends.
        OneByOne = "one-by-one",
        /// All sends in one step.
        AtOnce = "at-once",
    }
}
