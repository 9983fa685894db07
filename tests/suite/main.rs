//! The integration tests of the toolkit, in one crate.
//!
//! | module | what |
//! |---|---|
//! | `catalogue` | the rules that every shipped protocol is held to |
//! | `cli` | the command line, run in this process |
//! | `killed` | searches that are killed and gone on with |
//! | `manifests` | manifests: what they mean, and every way to get one wrong |
//! | `mutations` | protocols with a guard taken away turn their checks red |
//! | `schema` | documents against the schemas of others and of ours |
//! | `oracles` | ours against truths from outside: a naive search, a naive reference of the cluster, stateright, published counts |
//! | `peers` | stateright's examples as protocols of ours; the bench includes them too |
//! | `turnstile` | a protocol of one page, for tests that need one |

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]
#![allow(unreachable_pub, reason = "nothing of a test crate is public")]

mod catalogue;
mod cli;
mod killed;
mod manifests;
mod mutations;
mod oracles;
mod peers;
mod schema;
mod turnstile;
