//! The claims of Zab: `agreement`, which is the paper's agreement and total order in one; those of primary order (section 3:
//! local primary order, global primary order, primary integrity); those of the fast election, progress, and the witnesses.

use quorate::Id;
use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::Zab;
use super::ghost::Ghost;
use super::member::{Member, State, Stored};
use super::message::{Epoch, Link, Txn, Zxid};
use super::server::{Phase, Progress, Role};
use crate::consensus::tally::Tally;

/// All claims.
pub(super) fn all() -> Vec<Property<Zab>> {
    vec![
        Claim::always("leadership", "No epoch has two leaders").by_history(two_leaders),
        Claim::always("agreement", "No two transactions are delivered at the same place").by_history(two_at_one_place),
        Claim::always(
            "delivered-kept",
            "What is delivered in an epoch is in the history with which each later one begins",
        )
        .by_history(lost),
        Claim::always(
            "local-primary-order",
            "Of what one primary broadcasts a server delivers nothing before what was broadcast earlier",
        )
        .by_nodes(out_of_local_order, the_first),
        Claim::always("global-primary-order", "A server delivers nothing of a primary after something of a later one")
            .by_nodes(out_of_global_order, the_first),
        Claim::always(
            "primary-integrity",
            "A primary that broadcasts has delivered all of earlier epochs that anybody ever delivers",
        )
        .by_history(broadcast_too_early),
        Claim::always("epoch-monotone", "The last epoch that a server has accepted never falls").by_history(epoch_fell),
        Claim::always(
            "linearizable",
            "What clients are answered is as if requests were carried out one after the other",
        )
        .by_history(not_linearizable),
        Claim::always("votes-not-behind", "No server that looks votes for one whose history is behind its own")
            .by_nodes(votes_behind, the_first),
        Claim::always("elected-in-a-round", "Whoever is elected has the votes of a quorum in one round")
            .by_history(elected_by_few),
        Claim::always("joins-who-leads", "Nobody joins a leader that has not been elected in that round")
            .by_history(joined_astray),
        Claim::no_deadlock(
            "progress",
            "Where nothing can happen any more and a primary is connected to a quorum, all requests are answered",
        )
        .by_nodes(part, unanswered),
        Claim::sometimes("delivered", "A transaction is delivered").by_history(delivered),
        Claim::sometimes("next-epoch-delivers", "Transactions of two epochs are delivered").by_history(of_two_epochs),
        Claim::sometimes("kept", "A transaction is first delivered in an epoch later than its own").by_history(kept),
        Claim::sometimes("dropped", "A server removes a transaction from its history").by_history(dropped),
        Claim::sometimes("elected", "A server is elected by votes").by_history(elected),
        Claim::sometimes("joined", "A server joins a leader that others follow already").by_history(joined),
        Claim::sometimes("two-primaries", "Two servers act as primaries at once, of different epochs")
            .by_nodes(primary, two_primaries),
        Claim::sometimes("all-follow", "All other servers are synchronised with a primary")
            .by_nodes(followed, all_follow),
        Claim::sometimes("done", "All requests of all clients are answered").by_nodes(open_request, done),
    ]
}

fn two_leaders(_: &Zab, ghost: &Ghost) -> Option<Evidence> {
    let mut pairs = ghost.led.iter().zip(ghost.led.iter().skip(1));
    let ((epoch, one, _), (_, other, _)) = pairs.find(|(one, other)| one.0 == other.0 && one.1 != other.1)?;
    Some(Evidence::new(format!("{one:?} and {other:?} both lead in epoch {epoch}")))
}

fn two_at_one_place(_: &Zab, ghost: &Ghost) -> Option<Evidence> {
    let mut pairs = ghost.delivered.keys().zip(ghost.delivered.keys().skip(1));
    let ((place, one), (_, other)) = pairs.find(|(one, other)| one.0 == other.0)?;
    Some(Evidence::new(format!("{one} and {other} are both delivered at place {place}")))
}

fn lost(_: &Zab, ghost: &Ghost) -> Option<Evidence> {
    ghost.delivered.iter().find_map(|((place, txn), delivered_in)| {
        let later = ghost.led.iter().filter(|(epoch, ..)| epoch > delivered_in);
        let (epoch, leader, _) = later.into_iter().find(|(.., history)| history.get(place - 1) != Some(txn))?;
        Some(Evidence::new(format!(
            "{txn} is delivered at place {place} in epoch {delivered_in}, and {leader:?} begins epoch {epoch} without it"
        )))
    })
}

/// A primary counts what it broadcasts in its epoch, so that the order of the counters is that of the broadcasts.
fn out_of_local_order(_: &Zab, node: &Node<'_, Member>) -> Option<Evidence> {
    let delivered = delivered_by(node)?;
    delivered.iter().enumerate().find_map(|(ix, txn)| {
        let Zxid { epoch, counter } = txn.zxid;
        let has = |earlier: &usize| delivered[..ix].iter().any(|txn| txn.zxid == Zxid { epoch, counter: *earlier });
        let missing = (1..counter).find(|earlier| !has(earlier))?;
        Some(Evidence::new(format!("{:?} delivers {txn}, and not {epoch}.{missing} before it", node.id)))
    })
}

fn out_of_global_order(_: &Zab, node: &Node<'_, Member>) -> Option<Evidence> {
    let delivered = delivered_by(node)?;
    let mut pairs = delivered.iter().zip(delivered.iter().skip(1));
    let (one, other) = pairs.find(|(one, other)| one.zxid.epoch > other.zxid.epoch)?;
    Some(Evidence::new(format!("{:?} delivers {one} and then {other}, of an earlier primary", node.id)))
}

/// What a server has delivered, in order: as its history says now. Where something is wrong, that may have been replaced since
/// by a later leader's; then `agreement` or `delivered-kept` is broken first.
fn delivered_by<'a>(node: &Node<'a, Member>) -> Option<&'a [Txn]> {
    let me = node.state?.server()?;
    me.durable.history.get(..me.delivered)
}

/// What is found of the first node of which something is.
fn the_first(_: &Zab, found: &[Option<Evidence>]) -> Option<Evidence> {
    found.iter().flatten().next().cloned()
}

fn votes_behind(_: &Zab, node: &Node<'_, Member>) -> Option<Evidence> {
    let me = node.state?.server().filter(|me| me.looks_for())?;
    let vote = me.election.as_ref()?.vote;
    let is_behind = (vote.epoch, vote.zxid) < (me.durable.current, me.durable.last_zxid());
    is_behind.then(|| Evidence::new(format!("{:?} votes for {:?}, which is behind it", node.id, vote.leader)))
}

/// A vote counts though it was changed since, or forgotten in a crash: the fast election itself counts those that come late.
fn elected_by_few(zab: &Zab, ghost: &Ghost) -> Option<Evidence> {
    ghost.elected.iter().find_map(|(round, leader)| {
        let voters: Vec<Id> = ghost
            .votes
            .iter()
            .filter(|(its, _, of)| (its, of) == (round, leader))
            .map(|(_, voter, _)| *voter)
            .collect();
        (voters.len() <= zab.params.servers / 2).then(|| {
            Evidence::new(format!("{leader:?} is elected in round {round}, in which only {voters:?} voted for it"))
        })
    })
}

/// Only of those who join on the word of others that look no more: who votes with a quorum may well be ahead of its leader.
fn joined_astray(_: &Zab, ghost: &Ghost) -> Option<Evidence> {
    let (round, server, leader) = ghost.astray?;
    Some(Evidence::new(format!("{server:?} joins {leader:?}, which has not been elected in round {round}")))
}

fn elected(_: &Zab, ghost: &Ghost) -> Option<Evidence> {
    let (round, leader) = ghost.elected.first()?;
    Some(Evidence::new(format!("{leader:?} is elected in round {round}")))
}

fn joined(_: &Zab, ghost: &Ghost) -> Option<Evidence> {
    ghost.joined.then(|| Evidence::new("a server joins a leader that others follow"))
}

fn broadcast_too_early(_: &Zab, ghost: &Ghost) -> Option<Evidence> {
    ghost.broadcast.iter().find_map(|(epoch, had)| {
        let earlier = |txn: &super::Txn| txn.zxid.epoch < *epoch;
        let (_, txn) = ghost.delivered.keys().find(|(_, txn)| earlier(txn) && !had.contains(txn))?;
        Some(Evidence::new(format!(
            "{txn} is delivered by somebody, and the primary of epoch {epoch} had not delivered it when it broadcast"
        )))
    })
}

fn epoch_fell(_: &Zab, ghost: &Ghost) -> Option<Evidence> {
    let (server, from, to) = ghost.fell?;
    Some(Evidence::new(format!("{server:?} has accepted epoch {from} and goes back to {to}")))
}

fn not_linearizable(_: &Zab, ghost: &Ghost) -> Option<Evidence> {
    let holds = ghost.calls.is_linearizable(Tally::default());
    (!holds).then(|| Evidence::new(format!("no order explains these answers: {}", ghost.calls)))
}

/// What a member has to do with whether requests are answered.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Part {
    /// It leads, and has these connections.
    Primary(Vec<(Id, Link)>),
    /// It follows a leader, on this connection.
    Follower(Id, Link),
    /// It asks, and waits for the answer to this request.
    Waits(usize),
    None,
}

fn part(zab: &Zab, node: &Node<'_, Member>) -> Part {
    if let Some((_, request)) = open_request(zab, node).filter(|(_, request)| *request > 0) {
        return Part::Waits(request);
    }
    match node.state.and_then(State::server).map(|me| &me.role) {
        Some(Role::Leading { phase: Phase::Broadcast, learners, .. }) => {
            Part::Primary(learners.iter().map(|(follower, learner)| (*follower, learner.link)).collect())
        }
        Some(Role::Following { phase: Phase::Broadcast, leader, link, .. }) => Part::Follower(*leader, *link),
        Some(Role::Looking | Role::Leading { .. } | Role::Following { .. }) | None => Part::None,
    }
}

/// A primary has a quorum where so many have a connection to it on which all is said, as both see it.
fn unanswered(zab: &Zab, parts: &[Part]) -> Option<Evidence> {
    let is_led = |leader: usize, (follower, link): &(Id, Link)| {
        parts[usize::from(*follower)] == Part::Follower(Id::from(leader), *link)
    };
    let has_quorum = |leader: usize| match &parts[leader] {
        Part::Primary(learners) => learners.iter().filter(|of| is_led(leader, of)).count() >= zab.params.servers / 2,
        Part::Follower(..) | Part::Waits(_) | Part::None => false,
    };
    let primary = Id::from((0..parts.len()).find(|leader| has_quorum(*leader))?);
    let open = |(ix, part): (usize, &Part)| match part {
        Part::Waits(request) => Some((Id::from(ix), *request)),
        Part::Primary(_) | Part::Follower(..) | Part::None => None,
    };
    let (client, request) = parts.iter().enumerate().find_map(open)?;
    Some(Evidence::new(format!("request {request} of {client:?} is never answered, though {primary:?} has a quorum")))
}

fn delivered(_: &Zab, ghost: &Ghost) -> Option<Evidence> {
    let ((place, txn), epoch) = ghost.delivered.first_key_value()?;
    Some(Evidence::new(format!("{txn} is delivered at place {place} in epoch {epoch}")))
}

fn of_two_epochs(_: &Zab, ghost: &Ghost) -> Option<Evidence> {
    let epochs = || ghost.delivered.keys().map(|(_, txn)| txn.zxid.epoch);
    let (first, last) = (epochs().min()?, epochs().max()?);
    (first < last).then(|| Evidence::new(format!("transactions of epochs {first} and {last} are delivered")))
}

fn kept(_: &Zab, ghost: &Ghost) -> Option<Evidence> {
    let ((_, txn), epoch) = ghost.delivered.iter().find(|((_, txn), epoch)| txn.zxid.epoch < **epoch)?;
    Some(Evidence::new(format!("{txn} is first delivered in epoch {epoch}")))
}

fn dropped(_: &Zab, ghost: &Ghost) -> Option<Evidence> {
    ghost.dropped.then(|| Evidence::new("a server has removed a transaction from its history"))
}

fn primary(_: &Zab, node: &Node<'_, Member>) -> Option<(Epoch, Id)> {
    let me = node.state?.server().filter(|me| me.is_primary())?;
    Some((me.leads()?, node.id))
}

fn two_primaries(_: &Zab, primaries: &[Option<(Epoch, Id)>]) -> Option<Evidence> {
    let mut primaries = primaries.iter().flatten();
    let (epoch, one) = primaries.next()?;
    let (other_epoch, other) = primaries.find(|(other, _)| other != epoch)?;
    Some(Evidence::new(format!("{one:?} is primary of epoch {epoch}, and {other:?} of epoch {other_epoch}")))
}

fn followed(zab: &Zab, node: &Node<'_, Member>) -> Option<Id> {
    let Role::Leading { learners, .. } = &node.state?.server()?.role else { return None };
    let synced = learners.values().filter(|learner| matches!(learner.progress, Progress::Synced(_))).count();
    (synced + 1 == zab.params.servers).then_some(node.id)
}

fn all_follow(_: &Zab, leaders: &[Option<Id>]) -> Option<Evidence> {
    let leader = leaders.iter().flatten().next()?;
    Some(Evidence::new(format!("all other servers have the history of {leader:?}")))
}

/// The open request of a client, also of one that is down; 0 when all are answered. `None` for a server.
fn open_request(zab: &Zab, node: &Node<'_, Member>) -> Option<(Id, usize)> {
    let request = match (node.state, node.storage) {
        (Some(State::Client { request }), _) | (None, Some(Stored::Client { request })) => *request,
        _ => return None,
    };
    Some((node.id, if request > zab.params.operations { 0 } else { request }))
}

fn done(_: &Zab, requests: &[Option<(Id, usize)>]) -> Option<Evidence> {
    let is_done = requests.iter().flatten().all(|(_, request)| *request == 0);
    is_done.then(|| Evidence::new("all requests are answered"))
}
