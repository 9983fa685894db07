//! Views, the log, and what replicas and clients say to one another.

use std::fmt;

use quorate::{Id, rename};
use serde::Serialize;

/// The number of a view; the first is 0.
pub type View = usize;

/// A request as it stands in the log. What it does is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Entry {
    /// Whose it is.
    pub client: Id,
    /// Its number among the requests of that client, from 1.
    pub request: usize,
    /// Whether it only reads.
    pub reads: bool,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "request {} of {:?}", self.request, self.client)
    }
}

/// The requests in the order of their op-numbers, from 1.
pub type Log = Vec<Entry>;

/// The log and the commit-number of a replica.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Record {
    /// The log; its length is the op-number.
    pub log: Log,
    /// The commit-number: up to which op-number requests are known to be committed.
    pub commit: usize,
}

/// What a replica brings into a new view.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Vote {
    /// The latest view in which its status was normal.
    pub last_normal: View,
    /// What it has.
    pub record: Record,
}

/// An answer to a replica that recovers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Response {
    /// The view of who answers.
    pub view: View,
    /// What it has, if it is the primary of that view.
    pub record: Option<Record>,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Client to replicas: do this.
    Request {
        /// The number of the request.
        request: usize,
        /// Whether it only reads.
        reads: bool,
    },
    /// To the client: it is done.
    Reply {
        /// The number of the request.
        request: usize,
        /// How many requests that do not only read were executed by then, itself included.
        answer: usize,
    },
    /// Primary to backups: append this (section 4.1).
    Prepare {
        /// The primary's view.
        view: View,
        /// The op-number of the request.
        op: usize,
        /// The request.
        entry: Entry,
        /// The primary's commit-number.
        commit: usize,
    },
    /// To the primary: I have all requests up to this one.
    PrepareOk {
        /// The backup's view.
        view: View,
        /// The op-number.
        op: usize,
    },
    /// Primary to backups: so much is committed.
    Commit {
        /// The primary's view.
        view: View,
        /// Its commit-number.
        commit: usize,
    },
    /// To all: let us change to this view (section 4.2).
    StartViewChange {
        /// The new view.
        view: View,
    },
    /// To the primary of the new view: this is what I have.
    DoViewChange {
        /// The new view.
        view: View,
        /// What the sender has.
        vote: Vote,
    },
    /// The new primary to all: the view has begun.
    StartView {
        /// The new view.
        view: View,
        /// The log that it begins with.
        record: Record,
    },
    /// To all: I have lost my state (section 4.3).
    Recovery {
        /// A number that the sender has never used before.
        nonce: usize,
    },
    /// To who recovers.
    RecoveryResponse {
        /// The nonce of the question.
        nonce: usize,
        /// The answer.
        response: Response,
    },
    /// To who is ahead: what comes after this op-number (section 5.2)?
    GetState {
        /// The view whose log is asked for.
        view: View,
        /// The op-number up to which the sender has it.
        op: usize,
    },
    /// To who is behind.
    NewState {
        /// The view.
        view: View,
        /// The op-number after which the entries come.
        after: usize,
        /// The rest of the log.
        entries: Log,
        /// The sender's commit-number.
        commit: usize,
    },
}

rename! {
    struct Entry { client, request, reads }
    struct Record { log, commit }
    struct Vote { last_normal, record }
    struct Response { view, record }
    enum Msg {
        Request { request, reads },
        Reply { request, answer },
        Prepare { view, op, entry, commit },
        PrepareOk { view, op },
        Commit { view, commit },
        StartViewChange { view },
        DoViewChange { view, vote },
        StartView { view, record },
        Recovery { nonce },
        RecoveryResponse { nonce, response },
        GetState { view, op },
        NewState { view, after, entries, commit },
    }
}
