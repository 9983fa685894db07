//! Proof of work: the chain with the most work in it is what everybody agrees on, probably.
//!
//! | file | what |
//! |---|---|
//! | `proof_of_work` | blocks, announcements, forks, and an attacker who mines in secret: what is possible |
//! | `double_spend` | the race of a payment and its reversal: how likely it is |

pub mod double_spend;
pub mod proof_of_work;

pub use double_spend::DoubleSpend;
pub use proof_of_work::ProofOfWork;
