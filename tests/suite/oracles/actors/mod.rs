//! Small actors, each for one corner of the semantics, as protocols without parameters.
//!
//! | file | what |
//! |---|---|
//! | `pingers` | timers that send, that re-arm, that cancel one another |
//! | `keepers` | storage, crashes, restarts |
//! | `choosers` | open choices that are made, replaced, withdrawn |
//! | `leader` | an order that FIFO keeps and other networks do not |
//! | `gossip` | atomic broadcasts, receivers that do not exist |
//! | `echoes` | messages to oneself, the same message twice, deliveries that change nothing |
//! | `witnesses` | facts about steps that change nothing else |
//! | `table` | actors that are drawn at random |

pub mod choosers;
pub mod echoes;
pub mod gossip;
pub mod keepers;
pub mod leader;
pub mod pingers;
pub mod table;
pub mod witnesses;
