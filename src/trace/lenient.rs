//! Going on where a trace cannot be taken any more, with what is most like its steps.
//!
//! After a change of the protocol a recorded step may be gone while the story is still true. The replay then takes
//! the possible action that is most like it (of its kind, between its nodes, nearest by text), or passes the step over if
//! none is like it, and says so. What it finds is a violation in its own right: the way that was taken is a path of
//! the protocol as it is now.

use std::fmt;

use super::Trace;
use super::atlas::shows;
use super::format::{as_written, json};
use super::replay::nearest;
use crate::engine::{Ending, Path};
use crate::system::{Action, Evidence, Explain, Successors};

/// A step that was not taken as recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Detour {
    /// Which step of the trace, from 1.
    pub step: usize,
    /// What was recorded.
    pub recorded: Action,
    /// What was done in its place; `None` if nothing was like it.
    pub taken: Option<Action>,
}

/// What came of a lenient replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lenient {
    /// The steps that were not taken as recorded.
    pub detours: Vec<Detour>,
    /// The way that was taken: to the first state in which the property finds something, if there is one.
    pub path: Path,
    /// What it finds there.
    pub evidence: Option<Evidence>,
}

/// Takes the steps of `trace` in `system`, or what is most like them; `None` if the system has no start.
pub fn lenient(system: &dyn Explain, trace: &Trace, property_ix: usize) -> Option<Lenient> {
    let recorded = json(&trace.start);
    let initial = system.initial();
    let start = initial.iter().find(|state| json(&system.snapshot(state)) == recorded).or(initial.first())?;
    let mut path = Path { states: vec![start.clone()], steps: Vec::new(), ending: Ending::Found };
    let mut detours = Vec::new();
    let mut here = start.clone();
    let mut successors = Successors::default();
    for (ix, step) in trace.steps.iter().enumerate() {
        if shows(system, &here, property_ix) {
            break;
        }
        system.successors(&here, &mut successors);
        let possible: Vec<Action> =
            (0..successors.len()).map(|index| as_written(&system.action(&here, index))).collect();
        let wanted = json(&step.action);
        let exactly = possible.iter().position(|action| json(action) == wanted);
        let like = || nearest(&step.action, &possible).and_then(|near| possible.iter().position(|one| one == near));
        let index = exactly.or_else(like);
        if exactly.is_none() {
            let taken = index.map(|index| possible[index].clone());
            detours.push(Detour { step: ix + 1, recorded: step.action.clone(), taken });
        }
        if let Some(index) = index {
            successors.iter().nth(index).expect("the index is below the count").apply(&mut here);
            path.states.push(here.clone());
            path.steps.push(index);
        }
    }
    let found = shows(system, &here, property_ix);
    let evidence = if found { system.evidence(&here, property_ix) } else { None };
    Some(Lenient { detours, path, evidence })
}

impl fmt::Display for Lenient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let steps = self.path.steps.len();
        match (&self.evidence, self.detours.len()) {
            (Some(evidence), 0) => write!(f, "confirmed: all steps can be taken, and then {}", evidence.sentence)?,
            (Some(evidence), detours) => {
                write!(f, "found again, on {steps} steps with {detours} of them otherwise: {}", evidence.sentence)?;
            }
            (None, detours) => {
                write!(f, "not found: {steps} steps were taken, {detours} were not as recorded, and nothing is found")?;
            }
        }
        for Detour { step, recorded, taken } in &self.detours {
            match taken {
                Some(taken) => write!(f, "\nstep {step}: {recorded}\n  taken: {taken}")?,
                None => write!(f, "\nstep {step}: {recorded}\n  passed over: nothing possible is like it")?,
            }
        }
        Ok(())
    }
}
