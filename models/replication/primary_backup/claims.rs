//! What the observer sees of the clients, the claims, and what a check may assume.

use quorate::Id;
use quorate::model::{Assumption, CallFact, Cause, Claim, Condition, Facts, Node, Operations, Property, Step, World};
use quorate::system::Evidence;

use super::PrimaryBackup;
use super::member::{Client, Member, State, Stored};
use super::message::{Msg, Request};
use super::server::{Role, ServerState};
use super::writes::Writes;

type Calls = Operations<Request, Writes>;

/// A client asks when it starts and when it is answered.
pub(super) fn observe(client: &Client, step: &Step<'_, Member>, facts: &mut Facts<CallFact<Request, Writes>>) {
    if step.before == step.after {
        return;
    }
    if let Cause::Deliver { msg: Msg::Reply { answer, .. }, .. } = step.cause {
        facts.push(CallFact::Returned(step.node, answer.clone()));
    }
    if let Some(State::Client(me)) = step.after {
        let request = |reads| Request { client: step.node, number: me.open, reads };
        facts.extend(client.reads(me.open).map(request).map(|asked| CallFact::Invoked(step.node, asked)));
    }
}

/// All claims.
pub(super) fn all() -> Vec<Property<PrimaryBackup>> {
    let mut claims = vec![
        Claim::always("no-lost-write", "The latest primary has every write that was answered").by_world(lost_write),
        Claim::always("one-primary-per-epoch", "No two servers take themselves for the primary of one epoch")
            .by_nodes(primary_of, |_, epochs| two_primaries(epochs, true)),
        Claim::always("one-primary", "No two servers take themselves for the primary")
            .by_nodes(primary_of, |_, epochs| two_primaries(epochs, false)),
        Claim::always("linearizable", "What clients are answered is as if requests came one after the other")
            .by_history(not_linearizable),
        Claim::always("read-your-writes", "A client reads each of its writes that was answered before")
            .by_history(|_, calls: &Calls| misses(calls, false)),
        Claim::always("monotonic-reads", "A client reads each write that it has read before")
            .by_history(|_, calls: &Calls| misses(calls, true)),
        Claim::eventually_always("answered", "All requests are answered").by_nodes(open_request, unanswered),
        Claim::eventually_always("converges", "All servers have the same log").by_nodes(log, unequal),
    ];
    claims.extend(witnesses());
    claims
}

fn witnesses() -> Vec<Property<PrimaryBackup>> {
    vec![
        Claim::sometimes("failover", "Another server than at the start is the primary").by_nodes(
            primary_of,
            |_, epochs| {
                let server = epochs.iter().position(|epoch| epoch.is_some_and(|epoch| epoch > 1))?;
                Some(Evidence::new(format!("{:?} is promoted", Id::from(server))))
            },
        ),
        Claim::sometimes("done", "All requests are answered").by_nodes(open_request, |it, open| {
            unanswered(it, open).is_none().then(|| Evidence::new("all requests are answered"))
        }),
    ]
}

/// What a check may assume.
pub(super) fn assumptions() -> Vec<Assumption<PrimaryBackup>> {
    vec![Assumption::new(
        "accurate-detection",
        "The monitor suspects a primary only when it is down",
        Condition::by_nodes(
            |_, node: &Node<'_, Member>| match node.state {
                Some(State::Monitor(monitor)) => Some((true, monitor.epoch)),
                _ => server(node).filter(|me| me.role != Role::Backup).map(|me| (false, me.durable.epoch)),
            },
            |_, epochs| {
                let of = |monitor| epochs.iter().flatten().find(move |(is, _)| *is == monitor).map(|(_, epoch)| *epoch);
                let begun = of(true)?;
                let put_down = of(false).filter(|epoch| *epoch < begun)?;
                Some(Evidence::new(format!("epoch {begun} is begun, and the primary of epoch {put_down} is up")))
            },
        ),
    )]
}

fn server<'a>(node: &Node<'a, Member>) -> Option<&'a ServerState> {
    match node.state? {
        State::Server(me) => Some(me),
        State::Monitor(_) | State::Client(_) => None,
    }
}

/// A primary is the latest as long as nobody has, or had when it crashed, a log of a later one.
fn lost_write(_: &PrimaryBackup, world: &World<'_, PrimaryBackup>) -> Option<Evidence> {
    let saved = world.nodes.iter().filter_map(|node| node.storage);
    let latest = saved.map(|Stored::Server(durable)| durable.log_epoch).max()?;
    let mut primaries = world.nodes.iter().filter_map(server).filter(|me| me.role != Role::Backup);
    let primary = primaries.find(|me| me.durable.epoch == latest)?;
    let mut written = world.nodes.iter().flat_map(|node| answered_writes(world.history, node.id));
    let lost = written.find(|request| !primary.durable.log.contains(request))?;
    Some(Evidence::new(format!(
        "write {} of {:?} was answered, and the primary of epoch {latest} does not have it",
        lost.number, lost.client
    )))
}

/// The writes of a client that were answered.
fn answered_writes(calls: &Calls, client: Id) -> impl Iterator<Item = Request> {
    let answered = calls.of(client).iter().filter(|call| call.answer.is_some());
    answered.map(|call| call.operation).filter(|request| !request.reads)
}

/// The epoch of which a server takes itself for the primary.
fn primary_of(_: &PrimaryBackup, node: &Node<'_, Member>) -> Option<usize> {
    server(node).filter(|me| me.role != Role::Backup).map(|me| me.durable.epoch)
}

fn two_primaries(epochs: &[Option<usize>], of_one_epoch: bool) -> Option<Evidence> {
    let primaries = || (0..).map(Id::from).zip(epochs).filter_map(|(id, epoch)| Some((id, (*epoch)?)));
    primaries().find_map(|(one, epoch)| {
        let (other, its) = primaries().find(|(other, its)| *other > one && (*its == epoch || !of_one_epoch))?;
        Some(Evidence::new(format!("{one:?} is the primary of epoch {epoch}, {other:?} that of epoch {its}")))
    })
}

fn not_linearizable(_: &PrimaryBackup, calls: &Calls) -> Option<Evidence> {
    let holds = calls.is_linearizable(Writes::default());
    (!holds).then(|| Evidence::new(format!("no order explains these answers: {calls}")))
}

/// A read without a write that the same client made before, or that it has read before.
fn misses(calls: &Calls, has_read: bool) -> Option<Evidence> {
    calls.calls().find_map(|(client, read)| {
        let found = read.answer.as_ref().filter(|_| read.operation.reads)?;
        let before = calls.of(client).iter().take_while(|call| call.operation.number < read.operation.number);
        let answers = before.filter(|call| call.operation.reads == has_read);
        let mut known = answers.filter_map(|call| call.answer.as_ref()).flat_map(Writes::iter);
        let missed =
            known.find(|write| (has_read || write.client == client) && found.iter().all(|other| other != *write))?;
        let Request { client: whose, number, .. } = missed;
        Some(Evidence::new(format!("{client:?} reads {found}, and knew of {number} of {whose:?}")))
    })
}

/// The number of a client's open request; `None` if it has none, or is a server.
fn open_request(it: &PrimaryBackup, node: &Node<'_, Member>) -> Option<usize> {
    let clients = it.params.servers + 1..it.params.servers + 1 + it.params.clients;
    let is_client = clients.contains(&usize::from(node.id));
    let count = if is_client { it.params.writes + it.params.reads } else { 2 };
    match node.state? {
        State::Client(me) => Some(me.open).filter(|number| *number <= count),
        State::Server(_) | State::Monitor(_) => None,
    }
}

fn unanswered(_: &PrimaryBackup, open: &[Option<usize>]) -> Option<Evidence> {
    let (client, number) = open.iter().enumerate().find_map(|(ix, number)| Some((ix, (*number)?)))?;
    Some(Evidence::new(format!("request {number} of {:?} is open", Id::from(client))))
}

/// The log of a server that is up.
fn log(_: &PrimaryBackup, node: &Node<'_, Member>) -> Option<Vec<Request>> {
    server(node).map(|me| me.durable.log.clone())
}

fn unequal(_: &PrimaryBackup, logs: &[Option<Vec<Request>>]) -> Option<Evidence> {
    let logs = || (0..).map(Id::from).zip(logs).filter_map(|(id, log)| Some((id, log.as_ref()?)));
    let (first, log) = logs().next()?;
    let (other, its) = logs().find(|(_, its)| *its != log)?;
    Some(Evidence::new(format!("{first:?} has {} requests, {other:?} has {}, and not the same", log.len(), its.len())))
}
