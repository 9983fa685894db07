//! Atomic commitment: several participants carry out one transaction, all of them or none.
//!
//! | file | what |
//! |---|---|
//! | `two_phase` | two-phase commit |
//! | `two_phase_block` | two-phase commit as an article's algorithm block has it |
//! | `two_phase_class` | two-phase commit as the same article's Python classes have it |

pub mod two_phase;
pub mod two_phase_block;
pub mod two_phase_class;

pub use two_phase::TwoPhase;
pub use two_phase_block::TwoPhaseBlock;
pub use two_phase_class::TwoPhaseClass;
