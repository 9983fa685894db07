//! Configurations: who takes part, and whose majorities decide.

use std::fmt;

use quorate::model::{Rename, Renaming};
use quorate::{Id, rename};
use serde::{Serialize, Serializer};

/// A set of servers.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Members(u8);

impl Members {
    /// The first `count` servers.
    pub fn first(count: usize) -> Self {
        Self((0..count).fold(0, |bits, ix| bits | 1 << ix))
    }

    /// Every set of some of the first `servers` servers, but the empty one.
    pub fn all(servers: usize) -> impl Iterator<Item = Self> {
        (1..=Self::first(servers).0).map(Self)
    }

    /// Whether `server` is one of them.
    pub fn contains(self, server: Id) -> bool {
        self.0 >> usize::from(server) & 1 == 1
    }

    /// Whether all of them are in `other`.
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// How many are here or there, and not in both.
    pub fn distance(self, other: Self) -> u32 {
        (self.0 ^ other.0).count_ones()
    }

    /// They, in order.
    pub fn iter(self) -> impl Iterator<Item = Id> {
        (0..8).map(Id::from).filter(move |server| self.contains(*server))
    }
}

impl fmt::Debug for Members {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl Rename for Members {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        Self(self.iter().fold(0, |bits, server| bits | 1 << usize::from(names.id(server))))
    }
}

rename! {
    enum Config { Simple(members), Joint { old, new } }
}

/// A configuration. It is an entry of the log, and counts as soon as it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Config {
    /// A majority of these decides.
    Simple(Members),
    /// The way from one to another (section 6, C-old,new): a majority of each decides.
    Joint {
        /// Who took part.
        old: Members,
        /// Who will.
        new: Members,
    },
}

impl Config {
    /// Whether `server` takes part.
    pub fn contains(self, server: Id) -> bool {
        match self {
            Self::Simple(members) => members.contains(server),
            Self::Joint { old, new } => old.contains(server) || new.contains(server),
        }
    }

    /// The sets of servers of each of which a majority is needed, the older first.
    pub fn electorates(self) -> Vec<Members> {
        match self {
            Self::Simple(members) => vec![members],
            Self::Joint { old, new } => vec![old, new],
        }
    }
}

impl fmt::Display for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Simple(members) => write!(f, "{members:?}"),
            Self::Joint { old, new } => write!(f, "{old:?} and {new:?}"),
        }
    }
}
