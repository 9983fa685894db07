//! Properties and assumptions over words: what each reads, remembered by number.

use std::cell::OnceCell;
use std::sync::{OnceLock, RwLock};

use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;
use smallvec::SmallVec;
use stateright::actor::Id;

use super::inbox::message_of;
use super::slot::{Life, Slot};
use super::tables::Cluster;
use crate::model::{Assumption, Condition, Node, Property, Protocol, StepCondition, World};
use crate::system::memo::PairMemo;
use crate::system::table::Table;
use crate::system::{Evidence, PropertyCard, PropertyKind, PropertySet, ShowsIn, Word};

/// The property that every cluster has: no handler panics, and none gives two results for one event.
pub const HANDLERS_BEHAVE: &str = "handlers-behave";

/// The card of [`HANDLERS_BEHAVE`].
pub fn handlers_behave() -> PropertyCard {
    let about = "no handler panics, and none gives two results for one event";
    PropertyCard::new(HANDLERS_BEHAVE, PropertyKind::Always, about)
}

/// Bits of the readings of all nodes of which it is remembered how they are judged, and of each.
const PACKED_BITS: u32 = 60;
const MOST_READING_BITS: u32 = 5;

/// A condition and what is remembered of it.
pub(super) struct Remembered<P: Protocol> {
    pub(super) condition: Condition<P>,
    /// Whether it is asked while the search goes. Conditions of properties that show in the graph are asked afterwards.
    in_search: bool,
    /// Where it reads nodes: its place among those that do.
    pub(super) reading_ix: Option<usize>,
    /// Where it reads the history: whether it finds something in each, by number of the history.
    found_in_history: Table<bool>,
    /// Where it reads the history at both ends of a step: the same, by both numbers.
    found_in_histories: PairMemo,
    /// Where it reads nodes: whether it finds something in readings that recur, see [`packed_readings`](Cluster::packed_readings).
    found_in_readings: PairMemo,
    /// Where it reads nodes: readings of which it is known that it judges them as those of all images.
    pub(super) alike: RwLock<HashSet<Box<[u32]>, FxBuildHasher>>,
}

/// The conditions of a protocol's properties and of the assumptions that are made, and what is remembered of them.
pub(super) struct Conditions<P: Protocol> {
    /// Those of the properties, by their index; then those that `leads_to` properties ask with; then those of the
    /// assumptions.
    pub(super) remembered: Vec<Remembered<P>>,
    /// By property: where the condition stands that it asks with.
    asked_ix: Vec<Option<usize>>,
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

/// A state that is asked about.
struct Asked<'a> {
    state: &'a [Word],
    /// By node: what the conditions have read of it. Looked up once for all of them, when the first asks.
    readings: OnceCell<SmallVec<[&'a [OnceLock<u32>]; 8]>>,
}

impl<'a> Asked<'a> {
    fn about(state: &'a [Word]) -> Self {
        Self { state, readings: OnceCell::new() }
    }
}

impl<P: Protocol> Cluster<P> {
    /// Whether some condition that is asked in the search reads something else of the second slot than of the first.
    pub(super) fn sees_difference(&self, node: usize, before: u32, after: u32) -> bool {
        if before == after {
            return false;
        }
        let failed = self.some_failed() && matches!(self.positions[node].slots.get(after).life, Life::Failed(_));
        failed
            || self.conditions.remembered.iter().any(|remembered| {
                remembered.in_search
                    && remembered.reading_ix.is_some()
                    && self.reading(remembered, node, before) != self.reading(remembered, node, after)
            })
    }

    pub(super) fn reading(&self, remembered: &Remembered<P>, node: usize, slot: u32) -> u32 {
        let reading_ix = remembered.reading_ix.expect("the condition reads nodes");
        self.positions[node].reading(reading_ix, slot, |slot| {
            let view = view::<P>(node, slot);
            match &remembered.condition {
                Condition::Nodes(nodes) => nodes.reading(&self.protocol, &view),
                Condition::Step(StepCondition::Nodes(nodes)) => nodes.reading(&self.protocol, &view),
                Condition::History(_) | Condition::World(_) | Condition::Step(_) => {
                    unreachable!("only these read nodes")
                }
            }
        })
    }

    fn readings(&self, remembered: &Remembered<P>, state: &[Word]) -> Vec<u32> {
        let positions = self.positions.iter().enumerate();
        positions.map(|(node, position)| self.reading(remembered, node, position.slot_number(state[node]))).collect()
    }

    /// See [`TransitionSystem::findings`](crate::system::TransitionSystem::findings).
    pub(super) fn find(&self, state: &[Word], open: PropertySet) -> PropertySet {
        let found = self.find_here(state, open);
        if const { P::REDUCTIONS.symmetry } {
            self.compare_with_images(state, found, open);
        }
        found
    }

    fn find_here(&self, state: &[Word], open: PropertySet) -> PropertySet {
        let asked = Asked::about(state);
        PropertySet::of(self.conditions.cards.len(), |property_ix| {
            open.contains(property_ix)
                && match self.is_of_protocol(property_ix) {
                    true => self.finds(&asked, property_ix),
                    false => self.some_failed() && self.failure(state).is_some(),
                }
        })
    }

    /// See [`TransitionSystem::asks`](crate::system::TransitionSystem::asks).
    pub(super) fn find_asked(&self, state: &[Word], open: PropertySet) -> PropertySet {
        let asked = Asked::about(state);
        PropertySet::of(self.conditions.asked_ix.len(), |property_ix| {
            open.contains(property_ix)
                && self.finds(&asked, self.conditions.asked_ix[property_ix].unwrap_or(property_ix))
        })
    }

    pub(super) fn is_of_protocol(&self, property_ix: usize) -> bool {
        property_ix + 1 < self.conditions.cards.len()
    }

    /// Whether a condition finds something in a state.
    pub(super) fn finds_in(&self, state: &[Word], condition_ix: usize) -> bool {
        self.finds(&Asked::about(state), condition_ix)
    }

    fn finds<'a>(&'a self, asked: &Asked<'a>, condition_ix: usize) -> bool {
        let state = asked.state;
        let history = state[self.layout.history()];
        let remembered = &self.conditions.remembered[condition_ix];
        match &remembered.condition {
            Condition::History(condition) => *remembered
                .found_in_history
                .get_or_set(history as usize, || condition(&self.protocol, self.histories.get(history)).is_some()),
            Condition::Nodes(nodes) => match self.packed_readings(remembered, asked) {
                Some((high, low)) => {
                    let judge = || u32::from(nodes.judge(&self.protocol, &self.readings(remembered, state)).is_some());
                    remembered.found_in_readings.get_or_compute(high, low, judge) != 0
                }
                None => self.evidence_in(state, condition_ix).is_some(),
            },
            Condition::World(_) => self.evidence_in(state, condition_ix).is_some(),
            Condition::Step(_) => false,
        }
    }

    /// The readings of all nodes as one number in two halves, if they are few and small: then they recur.
    fn packed_readings<'a>(&'a self, remembered: &Remembered<P>, asked: &Asked<'a>) -> Option<(u32, u32)> {
        let of_all = || {
            let slots = self.positions.iter().zip(asked.state);
            slots.map(|(position, word)| position.readings(position.slot_number(*word))).collect()
        };
        let (readings, reading_ix) = (asked.readings.get_or_init(of_all), remembered.reading_ix?);
        let bits = (PACKED_BITS / self.positions.len().max(1) as u32).min(MOST_READING_BITS);
        let mut packed = 0;
        for (node, of_node) in readings.iter().enumerate() {
            let read = || self.reading(remembered, node, self.positions[node].slot_number(asked.state[node]));
            let reading = of_node.get(reading_ix).and_then(OnceLock::get).copied().unwrap_or_else(read);
            if reading >> bits != 0 {
                return None;
            }
            packed = packed << bits | u64::from(reading);
        }
        Some(((packed >> u32::BITS) as u32, packed as u32))
    }

    /// See [`TransitionSystem::step_findings`](crate::system::TransitionSystem::step_findings).
    pub(super) fn find_in_step(&self, before: &[Word], after: &[Word], open: PropertySet) -> PropertySet {
        let found = self.find_in_step_here(before, after, open);
        if const { P::REDUCTIONS.symmetry } {
            self.compare_with_images_of_step(before, after, found, open);
        }
        found
    }

    pub(super) fn find_in_step_here(&self, before: &[Word], after: &[Word], open: PropertySet) -> PropertySet {
        let count = self.conditions.cards.len() - 1;
        let histories = [before, after].map(|state| state[self.layout.history()]);
        PropertySet::of(count, |property_ix| {
            let remembered = &self.conditions.remembered[property_ix];
            open.contains(property_ix)
                && match &remembered.condition {
                    Condition::Step(StepCondition::History(condition)) if histories[0] != histories[1] => {
                        let [before, after] = histories.map(|history| self.histories.get(history));
                        let found = || u32::from(condition(&self.protocol, before, after).is_some());
                        remembered.found_in_histories.get_or_compute(histories[0], histories[1], found) != 0
                    }
                    Condition::Step(StepCondition::History(_)) => false,
                    Condition::Step(StepCondition::Nodes(_) | StepCondition::World(_)) => {
                        self.look_at_step(before, after, property_ix).is_some()
                    }
                    Condition::History(_) | Condition::Nodes(_) | Condition::World(_) => false,
                }
        })
    }

    /// What a property finds, with ids where names belong.
    pub(super) fn look(&self, state: &[Word], property_ix: usize) -> Option<Evidence> {
        match self.is_of_protocol(property_ix) {
            true => self.evidence_in(state, property_ix),
            false => self.failure(state),
        }
    }

    fn evidence_in(&self, state: &[Word], condition_ix: usize) -> Option<Evidence> {
        let remembered = &self.conditions.remembered[condition_ix];
        match &remembered.condition {
            Condition::History(condition) => {
                condition(&self.protocol, self.histories.get(state[self.layout.history()]))
            }
            Condition::Nodes(nodes) => nodes.judge(&self.protocol, &self.readings(remembered, state)),
            Condition::World(condition) => condition(&self.protocol, &self.world(state)),
            Condition::Step(_) => None,
        }
    }

    /// What a property of steps finds, with ids where names belong.
    pub(super) fn look_at_step(&self, before: &[Word], after: &[Word], property_ix: usize) -> Option<Evidence> {
        let remembered = self.is_of_protocol(property_ix).then(|| &self.conditions.remembered[property_ix])?;
        match &remembered.condition {
            Condition::Step(StepCondition::History(condition)) => {
                let [before, after] = [before, after].map(|state| self.histories.get(state[self.layout.history()]));
                (before != after).then(|| condition(&self.protocol, before, after)).flatten()
            }
            Condition::Step(StepCondition::Nodes(nodes)) => {
                let [before, after] = [before, after].map(|state| self.readings(remembered, state));
                (before != after).then(|| nodes.judge(&self.protocol, &before, &after)).flatten()
            }
            Condition::Step(StepCondition::World(condition)) => {
                condition(&self.protocol, &self.world(before), &self.world(after))
            }
            Condition::History(_) | Condition::Nodes(_) | Condition::World(_) => None,
        }
    }

    /// The place among the assumptions of the first that is broken in `state`.
    pub(super) fn first_broken(&self, state: &[Word]) -> Option<usize> {
        let asked = Asked::about(state);
        self.conditions.assumed_ix.clone().position(|condition_ix| self.finds(&asked, condition_ix))
    }

    /// The name of an assumption that is broken in `state`, if one is.
    pub(super) fn broken_assumption(&self, state: &[Word]) -> Option<&'static str> {
        let at = self.first_broken(state);
        if const { P::REDUCTIONS.symmetry } {
            self.compare_assumptions_with_images(state, at);
        }
        at.map(|at| self.conditions.assumed[at])
    }

    /// Whether a step with these edits leads where an assumption is broken. One that changes nothing that assumptions
    /// read does not; `visible` says whether it changes what is read of a node.
    pub(super) fn is_ruled_out(&self, state: &[Word], edits: &[(u32, Word)], visible: bool) -> bool {
        let conditions = &self.conditions.remembered[self.conditions.assumed_ix.clone()];
        let history = self.layout.history() as u32;
        let changes = |condition: &Condition<P>| match condition {
            Condition::History(_) => edits.iter().any(|(position, _)| *position == history),
            Condition::Nodes(_) => visible,
            Condition::World(_) => true,
            Condition::Step(_) => false,
        };
        if !conditions.iter().any(|remembered| changes(&remembered.condition)) {
            return false;
        }
        let mut after = state.to_vec();
        edits.iter().for_each(|(position, word)| after[*position as usize] = *word);
        self.broken_assumption(&after).is_some()
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

    /// An assumption that reads everything, if one is made.
    pub(super) fn assumption_by_world(&self) -> Option<&'static str> {
        let assumed = &self.conditions.remembered[self.conditions.assumed_ix.clone()];
        assumed.iter().position(|remembered| remembered.condition.reads_world()).map(|at| self.conditions.assumed[at])
    }

    fn failure(&self, state: &[Word]) -> Option<Evidence> {
        let failed =
            |(node, position): (usize, &super::position::Position<P::Actor>)| match &position.slot(state[node]).life {
                Life::Failed(how) => Some(Evidence::new(format!("a handler of {:?} {how}", Id::from(node)))),
                Life::Up(_) | Life::Down => None,
            };
        self.positions.iter().enumerate().find_map(failed)
    }

    pub(super) fn world(&self, state: &[Word]) -> World<'_, P> {
        let mut world = World {
            nodes: Vec::with_capacity(self.layout.node_count),
            history: self.histories.get(state[self.layout.history()]),
            in_flight: Vec::new(),
        };
        for (node, position) in self.positions.iter().enumerate() {
            world.nodes.push(view::<P>(node, position.slot(state[node])));
            let messages = position.inbox(state[node]).iter();
            world.in_flight.extend(messages.map(|flight| position.messages.get(message_of(*flight))));
        }
        world
    }
}

/// A slot, as properties see it.
pub(super) fn view<'a, P: Protocol>(node: usize, slot: &'a Slot<P::Actor>) -> Node<'a, P::Actor> {
    Node { id: Id::from(node), state: slot.state(), storage: slot.storage.as_ref() }
}
