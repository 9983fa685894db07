//! The protocol library of quorate.

use quorate::cluster::{Entry, entry};

pub mod commit;
pub mod consensus;
pub mod locks;
pub mod replication;
pub mod services;
pub mod stores;

/// Every protocol, by name: one line each.
#[rustfmt::skip]
pub static CATALOGUE: &[&dyn Entry] = &[
    entry::<replication::Abd>(),
    entry::<replication::CapRegister>(),
    entry::<services::Checksum>(),
    entry::<services::ClientRequest>(),
    entry::<services::ClockSync>(),
    entry::<replication::FailoverArticle>(),
    entry::<consensus::MultiPaxos>(),
    entry::<locks::Optimistic>(),
    entry::<locks::OptimisticArticle>(),
    entry::<services::Outbox>(),
    entry::<consensus::Paxos>(),
    entry::<consensus::PaxosAcceptUnconditional>(),
    entry::<consensus::PaxosBlock>(),
    entry::<consensus::PaxosClass>(),
    entry::<consensus::PaxosDecideOnPromise>(),
    entry::<consensus::PaxosRandomId>(),
    entry::<replication::PrimaryBackup>(),
    entry::<consensus::Raft>(),
    entry::<locks::RedisLock>(),
    entry::<locks::RedisSetnx>(),
    entry::<services::ServiceRegistry>(),
    entry::<commit::ThreePhaseArticle>(),
    entry::<commit::ThreePhase>(),
    entry::<commit::TwoPhaseBlock>(),
    entry::<commit::TwoPhaseClass>(),
    entry::<commit::TwoPhase>(),
    entry::<consensus::Viewstamped>(),
    entry::<consensus::Zab>(),
    entry::<locks::ZookeeperArticle>(),
    entry::<locks::ZookeeperLock>(),
    entry::<locks::ZookeeperQueue>(),
];
