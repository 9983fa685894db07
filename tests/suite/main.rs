//! The integration tests of the toolkit, in one crate.
//!
//! | module | what |
//! |---|---|
//! | `catalogue` | the rules that every shipped protocol is held to |
//! | `cli` | the command line, run in this process |
//! | `explorer` | the explorer over HTTP and in a real browser |
//! | `killed` | searches that are killed and gone on with |
//! | `manifests` | manifests: what they mean, and every way to get one wrong |
//! | `mutations` | protocols with a guard taken away turn their checks red |
//! | `schema` | documents against the schemas of others and of ours |
//! | `oracles` | ours against truths from outside: a naive search, a naive reference of the cluster, stateright, published counts |
//! | `pages` | the pages of the docs that are made from the catalogue |
//! | `peers` | stateright's examples as protocols of ours; the bench includes them too |
//! | `turnstile` | a protocol of one page, for tests that need one |

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]
#![allow(unreachable_pub, reason = "nothing of a test crate is public")]

mod catalogue;
mod cli;
mod explorer;
mod killed;
mod manifests;
mod mutations;
mod oracles;
mod pages;
mod peers;
mod schema;
mod turnstile;
