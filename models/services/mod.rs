//! Services: how a client reaches one, and what stands between the two.
//!
//! | file | what |
//! |---|---|
//! | `cache_aside` | a cache beside a database, and what is stale in it |
//! | `checksum` | frames with a check, and what it misses |
//! | `circuit_breaker` | a caller that leaves a service alone which fails |
//! | `client_request` | requests with names, retries, and an effect that happens once |
//! | `clock_sync` | a clock that is set by another's |
//! | `half_message` | messages that are shown once their transaction is committed |
//! | `outbox` | what a service commits and what it publishes |
//! | `rate_limiter` | how much is let through in a window of time |
//! | `saga` | steps at several services, and compensations |
//! | `service_registry` | a registry with leases and heartbeats |

pub mod cache_aside;
pub mod checksum;
pub mod circuit_breaker;
pub mod client_request;
pub mod clock_sync;
pub mod half_message;
pub mod outbox;
pub mod rate_limiter;
pub mod saga;
pub mod service_registry;

pub use cache_aside::CacheAside;
pub use checksum::Checksum;
pub use circuit_breaker::CircuitBreaker;
pub use client_request::ClientRequest;
pub use clock_sync::ClockSync;
pub use half_message::HalfMessage;
pub use outbox::Outbox;
pub use rate_limiter::RateLimiter;
pub use saga::Saga;
pub use service_registry::ServiceRegistry;
