//! Floor 2: actors, network and faults make a transition system.

mod entry;

pub use entry::{Entry, Instance};
