//! The verdicts of a check in a few words.

use crate::cluster::HANDLERS_BEHAVE;
use crate::engine::Verdict;
use crate::spec::{Check, Expected, Outcome};
use crate::system::PropertyCard;

/// More names than this are counted instead.
const NAMES_MAX: usize = 2;

/// What is said of the properties of a check: those that differ from the ordinary by name, the others by number.
#[derive(Default)]
struct Groups {
    violated: Vec<(String, Option<u32>)>,
    undecided: Vec<String>,
    unreachable: Vec<String>,
    holding: usize,
    reachable: usize,
}

/// What was found: `agreement violated in 12`, `4 hold, 2 reachable`.
///
/// Properties of which nothing was expected are left out, unless they are violated; so is the claim that every
/// protocol makes, that its code behaves, while it holds.
pub(super) fn found(outcome: &Outcome) -> String {
    let mut groups = Groups::default();
    for (ix, card) in outcome.properties.iter().enumerate() {
        let (verdict, expected) = (outcome.verdict(ix), outcome.expected[ix]);
        let judged = !matches!(expected, Expected::Anything | Expected::NotSeen) && card.name != HANDLERS_BEHAVE;
        if judged || verdict == Verdict::Violated {
            groups.add(card, verdict, outcome.steps(ix));
        }
    }
    groups.words()
}

/// What is expected, in the same words: how much room to leave.
pub(super) fn expected(check: &Check, properties: &[PropertyCard]) -> String {
    let mut groups = Groups::default();
    for card in properties {
        match check.expected(card) {
            Expected::Holds => groups.add(card, Verdict::Holds, None),
            Expected::Violated { at_most_steps } => groups.add(card, Verdict::Violated, at_most_steps.or(Some(99))),
            Expected::Reachable => groups.add(card, Verdict::Reachable, None),
            Expected::Unreachable => groups.add(card, Verdict::Unreachable, None),
            Expected::Undecided => groups.undecided.push(card.name.clone()),
            Expected::NotSeen | Expected::Anything => {}
        }
    }
    groups.words()
}

impl Groups {
    fn add(&mut self, card: &PropertyCard, verdict: Verdict, steps: Option<u32>) {
        let name = card.name.clone();
        match verdict {
            Verdict::Violated => self.violated.push((name, steps)),
            Verdict::Holds => self.holding += 1,
            Verdict::Reachable => self.reachable += 1,
            Verdict::Unreachable => self.unreachable.push(name),
            Verdict::Undecided(_) => self.undecided.push(name),
        }
    }

    fn words(&self) -> String {
        let mut parts = Vec::new();
        for (n, (name, steps)) in self.violated.iter().enumerate() {
            let violated = if n == 0 { " violated" } else { "" };
            let steps = steps.map(|steps| format!(" in {steps}")).unwrap_or_default();
            parts.push(format!("{name}{violated}{steps}"));
        }
        parts.extend(named(&self.undecided, "undecided"));
        parts.extend(named(&self.unreachable, "unreachable"));
        parts.extend(counted(self.holding, "holds", "hold"));
        parts.extend(counted(self.reachable, "reachable", "reachable"));
        parts.join(", ")
    }
}

fn named(names: &[String], word: &str) -> Option<String> {
    match names.len() {
        0 => None,
        1..=NAMES_MAX => Some(format!("{} {word}", names.join(", "))),
        count => Some(format!("{count} {word}")),
    }
}

fn counted(count: usize, of_one: &str, of_many: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {of_one}")),
        count => Some(format!("{count} {of_many}")),
    }
}
