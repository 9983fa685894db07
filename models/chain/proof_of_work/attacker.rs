//! An attacker: it finds blocks as others do, and publishes them when it likes.
//!
//! Nothing tells it what to do when: it may mine on its secret chain, begin another one at the tip that the others
//! have, and publish at any moment or never. Whatever strategy there is, selfish mining included, is among its runs.

use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::chain::{Block, Chain};
use super::{Member, Timer};

/// What an attacker knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct AttackerState {
    /// The longest chain of the others that it has heard of.
    pub public: Chain,
    /// The chain that it mines in secret; at first it forks off at the genesis block.
    pub secret: Chain,
    /// How many blocks it will still find.
    pub blocks_left: usize,
}

/// An attacker.
#[derive(Clone, Debug)]
pub struct Attacker {
    pub(super) id: Id,
    /// All honest nodes.
    pub(super) peers: Vec<Id>,
    /// How many blocks it finds in a run.
    pub(super) blocks: usize,
    /// Whether it also makes blocks with invalid transactions.
    pub(super) forges: bool,
}

impl Attacker {
    pub(super) fn on_start(&self, out: &mut Out<Member>) -> AttackerState {
        let me = AttackerState { public: Chain::default(), secret: Chain::default(), blocks_left: self.blocks };
        self.work(&me, out);
        me
    }

    fn work(&self, me: &AttackerState, out: &mut Out<Member>) {
        if me.blocks_left == 0 {
            return;
        }
        out.set_timer(Timer::Mine, model_timeout());
        if me.public != me.secret && me.public.height() > 0 {
            out.set_timer(Timer::Fork, model_timeout());
        }
        if self.forges {
            out.set_timer(Timer::Forge, model_timeout());
        }
    }

    /// It finds a block on its secret chain, or on the chain of the others, where a new secret chain begins.
    pub(super) fn mine(&self, me: &AttackerState, timer: Timer, out: &mut Out<Member>) -> AttackerState {
        let parent = if timer == Timer::Fork { &me.public } else { &me.secret };
        let block = Block { miner: self.id, valid: timer != Timer::Forge };
        let me = AttackerState { secret: parent.with(block), blocks_left: me.blocks_left - 1, ..me.clone() };
        [Timer::Mine, Timer::Fork, Timer::Forge].into_iter().for_each(|timer| out.cancel_timer(timer));
        self.work(&me, out);
        out.set_timer(Timer::Publish, model_timeout());
        me
    }

    pub(super) fn publish(&self, me: &AttackerState, out: &mut Out<Member>) {
        out.broadcast(&self.peers, &me.secret);
    }

    pub(super) fn on_chain(&self, me: &AttackerState, chain: Chain, out: &mut Out<Member>) -> Option<AttackerState> {
        if chain.height() <= me.public.height() {
            return None;
        }
        let me = AttackerState { public: chain, ..me.clone() };
        self.work(&me, out);
        Some(me)
    }
}
