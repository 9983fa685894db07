//! What a search is told, and what it tells.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::system::{ActionKind, Fairness, FairnessOverride, PropertyKind, PropertySet, ShowsIn, Word};

/// What a search is told.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Threads that expand and insert; at least 1. Verdicts, counts and lengths do not depend on it.
    pub threads: usize,
    /// Where the search is cut.
    pub limits: Limits,
    /// When the search may end before it has seen everything.
    pub stop_when: StopWhen,
    /// For which findings a way is worked out.
    pub paths: Paths,
    /// What is assumed of fairness, in place of what the properties say.
    pub fairness: FairnessOverride,
    /// Whether the system shall remember all that its code did, though nothing of it recurs: for those who
    /// [look at it again](crate::system::TransitionSystem::complaints).
    pub remember_all: bool,
}

impl Default for Settings {
    fn default() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            threads,
            limits: Limits::default(),
            stop_when: StopWhen::Never,
            paths: Paths::Violations,
            fairness: FairnessOverride::default(),
            remember_all: false,
        }
    }
}

/// Where a search is cut. A search that was cut never says that a property holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Most distinct states.
    pub states: Option<u64>,
    /// Most steps from an initial state.
    pub depth: Option<u32>,
    /// Most time.
    pub time: Option<Duration>,
    /// Most bytes of states and tables.
    pub memory_bytes: Option<u64>,
}

/// When a search may end before it has seen everything. It then ends with the level at which it stops,
/// so that counts and lengths do not depend on chance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopWhen {
    /// It sees everything.
    Never,
    /// Some property is violated.
    Violated,
    /// Each of these properties has found what it looks for.
    AllFound(PropertySet),
}

/// For which findings a way is worked out. It takes about as long again as the search took to the finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paths {
    /// None: levels are forgotten as soon as they are expanded, which saves memory.
    None,
    /// Those of properties that are violated.
    Violations,
    /// Those of witnesses too.
    All,
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every reachable state was seen.
    Complete,
    /// What it was told to find was found.
    Stopped,
    /// A limit cut it.
    Cut(Cut),
}

/// What cut a search short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cut {
    /// The limit on distinct states.
    States,
    /// The limit on depth.
    Depth,
    /// The limit on time.
    Time,
    /// The limit on memory.
    Memory,
    /// Someone asked it to end.
    Interrupted,
    /// It had found another violation, at which it was told to stop.
    Stopped,
    /// What was left out may matter to the property.
    Reduced,
    /// What was left out was not what it was declared to be.
    Refused,
}

impl Cut {
    /// The word that reports use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::States => "states",
            Self::Depth => "depth",
            Self::Time => "time",
            Self::Memory => "memory",
            Self::Interrupted => "interrupted",
            Self::Stopped => "stopped",
            Self::Reduced => "reduced",
            Self::Refused => "refused",
        }
    }
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::States => "the limit on states was reached",
            Self::Depth => "the limit on depth was reached",
            Self::Time => "the limit on time was reached",
            Self::Memory => "the limit on memory was reached",
            Self::Interrupted => "the run was interrupted",
            Self::Stopped => "the run stopped at a violation",
            Self::Reduced => "the reduction in force does not preserve it",
            Self::Refused => "what the reduction rests on is not so",
        })
    }
}

/// The answer for one property.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// No reachable state shows evidence against the claim.
    Holds,
    /// A reachable state does; the finding has the shortest way there.
    Violated,
    /// The witness was reached; the finding has the shortest way there.
    Reachable,
    /// No reachable state shows the witness.
    Unreachable,
    /// Not known, and why.
    Undecided(Cut),
}

impl Verdict {
    /// The word that manifests and reports use.
    pub fn word(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Violated => "violated",
            Self::Reachable => "reachable",
            Self::Unreachable => "unreachable",
            Self::Undecided(_) => "undecided",
        }
    }
}

/// What a search tells.
#[derive(Clone, Debug)]
pub struct Exploration {
    /// How it ended.
    pub ended: Ended,
    /// What each property found, by its index; the shortest.
    pub findings: Vec<Option<Finding>>,
    /// What kept the properties that [show in the graph](ShowsIn::Graph) from being decided though every state was
    /// seen, if anything did.
    pub graph_cut: Option<Cut>,
    /// The properties of which nothing is said, since [the system does not preserve them](crate::system::TransitionSystem::preserves).
    pub unpreserved: PropertySet,
    /// Why nothing is said of any property: what was left out [made a difference](crate::system::TransitionSystem::confirm).
    pub refused: Option<String>,
    /// The numbers.
    pub statistics: Statistics,
    /// What it took.
    pub effort: Effort,
}

impl Exploration {
    /// The answer for a property of the given kind.
    pub fn verdict(&self, property_ix: usize, kind: PropertyKind) -> Verdict {
        if self.refused.is_some() {
            return Verdict::Undecided(Cut::Refused);
        }
        if self.unpreserved.contains(property_ix) {
            return Verdict::Undecided(Cut::Reduced);
        }
        let found = self.findings[property_ix].is_some();
        let by_graph = kind.shows_in() == ShowsIn::Graph;
        match (found, self.ended, self.graph_cut.filter(|_| by_graph)) {
            (true, _, _) if kind.is_witness() => Verdict::Reachable,
            (true, _, _) => Verdict::Violated,
            (false, Ended::Complete, Some(cut)) | (false, Ended::Cut(cut), _) => Verdict::Undecided(cut),
            (false, Ended::Complete, None) if kind.is_witness() => Verdict::Unreachable,
            (false, Ended::Complete, None) => Verdict::Holds,
            (false, Ended::Stopped, _) => Verdict::Undecided(Cut::Stopped),
        }
    }
}

/// That a property found what it looks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Steps to the nearest state in which it does; of a lasso, steps of stem and loop together.
    pub depth: u32,
    /// A shortest way to such a state, or a shortest lasso, where [`Settings::paths`] asks for it. Of all of them it is the least
    /// by the content of its actions, so that it is the same for every thread count.
    pub path: Option<Path>,
}

/// A way through the states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    /// The states, one more than there are steps.
    pub states: Vec<Box<[Word]>>,
    /// The index, among the successors of each state but the last, of the step to the next.
    pub steps: Vec<usize>,
    /// What makes it show what the property looks for.
    pub ending: Ending,
}

/// What makes a path show what a property looks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Its last state, or its last step, does.
    #[default]
    Found,
    /// Its last state is that with the index `from`: the steps from there on are repeated for ever, and the run is fair.
    Loop {
        /// Index of the state where the loop begins and ends.
        from: usize,
        /// What was assumed.
        fairness: Fairness,
    },
    /// In its last state nothing need happen: the run may stay there for ever.
    Stop {
        /// What was assumed.
        fairness: Fairness,
    },
    /// From its last state what is missing cannot be reached any more.
    Trap,
}

/// The numbers of a search.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Statistics {
    /// Distinct states seen.
    pub distinct: u64,
    /// Transitions taken, those to known states included.
    pub generated: u64,
    /// Steps to the farthest state seen.
    pub depth: u32,
    /// Distinct states by their distance from an initial state.
    pub widths: Vec<u64>,
    /// Transitions by [`ActionKind`], in its order.
    pub actions: [u64; ActionKind::ALL.len()],
    /// Steps that an assumption ruled out, by [`ActionKind`], in its order.
    pub ruled_out: [u64; ActionKind::ALL.len()],
    /// Microseconds, of all, that properties took which show in the graph.
    pub graph_us: u64,
    /// Most bytes used by states and by the tables behind them.
    pub peak_bytes: u64,
    /// Microseconds from start to end.
    pub elapsed_us: u64,
}

/// What a search took. Unlike [`Statistics`] it depends on threads and on luck.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Effort {
    /// Most bytes of the set of states.
    pub set_bytes: u64,
    /// Most bytes of the levels: those that are still to be expanded, and all where ways may be asked for.
    pub level_bytes: u64,
    /// Most bytes of what is on its way into the set.
    pub round_bytes: u64,
    /// Most bytes of the tables behind the words.
    pub table_bytes: u64,
    /// Calls of the code behind the system. The results of all other steps were remembered.
    pub calls: u64,
}

/// Hears of a search while it runs, and may end it.
pub trait Progress: Sync {
    /// Called many times a second. `queued` states are still to be expanded at depth `depth`.
    fn tick(&self, statistics: &Statistics, queued: u64);

    /// Something to tell whoever waits for the search.
    fn note(&self, sentence: String) {
        drop(sentence);
    }

    /// Whether the search shall end now.
    fn interrupted(&self) -> bool {
        false
    }
}

/// Hears nothing.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Progress for Silent {
    fn tick(&self, _: &Statistics, _: u64) {}
}
