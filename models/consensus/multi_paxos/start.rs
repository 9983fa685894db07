//! From where a run starts: nothing, or a reachable state that is too far from it for a small search.
//!
//! Messages on their way are left out of such a state: they are late or lost.

use quorate::Id;

use super::ghost::Ghost;
use super::message::{Ballot, Command, Request, Slot, Vote, Votes};
use super::replica::Durable;

quorate::choice_param! {
    /// From where a run starts.
    pub enum Start {
        /// Nobody has promised anything.
        Empty = "empty",
        /// All three replicas promised ballot 1 to replica 0, which asked votes for the first requests of two clients in slots 1
        /// and 2, and crashed: replica 2 voted in slot 2, and nobody in slot 1.
        Hole = "hole",
    }
}

impl Start {
    /// What a replica has on disk at the start.
    pub(super) fn durable(self, replica: Id, replicas: usize) -> Durable {
        match self {
            Self::Empty => Durable::default(),
            Self::Hole => Durable { promised: Some(ballot()), votes: votes(replica, replicas) },
        }
    }

    /// What happened before.
    pub(super) fn ghost(self, replicas: usize) -> Ghost {
        let given = |replica: Id| votes(replica, replicas).into_iter().map(move |(slot, vote)| (slot, vote, replica));
        match self {
            Self::Empty => Ghost::default(),
            Self::Hole => Ghost { votes: (0..replicas).map(Id::from).flat_map(given).collect(), ..Ghost::default() },
        }
    }
}

/// The ballot of before the start.
fn ballot() -> Ballot {
    Ballot { round: 1, leader: Id::from(0) }
}

/// The votes of a replica before the start.
fn votes(replica: Id, replicas: usize) -> Votes {
    let slots: &[Slot] = match usize::from(replica) {
        0 => &[1, 2],
        2 => &[2],
        _ => &[],
    };
    let request = |slot: Slot| Request { client: Id::from(replicas + slot - 1), number: 1, reads: false };
    let vote = |slot: Slot| Vote { ballot: ballot(), command: Command::Request(request(slot)) };
    slots.iter().map(|slot| (*slot, vote(*slot))).collect()
}
