//! Whether conditions judge the images of a state as they judge the state.
//!
//! Where states stand for others, a condition is asked of the one that was kept. That says something of the others only
//! if it does not depend on who is called what. Each time that one is asked, it is asked of all images too; or, where
//! it reads the nodes, if that was not done for the same readings. Conditions over the history are compared at
//! the end, once for each history.

use std::sync::PoisonError;

use rustc_hash::FxHashMap;

use super::conditions::Remembered;
use super::confirm::GoOn;
use super::group::IDENTITY;
use super::symmetry::{Quotient, Rows};
use super::tables::Cluster;
use crate::model::{Condition, Protocol};
use crate::system::{PropertySet, Word};

/// How many readings are remembered of one condition.
const REMEMBERED_MAX: usize = 1 << 20;

impl<P: Protocol> Cluster<P> {
    /// Compares what was found in a state with what is found in its images, if symmetry is made use of.
    pub(super) fn compare_with_images(&self, state: &[Word], found: PropertySet, open: PropertySet) {
        let Some(quotient) = self.quotient.as_ref().filter(|quotient| quotient.asymmetry.get().is_none()) else {
            return;
        };
        let rows = self.rows(quotient, state);
        let open = open.without(self.conditions.of_history);
        for property_ix in open.iter().filter(|property_ix| self.is_of_protocol(*property_ix)) {
            let remembered = &self.conditions.remembered[property_ix];
            if !self.is_judged_alike(quotient, remembered, state, &rows, property_ix, found.contains(property_ix)) {
                quotient.complain(|| self.told_asymmetric(property_ix));
            }
        }
    }

    fn told_asymmetric(&self, property_ix: usize) -> String {
        let name = &self.conditions.cards[property_ix].name;
        format!("`{name}` judges a state otherwise when members change places")
    }

    fn is_judged_alike(
        &self,
        quotient: &Quotient<P>,
        remembered: &Remembered<P>,
        state: &[Word],
        rows: &Rows<'_>,
        condition_ix: usize,
        found: bool,
    ) -> bool {
        match &remembered.condition {
            Condition::Nodes(nodes) => self.are_judged_alike(quotient, remembered, state, rows, |readings| {
                nodes.judge(&self.protocol, readings).is_some() == found
            }),
            Condition::World(_) | Condition::History(_) => quotient.group.others().all(|permutation| {
                self.finds_in(&self.image(quotient, state, rows, permutation), condition_ix) == found
            }),
            Condition::Step(_) => true,
        }
    }

    /// Whether the readings of all images are judged as they should be.
    fn are_judged_alike(
        &self,
        quotient: &Quotient<P>,
        remembered: &Remembered<P>,
        state: &[Word],
        rows: &Rows<'_>,
        is_right: impl Fn(&[u32]) -> bool,
    ) -> bool {
        let here = self.readings_of_image(quotient, remembered, rows, state, IDENTITY);
        if remembered.alike.read().unwrap_or_else(PoisonError::into_inner).contains(&here) {
            return true;
        }
        let is_alike = quotient.group.others().all(|permutation| {
            let there = self.readings_of_image(quotient, remembered, rows, state, permutation);
            there == here || is_right(&there)
        });
        let mut alike = remembered.alike.write().unwrap_or_else(PoisonError::into_inner);
        if is_alike && alike.len() < REMEMBERED_MAX {
            alike.insert(here);
        }
        is_alike
    }

    fn readings_of_image(
        &self,
        quotient: &Quotient<P>,
        remembered: &Remembered<P>,
        rows: &Rows<'_>,
        state: &[Word],
        permutation: usize,
    ) -> Box<[u32]> {
        let reading = |node: usize| {
            let local = self.local_of_image(quotient, state, rows, permutation, node);
            self.reading(remembered, node, self.positions[node].slot_number(local))
        };
        (0..self.layout.node_count).map(reading).collect()
    }

    /// The same for what was found in a step.
    pub(super) fn compare_with_images_of_step(
        &self,
        before: &[Word],
        after: &[Word],
        found: PropertySet,
        open: PropertySet,
    ) {
        self.ask_of_images(|quotient, permutation| {
            let image = |state: &[Word]| self.image(quotient, state, &self.rows(quotient, state), permutation);
            let [before, after] = [before, after].map(image);
            let of_image = self.find_in_step_here(&before, &after, open);
            let differs = |ix: &usize| found.contains(*ix) != of_image.contains(*ix);
            open.iter().find(differs).map(|property_ix| self.told_asymmetric(property_ix))
        });
    }

    /// The same for the assumptions, of which the one at this place is the first that is broken in a state.
    pub(super) fn compare_assumptions_with_images(&self, state: &[Word], broken: Option<usize>) {
        let Some(quotient) = self.quotient.as_ref().filter(|quotient| quotient.asymmetry.get().is_none()) else {
            return;
        };
        let assumed = self.conditions.assumed_ix.clone().enumerate();
        let looked_at = assumed.filter(|(at, _)| broken.is_none_or(|broken| *at <= broken));
        let mut rows = None;
        for (at, condition_ix) in looked_at {
            let remembered = &self.conditions.remembered[condition_ix];
            if matches!(remembered.condition, Condition::History(_)) {
                continue;
            }
            let rows = rows.get_or_insert_with(|| self.rows(quotient, state));
            if !self.is_judged_alike(quotient, remembered, state, rows, condition_ix, broken == Some(at)) {
                let name = self.conditions.assumed[at];
                quotient
                    .complain(|| format!("assumption `{name}` judges a state otherwise when members change places"));
            }
        }
    }

    /// The first condition over the history that is not the same for an image of a history, in words.
    pub(super) fn asymmetric_history(&self, quotient: &Quotient<P>, go_on: GoOn<'_>) -> Option<String> {
        self.conditions.remembered.iter().find_map(|remembered| {
            let Condition::History(condition) = &remembered.condition else { return None };
            let differs = |history: &P::History| {
                let found = condition(&self.protocol, history).is_some();
                quotient.group.others().any(|permutation| {
                    let image = (quotient.symmetry.history)(history, &quotient.names(permutation));
                    condition(&self.protocol, &image).is_some() != found
                })
            };
            let numbers = (0..self.histories.len() as u32).take_while(|_| go_on());
            let mut histories = numbers.map(|number| self.histories.get(number));
            let history = histories.find(|history| differs(history))?;
            Some(format!("a condition judges {history:?} otherwise when members change places"))
        })
    }

    /// The first node of which a condition reads the same in two slots, and not in their images, in words. Where the same is
    /// read as before, nobody asks again: so that must be the same for the images.
    pub(super) fn asymmetric_reading(&self, quotient: &Quotient<P>, go_on: GoOn<'_>) -> Option<String> {
        let reading = self.conditions.remembered.iter().filter(|remembered| remembered.reading_ix.is_some());
        let nodes = 0..self.positions.len();
        let mut pairs = reading.flat_map(|remembered| nodes.clone().map(move |node| (remembered, node)));
        pairs.find_map(|(remembered, node)| {
            let differing = |permutation| self.slot_read_otherwise(quotient, remembered, node, permutation, go_on);
            let slot = quotient.group.others().find_map(differing)?;
            let state = &self.positions[node].slots.get(slot).life;
            Some(format!("a condition reads {state:?} otherwise when members change places"))
        })
    }

    fn slot_read_otherwise(
        &self,
        quotient: &Quotient<P>,
        remembered: &Remembered<P>,
        node: usize,
        permutation: usize,
        go_on: GoOn<'_>,
    ) -> Option<u32> {
        let image_node = quotient.image_of_node(node, permutation);
        let (mut there, mut back) = (FxHashMap::default(), FxHashMap::default());
        (0..self.positions[node].slots.len() as u32).take_while(|_| go_on()).find(|slot| {
            let here = self.reading(remembered, node, *slot);
            let image = self.image_of_slot(quotient, node, *slot, permutation);
            let read = self.reading(remembered, image_node, image);
            *there.entry(here).or_insert(read) != read || *back.entry(read).or_insert(here) != here
        })
    }
}
