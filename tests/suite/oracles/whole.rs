//! Any stateright [`Model`] as a system of one word: the number of its whole state.
//!
//! So the search, alone, without the cluster, is held against the naive one and against stateright's checkers.

use std::fmt::Debug;
use std::hash::Hash;

use quorate::system::{
    Action, ActionKind, Evidence, Explain, Interner, PropertyCard, PropertyKind, PropertySet, Snapshot, Successors,
    TransitionSystem, Value, Word,
};
use stateright::{Expectation, Model};

use super::naive::next_states;

/// A model whose states are numbered as they are met.
pub struct Whole<M: Model> {
    model: M,
    states: Interner<M::State>,
    cards: Vec<PropertyCard>,
}

impl<M: Model> Whole<M> {
    /// The model with its own properties.
    pub fn new(model: M) -> Self {
        let cards = model.properties().into_iter().map(|property| {
            let kind = match property.expectation {
                Expectation::Always => PropertyKind::Always,
                Expectation::Sometimes => PropertyKind::Sometimes,
                Expectation::Eventually => PropertyKind::Eventually,
            };
            PropertyCard::new(property.name, kind, "")
        });
        Self { cards: cards.collect(), model, states: Interner::default() }
    }
}

impl<M> TransitionSystem for Whole<M>
where
    M: Model<State: Clone + Eq + Hash + Send + Sync> + Send + Sync,
{
    fn word_count(&self) -> usize {
        1
    }

    fn initial(&self) -> Vec<Box<[Word]>> {
        self.model.init_states().into_iter().map(|state| [self.states.intern(state)].into()).collect()
    }

    fn successors(&self, state: &[Word], out: &mut Successors) {
        out.clear();
        for next in next_states(&self.model, self.states.get(state[0])) {
            out.edit(0, self.states.intern(next));
            out.finish_if_edited(ActionKind::Choose, true);
        }
    }

    fn properties(&self) -> &[PropertyCard] {
        &self.cards
    }

    fn findings(&self, state: &[Word], open: PropertySet) -> PropertySet {
        let properties = self.model.properties();
        let state = self.states.get(state[0]);
        PropertySet::of(properties.len(), |ix| {
            let holds = (properties[ix].condition)(&self.model, state);
            open.contains(ix) && holds == (self.cards[ix].kind == PropertyKind::Sometimes)
        })
    }
}

impl<M> Explain for Whole<M>
where
    M: Model<State: Clone + Debug + Eq + Hash + Send + Sync> + Send + Sync,
{
    fn action(&self, state: &[Word], index: usize) -> Action {
        let next = next_states(&self.model, self.states.get(state[0])).swap_remove(index);
        Action::Choose { node: "model".to_owned(), key: "next".to_owned(), choice: Value::Text(format!("{next:?}")) }
    }

    fn snapshot(&self, state: &[Word]) -> Snapshot {
        let history = Value::Text(format!("{:?}", self.states.get(state[0])));
        Snapshot { history, ..Snapshot::default() }
    }

    fn evidence(&self, state: &[Word], property: usize) -> Option<Evidence> {
        let found = self.findings(state, PropertySet::EMPTY.with(property)).contains(property);
        found.then(|| Evidence::new(format!("{:?}", self.states.get(state[0]))))
    }
}
