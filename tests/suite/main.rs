//! The integration tests of the toolkit, in one crate.
//!
//! | module | what |
//! |---|---|
//! | `oracles` | ours against truths from outside: a naive search, a naive reference of the cluster, stateright, published counts |
//! | `peers` | stateright's examples as protocols of ours; the bench includes them too |

mod oracles;
mod peers;
