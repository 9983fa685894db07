//! A counter that loses nothing: each replica counts for itself, and the sum is what is counted.
//!
//! # Source
//!
//! M. Shapiro, N. Preguiça, C. Baquero and M. Zawirski, *A Comprehensive Study of Convergent and Commutative Replicated
//! Data Types* (2011), specification 6 (G-Counter).
//!
//! # What is modelled
//!
//! A vector with a slot for each replica, which alone adds to it; replicas tell each other their vectors, in any order
//! and more than once ([`exchange`](super::exchange)), and merge them slot by slot to the larger. To merge is idempotent,
//! commutative and associative, and so it does not matter how often and in which order it is done. Replicas crash and
//! come back with what they had saved. A register in its place loses updates:
//! [`lww_register`](super::lww_register).
//!
//! # What is left out, and why that is sound
//!
//! Decrements: they are a second such counter, whose sum is subtracted. How many replicas there are is fixed.

use quorate::model::{
    Card, Claim, Deviations, Facts, History, NetworkKind, Node, Property, Protocol, Roster, Step, World,
};
use quorate::system::Evidence;
use quorate::{Id, deviations, params};
use serde::Serialize;

use super::exchange::{Exchange, Replica, Replicated, converges, divergence, is_write, others};

params! {
    /// The replicas, and how far they count.
    pub struct Sizes {
        /// Number of replicas.
        pub replicas: usize = 2, in 2..=4;
        /// How many of them count.
        pub counting: usize = 2, in 1..=4;
        /// How often each of these adds one.
        pub increments: usize = 1, in 1..=4;
        /// Who sends in an exchange what it holds.
        pub exchange: Exchange = Exchange::Push;
    }
}

deviations! {
    /// What a replica may do wrongly.
    pub enum Deviation {
        /// Vectors are added when they are merged: to merge twice counts twice.
        MergeSum = "merge-sum" breaks "no-overcount";
        /// The other's vector takes the place of the own one.
        MergeReplace = "merge-replace" breaks "monotone";
        /// All replicas add to one slot.
        SharedSlot = "shared-slot" breaks "adds-up";
        /// A replica does not save, and after a crash begins its slot anew.
        ForgetSlot = "forget-slot" breaks "adds-up";
    }
}

/// What each replica has counted, by replica.
pub type Vector = Vec<u8>;

/// The rules of the counter.
#[derive(Clone, Debug)]
pub struct GCounter {
    replicas: usize,
    deviations: Deviations<Deviation>,
}

impl GCounter {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }
}

impl Replicated for GCounter {
    type Value = Vector;

    fn start(&self, _: Id) -> Vector {
        vec![0; self.replicas]
    }

    /// `update increment()`: the replica's own slot, and no other.
    fn write(&self, id: Id, own: &Vector, _: u8) -> Vector {
        let mut vector = own.clone();
        let slot = if self.breaks(Deviation::SharedSlot) { 0 } else { usize::from(id) };
        vector[slot] += 1;
        vector
    }

    /// `merge`: slot by slot the larger.
    fn merge(&self, own: &Vector, others: &Vector) -> Vector {
        let slot = |(own, others): (&u8, &u8)| match () {
            () if self.breaks(Deviation::MergeSum) => own + others,
            () if self.breaks(Deviation::MergeReplace) => *others,
            () => *own.max(others),
        };
        own.iter().zip(others).map(slot).collect()
    }
}

/// What the observer remembers: how many increments were acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Acknowledged(pub u8);

impl History for Acknowledged {
    type Fact = ();

    fn record(&mut self, (): &()) {
        self.0 += 1;
    }
}

/// A replicated counter.
#[derive(Clone, Debug)]
pub struct CrdtCounter {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Protocol for CrdtCounter {
    const CARD: Card = Card {
        name: "crdt-counter",
        title: "Counter without conflicts (G-Counter)",
        source: "Shapiro et al., A Comprehensive Study of Convergent and Commutative Replicated Data Types (2011), \
                 specification 6",
        modelled: "A slot for each replica, merged to the larger, in any order and more than once; crashes of replicas \
                   that save",
        left_out: "Decrements (a second such counter, subtracted), replicas that come and go",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Replica<GCounter>;
    type History = Acknowledged;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Replica<GCounter>> {
        let Sizes { replicas, counting, increments, exchange } = self.sizes;
        let replica = |ix: usize| Replica {
            replicated: GCounter { replicas, deviations: self.deviations },
            peers: others(replicas, ix),
            exchange,
            writes: if ix < counting { increments as u8 } else { 0 },
            durable: !self.deviations.has(Deviation::ForgetSlot),
            once: false,
        };
        Roster::new().role("replica", (0..replicas).map(replica))
    }

    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) -> Acknowledged {
        Acknowledged::default()
    }

    fn observe(&self, step: &Step<'_, Replica<GCounter>>, facts: &mut Facts<()>) {
        if is_write(step) {
            facts.push(());
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![converges(), adds_up(), no_overcount(), monotone(), divergence(), counted()]
    }
}

fn vector(node: &Node<'_, Replica<GCounter>>) -> Option<Vector> {
    node.state.map(|replica| replica.value.clone())
}

fn sum(node: &Node<'_, Replica<GCounter>>) -> Option<u8> {
    vector(node).map(|vector| vector.iter().sum())
}

fn adds_up() -> Property<CrdtCounter> {
    let claim = "In the end every replica has counted all acknowledged increments";
    Claim::eventually_always("adds-up", claim).by_world(|_: &CrdtCounter, world: &World<'_, CrdtCounter>| {
        let all = world.history.0;
        let (id, sum) = world.nodes.iter().find_map(|node| Some((node.id, sum(node).filter(|sum| *sum != all)?)))?;
        Some(Evidence::new(format!("{all} increments were acknowledged, and {id:?} has {sum}")))
    })
}

fn no_overcount() -> Property<CrdtCounter> {
    let claim = "No replica has counted more increments than were made";
    Claim::always("no-overcount", claim).by_world(|_: &CrdtCounter, world: &World<'_, CrdtCounter>| {
        let all = world.history.0;
        let (id, sum) = world.nodes.iter().find_map(|node| Some((node.id, sum(node).filter(|sum| *sum > all)?)))?;
        Some(Evidence::new(format!("{all} increments were made, and {id:?} has {sum}")))
    })
}

fn monotone() -> Property<CrdtCounter> {
    Claim::always_step("monotone", "What a replica has counted never shrinks").by_nodes(
        |_: &CrdtCounter, node| sum(node),
        |_, before, after| {
            let mut sums = before.iter().zip(after).filter_map(|(before, after)| before.zip(*after));
            let (before, after) = sums.find(|(before, after)| after < before)?;
            Some(Evidence::new(format!("a replica had counted {before}, and has {after}")))
        },
    )
}

fn counted() -> Property<CrdtCounter> {
    let claim = "All replicas hold all increments there will be";
    Claim::sometimes("counted", claim).by_nodes(
        |protocol: &CrdtCounter, node| {
            let Sizes { counting, increments, .. } = protocol.sizes;
            sum(node).map(usize::from) == Some(counting * increments)
        },
        |_, all| all.iter().all(|all| *all).then(|| Evidence::new("all replicas hold all increments")),
    )
}
