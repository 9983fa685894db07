//! What a manifest asks for, as typed data.

use indexmap::IndexMap;
use serde::Serialize;

use super::Cell;
use crate::cluster::Instance;
use crate::engine::{Limits, StopWhen};
use crate::model::Reductions;
use crate::system::{FairnessOverride, PropertyCard, PropertyKind, PropertySet, ShowsIn};

/// One file of checks, mostly of one protocol.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// The file, as it was named.
    pub file: String,
    /// The name of the protocol of checks that name none.
    pub protocol: Option<String>,
    /// The checks, in the order of the file; for a sweep, its cells in the order of its axes.
    pub checks: Vec<Check>,
}

/// One instance of a protocol and what is expected of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// Its name, unique in its file; that of a cell is the name of the sweep and the cell's label.
    pub name: String,
    /// Where it stands: file and line. `None` if it was put together from command-line options.
    pub place: Option<(String, usize)>,
    /// Where it stands in a sweep, if it is a cell of one.
    pub cell: Option<Cell>,
    /// How long it may take.
    pub size: Size,
    /// Words by which it can be selected.
    pub tags: Vec<String>,
    /// What is run.
    pub instance: Instance,
    /// Where the search is cut.
    pub limits: Limits,
    /// What is assumed of fairness, in place of what the properties say.
    pub fairness: FairnessOverride,
    /// What makes no difference and is left out.
    pub reductions: Reductions,
    /// Whether it is as expected if a limit leaves something undecided.
    pub undecided_allowed: bool,
    /// What is expected of each property, by its name.
    pub expect: IndexMap<String, Expected>,
    /// Of properties that are expected to be violated: the steps that the counterexample must have, in this order,
    /// with any others between. Each is a pattern of what [`Action`](crate::system::Action)s are called, such as
    /// `crash acceptor*` or `deliver *Promise*`.
    pub shapes: IndexMap<String, Vec<String>>,
    /// The counts that were found when it was last looked at.
    pub lock: Option<Lock>,
    /// Where a count or length comes from that others have found.
    pub source: Option<String>,
}

impl Check {
    /// What is expected of a property.
    pub fn expected(&self, property: &PropertyCard) -> Expected {
        self.expect.get(&property.name).copied().unwrap_or(Expected::of_kind(property.kind))
    }

    /// The same where a reduction is in force that does not preserve the verdict: if nothing is said of it, nothing is
    /// expected.
    pub fn expected_of_unpreserved(&self, property: &PropertyCard) -> Expected {
        self.expect.get(&property.name).copied().unwrap_or(Expected::Anything)
    }

    /// When the search may end: as soon as all that is expected to be found is found, if that includes a violation
    /// and nothing else needs every state.
    pub fn stop_when(properties: &[PropertyCard], expect: &[Expected]) -> StopWhen {
        let violation = expect.iter().any(|expected| matches!(expected, Expected::Violated { .. }));
        // What shows in the graph is known only when every state was seen.
        let needs_all = |(expected, card): (&Expected, &PropertyCard)| {
            let by_graph = card.kind.shows_in() == ShowsIn::Graph;
            expected.needs_all() || by_graph && matches!(expected, Expected::Violated { .. })
        };
        if violation && !expect.iter().zip(properties).any(needs_all) {
            StopWhen::AllFound(PropertySet::of(expect.len(), |ix| expect[ix].is_found()))
        } else {
            StopWhen::Never
        }
    }
}

/// How long a check may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Size {
    /// Less than ten seconds.
    #[default]
    Small,
    /// Minutes.
    Standard,
    /// As long as it takes.
    Stress,
}

impl Size {
    /// Every size, with its word.
    pub const WORDS: [(&'static str, Self); 3] =
        [("small", Self::Small), ("standard", Self::Standard), ("stress", Self::Stress)];

    /// The word that manifests use.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize].0
    }
}

/// What is expected of a property.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It holds.
    Holds,
    /// It is violated, and the shortest way there has at most so many steps.
    Violated {
        /// `None`: any length will do.
        at_most_steps: Option<u32>,
    },
    /// The witness is reached.
    Reachable,
    /// The witness is out of reach.
    Unreachable,
    /// The limits of the check cut the search before it is known.
    Undecided,
    /// It is not violated in what is seen until the check has found what it looks for.
    NotSeen,
    /// Nothing: the check is about other properties.
    Anything,
}

impl Expected {
    /// What is expected of a property of this kind when nothing is said.
    pub fn of_kind(kind: PropertyKind) -> Self {
        if kind.is_witness() { Self::Reachable } else { Self::Holds }
    }

    /// The verdict words that make sense for a property of this kind.
    pub fn words(kind: PropertyKind) -> &'static [(&'static str, Self)] {
        if kind.is_witness() {
            return &[
                ("reachable", Self::Reachable),
                ("unreachable", Self::Unreachable),
                ("undecided", Self::Undecided),
            ];
        }
        &[("holds", Self::Holds), ("violated", Self::Violated { at_most_steps: None }), ("undecided", Self::Undecided)]
    }

    /// The word that manifests use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated { .. } => "violated",
            Self::Reachable => "reachable",
            Self::Unreachable => "unreachable",
            Self::Undecided => "undecided",
            Self::NotSeen => "not seen",
            Self::Anything => "anything",
        }
    }

    /// The most steps that a violation may take.
    pub fn at_most_steps(self) -> Option<u32> {
        match self {
            Self::Violated { at_most_steps } => at_most_steps,
            Self::Holds | Self::Reachable | Self::Unreachable | Self::Undecided | Self::NotSeen | Self::Anything => {
                None
            }
        }
    }

    /// Whether a single state can show it.
    fn is_found(self) -> bool {
        match self {
            Self::Violated { .. } | Self::Reachable => true,
            Self::Holds | Self::Unreachable | Self::Undecided | Self::NotSeen | Self::Anything => false,
        }
    }

    /// Whether only all states together can show it.
    fn needs_all(self) -> bool {
        match self {
            Self::Holds | Self::Unreachable | Self::Undecided => true,
            Self::Violated { .. } | Self::Reachable | Self::NotSeen | Self::Anything => false,
        }
    }
}

/// Counts that must not move unseen: if they do, the transition relation has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Lock {
    /// Distinct states.
    pub states: u64,
    /// Steps to the farthest state.
    pub depth: u32,
}
