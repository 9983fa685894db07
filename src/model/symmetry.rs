//! Members that are interchangeable, and what it means to interchange them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;

use stateright::actor::{Actor, Envelope, Id};

use super::{History, Protocol, Roster};

/// Other names for some members: a permutation of ids.
#[derive(Clone, Copy, Debug)]
pub struct Renaming<'a> {
    images: &'a [u8],
}

impl<'a> Renaming<'a> {
    /// The id `n` becomes `images[n]`; an id that nobody has stays.
    pub(crate) fn new(images: &'a [u8]) -> Self {
        Self { images }
    }

    /// The list in which the place of each member is the place of what it is called now: `list[n]` is about the member
    /// with id `n`.
    ///
    /// # Panics
    /// If the list has no place for a member that changes places with one in it.
    pub fn places<T: Clone>(&self, list: &[T]) -> Vec<T> {
        let mut moved = list.to_vec();
        for (node, value) in list.iter().enumerate() {
            let place = usize::from(self.id(Id::from(node)));
            assert!(place < moved.len(), "a list that is put in another order has a place for each who changes places");
            moved[place].clone_from(value);
        }
        moved
    }

    /// What an id is called now.
    pub fn id(&self, id: Id) -> Id {
        self.images.get(usize::from(id)).map_or(id, |image| Id::from(usize::from(*image)))
    }
}

/// A value in which members can be called otherwise.
///
/// Every [`Id`] in the value becomes what `names` says, wherever it stands: in a set, as the key of a map. A number
/// that stands for a member must be changed too, and a list that has a place for each member must be put in the new
/// order; what is written as an `Id` is taken care of by [`rename!`](crate::rename). Whoever forgets one will be told:
/// a search that takes renamed states for one renames all that the handlers did, and compares it with what they do.
pub trait Rename {
    /// The value with the members called otherwise.
    #[must_use]
    fn rename(&self, names: &Renaming<'_>) -> Self;
}

impl Rename for Id {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        names.id(*self)
    }
}

/// Types in which nobody is named.
macro_rules! nameless {
    ($($nameless:ty),* $(,)?) => {
        $(impl Rename for $nameless {
            fn rename(&self, _: &Renaming<'_>) -> Self {
                self.clone()
            }
        })*
    };
}

nameless!((), bool, char, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, String, &'static str);

impl<T: Rename> Rename for Option<T> {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        self.as_ref().map(|value| value.rename(names))
    }
}

impl<T: Rename> Rename for Box<T> {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        Self::new((**self).rename(names))
    }
}

impl<T: Rename> Rename for Vec<T> {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        self.iter().map(|value| value.rename(names)).collect()
    }
}

impl<T: Rename> Rename for VecDeque<T> {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        self.iter().map(|value| value.rename(names)).collect()
    }
}

impl<T: Rename, const N: usize> Rename for [T; N] {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        self.each_ref().map(|value| value.rename(names))
    }
}

impl<T: Rename + Ord> Rename for BTreeSet<T> {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        self.iter().map(|value| value.rename(names)).collect()
    }
}

impl<K: Rename + Ord, V: Rename> Rename for BTreeMap<K, V> {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        self.iter().map(|(key, value)| (key.rename(names), value.rename(names))).collect()
    }
}

impl<A: Rename, B: Rename> Rename for (A, B) {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        (self.0.rename(names), self.1.rename(names))
    }
}

impl<A: Rename, B: Rename, C: Rename> Rename for (A, B, C) {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        (self.0.rename(names), self.1.rename(names), self.2.rename(names))
    }
}

impl<M: Rename> Rename for Envelope<M> {
    fn rename(&self, names: &Renaming<'_>) -> Self {
        Self { src: names.id(self.src), dst: names.id(self.dst), msg: self.msg.rename(names) }
    }
}

/// Says of structs and enums how they are [renamed](Rename): field by field, all of which are named.
///
/// ```
/// use quorate::stateright::actor::Id;
///
/// #[derive(Clone)]
/// struct Ballot {
///     round: u32,
///     proposer: Id,
/// }
/// #[derive(Clone)]
/// enum Message {
///     Prepare(Ballot),
///     Promise { ballot: Ballot, voted: Option<Ballot> },
///     Reset,
/// }
/// #[derive(Clone)]
/// enum Phase {
///     Idle,
/// }
/// quorate::rename! {
///     struct Ballot { round, proposer }
///     enum Message { Prepare(ballot), Promise { ballot, voted }, Reset }
///     nobody in Phase
/// }
/// ```
#[macro_export]
macro_rules! rename {
    () => {};
    (struct $name:ident { $($field:ident),* $(,)? } $($rest:tt)*) => {
        impl $crate::model::Rename for $name {
            fn rename(&self, names: &$crate::model::Renaming<'_>) -> Self {
                let Self { $($field),* } = self;
                Self { $($field: $crate::model::Rename::rename($field, names)),* }
            }
        }
        $crate::rename! { $($rest)* }
    };
    (struct $name:ident ( $($field:ident),* $(,)? ) $($rest:tt)*) => {
        impl $crate::model::Rename for $name {
            fn rename(&self, names: &$crate::model::Renaming<'_>) -> Self {
                let Self($($field),*) = self;
                Self($($crate::model::Rename::rename($field, names)),*)
            }
        }
        $crate::rename! { $($rest)* }
    };
    (enum $name:ident {
        $($variant:ident $({ $($field:ident),* $(,)? })? $(( $($item:ident),* $(,)? ))?),* $(,)?
    } $($rest:tt)*) => {
        impl $crate::model::Rename for $name {
            fn rename(&self, names: &$crate::model::Renaming<'_>) -> Self {
                // Where no variant names anybody.
                let _ = names;
                match self {
                    $(Self::$variant $({ $($field),* })? $(( $($item),* ))? => {
                        Self::$variant
                            $({ $($field: $crate::model::Rename::rename($field, names)),* })?
                            $(( $($crate::model::Rename::rename($item, names)),* ))?
                    })*
                }
            }
        }
        $crate::rename! { $($rest)* }
    };
    (nobody in $name:ident $($rest:tt)*) => {
        impl $crate::model::Rename for $name {
            fn rename(&self, _: &$crate::model::Renaming<'_>) -> Self {
                ::core::clone::Clone::clone(self)
            }
        }
        $crate::rename! { $($rest)* }
    };
}

type Renamer<T> = fn(&T, &Renaming<'_>) -> T;

/// Which members of a protocol are interchangeable, and how its values are renamed.
///
/// Members of one group are interchangeable if the protocol works as before when they change places: every handler
/// does for a renamed node, state and message what it does for the original, renamed, and the observer likewise.
/// A protocol that compares ids, asks the members in an order, or starts them differently, is not symmetric in
/// them. A declaration is not believed: see [`cluster`](crate::cluster).
pub struct Symmetry<P: Protocol> {
    /// Disjoint groups of interchangeable members, each of two or more of one role.
    pub(crate) groups: Vec<Vec<Id>>,
    pub(crate) state: Renamer<<P::Actor as Actor>::State>,
    pub(crate) storage: Renamer<<P::Actor as Actor>::Storage>,
    pub(crate) message: Renamer<<P::Actor as Actor>::Msg>,
    pub(crate) timer: Renamer<<P::Actor as Actor>::Timer>,
    pub(crate) options: Renamer<Vec<<P::Actor as Actor>::Random>>,
    pub(crate) history: Renamer<P::History>,
    pub(crate) fact: Renamer<<P::History as History>::Fact>,
}

impl<P: Protocol> Symmetry<P> {
    /// The members of each of these roles are interchangeable among themselves. A role that is not there, or has one
    /// member, adds nothing.
    pub fn of_roles(roster: &Roster<P::Actor>, roles: &[&str]) -> Self
    where
        <P::Actor as Actor>::State: Rename,
        <P::Actor as Actor>::Storage: Rename,
        <P::Actor as Actor>::Msg: Rename,
        <P::Actor as Actor>::Timer: Rename,
        <P::Actor as Actor>::Random: Rename + Ord,
        P::History: Rename,
        <P::History as History>::Fact: Rename,
    {
        let members = |role: &&str| -> Vec<Id> {
            let members = roster.members().iter().enumerate();
            members.filter(|(_, member)| member.role == *role).map(|(node, _)| Id::from(node)).collect()
        };
        Self::of_groups(roles.iter().map(members))
    }

    /// The members of each of these groups are interchangeable among themselves; each is of one role, and nobody is in two.
    pub fn of_groups(groups: impl IntoIterator<Item = Vec<Id>>) -> Self
    where
        <P::Actor as Actor>::State: Rename,
        <P::Actor as Actor>::Storage: Rename,
        <P::Actor as Actor>::Msg: Rename,
        <P::Actor as Actor>::Timer: Rename,
        <P::Actor as Actor>::Random: Rename + Ord,
        P::History: Rename,
        <P::History as History>::Fact: Rename,
    {
        Self {
            groups: groups.into_iter().filter(|group| group.len() > 1).collect(),
            state: Rename::rename,
            storage: Rename::rename,
            message: Rename::rename,
            timer: Rename::rename,
            options: renamed_options,
            history: Rename::rename,
            fact: Rename::rename,
        }
    }
}

/// Options that stand in order, such as those for each member, do so afterwards.
fn renamed_options<R: Rename + Ord>(options: &Vec<R>, names: &Renaming<'_>) -> Vec<R> {
    let mut renamed = options.rename(names);
    if options.is_sorted() {
        renamed.sort();
    }
    renamed
}

impl<P: Protocol> fmt::Debug for Symmetry<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Symmetry").field("groups", &self.groups).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
    struct Ballot {
        round: u32,
        proposer: Id,
    }

    #[derive(Clone, Debug, PartialEq)]
    struct Pair(Id, Phase);

    #[derive(Clone, Debug, PartialEq)]
    enum Phase {
        Idle,
    }

    #[derive(Clone, Debug, PartialEq)]
    enum Message {
        Prepare(Ballot),
        Promise { ballot: Ballot, by: BTreeSet<Id> },
        Reset,
    }

    rename! {
        struct Ballot { round, proposer }
        struct Pair(id, phase)
        enum Message { Prepare(ballot), Promise { ballot, by }, Reset }
        nobody in Phase
    }

    #[test]
    fn ids_are_renamed_wherever_they_stand() {
        let names = Renaming::new(&[0, 2, 3, 1]);
        let ballot = |proposer: usize| Ballot { round: 1, proposer: Id::from(proposer) };
        let ids = |ids: &[usize]| ids.iter().map(|id| Id::from(*id)).collect::<BTreeSet<Id>>();
        assert_eq!(ballot(1).rename(&names), ballot(2));
        assert_eq!(Message::Prepare(ballot(3)).rename(&names), Message::Prepare(ballot(1)));
        let promise = |proposer, by: &[usize]| Message::Promise { ballot: ballot(proposer), by: ids(by) };
        assert_eq!(promise(0, &[1, 2]).rename(&names), promise(0, &[2, 3]));
        assert_eq!(Message::Reset.rename(&names), Message::Reset);
        assert_eq!(Pair(Id::from(3), Phase::Idle).rename(&names), Pair(Id::from(1), Phase::Idle));
        let map = |entries: [(usize, u8); 2]| BTreeMap::from(entries.map(|(id, n)| (Id::from(id), n)));
        assert_eq!(map([(1, 7), (3, 8)]).rename(&names), map([(2, 7), (1, 8)]));
        assert_eq!(Id::from(9).rename(&names), Id::from(9));
    }
}
