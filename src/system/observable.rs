//! What can be measured of a run.

use serde::Serialize;

/// What a number that is read of a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ObservableKind {
    /// A quantity: it has a mean and quantiles.
    Number,
    /// Whether something was so, as 1 or 0: it has a probability.
    Flag,
}

/// Something that can be measured of a run, as estimates and reports know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ObservableCard {
    /// Its name, in kebab case.
    pub name: String,
    /// What it counts, and in which unit, in one sentence.
    pub about: String,
    /// Whether it is a quantity or a yes-or-no.
    pub kind: ObservableKind,
}
