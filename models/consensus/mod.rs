//! Consensus: several nodes settle on one value, or on one order of values.
//!
//! | file | what |
//! |---|---|
//! | `multi_paxos` | a log of instances of Paxos with one leader |
//! | `paxos` | single-decree Paxos, as its paper has it |
//! | `decisions` | a ghost of the published forms: who decided what |
//! | `elections` | another such ghost: who was elected in which term |
//! | `electorate` | who takes part in their elections, and who may stand |
//! | `paxos_accept_unconditional` | Paxos whose acceptors accept whatever they are told to, as an article tells it |
//! | `paxos_block` | Paxos as an article's algorithm block has it |
//! | `paxos_class` | Paxos as the same article's Python classes have it |
//! | `paxos_decide_on_promise` | Paxos that decides on promises, as an article tells it |
//! | `paxos_leader_vote` | Paxos as an election of a leader, as an article tells it |
//! | `paxos_random_id` | Paxos with random numbers, as an article's Python class has it |
//! | `paxos_zookeeper` | Paxos over ZooKeeper, as another article's Python classes have it |
//! | `raft` | Raft, as its paper has it |
//! | `raft_block` | Raft as an article's algorithm block has it |
//! | `raft_class` | Raft as another article's Python class has it |
//! | `raft_fragments` | Raft as fragments of the first article's Python classes have it |
//! | `raft_no_terms` | Raft as the other article's prose tells it |
//! | `raft_silence` | Raft as the first article's prose tells it |
//! | `tally` | what clients see of a replicated log |
//! | `term_log` | logs of the published forms of Raft, and when two contradict each other |
//! | `viewstamped` | Viewstamped Replication, as its second paper has it |
//! | `zab` | the atomic broadcast of ZooKeeper, as its paper has it |
//! | `zab_no_sync` | the same without synchronisation, as an article's prose tells it |

mod decisions;
mod elections;
mod electorate;
pub mod multi_paxos;
pub mod paxos;
pub mod paxos_accept_unconditional;
pub mod paxos_block;
pub mod paxos_class;
pub mod paxos_decide_on_promise;
pub mod paxos_leader_vote;
pub mod paxos_random_id;
pub mod paxos_zookeeper;
pub mod raft;
pub mod raft_block;
pub mod raft_class;
pub mod raft_fragments;
pub mod raft_no_terms;
pub mod raft_silence;
pub mod tally;
mod term_log;
pub mod viewstamped;
pub mod zab;
pub mod zab_no_sync;

pub use multi_paxos::MultiPaxos;
pub use paxos::Paxos;
pub use paxos_accept_unconditional::PaxosAcceptUnconditional;
pub use paxos_block::PaxosBlock;
pub use paxos_class::PaxosClass;
pub use paxos_decide_on_promise::PaxosDecideOnPromise;
pub use paxos_leader_vote::PaxosLeaderVote;
pub use paxos_random_id::PaxosRandomId;
pub use paxos_zookeeper::PaxosZookeeper;
pub use raft::Raft;
pub use raft_block::RaftBlock;
pub use raft_class::RaftClass;
pub use raft_fragments::RaftFragments;
pub use raft_no_terms::RaftNoTerms;
pub use raft_silence::RaftSilence;
pub use viewstamped::Viewstamped;
pub use zab::Zab;
pub use zab_no_sync::ZabNoSync;
