//! Services: how a client reaches one, and what stands between the two.
//!
//! | file | what |
//! |---|---|
//! | `cache_aside` | a cache beside a database, and what is stale in it |
//! | `checksum` | frames with a check, and what it misses |
//! | `client_request` | requests with names, retries, and an effect that happens once |
//! | `clock_sync` | a clock that is set by another's |
//! | `outbox` | what a service commits and what it publishes |
//! | `saga` | steps at several services, and compensations |
//! | `service_registry` | a registry with leases and heartbeats |

pub mod cache_aside;
pub mod checksum;
pub mod client_request;
pub mod clock_sync;
pub mod outbox;
pub mod saga;
pub mod service_registry;

pub use cache_aside::CacheAside;
pub use checksum::Checksum;
pub use client_request::ClientRequest;
pub use clock_sync::ClockSync;
pub use outbox::Outbox;
pub use saga::Saga;
pub use service_registry::ServiceRegistry;
