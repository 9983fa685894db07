//! Floor 4: searches over integers.
//!
//! [`explore`] visits every reachable state of an [`Explain`](crate::system::Explain) system, breadth first, and
//! answers for each property by a [`Verdict`]. It knows states as vectors of words and nothing of what they mean.
//!
//! | file | what |
//! |---|---|
//! | `exploration` | what a search is told, and what it tells |
//! | `search` | breadth first, level by level |
//! | `expand` | working out successors |
//! | `packing`, `key` | state vectors as keys of a few limbs; mixing keys, writing them in few bytes |
//! | `cells`, `store`, `visited` | the set of seen states: the cells of a shard, one shard, all shards |
//! | `level` | the states at one distance |
//! | `confirm` | whether a search that leaves something out may say anything |
//! | `retrace` | the way to a state that was found |
//! | `checkpoint` | going on after an end, or a death |
//! | `liveness` | claims that something happens, on the graph of all states |

mod cells;
mod checkpoint;
mod confirm;
mod expand;
mod exploration;
mod key;
mod level;
mod liveness;
mod packing;
mod retrace;
mod search;
mod store;
#[cfg(test)]
mod tests;
mod visited;

pub use checkpoint::{CheckpointError, Checkpoints};
pub use exploration::{
    Cut, Effort, Ended, Ending, Exploration, Finding, Limits, Path, Paths, Progress, Settings, Silent, Statistics,
    StopWhen, Verdict,
};
pub use search::{explore, explore_keeping};
