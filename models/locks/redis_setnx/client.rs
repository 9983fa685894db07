//! A caller with its client library.

use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{LOCK, Member, Msg, Sizes, Storage, Timer};
use crate::stores::redis::{Answer, Call, Command, Reply, Request, Value};

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// Wants nothing yet.
    Idle,
    /// In `get_lock`, waits for the reply to `SETNX`.
    Acquiring,
    /// In `get_lock`, between two tries.
    Sleeping,
    /// Believes that it has the lock, and works.
    Critical,
    /// In `release_lock`, waits for the reply to `DEL`.
    Releasing,
    /// Has had the lock in its last round and has released it.
    Done,
    /// Did not get the lock in its last round, or crashed in it.
    Skipped,
    /// Died of `NameError: name 'time' is not defined`.
    Raised,
}

/// A client. All of it is volatile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// What it is at.
    pub phase: Phase,
    /// The round that it is in, or has ended if it is idle; from 1, 0 before the first. It stays 1 where rounds have no
    /// end.
    pub round: u8,
    /// The try of `get_lock` that it is in or that was the last of this round, from 1; 0 before the first round. It
    /// stays 1 where tries have no end.
    pub attempt: u8,
    /// How often it may still send a command again.
    pub resends_left: u8,
}

/// A caller with its client library.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) store: Id,
    pub(super) sizes: Sizes,
}

impl Client {
    /// A process starts. One that crashed does not know what it was at.
    pub(super) fn on_start(&self, rounds_begun: u8, out: &mut Out<Member>) -> ClientState {
        let resends_left = self.sizes.resends as u8;
        let me = ClientState { phase: Phase::Skipped, round: rounds_begun, attempt: 0, resends_left };
        self.round_over(me, out)
    }

    /// `get_lock(resource)`: the first try.
    fn get_lock(&self, me: ClientState, out: &mut Out<Member>) -> Option<ClientState> {
        let round = if self.sizes.rounds == 0 { 1 } else { me.round + 1 };
        out.save(Storage::Client(round));
        Some(self.ask(ClientState { phase: Phase::Acquiring, round, attempt: 1, ..me }, out))
    }

    /// `if r.setnx(lock_key, 1): return True`.
    fn setnx_answered(&self, me: ClientState, set: bool, out: &mut Out<Member>) -> Option<ClientState> {
        let me = self.answered(me, out);
        if set {
            out.set_timer(Timer::Leave, model_timeout());
            return Some(ClientState { phase: Phase::Critical, ..me });
        }
        Some(self.taken(me, out))
    }

    /// `elif i < max_try - 1: time.sleep(0.1)`, and after the last try `return False`.
    fn taken(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        let tries_left = self.sizes.tries == 0 || usize::from(me.attempt) < self.sizes.tries;
        match (tries_left, self.sizes.verbatim, self.sizes.disciplined) {
            (true, true, _) => ClientState { phase: Phase::Raised, attempt: 0, ..me },
            (true, false, _) => {
                out.set_timer(Timer::Wake, model_timeout());
                ClientState { phase: Phase::Sleeping, ..me }
            }
            (false, _, true) => self.round_over(ClientState { phase: Phase::Skipped, ..me }, out),
            (false, _, false) => self.release_lock(me, out),
        }
    }

    /// The next try.
    fn wake(&self, me: ClientState, out: &mut Out<Member>) -> Option<ClientState> {
        let attempt = if self.sizes.tries == 0 { 1 } else { me.attempt + 1 };
        Some(self.ask(ClientState { phase: Phase::Acquiring, attempt, ..me }, out))
    }

    /// `release_lock(resource)`: `r.delete(lock_key)`, whoever set it.
    fn release_lock(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        self.ask(ClientState { phase: Phase::Releasing, ..me }, out)
    }

    /// `DEL` is answered; the number of keys that it removed is not looked at.
    fn del_answered(&self, me: ClientState, out: &mut Out<Member>) -> Option<ClientState> {
        let me = self.answered(me, out);
        Some(self.round_over(ClientState { phase: Phase::Done, ..me }, out))
    }

    /// The reply does not come: the library connects anew and sends the same command again.
    fn ask_again(&self, me: ClientState, out: &mut Out<Member>) -> Option<ClientState> {
        Some(self.ask(ClientState { resends_left: me.resends_left - 1, ..me }, out))
    }

    /// Ends a round in the phase that `me` has, if it was the last.
    fn round_over(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        if self.sizes.rounds > 0 && usize::from(me.round) == self.sizes.rounds {
            return me;
        }
        out.set_timer(Timer::Start, model_timeout());
        ClientState { phase: Phase::Idle, ..me }
    }

    /// Sends the command of the phase that `me` has.
    fn ask(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        let command = match me.phase {
            Phase::Acquiring => Command::SetNx { key: LOCK, value: Value::Number(1) },
            Phase::Releasing => Command::Del { key: LOCK },
            other => unreachable!("a client that is {other:?} asks nothing"),
        };
        out.send(self.store, Msg::Request(Request { call: self.call(&me), command }));
        if me.resends_left > 0 {
            out.set_timer(Timer::NoReply, model_timeout());
        }
        me
    }

    /// The reply has come.
    fn answered(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        out.cancel_timer(Timer::NoReply);
        me
    }

    fn call(&self, me: &ClientState) -> Call {
        let attempt = if me.phase == Phase::Acquiring { me.attempt } else { 0 };
        let connection = self.sizes.resends as u8 - me.resends_left;
        Call { round: me.round, attempt, connection }
    }

    pub(super) fn on_answer(&self, me: ClientState, answer: Answer, out: &mut Out<Member>) -> Option<ClientState> {
        if answer.call != self.call(&me) {
            return None;
        }
        match (me.phase, answer.reply) {
            (Phase::Acquiring, Reply::Number(set)) => self.setnx_answered(me, set == 1, out),
            (Phase::Releasing, Reply::Number(_)) => self.del_answered(me, out),
            _ => None,
        }
    }

    pub(super) fn on_timeout(&self, me: ClientState, timer: Timer, out: &mut Out<Member>) -> Option<ClientState> {
        match timer {
            Timer::Start => self.get_lock(me, out),
            Timer::Wake => self.wake(me, out),
            Timer::Leave => Some(self.release_lock(me, out)),
            Timer::NoReply => self.ask_again(me, out),
            Timer::Expire(_) => None,
        }
    }
}
