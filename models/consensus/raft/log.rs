//! The log, and the places in it.

use std::fmt;

use quorate::{Id, rename};
use serde::Serialize;

use super::config::Config;

/// The number of a term; the first election is for term 1.
pub type Term = usize;

/// An entry of the log. The state machine and its commands are left out: an entry is who took it, and when. That says
/// as much as a command: a leader takes one entry at each index of its term (Leader Append-Only), so that two commands
/// never look like one unless that claim is broken already, and two leaders of one term are told apart.
///
/// Invariant: one index and one term mean one entry (Log Matching).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Entry {
    /// The term in which it was taken.
    pub term: Term,
    /// The leader that took it.
    pub leader: Id,
    /// The configuration that it is, if it is one.
    pub config: Option<Config>,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the entry of {:?} in term {}", self.leader, self.term)?;
        self.config.map_or(Ok(()), |config| write!(f, " ({config})"))
    }
}

/// The end of a log. The order is that of section 5.4.1, "more up-to-date": the later last term, then the greater length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// The term of the entry there; 0 before the first.
    pub term: Term,
    /// Its index; 0 before the first, which has 1.
    pub index: usize,
}

/// A log; its entries are indexed from 1.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Log(Vec<Entry>);

rename! {
    struct Entry { term, leader, config }
    nobody in Position
    struct Log(entries)
}

impl Log {
    /// A log with these entries.
    pub fn new(entries: impl IntoIterator<Item = Entry>) -> Self {
        Self(entries.into_iter().collect())
    }

    /// The index of its last entry; 0 if there is none.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether it has no entry.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entry at `index`.
    pub fn get(&self, index: usize) -> Option<Entry> {
        self.0.get(index.checked_sub(1)?).copied()
    }

    /// The place at `index`, if the log is that long.
    pub fn at(&self, index: usize) -> Option<Position> {
        match index {
            0 => Some(Position { term: 0, index }),
            _ => self.get(index).map(|entry| Position { term: entry.term, index }),
        }
    }

    /// The place of its last entry.
    pub fn end(&self) -> Position {
        Position { term: self.0.last().map_or(0, |entry| entry.term), index: self.len() }
    }

    /// The log up to `index`.
    #[must_use]
    pub fn prefix(&self, index: usize) -> Self {
        Self::new(self.slice(1, index))
    }

    /// At most `count` entries from `index` on.
    pub fn slice(&self, index: usize, count: usize) -> Vec<Entry> {
        self.0.iter().skip(index - 1).take(count).copied().collect()
    }

    /// How many entries of clients are of `term`.
    pub fn requests_of(&self, term: Term) -> usize {
        self.0.iter().filter(|entry| entry.term == term && entry.config.is_none()).count()
    }

    /// How many entries of clients there are up to `index`.
    pub fn requests_up_to(&self, index: usize) -> usize {
        self.0.iter().take(index).filter(|entry| entry.config.is_none()).count()
    }

    /// How many changes of the configuration were begun in `term`.
    pub fn changes_of(&self, term: Term) -> usize {
        let of_term = self.0.iter().zip(1..).filter(|(entry, _)| entry.term == term && entry.config.is_some());
        let is_end = |index: usize| matches!(self.config(index - 1), Some((_, Config::Joint { .. })));
        of_term.filter(|(_, index)| !is_end(*index)).count()
    }

    /// The last configuration up to `index`, and its own index.
    pub fn config(&self, index: usize) -> Option<(usize, Config)> {
        (1..=index.min(self.len())).rev().find_map(|index| Some((index, self.get(index)?.config?)))
    }

    /// The first index whose entry is of an earlier term than the one before.
    pub fn fall(&self) -> Option<usize> {
        (2..=self.len()).find(|index| self.0[index - 1].term < self.0[index - 2].term)
    }

    /// Whether it begins with all of `earlier`.
    pub fn extends(&self, earlier: &Self) -> bool {
        self.0.starts_with(&earlier.0)
    }

    /// The first index at which the two logs have an entry of the same term, though not the same entries up to there.
    pub fn mismatch(&self, other: &Self) -> Option<usize> {
        let same_term = |index: &usize| self.0[index - 1].term == other.0[index - 1].term;
        let differs = |index: &usize| self.0[..*index] != other.0[..*index];
        (1..=self.len().min(other.len())).filter(same_term).find(differs)
    }

    /// Adds an entry at the end.
    pub fn push(&mut self, entry: Entry) {
        self.0.push(entry);
    }

    /// Removes all entries after `index`.
    pub fn truncate(&mut self, index: usize) {
        self.0.truncate(index);
    }
}
