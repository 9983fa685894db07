//! A small set of members.

use std::fmt;

use serde::{Serialize, Serializer};
use stateright::actor::Id;

use super::{Rename, Renaming};

/// A set of members with ids below 64, as one number: for states that shall be small and `Copy`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ids(u64);

impl Ids {
    /// Nobody.
    pub const EMPTY: Self = Self(0);

    /// These and one more.
    ///
    /// # Panics
    /// If the id is 64 or more.
    #[must_use]
    pub fn with(self, id: Id) -> Self {
        Self(self.0 | bit(id))
    }

    /// These and others.
    #[must_use]
    pub fn union(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether the member is one of them.
    pub fn contains(self, id: Id) -> bool {
        usize::from(id) < 64 && self.0 & bit(id) != 0
    }

    /// How many they are.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is nobody.
    pub fn is_empty(self) -> bool {
        self == Self::EMPTY
    }

    /// They, in order.
    pub fn iter(self) -> impl Iterator<Item = Id> {
        (0..64).map(Id::from).filter(move |id| self.contains(*id))
    }
}

fn bit(id: Id) -> u64 {
    assert!(usize::from(id) < 64, "a set of ids below 64");
    1 << usize::from(id)
}

impl FromIterator<Id> for Ids {
    fn from_iter<I: IntoIterator<Item = Id>>(ids: I) -> Self {
        ids.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl Rename for Ids {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        self.iter().map(|id| names.id(id)).collect()
    }
}

impl Serialize for Ids {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl fmt::Debug for Ids {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_a_set() {
        let ids: Ids = [3, 1, 63, 3].map(Id::from).into_iter().collect();
        assert_eq!((ids.len(), ids.contains(Id::from(3)), ids.contains(Id::from(2))), (3, true, false));
        assert_eq!(ids.iter().map(usize::from).collect::<Vec<_>>(), [1, 3, 63]);
        assert_eq!(ids.rename(&Renaming::new(&[0, 3, 2, 1])), ids);
        assert!(!ids.contains(Id::from(64)) && Ids::EMPTY.is_empty());
        assert_eq!(ids.union(Ids::EMPTY.with(Id::from(0))).len(), 4);
    }
}
