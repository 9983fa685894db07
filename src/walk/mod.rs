//! Floor 4: random walks over integers.
//!
//! [`simulate`] takes walks through a system of states, many at once, and tells what they met: violations, witnesses,
//! how much they covered and whether anything new still comes; and, where it is asked to, estimates quantities of a
//! run. It is for systems that are too large to be searched whole. **It never says that a property holds.**
//!
//! Walk number `i` of seed `s` is always the same walk: its dice are a stream of their own of a well-known
//! generator ([`dice`]), the steps out of a state come in an order that does not depend on when they were first seen,
//! and what a walk may learn of others is what earlier *rounds* have seen, never what runs beside it. So the same seed and
//! the same version give the same report, byte for byte, for every number of threads; also where the run stops at
//! the first violation, which is that of the lowest walk.
//!
//! A walk is *at rest* where nothing but faults can happen. There it ends every other time, and else takes a fault, since a
//! crash may bring life back: some bugs need one that comes late.
//!
//! | file | what |
//! |---|---|
//! | `settings` | what a simulation is told, and what it tells |
//! | `dice` | reproducible chance |
//! | `strategy` | how a step is chosen: uniform, weighted, by priority, by coverage |
//! | `priority` | PCT, and its bound |
//! | `course` | one walk, from the start to its end |
//! | `coverage` | the states and local transitions that were seen |
//! | `rounds` | walks beside one another, and what they come to together |
//! | `estimate` | mean, quantiles and probability, with intervals |

mod course;
mod coverage;
mod dice;
mod estimate;
mod priority;
mod rounds;
mod settings;
mod strategy;
#[cfg(test)]
mod tests;

pub use estimate::{Estimate, Interval, Quantile};
pub use priority::Bound;
pub use rounds::simulate;
pub use settings::{
    Covered, Freshness, Meeting, Precision, Progress, Quantity, Settings, Simulation, Stopped, Strategy, Weights,
};
