//! The counterexample: the way to where nothing need happen any more, or to a loop.

use super::Watch;
use super::graph::{Graph, Scratch, StateIx};
use super::lasso::{Basin, nodes_of_loop};
use super::region::Marks;
use super::ways::{Layers, Nodes, Walk, Way};
use crate::engine::exploration::{Ending, Path};
use crate::engine::retrace::{States, walk};
use crate::engine::{Cut, Finding};
use crate::system::{Fairness, PropertyKind};

/// A state, and whether what is asked for has been missing ever since it was asked for. Where the kind of property
/// knows no asking, it is so from the start.
type OnStem = (StateIx, bool);

/// The ways on which a property of some kind may be found violated.
struct Stem<'a> {
    graph: &'a Graph<'a>,
    marks: &'a Marks,
    kind: PropertyKind,
}

impl Stem<'_> {
    /// The nodes at which a way arrives that comes to `state`.
    fn arrivals(&self, state: StateIx, is_first: bool, was_asked: bool) -> impl Iterator<Item = OnStem> {
        let missing = self.marks.is_missing(state);
        let (unasked, asked) = match self.kind {
            PropertyKind::LeadsTo => (!was_asked, if was_asked { missing } else { self.marks.is_asked(state) }),
            PropertyKind::Eventually => (false, missing && (was_asked || is_first)),
            PropertyKind::Always
            | PropertyKind::Sometimes
            | PropertyKind::NoDeadlock
            | PropertyKind::AlwaysStep
            | PropertyKind::EventuallyAlways
            | PropertyKind::AlwaysPossible => (false, true),
        };
        unasked.then_some((state, false)).into_iter().chain(asked.then_some((state, true)))
    }

    fn starts(&self) -> Vec<OnStem> {
        self.graph.initial().into_iter().flat_map(|state| self.arrivals(state, true, false)).collect()
    }
}

impl Walk for Stem<'_> {
    type Node = OnStem;

    fn state(&self, node: OnStem) -> StateIx {
        node.0
    }

    fn edges(&self, (state, was_asked): OnStem, scratch: &mut Scratch, edges: &mut Vec<(usize, OnStem)>) {
        self.graph.expand(state, scratch);
        for (index, target) in scratch.targets.iter().enumerate() {
            edges.extend(self.arrivals(*target, false, was_asked).map(|node| (index, node)));
        }
    }
}

/// Where a run may go wrong for ever.
pub(super) struct Ends<'a> {
    pub(super) graph: &'a Graph<'a>,
    pub(super) marks: &'a Marks,
    pub(super) kind: PropertyKind,
    pub(super) fairness: Fairness,
    pub(super) basins: Vec<Basin<'a>>,
    /// States in which something is missing and nothing need happen.
    pub(super) stops: Nodes<StateIx>,
}

/// The best that was found so far: at which distance from the start, by which nodes, and how long its loop is.
struct Best {
    depth: usize,
    nodes: Vec<OnStem>,
    end: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Stop,
    Loop(usize),
    /// A loop of which no shortest one was found.
    AnyLoop,
}

impl Best {
    /// Steps of stem and loop; a loop of unknown length is better than none, and worse than every other.
    fn length(best: Option<&Self>) -> usize {
        match best {
            Some(Self { depth, end: End::Stop, .. }) => *depth,
            Some(Self { depth, end: End::Loop(length), .. }) => depth + length,
            Some(Self { end: End::AnyLoop, .. }) | None => usize::MAX,
        }
    }
}

impl Ends<'_> {
    /// The shortest counterexample: stem and loop together, then the stem, then by content.
    pub(super) fn shortest(&self, watch: &Watch<'_>) -> Result<Option<Finding>, Cut> {
        let stem = Stem { graph: self.graph, marks: self.marks, kind: self.kind };
        let mut layers = Layers::new(&stem, stem.starts());
        let mut best: Option<Best> = None;
        loop {
            watch.check()?;
            let depth = layers.depth();
            // A loop has two steps at least: a step that leads back to where it began is none.
            if matches!(&best, Some(Best { end: End::AnyLoop, .. })) || Best::length(best.as_ref()) <= depth {
                break;
            }
            best = self.look(layers.last(), depth, best);
            if !layers.advance() {
                break;
            }
        }
        let Some(best) = best else { return Ok(None) };
        layers.go_back_to(best.depth);
        let way = layers.least_way(self.graph, &best.nodes);
        Ok(Some(self.finding(&way, best.end)))
    }

    /// The best so far or one that ends at these nodes, which are `depth` steps from the start.
    fn look(&self, nodes: &[OnStem], depth: usize, best: Option<Best>) -> Option<Best> {
        let asked = || nodes.iter().copied().filter(|(_, asked)| *asked);
        let stops: Vec<OnStem> = asked().filter(|(state, _)| self.stops.contains(state)).collect();
        if !stops.is_empty() {
            return Some(Best { depth, nodes: stops, end: End::Stop });
        }
        let bases: Vec<(OnStem, &Basin<'_>)> =
            asked().filter_map(|node| Some((node, self.basins.iter().find(|basin| basin.contains(node.0))?))).collect();
        let mut found: Option<(usize, Vec<OnStem>)> = None;
        for (node, basin) in &bases {
            // As short as the shortest from here is not too long; as long as the best so far is.
            let below = Best::length(best.as_ref()).saturating_sub(depth);
            let below = found.as_ref().map_or(below, |(length, _)| length + 1);
            match (basin.shortest(node.0, below, nodes_of_loop(bases.len())), &mut found) {
                (Some(length), Some((shortest, nodes))) if length == *shortest => nodes.push(*node),
                (Some(length), _) => found = Some((length, vec![*node])),
                (None, _) => {}
            }
        }
        match (found, best) {
            (Some((length, nodes)), _) => Some(Best { depth, nodes, end: End::Loop(length) }),
            (None, Some(best)) => Some(best),
            (None, None) if bases.is_empty() => None,
            (None, None) => {
                Some(Best { depth, nodes: bases.into_iter().map(|(node, _)| node).collect(), end: End::AnyLoop })
            }
        }
    }

    fn finding(&self, stem: &Way<OnStem>, end: End) -> Finding {
        let mut states: Vec<StateIx> = stem.nodes.iter().map(|(state, _)| *state).collect();
        let mut steps = stem.steps.clone();
        let base = *states.last().expect("a way has a start");
        let basin = || self.basins.iter().find(|basin| basin.contains(base)).expect("a loop begins in a basin");
        let round = match end {
            End::Stop => None,
            End::Loop(length) => basin().least(base, length),
            End::AnyLoop => Some(basin().any(base)),
        };
        let fairness = self.fairness;
        let ending = match round {
            None => Ending::Stop { fairness },
            Some(round) => {
                states.extend(&round.nodes[1..]);
                steps.extend(&round.steps);
                Ending::Loop { from: stem.steps.len(), fairness }
            }
        };
        let depth = steps.len() as u32;
        let states = states.into_iter().map(|state| self.graph.words(state)).collect();
        Finding { depth, path: Some(Path { states, steps, ending }) }
    }
}

/// The shortest way to one of these states, of which all that are nearest are told.
pub(super) fn way_to(graph: &Graph<'_>, marks: &Marks, states: &Nodes<StateIx>) -> Finding {
    let stem = Stem { graph, marks, kind: PropertyKind::AlwaysPossible };
    let mut layers = Layers::new(&stem, stem.starts());
    let near = loop {
        let near: Vec<OnStem> = layers.last().iter().copied().filter(|(state, _)| states.contains(state)).collect();
        if !near.is_empty() {
            break near;
        }
        assert!(layers.advance(), "every state is reached");
    };
    // Along the states as the system has them, also where some stand for others.
    let ahead = layers.leading_to(&near).into_iter();
    let states = |nodes: Nodes<OnStem>| nodes.into_iter().map(|(state, _)| graph.words(state)).collect();
    let way: Vec<States> = ahead.map(states).collect();
    let path = Path { ending: Ending::Trap, ..walk(graph.system, &way) };
    Finding { depth: path.steps.len() as u32, path: Some(path) }
}
