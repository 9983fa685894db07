//! Services: how a client reaches one, and what stands between the two.
//!
//! | file | what |
//! |---|---|
//! | `client_request` | requests with names, retries, and an effect that happens once |

pub mod client_request;

pub use client_request::ClientRequest;
