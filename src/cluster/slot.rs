//! What one node is at one moment, its inbox apart.

use stateright::actor::Actor;

use super::choices::Choices;
use super::few::Few;
use super::time::Span;

/// What one node is at one moment: all that its next step depends on, the message apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SlotOf<S, G, T: Ord, R> {
    pub(super) life: Life<S>,
    /// Invariant: [`Pace::Going`] unless it is up.
    pub(super) pace: Pace,
    pub(super) storage: Option<G>,
    pub(super) last_save: LastSave<G>,
    /// Timers that are set, and what is left of each.
    pub(super) timers: Few<T, Span>,
    pub(super) choices: Choices<R>,
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

/// Whether a node that is up takes steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Pace {
    Going,
    /// It stands still, for so many ticks of true time at most.
    Paused {
        left: Option<u32>,
    },
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
            pace: Pace::Going,
            storage,
            last_save: LastSave::Safe,
            timers: Few::default(),
            choices: Choices::default(),
        }
    }

    /// The same node without what it is: a handler gives it another state.
    pub(super) fn without_life(&self) -> Self
    where
        S: Clone,
        G: Clone,
        T: Clone,
        R: Clone,
    {
        Self {
            life: Life::Down,
            pace: self.pace,
            storage: self.storage.clone(),
            last_save: self.last_save.clone(),
            timers: self.timers.clone(),
            choices: self.choices.clone(),
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
        self.is_up() && self.pace == Pace::Going
    }

    /// Whether the node stands still, and must not any longer.
    pub(super) fn has_paused_long_enough(&self) -> bool {
        self.pace == Pace::Paused { left: Some(0) }
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
