//! Ours against truths from outside.
//!
//! | module | what |
//! |---|---|
//! | `naive` | a breadth-first search that is obviously right |
//! | `reference` | the cluster once more, naively |
//! | `actors`, `environments` | what they are tried on |
//! | `agreement` | one instance of ours against the reference |
//! | `small` | small actors in every environment, random actors in random ones |

mod actors;
mod agreement;
mod environments;
mod naive;
mod reference;
mod small;
