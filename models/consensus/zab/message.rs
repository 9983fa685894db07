//! Epochs, transactions, connections, and what servers and clients say to one another.

use std::fmt;

use quorate::{Id, rename};
use serde::Serialize;

/// The number of an epoch; the first is 1.
pub type Epoch = usize;

/// The number of a transaction: ordered by epoch, then by counter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Zxid {
    /// The epoch of the primary that broadcast it.
    pub epoch: Epoch,
    /// Its number among those of that primary, from 1.
    pub counter: usize,
}

/// A transaction. What it changes is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Txn {
    /// Its number.
    pub zxid: Zxid,
    /// Who asked for it.
    pub client: Id,
    /// Its number among the requests of that client, from 1.
    pub request: usize,
}

impl fmt::Display for Txn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Zxid { epoch, counter } = self.zxid;
        write!(f, "transaction {epoch}.{counter} (request {} of {:?})", self.request, self.client)
    }
}

/// Transactions in the order in which they were accepted; places are counted from 1.
pub type History = Vec<Txn>;

/// One connection between a leader and a follower. A connection that breaks never comes back: what was sent on
/// it is lost for both, and the next one has other numbers. Two servers may lead each other under the same numbers, one after
/// the other: a packet is of who leads or of who follows, which tells those connections apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Link {
    /// The attempt of the leader.
    pub leader: usize,
    /// The attempt of the follower.
    pub follower: usize,
}

/// A vote of the fast election. The order says which is better: the later epoch, then the later transaction, then, so that
/// there is one, the greater id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Vote {
    /// The epoch whose history the one voted for has.
    pub epoch: Epoch,
    /// Its last transaction.
    pub zxid: Option<Zxid>,
    /// The one voted for.
    pub leader: Id,
}

/// What a server says that it is when it tells its vote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Standing {
    /// It looks for a leader.
    Looking,
    /// It has found one.
    Following,
    /// It is one.
    Leading,
}

/// A message.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Client to servers: do this.
    Request {
        /// The number of the request.
        request: usize,
        /// Whether it only reads.
        reads: bool,
    },
    /// To the client: done, at this place; or, for a read, so many are delivered.
    Reply {
        /// The number of the request.
        request: usize,
        /// The answer.
        place: usize,
    },
    /// Prospective leader to all: connect to me. With the oracle it stands for an election that names the sender.
    Lead {
        /// The attempt of the sender.
        attempt: usize,
    },
    /// To all that elect: my vote.
    Notification {
        /// What the sender is.
        standing: Standing,
        /// The round of the sender, its logical clock.
        round: usize,
        /// Its vote in that round.
        vote: Vote,
    },
    /// On a connection, in either direction.
    Packet {
        /// The connection.
        link: Link,
        /// How many packets the sender sent on it before.
        seq: usize,
        /// What is said.
        body: Body,
    },
}

/// What is said on a connection, with the paper's names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Body {
    /// CEPOCH, follower to leader: the last epoch that I accepted (f.p).
    CEpoch(Epoch),
    /// NEWEPOCH, leader to follower: accept this one.
    NewEpoch(Epoch),
    /// ACK-E, follower to leader.
    AckEpoch {
        /// Whether I accept it now, rather than having accepted it, perhaps of another leader, before.
        counts: bool,
        /// The epoch whose history I have (f.a).
        current: Epoch,
        /// The history.
        history: History,
    },
    /// NEWLEADER, leader to follower: the epoch begins with this history.
    NewLeader {
        /// The epoch.
        epoch: Epoch,
        /// The history.
        history: History,
    },
    /// ACK-LD, follower to leader: I have it, so many transactions.
    AckLeader(usize),
    /// COMMIT-LD, leader to follower: deliver so many of it.
    CommitLeader(usize),
    /// PROPOSE, leader to follower.
    Propose(Txn),
    /// ACK, follower to leader: I have all up to this place.
    Ack(usize),
    /// COMMIT, leader to follower: deliver all up to this place.
    Commit(usize),
}

rename! {
    nobody in Zxid
    nobody in Link
    nobody in Standing
    struct Txn { zxid, client, request }
    struct Vote { epoch, zxid, leader }
    enum Msg {
        Request { request, reads },
        Reply { request, place },
        Lead { attempt },
        Notification { standing, round, vote },
        Packet { link, seq, body },
    }
    enum Body {
        CEpoch(accepted),
        NewEpoch(epoch),
        AckEpoch { counts, current, history },
        NewLeader { epoch, history },
        AckLeader(count),
        CommitLeader(count),
        Propose(txn),
        Ack(count),
        Commit(count),
    }
}

impl Body {
    /// Whether it is the leader of a connection who says this.
    pub fn is_of_leader(&self) -> bool {
        match self {
            Self::NewEpoch(_) | Self::NewLeader { .. } | Self::CommitLeader(_) | Self::Propose(_) | Self::Commit(_) => {
                true
            }
            Self::CEpoch(_) | Self::AckEpoch { .. } | Self::AckLeader(_) | Self::Ack(_) => false,
        }
    }
}
