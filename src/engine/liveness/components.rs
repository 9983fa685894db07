//! Strongly connected components of a part of the graph, after Tarjan (1972), with its stack on the heap: a state
//! graph may be millions of states deep.

/// A graph of nodes `0..`, its edges in one list.
#[derive(Clone, Debug, Default)]
pub(super) struct Edges {
    /// Where the edges of each node end; they start where those of the node before end.
    pub(super) ends: Vec<usize>,
    pub(super) targets: Vec<u32>,
}

impl Edges {
    pub(super) fn of(&self, node: u32) -> &[u32] {
        let start = if node == 0 { 0 } else { self.ends[node as usize - 1] };
        &self.targets[start..self.ends[node as usize]]
    }
}

/// In which part of the graph a node is looked for; what is in no part has been dealt with.
#[derive(Clone, Debug)]
pub(super) struct Parts {
    of_node: Vec<u32>,
    next: u32,
    /// Scratch of the search: when the node was first met, counted from 1, and the earliest node that it leads back to.
    met: Vec<u32>,
    low: Vec<u32>,
}

/// Done with: in no part.
const NO_PART: u32 = 0;

impl Parts {
    /// All nodes in one part, number 1.
    pub(super) fn new(node_count: usize) -> Self {
        Self { of_node: vec![1; node_count], next: 2, met: vec![0; node_count], low: vec![0; node_count] }
    }

    /// The part of a node.
    pub(super) fn of(&self, node: u32) -> u32 {
        self.of_node[node as usize]
    }

    /// Puts some nodes into a part of their own, and returns its number.
    pub(super) fn cut_out(&mut self, nodes: &[u32]) -> u32 {
        let part = self.next;
        self.next += 1;
        nodes.iter().for_each(|node| self.of_node[*node as usize] = part);
        part
    }

    /// Puts some nodes into no part.
    pub(super) fn dismiss(&mut self, nodes: &[u32]) {
        nodes.iter().for_each(|node| self.of_node[*node as usize] = NO_PART);
    }

    /// The components of more than one node within a part. `nodes` are those of the part, all of them.
    pub(super) fn components(&mut self, edges: &Edges, part: u32, nodes: &[u32]) -> Vec<Vec<u32>> {
        nodes.iter().for_each(|node| self.met[*node as usize] = 0);
        let mut found = Vec::new();
        let mut count = 0;
        // Nodes whose component is not known yet, in the order in which they were met.
        let mut open: Vec<u32> = Vec::new();
        // The way from the root: node, and how many of its edges were followed.
        let mut way: Vec<(u32, usize)> = Vec::new();
        for root in nodes {
            if self.met[*root as usize] != 0 {
                continue;
            }
            way.push((*root, 0));
            while let Some((node, followed)) = way.last_mut() {
                let at = *node as usize;
                if *followed == 0 {
                    count += 1;
                    (self.met[at], self.low[at]) = (count, count);
                    open.push(*node);
                }
                let targets = edges.of(*node);
                let onward = targets[*followed..].iter().position(|target| self.is_open(*target, part));
                if let Some(skipped) = onward {
                    let target = targets[*followed + skipped];
                    *followed += skipped + 1;
                    if self.met[target as usize] == 0 {
                        way.push((target, 0));
                    } else {
                        self.low[at] = self.low[at].min(self.met[target as usize]);
                    }
                    continue;
                }
                way.pop();
                if let Some((before, _)) = way.last() {
                    self.low[*before as usize] = self.low[*before as usize].min(self.low[at]);
                }
                if self.low[at] == self.met[at] {
                    let start = open.iter().rposition(|node| *node as usize == at).expect("it was put there");
                    let component = open.split_off(start);
                    component.iter().for_each(|node| self.met[*node as usize] = CLOSED);
                    if component.len() > 1 {
                        found.push(component);
                    }
                }
            }
        }
        found
    }

    fn is_open(&self, node: u32, part: u32) -> bool {
        self.of_node[node as usize] == part && self.met[node as usize] != CLOSED
    }
}

/// The component of the node is known.
const CLOSED: u32 = u32::MAX;

#[cfg(test)]
mod tests {
    use super::*;

    fn edges(of_nodes: &[&[u32]]) -> Edges {
        let mut edges = Edges::default();
        for targets in of_nodes {
            edges.targets.extend(*targets);
            edges.ends.push(edges.targets.len());
        }
        edges
    }

    fn components(of_nodes: &[&[u32]]) -> Vec<Vec<u32>> {
        let nodes: Vec<u32> = (0..of_nodes.len() as u32).collect();
        let mut found = Parts::new(nodes.len()).components(&edges(of_nodes), 1, &nodes);
        found.iter_mut().for_each(|component| component.sort_unstable());
        found.sort();
        found
    }

    #[test]
    fn components_are_told_apart() {
        assert!(components(&[&[1], &[2], &[]]).is_empty());
        assert_eq!(components(&[&[1], &[2], &[0, 3], &[4], &[3, 5], &[]]), [vec![0, 1, 2], vec![3, 4]]);
        assert_eq!(components(&[&[1, 2], &[0], &[3], &[2, 0]]), [[0, 1, 2, 3]]);
    }

    #[test]
    fn a_ring_of_a_million_nodes_is_one_component() {
        let count = 1_000_000;
        let ring =
            Edges { ends: (1..=count).collect(), targets: (1..=count as u32).map(|n| n % count as u32).collect() };
        let nodes: Vec<u32> = (0..count as u32).collect();
        let mut parts = Parts::new(count);
        assert_eq!(parts.components(&ring, 1, &nodes).iter().map(Vec::len).collect::<Vec<_>>(), [count]);
        parts.dismiss(&[7]);
        let rest: Vec<u32> = nodes.into_iter().filter(|node| *node != 7).collect();
        assert!(parts.components(&ring, 1, &rest).is_empty());
    }
}
