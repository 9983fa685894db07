//! The claims of Multi-Paxos, progress, and the witnesses.

use quorate::Id;
use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::MultiPaxos;
use super::ghost::Ghost;
use super::member::{Member, State, Stored};
use super::message::{Ballot, Command, Request};
use super::replica::Role;
use crate::consensus::tally::{Operation, Tally};

/// All claims.
pub(super) fn all() -> Vec<Property<MultiPaxos>> {
    vec![
        Claim::always("agreement", "No two commands are chosen for one slot").by_history(two_in_one_slot),
        Claim::always("validity", "What is chosen for a slot is a no-op or what a client has asked for")
            .by_history(not_asked_for),
        Claim::always("executed-chosen", "What a replica executes in a slot is chosen for it").by_history(not_chosen),
        Claim::always("executed-once", "No request takes effect in two slots").by_history(executed_twice),
        Claim::always("linearizable", "What clients are answered is as if requests were executed one after the other")
            .by_history(not_linearizable),
        Claim::no_deadlock(
            "progress",
            "Where nothing can happen any more and a leader has a quorum that has promised nothing higher, all requests are \
             answered",
        )
        .by_nodes(part, unanswered),
        Claim::sometimes("chosen", "A command is chosen").by_history(chosen),
        Claim::sometimes("carried-over", "A command is chosen in two ballots").by_history(carried_over),
        Claim::sometimes("hole-filled", "A no-op is chosen").by_history(hole_filled),
        Claim::sometimes("chosen-twice", "A request is chosen for two slots").by_history(chosen_twice),
        Claim::sometimes("two-leaders", "Two replicas lead at once, in different ballots").by_nodes(leads, two_leaders),
        Claim::sometimes("done", "All requests of all clients are answered").by_nodes(open_request, done),
    ]
}

fn quorum(it: &MultiPaxos) -> usize {
    it.params.replicas / 2 + 1
}

fn two_in_one_slot(it: &MultiPaxos, ghost: &Ghost) -> Option<Evidence> {
    let chosen: Vec<_> = ghost.chosen(quorum(it)).collect();
    chosen.iter().find_map(|(slot, one)| {
        let (_, other) = chosen.iter().find(|(same, other)| same == slot && other.command != one.command)?;
        Some(Evidence::new(format!(
            "{} is chosen for slot {slot} in {}, and {} in {}",
            one.command, one.ballot, other.command, other.ballot
        )))
    })
}

fn not_asked_for(it: &MultiPaxos, ghost: &Ghost) -> Option<Evidence> {
    let is_asked_for = |command: Command| match command {
        Command::NoOp => true,
        Command::Request(Request { client, number, reads }) => {
            let operation = if reads { Operation::Read } else { Operation::Append };
            let call = number.checked_sub(1).and_then(|ix| ghost.calls.of(client).get(ix));
            call.is_some_and(|call| call.operation == operation)
        }
    };
    let (slot, vote) = ghost.chosen(quorum(it)).find(|(_, vote)| !is_asked_for(vote.command))?;
    Some(Evidence::new(format!(
        "{} is chosen for slot {slot} in {}, and was never asked for",
        vote.command, vote.ballot
    )))
}

fn not_chosen(it: &MultiPaxos, ghost: &Ghost) -> Option<Evidence> {
    let chosen: Vec<_> = ghost.chosen(quorum(it)).map(|(slot, vote)| (slot, vote.command)).collect();
    let (slot, command, _) = ghost.executed.iter().find(|(slot, command, _)| !chosen.contains(&(*slot, *command)))?;
    Some(Evidence::new(format!("{command} is executed in slot {slot} and is not chosen for it")))
}

fn executed_twice(_: &MultiPaxos, ghost: &Ghost) -> Option<Evidence> {
    let effective = || ghost.executed.iter().filter(|(.., effect)| *effect);
    effective().find_map(|(slot, command, _)| {
        let (again, ..) = effective().find(|(other, same, _)| same == command && other > slot)?;
        Some(Evidence::new(format!("{command} takes effect in slot {slot} and again in slot {again}")))
    })
}

fn not_linearizable(_: &MultiPaxos, ghost: &Ghost) -> Option<Evidence> {
    let holds = ghost.calls.is_linearizable(Tally::default());
    (!holds).then(|| Evidence::new(format!("no order explains these answers: {}", ghost.calls)))
}

/// What a member has to do with whether requests are answered.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Part {
    /// A replica that is up: what it has promised, and the ballot in which it leads.
    Replica {
        promised: Option<Ballot>,
        leads: Option<Ballot>,
    },
    /// A client that waits for the answer to this request.
    Waits(usize),
    None,
}

fn part(it: &MultiPaxos, node: &Node<'_, Member>) -> Part {
    if let Some((_, request)) = open_request(it, node).filter(|(_, request)| *request > 0) {
        return Part::Waits(request);
    }
    let leads = leads(it, node).map(|(ballot, _)| ballot);
    let me = node.state.and_then(State::replica);
    me.map_or(Part::None, |me| Part::Replica { promised: me.durable.promised, leads })
}

fn unanswered(it: &MultiPaxos, parts: &[Part]) -> Option<Evidence> {
    let follows = |ballot: Ballot| move |part: &&Part| matches!(part, Part::Replica { promised, .. } if *promised <= Some(ballot));
    let has_quorum = |part: &Part| match part {
        Part::Replica { leads: Some(ballot), .. } => parts.iter().filter(follows(*ballot)).count() >= quorum(it),
        Part::Replica { leads: None, .. } | Part::Waits(_) | Part::None => false,
    };
    let leader = Id::from(parts.iter().position(has_quorum)?);
    let open = |(ix, part): (usize, &Part)| match part {
        Part::Waits(request) => Some((Id::from(ix), *request)),
        Part::Replica { .. } | Part::None => None,
    };
    let (client, request) = parts.iter().enumerate().find_map(open)?;
    Some(Evidence::new(format!("request {request} of {client:?} is never answered, though {leader:?} has a quorum")))
}

fn chosen(it: &MultiPaxos, ghost: &Ghost) -> Option<Evidence> {
    let (slot, vote) = ghost.chosen(quorum(it)).next()?;
    Some(Evidence::new(format!("{} is chosen for slot {slot} in {}", vote.command, vote.ballot)))
}

fn carried_over(it: &MultiPaxos, ghost: &Ghost) -> Option<Evidence> {
    let chosen: Vec<_> = ghost.chosen(quorum(it)).collect();
    let (slot, vote) = chosen
        .iter()
        .find(|(slot, vote)| chosen.iter().any(|(other, later)| other == slot && later.ballot > vote.ballot))?;
    Some(Evidence::new(format!("{} is chosen for slot {slot} in {} and in a later one", vote.command, vote.ballot)))
}

fn hole_filled(it: &MultiPaxos, ghost: &Ghost) -> Option<Evidence> {
    let (slot, _) = ghost.chosen(quorum(it)).find(|(_, vote)| vote.command == Command::NoOp)?;
    Some(Evidence::new(format!("a no-op is chosen for slot {slot}")))
}

fn chosen_twice(it: &MultiPaxos, ghost: &Ghost) -> Option<Evidence> {
    let chosen: Vec<_> = ghost.chosen(quorum(it)).collect();
    let is_request = |command: Command| command != Command::NoOp;
    let (slot, vote) = chosen.iter().find(|(slot, vote)| {
        is_request(vote.command) && chosen.iter().any(|(other, same)| other > slot && same.command == vote.command)
    })?;
    Some(Evidence::new(format!("{} is chosen for slot {slot} and for a later one", vote.command)))
}

fn leads(_: &MultiPaxos, node: &Node<'_, Member>) -> Option<(Ballot, Id)> {
    let me = node.state?.replica()?;
    matches!(me.role, Role::Leading { .. }).then_some((me.durable.promised?, node.id))
}

fn two_leaders(_: &MultiPaxos, leaders: &[Option<(Ballot, Id)>]) -> Option<Evidence> {
    let mut leaders = leaders.iter().flatten();
    let ((one, _), (other, _)) = (leaders.next()?, leaders.next()?);
    Some(Evidence::new(format!("there are leaders in {one} and in {other}")))
}

/// The open request of a client, also of one that is down; 0 when all are answered. `None` for a replica.
fn open_request(it: &MultiPaxos, node: &Node<'_, Member>) -> Option<(Id, usize)> {
    let request = match (node.state, node.storage) {
        (Some(State::Client { request }), _) | (None, Some(Stored::Client { request })) => *request,
        _ => return None,
    };
    Some((node.id, if request > it.params.operations { 0 } else { request }))
}

fn done(_: &MultiPaxos, requests: &[Option<(Id, usize)>]) -> Option<Evidence> {
    let is_done = requests.iter().flatten().all(|(_, request)| *request == 0);
    is_done.then(|| Evidence::new("all requests are answered"))
}
