//! Gossip: what one knows all come to know, without anybody in charge.
//!
//! | file | what |
//! |---|---|
//! | `variant` | the kinds of rumour mongering |
//! | `epidemic` | rumour mongering in a large population, by numbers |

pub mod epidemic;
mod variant;

pub use epidemic::Epidemic;
