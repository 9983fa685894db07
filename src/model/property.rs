//! Claims about a protocol, and what they read.
//!
//! A property looks for evidence: an `always` property for evidence *against* the claim, a `sometimes`
//! property for evidence *of* the situation, a `no_deadlock` property for work that remains. It says what
//! it reads, so that it is asked only after steps that change just that.

use std::fmt;
use std::hash::Hash;

use stateright::actor::{Envelope, Id};

use super::{Node, Protocol};
use crate::system::{Evidence, Interner, PropertyCard, PropertyKind};

/// The whole global state, for properties that need more than the history or the nodes.
pub struct World<'a, P: Protocol> {
    /// The nodes, by id.
    pub nodes: Vec<Node<'a, P::Actor>>,
    /// What the observer has recorded.
    pub history: &'a P::History,
    /// The messages in flight; one that is in flight twice is here twice.
    pub in_flight: Vec<&'a Envelope<<P::Actor as stateright::actor::Actor>::Msg>>,
}

impl<'a, P: Protocol> World<'a, P> {
    /// The node with this id.
    ///
    /// # Panics
    /// If there is none.
    pub fn node(&self, id: Id) -> &Node<'a, P::Actor> {
        &self.nodes[usize::from(id)]
    }
}

/// A property of a protocol: a name, a kind, a sentence, and a condition over what it reads.
pub struct Property<P: Protocol> {
    /// Name, kind and claim.
    pub card: PropertyCard,
    /// The condition.
    pub condition: Condition<P>,
}

type OfHistory<P> = Box<dyn Fn(&P, &<P as Protocol>::History) -> Option<Evidence> + Send + Sync>;
type OfWorld<P> = Box<dyn Fn(&P, &World<'_, P>) -> Option<Evidence> + Send + Sync>;

/// A condition, by what it reads.
pub enum Condition<P: Protocol> {
    /// The history only.
    History(OfHistory<P>),
    /// A reading of each node.
    Nodes(Box<dyn Nodes<P>>),
    /// Everything: asked in every state.
    World(OfWorld<P>),
}

/// A condition over a reading of each node, with the type of the readings hidden behind numbers.
pub trait Nodes<P: Protocol>: Send + Sync {
    /// The number of what is read of `node`: equal readings have equal numbers.
    fn reading(&self, protocol: &P, node: &Node<'_, P::Actor>) -> u32;

    /// What is found in the readings with these numbers, by id of their nodes.
    fn judge(&self, protocol: &P, readings: &[u32]) -> Option<Evidence>;
}

struct NodeReadings<R, F, G> {
    read: F,
    judge: G,
    readings: Interner<R>,
}

impl<P, R, F, G> Nodes<P> for NodeReadings<R, F, G>
where
    P: Protocol,
    R: Clone + Eq + Hash + Send + Sync + 'static,
    F: Fn(&P, &Node<'_, P::Actor>) -> R + Send + Sync + 'static,
    G: Fn(&P, &[R]) -> Option<Evidence> + Send + Sync + 'static,
{
    fn reading(&self, protocol: &P, node: &Node<'_, P::Actor>) -> u32 {
        self.readings.intern((self.read)(protocol, node))
    }

    fn judge(&self, protocol: &P, readings: &[u32]) -> Option<Evidence> {
        let readings: Vec<R> = readings.iter().map(|number| self.readings.get(*number).clone()).collect();
        (self.judge)(protocol, &readings)
    }
}

/// A property whose condition is still to be said.
#[must_use = "say what the claim reads: `by_history`, `by_nodes` or `by_world`"]
pub struct Claim {
    card: PropertyCard,
}

impl Claim {
    fn new(kind: PropertyKind, name: &str, about: &str) -> Self {
        Self { card: PropertyCard { name: name.to_owned(), kind, about: about.to_owned() } }
    }

    /// An invariant. Its condition returns evidence against it.
    pub fn always(name: &str, about: &str) -> Self {
        Self::new(PropertyKind::Always, name, about)
    }

    /// A witness: a situation that must be reachable, or the other verdicts say nothing. Its condition
    /// returns evidence that the situation is there.
    pub fn sometimes(name: &str, about: &str) -> Self {
        Self::new(PropertyKind::Sometimes, name, about)
    }

    /// Where nothing but faults can happen any more, no work remains. Its condition, asked in such
    /// states only, returns what remains.
    pub fn no_deadlock(name: &str, about: &str) -> Self {
        Self::new(PropertyKind::NoDeadlock, name, about)
    }

    /// The condition reads the history only.
    pub fn by_history<P: Protocol>(
        self,
        condition: impl Fn(&P, &P::History) -> Option<Evidence> + Send + Sync + 'static,
    ) -> Property<P> {
        Property { card: self.card, condition: Condition::History(Box::new(condition)) }
    }

    /// The condition takes a reading of each node, alone, and judges the readings, by id of the nodes.
    ///
    /// The less is read, the less often it is judged: read `decided`, not the state.
    pub fn by_nodes<P: Protocol, R: Clone + Eq + Hash + Send + Sync + 'static>(
        self,
        read: impl Fn(&P, &Node<'_, P::Actor>) -> R + Send + Sync + 'static,
        judge: impl Fn(&P, &[R]) -> Option<Evidence> + Send + Sync + 'static,
    ) -> Property<P> {
        let readings = NodeReadings { read, judge, readings: Interner::default() };
        Property { card: self.card, condition: Condition::Nodes(Box::new(readings)) }
    }

    /// The condition reads the whole state. It is asked in every state: dear.
    pub fn by_world<P: Protocol>(
        self,
        condition: impl Fn(&P, &World<'_, P>) -> Option<Evidence> + Send + Sync + 'static,
    ) -> Property<P> {
        Property { card: self.card, condition: Condition::World(Box::new(condition)) }
    }
}

impl<P: Protocol> fmt::Debug for Property<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Property").field("card", &self.card).finish_non_exhaustive()
    }
}
