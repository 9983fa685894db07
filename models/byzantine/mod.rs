//! Agreement among nodes some of which lie.
//!
//! Nodes that lie are told by what the others hear of them. Where nothing that a liar says depends on what it has heard, no
//! message of it is stored: each loyal node has an open choice of what it may be told next. A lie is chosen when it makes a
//! difference and not before; since the loyal count the voices of others and never forget them, what was said earlier and
//! kept is also said now. What the liars never say is a choice that stays open: no fairness is assumed of lies.
//!
//! | file | what |
//! |---|---|
//! | `bracha` | reliable broadcast, as Bracha has it |
//! | `oral_messages` | the Byzantine generals |
//! | `pbft` | Practical Byzantine Fault Tolerance |

pub mod bracha;
pub mod oral_messages;
pub mod pbft;

pub use bracha::Bracha;
pub use oral_messages::OralMessages;
pub use pbft::Pbft;
