//! How many sites are of which kind, and what a contact may come to.

use std::collections::BTreeMap;

use serde::Serialize;

/// How many sites are of which kind.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Population {
    /// Sites that do not know the rumour.
    pub susceptible: u32,
    /// Sites that knew it at the start of the cycle and spread it, by kind; no kind has 0.
    pub hot: BTreeMap<Hot, u32>,
    /// Sites that have heard of it in this cycle.
    pub fresh: u32,
    /// Whether the site that asks has found one that spreads the rumour.
    pub found: bool,
    /// Where everybody asks: the sites that did not know it at the start of the cycle and have yet to ask.
    pub susceptible_to_ask: u32,
    /// Where everybody asks: the sites that have lost interest and have yet to ask.
    pub removed_to_ask: u32,
    /// Messages with the rumour so far; 0 where they are not counted.
    pub messages: u32,
    /// The cycle, from 1; 0 where cycles are not counted.
    pub cycle: u32,
    /// The sum of the cycles in which sites heard of it.
    pub arrivals: u32,
    /// The last cycle in which one did.
    pub last: u32,
}

/// A kind of site that spreads the rumour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Hot {
    /// Whether it has yet to make its contact of this cycle.
    pub to_go: bool,
    /// The unnecessary contacts that it has had in a row, before this cycle.
    pub counter: u32,
    /// What the contacts of this cycle were in which it has told the rumour.
    pub contacts: Contacts,
}

/// What the contacts of a site in this cycle were.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Contacts {
    /// There were none.
    None,
    /// All were unnecessary.
    Unnecessary,
    /// One was necessary.
    Necessary,
}

impl Population {
    /// How many sites spread the rumour.
    pub fn infective(&self) -> u32 {
        self.fresh + self.hot.values().sum::<u32>()
    }

    pub(super) fn add(&mut self, kind: Hot, count: u32) {
        if count > 0 {
            *self.hot.entry(kind).or_default() += count;
        }
    }

    pub(super) fn take_one(&mut self, kind: Hot) {
        let left = self.hot.get(&kind).map_or(0, |count| count - 1);
        if left == 0 {
            self.hot.remove(&kind);
        } else {
            self.hot.insert(kind, left);
        }
    }
}

/// One contact: what it may come to, and how likely.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Contact {
    /// Who makes it.
    pub by: Contacting,
    /// What it finds.
    pub answer: Answer,
    /// How likely it is, relative to the other contacts that it may be.
    pub odds: u32,
}

/// What a contact finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Answer {
    /// One that has nothing to tell.
    Nothing,
    /// One that spreads the rumour, of a kind that is still to be said.
    Finds,
    /// The rumour is told.
    Told(Told),
}

/// Who makes a contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Contacting {
    /// A site that did not know the rumour at the start of the cycle.
    Susceptible,
    /// One that has lost interest.
    Removed,
    /// One that spreads it.
    Hot(Hot),
}

/// A message with the rumour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Told {
    /// The kind of its sender, before it.
    pub by: Hot,
    /// Whom it reaches.
    pub reached: Reached,
    /// Whether the coin makes the sender lose interest.
    pub loses: bool,
}

/// Whom a rumour reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Reached {
    /// One that does not know it.
    Susceptible,
    /// One that has heard of it in this very cycle, and did not know it at its start.
    Fresh,
    /// One that knew it.
    Informed,
}
