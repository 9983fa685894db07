//! Proof of work: honest nodes extend the longest chain, and an attacker mines another one in secret.
//!
//! # Source
//!
//! S. Nakamoto, *Bitcoin: A Peer-to-Peer Electronic Cash System* (2008), sections 4, 5 and 11; J. Garay, A. Kiayias and
//! N. Leonardos, *The Bitcoin Backbone Protocol* (2015), for the properties: common prefix, chain growth, chain quality.
//!
//! # What is modelled
//!
//! Blocks one by one. Any miner may find the next block at any moment, as long as it has blocks left to find; it
//! announces it to everybody, and announcements take any time. A node goes over to a chain that is longer than its own,
//! and of two chains as long as each other keeps the one that it had first. A block is *confirmed* at a node when
//! so many blocks of its chain, itself included, stand on it. The attacker has a number of blocks to find, on a secret chain
//! that it may publish at any moment: whatever it can do with so many blocks is among the runs.
//!
//! So the checks answer which numbers of blocks make what possible. How likely that is, is another question:
//! [`double_spend`](super::double_spend).
//!
//! # What is left out, and why that is sound
//!
//! Hashes, difficulty and time: who finds how many blocks when is open. An announcement carries the whole chain;
//! in life it names its parent, and who does not know that asks for it, which takes time, and an announcement may take
//! any time. A node's blocks that are not on its chain: they come again with the longer chain that goes over them. What is
//! in a block: a payment and its reversal are two blocks that are not on one chain. Nobody finds two blocks with the
//! same parent; an attacker has no use for both, since one of them counts on any chain.
//!
//! | file | what |
//! |---|---|
//! | `chain` | blocks and chains |
//! | `node` | an honest node |
//! | `attacker` | one that mines in secret |
//! | `ghost` | what the observer remembers: how high a chain was announced |
//! | `claims` | the properties, and what delivery may be assumed to be |

mod attacker;
mod chain;
mod claims;
mod ghost;
mod node;

use std::borrow::Cow;

use quorate::model::{Assumption, Card, Deviations, Facts, Measure, Observable, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out, deviations, params};
use serde::Serialize;

pub use attacker::{Attacker, AttackerState};
pub use chain::{Block, Chain};
pub use ghost::{Announced, Fact};
pub use node::{Node, NodeState};

params! {
    /// Who finds how many blocks, and what counts as confirmed.
    pub struct Sizes {
        /// Number of honest miners.
        pub miners: usize = 2, in 1..=4;
        /// How many blocks each honest miner finds.
        pub blocks: usize = 2, in 1..=8;
        /// Number of honest nodes that only keep the chain, such as a merchant's.
        pub observers: usize = 0, in 0..=3;
        /// Number of blocks, itself included, that stand on a block when it is confirmed.
        pub confirmations: usize = 2, in 1..=8;
        /// How many blocks the attacker finds; with 0 there is none.
        pub attacker_blocks: usize = 0, in 0..=8;
        /// Whether the attacker also makes blocks that are not valid.
        pub forges: bool = false;
    }
}

deviations! {
    /// What an honest node may do wrongly.
    pub enum Deviation {
        /// It goes over to a chain that is only as long as its own.
        AcceptEqual = "accept-equal" breaks "finality";
        /// A block is taken as confirmed one block too early.
        ConfirmEarly = "confirm-early" breaks "finality";
        /// It goes over to whatever chain arrives last.
        AcceptShorter = "accept-shorter" breaks "growth";
        /// It does not look into the blocks.
        AcceptInvalid = "accept-invalid" breaks "validity";
        /// It never gives up a block that it has had first.
        NeverReorganise = "never-reorganise" breaks "same-height";
        /// A miner keeps its blocks to itself.
        Withhold = "withhold" breaks "chain-quality";
    }
}

/// What is about to happen at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// It finds a block on its chain; the attacker, on its secret chain.
    Mine,
    /// The attacker finds a block on the chain of the others, in secret.
    Fork,
    /// The attacker finds a block on its secret chain that is not valid.
    Forge,
    /// The attacker publishes its secret chain.
    Publish,
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of an honest node.
    #[serde(untagged)]
    Node(NodeState),
    /// Of the attacker.
    #[serde(untagged)]
    Attacker(AttackerState),
}

/// A member of the network.
#[derive(Clone, Debug)]
pub enum Member {
    /// It keeps to the rules.
    Node(Node),
    /// It does not.
    Attacker(Attacker),
}

impl Actor for Member {
    /// An announcement: a chain, whose tip is new.
    type Msg = Chain;
    type Timer = Timer;
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, out: &mut Out<Self>) -> State {
        match self {
            Self::Node(node) => State::Node(node.on_start(out)),
            Self::Attacker(attacker) => State::Attacker(attacker.on_start(out)),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, _: Id, chain: Chain, out: &mut Out<Self>) {
        let next = match (self, state.as_ref()) {
            (Self::Node(node), State::Node(me)) => node.on_chain(me, chain).map(State::Node),
            (Self::Attacker(attacker), State::Attacker(me)) => attacker.on_chain(me, chain, out).map(State::Attacker),
            (Self::Node(_), State::Attacker(_)) | (Self::Attacker(_), State::Node(_)) => None,
        };
        if let Some(next) = next {
            *state = Cow::Owned(next);
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Timer, out: &mut Out<Self>) {
        match (self, state.as_ref(), timer) {
            (Self::Node(node), State::Node(me), _) => *state = Cow::Owned(State::Node(node.mine(me, out))),
            (Self::Attacker(attacker), State::Attacker(me), Timer::Publish) => attacker.publish(me, out),
            (Self::Attacker(attacker), State::Attacker(me), Timer::Mine | Timer::Fork | Timer::Forge) => {
                *state = Cow::Owned(State::Attacker(attacker.mine(me, *timer, out)));
            }
            (Self::Node(_), State::Attacker(_), _) | (Self::Attacker(_), State::Node(_), _) => {}
        }
    }
}

/// The longest-chain rule, and an attacker.
#[derive(Clone, Debug)]
pub struct ProofOfWork {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl ProofOfWork {
    /// How many nodes are honest: they come first.
    fn honest(&self) -> usize {
        self.sizes.miners + self.sizes.observers
    }

    fn everyone(&self) -> usize {
        self.honest() + usize::from(self.sizes.attacker_blocks > 0)
    }

    /// What of a chain is confirmed.
    fn confirmed(&self, chain: &Chain) -> Chain {
        let on_top = self.sizes.confirmations - 1;
        let early = usize::from(self.deviations.has(Deviation::ConfirmEarly));
        chain.up_to((chain.height() + early).saturating_sub(on_top))
    }

    fn node(&self, ix: usize, blocks: usize) -> Member {
        let peers = (0..self.everyone()).filter(|peer| *peer != ix).map(Id::from).collect();
        Member::Node(Node { id: Id::from(ix), peers, blocks, deviations: self.deviations })
    }

    fn attacker(&self) -> Member {
        Member::Attacker(Attacker {
            id: Id::from(self.honest()),
            peers: (0..self.honest()).map(Id::from).collect(),
            blocks: self.sizes.attacker_blocks,
            forges: self.sizes.forges,
        })
    }
}

impl Protocol for ProofOfWork {
    const CARD: Card = Card {
        name: "proof-of-work",
        title: "Proof of work, longest chain",
        source: "Nakamoto, Bitcoin: A Peer-to-Peer Electronic Cash System (2008), 4, 5, 11; Garay, Kiayias and Leonardos, \
                 The Bitcoin Backbone Protocol (2015)",
        modelled: "Blocks one by one, announcements that take any time, the longest-chain rule with ties for the first, \
                   confirmations; an attacker with a number of blocks, who mines in secret and publishes when it likes",
        left_out: "Hashes, difficulty and time (who finds how many blocks when is open), asking for parents (an \
                   announcement carries its chain), what is in a block (a payment and its reversal are on two chains)",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Announced;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let Sizes { miners, blocks, .. } = self.sizes;
        Roster::new()
            .role("miner", (0..miners).map(|ix| self.node(ix, blocks)))
            .role("observer", (miners..self.honest()).map(|ix| self.node(ix, 0)))
            .role("attacker", (self.honest()..self.everyone()).map(|_| self.attacker()))
    }

    fn history(&self) -> Announced {
        Announced::default()
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<Fact>) {
        facts.extend(ghost::announced(step));
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }

    fn assumptions() -> Vec<Assumption<Self>> {
        vec![claims::prompt_delivery()]
    }

    fn observables() -> Vec<Observable<Self>> {
        let deepest = |_: &Self, world: &quorate::model::World<'_, Self>| {
            let depths = world.nodes.iter().map(|node| match node.state {
                Some(State::Node(node)) => node.deepest,
                Some(State::Attacker(_)) | None => 0,
            });
            depths.max().unwrap_or_default() as f64
        };
        let about = "How many blocks of its chain an honest node gave up at once, at most";
        vec![Measure::new("deepest-reorganisation", about).at_end(deepest)]
    }
}
