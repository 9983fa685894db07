//! From where a run starts: nothing, or a reachable state that is too far from it for an exhaustive search.
//!
//! Connections are broken in such a state: packets on their way are lost.

use quorate::Id;

use super::ghost::Ghost;
use super::message::{Epoch, History, Txn, Zxid};
use super::server::Durable;

quorate::choice_param! {
    /// From where a run starts.
    pub enum Start {
        /// No server has accepted anything.
        Empty = "empty",
        /// Server 0 led epoch 1, and all three servers were synchronised with it; it and server 1 delivered the first
        /// request of the first client, which server 2 did not get.
        Behind = "behind",
        /// Server 0 led epoch 1 and has the first request of the first client, which it sent to nobody; server 1 led epoch 2
        /// with server 2 and an empty history, and has the same request, which it sent to nobody.
        Fork = "fork",
    }
}

impl Start {
    /// Why `Fork` is reachable: server 2 follows server 0 in epoch 1, loses the connection before the request comes, and
    /// follows server 1, which has accepted no epoch.
    pub(super) fn durable(self, server: Id, servers: usize) -> Durable {
        let of = |epoch: Epoch, has: bool| Durable {
            attempt: 0,
            accepted: epoch,
            current: epoch,
            history: if has { vec![first(epoch, servers)] } else { History::new() },
        };
        match (self, usize::from(server)) {
            (Self::Empty, _) => Durable::default(),
            (Self::Behind, server) => of(1, server < 2),
            (Self::Fork, 0) => of(1, true),
            (Self::Fork, server) => of(2, server == 1),
        }
    }

    /// What happened before, beside what the observer sees when the servers start.
    pub(super) fn ghost(self, servers: usize) -> Ghost {
        let (zero, one) = (Id::from(0), Id::from(1));
        let led = [(1, zero, History::new()), (2, one, History::new())];
        let broadcast = [(1, History::new()), (2, History::new())];
        let epochs = match self {
            Self::Empty => 0,
            Self::Behind => 1,
            Self::Fork => 2,
        };
        let delivered = (self == Self::Behind).then(|| ((1, first(1, servers)), 1));
        Ghost {
            led: led.into_iter().take(epochs).collect(),
            broadcast: broadcast.into_iter().take(epochs).collect(),
            delivered: delivered.into_iter().collect(),
            ..Ghost::default()
        }
    }
}

/// The transaction that the primary of `epoch` made of the first request of the first client.
fn first(epoch: Epoch, servers: usize) -> Txn {
    Txn { zxid: Zxid { epoch, counter: 1 }, client: Id::from(servers), request: 1 }
}
