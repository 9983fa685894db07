//! From where a run starts: nothing, or a reachable state that is too far from it for a small search.

use quorate::Id;

use super::message::Request;
use super::server::{Durable, Role};

quorate::choice_param! {
    /// From where a run starts.
    pub enum Start {
        /// Server 0 is the primary, and nothing is written.
        Empty = "empty",
        /// Server 1 is the primary of epoch 2; server 0 was put down with a write of the first client that no other has.
        Overtaken = "overtaken",
    }
}

impl Start {
    /// The epoch in which a run starts.
    pub(super) fn epoch(self) -> usize {
        match self {
            Self::Empty => 1,
            Self::Overtaken => 2,
        }
    }

    /// What a server takes itself for.
    pub(super) fn role(self, server: Id) -> Role {
        if usize::from(server) + 1 == self.epoch() { Role::primary() } else { Role::Backup }
    }

    /// What a server has on disk.
    pub(super) fn durable(self, server: Id, servers: usize) -> Durable {
        let epoch = self.epoch();
        if epoch == 1 || usize::from(server) > 0 {
            return Durable { epoch, log_epoch: epoch, log: Vec::new() };
        }
        let write = Request { client: Id::from(servers + 1), number: 1, reads: false };
        Durable { epoch, log_epoch: 1, log: vec![write] }
    }
}
