//! What properties find in a state or in a step.

use stateright::actor::Id;

use super::position::Position;
use super::readings::StateReadings;
use super::slot::Life;
use super::tables::Cluster;
use crate::model::{Condition, Protocol, StepCondition};
use crate::system::{Evidence, PropertySet, Word};

impl<P: Protocol> Cluster<P> {
    /// See [`TransitionSystem::findings`](crate::system::TransitionSystem::findings).
    pub(super) fn find(&self, state: &[Word], open: PropertySet) -> PropertySet {
        let found = self.find_here(state, open);
        if const { P::REDUCTIONS.symmetry } {
            self.compare_with_images(state, found, open);
        }
        found
    }

    fn find_here(&self, state: &[Word], open: PropertySet) -> PropertySet {
        let readings = StateReadings::of(state);
        PropertySet::of(self.conditions.cards.len(), |property_ix| {
            open.contains(property_ix)
                && match self.is_of_protocol(property_ix) {
                    true => self.finds(&readings, property_ix),
                    false => self.some_failed() && self.failure(state).is_some(),
                }
        })
    }

    /// See [`TransitionSystem::asks`](crate::system::TransitionSystem::asks).
    pub(super) fn find_asked(&self, state: &[Word], open: PropertySet) -> PropertySet {
        let readings = StateReadings::of(state);
        PropertySet::of(self.conditions.asked_ix.len(), |property_ix| {
            open.contains(property_ix)
                && self.finds(&readings, self.conditions.asked_ix[property_ix].unwrap_or(property_ix))
        })
    }

    /// Whether a condition finds something in a state.
    pub(super) fn finds_in(&self, state: &[Word], condition_ix: usize) -> bool {
        self.finds(&StateReadings::of(state), condition_ix)
    }

    pub(super) fn finds<'a>(&'a self, readings: &StateReadings<'a>, condition_ix: usize) -> bool {
        let state = readings.state;
        let history = state[self.layout.history()];
        let remembered = &self.conditions.remembered[condition_ix];
        match &remembered.condition {
            Condition::History(condition) => *remembered
                .found_in_history
                .get_or_set(history as usize, || condition(&self.protocol, self.histories.get(history)).is_some()),
            Condition::Nodes(nodes) => match self.packed_readings(remembered, readings) {
                Some((high, low)) => {
                    let judge = || u32::from(nodes.judge(&self.protocol, &self.readings(remembered, state)).is_some());
                    remembered.found_in_readings.get_or_compute(high, low, judge) != 0
                }
                None => self.evidence_in(state, condition_ix).is_some(),
            },
            Condition::World(_) => self.evidence_in(state, condition_ix).is_some(),
            Condition::Step(_) => false,
        }
    }

    /// See [`TransitionSystem::step_findings`](crate::system::TransitionSystem::step_findings).
    pub(super) fn find_in_step(&self, before: &[Word], after: &[Word], open: PropertySet) -> PropertySet {
        let found = self.find_in_step_here(before, after, open);
        if const { P::REDUCTIONS.symmetry } {
            self.compare_with_images_of_step(before, after, found, open);
        }
        found
    }

    pub(super) fn find_in_step_here(&self, before: &[Word], after: &[Word], open: PropertySet) -> PropertySet {
        let count = self.conditions.cards.len() - 1;
        let histories = [before, after].map(|state| state[self.layout.history()]);
        PropertySet::of(count, |property_ix| {
            let remembered = &self.conditions.remembered[property_ix];
            open.contains(property_ix)
                && match &remembered.condition {
                    Condition::Step(StepCondition::History(condition)) if histories[0] != histories[1] => {
                        let [before, after] = histories.map(|history| self.histories.get(history));
                        let found = || u32::from(condition(&self.protocol, before, after).is_some());
                        remembered.found_in_histories.get_or_compute(histories[0], histories[1], found) != 0
                    }
                    Condition::Step(StepCondition::History(_)) => false,
                    Condition::Step(StepCondition::Nodes(_) | StepCondition::World(_)) => {
                        self.look_at_step(before, after, property_ix).is_some()
                    }
                    Condition::History(_) | Condition::Nodes(_) | Condition::World(_) => false,
                }
        })
    }

    /// What a property finds, with ids where names belong.
    pub(super) fn look(&self, state: &[Word], property_ix: usize) -> Option<Evidence> {
        match self.is_of_protocol(property_ix) {
            true => self.evidence_in(state, property_ix),
            false => self.failure(state),
        }
    }

    fn evidence_in(&self, state: &[Word], condition_ix: usize) -> Option<Evidence> {
        let remembered = &self.conditions.remembered[condition_ix];
        match &remembered.condition {
            Condition::History(condition) => {
                condition(&self.protocol, self.histories.get(state[self.layout.history()]))
            }
            Condition::Nodes(nodes) => nodes.judge(&self.protocol, &self.readings(remembered, state)),
            Condition::World(condition) => condition(&self.protocol, &self.world(state)),
            Condition::Step(_) => None,
        }
    }

    /// What a property of steps finds, with ids where names belong.
    pub(super) fn look_at_step(&self, before: &[Word], after: &[Word], property_ix: usize) -> Option<Evidence> {
        let remembered = self.is_of_protocol(property_ix).then(|| &self.conditions.remembered[property_ix])?;
        match &remembered.condition {
            Condition::Step(StepCondition::History(condition)) => {
                let [before, after] = [before, after].map(|state| self.histories.get(state[self.layout.history()]));
                (before != after).then(|| condition(&self.protocol, before, after)).flatten()
            }
            Condition::Step(StepCondition::Nodes(nodes)) => {
                let [before, after] = [before, after].map(|state| self.readings(remembered, state));
                (before != after).then(|| nodes.judge(&self.protocol, &before, &after)).flatten()
            }
            Condition::Step(StepCondition::World(condition)) => {
                condition(&self.protocol, &self.world(before), &self.world(after))
            }
            Condition::History(_) | Condition::Nodes(_) | Condition::World(_) => None,
        }
    }

    fn failure(&self, state: &[Word]) -> Option<Evidence> {
        let failed = |(node, position): (usize, &Position<P::Actor>)| match &position.slot(state[node]).life {
            Life::Failed(how) => Some(Evidence::new(format!("a handler of {:?} {how}", Id::from(node)))),
            Life::Up(_) | Life::Down => None,
        };
        self.positions.iter().enumerate().find_map(failed)
    }
}
