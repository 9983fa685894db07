//! The conditions of properties and assumptions, and what is remembered of each.

use std::sync::RwLock;

use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

use super::tables::Cluster;
use crate::model::{Assumption, Condition, Property, Protocol, StepCondition};
use crate::system::memo::PairMemo;
use crate::system::table::Table;
use crate::system::{PropertyCard, PropertyKind, PropertySet, ShowsIn};

/// The property that every cluster has: no handler panics, and none gives two results for one event.
pub const HANDLERS_BEHAVE: &str = "handlers-behave";

/// The card of [`HANDLERS_BEHAVE`].
pub fn handlers_behave() -> PropertyCard {
    let about = "no handler panics, and none gives two results for one event";
    PropertyCard::new(HANDLERS_BEHAVE, PropertyKind::Always, about)
}

/// A condition and what is remembered of it.
pub(super) struct Remembered<P: Protocol> {
    pub(super) condition: Condition<P>,
    /// Whether it is asked while the search goes. Conditions of properties that show in the graph are asked afterwards.
    pub(super) in_search: bool,
    /// Where it reads nodes: its place among those that do.
    pub(super) reading_ix: Option<usize>,
    /// Where it reads the history: whether it finds something in each, by number of the history.
    pub(super) found_in_history: Table<bool>,
    /// Where it reads the history at both ends of a step: the same, by both numbers.
    pub(super) found_in_histories: PairMemo,
    /// Where it reads nodes: whether it finds something in readings that recur, see [`packed_readings`](Cluster::packed_readings).
    pub(super) found_in_readings: PairMemo,
    /// Where it reads nodes: readings of which it is known that it judges them as those of all images.
    pub(super) alike: RwLock<HashSet<Box<[u32]>, FxBuildHasher>>,
}

/// The conditions of a protocol's properties and of the assumptions that are made, and what is remembered of them.
pub(super) struct Conditions<P: Protocol> {
    /// Those of the properties, by their index; then those that `leads_to` properties ask with; then those of the
    /// assumptions.
    pub(super) remembered: Vec<Remembered<P>>,
    /// By property: where the condition stands that it asks with.
    pub(super) asked_ix: Vec<Option<usize>>,
    /// Where the conditions of the assumptions stand.
    pub(super) assumed_ix: std::ops::Range<usize>,
    /// The names of the assumptions.
    pub(super) assumed: Vec<&'static str>,
    /// The cards of the properties, then the built-in one.
    pub(super) cards: Vec<PropertyCard>,
    pub(super) of_history: PropertySet,
    of_world: PropertySet,
}

impl<P: Protocol> Conditions<P> {
    pub(super) fn new(properties: Vec<Property<P>>, assumptions: Vec<Assumption<P>>) -> Self {
        let mut conditions = Self {
            remembered: Vec::new(),
            asked_ix: Vec::new(),
            assumed_ix: 0..0,
            assumed: assumptions.iter().map(|assumption| assumption.name).collect(),
            cards: Vec::new(),
            of_history: PropertySet::EMPTY,
            of_world: PropertySet::EMPTY,
        };
        let mut asked = Vec::new();
        for Property { card, condition, asked: asks } in properties {
            conditions.remember(condition, card.kind.shows_in() != ShowsIn::Graph);
            conditions.cards.push(card);
            asked.push(asks);
        }
        for asks in asked {
            let at = asks.map(|condition| conditions.remember(condition, false));
            conditions.asked_ix.push(at);
        }
        let start = conditions.remembered.len();
        for assumption in assumptions {
            conditions.remember(assumption.broken, true);
        }
        conditions.assumed_ix = start..conditions.remembered.len();
        conditions.of_history = conditions.reading(|condition| {
            matches!(condition, Condition::History(_) | Condition::Step(StepCondition::History(_)))
        });
        conditions.of_world = conditions
            .reading(|condition| matches!(condition, Condition::World(_) | Condition::Step(StepCondition::World(_))));
        conditions.cards.push(handlers_behave());
        conditions
    }

    fn remember(&mut self, condition: Condition<P>, in_search: bool) -> usize {
        let reads_nodes = matches!(condition, Condition::Nodes(_) | Condition::Step(StepCondition::Nodes(_)));
        self.remembered.push(Remembered {
            reading_ix: reads_nodes.then(|| self.reading_count()),
            condition,
            in_search,
            found_in_history: Table::default(),
            found_in_histories: PairMemo::default(),
            found_in_readings: PairMemo::default(),
            alike: RwLock::default(),
        });
        self.remembered.len() - 1
    }

    /// The properties that are asked where something that they read has changed, and read it in this way. A deadlock
    /// is asked for where nothing happens.
    fn reading(&self, reads: impl Fn(&Condition<P>) -> bool) -> PropertySet {
        PropertySet::of(self.cards.len(), |ix| {
            let asked = match self.cards[ix].kind.shows_in() {
                ShowsIn::State | ShowsIn::Step => true,
                ShowsIn::Deadlock | ShowsIn::Graph => false,
            };
            asked && reads(&self.remembered[ix].condition)
        })
    }

    pub(super) fn cards(&self) -> &[PropertyCard] {
        &self.cards
    }

    /// How many conditions read nodes.
    pub(super) fn reading_count(&self) -> usize {
        self.remembered.iter().filter(|remembered| remembered.reading_ix.is_some()).count()
    }

    /// Whether some of the asked properties reads the history.
    pub(super) fn read_history(&self, asked: PropertySet) -> bool {
        !asked.intersection(self.of_history).is_empty()
    }

    /// Whether some of the asked properties reads everything.
    pub(super) fn read_world(&self, asked: PropertySet) -> bool {
        !asked.intersection(self.of_world).is_empty()
    }

    /// Bytes of what is remembered of readings.
    pub(super) fn bytes(&self) -> usize {
        self.remembered.iter().map(|remembered| remembered.found_in_readings.bytes()).sum()
    }

    /// Whether anything is assumed.
    pub(super) fn assume_any(&self) -> bool {
        !self.assumed_ix.is_empty()
    }
}

impl<P: Protocol> Cluster<P> {
    pub(super) fn is_of_protocol(&self, property_ix: usize) -> bool {
        property_ix + 1 < self.conditions.cards.len()
    }

    /// Whether the reductions in force preserve the verdict of a property. Those over states or steps are, and that a
    /// goal is always possible. Those that fairness decides are not: it asks of each message and of each node alone
    /// whether it is left waiting, and names tell them apart. What reads everything may read what is stale.
    pub(super) fn is_preserved(&self, property_ix: usize) -> bool {
        let kind = self.conditions.cards[property_ix].kind;
        let is_of_states = match kind.shows_in() {
            ShowsIn::State | ShowsIn::Step | ShowsIn::Deadlock => true,
            ShowsIn::Graph => kind == PropertyKind::AlwaysPossible,
        };
        let asked = self.conditions.asked_ix.get(property_ix).copied().flatten();
        // The last property is the cluster's own, and has no condition.
        let read = self.is_of_protocol(property_ix).then(|| &self.conditions.remembered[property_ix]).into_iter();
        let mut read = read.chain(asked.map(|at| &self.conditions.remembered[at]));
        let is_reduced = self.quotient.is_some() || self.stale.is_some();
        (is_of_states || !is_reduced)
            && (self.stale.is_none() || !read.any(|remembered| remembered.condition.reads_world()))
    }
}
