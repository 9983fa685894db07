//! The integration tests of the toolkit, in one crate.
//!
//! | module | what |
//! |---|---|
//! | `catalogue` | the rules that every shipped protocol is held to |
//! | `cli` | the command line, run in this process |
//! | `manifests` | manifests: what they mean, and every way to get one wrong |
//! | `oracles` | ours against truths from outside: a naive search, a naive reference of the cluster, stateright, published counts |
//! | `peers` | stateright's examples as protocols of ours; the bench includes them too |
//! | `turnstile` | a protocol of one page, for tests that need one |

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]
#![allow(unreachable_pub, reason = "a test crate has no public; the bench includes some of its modules")]

mod catalogue;
mod cli;
mod manifests;
mod oracles;
mod peers;
mod turnstile;
