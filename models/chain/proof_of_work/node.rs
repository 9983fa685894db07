//! An honest node: it works on the longest chain that it knows.

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::chain::{Block, Chain};
use super::{Deviation, Member, Timer};

/// What an honest node knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct NodeState {
    /// The chain that it works on.
    pub chain: Chain,
    /// How many blocks it will still find.
    pub blocks_left: usize,
    /// Of all times that it went over to another chain: how many blocks of its own chain it gave up at most.
    pub deepest: usize,
}

/// An honest node.
#[derive(Clone, Debug)]
pub struct Node {
    pub(super) id: Id,
    /// Whom it tells of its blocks: everybody else.
    pub(super) peers: Vec<Id>,
    /// How many blocks it finds in a run; 0 for a node that only keeps the chain.
    pub(super) blocks: usize,
    pub(super) deviations: Deviations<Deviation>,
}

impl Node {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    pub(super) fn on_start(&self, out: &mut Out<Member>) -> NodeState {
        self.work(self.blocks, out);
        NodeState { chain: Chain::default(), blocks_left: self.blocks, deepest: 0 }
    }

    fn work(&self, blocks_left: usize, out: &mut Out<Member>) {
        if blocks_left > 0 {
            out.set_timer(Timer::Mine, model_timeout());
        }
    }

    /// Section 5, steps 3 and 4: a node that finds a proof of work for its block tells all nodes.
    pub(super) fn mine(&self, me: &NodeState, out: &mut Out<Member>) -> NodeState {
        let chain = me.chain.with(Block { miner: self.id, valid: true });
        let blocks_left = me.blocks_left - 1;
        if !self.breaks(Deviation::Withhold) {
            self.announce(&chain, out);
        }
        self.work(blocks_left, out);
        NodeState { chain, blocks_left, ..*me }
    }

    fn announce(&self, chain: &Chain, out: &mut Out<Member>) {
        out.broadcast(&self.peers, chain);
    }

    /// Section 5, steps 5 and 6: blocks are accepted if they are valid, and the longest chain is the correct one. Of two
    /// chains of one length it keeps the one that it has received first.
    pub(super) fn on_chain(&self, me: &NodeState, chain: Chain) -> Option<NodeState> {
        let is_valid = chain.first_invalid().is_none() || self.breaks(Deviation::AcceptInvalid);
        let (height, own_height) = (chain.height(), me.chain.height());
        let is_longer = height > own_height
            || self.breaks(Deviation::AcceptEqual) && height == own_height
            || self.breaks(Deviation::AcceptShorter) && height < own_height;
        if !is_valid || !is_longer {
            return None;
        }
        let given_up = me.chain.blocks_above_fork(&chain);
        if given_up > 0 && self.breaks(Deviation::NeverReorganise) {
            return None;
        }
        Some(NodeState { chain, deepest: me.deepest.max(given_up), ..*me })
    }
}
