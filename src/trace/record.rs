//! From a path through a system to a trace.

use super::difference::difference;
use super::format::as_written;
use super::{Change, FORMAT, Outcome, Part, Step, Trace, VERSION, endless};
use crate::cluster::Instance;
use crate::engine::Path;
use crate::system::{Action, Explain, InFlight, NodeSnapshot, Snapshot, Value};

impl Trace {
    /// The trace of `path`, which shows what the property looks for.
    ///
    /// Its values are as they will be read from the file: what is told of a trace does not depend on whether it
    /// has been in one.
    ///
    /// # Panics
    /// If the property does not find there what it looks for, or `path` is no path of `system`.
    pub fn of(system: &dyn Explain, path: &Path, instance: &Instance, property_ix: usize) -> Self {
        let card = &system.properties()[property_ix];
        let evidence = endless::evidence(system, path, property_ix);
        let evidence = evidence.expect("the path shows what the property looks for");
        let ending = endless::ending(system, path).expect("a loop is a loop, and fair");
        let snapshots: Vec<Snapshot> = path.states.iter().map(|state| system.snapshot(state)).collect();
        let trace = Self {
            format: FORMAT.to_owned(),
            version: VERSION,
            quorate: env!("CARGO_PKG_VERSION").to_owned(),
            instance: instance.clone(),
            property: card.name.clone(),
            kind: card.kind,
            verdict: Outcome::of(card.kind),
            claim: card.about.clone(),
            evidence: evidence.sentence,
            steps: steps(system, path, &snapshots, instance),
            start: snapshots[0].clone(),
            ending,
            no_return: None,
            contrast: None,
        };
        as_written(&trace)
    }
}

/// The steps of a path, whatever they show, as they will be read from a file; `snapshots` are its states.
///
/// # Panics
/// If `path` is no path of `system`, or there is not one snapshot for each of its states.
pub fn steps(system: &dyn Explain, path: &Path, snapshots: &[Snapshot], instance: &Instance) -> Vec<Step> {
    let keeps_delivered = instance.environment.keeps_delivered();
    let step = |(step_ix, action_ix): (usize, &usize)| {
        let action = system.action(&path.states[step_ix], *action_ix);
        as_written(&step_between(action, &snapshots[step_ix], &snapshots[step_ix + 1], keeps_delivered))
    };
    path.steps.iter().enumerate().map(step).collect()
}

/// The step that leads from one state to another by this action.
pub(super) fn step_between(action: Action, before: &Snapshot, after: &Snapshot, keeps_delivered: bool) -> Step {
    let mut in_flight = before.network.clone();
    if let Some(subject) = taken_out(&action, keeps_delivered)
        && let Some(ix) = in_flight.iter().position(|message| *message == subject)
    {
        in_flight.remove(ix);
    }
    Step {
        changes: changes(before, after),
        sent: surplus(&after.network, &in_flight),
        lost: surplus(&in_flight, &after.network),
        action,
    }
}

/// The message that the action takes out of the network.
fn taken_out(action: &Action, keeps_delivered: bool) -> Option<InFlight> {
    let (from, to, message) = action.message().filter(|_| !action.leaves_in_flight(keeps_delivered))?;
    Some(InFlight { from: from.to_owned(), to: to.to_owned(), message: message.clone() })
}

/// What there is more of in `these` than in `those`, in the order of `these`.
fn surplus<T: Clone + PartialEq>(these: &[T], those: &[T]) -> Vec<T> {
    let mut rest = those.to_vec();
    let mut more = Vec::new();
    for one in these {
        match rest.iter().position(|other| other == one) {
            Some(ix) => drop(rest.swap_remove(ix)),
            None => more.push(one.clone()),
        }
    }
    more
}

/// How the nodes and the history differ from one state to another.
fn changes(before: &Snapshot, after: &Snapshot) -> Vec<Change> {
    let mut changes = Vec::new();
    for (old, new) in before.nodes.iter().zip(&after.nodes) {
        node_changes(old, new, &mut changes);
    }
    changes.extend(part_changes(None, Part::History, Some(&before.history), Some(&after.history)));
    changes
}

fn node_changes(before: &NodeSnapshot, after: &NodeSnapshot, changes: &mut Vec<Change>) {
    let node = Some(before.name.as_str());
    let up = [before, after].map(|node| Value::Bool(node.state.is_some()));
    changes.extend(part_changes(node, Part::Up, Some(&up[0]), Some(&up[1])));
    changes.extend(part_changes(node, Part::State, before.state.as_ref(), after.state.as_ref()));
    changes.extend(part_changes(node, Part::Storage, before.storage.as_ref(), after.storage.as_ref()));
    let timer = |before: Option<Value>, after| change(node, Part::Timers, String::new(), before, after);
    changes.extend(surplus(&before.timers, &after.timers).into_iter().map(|gone| timer(Some(gone), None)));
    changes.extend(surplus(&after.timers, &before.timers).into_iter().map(|new| timer(None, Some(new))));
    let choices = |node: &NodeSnapshot| {
        let option = |(key, options): &(String, Vec<Value>)| (key.clone(), Value::Seq(options.clone()));
        Value::Record { name: String::new(), fields: node.choices.iter().map(option).collect() }
    };
    changes.extend(part_changes(node, Part::Choices, Some(&choices(before)), Some(&choices(after))));
}

fn part_changes(node: Option<&str>, part: Part, before: Option<&Value>, after: Option<&Value>) -> Vec<Change> {
    match (before, after) {
        (Some(before), Some(after)) => difference(before, after)
            .into_iter()
            .map(|found| change(node, part, found.path.to_string(), found.before, found.after))
            .collect(),
        (None, None) => Vec::new(),
        (before, after) => vec![change(node, part, String::new(), before.cloned(), after.cloned())],
    }
}

fn change(node: Option<&str>, part: Part, path: String, before: Option<Value>, after: Option<Value>) -> Change {
    Change { node: node.map(str::to_owned), part, path, before, after }
}

#[cfg(test)]
mod tests {
    use super::super::script::{acquire, deliver, in_flight, instance, lease, lost};
    use super::*;
    use crate::system::{PropertyKind, Value};

    fn network(messages: &[InFlight]) -> Snapshot {
        Snapshot { network: messages.to_vec(), ..Snapshot::default() }
    }

    #[test]
    fn a_trace_says_what_it_is_of() {
        let system = lease();
        let trace = Trace::of(&system, &system.path(), &instance(), 0);
        assert_eq!((trace.property.as_str(), trace.verdict), ("one-holder", Outcome::Violated));
        assert_eq!(trace.evidence, "client0 and client1 hold the lease, both with token 1");
        assert_eq!(trace.start.nodes[2].name, "server");
        assert_eq!(trace.steps.len(), system.path().steps.len());
    }

    #[test]
    fn sent_is_what_is_new_in_flight_and_lost_what_is_gone_besides_the_subject() {
        let ping = in_flight("n0", "n0", &acquire());
        let pong = in_flight("n0", "n1", &acquire());
        let deliver_ping = deliver("n0", "n0", &acquire());
        let both = network(&[ping.clone(), pong.clone()]);
        // Of two equal messages one is delivered, and one is sent again.
        let again = step_between(deliver_ping.clone(), &both, &both, false);
        assert_eq!((again.sent, again.lost), (vec![ping.clone()], vec![]));
        let gone = step_between(deliver_ping.clone(), &both, &network(&[]), false);
        assert_eq!((gone.sent, gone.lost), (vec![], vec![pong.clone()]));
        // A duplicating network keeps what it delivers, and loses what it loses.
        let kept = step_between(deliver_ping, &both, &both, true);
        assert_eq!((kept.sent, kept.lost), (vec![], vec![]));
        let dropped = step_between(lost("n0", "n0", &acquire()), &both, &network(&[pong]), true);
        assert_eq!((dropped.sent, dropped.lost), (vec![], vec![]));
    }

    #[test]
    fn a_change_says_whose_it_is_and_where() {
        let system = lease();
        let trace = Trace::of(&system, &system.path(), &instance(), 0);
        let crash = &trace.steps[3].changes;
        let parts: Vec<_> = crash.iter().map(|one| (one.node.as_deref(), one.part, one.path.as_str())).collect();
        assert_eq!(parts, [(Some("server"), Part::Up, ""), (Some("server"), Part::State, "")]);
        assert_eq!((&crash[0].before, &crash[0].after), (&Some(Value::Bool(true)), &Some(Value::Bool(false))));
        assert_eq!(crash[1].after, None);
        let held = trace.steps[2].changes.last().unwrap();
        assert_eq!((held.node.as_deref(), held.part, held.path.as_str()), (None, Part::History, "[0]"));
    }

    #[test]
    fn a_witness_is_reachable() {
        assert_eq!(Outcome::of(PropertyKind::Sometimes), Outcome::Reachable);
        assert_eq!(Outcome::of(PropertyKind::NoDeadlock), Outcome::Violated);
    }
}
