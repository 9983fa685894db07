//! Blocks, and chains of them.

use std::fmt;

use quorate::Id;
use serde::Serialize;

/// A block: who has found it, and whether what is in it is valid. Its parent is the block before it in the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Block {
    /// Who has found its proof of work.
    pub miner: Id,
    /// Whether its transactions are valid and its coins not spent before.
    pub valid: bool,
}

/// A chain from the block after the genesis block to its tip. It is the name of its tip: nobody finds two blocks with
/// the same parent.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Chain(Vec<Block>);

impl Chain {
    /// How many blocks there are above the genesis block: what a chain weighs, all blocks being equally hard to find.
    pub fn height(&self) -> usize {
        self.0.len()
    }

    /// This chain and one more block.
    #[must_use]
    pub fn with(&self, block: Block) -> Self {
        let mut blocks = self.0.clone();
        blocks.push(block);
        Self(blocks)
    }

    /// The lowest `height` blocks.
    #[must_use]
    pub fn up_to(&self, height: usize) -> Self {
        Self(self.0[..height.min(self.0.len())].to_vec())
    }

    /// Whether `other` is this chain, or goes on where it ends.
    pub fn is_prefix_of(&self, other: &Self) -> bool {
        other.0.starts_with(&self.0)
    }

    /// How many of its blocks are not in `other`.
    pub fn blocks_above_fork(&self, other: &Self) -> usize {
        let common = self.0.iter().zip(&other.0).take_while(|(own, others)| own == others).count();
        self.0.len() - common
    }

    /// The first block that is not valid, with its height from 1.
    pub fn first_invalid(&self) -> Option<(usize, Block)> {
        self.0.iter().enumerate().find(|(_, block)| !block.valid).map(|(ix, block)| (ix + 1, *block))
    }

    /// Whether there is a block of this miner in it.
    pub fn has_block_of(&self, miner: Id) -> bool {
        self.0.iter().any(|block| block.miner == miner)
    }
}

/// The miners of the blocks, from the lowest to the tip; an invalid block has a mark.
impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("genesis")?;
        self.0.iter().try_for_each(|block| {
            let mark = if block.valid { "" } else { "!" };
            write!(f, "-{}{mark}", usize::from(block.miner))
        })
    }
}
