//! Claims that something happens, decided on the graph of a finished exploration.
//!
//! # What a run is
//!
//! A run starts in an initial state and takes steps: for ever, or until it stops in a state where nothing need
//! happen. What need happen is said by [`Fairness`](crate::system::Fairness), for each message, timer, choice and
//! node alone. Only fair runs count. With *missing* for what a property finds in a state:
//!
//! | kind | is violated by a fair run | shown by |
//! |---|---|---|
//! | `eventually` | on which something is missing from the start for ever | a lasso or a stop |
//! | `leads-to` | on which something is asked for, and is missing from then on for ever | a lasso or a stop |
//! | `eventually-always` | on which something is missing again and again | a lasso or a stop |
//! | `always-possible` | fairness or not: by a reachable state from which no steps, faults apart, lead to a state where nothing is missing | the way to such a trap |
//!
//! # How it is decided
//!
//! The region where something is missing is peeled until no state is left that has no successor in it
//! ([`region`]). What is left has its components worked out ([`components`]), and in each it is looked whether
//! fairness lets a run stay there, in the whole or in a part ([`fair`]). If so, and if the region can be reached as
//! the kind asks, the shortest lasso is put together ([`lasso`], [`stem`]). Nothing here recurses on the graph.
//!
//! It needs every state. After a search that was cut nothing is said; a depth-bounded graph has ends that are none.
//!
//! # Assumptions
//!
//! A step that an assumption rules out is no transition. But it counts as possible, so that a run that must take it,
//! being fair, and may not, is no counterexample: the claim is that fair runs on which the assumption holds
//! throughout keep the property.
//!
//! | file | what |
//! |---|---|
//! | `graph` | states by number, and their edges |
//! | `region` | where something is missing, peeled |
//! | `components` | strongly connected components |
//! | `fair` | in which of them a fair run can stay |
//! | `lasso` | the shortest loop that fairness allows |
//! | `stem` | the way to it |
//! | `trap` | states from which a goal is out of reach |
//! | `ways` | shortest ways, the least by content |

mod components;
mod fair;
mod graph;
mod lasso;
mod region;
mod stem;
mod trap;
mod ways;

use std::time::Instant;

pub(super) use graph::Graph;
use lasso::Basin;
use region::{Marks, Region};
use stem::Ends;

use super::exploration::{Cut, Finding, Limits, Progress, Statistics};
use crate::system::{FairnessOverride, PropertyKind};

/// Watches over the limits of the search while the graph is looked at.
pub(super) struct Watch<'a> {
    pub(super) progress: &'a dyn Progress,
    pub(super) statistics: &'a Statistics,
    pub(super) limits: Limits,
    pub(super) started: Instant,
    /// Bytes of the graph, and of what else there is.
    pub(super) bytes: u64,
}

impl Watch<'_> {
    /// Whether there is memory for so many bytes beside the graph.
    fn room_for(&self, bytes: usize) -> Result<(), Cut> {
        let fits = self.limits.memory_bytes.is_none_or(|limit| self.bytes + bytes as u64 <= limit);
        if fits { Ok(()) } else { Err(Cut::Memory) }
    }

    fn check(&self) -> Result<(), Cut> {
        self.progress.tick(self.statistics, 0);
        if self.progress.interrupted() {
            Err(Cut::Interrupted)
        } else if self.limits.time.is_some_and(|limit| self.started.elapsed() > limit) {
            Err(Cut::Time)
        } else {
            Ok(())
        }
    }
}

/// What a property that shows in the graph finds there; `None` if it holds.
pub(super) fn decide(
    graph: &Graph<'_>,
    property_ix: usize,
    fairness: FairnessOverride,
    watch: &Watch<'_>,
) -> Result<Option<Finding>, Cut> {
    let card = &graph.system.properties()[property_ix];
    let mut marks = Marks::new(graph, property_ix, watch)?;
    let everywhere = match card.kind {
        PropertyKind::Always | PropertyKind::Sometimes | PropertyKind::NoDeadlock | PropertyKind::AlwaysStep => {
            return Ok(None);
        }
        PropertyKind::AlwaysPossible => {
            let trapped = trap::trapped(graph, &marks, watch)?;
            return Ok((!trapped.is_empty()).then(|| stem::way_to(graph, &marks, &trapped)));
        }
        PropertyKind::Eventually | PropertyKind::LeadsTo => false,
        PropertyKind::EventuallyAlways => true,
    };
    let fairness = fairness.over(card.fairness);
    let region = Region::new(graph, &mut marks, everywhere, fairness, watch)?;
    let fair = fair::fair_components(graph, &region, &marks, fairness, watch)?;
    if fair.is_empty() && region.stops.is_empty() {
        return Ok(None);
    }
    let basins =
        fair.into_iter().map(|(component, chances)| Basin::new(graph, &marks, fairness, &component, chances)).collect();
    let stops = region.stops.iter().copied().collect();
    Ends { graph, marks: &marks, kind: card.kind, fairness, basins, stops }.shortest(watch)
}
