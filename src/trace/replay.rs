//! Taking the steps of a trace again.
//!
//! A step is found among those that are possible by its values, never by its place: a protocol that has gained a
//! message or a rule since is followed as long as the recorded step is still possible. Where JSON does not tell
//! two steps apart, both are followed.
//!
//! A replay that confirms says that the trace is a way to what the property finds; it does not say that there is no
//! shorter one. One that does not confirm says nothing about the property: other ways may lead there.

use std::fmt;

use serde_json::Value as Json;

use super::difference::{Difference, difference};
use super::format::{as_written, json};
use super::{Ending, Trace, endless};
use crate::engine::{self, Path};
use crate::system::{Action, Evidence, Explain, PropertyKind, Snapshot, Successors, Value, Word};

type State = Box<[Word]>;

/// What came of taking the steps of a trace again.
#[allow(clippy::large_enum_variant, reason = "there is one for each trace, not many")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// All steps were taken, and the property finds at the end what it looks for.
    Confirmed {
        /// How many steps.
        steps: usize,
        /// What it finds now.
        evidence: Evidence,
    },
    /// All steps were taken, and the property finds nothing at the end.
    NotFound {
        /// How many steps.
        steps: usize,
        /// For a property about deadlocks, what can still happen there and is no fault; else empty.
        still_possible: Vec<Action>,
    },
    /// All steps were taken, but what the trace says of how the run goes on is not so.
    OtherEnding {
        /// How many steps.
        steps: usize,
        /// What is not so.
        why: String,
    },
    /// A step is not possible any more.
    Diverged {
        /// Which step, from 1.
        step: usize,
        /// What it was.
        action: Action,
        /// What is possible there.
        enabled: Vec<Action>,
        /// That of `enabled` which is most like the recorded one, if any is like it at all.
        nearest: Option<Action>,
    },
    /// No initial state is the one recorded.
    StartDiffers {
        /// Where the initial state that differs least differs first, such as `nodes.acceptor0.state.promised`; empty
        /// if there is no initial state.
        place: String,
        /// What the trace has there; `None` if nothing.
        recorded: Option<Value>,
        /// What the initial state has there; `None` if nothing.
        found: Option<Value>,
    },
}

/// Takes the steps of `trace` in `system`, and asks the property at the end.
pub fn replay(system: &dyn Explain, trace: &Trace, property_ix: usize) -> Replay {
    retake(system, trace, property_ix).0
}

/// The same, with the path that was taken if it is confirmed.
pub fn retake(system: &dyn Explain, trace: &Trace, property_ix: usize) -> (Replay, Option<Path>) {
    let initial = system.initial();
    let recorded = json(&trace.start);
    let (starts, others): (Vec<State>, Vec<State>) =
        initial.into_iter().partition(|state| json(&system.snapshot(state)) == recorded);
    let ending = trace.ending.as_ref().map_or(engine::Ending::Found, Ending::of_path);
    let start = |state| Path { states: vec![state], steps: Vec::new(), ending };
    let mut here: Vec<Path> = starts.into_iter().map(start).collect();
    if here.is_empty() {
        return (start_differs(&trace.start, others.iter().map(|state| system.snapshot(state))), None);
    }
    for (step_ix, step) in trace.steps.iter().enumerate() {
        let ways = ways(system, &ends(&here));
        let recorded = json(&step.action);
        let mut next: Vec<Path> = Vec::new();
        for way in ways.iter().filter(|way| way.json == recorded) {
            let mut path = here[way.from].clone();
            path.states.push(way.to.clone());
            path.steps.push(way.index);
            if !next.iter().any(|other| other.states == path.states) {
                next.push(path);
            }
        }
        if next.is_empty() {
            return (diverged(step_ix + 1, &step.action, &ways), None);
        }
        here = next;
    }
    match trace.ending {
        None => judge(system, &here, trace.steps.len(), property_ix),
        Some(_) => judge_ending(system, &here, trace.steps.len(), property_ix),
    }
}

fn ends(paths: &[Path]) -> Vec<State> {
    paths.iter().map(|path| path.states.last().expect("a path has at least one state").clone()).collect()
}

/// Looks for a path on which the run goes on as the trace says and violates the property.
fn judge_ending(system: &dyn Explain, paths: &[Path], steps: usize, property_ix: usize) -> (Replay, Option<Path>) {
    let mut why = String::new();
    for path in paths {
        let confirmed = endless::ending(system, path)
            .and_then(|_| endless::evidence(system, path, property_ix))
            .and_then(|evidence| endless::trapped(system, path, property_ix).map(|()| evidence));
        match confirmed {
            Ok(evidence) => return (Replay::Confirmed { steps, evidence }, Some(path.clone())),
            Err(reason) => why = reason,
        }
    }
    (Replay::OtherEnding { steps, why }, None)
}

/// A transition out of one of the states where a replay may be.
struct Way {
    /// Which of the states.
    from: usize,
    /// Which of its successors.
    index: usize,
    action: Action,
    json: Json,
    to: State,
}

fn ways(system: &dyn Explain, states: &[State]) -> Vec<Way> {
    let mut successors = Successors::default();
    let mut ways = Vec::new();
    for (from, state) in states.iter().enumerate() {
        system.successors(state, &mut successors);
        for (index, successor) in successors.iter().enumerate() {
            let mut to = state.clone();
            successor.apply(&mut to);
            let action = system.action(state, index);
            ways.push(Way { from, index, json: json(&action), action: as_written(&action), to });
        }
    }
    ways
}

fn judge(system: &dyn Explain, paths: &[Path], steps: usize, property_ix: usize) -> (Replay, Option<Path>) {
    let about_deadlock = system.properties()[property_ix].kind == PropertyKind::NoDeadlock;
    let mut still_possible = Vec::new();
    for (path, state) in paths.iter().zip(&ends(paths)) {
        if about_deadlock {
            let ways = ways(system, std::slice::from_ref(state));
            let alive = still_possible.len();
            still_possible.extend(ways.into_iter().map(|way| way.action).filter(|action| !action.kind().is_fault()));
            if still_possible.len() > alive {
                continue;
            }
        }
        if let Ok(evidence) = endless::evidence(system, path, property_ix) {
            return (Replay::Confirmed { steps, evidence }, Some(path.clone()));
        }
    }
    (Replay::NotFound { steps, still_possible }, None)
}

fn diverged(step: usize, action: &Action, ways: &[Way]) -> Replay {
    let mut enabled: Vec<Action> = Vec::new();
    for way in ways {
        if !enabled.contains(&way.action) {
            enabled.push(way.action.clone());
        }
    }
    let nearest = nearest(action, &enabled).cloned();
    Replay::Diverged { step, action: action.clone(), enabled, nearest }
}

/// The action most like `action`: of its kind rather than of another, between its nodes rather than others, and then
/// by its text. One that has neither the kind nor the nodes is not like it.
pub(super) fn nearest<'a>(action: &Action, enabled: &'a [Action]) -> Option<&'a Action> {
    let (nodes, text) = (action.nodes(), action.subject());
    let other_kind = |other: &Action| other.kind() != action.kind();
    let other_nodes = |other: &Action| {
        let alike = other.nodes().iter().zip(&nodes).filter(|(a, b)| a == b).count();
        nodes.len().max(other.nodes().len()) - alike
    };
    enabled
        .iter()
        .filter(|other| !other_kind(other) || other_nodes(other) == 0)
        .min_by_key(|other| (other_kind(other), other_nodes(other), strsim::levenshtein(&text, &other.subject())))
}

fn start_differs(recorded: &Snapshot, initial: impl Iterator<Item = Snapshot>) -> Replay {
    let recorded = by_name(recorded);
    let least = initial.map(|found| difference(&recorded, &by_name(&found))).min_by_key(Vec::len).unwrap_or_default();
    let (place, recorded, found) = match least.into_iter().next() {
        Some(Difference { path, before, after }) => (path.to_string(), before, after),
        None => (String::new(), Some(recorded), None),
    };
    Replay::StartDiffers { place, recorded, found }
}

/// The whole state as one value in which nodes are found by name, not by position.
fn by_name(snapshot: &Snapshot) -> Value {
    let record = |fields| Value::Record { name: String::new(), fields };
    let nodes = snapshot.nodes.iter().map(|node| (node.name.clone(), Value::from_json(&json(node)))).collect();
    record(vec![
        ("nodes".to_owned(), record(nodes)),
        ("network".to_owned(), Value::Seq(snapshot.network.iter().map(|one| Value::from_json(&json(one))).collect())),
        ("history".to_owned(), as_written(&snapshot.history)),
        ("budgets".to_owned(), Value::from_json(&json(snapshot)["budgets"])),
    ])
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |value: &Option<Value>| value.as_ref().map_or("nothing".to_owned(), ToString::to_string);
        match self {
            Self::Confirmed { steps, evidence } => {
                write!(f, "confirmed: all {steps} steps can be taken, and then {}", evidence.sentence)
            }
            Self::NotFound { steps, still_possible } => {
                write!(f, "not confirmed: all {steps} steps can be taken, but the property finds nothing then")?;
                write_actions(f, "still possible there", still_possible)
            }
            Self::OtherEnding { steps, why } => {
                write!(f, "not confirmed: all {steps} steps can be taken, but {why}")
            }
            Self::Diverged { step, action, enabled, nearest } => {
                write!(f, "not confirmed: step {step} cannot be taken any more: {action}")?;
                if let Some(nearest) = nearest {
                    write!(f, "\nmost like it: {nearest}")?;
                }
                if enabled.is_empty() {
                    return f.write_str("\nnothing is possible there");
                }
                write_actions(f, "possible there", enabled)
            }
            Self::StartDiffers { place, recorded, found } if place.is_empty() && found.is_none() => {
                write!(f, "not confirmed: there is no such initial state: {}", word(recorded))
            }
            Self::StartDiffers { place, recorded, found } => {
                write!(f, "not confirmed: the start differs at {place}: ")?;
                write!(f, "{} in the trace, {} now", word(recorded), word(found))
            }
        }
    }
}

fn write_actions(f: &mut fmt::Formatter<'_>, title: &str, actions: &[Action]) -> fmt::Result {
    if !actions.is_empty() {
        write!(f, "\n{title}:")?;
    }
    actions.iter().try_for_each(|action| write!(f, "\n  {action}"))
}

#[cfg(test)]
mod tests {
    use super::super::script::{Message, acquire, deadlock, deliver, instance, lease, lost};
    use super::*;

    fn trace() -> Trace {
        let system = lease();
        Trace::of(&system, &system.path(), &instance(), 0)
    }

    fn crash(node: &str) -> Action {
        Action::Crash { node: node.to_owned() }
    }

    #[test]
    fn a_trace_is_confirmed_where_it_was_taken() {
        let evidence = Evidence::new("client0 and client1 hold the lease, both with token 1");
        assert_eq!(replay(&lease(), &trace(), 0), Replay::Confirmed { steps: 7, evidence });
    }

    #[test]
    fn steps_are_found_by_value_not_by_place() {
        let system = (0..7).fold(lease(), |system, state_ix| system.or(state_ix, crash("client0")));
        assert!(matches!(replay(&system, &trace(), 0), Replay::Confirmed { steps: 7, .. }));
        let read = Trace::parse(&trace().to_json(), "a.json").unwrap();
        assert!(matches!(replay(&system, &read, 0), Replay::Confirmed { steps: 7, .. }));
    }

    #[test]
    fn where_two_steps_look_the_same_both_are_followed() {
        let first = trace().steps[0].action.clone();
        assert!(matches!(replay(&lease().or(0, first), &trace(), 0), Replay::Confirmed { steps: 7, .. }));
    }

    #[test]
    fn a_way_without_its_end_finds_nothing() {
        let mut trace = trace();
        trace.steps.pop();
        assert_eq!(replay(&lease(), &trace, 0), Replay::NotFound { steps: 6, still_possible: Vec::new() });
    }

    #[test]
    fn a_step_that_is_no_longer_possible_is_named_with_what_is() {
        let mut trace = trace();
        let longer = Message::Acquire { ttl_ms: 501 };
        trace.steps[5].action = deliver("client1", "server", &longer);
        let other = deliver("client0", "server", &longer);
        let system = lease().or(5, other).or(5, crash("client1"));
        let outcome = replay(&system, &trace, 0);
        let Replay::Diverged { step: 6, nearest, enabled, .. } = &outcome else { panic!("{outcome}") };
        assert_eq!((nearest.as_ref(), enabled.len()), (Some(&deliver("client1", "server", &acquire())), 3));
        insta::assert_snapshot!(outcome, @r"
        not confirmed: step 6 cannot be taken any more: deliver client1 -> server: Acquire { ttl_ms: 501 }
        most like it: deliver client1 -> server: Acquire { ttl_ms: 500 }
        possible there:
          crash client1
          deliver client0 -> server: Acquire { ttl_ms: 501 }
          deliver client1 -> server: Acquire { ttl_ms: 500 }
        ");
    }

    #[test]
    fn like_is_of_the_same_kind_or_with_the_same_nodes() {
        let delivered = deliver("n0", "n1", &acquire());
        let (same_nodes, same_kind) = (lost("n0", "n1", &acquire()), deliver("n2", "n3", &acquire()));
        let unlike = [crash("n0"), lost("n1", "n0", &acquire())];
        assert_eq!(nearest(&delivered, &unlike), None);
        let all = [&unlike[0], &same_nodes, &same_kind].map(Clone::clone);
        assert_eq!(nearest(&delivered, &all), Some(&same_kind));
        assert_eq!(nearest(&delivered, &all[..2]), Some(&same_nodes));
        assert_eq!(nearest(&crash("n1"), &[crash("n0")]), Some(&crash("n0")));
    }

    #[test]
    fn a_deadlock_is_one_only_where_nothing_but_faults_is_possible() {
        let system = deadlock();
        let trace = Trace::of(&system, &system.path(), &instance(), 0);
        assert!(matches!(replay(&system, &trace, 0), Replay::Confirmed { steps: 3, .. }));
        assert!(matches!(replay(&system.clone().or(3, crash("coin")), &trace, 0), Replay::Confirmed { .. }));
        let alive = system.or(3, deliver("coin", "player", &acquire()));
        insta::assert_snapshot!(replay(&alive, &trace, 0), @r"
        not confirmed: all 3 steps can be taken, but the property finds nothing then
        still possible there:
          deliver coin -> player: Acquire { ttl_ms: 500 }
        ");
    }

    #[test]
    fn another_start_is_named_where_it_differs() {
        let other = lease().starting(|start| {
            start.nodes[2].state = Some(Value::of(&std::collections::BTreeMap::from([("holder", "client1")])));
        });
        insta::assert_snapshot!(
            replay(&other, &trace(), 0),
            @"not confirmed: the start differs at nodes.server.state.holder: none in the trace, client1 now"
        );
        let other = lease().starting(|start| drop(start.network.pop()));
        insta::assert_snapshot!(
            replay(&other, &trace(), 0),
            @"not confirmed: the start differs at network[1]: {from: client1, to: server, message: Acquire { ttl_ms: 500 }} in the trace, nothing now"
        );
    }
}
