//! The states and local transitions that were seen.

use hashbrown::{HashMap, HashSet};
use rustc_hash::FxBuildHasher;

use super::settings::Covered;
use crate::system::Word;

/// What was seen: exact, nothing is hashed away.
#[derive(Clone, Debug, Default)]
pub(super) struct Coverage {
    states: HashSet<Box<[Word]>, FxBuildHasher>,
    states_are_more: bool,
    /// How often each local transition was taken.
    taken: HashMap<[u32; 3], u32, FxBuildHasher>,
}

impl Coverage {
    pub(super) fn has_state(&self, state: &[Word]) -> bool {
        self.states.contains(state)
    }

    /// Whether the state is new. One beyond the most that may be remembered is not counted.
    pub(super) fn put_state(&mut self, state: Box<[Word]>, states_max: usize) -> bool {
        if self.states.len() >= states_max && !self.states.contains(&state) {
            self.states_are_more = true;
            return false;
        }
        self.states.insert(state)
    }

    pub(super) fn times_taken(&self, local: [u32; 3]) -> u32 {
        self.taken.get(&local).copied().unwrap_or(0)
    }

    pub(super) fn take(&mut self, local: [u32; 3], times: u32) -> bool {
        let taken = self.taken.entry(local).or_insert(0);
        *taken = taken.saturating_add(times);
        *taken == times
    }

    /// Takes in what a walk has seen. Returns how many of its states and of its local transitions are new.
    pub(super) fn absorb(&mut self, walk: Self, states_max: usize) -> (u32, u32) {
        let (mut states, mut taken) = (0, 0);
        for state in walk.states {
            states += u32::from(self.put_state(state, states_max));
        }
        for (local, times) in walk.taken {
            taken += u32::from(self.take(local, times));
        }
        (states, taken)
    }

    pub(super) fn covered(&self) -> Covered {
        Covered {
            states: self.states.len() as u64,
            states_are_more: self.states_are_more,
            local_transitions: self.taken.len() as u64,
        }
    }
}
