//! Shortest ways, the least by content.
//!
//! Numbers of states depend on the schedule of the search, so no choice may depend on them. Layers of nodes at one
//! distance do not, and neither does a walk along them that takes, at each node, the step that is least by its
//! content.

use std::hash::Hash;

use hashbrown::HashSet;
use rustc_hash::FxBuildHasher;

use super::graph::{Graph, Scratch, StateIx};

pub(super) type Nodes<N> = HashSet<N, FxBuildHasher>;

/// Nodes and their edges: states, or states with what a way has seen of them.
pub(super) trait Walk {
    type Node: Copy + Eq + Hash + Ord;

    /// The state of a node.
    fn state(&self, node: Self::Node) -> StateIx;

    /// Puts the edges of a node into `edges`, which is empty: the index of the step, and the node that it leads to.
    fn edges(&self, node: Self::Node, scratch: &mut Scratch, edges: &mut Vec<(usize, Self::Node)>);
}

/// A way: nodes, one more than steps, and the index of each step.
#[derive(Clone, Debug)]
pub(super) struct Way<N> {
    pub(super) nodes: Vec<N>,
    pub(super) steps: Vec<usize>,
}

/// Nodes by their distance from some starts, found layer by layer.
pub(super) struct Layers<'w, W: Walk> {
    walk: &'w W,
    starts: Vec<W::Node>,
    layers: Vec<Vec<W::Node>>,
    seen: Nodes<W::Node>,
    scratch: Scratch,
}

impl<'w, W: Walk> Layers<'w, W> {
    pub(super) fn new(walk: &'w W, starts: Vec<W::Node>) -> Self {
        let mut first = starts.clone();
        first.sort_unstable();
        first.dedup();
        Self { walk, starts, seen: first.iter().copied().collect(), layers: vec![first], scratch: Scratch::default() }
    }

    /// The nodes of the last layer.
    pub(super) fn last(&self) -> &[W::Node] {
        self.layers.last().expect("there is a first layer")
    }

    /// Steps from the starts to the last layer.
    pub(super) fn depth(&self) -> usize {
        self.layers.len() - 1
    }

    /// Forgets the layers beyond this distance.
    pub(super) fn go_back_to(&mut self, depth: usize) {
        self.layers.truncate(depth + 1);
    }

    /// How many nodes were found.
    pub(super) fn node_count(&self) -> usize {
        self.seen.len()
    }

    /// Finds the next layer. Whether there is one.
    pub(super) fn advance(&mut self) -> bool {
        let (mut next, mut edges) = (Vec::new(), Vec::new());
        for node in self.layers.last().expect("there is a first layer") {
            edges.clear();
            self.walk.edges(*node, &mut self.scratch, &mut edges);
            next.extend(edges.iter().map(|(_, to)| *to).filter(|to| self.seen.insert(*to)));
        }
        let found = !next.is_empty();
        self.layers.push(next);
        found
    }

    /// By distance from the starts: the nodes on a shortest way to one of `goals`, which are in the last layer.
    pub(super) fn leading_to(&mut self, goals: &[W::Node]) -> Vec<Nodes<W::Node>> {
        let mut edges = Vec::new();
        let mut ahead: Vec<Nodes<W::Node>> = vec![goals.iter().copied().collect()];
        for layer in self.layers.iter().rev().skip(1) {
            let next = ahead.last().expect("the goals are there");
            let mut leading = Nodes::default();
            for node in layer {
                edges.clear();
                self.walk.edges(*node, &mut self.scratch, &mut edges);
                if edges.iter().any(|(_, to)| next.contains(to)) {
                    leading.insert(*node);
                }
            }
            ahead.push(leading);
        }
        ahead.reverse();
        ahead
    }

    /// The least shortest way from a start to one of `goals`, which are in the last layer.
    pub(super) fn least_way(&mut self, graph: &Graph<'_>, goals: &[W::Node]) -> Way<W::Node> {
        let ahead = self.leading_to(goals);
        let mut edges = Vec::new();
        let start = self.starts.iter().find(|start| ahead[0].contains(*start));
        let mut way = Way { nodes: vec![*start.expect("a way begins at a start")], steps: Vec::new() };
        for next in &ahead[1..] {
            let here = *way.nodes.last().expect("there is a start");
            edges.clear();
            self.walk.edges(here, &mut self.scratch, &mut edges);
            let words = graph.words(self.walk.state(here));
            let onward = edges.iter().filter(|(_, to)| next.contains(to));
            // Where one step leads to two nodes of one state, that is the same step: the lesser node will do.
            let least = onward.min_by_key(|(index, to)| (graph.system.action(&words, *index), *index, *to));
            let (index, to) = *least.expect("every node on a way has a step onto it");
            way.nodes.push(to);
            way.steps.push(index);
        }
        way
    }
}
