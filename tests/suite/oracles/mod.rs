//! Ours against truths from outside.
//!
//! | module | what |
//! |---|---|
//! | `estimates` | random walks, and tables in papers |
//! | `fair_runs` | liveness on small random systems, against trying every set of states |
//! | `naive` | a breadth-first search that is obviously right |
//! | `reference` | the cluster once more, naively |
//! | `actors`, `environments` | what they are tried on |
//! | `agreement` | one instance of ours against the reference |
//! | `audit` | code of protocols that is no function, and values that are told apart wrongly |
//! | `declarations` | of what may be left out: a wrong one is found out |
//! | `scenarios` | time and faults as people know them |
//! | `linearizability` | the law of linearizability, and stateright's tester |
//! | `forgetting` | what does not recur is not remembered, and that shows in nothing but memory |
//! | `kept` | a folder in which a search is kept |
//! | `reductions` | what is left out makes no difference, and where it would, that is found |
//! | `rules` | the search alone, on random rules over words |
//! | `shared`, `textbook` | algorithms over shared variables, with the verdicts of the textbooks and the counts of TLC |
//! | `small` | small actors in every environment, random actors in random ones |
//! | `stateright` | stateright's examples, counted by stateright and by us |
//! | `tla_examples` | more specifications of tlaplus/Examples, with the counts and the verdicts of TLC |
//! | `tla_paxos` | Paxos and Voting of tlaplus/Examples, with the counts of TLC |
//! | `torn_saves` | saves that are torn of one, and not of another like it |
//! | `traps` | what goes wrong in stateright, shown not to here |
//! | `two_phase_set` | two-phase commit with the published counts of its TLA+ specification |
//! | `whole` | any stateright `Model` as a system of one word |

mod actors;
mod agreement;
mod audit;
mod declarations;
mod environments;
mod estimates;
mod fair_runs;
mod forgetting;
mod kept;
mod linearizability;
mod naive;
mod reductions;
mod reference;
mod rules;
mod scenarios;
mod shared;
mod small;
mod stateright;
mod textbook;
mod tla_examples;
mod tla_paxos;
mod torn_saves;
mod traps;
mod two_phase_set;
mod whole;
