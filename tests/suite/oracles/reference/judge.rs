//! What the properties of a protocol find in a global state.

use quorate::Id;
use quorate::model::{Condition, Node, Property, Protocol, World};
use quorate::system::PropertyKind;
use stateright::Model;

use super::super::naive::{self, Bounds, Census, Probe};
use super::{Reference, WorldOf};

impl<P: Protocol> Reference<P> {
    /// Whether `property` finds in `world` what it looks for.
    pub fn finds(&self, property: &Property<P>, world: &WorldOf<P>) -> bool {
        if property.card.kind == PropertyKind::NoDeadlock && self.goes_on(world) {
            return false;
        }
        let nodes: Vec<Node<'_, P::Actor>> = world
            .nodes
            .iter()
            .enumerate()
            .map(|(ix, node)| Node {
                id: Id::from(ix),
                state: node.memory.as_ref().map(|memory| &memory.state),
                storage: node.storage.as_ref(),
            })
            .collect();
        let found = match &property.condition {
            Condition::History(condition) => condition(&self.protocol, &world.history),
            Condition::Nodes(condition) => {
                let readings: Vec<u32> = nodes.iter().map(|node| condition.reading(&self.protocol, node)).collect();
                condition.judge(&self.protocol, &readings)
            }
            Condition::World(condition) => {
                let in_flight = world.network.all();
                let world = World {
                    nodes,
                    history: &world.history,
                    in_flight: in_flight.iter().map(|(envelope, _)| envelope).collect(),
                };
                condition(&self.protocol, &world)
            }
            Condition::Step(_) => panic!("{} is not about states", property.card.name),
        };
        found.is_some()
    }

    /// Whether something other than a fault can happen in `world`.
    fn goes_on(&self, world: &WorldOf<P>) -> bool {
        let mut moves = Vec::new();
        self.actions(world, &mut moves);
        moves.retain(|action| !action.is_fault());
        moves.into_iter().filter_map(|action| self.next_state(world, action)).any(|next| next != *world)
    }

    /// What a naive search sees, with the nearest world in which each property finds something.
    pub fn census(&self, properties: &[Property<P>], bounds: Bounds) -> Census {
        let finds = |property| move |world: &WorldOf<P>| self.finds(property, world);
        let probes: Vec<_> = properties.iter().map(finds).collect();
        let probes: Vec<Probe<'_, WorldOf<P>>> = probes.iter().map(|probe| probe as _).collect();
        naive::search(self, bounds, &probes)
    }
}
