//! The situations that must be reached, or the claims say nothing.

use std::collections::BTreeSet;

use quorate::model::{Claim, Property};
use quorate::system::Evidence;

use super::Pbft;
use super::claims::{
    Committed, Reading, UnderWay, accepted, certificates, committed, executed, not_executed, under_way,
};
use super::message::{Certificate, Request, View};

/// All witnesses.
pub(super) fn all() -> Vec<Property<Pbft>> {
    vec![
        Claim::sometimes("committed", "A request is committed in the first view")
            .by_nodes(committed, |_, all| first_committed(all, |view| view == 0)),
        Claim::sometimes("committed-later", "A request is first committed in a later view")
            .by_nodes(committed, |_, all| first_committed(all, |view| view > 0)),
        Claim::sometimes(
            "equivocation",
            "Correct replicas have accepted different requests under one number of one view",
        )
        .by_nodes(under_way, equivocation),
        Claim::sometimes("carried-over", "A request that is prepared in one view is first committed in a later one")
            .by_nodes(|pbft, node| (certificates(pbft, node), committed(pbft, node)), carried_over),
        Claim::sometimes("skipped", "A null request is committed under a number that a new primary skips")
            .by_nodes(committed, skipped),
        Claim::sometimes("stable", "A checkpoint is stable").by_nodes(stable, |_, all| {
            let id = all.iter().flatten().next()?;
            Some(Evidence::new(format!("{id:?} has a stable checkpoint")))
        }),
        Claim::sometimes("done", "Every correct replica has executed something under every number").by_nodes(
            executed,
            |pbft, all| {
                not_executed(pbft, all).is_none().then(|| Evidence::new("something is executed under every number"))
            },
        ),
        Claim::sometimes("answered", "A client accepts an answer").by_nodes(accepted, answered),
    ]
}

fn all_committed(replicas: &[Reading<Committed>]) -> impl Iterator<Item = (usize, Request, View)> {
    let all = replicas.iter().flatten().flat_map(|(_, committed)| committed);
    all.map(|((seq, request), view)| (*seq, *request, *view))
}

/// Something of which the earliest commitment is in such a view.
fn first_committed(replicas: &[Reading<Committed>], is_meant: impl Fn(View) -> bool) -> Option<Evidence> {
    let is_first = |(seq, request, view): &(usize, Request, View)| {
        !all_committed(replicas).any(|(other, same, earlier)| other == *seq && same == *request && earlier < *view)
    };
    let (seq, request, view) = all_committed(replicas).find(|it| is_meant(it.2) && is_first(it))?;
    Some(Evidence::new(format!("under {seq}, {request} is committed in view {view}")))
}

fn equivocation(_: &Pbft, replicas: &[Reading<UnderWay>]) -> Option<Evidence> {
    replicas.iter().flatten().find_map(|(one, (view, _, slots))| {
        let differs = |others: &UnderWay| slots.iter().any(|(seq, own)| others.2.get(seq).is_some_and(|it| it != own));
        let (other, _) = replicas.iter().flatten().find(|(_, others)| others.0 == *view && differs(others))?;
        Some(Evidence::new(format!("in view {view}, {one:?} and {other:?} have accepted different requests")))
    })
}

fn carried_over(_: &Pbft, replicas: &[(Reading<BTreeSet<Certificate>>, Reading<Committed>)]) -> Option<Evidence> {
    let committed: Vec<Reading<Committed>> = replicas.iter().map(|(_, committed)| committed.clone()).collect();
    let mut shown = replicas.iter().filter_map(|(certificates, _)| certificates.as_ref()).flat_map(|(_, it)| it);
    shown.find_map(|Certificate { seq, view, request }| {
        let commitments = || all_committed(&committed).filter(|(other, same, _)| other == seq && same == request);
        let first = commitments().map(|(.., later)| later).min().filter(|first| first > view)?;
        Some(Evidence::new(format!("under {seq}, {request} is prepared in view {view} and committed in view {first}")))
    })
}

fn skipped(_: &Pbft, replicas: &[Reading<Committed>]) -> Option<Evidence> {
    let (seq, _, view) = all_committed(replicas).find(|(_, request, _)| *request == Request::Null)?;
    Some(Evidence::new(format!("under {seq}, nothing is committed in view {view}")))
}

fn stable(_: &Pbft, node: &quorate::model::Node<'_, super::Member>) -> Option<quorate::Id> {
    (node.state?.correct()?.stable > 0).then_some(node.id)
}

fn answered(_: &Pbft, clients: &[Reading<(Request, Option<usize>)>]) -> Option<Evidence> {
    let mut clients = clients.iter().flatten();
    let (client, place) = clients.find_map(|(client, (_, place))| Some((client, (*place)?)))?;
    Some(Evidence::new(format!("{client:?} is told that its request was executed as number {place}")))
}
