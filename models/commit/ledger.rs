//! What the observer of a commit protocol remembers: who was willing, what reason there was to abort, and who
//! did what nobody may.

use std::collections::BTreeSet;

use quorate::model::History;
use quorate::{Id, rename};
use serde::Serialize;

use super::decision::{Outcome, Vote};

/// What the observer remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// Participants that have not voted Yes.
    pub silent: BTreeSet<Id>,
    /// Participants that have voted No, whatever they voted besides.
    pub refused: BTreeSet<Id>,
    /// Participants that have lost their work in a crash; noted where work can be lost.
    pub lost: BTreeSet<Id>,
    /// The first reason that there was to abort.
    pub excuse: Option<Excuse>,
    /// The first offence of each kind, in the order of their happening.
    pub offences: Vec<Offence>,
}

/// A reason to abort.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Excuse {
    /// A participant has voted No.
    No,
    /// Somebody has waited too long.
    Overdue,
    /// A node has crashed.
    Crash,
    /// The coordinator has restarted.
    Restart,
    /// A participant has lost its work in a crash.
    LostWork,
}

/// Something that no node may do, whatever happens to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Offence {
    /// A node commits although not all participants are willing.
    CommitsAgainst {
        /// Who commits.
        node: Id,
        /// Who has not voted Yes, or also No.
        unwilling: BTreeSet<Id>,
    },
    /// A participant commits that is not willing itself.
    CommitsUnwilling {
        /// Who commits.
        node: Id,
    },
    /// A participant votes Yes for work that it has lost.
    VotesForNothing {
        /// Who votes.
        node: Id,
    },
    /// A node aborts for no reason.
    AbortsWithoutExcuse {
        /// Who aborts.
        node: Id,
    },
    /// A node replaces one outcome by another.
    Reverses {
        /// Whose log it is.
        node: Id,
        /// What it said before.
        from: Outcome,
        /// What it says now.
        to: Outcome,
    },
    /// A node that has an outcome has none any more.
    Retracts {
        /// Whose log it is.
        node: Id,
        /// What it said before.
        from: Outcome,
    },
    /// The coordinator tells Commit and has no record of it.
    TellsUnrecorded {
        /// Who is told.
        to: Id,
    },
    /// A participant acknowledges an outcome and has no record of it.
    AcksUnrecorded {
        /// Who acknowledges.
        node: Id,
    },
}

/// What is worth remembering of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// A participant has voted.
    Voted(Id, Vote),
    /// A participant has lost its work.
    Lost(Id),
    /// There is a reason to abort.
    Excused(Excuse),
    /// A node has written its outcome.
    Decided(Id, Outcome),
    /// A node has written another outcome over its first.
    Reversed(Id, Outcome, Outcome),
    /// A node has written over its outcome that it has none; noted where no log forgets.
    Retracted(Id, Outcome),
    /// The coordinator has told Commit and has no record of it.
    ToldUnrecorded(Id),
    /// A participant has acknowledged an outcome and has no record of it.
    AckedUnrecorded(Id),
}

rename! {
    struct Ledger { silent, refused, lost, excuse, offences }
    nobody in Excuse
    enum Offence {
        CommitsAgainst { node, unwilling },
        CommitsUnwilling { node },
        VotesForNothing { node },
        AbortsWithoutExcuse { node },
        Reverses { node, from, to },
        Retracts { node, from },
        TellsUnrecorded { to },
        AcksUnrecorded { node },
    }
    enum Fact {
        Voted(node, vote),
        Lost(node),
        Excused(excuse),
        Decided(node, outcome),
        Reversed(node, old, new),
        Retracted(node, old),
        ToldUnrecorded(to),
        AckedUnrecorded(node),
    }
}

impl Fact {
    /// What is worth remembering when the outcome in the log of `node` was `old` and is `new`.
    pub fn of_log(node: Id, old: Option<Outcome>, new: Option<Outcome>) -> Option<Self> {
        match (old, new) {
            (None, Some(new)) => Some(Self::Decided(node, new)),
            (Some(old), Some(new)) if old != new => Some(Self::Reversed(node, old, new)),
            (_, Some(_) | None) => None,
        }
    }
}

impl Ledger {
    /// Nobody has voted.
    pub fn new(participants: BTreeSet<Id>) -> Self {
        let (refused, lost) = (BTreeSet::new(), BTreeSet::new());
        Self { silent: participants, refused, lost, excuse: None, offences: Vec::new() }
    }

    fn offend(&mut self, offence: Offence) {
        let kind = std::mem::discriminant(&offence);
        if self.offences.iter().all(|known| std::mem::discriminant(known) != kind) {
            self.offences.push(offence);
        }
    }

    fn record_decision(&mut self, node: Id, outcome: Outcome) {
        match outcome {
            Outcome::Commit => {
                let unwilling = &self.silent | &self.refused;
                if unwilling.contains(&node) {
                    self.offend(Offence::CommitsUnwilling { node });
                }
                if !unwilling.is_empty() {
                    self.offend(Offence::CommitsAgainst { node, unwilling });
                }
            }
            Outcome::Abort => {
                if self.excuse.is_none() {
                    self.offend(Offence::AbortsWithoutExcuse { node });
                }
            }
        }
    }
}

impl History for Ledger {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match *fact {
            Fact::Voted(node, Vote::Yes) => {
                self.silent.remove(&node);
                if self.lost.contains(&node) {
                    self.offend(Offence::VotesForNothing { node });
                }
            }
            Fact::Voted(node, Vote::No) => {
                self.refused.insert(node);
            }
            Fact::Lost(node) => {
                self.lost.insert(node);
            }
            Fact::Excused(excuse) => {
                self.excuse.get_or_insert(excuse);
            }
            Fact::Decided(node, outcome) => self.record_decision(node, outcome),
            Fact::Reversed(node, from, to) => self.offend(Offence::Reverses { node, from, to }),
            Fact::Retracted(node, from) => self.offend(Offence::Retracts { node, from }),
            Fact::ToldUnrecorded(to) => self.offend(Offence::TellsUnrecorded { to }),
            Fact::AckedUnrecorded(node) => self.offend(Offence::AcksUnrecorded { node }),
        }
    }
}
