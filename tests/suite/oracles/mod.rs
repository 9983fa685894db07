//! Ours against truths from outside.
//!
//! | module | what |
//! |---|---|
//! | `naive` | a breadth-first search that is obviously right |
//! | `reference` | the cluster once more, naively |
//! | `actors`, `environments` | what they are tried on |
//! | `agreement` | one instance of ours against the reference |
//! | `small` | small actors in every environment, random actors in random ones |
//! | `stateright` | stateright's examples, counted by stateright and by us |
//! | `two_phase_set` | two-phase commit with the published counts of its TLA+ specification |
//! | `whole` | any stateright `Model` as a system of one word |

mod actors;
mod agreement;
mod environments;
mod naive;
mod reference;
mod small;
mod stateright;
mod two_phase_set;
mod whole;
