//! The verdicts of a check in a few words.

use crate::cluster::HANDLERS_BEHAVE;
use crate::engine::Verdict;
use crate::spec::{Check, Expected, Outcome};
use crate::system::PropertyCard;

/// What is said of the properties of a check: of violations the first by name, of all else how many.
#[derive(Default)]
struct Words {
    violated: Vec<(String, Option<u32>)>,
    holding: usize,
    reachable: usize,
    unreachable: usize,
    undecided: usize,
}

/// What was found: `agreement violated in 12 (+1)`, `4 hold, 2 reachable`.
///
/// Properties of which nothing was expected are left out, unless they are violated; so is the claim that every
/// protocol makes, that its code behaves, while it holds.
pub(super) fn found(outcome: &Outcome) -> String {
    let mut words = Words::default();
    for (ix, card) in outcome.properties.iter().enumerate() {
        let (verdict, expected) = (outcome.verdict(ix), outcome.expected[ix]);
        let judged = !matches!(expected, Expected::Anything | Expected::NotSeen) && card.name != HANDLERS_BEHAVE;
        if judged || verdict == Verdict::Violated {
            words.add(card, verdict, outcome.steps(ix));
        }
    }
    words.text()
}

/// What is expected, in the same words: how much room to leave.
pub(super) fn expected(check: &Check, properties: &[PropertyCard]) -> String {
    let mut words = Words::default();
    for card in properties {
        match check.expected(card) {
            // Most violations take less than a hundred steps.
            Expected::Violated { at_most_steps } => {
                words.violated.push((card.name.clone(), at_most_steps.or(Some(99))));
            }
            Expected::Holds => words.holding += 1,
            Expected::Reachable => words.reachable += 1,
            Expected::Unreachable => words.unreachable += 1,
            Expected::Undecided => words.undecided += 1,
            Expected::NotSeen | Expected::Anything => {}
        }
    }
    words.text()
}

impl Words {
    fn add(&mut self, card: &PropertyCard, verdict: Verdict, steps: Option<u32>) {
        match verdict {
            Verdict::Violated => self.violated.push((card.name.clone(), steps)),
            Verdict::Holds => self.holding += 1,
            Verdict::Reachable => self.reachable += 1,
            Verdict::Unreachable => self.unreachable += 1,
            Verdict::Undecided(_) => self.undecided += 1,
        }
    }

    fn text(&self) -> String {
        let mut parts = Vec::new();
        if let Some((name, steps)) = self.violated.first() {
            let steps = steps.map(|steps| format!(" in {steps}")).unwrap_or_default();
            let more = if self.violated.len() > 1 { format!(" (+{})", self.violated.len() - 1) } else { String::new() };
            parts.push(format!("{name} violated{steps}{more}"));
        }
        let holding = if self.holding == 1 { "holds" } else { "hold" };
        let counts = [
            (self.undecided, "undecided"),
            (self.holding, holding),
            (self.reachable, "reachable"),
            (self.unreachable, "unreachable"),
        ];
        parts.extend(counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")));
        parts.join(", ")
    }
}
