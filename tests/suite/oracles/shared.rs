//! Processes over shared variables, as the textbooks have them: a system whose steps are written as a function.

use std::fmt::Debug;
use std::hash::Hash;

use quorate::engine::{Exploration, Settings, Silent, Verdict, explore};
use quorate::system::{
    Action, ActionKind, Evidence, Explain, FairInstance, FairInstances, FairnessOverride, Interner, Level,
    PropertyCard, PropertyKind, PropertySet, Snapshot, Successors, TransitionSystem, Value, Word,
};

/// One thing that may happen.
#[derive(Clone, Debug)]
pub struct Act<S> {
    /// Of which class it is.
    pub kind: ActionKind,
    /// Which of its class: fairness goes by it.
    pub number: u32,
    /// What comes of it.
    pub next: S,
}

/// A step of a process, whose next step is one instance for fairness.
pub fn step<S>(process: usize, next: S) -> Act<S> {
    Act { kind: ActionKind::Timeout, number: process as u32, next }
}

type Test<S> = fn(&S) -> bool;

/// A claim, where something is missing (or wrong, or there), and where it is asked for.
pub struct Clause<S> {
    card: PropertyCard,
    finds: Test<S>,
    asks: Test<S>,
}

/// A system of acts.
pub struct Shared<S> {
    initial: Vec<S>,
    acts: fn(&S) -> Vec<Act<S>>,
    /// What is assumed of every state.
    within: Test<S>,
    clauses: Vec<Clause<S>>,
    cards: Vec<PropertyCard>,
    states: Interner<S>,
}

impl<S: Clone + Debug + Eq + Hash + Send + Sync> Shared<S> {
    pub fn new(initial: Vec<S>, acts: fn(&S) -> Vec<Act<S>>) -> Self {
        Self { initial, acts, within: |_| true, clauses: vec![], cards: vec![], states: Interner::default() }
    }

    /// Assumes something of every state.
    pub fn within(mut self, test: Test<S>) -> Self {
        self.within = test;
        self
    }

    pub fn claim(self, kind: PropertyKind, finds: Test<S>) -> Self {
        self.asked(kind, finds, finds)
    }

    pub fn asked(mut self, kind: PropertyKind, finds: Test<S>, asks: Test<S>) -> Self {
        let card = PropertyCard::new(format!("{}-{}", kind.word(), self.cards.len()), kind, "as in the book");
        self.cards.push(card.clone());
        self.clauses.push(Clause { card, finds, asks });
        self
    }

    fn possible(&self, state: &S) -> Vec<Act<S>> {
        (self.acts)(state).into_iter().filter(|act| act.next != *state).collect()
    }

    fn allowed(&self, state: &S) -> Vec<Act<S>> {
        self.possible(state).into_iter().filter(|act| (self.within)(&act.next)).collect()
    }

    /// Everything that there is to see, with what the properties say of fairness or with this level instead.
    pub fn explored(&self, level: Option<Level>) -> Exploration {
        let fairness = level.map(FairnessOverride::all).unwrap_or_default();
        explore(self, &Settings { threads: 1, fairness, ..Settings::default() }, &Silent)
    }

    /// The verdicts, by claim.
    pub fn verdicts(&self, level: Option<Level>) -> Vec<Verdict> {
        self.of(&self.explored(level))
    }

    pub fn of(&self, found: &Exploration) -> Vec<Verdict> {
        self.clauses.iter().enumerate().map(|(ix, clause)| found.verdict(ix, clause.card.kind)).collect()
    }

    fn at(&self, state: &[Word]) -> &S {
        self.states.get(state[0])
    }
}

impl<S: Clone + Debug + Eq + Hash + Send + Sync> TransitionSystem for Shared<S> {
    fn word_count(&self) -> usize {
        1
    }

    fn initial(&self) -> Vec<Box<[Word]>> {
        self.initial.iter().map(|state| [self.states.intern(state.clone())].into()).collect()
    }

    fn successors(&self, state: &[Word], out: &mut Successors) {
        out.clear();
        for act in self.possible(self.at(state)) {
            if (self.within)(&act.next) {
                out.edit(0, self.states.intern(act.next));
                out.finish_if_edited(act.kind, true);
            } else {
                out.rule_out(act.kind);
            }
        }
    }

    fn properties(&self) -> &[PropertyCard] {
        &self.cards
    }

    fn findings(&self, state: &[Word], open: PropertySet) -> PropertySet {
        PropertySet::of(self.clauses.len(), |ix| open.contains(ix) && (self.clauses[ix].finds)(self.at(state)))
    }

    fn asks(&self, state: &[Word], open: PropertySet) -> PropertySet {
        PropertySet::of(self.clauses.len(), |ix| open.contains(ix) && (self.clauses[ix].asks)(self.at(state)))
    }

    fn fair_instances(&self, state: &[Word], out: &mut FairInstances) {
        let instance = |act: Act<S>| FairInstance { kind: act.kind, node: 0, number: act.number };
        let (allowed, ruled_out): (Vec<_>, Vec<_>) =
            self.possible(self.at(state)).into_iter().partition(|act| (self.within)(&act.next));
        out.taken_by = allowed.into_iter().map(instance).collect();
        out.ruled_out = ruled_out.into_iter().map(instance).collect();
    }
}

impl<S: Clone + Debug + Eq + Hash + Send + Sync> Explain for Shared<S> {
    fn action(&self, state: &[Word], index: usize) -> Action {
        let act = self.allowed(self.at(state)).swap_remove(index);
        let (node, value) = (format!("p{}", act.number), Value::Text(format!("{:?}", act.next)));
        match act.kind {
            ActionKind::Deliver => Action::Deliver { from: node.clone(), to: node, message: value },
            ActionKind::Choose => Action::Choose { node, key: "next".to_owned(), choice: value },
            ActionKind::Drop => Action::Drop { from: node.clone(), to: node, message: value },
            _ => Action::Timeout { node, timer: value },
        }
    }

    fn snapshot(&self, state: &[Word]) -> Snapshot {
        let history = Value::Text(format!("{:?}", self.at(state)));
        Snapshot { history, ..Snapshot::default() }
    }

    fn evidence(&self, state: &[Word], property: usize) -> Option<Evidence> {
        (self.clauses[property].finds)(self.at(state)).then(|| Evidence::new(format!("{:?}", self.at(state))))
    }
}
