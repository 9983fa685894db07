//! All that those who lie can say, as far as signatures let them.

use std::collections::BTreeSet;

use quorate::Id;

use super::Params;
use super::message::{Certificate, Lie, Request};

/// What a replica may be told by `liars`. What cannot be said to it as it is, it rejects.
pub(super) fn to_replica(params: &Params, liars: &BTreeSet<Id>) -> Vec<Lie> {
    if liars.is_empty() {
        return Vec::new();
    }
    let lead = |view: usize| liars.contains(&Id::from(view % params.replicas));
    let mut lies: Vec<Lie> = Vec::new();
    for seq in 1..=params.numbers {
        let requests = Request::OF_CLIENTS.into_iter().chain([Request::Forged]);
        if (0..params.views).any(lead) {
            lies.extend(requests.map(|request| Lie::PrePrepare(seq, request)));
        }
        lies.extend([Lie::Prepare(seq), Lie::Commit(seq)]);
        lies.extend(params.checkpoints.then_some(Lie::Checkpoint(seq)));
    }
    for claim in claims(params) {
        lies.push(Lie::ViewChange(claim));
        if (1..params.views).any(lead) {
            lies.extend(signers(params, liars).into_iter().map(|signers| Lie::NewView(claim, signers)));
        }
    }
    lies
}

/// What a client may be told by so many.
pub(super) fn to_client(liars: usize, numbers: usize) -> Vec<Lie> {
    if liars == 0 { Vec::new() } else { (1..=numbers).map(Lie::Reply).collect() }
}

/// A certificate or none. The null request is prepared in later views only.
fn claims(params: &Params) -> Vec<Option<Certificate>> {
    let mut claims = vec![None];
    for view in 0..params.views - 1 {
        for seq in 1..=params.numbers {
            let null = (view > 0 && params.numbers > 1).then_some(Request::Null);
            let requests = Request::OF_CLIENTS.into_iter().chain(null);
            claims.extend(requests.map(|request| Some(Certificate { seq, view, request })));
        }
    }
    claims
}

/// The correct replicas whose view changes a new view may rest on beside those of the liars: 2f and more with these, so that
/// it is seen that 2f are not enough.
fn signers(params: &Params, liars: &BTreeSet<Id>) -> Vec<BTreeSet<Id>> {
    let correct: Vec<Id> = Id::vec_from(0..params.replicas).into_iter().filter(|id| !liars.contains(id)).collect();
    let of =
        |bits: usize| correct.iter().enumerate().filter(|(ix, _)| bits >> ix & 1 == 1).map(|(_, id)| *id).collect();
    let all = (0..1_usize << correct.len()).map(of);
    all.filter(|signers: &BTreeSet<Id>| signers.len() + liars.len() >= 2 * params.tolerated).collect()
}
