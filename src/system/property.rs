//! What a search must know of a property: its name, its kind, and sets of properties.

use serde::{Deserialize, Serialize};

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
}

impl PropertyKind {
    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Always => "always",
            Self::Sometimes => "sometimes",
            Self::NoDeadlock => "no-deadlock",
        }
    }
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
}

/// A set of properties, by their index in [`TransitionSystem::properties`](super::TransitionSystem::properties).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
    pub fn contains(self, property_ix: usize) -> bool {
        self.0 >> property_ix & 1 == 1
    }

    /// Whether no property is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in either.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// What is in both.
    #[must_use]
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
