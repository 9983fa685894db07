//! Atomic commitment: several participants carry out one transaction, all of them or none.
//!
//! | file | what |
//! |---|---|
//! | `decision` | votes, outcomes, multicasts: the words of all commit protocols |
//! | `ledger` | what the observer remembers of them |
//! | `claims` | what must be true of them |
//! | `quorum` | commitment by quorums |
//! | `two_phase` | two-phase commit |
//! | `two_phase_block` | two-phase commit as an article's algorithm block has it |
//! | `two_phase_class` | two-phase commit as the same article's Python classes have it |
//! | `two_phase_sequence` | two-phase commit with numbers, as another article's prose tells it |
//! | `two_phase_zookeeper` | two-phase commit over ZooKeeper as another article's Python classes have it |
//! | `three_phase` | three-phase commit |
//! | `three_phase_article` | three-phase commit as an article has it |

mod claims;
pub mod decision;
pub mod ledger;
pub mod quorum;
pub mod three_phase;
pub mod three_phase_article;
pub mod two_phase;
pub mod two_phase_block;
pub mod two_phase_class;
pub mod two_phase_sequence;
pub mod two_phase_zookeeper;

pub use quorum::QuorumCommit;
pub use three_phase::ThreePhase;
pub use three_phase_article::ThreePhaseArticle;
pub use two_phase::TwoPhase;
pub use two_phase_block::TwoPhaseBlock;
pub use two_phase_class::TwoPhaseClass;
pub use two_phase_sequence::TwoPhaseSequence;
pub use two_phase_zookeeper::TwoPhaseZookeeper;
