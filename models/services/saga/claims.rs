//! The claims: how a saga ends, and what it never does on its way.

use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::Saga;
use super::member::{Answer, Member, Saved, State};
use super::orchestrator::Phase;
use super::service::ServiceState;

/// What is seen of a member.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Seen {
    /// Of the orchestrator: its phase, if it has one in memory or log.
    Phase(Option<Phase>),
    /// Of a service, by the number of its step: its database.
    Service(usize, ServiceState),
    /// Of a reader: what it has read.
    Reader(Option<bool>),
}

/// All claims.
pub(super) fn all() -> Vec<Property<Saga>> {
    let claims = [
        (Claim::always("ends-whole", "A saga that has ended has all its effects, or none"), half as Found),
        (Claim::always("reverse-order", "No step is taken back while a later one is in effect"), out_of_order),
        (Claim::always("once", "No step and no compensation takes effect twice"), twice),
        (Claim::always("nothing-undone-before", "Nothing is taken back that was not done"), undone_before),
        (Claim::always("isolation", "What somebody has read is not taken back"), dirty_read),
        (Claim::eventually_always("ends", "The saga ends"), open),
        (Claim::sometimes("completed", "All steps are done"), completed),
        (Claim::sometimes("compensated", "What was done has been taken back"), compensated),
        (Claim::sometimes("undone-first", "A service is told to take back what it has not done"), undone_first),
    ];
    let by =
        |(claim, found): (Claim, Found)| claim.by_nodes(seen, move |_, all: &[Seen]| found(all).map(Evidence::new));
    claims.map(by).into()
}

type Found = fn(&[Seen]) -> Option<String>;

/// A service keeps its database while it is down, and an orchestrator its log.
fn seen(it: &Saga, node: &Node<'_, Member>) -> Seen {
    match (node.state, node.storage) {
        (Some(State::Orchestrator(me)), _) => Seen::Phase(Some(me.phase.clone())),
        (None, Some(Saved::Orchestrator(phase))) => Seen::Phase(Some(phase.clone())),
        (Some(State::Service(me)), _) | (None, Some(Saved::Service(me))) => Seen::Service(node.id.into(), me.clone()),
        (Some(State::Reader(read)), _) => Seen::Reader(*read),
        (None, None) if (1..=it.params.steps).contains(&node.id.into()) => {
            Seen::Service(node.id.into(), ServiceState::default())
        }
        (None, None) => Seen::Phase(None),
    }
}

fn phase(all: &[Seen]) -> Option<&Phase> {
    all.iter().find_map(|seen| if let Seen::Phase(phase) = seen { phase.as_ref() } else { None })
}

fn services(all: &[Seen]) -> impl Iterator<Item = (usize, &ServiceState)> {
    all.iter().filter_map(|seen| if let Seen::Service(step, it) = seen { Some((*step, it)) } else { None })
}

fn half(all: &[Seen]) -> Option<String> {
    let (is_done, how) = match phase(all)? {
        Phase::Done => (true, "done"),
        Phase::Compensated => (false, "taken back"),
        Phase::Forward(_) | Phase::Backward(_) => return None,
    };
    let (step, _) = services(all).find(|(_, service)| service.is_in_effect() != is_done)?;
    let is = if is_done { "is not" } else { "is" };
    Some(format!("the saga has ended, {how}, and step {step} {is} in effect"))
}

fn out_of_order(all: &[Seen]) -> Option<String> {
    let (later, _) = services(all).filter(|(_, service)| service.is_in_effect()).last()?;
    let (step, _) = services(all).find(|(step, service)| *step < later && service.undone > 0)?;
    Some(format!("step {step} is taken back, and step {later} is in effect"))
}

fn twice(all: &[Seen]) -> Option<String> {
    services(all).find_map(|(step, service)| match (service.done, service.undone) {
        (2.., _) => Some(format!("step {step} has taken effect {} times", service.done)),
        (_, 2..) => Some(format!("step {step} was taken back {} times", service.undone)),
        _ => None,
    })
}

fn undone_before(all: &[Seen]) -> Option<String> {
    let (step, _) = services(all).find(|(_, service)| service.done == 0 && service.undone > 0)?;
    Some(format!("step {step} is taken back, and was not done"))
}

/// Readers read at the first service.
fn dirty_read(all: &[Seen]) -> Option<String> {
    let (step, _) = services(all).next().filter(|(_, service)| service.undone > 0)?;
    all.contains(&Seen::Reader(Some(true))).then(|| format!("step {step} was read, and is taken back"))
}

fn open(all: &[Seen]) -> Option<String> {
    match phase(all) {
        Some(Phase::Done | Phase::Compensated) => None,
        Some(Phase::Forward(step)) => Some(format!("step {step} is not answered")),
        Some(Phase::Backward(left)) => Some(format!("of the steps {left:?} it is not known that they are taken back")),
        None => Some("it has not begun".into()),
    }
}

fn completed(all: &[Seen]) -> Option<String> {
    (phase(all) == Some(&Phase::Done)).then(|| "the saga is done".into())
}

fn compensated(all: &[Seen]) -> Option<String> {
    let (step, _) = services(all).find(|(_, service)| service.undone > 0)?;
    (phase(all) == Some(&Phase::Compensated)).then(|| format!("the saga has ended, and step {step} was taken back"))
}

fn undone_first(all: &[Seen]) -> Option<String> {
    let is_first = |service: &ServiceState| service.done == 0 && service.answered == Some(Answer::Undone);
    let (step, _) = services(all).find(|(_, service)| is_first(service))?;
    Some(format!("step {step} was to be taken back before it was done"))
}
