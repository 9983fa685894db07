//! Whose the key of a lock is: a ghost that protocol code never reads.
//!
//! A key says that *somebody* has the lock. Whether a `DEL` removes the deleter's own lock or another's can only be
//! told by one who saw who set the key: [`Ownership`] follows the key by the steps of its store.

use std::fmt;

use quorate::{Id, rename};
use serde::Serialize;

/// One time that a client has, or asks for, the lock.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Grant {
    /// Who.
    pub client: Id,
    /// In which of its rounds, from 1.
    pub round: u8,
}

rename! {
    struct Grant { client, round }
}

impl fmt::Debug for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} (round {})", self.client, self.round)
    }
}

/// A delete that removed a key which the deleter had not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct WrongDelete {
    /// For whom the delete was executed.
    pub by: Grant,
    /// Whose key is gone.
    pub of: Grant,
}

/// What happens to the key, in the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum KeyChange {
    /// It is set, where it was not.
    Set(Grant),
    /// It is removed by a command.
    Removed(Grant),
    /// It is gone, by nobody's command: its time was over, or the store came back empty.
    Gone,
}

impl KeyChange {
    /// What a step of the store did: the key was there before, is there after, and for whom a command was executed.
    pub fn of(was_there: bool, is_there: bool, by: Option<Grant>) -> Option<Self> {
        match (was_there, is_there, by) {
            (false, true, Some(grant)) => Some(Self::Set(grant)),
            (true, false, Some(grant)) => Some(Self::Removed(grant)),
            (true, false, None) => Some(Self::Gone),
            (false, true, None) | (false, false, _) | (true, true, _) => None,
        }
    }
}

/// Whose the key is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ownership {
    /// Who set the key that is there.
    ///
    /// Invariant: there is one exactly when the key is there.
    pub owner: Option<Grant>,
}

impl Ownership {
    /// Follows the key. Tells of a delete that removed another's key.
    pub fn follow(&mut self, change: KeyChange) -> Option<WrongDelete> {
        let owner = self.owner.take();
        match change {
            KeyChange::Set(grant) => {
                self.owner = Some(grant);
                None
            }
            KeyChange::Removed(by) => owner.filter(|of| *of != by).map(|of| WrongDelete { by, of }),
            KeyChange::Gone => None,
        }
    }
}
