//! What was expected against what was found.

use std::fmt;

use super::{Expected, Lock, is_like};
use crate::engine::{Cut, Ended, Exploration, Verdict};
use crate::exit::Exit;
use crate::system::PropertyCard;
use crate::trace::Trace;

/// One way in which a finished search is not what its check expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// A property that should hold is violated.
    Violated {
        /// Which property.
        property_ix: usize,
        /// Steps of the shortest way there.
        steps: u32,
    },
    /// A property that should be violated holds, and nothing else is violated.
    ViolationNotFound {
        /// Which property.
        property_ix: usize,
    },
    /// A property that should be violated holds, but others do not.
    AnotherViolated {
        /// Which property.
        property_ix: usize,
        /// The names of those that are violated.
        others: Vec<String>,
    },
    /// The shortest violation is longer than expected.
    TooLong {
        /// Which property.
        property_ix: usize,
        /// Steps of the shortest way there.
        steps: u32,
        /// The most that the check expects.
        at_most_steps: u32,
    },
    /// The property is violated, but not in the way that the check expects.
    AnotherShape {
        /// Which property.
        property_ix: usize,
        /// The step of the expected shape that the counterexample does not have, after those before it.
        missing: String,
    },
    /// A situation that should be reachable is not: the other verdicts may say nothing.
    WitnessMissing {
        /// Which property.
        property_ix: usize,
    },
    /// A situation that should be out of reach is reached.
    WitnessReached {
        /// Which property.
        property_ix: usize,
        /// Steps of the shortest way there.
        steps: u32,
    },
    /// The search was cut before it was known.
    Undecided {
        /// Which property.
        property_ix: usize,
        /// What cut the search.
        cut: Cut,
    },
    /// A property that the limits should leave undecided is decided.
    Decided {
        /// Which property.
        property_ix: usize,
        /// The verdict.
        verdict: Verdict,
    },
    /// The counts are not those of the lock: the transition relation has changed.
    CountMoved {
        /// The lock.
        locked: Lock,
        /// What was found.
        found: Lock,
    },
    /// The protocol's code is not what a search believes of it: no verdict counts.
    Unsound {
        /// What the audit found, or what a reduction rests on and is not so.
        sentence: String,
    },
}

impl Failure {
    /// The word that reports use.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Violated { .. } => "violated",
            Self::ViolationNotFound { .. } => "violation-not-found",
            Self::AnotherViolated { .. } => "another-violated",
            Self::TooLong { .. } => "too-long",
            Self::AnotherShape { .. } => "another-shape",
            Self::WitnessMissing { .. } => "witness-missing",
            Self::WitnessReached { .. } => "witness-reached",
            Self::Undecided { .. } => "undecided",
            Self::Decided { .. } => "decided",
            Self::CountMoved { .. } => "count-moved",
            Self::Unsound { .. } => "unsound",
        }
    }

    /// The property that it is about.
    pub fn property_ix(&self) -> Option<usize> {
        match self {
            Self::Violated { property_ix, .. }
            | Self::ViolationNotFound { property_ix }
            | Self::AnotherViolated { property_ix, .. }
            | Self::TooLong { property_ix, .. }
            | Self::AnotherShape { property_ix, .. }
            | Self::WitnessMissing { property_ix }
            | Self::WitnessReached { property_ix, .. }
            | Self::Undecided { property_ix, .. }
            | Self::Decided { property_ix, .. } => Some(*property_ix),
            Self::CountMoved { .. } | Self::Unsound { .. } => None,
        }
    }

    /// The exit code that it asks for: "not known" is not "wrong".
    pub fn exit(&self) -> Exit {
        match self {
            Self::Undecided { cut: Cut::Interrupted, .. } => Exit::Interrupted,
            Self::Undecided { .. } => Exit::Undecided,
            Self::Violated { .. }
            | Self::ViolationNotFound { .. }
            | Self::AnotherViolated { .. }
            | Self::TooLong { .. }
            | Self::AnotherShape { .. }
            | Self::WitnessMissing { .. }
            | Self::WitnessReached { .. }
            | Self::Decided { .. }
            | Self::CountMoved { .. }
            | Self::Unsound { .. } => Exit::Differs,
        }
    }
}

/// What differs, without the name of the property.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Violated { steps, .. } => write!(f, "violated in {} where it should hold", counted(*steps)),
            Self::ViolationNotFound { .. } => write!(f, "expected violation no longer found: it holds"),
            Self::AnotherViolated { others, .. } => {
                write!(f, "violated, but another property: this one holds, {} does not", others.join(" and "))
            }
            Self::TooLong { steps, at_most_steps, .. } => {
                write!(f, "violated in {}, longer than at_most_steps = {at_most_steps}", counted(*steps))
            }
            Self::AnotherShape { missing, .. } => {
                write!(f, "violated, but in another shape: no step `{missing}` where the shape has it")
            }
            Self::WitnessMissing { .. } => write!(f, "witness missing: the situation is out of reach"),
            Self::WitnessReached { steps, .. } => {
                write!(f, "reachable in {} where it should be out of reach", counted(*steps))
            }
            Self::Undecided { cut, .. } => write!(f, "undecided: {cut}"),
            Self::Decided { verdict, .. } => write!(f, "decided, but expected undecided: {}", verdict.word()),
            Self::Unsound { sentence } => f.write_str(sentence),
            Self::CountMoved { locked, found } => write!(
                f,
                "count moved: locked {} states at depth {}, found {} at depth {}",
                locked.states, locked.depth, found.states, found.depth
            ),
        }
    }
}

fn counted(steps: u32) -> String {
    format!("{steps} step{}", if steps == 1 { "" } else { "s" })
}

/// Compares a finished search with what was expected. Empty if all is as expected.
///
/// `expect` and `properties` go by the index of the property.
pub fn judge(
    properties: &[PropertyCard],
    expect: &[Expected],
    lock: Option<Lock>,
    exploration: &Exploration,
) -> Vec<Failure> {
    let is_violated = |ix: &usize| exploration.verdict(*ix, properties[*ix].kind) == Verdict::Violated;
    let violated: Vec<String> =
        (0..properties.len()).filter(is_violated).map(|ix| properties[ix].name.clone()).collect();
    let of_properties = properties.iter().enumerate().filter_map(|(property_ix, card)| {
        let steps = exploration.findings[property_ix].as_ref().map_or(0, |finding| finding.depth);
        let verdict = exploration.verdict(property_ix, card.kind);
        difference(property_ix, expect[property_ix], verdict, steps, &violated)
    });
    of_properties.chain(count_moved(lock, exploration)).collect()
}

fn difference(
    property_ix: usize,
    expected: Expected,
    verdict: Verdict,
    steps: u32,
    violated: &[String],
) -> Option<Failure> {
    match (verdict, expected) {
        (_, Expected::Anything) => None,
        // Nobody can expect to be interrupted.
        (Verdict::Undecided(cut), Expected::Undecided) if cut != Cut::Interrupted => None,
        (Verdict::Undecided(Cut::Stopped), Expected::NotSeen) => None,
        (Verdict::Undecided(cut), _) => Some(Failure::Undecided { property_ix, cut }),
        (_, Expected::Undecided) => Some(Failure::Decided { property_ix, verdict }),
        (Verdict::Violated, Expected::Violated { at_most_steps }) => {
            let at_most_steps = at_most_steps.filter(|most| steps > *most)?;
            Some(Failure::TooLong { property_ix, steps, at_most_steps })
        }
        (Verdict::Violated, _) => Some(Failure::Violated { property_ix, steps }),
        (Verdict::Holds, Expected::Violated { .. }) if violated.is_empty() => {
            Some(Failure::ViolationNotFound { property_ix })
        }
        (Verdict::Holds, Expected::Violated { .. }) => {
            Some(Failure::AnotherViolated { property_ix, others: violated.to_vec() })
        }
        (Verdict::Reachable, Expected::Unreachable) => Some(Failure::WitnessReached { property_ix, steps }),
        (Verdict::Unreachable, Expected::Reachable) => Some(Failure::WitnessMissing { property_ix }),
        (Verdict::Holds | Verdict::Reachable | Verdict::Unreachable, _) => None,
    }
}

/// The failure if a counterexample does not have the steps of a shape in their order.
pub(super) fn another_shape(property_ix: usize, shape: &[String], trace: &Trace) -> Option<Failure> {
    let mut steps = trace.steps.iter().map(|step| step.action.to_string());
    let missing = shape.iter().find(|wanted| !steps.any(|step| begins_like(&step, wanted)))?;
    Some(Failure::AnotherShape { property_ix, missing: missing.clone() })
}

/// A kind of step alone stands for all of that kind.
fn begins_like(step: &str, wanted: &str) -> bool {
    let kind = step.split(' ').next().unwrap_or_default();
    if wanted.contains(' ') { is_like(step, wanted) } else { is_like(kind, wanted) }
}

fn count_moved(lock: Option<Lock>, exploration: &Exploration) -> Option<Failure> {
    let (locked, found) = (lock?, counts(exploration)?);
    (locked != found).then_some(Failure::CountMoved { locked, found })
}

/// The counts of a search, if they are the same in every run: it ended by itself, with the level at which it was
/// told to stop, or at its limit on depth. Other limits cut it within a level.
pub fn counts(exploration: &Exploration) -> Option<Lock> {
    let statistics = &exploration.statistics;
    match exploration.ended {
        Ended::Complete | Ended::Stopped | Ended::Cut(Cut::Depth) => {
            Some(Lock { states: statistics.distinct, depth: statistics.depth })
        }
        Ended::Cut(
            Cut::States | Cut::Time | Cut::Memory | Cut::Interrupted | Cut::Stopped | Cut::Reduced | Cut::Refused,
        ) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Effort, Finding, Statistics};
    use crate::system::{PropertyKind, PropertySet};

    const HOLDS: Expected = Expected::Holds;
    const VIOLATED: Expected = Expected::Violated { at_most_steps: None };

    /// A search of `agreement` and `validity` (always) and `decides` (sometimes), with what each found in so many
    /// steps; 100 states, depth 7.
    fn judged(ended: Ended, found: [Option<u32>; 3], expect: [Expected; 3], lock: Option<Lock>) -> Vec<String> {
        let card = |name: &str, kind| PropertyCard::new(name, kind, "");
        let properties = [
            card("agreement", PropertyKind::Always),
            card("validity", PropertyKind::Always),
            card("decides", PropertyKind::Sometimes),
        ];
        let statistics = Statistics { distinct: 100, depth: 7, ..Statistics::default() };
        let findings = found.map(|depth| depth.map(|depth| Finding { depth, path: None })).to_vec();
        let exploration = Exploration {
            ended,
            findings,
            graph_cut: None,
            unpreserved: PropertySet::EMPTY,
            refused: None,
            statistics,
            effort: Effort::default(),
        };
        let failures = judge(&properties, &expect, lock, &exploration);
        let name = |ix: usize| format!("{}: ", properties[ix].name);
        failures.iter().map(|f| f.property_ix().map(name).unwrap_or_default() + &f.to_string()).collect()
    }

    fn complete(found: [Option<u32>; 3], expect: [Expected; 3]) -> Vec<String> {
        judged(Ended::Complete, found, expect, None)
    }

    #[test]
    fn what_is_as_expected_is_no_failure() {
        assert!(complete([None, None, Some(3)], [HOLDS, HOLDS, Expected::Reachable]).is_empty());
        assert!(complete([Some(3), None, None], [VIOLATED, HOLDS, Expected::Unreachable]).is_empty());
        let anything = Expected::Anything;
        assert!(
            judged(Ended::Stopped, [Some(5), None, None], [VIOLATED, Expected::NotSeen, anything], None).is_empty()
        );
        let short = Expected::Violated { at_most_steps: Some(5) };
        assert!(judged(Ended::Stopped, [Some(5), None, None], [short, anything, anything], None).is_empty());
        let cut = Ended::Cut(Cut::States);
        assert!(judged(cut, [None; 3], [Expected::Undecided, Expected::Undecided, anything], None).is_empty());
    }

    #[test]
    fn a_violation_is_told_from_a_lost_one_and_from_another() {
        let reachable = Expected::Reachable;
        assert_eq!(
            complete([Some(4), None, Some(1)], [HOLDS, HOLDS, reachable]),
            ["agreement: violated in 4 steps where it should hold"]
        );
        assert_eq!(
            complete([None, None, Some(1)], [VIOLATED, HOLDS, reachable]),
            ["agreement: expected violation no longer found: it holds"]
        );
        assert_eq!(
            complete([None, Some(2), Some(1)], [VIOLATED, Expected::Anything, reachable]),
            ["agreement: violated, but another property: this one holds, validity does not"]
        );
        let short = Expected::Violated { at_most_steps: Some(3) };
        assert_eq!(
            complete([Some(4), None, Some(1)], [short, HOLDS, reachable]),
            ["agreement: violated in 4 steps, longer than at_most_steps = 3"]
        );
    }

    #[test]
    fn code_that_goes_wrong_is_never_what_a_check_looks_for() {
        assert_eq!(
            judged(Ended::Stopped, [Some(5), Some(3), None], [VIOLATED, Expected::NotSeen, Expected::Anything], None),
            ["validity: violated in 3 steps where it should hold"]
        );
    }

    #[test]
    fn a_witness_is_missing_or_reached() {
        assert_eq!(
            complete([None; 3], [HOLDS, HOLDS, Expected::Reachable]),
            ["decides: witness missing: the situation is out of reach"]
        );
        assert_eq!(
            complete([None, None, Some(6)], [HOLDS, HOLDS, Expected::Unreachable]),
            ["decides: reachable in 6 steps where it should be out of reach"]
        );
    }

    #[test]
    fn a_cut_is_undecided_unless_that_was_expected() {
        let cut = Ended::Cut(Cut::Time);
        assert_eq!(
            judged(cut, [None, Some(2), Some(1)], [VIOLATED, HOLDS, Expected::Reachable], None),
            [
                "agreement: undecided: the limit on time was reached",
                "validity: violated in 2 steps where it should hold"
            ]
        );
        assert_eq!(
            complete([None, None, Some(1)], [Expected::Undecided, HOLDS, Expected::Reachable]),
            ["agreement: decided, but expected undecided: holds"]
        );
        let interrupted = Ended::Cut(Cut::Interrupted);
        let expect = [Expected::Undecided, Expected::Anything, Expected::Anything];
        assert_eq!(judged(interrupted, [None; 3], expect, None), ["agreement: undecided: the run was interrupted"]);
    }

    #[test]
    fn counts_are_compared_where_they_are_the_same_in_every_run() {
        let lock = |states, depth| Some(Lock { states, depth });
        let expect = [Expected::Anything; 3];
        for ended in [Ended::Complete, Ended::Stopped, Ended::Cut(Cut::Depth)] {
            assert!(judged(ended, [None; 3], expect, lock(100, 7)).is_empty());
            assert_eq!(
                judged(ended, [None; 3], expect, lock(99, 7)),
                ["count moved: locked 99 states at depth 7, found 100 at depth 7"]
            );
            assert_eq!(judged(ended, [None; 3], expect, lock(100, 8)).len(), 1);
        }
        assert!(judged(Ended::Cut(Cut::Memory), [None; 3], expect, lock(99, 7)).is_empty());
    }
}
