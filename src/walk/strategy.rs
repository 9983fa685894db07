//! How a step is chosen.

use super::coverage::Coverage;
use super::dice::Dice;
use super::priority::Priorities;
use super::settings::{Strategy, Weights};
use crate::system::{ActionKind, Label, Successors};

/// The choices of one walk.
pub(super) enum Chooser<'a> {
    Uniform,
    Weighted(&'a Weights),
    Priority(Priorities),
    /// What earlier rounds have seen.
    Coverage(&'a Coverage),
}

impl<'a> Chooser<'a> {
    /// `steps` is the length that runs are thought to have.
    pub(super) fn new(strategy: &'a Strategy, steps: u32, seen: &'a Coverage, dice: &mut Dice) -> Self {
        match strategy {
            Strategy::Uniform => Self::Uniform,
            Strategy::Weighted(weights) => Self::Weighted(weights),
            Strategy::Pct { depth } => Self::Priority(Priorities::new(*depth, steps, dice)),
            Strategy::Coverage => Self::Coverage(seen),
        }
    }

    /// The index of the step to take as step number `step`, from 1; `None` if there is none that may be taken.
    /// `own` is what this walk has taken itself.
    pub(super) fn choose(
        &mut self,
        step: usize,
        successors: &Successors,
        labels: &[Label],
        own: &Coverage,
        dice: &mut Dice,
    ) -> Option<usize> {
        if labels.is_empty() {
            return None;
        }
        match self {
            Self::Uniform => Some(dice.below(labels.len())),
            Self::Weighted(weights) => weighted(weights, successors, labels, dice),
            Self::Priority(priorities) => Some(priorities.choose(step, labels, dice)),
            Self::Coverage(seen) => {
                let times = |label: &Label| seen.times_taken(label.local) + own.times_taken(label.local);
                let rare: Vec<f64> = labels.iter().map(|label| 1.0 / (1.0 + times(label) as f64)).collect();
                dice.weighted(&rare)
            }
        }
    }
}

/// The class first: how often the world interferes shall not depend on how many messages are in flight.
fn weighted(weights: &Weights, successors: &Successors, labels: &[Label], dice: &mut Dice) -> Option<usize> {
    let kinds: Vec<ActionKind> = successors.iter().map(|successor| successor.kind).collect();
    let mut classes = [0.0; ActionKind::ALL.len()];
    for (kind, label) in kinds.iter().zip(labels) {
        if label.weight > 0.0 {
            classes[*kind as usize] = weights.0[*kind as usize];
        }
    }
    let class = dice.weighted(&classes)?;
    let of_class = |(kind, label): (&ActionKind, &Label)| if *kind as usize == class { label.weight } else { 0.0 };
    let odds: Vec<f64> = kinds.iter().zip(labels).map(of_class).collect();
    dice.weighted(&odds)
}
