//! A ghost of the published forms of consensus: who decided what.

use std::collections::BTreeSet;
use std::fmt::Display;

use quorate::Id;
use quorate::model::{Datum, History};
use quorate::system::Evidence;
use serde::Serialize;

/// What was ever decided, and by whom.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Decisions<V: Datum + Ord>(BTreeSet<(Id, V)>);

impl<V: Datum + Ord> Default for Decisions<V> {
    fn default() -> Self {
        Self(BTreeSet::new())
    }
}

impl<V: Datum + Ord> History for Decisions<V> {
    type Fact = (Id, V);

    fn record(&mut self, fact: &(Id, V)) {
        self.0.insert(fact.clone());
    }
}

impl<V: Datum + Ord + Display> Decisions<V> {
    /// Two different values that were decided.
    pub(super) fn disagreement(&self) -> Option<Evidence> {
        let (node, value) = self.0.first()?;
        let (other_node, other) = self.0.iter().find(|(_, other)| other != value)?;
        Some(Evidence::new(format!("{node:?} decided {value}, and {other_node:?} decided {other}")))
    }

    /// Something that was decided.
    pub(super) fn decision(&self) -> Option<Evidence> {
        self.decision_where(|_, _| true)
    }

    /// A decision of a kind.
    pub(super) fn decision_where(&self, is_meant: impl Fn(Id, &V) -> bool) -> Option<Evidence> {
        let (node, value) = self.0.iter().find(|(node, value)| is_meant(*node, value))?;
        Some(Evidence::new(format!("{node:?} decided {value}")))
    }

    /// That nothing was decided.
    pub(super) fn indecision(&self) -> Option<Evidence> {
        self.0.is_empty().then(|| Evidence::new("nothing can happen any more, and nobody has decided"))
    }
}
