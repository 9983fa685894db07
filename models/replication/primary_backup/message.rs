//! What servers, monitor and clients say to one another.

use std::collections::BTreeSet;
use std::fmt;

use quorate::Id;
use serde::Serialize;

use super::writes::Writes;

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

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.reads { "read" } else { "write" })
    }
}

/// How far a log is: what a later primary wrote counts more than how much it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Position {
    /// The epoch of the primary that the log is from.
    pub epoch: usize,
    /// How many requests it has.
    pub length: usize,
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
        /// The writes that the client has seen; none where it does not say.
        #[serde(skip_serializing_if = "BTreeSet::is_empty")]
        seen: BTreeSet<Request>,
    },
    /// To the client: it is done.
    Reply {
        /// The number of the request.
        number: usize,
        /// The writes that there were by then, itself included.
        answer: Writes,
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
