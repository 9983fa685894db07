//! The server: it grants, counts and takes back.

use std::ops::Range;
use std::time::Duration;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;

use super::{Deviation, Member, Msg, Storage, Timer};
use crate::stores::ticks;

/// Who has the lock, as far as the server knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum Holder {
    /// Nobody.
    #[default]
    Nobody,
    /// This client, in this round.
    Client {
        /// Who.
        id: Id,
        /// In which of its rounds.
        round: u8,
    },
    /// Somebody may, from before a restart.
    Unknown,
}

/// What the server knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ServerState {
    /// Who has the lock.
    pub holder: Holder,
    /// How many grants it has made.
    ///
    /// Invariant: it is saved before a grant is sent.
    pub granted: u32,
}

impl ServerState {
    /// The lease is over by the server's clock: the lock is free, whatever its holder knows (2).
    pub(super) fn over(self) -> Self {
        Self { holder: Holder::Nobody, ..self }
    }
}

/// The server.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) lease: u8,
    pub(super) deviations: Deviations<Deviation>,
}

impl Server {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// It starts again, and waits until every lease that it may have granted is over (5).
    pub(super) fn restart(&self, granted: u32, out: &mut Out<Member>) -> ServerState {
        if self.breaks(Deviation::GrantAtOnce) {
            return ServerState { holder: Holder::Nobody, granted };
        }
        out.set_timer(Timer::Over, self.span());
        ServerState { holder: Holder::Unknown, granted }
    }

    pub(super) fn on_msg(&self, me: ServerState, src: Id, msg: Msg, out: &mut Out<Member>) -> Option<ServerState> {
        match msg {
            Msg::Ask { round, again } => self.asked(me, src, round, again, out),
            Msg::Release { round } if me.holder == (Holder::Client { id: src, round }) => {
                out.cancel_timer(Timer::Over);
                Some(me.over())
            }
            Msg::Release { .. } | Msg::Granted { .. } | Msg::Taken { .. } | Msg::Write(_) | Msg::Written(_) => None,
        }
    }

    /// A free lock is granted, for the lease from now on. To its holder it is granted once more, from now on (2).
    fn asked(&self, me: ServerState, src: Id, round: u8, again: u8, out: &mut Out<Member>) -> Option<ServerState> {
        let asker = Holder::Client { id: src, round };
        let granted = match me.holder {
            Holder::Nobody => me.granted + 1,
            holder if holder == asker => me.granted,
            Holder::Client { .. } | Holder::Unknown => {
                out.send(src, Msg::Taken { round, again });
                return None;
            }
        };
        let after = ServerState { holder: asker, granted };
        if after != me {
            out.save(Storage::Server(granted));
        }
        out.set_timer(Timer::Over, self.span());
        let token = if self.breaks(Deviation::NotNumbered) { number_of(src) } else { granted };
        out.send(src, Msg::Granted { round, again, token, grant: granted });
        Some(after)
    }

    /// The lease, by the server's clock.
    fn span(&self) -> Range<Duration> {
        let lease = ticks(self.lease);
        if self.breaks(Deviation::ClockJumps) { Duration::ZERO..lease.end } else { lease }
    }
}

/// A number that says nothing of the order of grants: who has the largest id has the smallest.
fn number_of(client: Id) -> u32 {
    u32::MAX - usize::from(client) as u32
}
