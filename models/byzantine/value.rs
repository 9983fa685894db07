//! What is broadcast: two values are enough to be told different things.

use std::fmt;

use serde::Serialize;

/// What is broadcast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Value {
    /// What a correct sender broadcasts.
    A,
    /// Something else.
    B,
}

impl Value {
    /// All values.
    pub const ALL: [Self; 2] = [Self::A, Self::B];
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::A => "a",
            Self::B => "b",
        })
    }
}
