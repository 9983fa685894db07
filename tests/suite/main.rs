//! The integration tests of the toolkit, in one crate.
//!
//! | module | what |
//! |---|---|
//! | `oracles` | ours against truths from outside: a naive search, a naive reference of the cluster, stateright, published counts |

mod oracles;
mod peers;
