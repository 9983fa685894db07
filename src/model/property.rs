//! Claims about a protocol, and what they read.
//!
//! A property looks for evidence: an `always` property for evidence *against* the claim, a `sometimes`
//! property for evidence *of* the situation, a `no_deadlock` property for work that remains. A claim that
//! something happens says what is *missing*, or nothing where it has happened. It says what it reads, so that it
//! is asked only after steps that change just that.

use std::fmt;

use stateright::actor::{Envelope, Id};

use super::condition::{Condition, StepCondition};
use super::{Node, Protocol};
use crate::system::{Evidence, Fairness, PropertyCard, PropertyKind};

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
    /// For a `leads_to` property: where the asking is done; wherever something is missing if this is `None`.
    pub asked: Option<Condition<P>>,
}

impl<P: Protocol> Property<P> {
    /// What a claim that something happens counts on; weak fairness of everything if this is not said.
    #[must_use]
    pub fn under(mut self, fairness: Fairness) -> Self {
        self.card.fairness = fairness;
        self
    }

    /// For a `leads_to` property: only where this condition returns evidence is the asking done. What was asked for
    /// is given where the property's own condition says that nothing is missing.
    ///
    /// # Panics
    /// If the property is of another kind, or `asked` is about steps.
    #[must_use]
    pub fn when(mut self, asked: Condition<P>) -> Self {
        assert_eq!(self.card.kind, PropertyKind::LeadsTo, "only what leads to something is asked for");
        assert!(!matches!(asked, Condition::Step(_)), "something is asked for in a state, not in a step");
        self.asked = Some(asked);
        self
    }
}

/// A property whose condition is still to be said.
#[must_use = "say what the claim reads: `by_history`, `by_nodes` or `by_world`"]
pub struct Claim {
    card: PropertyCard,
}

impl Claim {
    fn new(kind: PropertyKind, name: &str, about: &str) -> Self {
        Self { card: PropertyCard::new(name, kind, about) }
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

    /// An invariant of steps: a term never shrinks, what is decided never changes. Its condition is given what it reads
    /// before a step and after it, and returns evidence against the claim. It is asked only of steps that
    /// change what it reads.
    pub fn always_step(name: &str, about: &str) -> StepClaim {
        StepClaim { card: PropertyCard::new(name, PropertyKind::AlwaysStep, about) }
    }

    /// Every run comes to a state in which nothing is missing. Its condition returns what is missing.
    pub fn eventually(name: &str, about: &str) -> Self {
        Self::new(PropertyKind::Eventually, name, about)
    }

    /// Whatever is asked for is given. Its condition returns what is missing; it is asked for wherever it is missing,
    /// or where [`Property::when`] says.
    pub fn leads_to(name: &str, about: &str) -> Self {
        Self::new(PropertyKind::LeadsTo, name, about)
    }

    /// Every run comes to where nothing is missing and stays there. Its condition returns what is missing.
    pub fn eventually_always(name: &str, about: &str) -> Self {
        Self::new(PropertyKind::EventuallyAlways, name, about)
    }

    /// From every reachable state one can be reached in which nothing is missing, whatever has gone wrong until
    /// then. Its condition returns what is missing.
    pub fn always_possible(name: &str, about: &str) -> Self {
        Self::new(PropertyKind::AlwaysPossible, name, about)
    }

    /// The condition reads the history only.
    pub fn by_history<P: Protocol>(
        self,
        condition: impl Fn(&P, &P::History) -> Option<Evidence> + Send + Sync + 'static,
    ) -> Property<P> {
        self.by(Condition::by_history(condition))
    }

    /// The condition takes a reading of each node, alone, and judges the readings, by id of the nodes.
    ///
    /// The less is read, the less often it is judged: read `decided`, not the state.
    pub fn by_nodes<P: Protocol, R: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(
        self,
        read: impl Fn(&P, &Node<'_, P::Actor>) -> R + Send + Sync + 'static,
        judge: impl Fn(&P, &[R]) -> Option<Evidence> + Send + Sync + 'static,
    ) -> Property<P> {
        self.by(Condition::by_nodes(read, judge))
    }

    /// The condition reads the whole state. It is asked in every state: dear.
    pub fn by_world<P: Protocol>(
        self,
        condition: impl Fn(&P, &World<'_, P>) -> Option<Evidence> + Send + Sync + 'static,
    ) -> Property<P> {
        self.by(Condition::by_world(condition))
    }

    fn by<P: Protocol>(self, condition: Condition<P>) -> Property<P> {
        Property { card: self.card, condition, asked: None }
    }
}

/// A property of steps whose condition is still to be said. Conditions are given what they read before the step,
/// then after it.
#[must_use = "say what the claim reads: `by_history`, `by_nodes` or `by_world`"]
pub struct StepClaim {
    card: PropertyCard,
}

impl StepClaim {
    /// The condition reads the history only.
    pub fn by_history<P: Protocol>(
        self,
        condition: impl Fn(&P, &P::History, &P::History) -> Option<Evidence> + Send + Sync + 'static,
    ) -> Property<P> {
        self.by(StepCondition::History(Box::new(condition)))
    }

    /// The condition takes a reading of each node, alone, and judges the readings, by id of the nodes.
    pub fn by_nodes<P: Protocol, R: Clone + Eq + std::hash::Hash + Send + Sync + 'static>(
        self,
        read: impl Fn(&P, &Node<'_, P::Actor>) -> R + Send + Sync + 'static,
        judge: impl Fn(&P, &[R], &[R]) -> Option<Evidence> + Send + Sync + 'static,
    ) -> Property<P> {
        self.by(StepCondition::by_nodes(read, judge))
    }

    /// The condition reads the whole state. It is asked of every step: dear.
    pub fn by_world<P: Protocol>(
        self,
        condition: impl Fn(&P, &World<'_, P>, &World<'_, P>) -> Option<Evidence> + Send + Sync + 'static,
    ) -> Property<P> {
        self.by(StepCondition::World(Box::new(condition)))
    }

    fn by<P: Protocol>(self, condition: StepCondition<P>) -> Property<P> {
        Property { card: self.card, condition: Condition::Step(condition), asked: None }
    }
}

impl<P: Protocol> fmt::Debug for Property<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Property").field("card", &self.card).finish_non_exhaustive()
    }
}
