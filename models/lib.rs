//! The protocol library of quorate.

use quorate::cluster::{Entry, entry};

pub mod commit;
pub mod consensus;
pub mod locks;
pub mod stores;

/// Every protocol, by name: one line each.
#[rustfmt::skip]
pub static CATALOGUE: &[&dyn Entry] = &[
    entry::<locks::EtcdLock>(),
    entry::<locks::LeaseLock>(),
    entry::<consensus::MultiPaxos>(),
    entry::<locks::Optimistic>(),
    entry::<locks::OptimisticArticle>(),
    entry::<consensus::Paxos>(),
    entry::<consensus::PaxosAcceptUnconditional>(),
    entry::<consensus::PaxosBlock>(),
    entry::<consensus::PaxosClass>(),
    entry::<consensus::PaxosDecideOnPromise>(),
    entry::<consensus::PaxosRandomId>(),
    entry::<consensus::Raft>(),
    entry::<locks::RedisFailover>(),
    entry::<locks::RedisLock>(),
    entry::<locks::RedisSetnx>(),
    entry::<locks::Redlock>(),
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
