//! A register of which the last write wins: replicas agree in the end, and updates are lost.
//!
//! # Source
//!
//! R. Thomas, *A Majority Consensus Approach to Concurrency Control for Multiple Copy Databases* (1979), on timestamps with
//! ties broken by site; P. Johnson and R. Thomas, *The Maintenance of Duplicate Databases*, RFC 677 (1975); L. Lamport, *Time,
//! Clocks, and the Ordering of Events* (1978), for the clock; M. Shapiro et al., *A Comprehensive Study of Convergent and
//! Commutative Replicated Data Types* (2011), section 3.2.1. What is done with it here is what article 003, lines 41 to 48,
//! calls BASE.
//!
//! # What is modelled
//!
//! Every replica answers its clients by itself (*basically available*), its state changes without a client's doing
//! (*soft state*: `soft-state`), and all replicas are equal in the end (*eventually consistent*: `converges`). The
//! clients count: each reads the register and writes one more. Of two such updates at two replicas one is lost, and that is
//! what `no-lost-update` finds: convergence is not correctness. The fix is [`crdt_counter`](super::crdt_counter).
//!
//! Replicas tell each other what they hold, in any order and more than once ([`exchange`](super::exchange)).
//!
//! # What is left out, and why that is sound
//!
//! Other registers: each has timestamps of its own. Crashes: a replica that comes back with what it had saved was slow,
//! and one that does not keeps nobody waiting. Deletions: [`anti_entropy`](super::anti_entropy) has them.

use quorate::model::{
    Card, Claim, Deviations, Facts, History, NetworkKind, Node, Property, Protocol, Roster, Step, World,
};
use quorate::system::Evidence;
use quorate::{Id, deviations, params};
use serde::Serialize;

use super::exchange::{Exchange, Replica, Replicated, converges, is_write, others};

params! {
    /// The replicas, and who writes how often.
    pub struct Sizes {
        /// Number of replicas.
        pub replicas: usize = 2, in 2..=4;
        /// How many of them take writes.
        pub writers: usize = 2, in 1..=4;
        /// How often each of these is written.
        pub writes: usize = 1, in 1..=4;
    }
}

deviations! {
    /// What a replica may do wrongly.
    pub enum Deviation {
        /// Of two writes with the same clock it keeps the one that it has.
        NoTieBreak = "no-tie-break" breaks "converges";
        /// It takes what it is told, whatever that is.
        LastArrival = "last-arrival" breaks "monotone";
        /// The clock of a write is the replica's own, which does not know of the writes that it has seen.
        OwnClock = "own-clock" breaks "write-visible";
    }
}

/// A timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Stamp {
    /// Lamport's clock.
    pub clock: u8,
    /// Where it was written.
    pub replica: Id,
}

/// What a replica holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Register {
    /// When it was written; `None` if it never was.
    pub stamp: Option<Stamp>,
    /// What was written.
    pub number: u8,
}

/// The rules of the register.
#[derive(Clone, Debug)]
pub struct LastWriterWins {
    deviations: Deviations<Deviation>,
}

impl LastWriterWins {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }
}

impl Replicated for LastWriterWins {
    type Value = Register;

    fn start(&self, _: Id) -> Register {
        Register { stamp: None, number: 0 }
    }

    /// Lamport, IR2: the clock of a write is ahead of all that its replica has seen.
    fn write(&self, id: Id, own: &Register, nth: u8) -> Register {
        let seen = own.stamp.map_or(0, |stamp| stamp.clock);
        let clock = if self.breaks(Deviation::OwnClock) { nth } else { seen } + 1;
        let written = Register { stamp: Some(Stamp { clock, replica: id }), number: own.number + 1 };
        if written.stamp > own.stamp { written } else { *own }
    }

    /// The later write wins; ties go by replica.
    fn merge(&self, own: &Register, others: &Register) -> Register {
        let clock = |register: &Register| register.stamp.map(|stamp| stamp.clock);
        let is_later = others.stamp > own.stamp;
        let is_tie = clock(others) == clock(own);
        let wins = is_later && !(is_tie && self.breaks(Deviation::NoTieBreak)) || self.breaks(Deviation::LastArrival);
        if wins { *others } else { *own }
    }
}

/// What the observer remembers: how many writes were acknowledged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Acknowledged(pub u8);

impl History for Acknowledged {
    type Fact = ();

    fn record(&mut self, (): &()) {
        self.0 += 1;
    }
}

/// A replicated register.
#[derive(Clone, Debug)]
pub struct LwwRegister {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Protocol for LwwRegister {
    const CARD: Card = Card {
        name: "lww-register",
        title: "Last writer wins, and BASE",
        source: "Johnson and Thomas, RFC 677 (1975); Thomas 1979; Lamport 1978; Shapiro et al. 2011, 3.2.1; article 003, \
                 lines 41 to 48",
        modelled: "A register with timestamps at replicas that take writes by themselves and tell each other, in any \
                   order and more than once; clients that read it and write one more",
        left_out: "Other registers (each has timestamps of its own), crashes (a replica that comes back was slow), \
                   deletions (of them `anti-entropy` speaks)",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Replica<LastWriterWins>;
    type History = Acknowledged;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Replica<LastWriterWins>> {
        let Sizes { replicas, writers, writes } = self.sizes;
        let replica = |ix: usize| Replica {
            replicated: LastWriterWins { deviations: self.deviations },
            peers: others(replicas, ix),
            exchange: Exchange::Push,
            writes: if ix < writers { writes as u8 } else { 0 },
            durable: false,
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

    fn observe(&self, step: &Step<'_, Replica<LastWriterWins>>, facts: &mut Facts<()>) {
        if is_write(step) {
            facts.push(());
        }
    }

    fn properties() -> Vec<Property<Self>> {
        vec![converges(), no_lost_update(), monotone(), write_visible(), divergence(), soft_state()]
    }
}

fn register(node: &Node<'_, Replica<LastWriterWins>>) -> Option<Register> {
    node.state.map(|replica| replica.value)
}

fn no_lost_update() -> Property<LwwRegister> {
    let claim = "In the end the register has counted all acknowledged writes";
    Claim::eventually_always("no-lost-update", claim).by_world(|_: &LwwRegister, world: &World<'_, LwwRegister>| {
        let all = world.history.0;
        let short = world.nodes.iter().find(|node| register(node).is_some_and(|register| register.number != all))?;
        let number = register(short).map(|register| register.number)?;
        Some(Evidence::new(format!("{all} updates were acknowledged, and {:?} has {number}", short.id)))
    })
}

fn monotone() -> Property<LwwRegister> {
    Claim::always_step("monotone", "A replica never goes back to an earlier write").by_nodes(
        |_: &LwwRegister, node| register(node),
        |_, before, after| {
            let mut held = before.iter().zip(after).filter_map(|(before, after)| before.zip(*after));
            let (before, after) = held.find(|(before, after)| after.stamp < before.stamp)?;
            Some(Evidence::new(format!("a replica had {before:?}, and goes back to {after:?}")))
        },
    )
}

fn write_visible() -> Property<LwwRegister> {
    Claim::always_step("write-visible", "A replica that acknowledges a write has it").by_nodes(
        |_: &LwwRegister, node| Some((node.id, node.state?.written, node.state?.value)),
        |_, before, after| {
            let mut both = before.iter().zip(after).filter_map(|(before, after)| before.zip(*after));
            both.find_map(|((id, before, old), (_, after, new))| {
                let sentence = || format!("{id:?} acknowledges a write, and still has {new:?}");
                (before < after && old == new).then(|| Evidence::new(sentence()))
            })
        },
    )
}

fn divergence() -> Property<LwwRegister> {
    Claim::sometimes("divergence", "Two replicas hold different writes").by_nodes(
        |_: &LwwRegister, node| register(node),
        |_, held| {
            let mut written = held.iter().flatten().filter(|register| register.stamp.is_some());
            let first = written.next()?;
            written.any(|other| other != first).then(|| Evidence::new("two replicas hold different writes"))
        },
    )
}

fn soft_state() -> Property<LwwRegister> {
    Claim::sometimes("soft-state", "A replica holds what was written at another").by_nodes(
        |_: &LwwRegister, node| {
            register(node).and_then(|register| register.stamp).is_some_and(|at| at.replica != node.id)
        },
        |_, soft| soft.contains(&true).then(|| Evidence::new("a replica holds what was written at another")),
    )
}
