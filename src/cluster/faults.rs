//! Budgets of faults, as words of the state; whom a fault may strike.

use super::split::WHOLE;
use crate::model::{Budget, Clocks, Delay, Environment, NetworkKind, Pauses, Roster, Time};
use crate::system::{ActionKind, Word};

/// Where the words stand that are not a node's: the history, what is left of each bounded fault, how the network
/// is split, and how the clocks are.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) node_count: usize,
    loss: Option<usize>,
    duplicates: Option<usize>,
    corruptions: Option<usize>,
    crashes: Option<usize>,
    /// How many more nodes may be down at the same time.
    standing: Option<usize>,
    lost_saves: Option<usize>,
    torn_saves: Option<usize>,
    pauses: Option<usize>,
    partitions: Option<usize>,
    /// The number of the split that the network is in; none where it cannot split.
    pub(super) split: Option<usize>,
    /// Where the words of the clocks start, one for each node; none where they need none.
    clocks: Option<usize>,
    /// Name and bound of each budget word, in the order of their positions.
    budgets: Vec<(&'static str, u32)>,
}

impl Layout {
    pub(super) fn new(node_count: usize, environment: &Environment) -> Self {
        let mut budgets = Vec::new();
        let mut place = |name, bound: Option<u32>| {
            let bound = bound.filter(|bound| *bound > 0)?;
            budgets.push((name, bound));
            Some(node_count + budgets.len())
        };
        let loss = place("loss", environment.loss.total.bound());
        let duplicates = place("duplicates", environment.duplicates.total.bound());
        let corruptions = place("corruptions", environment.corruptions.total.bound());
        let crashes = place("crashes", environment.crashes.total.bound());
        let standing = place("down at once", bound_at_once(environment, node_count));
        let lost_saves = place("lost saves", environment.lost_saves.total.bound());
        let torn_saves = place("torn saves", environment.torn_saves.total.bound());
        let pauses = place("pauses", environment.pauses.total.bound());
        let partitions = place("partitions", environment.partitions.total.bound());
        let split = environment.partitions.total.allows_any().then_some(node_count + 1 + budgets.len());
        let clocks = environment.timing().filter(|timing| timing.clocks != Clocks::Perfect);
        let clocks = clocks.map(|_| node_count + 1 + budgets.len() + usize::from(split.is_some()));
        Self {
            node_count,
            loss,
            // A network that duplicates by itself needs no budget for it.
            duplicates: duplicates.filter(|_| environment.network != NetworkKind::Duplicating),
            corruptions,
            crashes,
            standing,
            lost_saves,
            torn_saves,
            pauses,
            partitions,
            split,
            clocks,
            budgets,
        }
    }

    /// The position of the history's word.
    #[inline]
    pub(super) fn history(&self) -> usize {
        self.node_count
    }

    pub(super) fn word_count(&self) -> usize {
        self.node_count + 1 + self.budgets.len() + usize::from(self.split.is_some()) + self.clock_count()
    }

    /// The words after the history's at the start: nothing spent, the network whole, the clocks
    /// at their first word.
    pub(super) fn first_words(&self) -> impl Iterator<Item = Word> {
        let clocks = std::iter::repeat_n(0, self.clock_count());
        self.budgets.iter().map(|(_, bound)| *bound).chain(self.split.map(|_| WHOLE)).chain(clocks)
    }

    fn clock_count(&self) -> usize {
        if self.clocks.is_some() { self.node_count } else { 0 }
    }

    /// The position of the word of a node's clock.
    pub(super) fn clock(&self, node: usize) -> Option<usize> {
        self.clocks.map(|first| first + node)
    }

    /// The number of the split that the network is in.
    #[inline]
    pub(super) fn split_of(&self, state: &[Word]) -> Word {
        self.split.map_or(WHOLE, |position| state[position])
    }

    /// What is left of each budget in `state`.
    pub(super) fn left(&self, state: &[Word]) -> Vec<(String, u32)> {
        let words = &state[self.node_count + 1..];
        self.budgets.iter().zip(words).map(|((name, _), left)| ((*name).to_owned(), *left)).collect()
    }

    /// What an action of this kind does to the budgets: calls `edit` with position and new word.
    /// `None` if a budget that it needs is spent; then the edits so far are for nothing.
    #[inline]
    pub(super) fn spend(&self, kind: ActionKind, state: &[Word], mut edit: impl FnMut(usize, Word)) -> Option<()> {
        let mut take = |position: Option<usize>| match position {
            None => Some(()),
            Some(position) => state[position].checked_sub(1).map(|left| edit(position, left)),
        };
        match kind {
            ActionKind::Deliver
            | ActionKind::Timeout
            | ActionKind::Choose
            | ActionKind::Resume
            | ActionKind::Heal
            | ActionKind::Tick
            | ActionKind::Drift => Some(()),
            ActionKind::Drop => take(self.loss),
            ActionKind::Duplicate => take(self.duplicates),
            ActionKind::Corrupt => take(self.corruptions),
            ActionKind::Crash => take(self.crashes).and_then(|()| take(self.standing)),
            ActionKind::LoseSave => {
                take(self.crashes)?;
                take(self.standing)?;
                take(self.lost_saves)
            }
            ActionKind::TearSave => {
                take(self.crashes)?;
                take(self.standing)?;
                take(self.torn_saves)
            }
            ActionKind::Restart => {
                if let Some(position) = self.standing {
                    edit(position, state[position] + 1);
                }
                Some(())
            }
            ActionKind::Pause => take(self.pauses),
            ActionKind::Partition => take(self.partitions),
        }
    }
}

/// The bound on nodes that are down at once, where it says more than the total does.
fn bound_at_once(environment: &Environment, node_count: usize) -> Option<u32> {
    let crashes = &environment.crashes;
    let most_down = crashes.total.bound().unwrap_or(u32::MAX).min(node_count as u32);
    crashes.at_once.bound().filter(|bound| *bound < most_down)
}

/// Which nodes a fault may hit, by node.
#[derive(Clone, Debug)]
pub(super) struct Targets {
    pub(super) lossy: Vec<bool>,
    pub(super) duplicating: Vec<bool>,
    pub(super) corrupting: Vec<bool>,
    pub(super) crashing: Vec<bool>,
    pub(super) losing_saves: Vec<bool>,
    pub(super) tearing_saves: Vec<bool>,
    pub(super) pausing: Vec<bool>,
    pub(super) cut_off: Vec<bool>,
}

impl Targets {
    /// # Errors
    /// If a fault is aimed at a role that the roster does not have, or needs another that is not allowed.
    pub(super) fn new<A>(roster: &Roster<A>, environment: &Environment) -> Result<Self, String> {
        let Environment {
            network: _,
            no_op: _,
            loss,
            duplicates,
            corruptions,
            crashes,
            lost_saves,
            torn_saves,
            pauses,
            partitions,
            assume: _,
            time,
        } = environment;
        let crashes_total = if crashes.at_once.allows_any() { crashes.total } else { Budget::NEVER };
        if !crashes_total.allows_any() && (lost_saves.total.allows_any() || torn_saves.total.allows_any()) {
            return Err("a save is lost or torn by a crash, and no crash is allowed".to_owned());
        }
        if partitions.total.allows_any() && partitions.sides < 2 {
            return Err(format!("a network splits into 2 or more sides, not {}", partitions.sides));
        }
        check_time(time, pauses)?;
        Ok(Self {
            lossy: aimed(roster, loss.total, &loss.of_roles)?,
            duplicating: aimed(roster, duplicates.total, &duplicates.of_roles)?,
            corrupting: aimed(roster, corruptions.total, &corruptions.of_roles)?,
            crashing: aimed(roster, crashes_total, &crashes.of_roles)?,
            losing_saves: aimed(roster, lost_saves.total, &lost_saves.of_roles)?,
            tearing_saves: aimed(roster, torn_saves.total, &torn_saves.of_roles)?,
            pausing: aimed(roster, pauses.total, &pauses.of_roles)?,
            cut_off: aimed(roster, partitions.total, &partitions.of_roles)?,
        })
    }

    /// Whether a crash of the node may do something to its last save.
    pub(super) fn has_loose_saves(&self, node: usize) -> bool {
        self.crashing[node] && (self.losing_saves[node] || self.tearing_saves[node])
    }
}

/// Whether the bounds of time go together.
fn check_time(time: &Time, pauses: &Pauses) -> Result<(), String> {
    let Time::Timed(timing) = time else {
        let longest = pauses.longest.filter(|_| pauses.total.allows_any());
        return longest.map_or(Ok(()), |_| Err("the longest pause is in ticks, and time is asynchronous".to_owned()));
    };
    if timing.tick_ms == 0 {
        return Err("a tick lasts 1 millisecond or more".to_owned());
    }
    if let Delay { at_least, at_most: Some(at_most) } = timing.delay
        && at_most < at_least
    {
        return Err(format!("messages take at least {at_least} ticks and at most {at_most}: no delay is both"));
    }
    match timing.clocks {
        Clocks::Skewed { ticks: 0 } => Err("clocks that differ by 0 ticks are perfect: leave `skew` out".to_owned()),
        Clocks::Drifting { one_tick_in: 0 | 1 } => {
            Err("a clock that may lose every tick stands still: `drift_one_in` is 2 or more".to_owned())
        }
        Clocks::Perfect | Clocks::Skewed { .. } | Clocks::Drifting { .. } => Ok(()),
    }
}

fn aimed<A>(roster: &Roster<A>, budget: Budget, of_roles: &[String]) -> Result<Vec<bool>, String> {
    let roles = roster.roles();
    if let Some(unknown) = of_roles.iter().find(|role| !roles.contains(&role.as_str())) {
        return Err(format!("a fault is aimed at role `{unknown}`; the roles are {}", roles.join(", ")));
    }
    let hit = |role: &str| budget.allows_any() && (of_roles.is_empty() || of_roles.iter().any(|aimed| aimed == role));
    Ok(roster.members().iter().map(|member| hit(member.role)).collect())
}
