//! Conditions over states and steps, and what they read.

use std::hash::Hash;

use super::{Node, Protocol, World};
use crate::system::{Evidence, Interner};

type OfHistory<P> = Box<dyn Fn(&P, &<P as Protocol>::History) -> Option<Evidence> + Send + Sync>;
type OfWorld<P> = Box<dyn Fn(&P, &World<'_, P>) -> Option<Evidence> + Send + Sync>;
type OfTwoHistories<P> =
    Box<dyn Fn(&P, &<P as Protocol>::History, &<P as Protocol>::History) -> Option<Evidence> + Send + Sync>;
type OfTwoWorlds<P> = Box<dyn Fn(&P, &World<'_, P>, &World<'_, P>) -> Option<Evidence> + Send + Sync>;

/// A condition, by what it reads.
pub enum Condition<P: Protocol> {
    /// The history only: asked once for each history.
    History(OfHistory<P>),
    /// A reading of each node.
    Nodes(Box<dyn Nodes<P>>),
    /// Everything: asked in every state.
    World(OfWorld<P>),
    /// Both ends of a step.
    Step(StepCondition<P>),
}

/// A condition over the two ends of a step, by what it reads of each.
pub enum StepCondition<P: Protocol> {
    /// The history only: asked once for each pair of histories.
    History(OfTwoHistories<P>),
    /// A reading of each node: asked of steps that change one.
    Nodes(Box<dyn NodesStep<P>>),
    /// Everything: asked of every step.
    World(OfTwoWorlds<P>),
}

impl<P: Protocol> Condition<P> {
    /// Whether it reads everything, what is in flight included.
    pub(crate) fn reads_world(&self) -> bool {
        matches!(self, Self::World(_) | Self::Step(StepCondition::World(_)))
    }

    /// A condition that reads the history only.
    pub fn by_history(condition: impl Fn(&P, &P::History) -> Option<Evidence> + Send + Sync + 'static) -> Self {
        Self::History(Box::new(condition))
    }

    /// A condition that takes a reading of each node, alone, and judges the readings, by id of the nodes.
    pub fn by_nodes<R: Clone + Eq + Hash + Send + Sync + 'static>(
        read: impl Fn(&P, &Node<'_, P::Actor>) -> R + Send + Sync + 'static,
        judge: impl Fn(&P, &[R]) -> Option<Evidence> + Send + Sync + 'static,
    ) -> Self {
        Self::Nodes(Box::new(NodeReadings { read, judge, readings: Interner::default() }))
    }

    /// A condition that reads the whole state.
    pub fn by_world(condition: impl Fn(&P, &World<'_, P>) -> Option<Evidence> + Send + Sync + 'static) -> Self {
        Self::World(Box::new(condition))
    }
}

impl<P: Protocol> StepCondition<P> {
    /// A condition that takes a reading of each node, alone, and judges the readings before and after.
    pub fn by_nodes<R: Clone + Eq + Hash + Send + Sync + 'static>(
        read: impl Fn(&P, &Node<'_, P::Actor>) -> R + Send + Sync + 'static,
        judge: impl Fn(&P, &[R], &[R]) -> Option<Evidence> + Send + Sync + 'static,
    ) -> Self {
        Self::Nodes(Box::new(NodeReadings { read, judge, readings: Interner::default() }))
    }
}

/// A condition over a reading of each node, with the type of the readings hidden behind numbers.
pub trait Nodes<P: Protocol>: Send + Sync {
    /// The number of what is read of `node`: equal readings have equal numbers.
    fn reading(&self, protocol: &P, node: &Node<'_, P::Actor>) -> u32;

    /// What is found in the readings with these numbers, by id of their nodes.
    fn judge(&self, protocol: &P, readings: &[u32]) -> Option<Evidence>;
}

/// The same over the two ends of a step.
pub trait NodesStep<P: Protocol>: Send + Sync {
    /// The number of what is read of `node`: equal readings have equal numbers.
    fn reading(&self, protocol: &P, node: &Node<'_, P::Actor>) -> u32;

    /// What is found in the readings with these numbers, by id of their nodes.
    fn judge(&self, protocol: &P, before: &[u32], after: &[u32]) -> Option<Evidence>;
}

struct NodeReadings<R, F, G> {
    read: F,
    judge: G,
    readings: Interner<R>,
}

impl<R: Clone + Eq + Hash, F, G> NodeReadings<R, F, G> {
    fn values(&self, numbers: &[u32]) -> Vec<R> {
        numbers.iter().map(|number| self.readings.get(*number).clone()).collect()
    }
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
        (self.judge)(protocol, &self.values(readings))
    }
}

impl<P, R, F, G> NodesStep<P> for NodeReadings<R, F, G>
where
    P: Protocol,
    R: Clone + Eq + Hash + Send + Sync + 'static,
    F: Fn(&P, &Node<'_, P::Actor>) -> R + Send + Sync + 'static,
    G: Fn(&P, &[R], &[R]) -> Option<Evidence> + Send + Sync + 'static,
{
    fn reading(&self, protocol: &P, node: &Node<'_, P::Actor>) -> u32 {
        self.readings.intern((self.read)(protocol, node))
    }

    fn judge(&self, protocol: &P, before: &[u32], after: &[u32]) -> Option<Evidence> {
        (self.judge)(protocol, &self.values(before), &self.values(after))
    }
}

/// A restriction of what is looked at: a step into a state that breaks it is no transition, and makes its source no
/// dead end. Verdicts rest on it, and are printed with it.
pub struct Assumption<P: Protocol> {
    /// Its name, in kebab case.
    pub name: &'static str,
    /// What is assumed, in one sentence.
    pub about: &'static str,
    /// Returns evidence where the assumption is broken. Invariant: it is about states.
    pub broken: Condition<P>,
}

impl<P: Protocol> Assumption<P> {
    /// An assumption. `broken` returns evidence where it does not hold.
    ///
    /// # Panics
    /// If `broken` is about steps.
    pub fn new(name: &'static str, about: &'static str, broken: Condition<P>) -> Self {
        assert!(!matches!(broken, Condition::Step(_)), "an assumption is about states");
        Self { name, about, broken }
    }
}
