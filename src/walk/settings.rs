//! What a simulation is told, and what it tells.

use std::time::Duration;

use serde::Serialize;

use super::estimate::Estimate;
use super::priority::Bound;
use crate::engine::Path;
use crate::system::ActionKind;

/// What a simulation is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Decides every walk, with its number.
    pub seed: u64,
    /// Threads that walk; at least 1. Nothing that is told depends on it.
    pub threads: usize,
    /// How steps are chosen.
    pub strategy: Strategy,
    /// Most steps of one walk: where one that could go on is cut.
    pub steps_max: u32,
    /// Number of the first walk; those before it are not taken. By [`Coverage`](Strategy::Coverage), which learns from
    /// them, it is then another walk.
    pub first_walk: u64,
    /// Most walks.
    pub walks_max: u64,
    /// Most time. How many walks fit in it depends on the machine; which walks they are does not.
    pub time_max: Option<Duration>,
    /// Whether the run ends with the first violation, and each walk with its own; else walks end with their own
    /// and the run goes on.
    pub stop_at_violation: bool,
    /// Whether a walk goes on behind a violation: for estimates, whose runs must be whole.
    pub walk_on: bool,
    /// What is estimated.
    pub quantities: Vec<Quantity>,
    /// The estimates are good enough, and the run may end, when all their intervals are as narrow as this.
    pub precision: Option<Precision>,
    /// Most distinct states that are remembered to be counted.
    pub states_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            threads: std::thread::available_parallelism().map_or(1, usize::from),
            strategy: Strategy::Uniform,
            steps_max: 1_000,
            first_walk: 0,
            walks_max: 10_000,
            time_max: None,
            stop_at_violation: true,
            walk_on: false,
            quantities: Vec::new(),
            precision: None,
            states_max: 2_000_000,
        }
    }
}

/// How steps are chosen.
#[derive(Clone, Debug, PartialEq)]
pub enum Strategy {
    /// Every step that is possible is equally likely.
    Uniform,
    /// First the class of the action, by weight, then a step of it, by the odds that the protocol gives.
    Weighted(Weights),
    /// Probabilistic concurrency testing with so many ordering constraints: see [`priority`](super::priority).
    Pct {
        /// The depth of the bugs that the bound is about; at least 1.
        depth: u32,
    },
    /// The less often a local transition was taken, the likelier it is.
    Coverage,
}

impl Strategy {
    /// The word that reports use.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Uniform => "uniform",
            Self::Weighted(_) => "weighted",
            Self::Pct { .. } => "pct",
            Self::Coverage => "coverage",
        }
    }
}

/// How likely each class of action is, relative to the others that are possible in a state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weights(pub [f64; ActionKind::ALL.len()]);

impl Default for Weights {
    /// The protocol goes its way most of the time, and now and then the world interferes.
    fn default() -> Self {
        Self(ActionKind::ALL.map(|kind| match kind {
            ActionKind::Deliver | ActionKind::Choose => 10.0,
            ActionKind::Timeout | ActionKind::Restart | ActionKind::Resume | ActionKind::Heal | ActionKind::Tick => 2.0,
            ActionKind::Drop
            | ActionKind::Duplicate
            | ActionKind::Corrupt
            | ActionKind::Crash
            | ActionKind::LoseSave
            | ActionKind::TearSave
            | ActionKind::Pause
            | ActionKind::Partition
            | ActionKind::Drift => 1.0,
        }))
    }
}

/// What can be estimated of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// How many steps it has.
    Steps,
    /// How many of them are of one kind.
    Actions(ActionKind),
    /// An observable of the protocol, by its index.
    Observable(usize),
    /// Whether a property, by its index, finds what it looks for.
    Property(usize),
}

/// How narrow an interval shall be: the half of its width.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Precision {
    /// In the unit of the quantity.
    Absolute(f64),
    /// As a part of the mean.
    Relative(f64),
}

/// Why a simulation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stopped {
    /// It had taken all walks that it was asked for.
    Count,
    /// The time was over.
    Time,
    /// A walk had met a violation.
    Violation,
    /// The estimates were as precise as asked.
    Precision,
    /// Someone asked it to end.
    Interrupted,
}

/// That a walk met what a property looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meeting {
    /// Which property, by its index.
    pub property_ix: usize,
    /// The number of the walk, from 0.
    pub walk: u64,
    /// The way to there.
    pub path: Path,
}

/// What was covered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Covered {
    /// Distinct states.
    pub states: u64,
    /// Whether there are more states than were remembered, so that `states` is a bound from below.
    pub states_are_more: bool,
    /// Distinct local transitions: node, its local state, and the event.
    pub local_transitions: u64,
}

/// Whether anything new still came: of the last walks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Freshness {
    /// How many walks these are: the last quarter.
    pub walks: u64,
    /// States that none had seen before.
    pub states: u64,
    /// Local transitions that none had taken before.
    pub local_transitions: u64,
}

/// What a simulation tells.
#[derive(Clone, Debug)]
pub struct Simulation {
    /// Why it ended.
    pub stopped: Stopped,
    /// How many walks were taken.
    pub walks: u64,
    /// Walks that ended where nothing but faults can happen any more.
    pub walks_at_rest: u64,
    /// Walks that were cut at [`Settings::steps_max`].
    pub walks_cut: u64,
    /// Steps of all walks.
    pub steps: u64,
    /// Steps of the longest.
    pub steps_max: u32,
    /// Steps by [`ActionKind`], in its order.
    pub actions: [u64; ActionKind::ALL.len()],
    /// What was covered.
    pub covered: Covered,
    /// Whether anything new still came.
    pub fresh: Freshness,
    /// By property: in how many walks it found something.
    pub met: Vec<u64>,
    /// The first meeting of each property, and of violations all that were kept; by walk.
    pub meetings: Vec<Meeting>,
    /// What probabilistic concurrency testing promises.
    pub bound: Option<Bound>,
    /// By [`Settings::quantities`]; `None` before the first walk.
    pub estimates: Vec<Option<Estimate>>,
    /// Microseconds from start to end.
    pub elapsed_us: u64,
}

impl Simulation {
    /// The first meeting of a property.
    pub fn first(&self, property_ix: usize) -> Option<&Meeting> {
        self.meetings.iter().find(|meeting| meeting.property_ix == property_ix)
    }
}

/// Hears of a simulation while it runs, and may end it.
pub trait Progress: Sync {
    /// Called after each round.
    fn tick(&self, walks: u64, steps: u64, covered: Covered);

    /// Whether the run shall end now.
    fn interrupted(&self) -> bool {
        false
    }
}

impl Progress for crate::engine::Silent {
    fn tick(&self, _: u64, _: u64, _: Covered) {}
}
