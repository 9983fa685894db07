//! A client's session and connection: how it asks, and which replies are to what it asked last.

use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{LockClient, Member, Msg, Saved, Storage, Timer, Write};
use crate::stores::ticks;
use crate::stores::zookeeper::{Call, Command, Request, Session};

/// How many ticks after it heard of the ensemble a client library pings.
const PING: u8 = 1;

/// A client's session and connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Line {
    /// The client's round, from 1; 0 before the first. It stays 1 where rounds have no end.
    pub round: u8,
    /// The session that it has, or had last; 0 before the first.
    pub session: u8,
    /// Whether it has it still, as far as it knows.
    pub open: bool,
    /// How often it has connected anew in this session.
    pub connection: u8,
    /// How often it may still do so in this life.
    pub resends_left: u8,
    /// After how many ticks without an answer of the ensemble the connection is suspended; 0 where it never is.
    #[serde(skip_serializing_if = "is_zero")]
    pub silence: u8,
}

fn is_zero(silence: &u8) -> bool {
    *silence == 0
}

impl Line {
    /// A client starts: what it had of sessions in a former life is gone.
    pub fn new(saved: Saved, resends: usize, silence: usize) -> Self {
        let Saved { round, session } = saved;
        Self { round, session, open: false, connection: 0, resends_left: resends as u8, silence: silence as u8 }
    }

    /// The next round of `rounds`, in the session that there is or in a new one.
    pub fn begin<C: LockClient>(self, rounds: usize, out: &mut Out<Member<C>>) -> Self {
        let line = Self { round: if rounds == 0 { 1 } else { self.round + 1 }, ..self };
        let line = if line.open { line } else { line.reopened() };
        line.save(out);
        line
    }

    /// The session is over, and another is opened for the same round.
    pub fn reopen<C: LockClient>(self, out: &mut Out<Member<C>>) -> Self {
        let line = self.reopened();
        line.save(out);
        line
    }

    fn reopened(self) -> Self {
        Self { session: self.session + 1, open: true, connection: 0, ..self }
    }

    /// The session is over.
    #[must_use]
    pub fn closed(self) -> Self {
        Self { open: false, ..self }
    }

    /// Whether this was the last round of `rounds`.
    pub fn was_last(self, rounds: usize) -> bool {
        rounds > 0 && usize::from(self.round) == rounds
    }

    fn save<C: LockClient>(self, out: &mut Out<Member<C>>) {
        out.save(Storage::Client(Saved { round: self.round, session: self.session }));
    }

    /// The session, as the ensemble knows it.
    pub fn session_of(self, client: Id) -> Session {
        Session { client, number: self.session }
    }

    /// What the next request is called, and the last was.
    pub fn call(self, client: Id) -> Call {
        Call { session: self.session_of(client), round: self.round, connection: self.connection }
    }

    /// Whether something that was asked before the last connection is still under way.
    pub fn asked_before(self) -> bool {
        self.connection > 0
    }

    /// Sends a command to the ensemble.
    pub fn ask<C: LockClient>(self, client: Id, ensemble: Id, command: Command, out: &mut Out<Member<C>>) {
        out.send(ensemble, Msg::Request(Request { call: self.call(client), command }));
        self.listen(out);
    }

    /// Sends a write to the resource.
    pub fn write<C: LockClient>(self, client: Id, resource: Id, token: u32, out: &mut Out<Member<C>>) {
        out.send(resource, Msg::Write(Write { call: self.call(client), token }));
        self.listen(out);
    }

    /// Waits for something to come, and for no longer than the library waits. Where silence is counted, it is that which
    /// ends the waiting.
    pub fn listen<C: LockClient>(self, out: &mut Out<Member<C>>) {
        if self.resends_left > 0 && self.silence == 0 {
            out.set_timer(Timer::NoReply, model_timeout());
        }
    }

    /// Something came.
    pub fn heard<C: LockClient>(self, out: &mut Out<Member<C>>) {
        out.cancel_timer(Timer::NoReply);
    }

    /// The library connects, or the ensemble has answered: silence is counted from now on, and a while later it pings. A
    /// watch event is no answer: it does not say that the ensemble hears of the client.
    pub fn count_silence<C: LockClient>(self, out: &mut Out<Member<C>>) {
        if self.open && self.silence > 0 {
            out.set_timer(Timer::Ping, ticks(PING));
            out.set_timer(Timer::Suspended, ticks(self.silence));
        }
    }

    /// Sends a ping, which the ensemble answers, so that each hears of the other.
    pub fn ping<C: LockClient>(self, client: Id, ensemble: Id, out: &mut Out<Member<C>>) {
        out.send(ensemble, Msg::Request(Request { call: self.call(client), command: Command::Ping }));
    }

    /// The round is over. Who has pinged does so no more, and leaves the session to its end.
    #[must_use]
    pub fn at_rest<C: LockClient>(self, out: &mut Out<Member<C>>) -> Self {
        if self.silence == 0 {
            return self;
        }
        out.cancel_timer(Timer::Ping);
        out.cancel_timer(Timer::Suspended);
        self.closed()
    }

    /// Nothing came: it opens another session, and leaves the old one to its end.
    pub fn abandoned<C: LockClient>(self, out: &mut Out<Member<C>>) -> Self {
        Self { resends_left: self.resends_left - 1, ..self.reopen(out) }
    }

    /// Nothing came: it connects anew.
    #[must_use]
    pub fn reconnected(self) -> Self {
        Self { connection: self.connection + 1, resends_left: self.resends_left - 1, ..self }
    }
}
