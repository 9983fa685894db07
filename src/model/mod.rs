//! Floor 1: the words a protocol author uses.
//!
//! A [`Protocol`] has typed [`params!`](crate::params), named [`deviations!`](crate::deviations), a [`Roster`] of
//! plain stateright actors, an observer that turns steps into [`History`] facts, and [`Property`]s. It
//! describes; it never sees how its cluster is explored.
//!
//! | file | what |
//! |---|---|
//! | `protocol` | the trait that every protocol implements |
//! | `params` | parameters with bounds, default and doc |
//! | `deviation` | named wrong acts, and sets of them |
//! | `roster` | who takes part, by role |
//! | `history` | what an observer remembers of the steps |
//! | `operations` | a law: the calls of clients are linearizable |
//! | `property` | claims |
//! | `condition` | conditions, by what they read; assumptions |
//! | `observable` | what can be measured of a run |
//! | `adversary` | a member that lies, as far as signatures let it |
//! | `environment` | network and fault budgets |
//! | `symmetry` | members that are interchangeable |
//! | `ids` | a small set of members |
//! | `reduction` | what a search may leave out |

mod adversary;
mod condition;
mod deviation;
mod environment;
mod history;
mod ids;
mod observable;
mod operations;
mod params;
mod property;
mod protocol;
mod reduction;
mod roster;
mod symmetry;

pub use adversary::{Adversary, Alphabet, Knowledge, Utterance};
pub use condition::{Assumption, Condition, Nodes, NodesStep, StepCondition};
pub use deviation::{Deviation, DeviationCard, Deviations, NoDeviation};
pub use environment::{
    Budget, Choosing, Clocks, Crashes, Delay, Environment, InFlightAcrossSides, InFlightAtCrash, Losses, NetworkKind,
    NoOpDelivery, Partitions, Pauses, Time, Timing,
};
pub use history::{Cause, Facts, History, Step};
pub use ids::Ids;
pub use observable::{Measure, Observable, Reading};
pub use operations::{Call, CallFact, Operations, Sequential};
pub use params::{ChoiceParam, Domain, ParamType, ParamValue, Parameter, Params};
pub use property::{Claim, Property, StepClaim, World};
pub use protocol::{Card, Datum, Node, Protocol, ProtocolActor};
pub use reduction::Reductions;
pub use roster::{Member, Roster};
pub use symmetry::{Rename, Renaming, Symmetry};
