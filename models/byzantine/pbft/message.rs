//! Views, sequence numbers, requests, and the messages of section 4.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use quorate::Id;
use serde::Serialize;

/// A view, from 0; its number says who is primary.
pub type View = usize;

/// A sequence number, from 1.
pub type Seq = usize;

/// A request, or its digest, which stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Request {
    /// Nothing is to be done.
    Null,
    /// Of the first client.
    A,
    /// Of the second client.
    B,
    /// Of no client: nobody has signed it.
    Forged,
}

impl Request {
    /// Those of clients.
    pub(super) const OF_CLIENTS: [Self; 2] = [Self::A, Self::B];
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "null",
            Self::A => "a",
            Self::B => "b",
            Self::Forged => "a forged request",
        })
    }
}

/// A certificate: that a request was prepared (section 4.2), which a pre-prepare and 2f prepares show.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Certificate {
    /// Its sequence number.
    pub seq: Seq,
    /// The view in which it was prepared.
    pub view: View,
    /// What was prepared.
    pub request: Request,
}

/// What a view change shows (section 4.4).
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Proof {
    /// `C`: the state at the last stable checkpoint, as the requests that made it, from the first on.
    pub stable: Vec<Request>,
    /// `P`: of each later sequence number the latest certificate.
    pub prepared: BTreeSet<Certificate>,
}

/// What replicas send each other, and clients. All are signed by the sender; who has sent a message is on its envelope.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Primary: this request shall have this number.
    PrePrepare(Certificate),
    /// Backup: it has accepted that.
    Prepare(Certificate),
    /// It has a certificate for that.
    Commit(Certificate),
    /// It has executed these requests, from the first on.
    Checkpoint(Vec<Request>),
    /// It gives up what was before this view.
    ViewChange {
        /// The view to come.
        view: View,
        /// What it has.
        proof: Proof,
    },
    /// The new primary begins a view.
    NewView {
        /// The view.
        view: View,
        /// `V`: the view changes that it rests on.
        proofs: BTreeMap<Id, Proof>,
    },
    /// To a client: its request was executed as the one with this number.
    Reply(usize),
    /// 2f + 1 have signed the checkpoint after these requests: here is the proof.
    Stable(Vec<Request>),
}

/// Something that those who lie tell one node. What others have signed is only referred to: the node has received
/// it itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Lie {
    /// As primaries: this request shall have this number.
    PrePrepare(Seq, Request),
    /// They have accepted whatever the node has.
    Prepare(Seq),
    /// They have a certificate for whatever the node has one for.
    Commit(Seq),
    /// They have executed as many requests, the same as others.
    Checkpoint(Seq),
    /// They want the view change, and show this certificate, or none.
    ViewChange(Option<Certificate>),
    /// As primaries: the view begins, by their own view changes with this certificate, and those of these correct replicas.
    NewView(Option<Certificate>, BTreeSet<Id>),
    /// To a client: its request was executed as the one with this number.
    Reply(usize),
}
