//! Who takes part in an election of the published forms, and who of them may stand.

use quorate::Id;

/// That no more may stand than there are.
///
/// # Errors
/// A sentence, if more may.
pub(super) fn enough(all: usize, candidates: usize, whom: &str) -> Result<(), String> {
    if candidates > all { Err(format!("{candidates} of {all} {whom} cannot stand")) } else { Ok(()) }
}

/// All members, by id. `member` makes one out of the ids of the others and whether it may stand; the first `candidates` may.
pub(super) fn members<A>(all: usize, candidates: usize, member: impl Fn(Vec<Id>, bool) -> A) -> Vec<A> {
    let others = |me: usize| (0..all).filter(|other| *other != me).map(Id::from).collect();
    (0..all).map(|me| member(others(me), me < candidates)).collect()
}
