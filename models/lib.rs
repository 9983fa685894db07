//! The protocol library of quorate.

use quorate::cluster::{Entry, entry};

pub mod locks;
pub mod stores;

/// Every protocol, by name.
pub static CATALOGUE: &[&dyn Entry] =
    &[entry::<locks::OptimisticArticle>(), entry::<locks::RedisLock>(), entry::<locks::RedisSetnx>()];
