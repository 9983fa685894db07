//! Replication: several servers keep copies of what clients write.
//!
//! | file | what |
//! |---|---|
//! | `abd` | a register on majorities, as the paper of Attiya, Bar-Noy and Dolev has it |
//! | `cap_register` | a register that is consistent, or available, while the network is split |
//! | `failover_article` | replication with failover, as an article tells it |
//! | `primary_backup` | a primary with backups, failover and fencing |
//! | `register` | what clients see of a register |
//! | `shared_nothing` | shards with keys of their own, and a key that moves |

pub mod abd;
pub mod cap_register;
pub mod failover_article;
pub mod primary_backup;
pub mod register;
pub mod shared_nothing;

pub use abd::Abd;
pub use cap_register::CapRegister;
pub use failover_article::FailoverArticle;
pub use primary_backup::PrimaryBackup;
pub use shared_nothing::SharedNothing;
