//! Budgets of faults, as words of the state.

use crate::model::{Budget, Environment, Roster};
use crate::system::{ActionKind, Word};

/// Where the words stand that are not a node's: the history, and what is left of each bounded fault.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) node_count: usize,
    loss: Option<usize>,
    duplicates: Option<usize>,
    crashes: Option<usize>,
    /// How many more nodes may be down at the same time.
    standing: Option<usize>,
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
        let crashes = place("crashes", environment.crashes.total.bound());
        let standing = place("down at once", bound_at_once(environment, node_count));
        Self { node_count, loss, duplicates, crashes, standing, budgets }
    }

    /// The position of the history's word.
    pub(super) fn history(&self) -> usize {
        self.node_count
    }

    pub(super) fn word_count(&self) -> usize {
        self.node_count + 1 + self.budgets.len()
    }

    /// The words of the budgets, nothing spent.
    pub(super) fn full_budgets(&self) -> impl Iterator<Item = Word> {
        self.budgets.iter().map(|(_, bound)| *bound)
    }

    /// What is left of each budget in `state`.
    pub(super) fn left(&self, state: &[Word]) -> Vec<(String, u32)> {
        let words = &state[self.node_count + 1..];
        self.budgets.iter().zip(words).map(|((name, _), left)| ((*name).to_owned(), *left)).collect()
    }

    /// What an action of this kind does to the budgets: calls `edit` with position and new word.
    /// `None` if a budget that it needs is spent.
    pub(super) fn spend(&self, kind: ActionKind, state: &[Word], mut edit: impl FnMut(usize, Word)) -> Option<()> {
        let mut take = |position: Option<usize>| match position {
            None => Some(()),
            Some(position) => state[position].checked_sub(1).map(|left| edit(position, left)),
        };
        match kind {
            ActionKind::Deliver | ActionKind::Timeout | ActionKind::Choose => Some(()),
            ActionKind::Drop => take(self.loss),
            ActionKind::Duplicate => take(self.duplicates),
            ActionKind::Crash => {
                let allowed = self.standing.is_none_or(|position| state[position] > 0);
                if !allowed {
                    return None;
                }
                take(self.crashes)?;
                take(self.standing)
            }
            ActionKind::Restart => {
                if let Some(position) = self.standing {
                    edit(position, state[position] + 1);
                }
                Some(())
            }
        }
    }
}

/// The bound on nodes that are down at once, where it says more than the total does.
fn bound_at_once(environment: &Environment, node_count: usize) -> Option<u32> {
    let crashes = &environment.crashes;
    let most_down = crashes.total.bound().unwrap_or(u32::MAX).min(node_count as u32);
    crashes.at_once.bound().filter(|bound| *bound < most_down)
}

/// Which nodes a fault may hit.
#[derive(Clone, Debug)]
pub(super) struct Targets {
    /// By node.
    pub(super) lossy: Vec<bool>,
    pub(super) duplicating: Vec<bool>,
    pub(super) crashing: Vec<bool>,
}

impl Targets {
    /// # Errors
    /// If a fault is aimed at a role that the roster does not have.
    pub(super) fn new<A>(roster: &Roster<A>, environment: &Environment) -> Result<Self, String> {
        let crashes = &environment.crashes;
        let at_once = if crashes.at_once.allows_any() { crashes.total } else { Budget::NEVER };
        Ok(Self {
            lossy: aimed(roster, environment.loss.total, &environment.loss.of_roles)?,
            duplicating: aimed(roster, environment.duplicates.total, &environment.duplicates.of_roles)?,
            crashing: aimed(roster, at_once, &crashes.of_roles)?,
        })
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
