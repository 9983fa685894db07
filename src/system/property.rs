//! What a search must know of a property: its name, its kind, and sets of properties.

use serde::{Deserialize, Serialize};

use super::Fairness;

/// What kind of claim a property is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PropertyKind {
    /// An invariant: no reachable state shows evidence against it.
    Always,
    /// A witness: some reachable state shows that the situation occurs.
    Sometimes,
    /// Where nothing but faults can happen any more, no work remains.
    NoDeadlock,
    /// An invariant of steps: no step shows evidence against it.
    AlwaysStep,
    /// Every run comes to a state in which nothing is missing.
    Eventually,
    /// Whatever is asked for is given: a run that comes to a state in which something is asked for is then, or comes
    /// later, to one in which nothing is missing.
    LeadsTo,
    /// Every run comes to where nothing is missing and stays there: it converges.
    EventuallyAlways,
    /// From every reachable state one can be reached in which nothing is missing. It needs no fairness: where it is
    /// violated there is a trap.
    AlwaysPossible,
}

impl PropertyKind {
    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Sometimes => "sometimes",
            Self::NoDeadlock => "no-deadlock",
            Self::AlwaysStep => "always-step",
            Self::Eventually => "eventually",
            Self::LeadsTo => "leads-to",
            Self::EventuallyAlways => "eventually-always",
            Self::AlwaysPossible => "always-possible",
        }
    }

    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::Always,
        Self::Sometimes,
        Self::NoDeadlock,
        Self::AlwaysStep,
        Self::Eventually,
        Self::LeadsTo,
        Self::EventuallyAlways,
        Self::AlwaysPossible,
    ];

    /// Whether a finding is what the property hopes for, rather than evidence against it.
    pub const fn is_witness(self) -> bool {
        match self {
            Self::Sometimes => true,
            Self::Always
            | Self::NoDeadlock
            | Self::AlwaysStep
            | Self::Eventually
            | Self::LeadsTo
            | Self::EventuallyAlways
            | Self::AlwaysPossible => false,
        }
    }

    /// Where its finding shows.
    pub const fn shows_in(self) -> ShowsIn {
        match self {
            Self::Always | Self::Sometimes => ShowsIn::State,
            Self::NoDeadlock => ShowsIn::Deadlock,
            Self::AlwaysStep => ShowsIn::Step,
            Self::Eventually | Self::LeadsTo | Self::EventuallyAlways | Self::AlwaysPossible => ShowsIn::Graph,
        }
    }

    /// Whether its verdict depends on fairness.
    pub const fn assumes_fairness(self) -> bool {
        match self {
            Self::Eventually | Self::LeadsTo | Self::EventuallyAlways => true,
            Self::Always | Self::Sometimes | Self::NoDeadlock | Self::AlwaysStep | Self::AlwaysPossible => false,
        }
    }
}

/// What a search must look at to find what a property looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShowsIn {
    /// One state.
    State,
    /// One state in which nothing but faults can happen.
    Deadlock,
    /// One step.
    Step,
    /// All states and steps together: it is known only when every state was seen.
    Graph,
}

/// A property, as searches and reports know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PropertyCard {
    /// Its name, in kebab case.
    pub name: String,
    /// What kind of claim it is.
    pub kind: PropertyKind,
    /// What it claims, in one sentence.
    pub about: String,
    /// What it counts on, where its kind [assumes fairness](PropertyKind::assumes_fairness).
    pub fairness: Fairness,
}

impl PropertyCard {
    /// A card; fairness is as if nothing was said of it.
    pub fn new(name: impl Into<String>, kind: PropertyKind, about: impl Into<String>) -> Self {
        Self { name: name.into(), kind, about: about.into(), fairness: Fairness::default() }
    }
}

/// A set of properties, by their index in [`TransitionSystem::properties`](super::TransitionSystem::properties).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PropertySet(u64);

impl PropertySet {
    /// The most properties that one system may have.
    pub const CAPACITY: usize = 64;

    /// No property.
    pub const EMPTY: Self = Self(0);

    /// Every property that there may be.
    pub const ALL: Self = Self(u64::MAX);

    /// The properties for which `belongs` is true, of `0..count`.
    pub fn of(count: usize, belongs: impl Fn(usize) -> bool) -> Self {
        assert!(count <= Self::CAPACITY, "at most {} properties", Self::CAPACITY);
        (0..count).filter(|ix| belongs(*ix)).fold(Self::EMPTY, Self::with)
    }

    /// This set and one more property.
    #[must_use]
    pub fn with(self, property_ix: usize) -> Self {
        Self(self.0 | 1 << property_ix)
    }

    /// Whether the property is in the set.
    #[inline]
    pub fn contains(self, property_ix: usize) -> bool {
        self.0 >> property_ix & 1 == 1
    }

    /// Whether no property is in the set.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    #[must_use]
    #[inline]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
    #[inline]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// What is in this one only.
    #[must_use]
    pub fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The indices in the set, ascending.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..Self::CAPACITY).filter(move |ix| self.contains(*ix))
    }
}
