//! Replication: several servers keep copies of what clients write.
//!
//! | file | what |
//! |---|---|
//! | `abd` | a register on majorities, as the paper of Attiya, Bar-Noy and Dolev has it |
//! | `register` | what clients see of a register |

pub mod abd;
pub mod register;

pub use abd::Abd;
