//! What the verdicts of a search rest on: all that a reader who doubts them would ask.

use serde::Serialize;

use crate::engine::{Cut, Ended, Verdict};
use crate::model::Reductions;
use crate::spec::{Checked, Outcome};
use crate::system::ActionKind;
use crate::trace;

/// The record of one check.
#[derive(Serialize)]
pub(super) struct Assurance<'a> {
    /// How states are told apart.
    states: &'static str,
    /// That two states were taken for one.
    collision_probability: f64,
    /// The model of time, in words.
    time: String,
    /// What is left out because it makes no difference.
    reductions: Vec<&'static str>,
    /// What is assumed of the world beside that.
    assumptions: &'a [String],
    /// The bound that cut the search.
    #[serde(skip_serializing_if = "Option::is_none")]
    cut_by: Option<&'static str>,
    /// The kinds of step that were never taken.
    never_taken: Vec<&'static str>,
    /// The faults that were allowed and never happened.
    unused_faults: Vec<&'static str>,
    /// The situations that should show that something happens, and were not reached.
    witnesses_not_reached: Vec<&'a str>,
}

/// What was left out, in words.
fn reductions(checked: &Checked) -> Vec<&'static str> {
    let Reductions { symmetry, stale_messages } = checked.check.reductions;
    let waits = !checked.check.instance.environment.consumes_no_ops();
    let reductions = [
        (waits, "a delivery that changes nothing is no step"),
        (symmetry, "of states that differ by the names of interchangeable members only, one is kept"),
        (stale_messages, "messages that will never change anything are not kept"),
    ];
    reductions.into_iter().filter(|(in_force, _)| *in_force).map(|(_, words)| words).collect()
}

impl<'a> Assurance<'a> {
    pub(super) fn of(checked: &'a Checked, outcome: &'a Outcome) -> Self {
        let environment = &checked.check.instance.environment;
        let exploration = &outcome.exploration;
        let kinds = ActionKind::ALL.into_iter().zip(exploration.statistics.actions);
        let witnesses = outcome.properties.iter().enumerate().filter(|(_, card)| card.kind.is_witness());
        Self {
            states: "exact",
            collision_probability: 0.0,
            time: trace::time(environment),
            reductions: reductions(checked),
            assumptions: &environment.assume,
            cut_by: match exploration.ended {
                Ended::Complete => None,
                Ended::Stopped => Some(Cut::Stopped.word()),
                Ended::Cut(cut) => Some(cut.word()),
            },
            never_taken: kinds.filter(|(_, taken)| *taken == 0).map(|(kind, _)| kind.word()).collect(),
            unused_faults: checked.unused_faults().into_iter().map(ActionKind::word).collect(),
            witnesses_not_reached: witnesses
                .filter(|(ix, _)| outcome.verdict(*ix) != Verdict::Reachable)
                .map(|(_, card)| card.name.as_str())
                .collect(),
        }
    }

    /// What is not said elsewhere in the text of a run.
    pub(super) fn sentence(&self) -> String {
        let mut parts = vec!["states are kept whole, so that none is taken for another".to_owned()];
        parts.push(self.time.clone());
        parts.extend(self.reductions.iter().map(|reduction| (*reduction).to_owned()));
        if !self.assumptions.is_empty() {
            parts.push(format!("assuming {}", self.assumptions.join(", ")));
        }
        parts.join("; ")
    }
}
