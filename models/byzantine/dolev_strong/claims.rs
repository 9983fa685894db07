//! Agreement and validity, and the witnesses.

use quorate::Id;
use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::{Decision, DolevStrong, Member, ProcessState, Value};

/// All claims.
pub(super) fn all() -> Vec<Property<DolevStrong>> {
    vec![
        Claim::always("agreement", "No two correct processes decide differently").by_nodes(decision, differ),
        Claim::always("validity", "Where the sender is correct, every correct process decides on its value")
            .by_nodes(decision, another_value),
        Claim::eventually("termination", "Every correct process decides").by_nodes(decision, undecided),
        Claim::sometimes("delivered", "All correct processes decide on the same value")
            .by_nodes(decision, |_, all| all_decide(all, |decision| decision == Decision::On(Value::A))),
        Claim::sometimes("exposed", "All correct processes decide that the sender is faulty")
            .by_nodes(decision, |_, all| all_decide(all, |decision| decision == Decision::SenderFaulty)),
        Claim::sometimes("last-round", "A correct process accepts a value in the last round, and all decide alike")
            .by_nodes(|it: &DolevStrong, node| (decision(it, node), read(node, |me| me.was_late)), in_time),
        Claim::sometimes("refused", "A correct process finds out a chain that is not as it should be").by_nodes(
            |_: &DolevStrong, node| read(node, |me| me.has_refused),
            |_, refused| {
                let ix = refused.iter().position(|refused| *refused == Some(true))?;
                Some(Evidence::new(format!("{:?} has refused a chain", Id::from(ix))))
            },
        ),
    ]
}

/// What a correct process decides; `None` of those that are no correct process or the sender.
type Reading = Option<(Id, Option<Decision>)>;

fn read<T>(node: &Node<'_, Member>, of: fn(&ProcessState) -> T) -> Option<T> {
    node.state?.correct().map(of)
}

fn decision(_: &DolevStrong, node: &Node<'_, Member>) -> Reading {
    read(node, |me| me.decided).map(|decided| (node.id, decided))
}

fn decided(readings: &[Reading]) -> impl Iterator<Item = (Id, Decision)> {
    readings.iter().flatten().filter_map(|(id, decided)| Some((*id, (*decided)?)))
}

fn differ(_: &DolevStrong, readings: &[Reading]) -> Option<Evidence> {
    let (one, this) = decided(readings).next()?;
    let (other, that) = decided(readings).find(|(_, that)| *that != this)?;
    Some(Evidence::new(format!("{one:?} decides {this}, and {other:?} {that}")))
}

fn another_value(it: &DolevStrong, readings: &[Reading]) -> Option<Evidence> {
    let (process, wrong) = decided(readings).find(|(_, decision)| *decision != Decision::On(Value::A))?;
    let is_told = !it.sizes.sender_lies;
    is_told.then(|| Evidence::new(format!("{process:?} decides {wrong}, and the sender has said {}", Value::A)))
}

fn undecided(_: &DolevStrong, readings: &[Reading]) -> Option<Evidence> {
    let (process, _) = readings.iter().flatten().find(|(_, decided)| decided.is_none())?;
    Some(Evidence::new(format!("{process:?} has not decided")))
}

fn all_decide(readings: &[Reading], so: fn(Decision) -> bool) -> Option<Evidence> {
    let (first, decision) = decided(readings).next()?;
    let all = readings.iter().flatten().all(|(_, decided)| decided.is_some_and(so));
    all.then(|| Evidence::new(format!("{first:?} and all others decide {decision}")))
}

fn in_time(it: &DolevStrong, processes: &[(Reading, Option<bool>)]) -> Option<Evidence> {
    let readings: Vec<Reading> = processes.iter().map(|(reading, _)| *reading).collect();
    if undecided(it, &readings).is_some() || differ(it, &readings).is_some() {
        return None;
    }
    let late = processes.iter().position(|(_, was_late)| *was_late == Some(true))?;
    Some(Evidence::new(format!("{:?} has accepted a value in the last round, and all decide alike", Id::from(late))))
}
