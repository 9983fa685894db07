//! Stateright's own examples as protocols of ours, and the same actors as stateright's `ActorModel`.
//!
//! The actors do step by step what stateright's examples do, with ordered collections in the place of hashed
//! ones. The tests compare counts with them, the bench compares times; both include this module.
//!
//! | file | what |
//! |---|---|
//! | `plain` | what a protocol without parameters and deviations repeats |
//! | `register` | registers and their clients, under a linearizability tester |
//! | `paxos`, `abd`, `single_copy` | servers of registers |
//! | `two_phase` | two-phase commit as actors |
//! | `raft` | the Raft example |
//! | `hoard` | one actor that holds everything: the worst case |

pub mod abd;
pub mod hoard;
pub mod paxos;
pub mod plain;
pub mod raft;
pub mod register;
pub mod single_copy;
pub mod two_phase;

use std::fmt::Debug;
use std::hash::Hash;

use quorate::model::NetworkKind;
use stateright::actor::{Actor, ActorModel, LossyNetwork, Network};

/// These actors on a network without or with unlimited loss, for stateright's checkers.
///
/// Who checks it must give it a property that stays open: without one stateright stops at once.
pub fn actor_model<A, C, H>(
    actors: Vec<A>,
    cfg: C,
    history: H,
    network: NetworkKind,
    lossy: bool,
) -> ActorModel<A, C, H>
where
    A: Actor<Msg: Ord, Timer: Ord>,
    H: Clone + Debug + Hash,
{
    let network = match network {
        NetworkKind::Unordered => Network::new_unordered_nonduplicating([]),
        NetworkKind::Duplicating => Network::new_unordered_duplicating([]),
        NetworkKind::Fifo => Network::new_ordered([]),
    };
    ActorModel::new(cfg, history).actors(actors).init_network(network).lossy_network(if lossy {
        LossyNetwork::Yes
    } else {
        LossyNetwork::No
    })
}
