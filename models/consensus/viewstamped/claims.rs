//! The claims of Viewstamped Replication, progress, and the witnesses.

use quorate::Id;
use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::Viewstamped;
use super::ghost::Ghost;
use super::member::{Member, State, Stored};
use super::message::View;
use crate::consensus::tally::Tally;

/// All claims.
pub(super) fn all() -> Vec<Property<Viewstamped>> {
    vec![
        Claim::always("agreement", "No two requests are committed under one op-number").by_history(two_at_one_place),
        Claim::always("committed-kept", "What is committed in a view is in the log with which each later view begins")
            .by_history(lost),
        Claim::always("executed-once", "No request is committed under two op-numbers").by_history(executed_twice),
        Claim::always("view-monotone", "The view of a replica that is up never falls").by_history(view_fell),
        Claim::always("linearizable", "What clients are answered is as if requests were executed one after the other")
            .by_history(not_linearizable),
        Claim::no_deadlock(
            "progress",
            "Where nothing can happen any more and f + 1 replicas, the primary among them, take part in the latest view, \
             all requests are answered",
        )
        .by_nodes(part, unanswered),
        Claim::sometimes("committed", "A request is committed").by_history(committed),
        Claim::sometimes("committed-later", "A request is first committed in a view that a view change began")
            .by_history(committed_later),
        Claim::sometimes("kept", "A request that nobody knew to be committed survives a view change and is committed")
            .by_history(kept),
        Claim::sometimes("dropped", "A view change removes a request from a log").by_history(dropped),
        Claim::sometimes("two-primaries", "Two replicas act as primaries at once, of different views")
            .by_nodes(leads, two_primaries),
        Claim::sometimes("recovered", "A replica that crashed takes part again").by_nodes(has_recovered, recovered),
        Claim::sometimes("transferred", "A replica takes over what it asked another for").by_history(transferred),
        Claim::sometimes("done", "All requests of all clients are answered").by_nodes(open_request, done),
    ]
}

fn two_at_one_place(_: &Viewstamped, ghost: &Ghost) -> Option<Evidence> {
    let mut pairs = ghost.committed.keys().zip(ghost.committed.keys().skip(1));
    let ((op, one), (_, other)) = pairs.find(|(one, other)| one.0 == other.0)?;
    Some(Evidence::new(format!("{one} and {other} are both committed under op-number {op}")))
}

fn lost(vr: &Viewstamped, ghost: &Ghost) -> Option<Evidence> {
    ghost.committed.iter().find_map(|((op, entry), committed_in)| {
        let later = ghost.began.iter().filter(|(view, _)| view > committed_in);
        let (view, _) = later.into_iter().find(|(_, log)| log.get(op - 1) != Some(entry))?;
        Some(Evidence::new(format!(
            "{entry} is committed under op-number {op} in view {committed_in}, and {:?} begins view {view} without it",
            Id::from(view % vr.params.replicas)
        )))
    })
}

fn executed_twice(_: &Viewstamped, ghost: &Ghost) -> Option<Evidence> {
    ghost.committed.keys().find_map(|(op, entry)| {
        let (again, _) = ghost.committed.keys().find(|(other, same)| same == entry && other > op)?;
        Some(Evidence::new(format!("{entry} is committed under op-number {op} and again under {again}")))
    })
}

fn view_fell(_: &Viewstamped, ghost: &Ghost) -> Option<Evidence> {
    let (replica, from, to) = ghost.fell?;
    Some(Evidence::new(format!("{replica:?} goes back from view {from} to view {to}")))
}

fn not_linearizable(_: &Viewstamped, ghost: &Ghost) -> Option<Evidence> {
    let holds = ghost.calls.is_linearizable(Tally::default());
    (!holds).then(|| Evidence::new(format!("no order explains these answers: {}", ghost.calls)))
}

/// What a member has to do with whether requests are answered.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Part {
    /// A replica that is up: its view, and whether it takes part in that.
    Replica(View, bool),
    /// A client that waits for the answer to this request.
    Waits(usize),
    None,
}

fn part(vr: &Viewstamped, node: &Node<'_, Member>) -> Part {
    if let Some((_, request)) = open_request(vr, node).filter(|(_, request)| *request > 0) {
        return Part::Waits(request);
    }
    let me = node.state.and_then(State::replica);
    me.map_or(Part::None, |me| Part::Replica(me.view, me.is_normal()))
}

fn unanswered(vr: &Viewstamped, parts: &[Part]) -> Option<Evidence> {
    let latest = parts.iter().filter_map(|part| match part {
        Part::Replica(view, _) => Some(*view),
        Part::Waits(_) | Part::None => None,
    });
    let latest = latest.max()?;
    let takes_part = |ix: &usize| parts[*ix] == Part::Replica(latest, true);
    let taking_part: Vec<Id> = (0..parts.len()).filter(takes_part).map(Id::from).collect();
    if taking_part.len() <= vr.params.replicas / 2 || !takes_part(&(latest % vr.params.replicas)) {
        return None;
    }
    let open = |(ix, part): (usize, &Part)| match part {
        Part::Waits(request) => Some((Id::from(ix), *request)),
        Part::Replica(..) | Part::None => None,
    };
    let (client, request) = parts.iter().enumerate().find_map(open)?;
    Some(Evidence::new(format!(
        "request {request} of {client:?} is never answered, though {taking_part:?} take part in view {latest}"
    )))
}

fn committed(_: &Viewstamped, ghost: &Ghost) -> Option<Evidence> {
    let ((op, entry), view) = ghost.committed.first_key_value()?;
    Some(Evidence::new(format!("{entry} is committed under op-number {op} in view {view}")))
}

fn committed_later(_: &Viewstamped, ghost: &Ghost) -> Option<Evidence> {
    let ((op, entry), view) = ghost.committed.iter().find(|(_, view)| **view > 0)?;
    Some(Evidence::new(format!("{entry} is committed under op-number {op} in view {view}")))
}

fn kept(_: &Viewstamped, ghost: &Ghost) -> Option<Evidence> {
    ghost.committed.iter().find_map(|((op, entry), view)| {
        let survives = ghost.began.iter().any(|(began, log)| began == view && log.get(op - 1) == Some(entry));
        survives.then(|| Evidence::new(format!("view {view} begins with {entry}, and it is committed there")))
    })
}

fn dropped(_: &Viewstamped, ghost: &Ghost) -> Option<Evidence> {
    ghost.dropped.then(|| Evidence::new("a replica has removed a request from its log"))
}

fn transferred(_: &Viewstamped, ghost: &Ghost) -> Option<Evidence> {
    ghost.transferred.then(|| Evidence::new("a replica has taken over what it asked another for"))
}

fn leads(vr: &Viewstamped, node: &Node<'_, Member>) -> Option<(View, Id)> {
    let me = node.state?.replica()?;
    (me.is_normal() && usize::from(node.id) == me.view % vr.params.replicas).then_some((me.view, node.id))
}

fn two_primaries(_: &Viewstamped, primaries: &[Option<(View, Id)>]) -> Option<Evidence> {
    let mut primaries = primaries.iter().flatten();
    let ((view, one), (later, other)) = (primaries.next()?, primaries.next()?);
    Some(Evidence::new(format!("{one:?} is the primary of view {view}, and {other:?} of view {later}")))
}

fn has_recovered(_: &Viewstamped, node: &Node<'_, Member>) -> Option<Id> {
    let me = node.state?.replica()?;
    (me.incarnation > 0 && me.is_normal()).then_some(node.id)
}

fn recovered(_: &Viewstamped, replicas: &[Option<Id>]) -> Option<Evidence> {
    let replica = replicas.iter().flatten().next()?;
    Some(Evidence::new(format!("{replica:?} has recovered")))
}

/// The open request of a client, also of one that is down; 0 when all are answered. `None` for a replica.
fn open_request(vr: &Viewstamped, node: &Node<'_, Member>) -> Option<(Id, usize)> {
    let request = match (node.state, node.storage) {
        (Some(State::Client { request }), _) | (None, Some(Stored::Client { request })) => *request,
        _ => return None,
    };
    Some((node.id, if request > vr.params.operations { 0 } else { request }))
}

fn done(_: &Viewstamped, requests: &[Option<(Id, usize)>]) -> Option<Evidence> {
    let is_done = requests.iter().flatten().all(|(_, request)| *request == 0);
    is_done.then(|| Evidence::new("all requests are answered"))
}
