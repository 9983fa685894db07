//! Observables over words: what is summed over steps is remembered by number.

use super::event::Event;
use super::tables::Cluster;
use super::transitions::Taken;
use crate::model::{Observable, Protocol, Reading};
use crate::system::memo::PairMemo;
use crate::system::{Interner, ObservableCard, Word};

/// The observables of a protocol, and what is remembered of them.
pub(super) struct Measures<P: Protocol> {
    observables: Vec<Observable<P>>,
    cards: Vec<ObservableCard>,
    /// By observable and node: (slot, event) -> number of the reading.
    readings: Vec<Vec<PairMemo>>,
    /// The bits of the readings.
    values: Interner<u64>,
}

impl<P: Protocol> Measures<P> {
    pub(super) fn new(observables: Vec<Observable<P>>, node_count: usize) -> Self {
        Self {
            cards: observables.iter().map(|observable| observable.card.clone()).collect(),
            readings: observables.iter().map(|_| (0..node_count).map(|_| PairMemo::default()).collect()).collect(),
            values: Interner::default(),
            observables,
        }
    }

    pub(super) fn cards(&self) -> &[ObservableCard] {
        &self.cards
    }
}

impl<P: Protocol> Cluster<P> {
    /// What an observable counts of the step with this index.
    pub(super) fn measure(&self, state: &[Word], index: usize, observable_ix: usize) -> f64 {
        match &self.measures.observables[observable_ix].reading {
            Reading::AtEnd(_) => 0.0,
            Reading::PerStep(read) => {
                let Taken::ByNode(node, step) = self.nth_step(state, index) else { return 0.0 };
                let Some(event) = self.event(node, &step, state[node]) else { return 0.0 };
                let slot = self.positions[node].slot_number(state[node]);
                let number = self.measures.readings[observable_ix][node].get_or_compute(slot, event.code(), || {
                    self.measures.values.intern(self.measure_step(node, slot, event, &**read).to_bits())
                });
                f64::from_bits(*self.measures.values.get(number))
            }
        }
    }

    fn measure_step(
        &self,
        node: usize,
        slot: u32,
        event: Event,
        read: &dyn Fn(&P, &crate::model::Step<'_, P::Actor>) -> f64,
    ) -> f64 {
        let call = self.call(node, self.positions[node].slots.get(slot), event);
        let outcome = call.run();
        call.as_step(&outcome.slot, &outcome.sent).map_or(0.0, |step| read(&self.protocol, &step))
    }

    /// What an observable reads in the last state of a run.
    pub(super) fn measure_end(&self, state: &[Word], observable_ix: usize) -> f64 {
        match &self.measures.observables[observable_ix].reading {
            Reading::AtEnd(read) => read(&self.protocol, &self.world(state)),
            Reading::PerStep(_) => 0.0,
        }
    }
}
