//! Servers that protocols use: the commands of a real one, as a pure state and what it needs to be an actor.
//!
//! A store knows nothing of who uses it and for what: the protocol says who sends which command.

pub mod etcd;
pub mod redis;
pub mod zookeeper;

use std::ops::Range;
use std::time::Duration;

/// Exactly so many ticks of a millisecond each, at least one; only timed mode looks at it.
pub fn ticks(count: u8) -> Range<Duration> {
    let span = Duration::from_millis(count.into());
    span..span
}
