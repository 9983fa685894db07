//! Quorate checks distributed protocols.

pub mod cluster;
pub mod engine;
pub mod model;
pub mod system;
pub mod trace;

pub use stateright::actor::{Actor, Envelope, Id, Out};
