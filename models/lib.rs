//! The protocol library of quorate.

use quorate::cluster::Entry;
#[cfg(not(test))]
use quorate::cluster::entry;

pub mod byzantine;
pub mod chain;
pub mod commit;
pub mod consensus;
pub mod gossip;
pub mod locks;
pub mod replication;
pub mod services;
pub mod stores;

/// Every protocol, by name: one line each.
#[cfg(not(test))]
#[rustfmt::skip]
pub static CATALOGUE: &[&dyn Entry] = &[
    entry::<locks::Aba>(),
    entry::<replication::Abd>(),
    entry::<gossip::AntiEntropy>(),
    entry::<byzantine::Bracha>(),
    entry::<services::CacheAside>(),
    entry::<replication::CapRegister>(),
    entry::<services::Checksum>(),
    entry::<services::CircuitBreaker>(),
    entry::<services::ClientRequest>(),
    entry::<services::ClockSync>(),
    entry::<gossip::CrdtCounter>(),
    entry::<byzantine::DolevStrong>(),
    entry::<chain::DoubleSpend>(),
    entry::<gossip::Epidemic>(),
    entry::<locks::EtcdLock>(),
    entry::<replication::FailoverArticle>(),
    entry::<gossip::GossipStar>(),
    entry::<services::HalfMessage>(),
    entry::<locks::LeaseLock>(),
    entry::<gossip::LwwRegister>(),
    entry::<consensus::MultiPaxos>(),
    entry::<locks::Optimistic>(),
    entry::<locks::OptimisticArticle>(),
    entry::<gossip::OrSet>(),
    entry::<byzantine::OralMessages>(),
    entry::<services::Outbox>(),
    entry::<consensus::Paxos>(),
    entry::<consensus::PaxosAcceptUnconditional>(),
    entry::<consensus::PaxosBlock>(),
    entry::<consensus::PaxosClass>(),
    entry::<consensus::PaxosDecideOnPromise>(),
    entry::<consensus::PaxosLeaderVote>(),
    entry::<consensus::PaxosRandomId>(),
    entry::<consensus::PaxosZookeeper>(),
    entry::<byzantine::Pbft>(),
    entry::<replication::PrimaryBackup>(),
    entry::<chain::ProofOfWork>(),
    entry::<commit::QuorumCommit>(),
    entry::<consensus::Raft>(),
    entry::<consensus::RaftBlock>(),
    entry::<consensus::RaftClass>(),
    entry::<consensus::RaftFragments>(),
    entry::<consensus::RaftNoTerms>(),
    entry::<consensus::RaftSilence>(),
    entry::<services::RateLimiter>(),
    entry::<locks::RedisFailover>(),
    entry::<locks::RedisLock>(),
    entry::<locks::RedisSetnx>(),
    entry::<locks::Redlock>(),
    entry::<gossip::RumourMongering>(),
    entry::<services::Saga>(),
    entry::<services::ServiceRegistry>(),
    entry::<replication::SharedNothing>(),
    entry::<gossip::Swim>(),
    entry::<commit::ThreePhaseArticle>(),
    entry::<commit::ThreePhase>(),
    entry::<commit::TwoPhaseBlock>(),
    entry::<commit::TwoPhaseClass>(),
    entry::<commit::TwoPhase>(),
    entry::<commit::TwoPhaseSequence>(),
    entry::<commit::TwoPhaseZookeeper>(),
    entry::<consensus::Viewstamped>(),
    entry::<consensus::Zab>(),
    entry::<consensus::ZabNoSync>(),
    entry::<locks::ZookeeperArticle>(),
    entry::<locks::ZookeeperLock>(),
    entry::<locks::ZookeeperQueue>(),
];

/// The unit tests of this crate are about stores and words: to compile every protocol's cluster for them a second time
/// would take minutes.
#[cfg(test)]
pub static CATALOGUE: &[&dyn Entry] = &[];
