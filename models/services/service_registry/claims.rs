//! The claims: what a list says of who is there, and what a client can count on.

use std::collections::BTreeSet;

use quorate::Id;
use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::ServiceRegistry;
use super::member::{Member, State};

/// What a claim reads of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Seen {
    Down,
    Instance,
    Registry(BTreeSet<Id>),
    Client { calls: Option<Id>, is_answered: bool },
}

/// All claims.
pub(super) fn all() -> Vec<Property<ServiceRegistry>> {
    vec![
        Claim::always_step("accurate", "No entry of an instance that is up ends").by_nodes(seen, wrongly_ended),
        Claim::eventually_always("dead-removed", "An instance that is down is not listed for ever")
            .by_nodes(seen, dead_listed),
        Claim::eventually_always("live-listed", "An instance that is up comes to be listed, and stays")
            .by_nodes(seen, live_not_listed),
        Claim::eventually("answered", "The client is answered").by_nodes(seen, |_, all| {
            let is_served = all.iter().any(|seen| matches!(seen, Seen::Client { is_answered: true, .. }));
            (!is_served).then(|| Evidence::new("the client is not answered"))
        }),
        Claim::always("no-call-to-dead", "The client calls no instance that is down").by_nodes(seen, calls_dead),
        Claim::sometimes("ended", "The entry of an instance that is down ends").by_nodes(seen, |it, all| {
            let dead =
                instances(it, all).find(|(id, is_up)| !is_up && listed(all).is_some_and(|all| !all.contains(id)))?;
            Some(Evidence::new(format!("{:?} is down and not listed", dead.0)))
        }),
        Claim::sometimes("served", "The client is answered").by_nodes(seen, |_, all| {
            let is_served = all.iter().any(|seen| matches!(seen, Seen::Client { is_answered: true, .. }));
            is_served.then(|| Evidence::new("the client is answered"))
        }),
    ]
}

fn seen(_: &ServiceRegistry, node: &Node<'_, Member>) -> Seen {
    match node.state {
        None => Seen::Down,
        Some(State::Instance) => Seen::Instance,
        Some(State::Registry(listed)) => Seen::Registry(listed.clone()),
        Some(State::Client(me)) => Seen::Client { calls: me.calls, is_answered: me.is_answered },
    }
}

/// Who is listed; `None` while the registry is down.
fn listed(all: &[Seen]) -> Option<&BTreeSet<Id>> {
    all.iter().find_map(|seen| match seen {
        Seen::Registry(listed) => Some(listed),
        Seen::Down | Seen::Instance | Seen::Client { .. } => None,
    })
}

/// The instances, and whether they are up.
fn instances<'a>(it: &ServiceRegistry, all: &'a [Seen]) -> impl Iterator<Item = (Id, bool)> + 'a {
    (0..).map(Id::from).zip(all).take(it.params.instances).map(|(id, seen)| (id, *seen == Seen::Instance))
}

fn wrongly_ended(it: &ServiceRegistry, before: &[Seen], after: &[Seen]) -> Option<Evidence> {
    let (before, now) = (listed(before)?, listed(after)?);
    let mut up = instances(it, after).filter(|(_, is_up)| *is_up);
    let (instance, _) = up.find(|(id, _)| before.contains(id) && !now.contains(id))?;
    Some(Evidence::new(format!("{instance:?} is up, and its entry ends")))
}

fn dead_listed(it: &ServiceRegistry, all: &[Seen]) -> Option<Evidence> {
    let listed = listed(all)?;
    let (instance, _) = instances(it, all).find(|(id, is_up)| !is_up && listed.contains(id))?;
    Some(Evidence::new(format!("{instance:?} is down and listed")))
}

fn live_not_listed(it: &ServiceRegistry, all: &[Seen]) -> Option<Evidence> {
    let listed = listed(all)?;
    let (instance, _) = instances(it, all).find(|(id, is_up)| *is_up && !listed.contains(id))?;
    Some(Evidence::new(format!("{instance:?} is up and not listed")))
}

fn calls_dead(it: &ServiceRegistry, all: &[Seen]) -> Option<Evidence> {
    let called =
        |id: Id| all.iter().any(|seen| matches!(seen, Seen::Client { calls: Some(called), .. } if *called == id));
    let (instance, _) = instances(it, all).find(|(id, is_up)| !is_up && called(*id))?;
    Some(Evidence::new(format!("{instance:?} is called, and is down")))
}
