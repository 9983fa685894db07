//! The part of the graph in which a property finds something missing, peeled down to what can hold an endless run.
//!
//! One walk back through the levels works every edge out once. A state without an edge to a state that is still in the
//! region is peeled off; since most edges lead to the next level, what cannot go on for ever mostly falls off in
//! this one walk, and only what is left has its edges kept. What it leaves too many, the search for components drops.

use rayon::prelude::*;

use super::Watch;
use super::components::Edges;
use super::graph::{Graph, Scratch, StateIx};
use crate::engine::Cut;
use crate::system::{ActionKind, FairClass, Fairness, Level, PropertySet, Successors};

/// States that a worker takes at once.
const CHUNK_STATES: usize = 1 << 12;

/// Something is missing in the state.
const MISSING: u8 = 1;
/// Here it is asked for.
const ASKED: u8 = 2;
/// The state is in the region, and was not peeled off.
const KEPT: u8 = 4;

/// What a property finds in each state.
#[derive(Clone, Debug)]
pub(super) struct Marks(Vec<u8>);

impl Marks {
    /// Asks a property in every state.
    pub(super) fn new(graph: &Graph<'_>, property_ix: usize, watch: &Watch<'_>) -> Result<Self, Cut> {
        let mut marks = vec![0; graph.state_count() as usize];
        let open = PropertySet::EMPTY.with(property_ix);
        for (chunk_ix, chunk) in marks.chunks_mut(CHUNK_STATES * 64).enumerate() {
            let first = chunk_ix * CHUNK_STATES * 64;
            chunk.par_chunks_mut(CHUNK_STATES).enumerate().for_each(|(part_ix, part)| {
                let (mut scratch, first) = (Scratch::default(), first + part_ix * CHUNK_STATES);
                for (ix, mark) in part.iter_mut().enumerate() {
                    graph.load((first + ix) as StateIx, &mut scratch);
                    let missing = !graph.system.findings(&scratch.words, open).is_empty();
                    let asked = missing && !graph.system.asks(&scratch.words, open).is_empty();
                    *mark = if missing { MISSING } else { 0 } | if asked { ASKED } else { 0 };
                }
            });
            watch.check()?;
        }
        Ok(Self(marks))
    }

    pub(super) fn is_missing(&self, state: StateIx) -> bool {
        self.0[state as usize] & MISSING != 0
    }

    pub(super) fn is_asked(&self, state: StateIx) -> bool {
        self.0[state as usize] & ASKED != 0
    }
}

/// What is left of the region.
#[derive(Clone, Debug, Default)]
pub(super) struct Region {
    /// The states that are left, by node of `edges`.
    pub(super) states: Vec<StateIx>,
    pub(super) edges: Edges,
    /// States in which something is missing and nothing need happen.
    pub(super) stops: Vec<StateIx>,
    /// By state: its node, or [`NO_NODE`]. Empty where no state is left.
    node_of: Vec<u32>,
}

const NO_NODE: u32 = u32::MAX;

/// What the search for components takes for a node: its part, two numbers, and its places in four lists.
const COMPONENT_BYTES: usize = 40;

/// What one worker found in some states.
#[derive(Debug, Default)]
struct Harvest {
    states: Vec<StateIx>,
    ends: Vec<usize>,
    targets: Vec<StateIx>,
    stops: Vec<StateIx>,
}

impl Region {
    /// Walks back through the levels. With `everywhere` the region is the whole graph, else it is where something is
    /// missing.
    pub(super) fn new(
        graph: &Graph<'_>,
        marks: &mut Marks,
        everywhere: bool,
        fairness: Fairness,
        watch: &Watch<'_>,
    ) -> Result<Self, Cut> {
        let mut region = Self::default();
        let kept = if everywhere { KEPT } else { 0 };
        marks.0.iter_mut().for_each(|mark| *mark |= if *mark & MISSING != 0 { KEPT } else { kept });
        for level in graph.levels.iter().rev() {
            let members: Vec<StateIx> = level.clone().filter(|state| marks.0[*state as usize] & KEPT != 0).collect();
            for pieces in members.chunks(CHUNK_STATES * 16) {
                let harvest = |states: &[StateIx]| harvest(graph, marks, fairness, states);
                let harvests: Vec<Harvest> = match pieces.len() <= CHUNK_STATES {
                    true => vec![harvest(pieces)],
                    false => pieces.par_chunks(CHUNK_STATES).map(harvest).collect(),
                };
                harvests.into_iter().for_each(|harvest| region.take_in(harvest, marks));
                watch.check()?;
                watch.room_for(region.bytes(graph))?;
            }
        }
        region.number(graph);
        Ok(region)
    }

    /// Bytes that it takes with its nodes and components.
    fn bytes(&self, graph: &Graph<'_>) -> usize {
        let Edges { ends, targets } = &self.edges;
        let nodes = self.states.capacity() * (size_of::<StateIx>() + COMPONENT_BYTES);
        let numbers = if self.states.is_empty() { 0 } else { graph.state_count() as usize * size_of::<u32>() };
        nodes + numbers + size_of_val(&ends[..]) + size_of_val(&targets[..])
    }

    fn take_in(&mut self, harvest: Harvest, marks: &mut Marks) {
        let (mut start, kept_before) = (0, self.edges.targets.len());
        for (state, end) in harvest.states.iter().zip(&harvest.ends) {
            if start == *end {
                marks.0[*state as usize] &= !KEPT;
            } else {
                self.states.push(*state);
                self.edges.ends.push(kept_before + end);
            }
            start = *end;
        }
        self.edges.targets.extend(harvest.targets);
        self.stops.extend(harvest.stops);
    }

    /// From states to nodes; edges to states that are not left are dropped.
    fn number(&mut self, graph: &Graph<'_>) {
        if self.states.is_empty() {
            return;
        }
        let mut node_of = vec![NO_NODE; graph.state_count() as usize];
        self.states.iter().enumerate().for_each(|(node, state)| node_of[*state as usize] = node as u32);
        let Edges { ends, targets } = &mut self.edges;
        let (mut start, mut kept) = (0, 0);
        for end in ends {
            for at in start..*end {
                let node = node_of[targets[at] as usize];
                if node != NO_NODE {
                    targets[kept] = node;
                    kept += 1;
                }
            }
            start = *end;
            *end = kept;
        }
        targets.truncate(kept);
        self.node_of = node_of;
    }

    /// The node of a state that is left.
    pub(super) fn node(&self, state: StateIx) -> Option<u32> {
        self.node_of.get(state as usize).copied().filter(|node| *node != NO_NODE)
    }
}

fn harvest(graph: &Graph<'_>, marks: &Marks, fairness: Fairness, states: &[StateIx]) -> Harvest {
    let (mut harvest, mut scratch) = (Harvest::default(), Scratch::default());
    for state in states {
        graph.expand(*state, &mut scratch);
        let kept = |target: &&StateIx| marks.0[**target as usize] & KEPT != 0;
        harvest.targets.extend(scratch.targets.iter().filter(kept));
        harvest.states.push(*state);
        harvest.ends.push(harvest.targets.len());
        if marks.is_missing(*state) && may_stop(&scratch.successors, fairness) {
            harvest.stops.push(*state);
        }
    }
    harvest
}

/// Whether a run may stay for ever where these steps are possible.
pub(super) fn may_stop(successors: &Successors, fairness: Fairness) -> bool {
    let ruled_out = |class: FairClass| {
        let kinds = ActionKind::ALL.into_iter().filter(|kind| FairClass::of(*kind) == Some(class));
        kinds.map(|kind| successors.ruled_out(kind)).sum::<u32>() > 0
    };
    successors.iter().all(|successor| fairness.of_kind(successor.kind) == Level::Nothing)
        && FairClass::ALL.into_iter().all(|class| fairness.of(class) == Level::Nothing || !ruled_out(class))
}
