//! What clients are answered: which writes there are.

use std::fmt;

use quorate::model::Sequential;
use serde::Serialize;

use super::message::Request;

/// The writes that a log has, in order. They are named and not counted: after a failover there may be as many, and others.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Writes(Vec<Request>);

impl Writes {
    /// Those of a log.
    pub(super) fn of(log: &[Request]) -> Self {
        Self(log.iter().filter(|entry| !entry.reads).copied().collect())
    }

    /// Each of them.
    pub(super) fn iter(&self) -> impl Iterator<Item = &Request> {
        self.0.iter()
    }
}

/// A list to which clients append, and are answered with all of it.
impl Sequential for Writes {
    type Operation = Request;
    type Answer = Self;

    fn apply(&mut self, request: &Request) -> Self {
        if !request.reads {
            self.0.push(*request);
        }
        self.clone()
    }
}

impl fmt::Display for Writes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.iter().map(|write| format!("{} of {:?}", write.number, write.client)).collect();
        write!(f, "[{}]", names.join(", "))
    }
}
