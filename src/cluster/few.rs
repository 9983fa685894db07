//! A map of a few entries, as timers and open choices are.

use std::fmt;

/// Entries in the order of their keys, side by side: to copy or to compare all of them is what happens most.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct Few<K, V>(Vec<(K, V)>);

impl<K, V> Default for Few<K, V> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K: Ord, V> Few<K, V> {
    /// Puts an entry in, in the place of one with the same key.
    pub(super) fn insert(&mut self, key: K, value: V) {
        match self.0.binary_search_by(|(other, _)| other.cmp(&key)) {
            Ok(at) => self.0[at].1 = value,
            Err(at) => self.0.insert(at, (key, value)),
        }
    }

    /// Takes the entry with this key out, if there is one.
    pub(super) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q)
    where
        K: std::borrow::Borrow<Q>,
    {
        if let Ok(at) = self.0.binary_search_by(|(other, _)| other.borrow().cmp(key)) {
            self.0.remove(at);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&K, &V)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    pub(super) fn keys(&self) -> impl Iterator<Item = &K> {
        self.0.iter().map(|(key, _)| key)
    }

    pub(super) fn values(&self) -> impl Iterator<Item = &V> {
        self.0.iter().map(|(_, value)| value)
    }

    pub(super) fn values_mut(&mut self) -> impl Iterator<Item = &mut V> {
        self.0.iter_mut().map(|(_, value)| value)
    }
}

impl<K: Ord, V> FromIterator<(K, V)> for Few<K, V> {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut few = Self::default();
        entries.into_iter().for_each(|(key, value)| few.insert(key, value));
        few
    }
}

impl<K: Ord + fmt::Debug, V: fmt::Debug> fmt::Debug for Few<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_is_a_map(steps in prop::collection::vec((any::<bool>(), 0_u8..6, any::<u8>()), 0..40)) {
            let (mut few, mut map) = (Few::default(), BTreeMap::new());
            for (inserts, key, value) in steps {
                if inserts {
                    few.insert(key, value);
                    map.insert(key, value);
                } else {
                    few.remove(&key);
                    map.remove(&key);
                }
                prop_assert!(few.iter().eq(map.iter()));
            }
            prop_assert_eq!(format!("{few:?}"), format!("{map:?}"));
            prop_assert_eq!(map.into_iter().rev().collect::<Few<u8, u8>>(), few);
        }
    }
}
