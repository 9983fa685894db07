//! Agreement among nodes some of which lie.
//!
//! Nodes that lie are told by what the others hear of them. No message of a liar is stored: each loyal node has an open
//! choice of what it is told next. Where nodes count voices, a lie is told when it completes a count and not before; since
//! the loyal never forget whom they have heard, what was said earlier is as good as said now. Where time passes in rounds,
//! to be told nothing is a choice too. Where it does not, the choice may stay open for ever: no fairness is assumed of lies.
//!
//! | file | what |
//! |---|---|
//! | `bracha` | reliable broadcast, as Bracha has it |
//! | `dolev_strong` | authenticated broadcast, by chains of signatures |
//! | `oral_messages` | the Byzantine generals |
//! | `pbft` | Practical Byzantine Fault Tolerance |
//! | `value` | what is broadcast |

pub mod bracha;
pub mod dolev_strong;
pub mod oral_messages;
pub mod pbft;
pub mod value;

pub use bracha::Bracha;
pub use dolev_strong::DolevStrong;
pub use oral_messages::OralMessages;
pub use pbft::Pbft;
