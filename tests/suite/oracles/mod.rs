//! Ours against truths from outside.
//!
//! | module | what |
//! |---|---|
//! | `fair_runs` | liveness on small random systems, against trying every set of states |
//! | `naive` | a breadth-first search that is obviously right |
//! | `reference` | the cluster once more, naively |
//! | `actors`, `environments` | what they are tried on |
//! | `agreement` | one instance of ours against the reference |
//! | `scenarios` | time and faults as people know them |
//! | `rules` | the search alone, on random rules over words |
//! | `small` | small actors in every environment, random actors in random ones |
//! | `stateright` | stateright's examples, counted by stateright and by us |
//! | `traps` | what goes wrong in stateright, shown not to here |
//! | `two_phase_set` | two-phase commit with the published counts of its TLA+ specification |
//! | `whole` | any stateright `Model` as a system of one word |

mod actors;
mod agreement;
mod environments;
mod fair_runs;
mod naive;
mod reference;
mod rules;
mod scenarios;
mod small;
mod stateright;
mod traps;
mod two_phase_set;
mod whole;
