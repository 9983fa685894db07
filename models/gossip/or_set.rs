//! A set from which is removed what was seen, and nothing else: where one adds and another removes at the same time, the
//! element stays.
//!
//! # Source
//!
//! M. Shapiro, N. Preguiça, C. Baquero and M. Zawirski, *A Comprehensive Study of Convergent and Commutative Replicated
//! Data Types* (2011), section 3.3.5 and specification 15 (OR-Set), whose replicas tell each other operations, in causal
//! order. The form whose replicas tell each other their state, and keep the tags that are removed, is the usual one beside
//! it; see A. Bieniusa et al., *An Optimized Conflict-free Replicated Set* (2012), which does without those.
//!
//! # What is modelled
//!
//! Each add has a tag that no other add has; a remove removes the tags that its replica has seen. A replica holds the tags
//! that were added and those that were removed, and to merge is the union of both, which is idempotent, commutative and
//! associative: replicas tell each other what they hold in any order and more than once ([`exchange`](super::exchange)).
//! An element is in the set while one of its tags is not removed. At each replica clients add once, or add and remove in turn.
//!
//! # What is left out, and why that is sound
//!
//! Elements beyond one: the tags of one have nothing to do with those of another. Garbage: that tags which everyone has removed are
//! forgotten (an optimised OR-set sums them up in vectors of versions) changes what is stored and not what is answered.
//! That only an element that is there may be removed (`pre lookup`): where it is not, all tags that are known are removed already.

use std::collections::BTreeSet;

use quorate::model::{
    Card, Claim, Deviations, Facts, History, NetworkKind, Node, Property, Protocol, Roster, Step, World,
};
use quorate::system::Evidence;
use quorate::{Id, deviations, params};
use serde::Serialize;

use super::exchange::{Exchange, Replica, Replicated, converges, divergence, is_write, others};

params! {
    /// The replicas, and what their clients do.
    pub struct Sizes {
        /// Number of replicas.
        pub replicas: usize = 2, in 2..=4;
        /// At how many of them there are clients.
        pub writing: usize = 2, in 1..=4;
        /// How often each of these adds the element, removes it, adds it and so on: 1 is to add it only.
        pub writes: usize = 2, in 1..=4;
        /// How many of these add it once, and do no more.
        pub adding: usize = 0, in 0..=4;
        /// Who sends in an exchange what it holds.
        pub exchange: Exchange = Exchange::Push;
    }
}

deviations! {
    /// What a replica may do wrongly.
    pub enum Deviation {
        /// A remove is of the element, whatever tags it has or will have.
        RemoveElement = "remove-element" breaks "add-wins";
        /// All adds of a replica have one tag.
        SharedTag = "shared-tag" breaks "add-wins";
        /// Tags that are removed are dropped, and nobody remembers that they were removed. Where operations come in causal
        /// order that is enough (specification 15); where states are merged it is not.
        NoTombstones = "no-tombstones" breaks "stays-removed";
        /// The other's tags take the place of the own ones.
        MergeReplace = "merge-replace" breaks "converges";
    }
}

/// Which add it was: at which replica, and the how-many-th write there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Tag {
    /// At which replica.
    pub replica: Id,
    /// Which of the writes there, from 0.
    pub nth: u8,
}

/// What a replica holds of the element.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Tags {
    /// The tags with which it was added.
    pub added: BTreeSet<Tag>,
    /// Those that were removed.
    pub removed: BTreeSet<Tag>,
    /// Deviation: the element itself was removed.
    pub gone: bool,
}

impl Tags {
    /// `query lookup`: whether a tag is not removed.
    pub fn has_element(&self) -> bool {
        !self.added.is_subset(&self.removed) && !self.gone
    }
}

/// The rules of the set.
#[derive(Clone, Debug)]
pub struct Rules {
    deviations: Deviations<Deviation>,
}

impl Rules {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// `update add`: with a tag that no other add has.
    fn add(&self, replica: Id, own: &Tags, nth: u8) -> Tags {
        let nth = if self.breaks(Deviation::SharedTag) { 0 } else { nth };
        let mut tags = own.clone();
        tags.added.insert(Tag { replica, nth });
        tags
    }

    /// `update remove`: the tags that this replica has seen.
    fn remove(&self, own: &Tags) -> Tags {
        if self.breaks(Deviation::NoTombstones) {
            return Tags::default();
        }
        let gone = self.breaks(Deviation::RemoveElement);
        Tags { added: own.added.clone(), removed: own.removed.union(&own.added).copied().collect(), gone }
    }
}

/// Whether the write number `nth` at a replica is an add: adds and removes take turns.
fn is_add(nth: u8) -> bool {
    nth.is_multiple_of(2)
}

impl Replicated for Rules {
    type Value = Tags;

    fn start(&self, _: Id) -> Tags {
        Tags::default()
    }

    fn write(&self, id: Id, own: &Tags, nth: u8) -> Tags {
        if is_add(nth) { self.add(id, own, nth) } else { self.remove(own) }
    }

    /// To merge, where states are told: the union of what was added, and of what was removed.
    fn merge(&self, own: &Tags, others: &Tags) -> Tags {
        if self.breaks(Deviation::MergeReplace) {
            return others.clone();
        }
        Tags {
            added: own.added.union(&others.added).copied().collect(),
            removed: own.removed.union(&others.removed).copied().collect(),
            gone: own.gone || others.gone,
        }
    }
}

/// A client's write, as the observer sees it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// An add.
    Added(Tag),
    /// A remove at a replica that has taken part in these adds, by itself or by what it was told.
    Removed(BTreeSet<Tag>),
}

/// What the observer remembers of the adds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Adds {
    /// Those that were made.
    pub made: BTreeSet<Tag>,
    /// Those that a remove has seen.
    pub seen: BTreeSet<Tag>,
}

impl History for Adds {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match fact {
            Fact::Added(tag) => {
                self.made.insert(*tag);
            }
            Fact::Removed(seen) => self.seen.extend(seen),
        }
    }
}

impl Adds {
    /// An add that no remove has seen.
    fn unseen(&self) -> Option<Tag> {
        self.made.difference(&self.seen).next().copied()
    }
}

/// A replicated set.
#[derive(Clone, Debug)]
pub struct OrSet {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Protocol for OrSet {
    const CARD: Card = Card {
        name: "or-set",
        title: "Set whose removes are of what was seen (OR-Set)",
        source: "Shapiro et al., A Comprehensive Study of Convergent and Commutative Replicated Data Types (2011), \
                 specification 15; Bieniusa et al., An Optimized Conflict-free Replicated Set (2012)",
        modelled: "Adds with a tag each, removes of the tags that were seen, told in any order and more than once; crashes of \
                   replicas that save",
        left_out: "Elements beyond one, which have nothing to do with each other; tags that are forgotten once everyone has \
                   removed them; that only what is there may be removed, since a remove of what is not changes nothing",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Replica<Rules>;
    type History = Adds;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Replica<Rules>> {
        let Sizes { replicas, writing, writes, adding, exchange } = self.sizes;
        let writes = |ix: usize| if ix < adding { 1 } else { writes as u8 };
        let replica = |ix: usize| Replica {
            replicated: Rules { deviations: self.deviations },
            peers: others(replicas, ix),
            exchange,
            writes: if ix < writing { writes(ix) } else { 0 },
            durable: true,
            once: false,
        };
        Roster::new().role("replica", (0..replicas).map(replica))
    }

    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) -> Adds {
        Adds::default()
    }

    /// The adds that were made have tags of the observer's own, which differ, whatever a replica does with its; those that a
    /// remove has seen have the replica's. So with `shared-tag` no remove is noted to have seen a later add than the first,
    /// and `add-wins` may fail of a run that ends with a remove; with three writes, as it is checked, the last is an add.
    fn observe(&self, step: &Step<'_, Replica<Rules>>, facts: &mut Facts<Fact>) {
        let Some(before) = step.before.filter(|_| is_write(step)) else { return };
        let nth = before.written;
        let added = Fact::Added(Tag { replica: step.node, nth });
        facts.push(if is_add(nth) { added } else { Fact::Removed(before.value.added.clone()) });
    }

    fn properties() -> Vec<Property<Self>> {
        vec![converges(), add_wins(), stays_removed(), divergence(), outlived(), emptied()]
    }
}

fn has_element(node: &Node<'_, Replica<Rules>>) -> Option<bool> {
    node.state.map(|replica| replica.value.has_element())
}

fn at(world: &World<'_, OrSet>, wanted: bool) -> Option<Id> {
    world.nodes.iter().find(|node| has_element(node) == Some(wanted)).map(|node| node.id)
}

fn add_wins() -> Property<OrSet> {
    let claim = "In the end the element is in the set everywhere if there is an add that no remove has seen";
    Claim::eventually_always("add-wins", claim).by_world(|_: &OrSet, world: &World<'_, OrSet>| {
        let (tag, id) = (world.history.unseen()?, at(world, false)?);
        let Tag { replica, nth } = tag;
        Some(Evidence::new(format!(
            "no remove has seen the add by write {nth} at {replica:?}, and {id:?} lacks the element"
        )))
    })
}

fn stays_removed() -> Property<OrSet> {
    let claim = "In the end the element is nowhere in the set if removes have seen all of its adds";
    Claim::eventually_always("stays-removed", claim).by_world(|_: &OrSet, world: &World<'_, OrSet>| {
        let id = at(world, true).filter(|_| world.history.unseen().is_none())?;
        Some(Evidence::new(format!("removes have seen all adds, and {id:?} has the element")))
    })
}

fn outlived() -> Property<OrSet> {
    let claim = "All replicas have the element after a remove, by an add that it has not seen";
    Claim::sometimes("outlived", claim).by_world(|_: &OrSet, world: &World<'_, OrSet>| {
        let (tag, none) = (world.history.unseen()?, at(world, false));
        let was_removed = !world.history.seen.is_empty() && none.is_none();
        was_removed.then(|| Evidence::new(format!("the add at {:?} outlives a remove", tag.replica)))
    })
}

fn emptied() -> Property<OrSet> {
    let claim = "The element was added at two replicas, and is removed everywhere";
    Claim::sometimes("emptied", claim).by_world(|_: &OrSet, world: &World<'_, OrSet>| {
        let replicas: BTreeSet<Id> = world.history.made.iter().map(|tag| tag.replica).collect();
        let is_gone = replicas.len() > 1 && world.history.unseen().is_none() && at(world, true).is_none();
        is_gone.then(|| Evidence::new("no replica has the element any more"))
    })
}
