//! What one node is at one moment, its inbox apart.

use std::collections::{BTreeMap, BTreeSet};

use stateright::actor::Actor;

/// What one node is at one moment: all that its next step depends on, the message apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SlotOf<S, G, T: Ord, R> {
    pub(super) life: Life<S>,
    /// Whether it stands still. Invariant: not unless it is up.
    pub(super) paused: bool,
    pub(super) storage: Option<G>,
    pub(super) last_save: LastSave<G>,
    /// Timers that are set.
    pub(super) timers: BTreeSet<T>,
    /// Open choices: options by key. Invariant: no list is empty.
    pub(super) choices: BTreeMap<String, Vec<R>>,
}

/// The slot of an actor.
pub(super) type Slot<A> = SlotOf<<A as Actor>::State, <A as Actor>::Storage, <A as Actor>::Timer, <A as Actor>::Random>;

/// Whether a node runs.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Life<S> {
    /// It runs, in this state.
    Up(S),
    /// It has crashed or has not started yet.
    Down,
    /// Its handler panicked, or gave two results for one event; the text says which. It never acts again.
    Failed(String),
}

/// What a crash can do to the last save.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum LastSave<G> {
    /// Nothing: it is on disk, or there was none.
    Safe,
    /// It may be lost or torn; before it, this was stored.
    Loose { before: Option<G> },
}

impl<S, G, T: Ord, R> SlotOf<S, G, T, R> {
    /// A node that does not run, with what it had saved.
    pub(super) fn down(storage: Option<G>) -> Self {
        Self::idle(Life::Down, storage)
    }

    /// A node whose handler went wrong.
    pub(super) fn failed(how: String, storage: Option<G>) -> Self {
        Self::idle(Life::Failed(how), storage)
    }

    fn idle(life: Life<S>, storage: Option<G>) -> Self {
        Self {
            life,
            paused: false,
            storage,
            last_save: LastSave::Safe,
            timers: BTreeSet::new(),
            choices: BTreeMap::new(),
        }
    }

    /// The state, if the node runs.
    pub(super) fn state(&self) -> Option<&S> {
        match &self.life {
            Life::Up(state) => Some(state),
            Life::Down | Life::Failed(_) => None,
        }
    }

    /// Whether the node runs.
    pub(super) fn is_up(&self) -> bool {
        self.state().is_some()
    }

    /// Whether the node takes steps.
    pub(super) fn is_going(&self) -> bool {
        self.is_up() && !self.paused
    }

    /// Whether the node has crashed and has not come back.
    pub(super) fn is_down(&self) -> bool {
        matches!(self.life, Life::Down)
    }

    /// Whether a crash can do something to its last save.
    pub(super) fn has_loose_save(&self) -> bool {
        matches!(self.last_save, LastSave::Loose { .. })
    }

    /// The open choices one by one, in order.
    pub(super) fn options(&self) -> impl Iterator<Item = (&str, &R)> {
        self.choices.iter().flat_map(|(key, options)| options.iter().map(move |option| (key.as_str(), option)))
    }
}
