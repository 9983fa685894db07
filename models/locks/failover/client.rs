//! A client: it sets the key, and waits for replicas if it is told to.

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{Deviation, LOCK, Member, Msg, Timer};
use crate::locks::claims::Stance;
use crate::stores::redis::{Answer, Call, Command, Reply, Request, Script, Value};

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// Wants nothing yet.
    Idle,
    /// Waits for the reply to its `SET`.
    Asking,
    /// Has set the key, and waits for replicas to have it.
    Confirming,
    /// Believes that it has the lock.
    Holding,
    /// Waits for the reply to its release.
    Releasing {
        /// Whether it had the lock.
        had: bool,
    },
    /// Has had the lock in its last round and has released it.
    Done,
    /// Did not get the lock in its last round.
    GaveUp,
}

/// A client. All of it is volatile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// What it is at.
    pub phase: Phase,
    /// The round that it is in, or has ended if it is idle; from 1, 0 before the first.
    pub round: u8,
    /// The primary, as far as it knows.
    pub primary: Id,
}

impl ClientState {
    /// What it has to do with the lock.
    pub fn stance(&self) -> Stance {
        match self.phase {
            Phase::Idle => Stance::Away,
            Phase::Asking | Phase::Confirming | Phase::Releasing { .. } => Stance::Waits,
            Phase::Holding => Stance::Believes,
            Phase::Done => Stance::Done,
            Phase::GaveUp => Stance::GaveUp,
        }
    }
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) id: Id,
    pub(super) primary: Id,
    pub(super) wait: usize,
    pub(super) rounds: usize,
    pub(super) deviations: Deviations<Deviation>,
}

type Output = Out<Member>;

impl Client {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    pub(super) fn on_start(&self, out: &mut Output) -> ClientState {
        out.set_timer(Timer::Start, model_timeout());
        ClientState { phase: Phase::Idle, round: 0, primary: self.primary }
    }

    pub(super) fn on_msg(&self, me: ClientState, src: Id, msg: &Msg, out: &mut Output) -> Option<ClientState> {
        match (me.phase, msg) {
            (_, Msg::Serving) => Some(self.reconnect(ClientState { primary: src, ..me }, out)),
            _ if src != me.primary => None,
            (Phase::Asking, Msg::Answer(Answer { call, reply })) if *call == asked(&me) => match reply {
                Reply::Ok => Some(self.granted(me, out)),
                _ => Some(self.round_over(me, Phase::GaveUp, out)),
            },
            (Phase::Confirming, Msg::Waited { call, replicas }) if *call == asked(&me) => {
                Some(self.confirmed(me, *replicas, out))
            }
            (Phase::Releasing { had }, Msg::Answer(Answer { call, .. })) if *call == released(&me) => {
                Some(self.round_over(me, if had { Phase::Done } else { Phase::GaveUp }, out))
            }
            _ => None,
        }
    }

    pub(super) fn on_timeout(&self, me: ClientState, timer: Timer, out: &mut Output) -> Option<ClientState> {
        match timer {
            Timer::Start => {
                let me = ClientState { phase: Phase::Asking, round: me.round + 1, ..me };
                let command = Command::SetNxPx { key: LOCK, value: self.token(&me) };
                out.send(me.primary, Msg::Request(Request { call: asked(&me), command }));
                Some(me)
            }
            Timer::Work => Some(self.release(me, true, out)),
            Timer::WaitOver { .. } | Timer::Lags(_) | Timer::Suspect => None,
        }
    }

    /// The primary has set the key. That says nothing of the replicas: `WAIT` does, for what this connection has written.
    fn granted(&self, me: ClientState, out: &mut Output) -> ClientState {
        let replicas = self.wanted(&me);
        if replicas == 0 {
            return Self::hold(me, out);
        }
        let same_connection = !self.breaks(Deviation::WaitElsewhere);
        out.send(me.primary, Msg::Wait { call: asked(&me), replicas, same_connection });
        ClientState { phase: Phase::Confirming, ..me }
    }

    /// Enough replicas have the key, or it is given back: what `WAIT` says undoes nothing.
    fn confirmed(&self, me: ClientState, replicas: usize, out: &mut Output) -> ClientState {
        if replicas >= self.wanted(&me) || self.breaks(Deviation::IgnoreWait) {
            return Self::hold(me, out);
        }
        self.release(me, false, out)
    }

    /// One that took over has no replica yet to wait for.
    fn wanted(&self, me: &ClientState) -> usize {
        if me.primary == self.primary { self.wait } else { 0 }
    }

    fn hold(me: ClientState, out: &mut Output) -> ClientState {
        out.set_timer(Timer::Work, model_timeout());
        ClientState { phase: Phase::Holding, ..me }
    }

    fn release(&self, me: ClientState, had: bool, out: &mut Output) -> ClientState {
        let command = Command::Eval(Script::CompareAndDelete { key: LOCK, value: self.token(&me) });
        out.send(me.primary, Msg::Request(Request { call: released(&me), command }));
        ClientState { phase: Phase::Releasing { had }, ..me }
    }

    /// There is another primary. A holder knows of no reason to let go; who waits for the old one does not know what became
    /// of its key, and gives it back at the new one.
    fn reconnect(&self, me: ClientState, out: &mut Output) -> ClientState {
        match me.phase {
            Phase::Asking | Phase::Confirming => self.release(me, false, out),
            Phase::Releasing { had } => self.release(me, had, out),
            Phase::Idle | Phase::Holding | Phase::Done | Phase::GaveUp => me,
        }
    }

    /// Ends a round.
    fn round_over(&self, me: ClientState, phase: Phase, out: &mut Output) -> ClientState {
        if usize::from(me.round) == self.rounds {
            return ClientState { phase, ..me };
        }
        out.set_timer(Timer::Start, model_timeout());
        ClientState { phase: Phase::Idle, ..me }
    }

    /// The value of the key, by which it is known whose it is.
    fn token(&self, me: &ClientState) -> Value {
        Value::Token { client: self.id, round: me.round }
    }
}

/// The call by which the lock is asked for.
fn asked(me: &ClientState) -> Call {
    Call { round: me.round, attempt: 1, connection: 0 }
}

/// The call by which it is released.
fn released(me: &ClientState) -> Call {
    Call { round: me.round, attempt: 0, connection: 0 }
}
