//! From components in which a fair run can stay to a lasso that people can read: a shortest way there, and a loop.
//!
//! The lasso is as short as can be, stem and loop together, where that is affordable: for each state at which a loop
//! may begin, nearest first, the shortest loop is looked for that pays what fairness asks. A loop through a state owes
//! to each weakly fair instance that is possible in that state: it is taken, or on the way it is once not
//! possible. To a strongly fair one that is possible anywhere on the loop it owes that it is taken. Where too many ways
//! would have to be tried, a loop is put together piece by piece, which is not the shortest.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;

use super::fair::{Chances, obligations};
use super::graph::{Graph, Scratch, StateIx};
use super::region::Marks;
use super::ways::{Layers, Nodes, Walk, Way};
use crate::system::{FairInstance, Fairness, Level};

/// Nodes that may be looked at in the search for the loops of one distance.
const NODES_MAX: usize = 200_000;
/// Those of one loop at least.
const NODES_OF_LOOP_MIN: usize = 200;

/// A component in which a fair run can stay, and what it needs to know of it.
pub(super) struct Basin<'a> {
    pub(super) graph: &'a Graph<'a>,
    pub(super) marks: &'a Marks,
    pub(super) fairness: Fairness,
    members: Nodes<StateIx>,
    chances: Chances,
    /// A number below 64 for each instance of which more than progress is assumed; `None` if there are too many.
    bit_of: Option<HashMap<FairInstance, u32, FxBuildHasher>>,
}

/// The loop must come through a state in which something is missing.
const MISSING_BIT: u64 = 1 << 63;
/// Among what is paid: the loop has begun. Without it, where a loop begins and where it ends would be one node.
const BEGUN_BIT: u64 = 1 << 63;

/// A state on a loop, with what is still owed to fairness and what will not be owed any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct OnLoop {
    state: StateIx,
    owed: u64,
    paid: u64,
}

impl<'a> Basin<'a> {
    /// `chances` is what can happen in the component.
    pub(super) fn new(
        graph: &'a Graph<'a>,
        marks: &'a Marks,
        fairness: Fairness,
        component: &[StateIx],
        chances: Chances,
    ) -> Self {
        let members: Nodes<StateIx> = component.iter().copied().collect();
        let fits = chances.len() < 63;
        let bit_of = fits.then(|| chances.keys().zip(0..).map(|(instance, bit)| (*instance, bit)).collect());
        Self { graph, marks, fairness, members, chances, bit_of }
    }

    pub(super) fn contains(&self, state: StateIx) -> bool {
        self.members.contains(&state)
    }

    /// The shortest loops through `base`, if their length is below `below` and they are found among so many nodes.
    pub(super) fn shortest(&self, base: StateIx, below: usize, node_count_max: usize) -> Option<usize> {
        let tour = Tour::new(self, base)?;
        let mut layers = Layers::new(&tour, vec![tour.start]);
        while layers.depth() + 1 < below && layers.node_count() <= node_count_max && layers.advance() {
            if layers.last().iter().any(|node| tour.is_home(*node)) {
                return Some(layers.depth());
            }
        }
        None
    }

    /// The least of the loops of this length, which is the shortest, through `base`.
    pub(super) fn least(&self, base: StateIx, length: usize) -> Option<Way<StateIx>> {
        let tour = Tour::new(self, base)?;
        let mut layers = Layers::new(&tour, vec![tour.start]);
        for _ in 0..length {
            layers.advance();
        }
        let home: Vec<OnLoop> = layers.last().iter().copied().filter(|node| tour.is_home(*node)).collect();
        let way = layers.least_way(self.graph, &home);
        Some(Way { nodes: way.nodes.iter().map(|node| node.state).collect(), steps: way.steps })
    }

    /// A loop through `base`, put together piece by piece.
    pub(super) fn any(&self, base: StateIx) -> Way<StateIx> {
        let mut needed: Vec<Need> = vec![Need::Missing];
        needed.extend(self.chances.iter().filter_map(|(instance, chance)| {
            let always = chance.possible_in == self.members.len();
            match (self.fairness.of_kind(instance.kind), always) {
                (Level::Strong, _) | (Level::Weak, true) => Some(Need::Taken(*instance)),
                (Level::Weak, false) => Some(Need::Impossible(*instance)),
                (Level::Nothing | Level::Progress, _) => None,
            }
        }));
        let mut way = Way { nodes: vec![base], steps: Vec::new() };
        let mut scratch = Scratch::default();
        needed.retain(|need| !self.meets(*need, base, None, &mut scratch));
        while !needed.is_empty() {
            let errand = Errand { basin: self, needed: &needed, home: None };
            self.go_on(&mut way, &errand);
            let (steps, nodes) = (&way.steps, &way.nodes);
            let taken = |at: usize, scratch: &mut Scratch| {
                self.graph.expand(nodes[at], scratch);
                self.graph.list_instances(scratch);
                scratch.instances.taken_by[steps[at]]
            };
            for at in 0..steps.len() {
                let instance = taken(at, &mut scratch);
                needed.retain(|need| !self.meets(*need, nodes[at + 1], Some(instance), &mut scratch));
            }
        }
        if way.steps.is_empty() || way.nodes.last() != Some(&base) {
            self.go_on(&mut way, &Errand { basin: self, needed: &[], home: Some(base) });
        }
        way
    }

    /// Adds the least shortest way that does the errand.
    fn go_on(&self, way: &mut Way<StateIx>, errand: &Errand<'_, 'a>) {
        let here = *way.nodes.last().expect("a way has a start");
        let mut layers = Layers::new(errand, vec![(here, false)]);
        let done = loop {
            let more = layers.advance();
            let done: Vec<(StateIx, bool)> = layers.last().iter().copied().filter(|(_, done)| *done).collect();
            if !done.is_empty() {
                break done;
            }
            assert!(more, "in a fair component everything that is needed can be reached");
        };
        let more = layers.least_way(self.graph, &done);
        way.nodes.extend(more.nodes[1..].iter().map(|(state, _)| *state));
        way.steps.extend(more.steps);
    }

    /// Whether coming to `state` by a step of `taken` meets a need.
    fn meets(&self, need: Need, state: StateIx, taken: Option<FairInstance>, scratch: &mut Scratch) -> bool {
        match need {
            Need::Missing => self.marks.is_missing(state),
            Need::Taken(instance) => taken == Some(instance),
            Need::Impossible(instance) => {
                if taken == Some(instance) {
                    return true;
                }
                self.graph.load(state, scratch);
                self.graph.list_instances(scratch);
                !obligations(scratch, self.fairness).contains(&instance)
            }
        }
    }
}

/// What a loop needs to be a fair counterexample.
#[derive(Clone, Copy, Debug)]
enum Need {
    Missing,
    Taken(FairInstance),
    Impossible(FairInstance),
}

/// The way to the next thing that is needed, or home.
struct Errand<'t, 'a> {
    basin: &'t Basin<'a>,
    needed: &'t [Need],
    home: Option<StateIx>,
}

impl Walk for Errand<'_, '_> {
    type Node = (StateIx, bool);

    fn state(&self, node: Self::Node) -> StateIx {
        node.0
    }

    fn edges(&self, (state, done): Self::Node, scratch: &mut Scratch, edges: &mut Vec<(usize, Self::Node)>) {
        if done {
            return;
        }
        self.basin.graph.expand(state, scratch);
        self.basin.graph.list_instances(scratch);
        let steps: Vec<_> = scratch.targets.iter().copied().zip(scratch.instances.taken_by.iter().copied()).collect();
        for (index, (target, instance)) in steps.into_iter().enumerate() {
            if self.basin.contains(target) {
                let met = self.needed.iter().any(|need| self.basin.meets(*need, target, Some(instance), scratch));
                edges.push((index, (target, met || self.home == Some(target))));
            }
        }
    }
}

/// All ways through a component that begin at `base`, with what they owe.
struct Tour<'t, 'a> {
    basin: &'t Basin<'a>,
    bit_of: &'t HashMap<FairInstance, u32, FxBuildHasher>,
    /// The bits of weakly fair instances.
    weak: u64,
    base: StateIx,
    start: OnLoop,
}

impl<'t, 'a> Tour<'t, 'a> {
    fn new(basin: &'t Basin<'a>, base: StateIx) -> Option<Self> {
        let bit_of = basin.bit_of.as_ref()?;
        let is_weak = |instance: &FairInstance| basin.fairness.of_kind(instance.kind) == Level::Weak;
        let weak = bit_of.iter().filter(|(instance, _)| is_weak(instance)).map(|(_, bit)| 1 << bit).sum();
        let start = OnLoop { state: base, owed: MISSING_BIT, paid: 0 };
        let mut tour = Self { basin, bit_of, weak, base, start };
        let possible = tour.possible_in(base, &mut Scratch::default());
        // Of the weakly fair ones only those are owed anything that are possible everywhere, and so here.
        tour.start.owed |= possible & weak;
        tour.start = tour.seen(tour.start, possible);
        Some(tour)
    }

    fn bit(&self, instance: FairInstance) -> u64 {
        1 << self.bit_of[&instance]
    }

    fn possible_in(&self, state: StateIx, scratch: &mut Scratch) -> u64 {
        self.basin.graph.load(state, scratch);
        self.basin.graph.list_instances(scratch);
        obligations(scratch, self.basin.fairness).into_iter().fold(0, |bits, instance| bits | self.bit(instance))
    }

    /// Nothing is owed, and the way is back where it began.
    fn is_home(&self, node: OnLoop) -> bool {
        node.state == self.base && node.owed == 0 && node.paid & BEGUN_BIT != 0
    }

    /// What is owed after a look at the node's state, in which `possible` is what is possible.
    fn seen(&self, mut node: OnLoop, possible: u64) -> OnLoop {
        node.owed &= !(self.weak & !possible);
        node.owed |= possible & !self.weak & !node.paid;
        if self.basin.marks.is_missing(node.state) {
            node.owed &= !MISSING_BIT;
        }
        node
    }
}

impl Walk for Tour<'_, '_> {
    type Node = OnLoop;

    fn state(&self, node: OnLoop) -> StateIx {
        node.state
    }

    fn edges(&self, node: OnLoop, scratch: &mut Scratch, edges: &mut Vec<(usize, OnLoop)>) {
        let (graph, fairness) = (self.basin.graph, self.basin.fairness);
        graph.expand(node.state, scratch);
        graph.list_instances(scratch);
        let steps: Vec<_> = scratch.targets.iter().copied().zip(scratch.instances.taken_by.iter().copied()).collect();
        for (index, (target, instance)) in steps.into_iter().enumerate() {
            if !self.basin.contains(target) {
                continue;
            }
            let mut next = OnLoop { state: target, owed: node.owed, paid: node.paid | BEGUN_BIT };
            if fairness.of_kind(instance.kind) >= Level::Weak {
                let bit = self.bit(instance);
                next.owed &= !bit;
                if fairness.of_kind(instance.kind) == Level::Strong {
                    next.paid |= bit;
                }
            }
            let possible = self.possible_in(target, scratch);
            edges.push((index, self.seen(next, possible)));
        }
    }
}

/// How many nodes may be looked at for the loop through each of so many states.
pub(super) fn nodes_of_loop(base_count: usize) -> usize {
    (NODES_MAX / base_count.max(1)).max(NODES_OF_LOOP_MIN)
}
