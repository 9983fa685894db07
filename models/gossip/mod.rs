//! Gossip: what one knows all come to know, without anybody in charge.
//!
//! | file | what |
//! |---|---|
//! | `exchange` | replicas that tell each other what they hold, pair by pair, for ever |
//! | `anti_entropy` | all that sites hold, compared pair by pair; death certificates |
//! | `gossip_star` | gossip from one centre, as an article published it |
//! | `lww_register` | a register of which the last write wins: equal in the end, and updates are lost |
//! | `crdt_counter` | a counter that loses none |
//! | `or_set` | a set from which is removed what was seen |
//! | `swim` | who of a group is up, by pings, suspicion and its refutation |
//! | `variant` | the kinds of rumour mongering |
//! | `epidemic` | rumour mongering in a large population, by numbers |
//! | `rumour_mongering` | the same, message by message |

pub mod anti_entropy;
pub mod crdt_counter;
pub mod epidemic;
pub mod exchange;
pub mod gossip_star;
pub mod lww_register;
pub mod or_set;
pub mod rumour_mongering;
pub mod swim;
mod variant;

pub use anti_entropy::AntiEntropy;
pub use crdt_counter::CrdtCounter;
pub use epidemic::Epidemic;
pub use gossip_star::GossipStar;
pub use lww_register::LwwRegister;
pub use or_set::OrSet;
pub use rumour_mongering::RumourMongering;
pub use swim::Swim;
