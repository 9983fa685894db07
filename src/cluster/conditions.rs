//! Properties over words: what each reads, remembered by number.

use stateright::actor::Id;

use super::slot::{Life, Slot};
use super::tables::Cluster;
use crate::model::{Condition, Node, Nodes, Property, Protocol, World};
use crate::system::table::Table;
use crate::system::{Evidence, PropertyCard, PropertyKind, PropertySet, Word};

/// The property that every cluster has: no handler panics, and none gives two results for one event.
pub const HANDLERS_BEHAVE: &str = "handlers-behave";

/// The card of [`HANDLERS_BEHAVE`].
pub fn handlers_behave() -> PropertyCard {
    PropertyCard {
        name: HANDLERS_BEHAVE.to_owned(),
        kind: PropertyKind::Always,
        about: "no handler panics, and none gives two results for one event".to_owned(),
    }
}

/// The properties of a protocol, and what is remembered of them.
pub(super) struct Conditions<P: Protocol> {
    properties: Vec<Property<P>>,
    /// Those of the protocol, then the built-in one.
    cards: Vec<PropertyCard>,
    /// For each property that reads the history: whether it finds something in each, by number of the history.
    found_in_history: Vec<Table<bool>>,
    /// For each property that reads nodes: its place among these.
    reading_ix: Vec<Option<usize>>,
    of_history: PropertySet,
    of_world: PropertySet,
}

impl<P: Protocol> Conditions<P> {
    pub(super) fn new(properties: Vec<Property<P>>) -> Self {
        let mut cards: Vec<PropertyCard> = properties.iter().map(|property| property.card.clone()).collect();
        cards.push(handlers_behave());
        let mut reading_count = 0;
        let reading_ix = properties.iter().map(|property| {
            let reads = matches!(property.condition, Condition::Nodes(_));
            reading_count += usize::from(reads);
            reads.then(|| reading_count - 1)
        });
        let reading_ix = reading_ix.collect();
        // A deadlock is asked for where nothing happens, not where something changed.
        let asked = |property_ix: usize| {
            properties.get(property_ix).filter(|property| property.card.kind != PropertyKind::NoDeadlock)
        };
        let of = |reads: fn(&Condition<P>) -> bool| {
            PropertySet::of(cards.len(), |property_ix| asked(property_ix).is_some_and(|asked| reads(&asked.condition)))
        };
        Self {
            of_history: of(|condition| matches!(condition, Condition::History(_))),
            of_world: of(|condition| matches!(condition, Condition::World(_))),
            found_in_history: properties.iter().map(|_| Table::default()).collect(),
            reading_ix,
            cards,
            properties,
        }
    }

    pub(super) fn cards(&self) -> &[PropertyCard] {
        &self.cards
    }

    /// How many properties read nodes.
    pub(super) fn reading_count(&self) -> usize {
        self.reading_ix.iter().flatten().count()
    }

    /// Whether some of the asked properties reads the history.
    pub(super) fn read_history(&self, asked: PropertySet) -> bool {
        !asked.intersection(self.of_history).is_empty()
    }

    /// Whether some of the asked properties reads everything.
    pub(super) fn read_world(&self, asked: PropertySet) -> bool {
        !asked.intersection(self.of_world).is_empty()
    }
}

impl<P: Protocol> Cluster<P> {
    /// Whether some property that reads nodes reads something else of the second slot than of the first.
    pub(super) fn sees_difference(&self, node: usize, before: u32, after: u32) -> bool {
        if before == after {
            return false;
        }
        let failed = matches!(self.positions[node].slots.get(after).life, Life::Failed(_));
        failed
            || self.conditions.properties.iter().enumerate().any(|(property_ix, property)| match &property.condition {
                Condition::Nodes(nodes) => {
                    self.reading(property_ix, &**nodes, node, before)
                        != self.reading(property_ix, &**nodes, node, after)
                }
                Condition::History(_) | Condition::World(_) => false,
            })
    }

    fn reading(&self, property_ix: usize, nodes: &dyn Nodes<P>, node: usize, slot: u32) -> u32 {
        let position = &self.positions[node];
        let reading_ix = self.conditions.reading_ix[property_ix].expect("the property reads nodes");
        *position.readings[reading_ix]
            .get_or_set(slot as usize, || nodes.reading(&self.protocol, &view::<P>(node, position.slots.get(slot))))
    }

    /// See [`TransitionSystem::findings`](crate::system::TransitionSystem::findings).
    pub(super) fn find(&self, state: &[Word], open: PropertySet) -> PropertySet {
        let count = self.conditions.cards.len();
        PropertySet::of(count, |property_ix| open.contains(property_ix) && self.finds(state, property_ix))
    }

    fn finds(&self, state: &[Word], property_ix: usize) -> bool {
        let history = state[self.layout.history()];
        match self.conditions.properties.get(property_ix).map(|property| &property.condition) {
            Some(Condition::History(condition)) => *self.conditions.found_in_history[property_ix]
                .get_or_set(history as usize, || condition(&self.protocol, self.histories.get(history)).is_some()),
            Some(Condition::Nodes(_) | Condition::World(_)) => self.look(state, property_ix).is_some(),
            None => self.some_failed() && self.failure(state).is_some(),
        }
    }

    /// What a property finds, with ids where names belong.
    pub(super) fn look(&self, state: &[Word], property_ix: usize) -> Option<Evidence> {
        let Some(property) = self.conditions.properties.get(property_ix) else {
            return self.failure(state);
        };
        match &property.condition {
            Condition::History(condition) => {
                condition(&self.protocol, self.histories.get(state[self.layout.history()]))
            }
            Condition::Nodes(nodes) => {
                let readings: Vec<u32> = (self.positions.iter().enumerate())
                    .map(|(node, position)| {
                        self.reading(property_ix, &**nodes, node, position.slot_number(state[node]))
                    })
                    .collect();
                nodes.judge(&self.protocol, &readings)
            }
            Condition::World(condition) => condition(&self.protocol, &self.world(state)),
        }
    }

    fn failure(&self, state: &[Word]) -> Option<Evidence> {
        let failed =
            |(node, position): (usize, &super::position::Position<P::Actor>)| match &position.slot(state[node]).life {
                Life::Failed(how) => Some(Evidence::new(format!("a handler of {:?} {how}", Id::from(node)))),
                Life::Up(_) | Life::Down => None,
            };
        self.positions.iter().enumerate().find_map(failed)
    }

    fn world(&self, state: &[Word]) -> World<'_, P> {
        let mut world = World {
            nodes: Vec::with_capacity(self.layout.node_count),
            history: self.histories.get(state[self.layout.history()]),
            in_flight: Vec::new(),
        };
        for (node, position) in self.positions.iter().enumerate() {
            world.nodes.push(view::<P>(node, position.slot(state[node])));
            let messages = position.inbox(state[node]).iter();
            world.in_flight.extend(messages.map(|message| position.messages.get(*message)));
        }
        world
    }
}

/// A slot, as properties see it.
fn view<'a, P: Protocol>(node: usize, slot: &'a Slot<P::Actor>) -> Node<'a, P::Actor> {
    Node { id: Id::from(node), state: slot.state(), storage: slot.storage.as_ref() }
}
