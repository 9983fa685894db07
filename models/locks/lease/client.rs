//! A client: it asks, counts, checks and writes.

use std::time::Duration;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{Deviation, Member, Msg, Sizes, Storage, Timer};
use crate::locks::claims::Stance;
use crate::locks::fencing::{Write, Written};
use crate::stores::ticks;

/// How many ticks of its clock a client needs at most from its look at the clock until it sends.
const SENDING: u8 = 1;

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// Wants nothing yet.
    Idle,
    /// Waits for the server's reply.
    Asking,
    /// Was told that another has the lock, and waits before it asks again.
    Waiting,
    /// Has the lock while its clock says so.
    Holding(Grant),
    /// Has looked at its clock, and sends its write next.
    Sending(Grant),
    /// Waits for the resource to acknowledge its write; for each of them, where each looks at tokens for itself.
    Writing(Grant),
    /// One of two resources has replied, and it waits for the other.
    Half {
        /// By what it has the lock.
        grant: Grant,
        /// Which has replied.
        by: Id,
        /// Whether that one took its write.
        accepted: bool,
    },
    /// Has had the lock in its last round and has released it.
    Done,
    /// Has released the lock in its last round, after its write had been refused.
    Refused,
    /// Has released the lock in its last round, after one of two resources had taken its write and the other had not.
    Torn,
    /// Crashed in its last round, had no reply, or was too late.
    Failed,
}

/// By what a client has the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Grant {
    /// The fencing token.
    pub token: u32,
    /// The number of the grant, for the observer.
    pub number: u32,
}

/// A client. All of it is volatile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// What it is at.
    pub phase: Phase,
    /// The round that it is in, or has ended if it is idle; from 1, 0 before the first.
    pub round: u8,
    /// How often it has asked again because nothing came.
    pub again: u8,
    /// The reading of its clock since it asked, up to where the lease is over for it.
    ///
    /// Invariant: at that bound where it matters no more.
    pub since: u8,
    /// The bound: the lease less the guard.
    pub valid: u8,
}

impl ClientState {
    /// What it has to do with the lock: it believes as long as its clock says so.
    pub fn stance(&self) -> Stance {
        match self.phase {
            Phase::Holding(_) | Phase::Sending(_) | Phase::Writing(_) | Phase::Half { .. }
                if self.since < self.valid =>
            {
                Stance::Believes
            }
            Phase::Holding(_) | Phase::Sending(_) | Phase::Idle | Phase::Failed => Stance::Away,
            Phase::Asking | Phase::Writing(_) | Phase::Half { .. } => Stance::Waits,
            Phase::Waiting => Stance::Pauses,
            Phase::Done => Stance::Done,
            Phase::Refused | Phase::Torn => Stance::Refused,
        }
    }

    /// The number of the grant by which it came to hold the lock, if it did since `before`.
    pub(super) fn entered_since(&self, before: &Self) -> Option<u32> {
        match (before.phase, self.phase) {
            (Phase::Asking, Phase::Holding(grant)) => Some(grant.number),
            _ => None,
        }
    }

    /// Its clock goes on.
    pub(super) fn tick(&mut self) {
        self.since = (self.since + 1).min(self.valid);
    }
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) server: Id,
    /// What looks at tokens; more than one where each of two resources does.
    pub(super) resources: Vec<Id>,
    pub(super) sizes: Sizes,
    pub(super) deviations: Deviations<Deviation>,
}

type Output = Out<Member>;

impl Client {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// A process starts. One that crashed does not know what it was at, and leaves the lock to the end of its lease.
    pub(super) fn on_start(&self, round: u8, out: &mut Output) -> ClientState {
        let valid = (self.sizes.lease - self.sizes.guard) as u8;
        let me = ClientState { phase: Phase::Failed, round, again: 0, since: valid, valid };
        self.round_over(me, Phase::Failed, out)
    }

    pub(super) fn on_msg(&self, me: ClientState, src: Id, msg: Msg, out: &mut Output) -> Option<ClientState> {
        let mine = |round: u8, again: u8| (round, again) == (me.round, me.again);
        match (me.phase, msg) {
            (Phase::Asking, Msg::Granted { round, again, token, grant }) if mine(round, again) => {
                Some(self.granted(me, Grant { token, number: grant }, out))
            }
            (Phase::Asking, Msg::Taken { round, again }) if mine(round, again) => {
                out.cancel_timer(Timer::NoReply);
                out.set_timer(Timer::Wake, model_timeout());
                Some(ClientState { phase: Phase::Waiting, since: me.valid, ..me })
            }
            (Phase::Writing(grant), Msg::Written(Written { round, again, accepted })) if mine(round, again) => {
                if self.resources.len() > 1 {
                    return Some(ClientState { phase: Phase::Half { grant, by: src, accepted }, ..me });
                }
                Some(self.written(me, if accepted { Phase::Done } else { Phase::Refused }, out))
            }
            (Phase::Half { by, accepted: one, .. }, Msg::Written(Written { round, again, accepted: other }))
                if mine(round, again) && src != by =>
            {
                let phase = match (one, other) {
                    (true, true) => Phase::Done,
                    (false, false) => Phase::Refused,
                    (true, false) | (false, true) => Phase::Torn,
                };
                Some(self.written(me, phase, out))
            }
            _ => None,
        }
    }

    pub(super) fn on_timeout(&self, me: ClientState, timer: Timer, out: &mut Output) -> Option<ClientState> {
        match (timer, me.phase) {
            (Timer::Start, _) => {
                out.save(Storage::Client(me.round + 1));
                Some(self.ask(ClientState { round: me.round + 1, ..me }, out))
            }
            (Timer::Wake, _) => Some(self.ask(me, out)),
            (Timer::Work, Phase::Holding(grant)) => Some(self.check(me, grant, out)),
            (Timer::Send, Phase::Sending(grant)) => Some(self.send(me, grant, out)),
            (Timer::NoReply, _) => Some(self.ask_again(me, out)),
            (Timer::Work | Timer::Send | Timer::Over, _) => None,
        }
    }

    /// It asks, and counts from now on: the server cannot have granted before (2).
    fn ask(&self, me: ClientState, out: &mut Output) -> ClientState {
        out.send(self.server, Msg::Ask { round: me.round, again: me.again });
        self.listen(&me, out);
        ClientState { phase: Phase::Asking, since: 0, ..me }
    }

    /// The lock is granted; of the lease is left what is left since it asked. Of one that came too late, nothing.
    fn granted(&self, me: ClientState, grant: Grant, out: &mut Output) -> ClientState {
        out.cancel_timer(Timer::NoReply);
        let since = if self.breaks(Deviation::FromReply) { 0 } else { me.since };
        let me = ClientState { since, ..me };
        if since == me.valid {
            return self.round_over(me, Phase::Failed, out);
        }
        out.set_timer(Timer::Work, model_timeout());
        ClientState { phase: Phase::Holding(grant), ..me }
    }

    /// The caller knows what to write: it looks at its clock whether it has the lock still.
    fn check(&self, me: ClientState, grant: Grant, out: &mut Output) -> ClientState {
        if me.since < me.valid || self.breaks(Deviation::Unchecked) {
            out.set_timer(Timer::Send, Duration::ZERO..ticks(SENDING).end);
            return ClientState { phase: Phase::Sending(grant), ..me };
        }
        self.round_over(me, Phase::Failed, out)
    }

    /// It writes, to all at once, and waits for the acknowledgement before it releases.
    fn send(&self, me: ClientState, grant: Grant, out: &mut Output) -> ClientState {
        let (round, again) = (me.round, me.again);
        let write = Write { round, again, token: grant.token, grant: grant.number };
        out.broadcast(&self.resources, &Msg::Write(write));
        self.listen(&me, out);
        ClientState { phase: Phase::Writing(grant), ..me }
    }

    /// The caller is done with the lock. The server need not answer: without this the lease runs out.
    fn written(&self, me: ClientState, phase: Phase, out: &mut Output) -> ClientState {
        out.cancel_timer(Timer::NoReply);
        out.send(self.server, Msg::Release { round: me.round });
        self.round_over(me, phase, out)
    }

    /// Nothing came. It asks for the lock again; a write is not written again, for it may be too late.
    fn ask_again(&self, me: ClientState, out: &mut Output) -> ClientState {
        if me.phase == Phase::Asking && usize::from(me.again) < self.sizes.resends {
            return self.ask(ClientState { again: me.again + 1, ..me }, out);
        }
        self.round_over(me, Phase::Failed, out)
    }

    /// Waits for a reply, and for no longer than its lease could be.
    fn listen(&self, me: &ClientState, out: &mut Output) {
        if self.sizes.resends > 0 {
            out.set_timer(Timer::NoReply, ticks(me.valid));
        }
    }

    /// Ends a round.
    fn round_over(&self, me: ClientState, phase: Phase, out: &mut Output) -> ClientState {
        let me = ClientState { phase, since: me.valid, ..me };
        if usize::from(me.round) == self.sizes.rounds {
            return me;
        }
        out.set_timer(Timer::Start, model_timeout());
        ClientState { phase: Phase::Idle, ..me }
    }
}
