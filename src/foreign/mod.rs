//! Floor 2, the other house: any stateright [`Model`] as a system that can be searched.
//!
//! A [`Cluster`](crate::cluster::Cluster) knows of what its states are made, and is fast and small by it. [`Foreign`]
//! knows nothing: each state of the model is kept whole, once, and a state vector is its number. What is left of
//! the engine is all the rest: exact states (`Eq` decides, never a hash), the same counts for every number of threads,
//! shortest counterexamples, liveness on the graph, limits that are verdicts, checkpoints.
//!
//! ```
//! use quorate::engine::{Settings, Silent, explore};
//! use quorate::foreign::Foreign;
//! use quorate::stateright::{Model, Property};
//!
//! /// A counter that somebody must not let run to seven.
//! struct Counter;
//!
//! impl Model for Counter {
//!     type State = u8;
//!     type Action = u8;
//!
//!     fn init_states(&self) -> Vec<u8> {
//!         vec![0]
//!     }
//!
//!     fn actions(&self, state: &u8, actions: &mut Vec<u8>) {
//!         actions.extend([1, 2].into_iter().filter(|step| state + step <= 10));
//!     }
//!
//!     fn next_state(&self, state: &u8, step: u8) -> Option<u8> {
//!         Some(state + step)
//!     }
//!
//!     fn properties(&self) -> Vec<Property<Self>> {
//!         vec![Property::always("never seven", |_, state| *state != 7)]
//!     }
//! }
//!
//! let system = Foreign::new(Counter);
//! let found = explore(&system, &Settings::default(), &Silent);
//! assert_eq!(found.statistics.distinct, 11);
//! let violation = found.findings[0].as_ref().expect("seven is reached");
//! assert_eq!(violation.depth, 4);
//! ```
//!
//! # What a stateright model says, and what it means here
//!
//! | there | here |
//! |---|---|
//! | an action for which `next_state` is `None`, or that changes nothing | no step |
//! | a state outside `within_boundary` | no state |
//! | `always`, `sometimes` | the same |
//! | `eventually` | on every run that does not stop while a step is possible; cycles count, as do states with no step left |
//! | a model without properties | every state is visited |
//!
//! Actions are told by their `Debug` text, as choices of the one node `model`. `Hash` must agree with `Eq`, and the model
//! must give the same actions for the same state each time.

#[cfg(test)]
mod tests;

use std::fmt::{self, Debug};
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};

use stateright::{Expectation, Model, Property};

use crate::system::table::Table;
use crate::system::{
    Action, ActionKind, Evidence, Explain, Fairness, Interner, Level, NodeSnapshot, PropertyCard, PropertyKind,
    PropertySet, Snapshot, Successors, TransitionSystem, Value, Word,
};

/// The name of the only node that people are told of.
const NODE: &str = "model";
/// Says of a state that it is an initial one: the other number is its index.
const INITIAL: u32 = u32::MAX;
const OTHER: &str = "the model does otherwise than when the checkpoint was made";

/// A step: the index of the action among those of the state, and the state after it.
type Step = (u32, Word);

/// A stateright model as a transition system.
pub struct Foreign<M: Model>
where
    M::State: Eq + Hash,
{
    model: M,
    states: Interner<M::State>,
    /// By state.
    steps: Table<Box<[Step]>>,
    /// By state: from which state with a smaller number, by which of its actions, it was reached.
    origins: Table<(u32, u32)>,
    properties: Vec<Property<M>>,
    cards: Vec<PropertyCard>,
    calls: AtomicU64,
}

impl<M: Model> fmt::Debug for Foreign<M>
where
    M::State: Eq + Hash,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Foreign").field("cards", &self.cards).finish_non_exhaustive()
    }
}

impl<M> Foreign<M>
where
    M: Model<State: Clone + Debug + Eq + Hash + Send + Sync, Action: Debug> + Send + Sync,
{
    /// The system of all states of `model`.
    ///
    /// # Panics
    /// From 65 properties on.
    pub fn new(model: M) -> Self {
        let properties = model.properties();
        assert!(properties.len() <= PropertySet::CAPACITY, "at most {} properties", PropertySet::CAPACITY);
        let card = |property: &Property<M>| {
            let kind = match property.expectation {
                Expectation::Always => PropertyKind::Always,
                Expectation::Sometimes => PropertyKind::Sometimes,
                Expectation::Eventually => PropertyKind::Eventually,
            };
            // Nothing is fair about a model's actions; only, a run that can go on does.
            let fairness = Fairness::all(Level::Progress);
            PropertyCard { fairness, ..PropertyCard::new(property.name, kind, property.name) }
        };
        Self {
            cards: properties.iter().map(card).collect(),
            properties,
            model,
            states: Interner::default(),
            steps: Table::default(),
            origins: Table::default(),
            calls: AtomicU64::new(0),
        }
    }

    /// The model.
    pub fn model(&self) -> &M {
        &self.model
    }

    /// The state behind a state vector.
    pub fn state(&self, words: &[Word]) -> &M::State {
        self.states.get(words[0])
    }

    fn number(&self, state: M::State, origin: (u32, u32)) -> Word {
        let number = self.states.intern(state);
        // Whoever made it first had a smaller number, and so this leads back to the start.
        if origin.0 == INITIAL || origin.0 < number {
            self.origins.set(number as usize, origin);
        }
        number
    }

    fn actions(&self, state: &M::State) -> Vec<M::Action> {
        let mut actions = Vec::new();
        self.model.actions(state, &mut actions);
        actions
    }

    fn steps(&self, number: Word) -> &[Step] {
        self.steps.get_or_set(number as usize, || {
            self.calls.fetch_add(1, Ordering::Relaxed);
            let state = self.states.get(number);
            let after = |(action_ix, action): (usize, M::Action)| {
                let next = self.model.next_state(state, action)?;
                if !self.model.within_boundary(&next) {
                    return None;
                }
                let after = self.number(next, (number, action_ix as u32));
                (after != number).then_some((action_ix as u32, after))
            };
            self.actions(state).into_iter().enumerate().filter_map(after).collect()
        })
    }

    fn initial_states(&self) -> impl Iterator<Item = (usize, M::State)> {
        let states = self.model.init_states().into_iter().enumerate();
        states.filter(|(_, state)| self.model.within_boundary(state))
    }

    fn finds(&self, state: &M::State, property_ix: usize) -> bool {
        let Property { expectation, condition, .. } = &self.properties[property_ix];
        condition(&self.model, state) == matches!(expectation, Expectation::Sometimes)
    }
}

impl<M> TransitionSystem for Foreign<M>
where
    M: Model<State: Clone + Debug + Eq + Hash + Send + Sync, Action: Debug> + Send + Sync,
{
    fn word_count(&self) -> usize {
        1
    }

    fn initial(&self) -> Vec<Box<[Word]>> {
        let numbers = self.initial_states().map(|(ix, state)| self.number(state, (INITIAL, ix as u32)));
        numbers.map(|number| Box::from([number])).collect()
    }

    fn successors(&self, state: &[Word], out: &mut Successors) {
        out.clear();
        for (_, after) in self.steps(state[0]) {
            out.edit(0, *after);
            out.finish_if_edited(ActionKind::Choose, true);
        }
    }

    fn properties(&self) -> &[PropertyCard] {
        &self.cards
    }

    fn findings(&self, state: &[Word], open: PropertySet) -> PropertySet {
        let whole = self.state(state);
        PropertySet::of(self.cards.len(), |ix| open.contains(ix) && self.finds(whole, ix))
    }

    fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }

    fn put_away(&self) -> Option<Vec<u32>> {
        let origin = |number| self.origins.get(number).copied().map(<[u32; 2]>::from);
        (0..self.states.len()).map(origin).collect::<Option<Vec<_>>>().map(Vec::into_flattened)
    }

    fn take_back(&self, saved: &[u32]) -> Result<(), String> {
        for (number, &[from, ix]) in saved.as_chunks::<2>().0.iter().enumerate() {
            let state = if from == INITIAL {
                self.model.init_states().into_iter().nth(ix as usize)
            } else if (from as usize) < number {
                let before = self.states.get(from);
                let action = self.actions(before).into_iter().nth(ix as usize);
                action.and_then(|action| self.model.next_state(before, action))
            } else {
                None
            };
            if state.map(|state| self.number(state, (from, ix)) as usize) != Some(number) {
                return Err(OTHER.to_owned());
            }
        }
        Ok(())
    }

    fn table_bytes(&self) -> usize {
        self.states.bytes() + self.steps.bytes() + self.origins.bytes()
    }
}

impl<M> Explain for Foreign<M>
where
    M: Model<State: Clone + Debug + Eq + Hash + Send + Sync, Action: Debug> + Send + Sync,
{
    fn action(&self, state: &[Word], index: usize) -> Action {
        let (action_ix, _) = self.steps(state[0])[index];
        let actions = self.actions(self.state(state));
        let action = &actions[action_ix as usize];
        Action::Choose { node: NODE.to_owned(), key: String::new(), choice: Value::Text(format!("{action:?}")) }
    }

    fn snapshot(&self, state: &[Word]) -> Snapshot {
        let state = Some(Value::Text(format!("{:?}", self.state(state))));
        Snapshot {
            nodes: vec![NodeSnapshot { name: NODE.to_owned(), state, ..NodeSnapshot::default() }],
            ..Snapshot::default()
        }
    }

    fn evidence(&self, state: &[Word], property: usize) -> Option<Evidence> {
        let whole = self.state(state);
        self.finds(whole, property).then(|| Evidence::new(format!("{}: {whole:?}", self.cards[property].name)))
    }
}
