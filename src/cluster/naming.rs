//! Whether renaming is what its name says.
//!
//! A state that was left out is an image of one that was kept, and that one an image of it: to conclude from the one to
//! the other, to rename by one permutation and then by another must be to rename by both at once, and to rename by
//! none must change nothing. A field that is reset, or put in an order, when the value is renamed, breaks that, and
//! need not show in what any handler does. So it is looked at in all that the search came upon: for each permutation,
//! followed by each exchange of two neighbours in a group, of which all others are made.

use std::fmt::Debug;

use super::confirm::{GoOn, first};
use super::group::{Group, IDENTITY};
use super::symmetry::Quotient;
use super::tables::Cluster;
use crate::model::{Protocol, Renaming};
use crate::system::Interner;

/// Renamings, each as what becomes of each node.
struct Compositions {
    /// Exchanges of two neighbours.
    exchanges: Vec<Box<[u8]>>,
    /// By permutation, by exchange: both, one after the other.
    both: Vec<Vec<Box<[u8]>>>,
}

impl Compositions {
    fn of(group: &Group) -> Self {
        let neighbours = group.groups.iter().flat_map(|members| members.windows(2));
        let exchanges: Vec<Box<[u8]>> = neighbours
            .map(|pair| {
                let mut images: Box<[u8]> = group.images(IDENTITY).into();
                images.swap(pair[0], pair[1]);
                images
            })
            .collect();
        let after = |first: &[u8], then: &[u8]| first.iter().map(|node| then[usize::from(*node)]).collect();
        let with_each = |permutation| exchanges.iter().map(|then| after(group.images(permutation), then)).collect();
        let both = (0..group.order()).map(with_each).collect();
        Self { exchanges, both }
    }
}

impl<P: Protocol> Cluster<P> {
    /// A value that is renamed otherwise by two renamings one after the other than by both at once, in words.
    pub(super) fn misnamed(&self, quotient: &Quotient<P>, go_on: GoOn<'_>) -> Option<String> {
        let compositions = Compositions::of(&quotient.group);
        let (group, all) = (&quotient.group, &compositions);
        let of_node = |node: usize| {
            let (slots, messages) = (&self.positions[node].slots, &self.positions[node].messages);
            let slot = |slot: &_, names: &Renaming<'_>| quotient.renamed_slot(slot, names);
            let message = |sent: &_, names: &Renaming<'_>| quotient.renamed_message(sent, names);
            misnamed_in(group, all, go_on, slots, &slot).or_else(|| misnamed_in(group, all, go_on, messages, &message))
        };
        (0..self.positions.len())
            .find_map(of_node)
            .or_else(|| misnamed_in(group, all, go_on, &self.histories, &quotient.symmetry.history))
            .or_else(|| {
                let facts = |facts: &Vec<_>, names: &Renaming<'_>| -> Vec<_> {
                    facts.iter().map(|fact| (quotient.symmetry.fact)(fact, names)).collect()
                };
                misnamed_in(group, all, go_on, &self.facts, &facts)
            })
    }
}

fn misnamed_in<T: Debug + Eq + std::hash::Hash + Send + Sync>(
    group: &Group,
    compositions: &Compositions,
    go_on: GoOn<'_>,
    values: &Interner<T>,
    rename: &(dyn Fn(&T, &Renaming<'_>) -> T + Sync),
) -> Option<String> {
    let look = |ix: usize| {
        let value = values.get(ix as u32);
        let differs = |permutation: usize| {
            let once = rename(value, &Renaming::new(group.images(permutation)));
            let mut both = compositions.exchanges.iter().zip(&compositions.both[permutation]);
            (permutation == IDENTITY && once != *value)
                || both.any(|(then, both)| rename(&once, &Renaming::new(then)) != rename(value, &Renaming::new(both)))
        };
        (0..group.order())
            .any(differs)
            .then(|| format!("to rename {value:?} once and then again is not to rename it by both at once"))
    };
    first(values.len(), go_on, &look)
}

#[cfg(test)]
mod tests {
    use stateright::actor::Id;

    use super::*;
    use crate::model::Rename;

    fn told(rename: &(dyn Fn(&Vec<Id>, &Renaming<'_>) -> Vec<Id> + Sync)) -> Option<String> {
        let group = Group::new(4, vec![vec![1, 2, 3]]).unwrap();
        let values = Interner::default();
        for ids in [&[1, 2][..], &[2, 0]] {
            values.intern(ids.iter().map(|id| Id::from(*id)).collect());
        }
        misnamed_in(&group, &Compositions::of(&group), &|| true, &values, rename)
    }

    #[test]
    fn what_loses_something_when_it_is_renamed_is_found() {
        assert_eq!(told(&|ids, names| ids.rename(names)), None);
        let sorted = |ids: &Vec<Id>, names: &Renaming<'_>| {
            let mut ids = ids.rename(names);
            ids.sort();
            ids
        };
        assert!(told(&sorted).unwrap().contains("Id(2), Id(0)"));
        // As it should be for an exchange of two, and not for three in a circle.
        let backwards = |ids: &Vec<Id>, names: &Renaming<'_>| -> Vec<Id> {
            let from = |id: &Id| (0..4).map(Id::from).find(|other| names.id(*other) == *id);
            ids.iter().filter_map(from).collect()
        };
        assert!(told(&backwards).unwrap().contains("to rename"));
    }
}
