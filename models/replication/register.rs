//! What clients see of a replicated register: they write values and read the latest.

use std::fmt;

use quorate::model::Sequential;
use quorate::rename;
use serde::Serialize;

/// A value of the register: 0 before it is written; each write has a value of its own, so that it shows which was read.
pub type Value = usize;

/// What a client asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Operation {
    /// Write this; the answer is what was written.
    Write(Value),
    /// The answer is what was written last.
    Read,
}

rename! {
    enum Operation { Write(value), Read }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Write(value) => write!(f, "write {value}"),
            Self::Read => f.write_str("read"),
        }
    }
}

/// The register when operations come one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Register(Value);

impl Sequential for Register {
    type Operation = Operation;
    type Answer = Value;

    fn apply(&mut self, operation: &Operation) -> Value {
        if let Operation::Write(value) = operation {
            self.0 = *value;
        }
        self.0
    }
}
