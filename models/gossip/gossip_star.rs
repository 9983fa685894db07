//! Gossip as an article defines it in its questions and answers: from one centre to all others.
//!
//! # As published
//!
//! Article 003, line 247: gossip is a protocol in which one central node, called "Gossip Seed" or "Leader", sends messages
//! to the other nodes periodically, to synchronise information and for decentralised coordination. Line 81 of the
//! same article calls gossip decentralised; lines 84 and 86 claim reliable delivery, and that any number of nodes may fail.
//!
//! # What is wrong
//!
//! What a node other than the centre has to say goes nowhere: only the centre sends. With a repair, that all send to the
//! centre too (`both_ways`), everything spreads as long as the centre is up; when it crashes, nothing does. In
//! [`anti_entropy`](super::anti_entropy) every site exchanges with every other, and what one that is up knows
//! all come to know.
//!
//! # What is modelled, and what is left out
//!
//! The sites and exchanges of [`anti_entropy`](super::anti_entropy), by push, with the edges of the text. How a new centre would be found: the
//! text has nothing of it.

use quorate::model::{
    Assumption, Card, Claim, Condition, Deviations, Facts, NetworkKind, NoDeviation, Node, Property, Protocol, Roster,
    Step, World,
};
use quorate::system::Evidence;
use quorate::{Id, params};

use super::anti_entropy::{Database, Written};
use super::exchange::{Exchange, Replica, is_write, others};

params! {
    /// The nodes, and who has something to say.
    pub struct Sizes {
        /// Number of nodes, the centre included.
        pub nodes: usize = 3, in 2..=5;
        /// Whether the news is the centre's; else another node's.
        pub news_of_centre: bool = true;
        /// Repair: whether the others send to the centre too.
        pub both_ways: bool = false;
    }
}

/// A star.
#[derive(Clone, Debug)]
pub struct GossipStar {
    sizes: Sizes,
}

impl Protocol for GossipStar {
    const CARD: Card = Card {
        name: "gossip-star",
        title: "Gossip from one centre, as published",
        source: "article 003, line 247",
        modelled: "A centre that sends what it holds to all others, again and again; news of the centre or of another node",
        left_out: "What the text does not have: who takes the place of a centre that crashes",
    };

    type Params = Sizes;
    type Deviation = NoDeviation;
    type Actor = Replica<Database>;
    type History = Written;

    fn new(sizes: Sizes, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self { sizes })
    }

    fn roster(&self) -> Roster<Replica<Database>> {
        let Sizes { nodes, news_of_centre, both_ways } = self.sizes;
        let writer = usize::from(!news_of_centre);
        let node = |ix: usize| Replica {
            replicated: Database { deviations: Deviations::none() },
            peers: match ix {
                0 => others(nodes, 0),
                _ if both_ways => vec![Id::from(0)],
                _ => Vec::new(),
            },
            exchange: Exchange::Push,
            writes: u8::from(ix == writer),
            durable: false,
            once: false,
        };
        Roster::new().role("centre", [node(0)]).role("node", (1..nodes).map(node))
    }

    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) -> Written {
        Written::default()
    }

    fn observe(&self, step: &Step<'_, Replica<Database>>, facts: &mut Facts<Id>) {
        if is_write(step) {
            facts.push(step.node);
        }
    }

    fn properties() -> Vec<Property<Self>> {
        let reliable = "Whatever was written, all nodes that are up come to know of it";
        let possible = "Whatever was written, all nodes that are up can still come to know of it";
        vec![
            Claim::eventually_always("reliable", reliable).by_world(misses),
            Claim::always_possible("reaches-everybody", possible).by_world(misses),
            Claim::sometimes("everybody-knows", "All nodes know of the news").by_nodes(
                |_: &Self, node: &Node<'_, Replica<Database>>| node.state.is_some_and(|node| !node.value.is_empty()),
                |_, knows| knows.iter().all(|knows| *knows).then(|| Evidence::new("all nodes know of the news")),
            ),
        ]
    }

    fn assumptions() -> Vec<Assumption<Self>> {
        vec![Assumption::new(
            "informed-survives",
            "Of whatever was written some node that is up knows",
            Condition::by_world(|_, world: &World<'_, Self>| {
                let is_known = |item: &Id| world.nodes.iter().any(|node| knows(node, *item));
                let is_lost = !world.history.0.iter().all(is_known);
                is_lost.then(|| Evidence::new("no node that is up knows of the news"))
            }),
        )]
    }
}

fn knows(node: &Node<'_, Replica<Database>>, item: Id) -> bool {
    node.state.is_some_and(|site| site.value.contains_key(&item))
}

fn misses(_: &GossipStar, world: &World<'_, GossipStar>) -> Option<Evidence> {
    world.history.0.iter().find_map(|item| {
        let node = world.nodes.iter().find(|node| node.state.is_some() && !knows(node, *item))?;
        Some(Evidence::new(format!("{:?} does not know the news of {item:?}", node.id)))
    })
}
