//! Consensus: several nodes settle on one value.
//!
//! | file | what |
//! |---|---|
//! | `paxos` | single-decree Paxos, as its paper has it |

mod paxos;

pub use paxos::Paxos;
