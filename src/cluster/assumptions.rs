//! What is assumed of runs: where a step leads to a state in which that does not hold, it is no step.

use super::readings::StateReadings;
use super::tables::Cluster;
use crate::model::{Condition, Protocol};
use crate::system::Word;

impl<P: Protocol> Cluster<P> {
    /// The place among the assumptions of the first that is broken in `state`.
    pub(super) fn first_broken(&self, state: &[Word]) -> Option<usize> {
        let readings = StateReadings::of(state);
        self.conditions.assumed_ix.clone().position(|condition_ix| self.finds(&readings, condition_ix))
    }

    /// The name of an assumption that is broken in `state`, if one is.
    pub(super) fn broken_assumption(&self, state: &[Word]) -> Option<&'static str> {
        let at = self.first_broken(state);
        if const { P::REDUCTIONS.symmetry } {
            self.compare_assumptions_with_images(state, at);
        }
        at.map(|at| self.conditions.assumed[at])
    }

    /// Whether a step with these edits leads where an assumption is broken. One that changes nothing that assumptions
    /// read does not; `visible` says whether it changes what is read of a node.
    pub(super) fn is_ruled_out(&self, state: &[Word], edits: &[(u32, Word)], visible: bool) -> bool {
        let conditions = &self.conditions.remembered[self.conditions.assumed_ix.clone()];
        let history = self.layout.history() as u32;
        let changes = |condition: &Condition<P>| match condition {
            Condition::History(_) => edits.iter().any(|(position, _)| *position == history),
            Condition::Nodes(_) => visible,
            Condition::World(_) => true,
            Condition::Step(_) => false,
        };
        if !conditions.iter().any(|remembered| changes(&remembered.condition)) {
            return false;
        }
        let mut after = state.to_vec();
        edits.iter().for_each(|(position, word)| after[*position as usize] = *word);
        self.broken_assumption(&after).is_some()
    }

    /// An assumption that reads everything, if one is made.
    pub(super) fn assumption_by_world(&self) -> Option<&'static str> {
        let assumed = &self.conditions.remembered[self.conditions.assumed_ix.clone()];
        assumed.iter().position(|remembered| remembered.condition.reads_world()).map(|at| self.conditions.assumed[at])
    }
}
