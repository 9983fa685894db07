//! Logs of the published forms of Raft, and when two of them contradict each other.

use quorate::Id;
use quorate::system::Evidence;

use super::elections::Term;

/// An entry: the term of the leader that made it, and what is to be done, a letter that no other entry has.
pub(super) type Entry = (Term, char);

/// Log matching, figure 3 of the paper of Raft: two logs with an entry of one term at one index are the same up to it.
pub(super) fn mismatch(logs: &[Vec<Entry>]) -> Option<Evidence> {
    let pairs = logs.iter().enumerate().flat_map(|(at, one)| (0..at).map(move |other| (at, other, one)));
    pairs.clone().find_map(|(at, other_at, one)| {
        let other = &logs[other_at];
        let same = one.iter().zip(other).rposition(|(mine, its)| mine.0 == its.0)?;
        let differ = one[..=same] != other[..=same];
        let (at, other_at) = (Id::from(at), Id::from(other_at));
        differ.then(|| Evidence::new(format!("{other_at:?} and {at:?} match at {same}, and differ up to it")))
    })
}
