//! Gossip: what one knows all come to know, without anybody in charge.
//!
//! | file | what |
//! |---|---|
//! | `variant` | the kinds of rumour mongering |
//! | `epidemic` | rumour mongering in a large population, by numbers |
//! | `rumour_mongering` | the same, message by message |

pub mod epidemic;
pub mod rumour_mongering;
mod variant;

pub use epidemic::Epidemic;
pub use rumour_mongering::RumourMongering;
