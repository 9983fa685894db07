//! The open choices of a node.

use std::sync::Arc;

use super::few::Few;

/// Options by key. Invariant: no list is empty.
pub(super) type Options<R> = Few<String, Vec<R>>;

/// The open choices of a node, in memory that equal ones may share: to compare two that do looks at neither.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Choices<R>(Option<Arc<Options<R>>>);

impl<R> Default for Choices<R> {
    fn default() -> Self {
        Self(None)
    }
}

impl<R: Clone> Choices<R> {
    /// Opens a choice, in the place of one with the same key; without options it only takes that one away.
    pub(super) fn open(&mut self, key: String, options: Vec<R>) {
        if options.is_empty() {
            self.close(&key);
        } else {
            Arc::make_mut(self.0.get_or_insert_default()).insert(key, options);
        }
    }

    /// The same, where it may be the only choice and as it was `before`: then their memory is shared.
    pub(super) fn reopen(&mut self, key: String, options: Vec<R>, before: &Self)
    where
        R: PartialEq,
    {
        if self.0.is_none() && before.0.as_ref().is_some_and(|open| open.iter().eq([(&key, &options)])) {
            self.clone_from(before);
        } else {
            self.open(key, options);
        }
    }

    /// Takes the choice with this key away, if there is one.
    pub(super) fn close(&mut self, key: &str) {
        let Some(open) = &mut self.0 else { return };
        if open.keys().eq([key]) {
            self.0 = None;
        } else {
            Arc::make_mut(open).remove(key);
        }
    }
}

impl<R> Choices<R> {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&String, &Vec<R>)> {
        self.0.iter().flat_map(|open| open.iter())
    }

    /// The option with this place among all, and its key.
    pub(super) fn option(&self, mut place: usize) -> Option<(&str, &R)> {
        for (key, options) in self.iter() {
            match options.get(place) {
                Some(option) => return Some((key, option)),
                None => place -= options.len(),
            }
        }
        None
    }

    /// How many options there are in all.
    pub(super) fn option_count(&self) -> usize {
        self.iter().map(|(_, options)| options.len()).sum()
    }

    /// The same in memory that `share` gives for it.
    pub(super) fn shared(self, share: impl FnOnce(Arc<Options<R>>) -> Arc<Options<R>>) -> Self {
        Self(self.0.map(share))
    }
}

impl<R: Clone> FromIterator<(String, Vec<R>)> for Choices<R> {
    fn from_iter<I: IntoIterator<Item = (String, Vec<R>)>>(all: I) -> Self {
        let mut choices = Self::default();
        all.into_iter().for_each(|(key, options)| choices.open(key, options));
        choices
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_choice_there_are_none() {
        let mut choices = Choices::default();
        choices.open("a".to_owned(), vec![1, 2]);
        choices.open("b".to_owned(), vec![3]);
        choices.close("c");
        let both = choices.clone();
        choices.close("a");
        assert_eq!(choices, [("b".to_owned(), vec![3])].into_iter().collect());
        choices.open("b".to_owned(), vec![]);
        assert_eq!((&choices, choices.is_empty()), (&Choices::default(), true));
        let places = [0, 1, 2, 3].map(|place| both.option(place).map(|(key, option)| (key, *option)));
        assert_eq!(places, [Some(("a", 1)), Some(("a", 2)), Some(("b", 3)), None]);
        assert_eq!((both.option_count(), Choices::<u8>::default().option_count()), (3, 0));
        choices.reopen("b".to_owned(), vec![3], &both);
        let mut again = Choices::default();
        again.reopen("b".to_owned(), vec![4], &choices);
        assert_eq!(again, [("b".to_owned(), vec![4])].into_iter().collect());
        again = Choices::default();
        again.reopen("b".to_owned(), vec![3], &choices);
        again.reopen("a".to_owned(), vec![1, 2], &both);
        assert_eq!(again, both);
        assert_eq!(
            both.iter().map(|(key, options)| (key.as_str(), options.len())).collect::<Vec<_>>(),
            [("a", 2), ("b", 1)]
        );
    }
}
