//! A global state in plain, rich types.

use std::collections::BTreeMap;

use stateright::actor::Actor;

use super::network::Network;

/// A global state: nodes, network, history, faults spent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Global<S, K, T: Ord, R, M: Ord, H> {
    /// The nodes, by id.
    pub nodes: Vec<Node<S, K, T, R>>,
    /// The messages in flight.
    pub network: Network<M>,
    /// What the observer has recorded.
    pub history: H,
    /// What the bounded fault budgets have lost.
    pub spent: Spent,
    /// The clocks of the nodes; nothing where they are perfect.
    pub clocks: Vec<Clock>,
    /// The side of each node, numbered by their first nodes; nothing while the network is whole.
    pub sides: Vec<usize>,
}

/// A global state of actors of type `A` under an observer of type `H`.
pub type GlobalOf<A, H> =
    Global<<A as Actor>::State, <A as Actor>::Storage, <A as Actor>::Timer, <A as Actor>::Random, <A as Actor>::Msg, H>;

/// One node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Node<S, K, T: Ord, R> {
    /// What it has in memory; `None` while it is down.
    pub memory: Option<Memory<S, T, R>>,
    /// What it has saved.
    pub storage: Option<K>,
    /// What it had saved before its last save, where a crash may take that back.
    pub before_last_save: Option<Option<K>>,
}

/// Ticks of its node's clock until a timer may fire, and until it must.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Due {
    /// It may.
    pub earliest: u32,
    /// It must, if ever.
    pub latest: Option<u32>,
}

/// A clock that is not perfect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clock {
    /// Ticks ahead of true time.
    Ahead(u32),
    /// Ticks of true time until it may gain or lose a tick again.
    Steady(u32),
    /// It misses the next tick.
    Misses,
}

/// A node of type `A`.
pub type NodeOf<A> = Node<<A as Actor>::State, <A as Actor>::Storage, <A as Actor>::Timer, <A as Actor>::Random>;

/// What a crash takes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Memory<S, T: Ord, R> {
    /// The actor's state.
    pub state: S,
    /// Whether it stands still, and for how many more ticks at most.
    pub paused: Option<Option<u32>>,
    /// The timers that are set.
    pub timers: BTreeMap<T, Due>,
    /// The choices that are open, by key.
    pub choices: BTreeMap<String, Vec<R>>,
}

/// How often each fault has happened; 0 for ever where its budget has no bound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Spent {
    /// Messages lost.
    pub losses: u32,
    /// Messages delivered that stayed in flight.
    pub duplicates: u32,
    /// Messages delivered with another payload.
    pub corruptions: u32,
    /// Crashes, those that take back a save included.
    pub crashes: u32,
    /// Crashes that lost a save.
    pub lost_saves: u32,
    /// Crashes that tore a save.
    pub torn_saves: u32,
    /// Pauses.
    pub pauses: u32,
    /// Partitions.
    pub partitions: u32,
}
