//! The trait that every protocol implements.

use std::fmt;
use std::hash::Hash;

use serde::Serialize;
use stateright::actor::{Actor, Envelope, Id};

use super::{
    Assumption, Cause, Deviation, Deviations, Facts, History, NetworkKind, Observable, Params, Property, Reductions,
    Roster, Step, Symmetry,
};
use crate::system::Linearization;

/// A value that can be compared, stored and shown: messages, states, timers, facts.
pub trait Datum: Clone + fmt::Debug + Eq + Hash + Serialize + Send + Sync + 'static {}

impl<T: Clone + fmt::Debug + Eq + Hash + Serialize + Send + Sync + 'static> Datum for T {}

/// A stateright actor whose messages, states, timers, choices and storage are plain data.
///
/// Every actor that derives the usual traits is one. Handlers must be pure: the same state and event give the
/// same result, whatever the clock, the weather or the iteration order of a hash map.
pub trait ProtocolActor:
    Actor<Msg: Datum + Ord, Timer: Datum + Ord, State: Datum, Storage: Datum, Random: Datum> + Send + Sync + 'static
{
}

impl<A> ProtocolActor for A where
    A: Actor<Msg: Datum + Ord, Timer: Datum + Ord, State: Datum, Storage: Datum, Random: Datum> + Send + Sync + 'static
{
}

/// What the docs say of a protocol.
#[derive(Clone, Copy, Debug)]
pub struct Card {
    /// Its name, in kebab case, as manifests and the command line write it.
    pub name: &'static str,
    /// Its name as people write it.
    pub title: &'static str,
    /// The paper or the published text, with sections.
    pub source: &'static str,
    /// What is modelled.
    pub modelled: &'static str,
    /// What is left out, and why that is sound.
    pub left_out: &'static str,
}

/// A node, as properties see it.
#[derive(Debug)]
pub struct Node<'a, A: Actor> {
    /// Its id.
    pub id: Id,
    /// Its volatile state; `None` while it is down.
    pub state: Option<&'a A::State>,
    /// What it has saved, if anything.
    pub storage: Option<&'a A::Storage>,
}

/// A distributed protocol: roles, parameters, deviations, properties.
///
/// Its instances are made from parameters and a set of deviations; the empty set is the protocol as its
/// paper has it.
pub trait Protocol: Sized + Send + Sync + 'static {
    /// Name, source, what is modelled.
    const CARD: Card;

    /// What can be set.
    type Params: Params;
    /// What can be done wrongly.
    type Deviation: Deviation;
    /// How members act: usually an enum with one struct per role.
    type Actor: ProtocolActor;
    /// What an observer remembers; `()` where the nodes' states say it all.
    type History: History;

    /// The instance with these parameters and deviations.
    ///
    /// # Errors
    /// A sentence that says which parameters do not go together, and why.
    fn new(params: Self::Params, deviations: Deviations<Self::Deviation>) -> Result<Self, String>;

    /// The members, by role.
    fn roster(&self) -> Roster<Self::Actor>;

    /// The network that the protocol assumes, when a check says nothing else.
    fn network(&self) -> NetworkKind {
        NetworkKind::Unordered
    }

    /// What the observer remembers before the first step.
    fn history(&self) -> Self::History;

    /// Pushes what is worth remembering of `step`.
    fn observe(&self, step: &Step<'_, Self::Actor>, facts: &mut Facts<<Self::History as History>::Fact>) {
        let _ = (step, facts);
    }

    /// An order of the calls that a history has, which explains what they were answered, as far as there is one; `None`
    /// where nobody calls. It is for people who look at a run: no property is judged by it.
    fn linearization(history: &Self::History) -> Option<Linearization> {
        let _ = history;
        None
    }

    /// One tick of the clock of the node `id`, in timed mode: what of its state is a reading of its clock goes on.
    ///
    /// This is how a protocol reads its local clock: a member keeps in its state the readings that it needs, such as
    /// the ticks since it sent a request, and this counts them up, as far as the protocol can tell them apart. A
    /// reading that grows without bound makes the states infinite.
    /// It is called while the node is up, also while it is paused: clocks go on. It is a step of no handler, so that
    /// the observer does not see it.
    fn tick_clock(&self, id: Id, state: &mut <Self::Actor as Actor>::State) {
        let _ = (id, state);
    }

    /// What the payload may have become where the environment corrupts it; nothing where corruption goes unmodelled.
    ///
    /// A checksum that finds out is a payload too: one that the receiver rejects.
    fn corrupt(&self, message: &<Self::Actor as Actor>::Msg) -> Vec<<Self::Actor as Actor>::Msg> {
        let _ = message;
        Vec::new()
    }

    /// What may be in a storage that held `before` when a crash tears the save of `saved`; nothing where saves are
    /// atomic.
    fn tear(
        &self,
        before: Option<&<Self::Actor as Actor>::Storage>,
        saved: &<Self::Actor as Actor>::Storage,
    ) -> Vec<<Self::Actor as Actor>::Storage> {
        let _ = (before, saved);
        Vec::new()
    }

    /// What a check may ask to be left out: whether [`symmetry`](Self::symmetry) and [`is_stale`](Self::is_stale) say
    /// anything. It is a constant so that a protocol of which nothing can be left out is compiled without what that takes.
    const REDUCTIONS: Reductions = Reductions::NONE;

    /// Which members are interchangeable, if any are. It is made use of where a check asks for it, and
    /// [confirmed](crate::cluster) there.
    fn symmetry(&self) -> Option<Symmetry<Self>> {
        None
    }

    /// Whether delivering `message` to `node` changes nothing now and will change nothing whatever happens, a crash and
    /// a restart included. It is made use of where a check asks for it, and [confirmed](crate::cluster) there. What is stale
    /// is not in flight then: a property that reads everything ([`Claim::by_world`](super::Claim::by_world)) stays undecided there,
    /// and an assumption that does is refused.
    fn is_stale(&self, node: &Node<'_, Self::Actor>, message: &Envelope<<Self::Actor as Actor>::Msg>) -> bool {
        let _ = (node, message);
        false
    }

    /// The claims, in the order in which reports list them. The same for every instance.
    fn properties() -> Vec<Property<Self>>;

    /// What a check may assume, by name, so that what breaks it is not looked at. The same for every instance.
    fn assumptions() -> Vec<Assumption<Self>> {
        Vec::new()
    }

    /// What can be measured of a run, for statistical answers. The same for every instance.
    fn observables() -> Vec<Observable<Self>> {
        Vec::new()
    }

    /// How likely `node` takes a step for this cause, relative to the other steps of the same kind that are possible
    /// at the time: the odds of a coin, the share of a miner in the work, the pace of a clock. Only weighted walks
    /// ask; a verdict never depends on it. A step of weight 0 is one that they do not take.
    fn weight(&self, node: Id, cause: &Cause<'_, Self::Actor>) -> f64 {
        let _ = (node, cause);
        1.0
    }
}
