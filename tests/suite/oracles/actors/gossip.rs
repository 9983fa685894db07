//! Atomic broadcasts to everyone, to oneself and to someone who does not exist.

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Claim, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};

/// Nodes that tell all they know to all, whenever they learn something.
pub struct Gossip {
    /// How many nodes.
    pub count: usize,
}

#[derive(Clone)]
pub struct Node {
    count: usize,
}

impl Node {
    /// To all, oneself included, and to the id after the last.
    fn tell(&self, known: &BTreeSet<u8>, o: &mut Out<Self>) {
        for ix in 0..=self.count {
            o.send(ix.into(), known.clone());
        }
    }
}

impl Actor for Node {
    type Msg = BTreeSet<u8>;
    type State = BTreeSet<u8>;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> BTreeSet<u8> {
        let known = [usize::from(id) as u8].into();
        if usize::from(id) < 2 {
            self.tell(&known, o);
        }
        known
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, BTreeSet<u8>>, _: Id, msg: BTreeSet<u8>, o: &mut Out<Self>) {
        if !msg.is_subset(state) {
            state.to_mut().extend(msg);
            self.tell(state, o);
        }
    }
}

impl Protocol for Gossip {
    crate::plain_protocol!("gossip");
    type Actor = Node;
    type History = ();

    fn roster(&self) -> Roster<Node> {
        Roster::new().role("node", vec![Node { count: self.count }; self.count])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::sometimes("all-know-two", "every node knows of the first two").by_nodes(
                |_: &Self, node| node.state.is_some_and(|known| known.contains(&0) && known.contains(&1)),
                |_, read| (!read.contains(&false)).then(|| Evidence::new("all know")),
            ),
            Claim::always("nobody-invents", "nobody knows of a node that does not exist").by_nodes(
                |protocol: &Self, node| {
                    node.state.is_some_and(|known| known.iter().any(|n| usize::from(*n) >= protocol.count))
                },
                |_, read| read.contains(&true).then(|| Evidence::new("invented")),
            ),
            Claim::always("nothing-to-nobody", "no message is in flight to a node that does not exist").by_world(
                |protocol: &Self, world| {
                    let lost = world.in_flight.iter().any(|envelope| usize::from(envelope.dst) >= protocol.count);
                    lost.then(|| Evidence::new("in flight to nobody"))
                },
            ),
            Claim::no_deadlock("all-end-knowing", "every node ends by knowing of the first two").by_nodes(
                |_: &Self, node| node.state.is_some_and(|known| known.contains(&0) && known.contains(&1)),
                |_, read| read.contains(&false).then(|| Evidence::new("someone ends ignorant")),
            ),
        ]
    }
}
