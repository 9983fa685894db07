//! Services: how a client reaches one, and what stands between the two.
//!
//! | file | what |
//! |---|---|
//! | `client_request` | requests with names, retries, and an effect that happens once |
//! | `clock_sync` | a clock that is set by another's |

pub mod client_request;
pub mod clock_sync;

pub use client_request::ClientRequest;
pub use clock_sync::ClockSync;
