//! Where properties find something on a run, and which order explains what clients were answered.

use serde::Serialize;

use super::diagram::Flag;
use crate::engine::Path;
use crate::system::{Explain, PropertyCard, PropertyKind, PropertySet, ShowsIn, Successors};

/// A property, and where it finds something.
#[derive(Clone, Debug, Serialize)]
pub struct PropertyTold {
    /// Its name.
    pub name: String,
    /// Of which kind it is.
    pub kind: PropertyKind,
    /// What it claims.
    pub about: String,
    /// Whether a finding is what it hopes for.
    pub witness: bool,
    /// Whether a finding is that something is missing, which only the whole run decides.
    pub by_graph: bool,
    /// Where it finds something, in rows.
    pub found: Vec<Found>,
}

/// Rows in which a property finds the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The first row.
    pub from: usize,
    /// The last row.
    pub to: usize,
    /// What it finds.
    pub evidence: String,
}

/// Rows in which the same order explains what clients were answered, as far as one does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderTold {
    /// The first row.
    pub from: usize,
    /// The last row.
    pub to: usize,
    /// Client and turn of each call, in order.
    pub order: Vec<(usize, usize)>,
    /// Whether every call that has returned is in it.
    pub whole: bool,
}

pub(super) fn properties(system: &dyn Explain, path: &Path) -> Vec<PropertyTold> {
    let cards = system.properties();
    let told = |(ix, card): (usize, &PropertyCard)| PropertyTold {
        name: card.name.clone(),
        kind: card.kind,
        about: card.about.clone(),
        witness: card.kind.is_witness(),
        by_graph: card.kind.shows_in() == ShowsIn::Graph,
        found: found(system, path, ix, card),
    };
    cards.iter().enumerate().map(told).collect()
}

fn found(system: &dyn Explain, path: &Path, property_ix: usize, card: &PropertyCard) -> Vec<Found> {
    let open = PropertySet::EMPTY.with(property_ix);
    let mut runs: Vec<Found> = Vec::new();
    let mut asked = false;
    let mut successors = Successors::default();
    for (row, state) in path.states.iter().enumerate() {
        // What is asked for stays asked for until nothing is missing.
        let missing = !system.findings(state, open).is_empty();
        asked = (asked || card.kind != PropertyKind::LeadsTo || !system.asks(state, open).is_empty()) && missing;
        let evidence = match card.kind.shows_in() {
            ShowsIn::Step => match row.checked_sub(1) {
                Some(before) => system.step_evidence(&path.states[before], state, property_ix),
                None => None,
            },
            ShowsIn::State => system.evidence(state, property_ix).filter(|_| missing),
            ShowsIn::Graph => system.evidence(state, property_ix).filter(|_| asked),
            ShowsIn::Deadlock => {
                system.successors(state, &mut successors);
                let goes_on = successors.iter().any(|successor| !successor.kind.is_fault());
                if goes_on { None } else { system.evidence(state, property_ix) }
            }
        };
        let Some(evidence) = evidence else { continue };
        match runs.last_mut() {
            Some(last) if last.to + 1 == row && last.evidence == evidence.sentence => last.to = row,
            _ => runs.push(Found { from: row, to: row, evidence: evidence.sentence }),
        }
    }
    runs
}

/// The first findings, by row; that something is still missing is none.
pub(super) fn flags(properties: &[PropertyTold]) -> Vec<Flag> {
    let found = properties.iter().filter(|property| !property.by_graph).filter_map(|property| {
        let first = property.found.first()?;
        Some(Flag { row: first.from, property: property.name.clone(), witness: property.witness })
    });
    let mut flags: Vec<Flag> = found.collect();
    flags.sort_by_key(|flag| flag.row);
    flags
}

pub(super) fn orders(system: &dyn Explain, path: &Path) -> Vec<OrderTold> {
    let mut told: Vec<OrderTold> = Vec::new();
    for (row, state) in path.states.iter().enumerate() {
        let Some(found) = system.linearization(state) else { continue };
        match told.last_mut() {
            Some(last) if last.order == found.order && last.whole == found.is_whole => last.to = row,
            _ => told.push(OrderTold { from: row, to: row, order: found.order, whole: found.is_whole }),
        }
    }
    told
}
