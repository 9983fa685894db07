//! The contrast: the same schedule on the protocol without its deviations, and where the two part.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::format::{as_written, json};
use super::record::step_between;
use super::replay::nearest;
use super::story::outcome;
use super::{Step, Trace};
use crate::system::{Action, Explain, Snapshot, Successors};

/// Where a trace parts from the protocol as it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "parts", rename_all = "kebab-case")]
pub enum Contrast {
    /// The very start is another.
    AtStart,
    /// The same step does something else.
    Otherwise {
        /// Which step, from 1.
        step: usize,
        /// What it does in the protocol as it should be.
        there: Step,
    },
    /// The step cannot be taken.
    NotPossible {
        /// Which step, from 1.
        step: usize,
        /// What cannot be done.
        action: Action,
        /// What can be done there and is most like it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        nearest: Option<Action>,
    },
    /// Every step does the same: the deviation is not what the trace shows.
    Never,
}

/// Takes the steps of `trace` in `system`, which is of the same instance without its deviations, until they part.
pub fn contrast(system: &dyn Explain, trace: &Trace) -> Contrast {
    contrast_of(system, &trace.start, &trace.steps, trace.instance.environment.keeps_delivered())
}

/// The same for steps that need not show anything; `keeps_delivered` says whether what is delivered stays in flight.
pub fn contrast_of(system: &dyn Explain, start: &Snapshot, steps: &[Step], keeps_delivered: bool) -> Contrast {
    let start = json(start);
    let Some(mut here) = system.initial().into_iter().find(|state| json(&system.snapshot(state)) == start) else {
        return Contrast::AtStart;
    };
    let mut successors = Successors::default();
    for (ix, recorded) in steps.iter().enumerate() {
        system.successors(&here, &mut successors);
        let possible: Vec<Action> = (0..successors.len()).map(|index| system.action(&here, index)).collect();
        let wanted = json(&recorded.action);
        let Some(index) = possible.iter().position(|action| json(action) == wanted) else {
            let possible: Vec<Action> = possible.iter().map(as_written).collect();
            let nearest = nearest(&recorded.action, &possible).cloned();
            return Contrast::NotPossible { step: ix + 1, action: recorded.action.clone(), nearest };
        };
        let mut next = here.clone();
        successors.iter().nth(index).expect("the index is below the count").apply(&mut next);
        let (before, after) = (system.snapshot(&here), system.snapshot(&next));
        let there = as_written(&step_between(possible[index].clone(), &before, &after, keeps_delivered));
        if json(&there) != json(recorded) {
            return Contrast::Otherwise { step: ix + 1, there };
        }
        here = next;
    }
    Contrast::Never
}

impl fmt::Display for Contrast {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtStart => f.write_str("without the deviation the very start is another"),
            Self::Otherwise { step, there } => {
                write!(f, "without the deviation the schedule parts at step {step}: {}", there.action)?;
                outcome(there).iter().try_for_each(|line| write!(f, "\n  {line}"))
            }
            Self::NotPossible { step, action, nearest } => {
                write!(f, "without the deviation the schedule parts at step {step}, which is not possible: {action}")?;
                nearest.iter().try_for_each(|nearest| write!(f, "\n  possible there: {nearest}"))
            }
            Self::Never => f.write_str("without the deviation every step does the same"),
        }
    }
}
