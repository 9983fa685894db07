//! Locks: of several clients, one at a time works on a resource.
//!
//! | file | what |
//! |---|---|
//! | `claims` | the properties that locks share |
//! | `answers` | a ghost that tells whether the answers of a lock are those of one lock |
//! | `fencing` | what a lock protects: a resource that looks at tokens, and a ghost that knows their order |
//! | `ownership` | a ghost of all locks on a key: whose the key is, and who removed what was not theirs |
//! | `aba` | a swing of what is what it was, and has been another meanwhile |
//! | `optimistic` | no lock at all: a write goes through only if nobody has written since the read |
//! | `optimistic_article` | an optimistic lock by a version, as an article published it |
//! | `redis_setnx` | a lock by `SETNX` and `DEL`, as an article published it |
//! | `redis_lock` | a lock on one Redis that is right: owner's token, time to live, fencing |
//! | `redlock` | a lock on the majority of several Redis servers |
//! | `failover` | a lock on a Redis primary with replicas, one of which takes over |
//! | `lease` | a lock that is a lease, by clocks that differ within a bound |
//! | `etcd` | a lock in etcd by a lease and creation revisions |
//! | `zookeeper` | locks in ZooKeeper: by one ephemeral node, as published and right, and by a queue |

pub mod aba;
pub mod answers;
mod claims;
pub mod etcd;
pub mod failover;
pub mod fencing;
pub mod lease;
pub mod optimistic;
pub mod optimistic_article;
mod ownership;
pub mod redis_lock;
pub mod redis_setnx;
pub mod redlock;
pub mod zookeeper;

pub use aba::Aba;
pub use etcd::EtcdLock;
pub use failover::RedisFailover;
pub use lease::LeaseLock;
pub use optimistic::Optimistic;
pub use optimistic_article::OptimisticArticle;
pub use redis_lock::RedisLock;
pub use redis_setnx::RedisSetnx;
pub use redlock::Redlock;
pub use zookeeper::{ZookeeperArticle, ZookeeperLock, ZookeeperQueue};
