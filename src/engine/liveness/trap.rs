//! States from which a goal can be reached no more.
//!
//! One walk back through the levels finds most states that can reach it, since most edges lead to the next level. Of
//! the rest the edges are kept and turned round, and the goal is spread along them: each edge is looked at a fixed
//! number of times, whatever the shape of the graph.

use rayon::prelude::*;

use super::Watch;
use super::components::Edges;
use super::graph::{Graph, Scratch, StateIx};
use super::region::Marks;
use super::ways::Nodes;
use crate::engine::Cut;
use crate::system::ActionKind;

/// States that a worker takes at once.
const CHUNK_STATES: usize = 1 << 12;

/// The states from which no state can be reached in which nothing is missing, by steps that are no faults: a
/// goal that only a fault makes possible is out of reach. A step that was ruled out leads who knows where, and
/// its source is not trapped.
pub(super) fn trapped(graph: &Graph<'_>, marks: &Marks, watch: &Watch<'_>) -> Result<Nodes<StateIx>, Cut> {
    let mut can_reach: Vec<bool> = (0..graph.state_count()).map(|state| !marks.is_missing(state)).collect();
    for level in graph.levels.iter().rev() {
        let missing: Vec<StateIx> = level.clone().filter(|state| marks.is_missing(*state)).collect();
        for pieces in missing.chunks(CHUNK_STATES * 16) {
            let reaching = |states: &[StateIx]| {
                let mut scratch = Scratch::default();
                let leads = |state: &StateIx| {
                    graph.expand(*state, &mut scratch);
                    escapes(&scratch) || onward(&scratch).any(|target| can_reach[target as usize])
                };
                states.iter().copied().filter(leads).collect::<Vec<_>>()
            };
            let reaching: Vec<StateIx> = match pieces.len() <= CHUNK_STATES {
                true => reaching(pieces),
                false => pieces.par_chunks(CHUNK_STATES).flat_map_iter(reaching).collect(),
            };
            reaching.into_iter().for_each(|state| can_reach[state as usize] = true);
            watch.check()?;
        }
    }
    let rest: Vec<StateIx> = (0..graph.state_count()).filter(|state| !can_reach[*state as usize]).collect();
    spread(graph, &rest, &mut can_reach, watch)
}

/// Where steps lead that are no faults.
fn onward(scratch: &Scratch) -> impl Iterator<Item = StateIx> {
    let steps = scratch.successors.iter().zip(&scratch.targets);
    steps.filter(|(successor, _)| !successor.kind.is_fault()).map(|(_, target)| *target)
}

fn escapes(scratch: &Scratch) -> bool {
    ActionKind::ALL.into_iter().any(|kind| !kind.is_fault() && scratch.successors.ruled_out(kind) > 0)
}

/// Those of `rest` that cannot reach what can be reached from.
fn spread(
    graph: &Graph<'_>,
    rest: &[StateIx],
    can_reach: &mut [bool],
    watch: &Watch<'_>,
) -> Result<Nodes<StateIx>, Cut> {
    const NO_NODE: u32 = u32::MAX;
    if rest.is_empty() {
        return Ok(Nodes::default());
    }
    let bytes = size_of_val(rest) + can_reach.len() * size_of::<u32>();
    watch.room_for(bytes)?;
    let mut node_of = vec![NO_NODE; can_reach.len()];
    rest.iter().enumerate().for_each(|(node, state)| node_of[*state as usize] = node as u32);
    let (mut edges, mut reaching) = (Vec::new(), Vec::new());
    let mut scratch = Scratch::default();
    for (node, state) in rest.iter().enumerate() {
        graph.expand(*state, &mut scratch);
        let mut reaches = false;
        for target in onward(&scratch) {
            reaches |= can_reach[target as usize];
            if node_of[target as usize] != NO_NODE {
                edges.push((node_of[target as usize], node as u32));
            }
        }
        if reaches {
            reaching.push(node as u32);
        }
        if node.is_multiple_of(CHUNK_STATES) {
            watch.check()?;
            // Once as they are found, once turned round.
            watch.room_for(bytes + edges.len() * 2 * size_of::<(u32, u32)>())?;
        }
    }
    reaching.iter().for_each(|node| can_reach[rest[*node as usize] as usize] = true);
    let back = turned_round(edges, rest.len());
    while let Some(node) = reaching.pop() {
        for before in back.of(node) {
            let can_reach = &mut can_reach[rest[*before as usize] as usize];
            if !std::mem::replace(can_reach, true) {
                reaching.push(*before);
            }
        }
    }
    Ok(rest.iter().copied().filter(|state| !can_reach[*state as usize]).collect())
}

/// Pairs of a node and one that leads to it, as edges.
fn turned_round(mut pairs: Vec<(u32, u32)>, node_count: usize) -> Edges {
    pairs.sort_unstable();
    let mut edges = Edges { ends: vec![0; node_count], targets: pairs.iter().map(|(_, before)| *before).collect() };
    pairs.iter().for_each(|(node, _)| edges.ends[*node as usize] += 1);
    let mut end = 0;
    for count in &mut edges.ends {
        end += *count;
        *count = end;
    }
    edges
}
