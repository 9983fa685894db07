//! What servers, monitor and clients say to one another.

use quorate::Id;
use serde::Serialize;

/// A request of a client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Request {
    /// Whose it is.
    pub client: Id,
    /// Its number among the requests of that client, from 1.
    pub number: usize,
    /// Whether it only reads.
    pub reads: bool,
}

/// How far a log is: what a later primary wrote counts more than how much it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// The epoch of the primary that the log is from.
    pub epoch: usize,
    /// How many requests it has.
    pub length: usize,
}

/// Whether nothing is seen, or said of it.
pub(super) fn is_none(seen: &usize) -> bool {
    *seen == 0
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Client to servers: do this.
    Request {
        /// The number of the request.
        number: usize,
        /// Whether it only reads.
        reads: bool,
        /// How many writes the client has seen; 0 where it does not say.
        #[serde(skip_serializing_if = "is_none")]
        seen: usize,
    },
    /// To the client: it is done.
    Reply {
        /// The number of the request.
        number: usize,
        /// How many writes there were by then, itself included.
        answer: usize,
    },
    /// Primary to backups: this is the log.
    Copy {
        /// The epoch of the primary.
        epoch: usize,
        /// All of it.
        log: Vec<Request>,
    },
    /// Backup to primary: I have it.
    Have {
        /// The epoch of the primary.
        epoch: usize,
        /// So much of it.
        length: usize,
    },
    /// Monitor to servers: a new epoch begins; how far are you?
    Inquire {
        /// The new epoch.
        epoch: usize,
    },
    /// To the monitor: so far.
    Report {
        /// The new epoch.
        epoch: usize,
        /// How far its log is.
        position: Position,
    },
    /// Monitor to a server: you are the primary of this epoch.
    Promote {
        /// The epoch.
        epoch: usize,
    },
}
