//! What clients see of a replicated log: a list to which they append and whose length they read.

use std::fmt;

use quorate::model::Sequential;
use quorate::rename;
use serde::Serialize;

/// What a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Operation {
    /// Append something; the answer is its place, from 1.
    Append,
    /// The answer is how many have been appended.
    Read,
}

rename! {
    nobody in Operation
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Append => "append",
            Self::Read => "read",
        })
    }
}

/// The list when operations come one after the other. Two appends never have the same answer, so that one which is lost,
/// or done twice, shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Tally(usize);

impl Sequential for Tally {
    type Operation = Operation;
    type Answer = usize;

    fn apply(&mut self, operation: &Operation) -> usize {
        match operation {
            Operation::Append => self.0 += 1,
            Operation::Read => {}
        }
        self.0
    }
}
