//! What PBFT promises.

use std::collections::{BTreeMap, BTreeSet};

use quorate::Id;
use quorate::model::{Claim, Node, Property};
use quorate::system::{Evidence, FairClass, Fairness, Level};

use super::Pbft;
use super::member::Member;
use super::message::{Certificate, Request, Seq, View};
use super::replica::ReplicaState;
use super::witnesses;

/// What correct replicas send arrives, and timers run out. Nobody has to lie.
const HONEST: Fairness = Fairness::all(Level::Weak).with(FairClass::Choices, Level::Nothing);

/// All claims.
pub(super) fn all() -> Vec<Property<Pbft>> {
    let mut all = vec![
        Claim::always("agreement", "No two requests are committed under one sequence number")
            .by_nodes(committed, two_committed),
        Claim::always("prepared-unique", "No two requests are prepared under one sequence number in one view")
            .by_nodes(certificates, two_prepared),
        Claim::always("view-change-safe", "A view begins with all that was committed in views before it")
            .by_nodes(|pbft, node| (committed(pbft, node), under_way(pbft, node)), lost),
        Claim::always("same-order", "Correct replicas execute the same, one after the other, as far as they have come")
            .by_nodes(executed, another_order),
        Claim::always("executed-once", "No request is executed twice").by_nodes(executed, executed_twice),
        Claim::always("validity", "What is executed is the request of a client, or the null request")
            .by_nodes(executed, forged),
        Claim::always(
            "answer-true",
            "What a client accepts for an answer is where a correct replica has executed its request",
        )
        .by_nodes(|pbft, node| (executed(pbft, node), accepted(pbft, node)), made_up),
        Claim::always("stable-backed", "What is in a stable checkpoint, f + 1 correct replicas have executed")
            .by_nodes(|pbft, node| Some((executed(pbft, node)?, node.state?.correct()?.stable)), not_backed),
        Claim::always("within-marks", "What a replica has accepted or a certificate of is between its water marks")
            .by_nodes(Pbft::marks, beyond_marks),
        Claim::eventually(
            "progress",
            "Something is executed under every sequence number, by enough to answer a client",
        )
        .by_nodes(executed, unanswerable)
        .under(HONEST),
    ];
    all.extend(witnesses::all());
    all
}

/// Something of a correct replica; `None` of other nodes.
pub(super) type Reading<T> = Option<(Id, T)>;

fn read<T>(node: &Node<'_, Member>, of: impl Fn(&ReplicaState) -> T) -> Reading<T> {
    Some((node.id, of(node.state?.correct()?)))
}

/// What a replica knows to be committed, and since which view.
pub(super) type Committed = BTreeMap<(Seq, Request), View>;

pub(super) fn committed(_: &Pbft, node: &Node<'_, Member>) -> Reading<Committed> {
    read(node, |me| me.committed.clone())
}

pub(super) fn certificates(_: &Pbft, node: &Node<'_, Member>) -> Reading<BTreeSet<Certificate>> {
    read(node, |me| me.certificates.clone())
}

pub(super) fn executed(_: &Pbft, node: &Node<'_, Member>) -> Reading<Vec<Request>> {
    read(node, |me| me.executed.clone())
}

/// A view in which a replica takes part: its number, the stable checkpoint, and what is accepted after it.
pub(super) type UnderWay = (View, Seq, BTreeMap<Seq, Request>);

pub(super) fn under_way(_: &Pbft, node: &Node<'_, Member>) -> Reading<UnderWay> {
    let of_slots = |me: &ReplicaState| me.slots.iter().map(|(seq, slot)| (*seq, slot.request)).collect();
    read(node, |me| (me.view, me.stable, of_slots(me))).filter(|_| {
        let is_changing = |me: &ReplicaState| me.changing.is_some();
        !node.state.and_then(|state| state.correct()).is_some_and(is_changing)
    })
}

/// The request of a client and the answer that it has accepted; `None` of replicas.
pub(super) fn accepted(pbft: &Pbft, node: &Node<'_, Member>) -> Reading<(Request, Option<usize>)> {
    let me = node.state?.client()?;
    let request = Request::OF_CLIENTS[usize::from(node.id) - pbft.params.replicas];
    Some((node.id, (request, me.accepted)))
}

fn two_committed(_: &Pbft, replicas: &[Reading<Committed>]) -> Option<Evidence> {
    let all = || replicas.iter().flatten().flat_map(|(id, committed)| committed.keys().map(move |key| (*id, *key)));
    all().find_map(|(one, (seq, request))| {
        let (other, (_, another)) = all().find(|(_, (same, another))| *same == seq && *another > request)?;
        Some(Evidence::new(format!("under {seq}, {request} is committed at {one:?}, and {another} at {other:?}")))
    })
}

fn two_prepared(_: &Pbft, replicas: &[Reading<BTreeSet<Certificate>>]) -> Option<Evidence> {
    let all = || replicas.iter().flatten().flat_map(|(id, certificates)| certificates.iter().map(move |it| (*id, it)));
    all().find_map(|(one, Certificate { seq, view, request })| {
        let is_rival = |it: &Certificate| it.seq == *seq && it.view == *view && it.request > *request;
        let (other, rival) = all().find(|(_, it)| is_rival(it))?;
        Some(Evidence::new(format!(
            "under {seq} in view {view}, {request} is prepared at {one:?}, and {} at {other:?}",
            rival.request
        )))
    })
}

fn lost(_: &Pbft, replicas: &[(Reading<Committed>, Reading<UnderWay>)]) -> Option<Evidence> {
    let committed = replicas.iter().filter_map(|(committed, _)| committed.as_ref());
    let mut committed = committed.flat_map(|(_, committed)| committed);
    committed.find_map(|((seq, request), view)| {
        let mut begun = replicas.iter().filter_map(|(_, under_way)| under_way.as_ref());
        let (id, (later, ..)) = begun
            .find(|(_, (later, stable, slots))| later > view && stable < seq && slots.get(seq) != Some(request))?;
        Some(Evidence::new(format!(
            "under {seq}, {request} is committed in view {view}, and {id:?} takes part in view {later} without it"
        )))
    })
}

fn another_order(_: &Pbft, replicas: &[Reading<Vec<Request>>]) -> Option<Evidence> {
    let mut all = replicas.iter().flatten();
    all.find_map(|(one, executed)| {
        let differs = |other: &Vec<Request>| executed.iter().zip(other).any(|(one, other)| one != other);
        let (other, _) = replicas.iter().flatten().find(|(_, other)| differs(other))?;
        Some(Evidence::new(format!("{one:?} and {other:?} have executed different requests in the same place")))
    })
}

fn executed_twice(_: &Pbft, replicas: &[Reading<Vec<Request>>]) -> Option<Evidence> {
    replicas.iter().flatten().find_map(|(id, executed)| {
        let is_again = |request: &Request| executed.iter().filter(|other| *other == request).count() > 1;
        let request = executed.iter().find(|request| **request != Request::Null && is_again(request))?;
        Some(Evidence::new(format!("{id:?} has executed {request} twice")))
    })
}

fn forged(_: &Pbft, replicas: &[Reading<Vec<Request>>]) -> Option<Evidence> {
    let (id, _) = replicas.iter().flatten().find(|(_, executed)| executed.contains(&Request::Forged))?;
    Some(Evidence::new(format!("{id:?} has executed what no client has asked for")))
}

/// What a node has executed, if it is a replica, and accepted, if it is a client.
type Answering = (Reading<Vec<Request>>, Reading<(Request, Option<usize>)>);

fn made_up(_: &Pbft, nodes: &[Answering]) -> Option<Evidence> {
    let mut clients = nodes.iter().filter_map(|(_, client)| client.as_ref());
    clients.find_map(|(client, (request, accepted))| {
        let place = (*accepted)?;
        let mut replicas = nodes.iter().filter_map(|(executed, _)| executed.as_ref());
        let is_true = replicas.any(|(_, executed)| executed.get(place - 1) == Some(request));
        let claim = || Evidence::new(format!("{client:?} believes that {request} was executed as number {place}"));
        (!is_true).then(claim)
    })
}

/// What a replica has executed, and how much of it is in its stable checkpoint.
type Checkpointed = Option<((Id, Vec<Request>), Seq)>;

fn not_backed(pbft: &Pbft, replicas: &[Checkpointed]) -> Option<Evidence> {
    replicas.iter().flatten().filter(|(_, stable)| *stable > 0).find_map(|((id, executed), stable)| {
        let others = replicas.iter().flatten().map(|((_, other), _)| other);
        let count = others.filter(|other| other.starts_with(&executed[..*stable])).count();
        let claim =
            || Evidence::new(format!("checkpoint {stable} is stable at {id:?}, and {count} correct replicas have it"));
        (count <= pbft.params.tolerated).then(claim)
    })
}

/// The low water mark of a replica, and what it has accepted or a certificate of.
type Marks = Option<(Id, Seq, BTreeSet<Seq>)>;

impl Pbft {
    fn marks(&self, node: &Node<'_, Member>) -> Marks {
        let me = node.state?.correct()?;
        let numbers = me.slots.keys().copied().chain(me.certificates.iter().map(|certificate| certificate.seq));
        Some((node.id, me.stable, numbers.collect()))
    }
}

fn beyond_marks(pbft: &Pbft, replicas: &[Marks]) -> Option<Evidence> {
    replicas.iter().flatten().find_map(|(id, low, numbers)| {
        let high = low + pbft.params.window;
        let seq = numbers.iter().find(|seq| !(low + 1..=high).contains(*seq))?;
        Some(Evidence::new(format!("{id:?} keeps {seq}, and its water marks are {low} and {high}")))
    })
}

/// Section 4.5.2 promises answers, for which f + 1 correct replicas are needed; a replica that has given up a view too
/// early may be left behind, until there is another request.
fn unanswerable(pbft: &Pbft, replicas: &[Reading<Vec<Request>>]) -> Option<Evidence> {
    let are_done = replicas.iter().flatten().filter(|(_, executed)| executed.len() == pbft.params.numbers).count();
    let claim = || Evidence::new(format!("only {are_done} correct replicas have executed all"));
    (are_done <= pbft.params.tolerated).then(claim)
}

pub(super) fn not_executed(pbft: &Pbft, replicas: &[Reading<Vec<Request>>]) -> Option<Evidence> {
    let (id, executed) = replicas.iter().flatten().find(|(_, executed)| executed.len() < pbft.params.numbers)?;
    Some(Evidence::new(format!("{id:?} has executed {} of {}", executed.len(), pbft.params.numbers)))
}
