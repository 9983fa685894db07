//! A client: it reads, adds one, and writes if nobody has written since.

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{COUNTER, Deviation, Member, Msg, Scheme, Sizes, Timer};
use crate::stores::redis::{Answer, Call, Command, Reply, Request, Script, Value};

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// Wants nothing yet.
    Idle,
    /// Waits for the reply to `WATCH`.
    Watching,
    /// Waits for the reply to `GET`.
    Reading,
    /// Has read this and, having read it, waits for the reply to `WATCH`; only where it watches too late.
    WatchingLate(u32),
    /// Has read this, and waits for the reply to its write.
    Writing(u32),
    /// Has added in its last round.
    Done,
}

/// A client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// What it is at.
    pub phase: Phase,
    /// How often it has added, as far as it knows.
    pub added: u8,
    /// Whether its last write was refused.
    pub refused: bool,
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) store: Id,
    pub(super) sizes: Sizes,
    pub(super) deviations: Deviations<Deviation>,
}

impl Client {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    pub(super) fn on_start(&self, out: &mut Out<Member>) -> ClientState {
        out.set_timer(Timer::Start, model_timeout());
        ClientState { phase: Phase::Idle, added: 0, refused: false }
    }

    pub(super) fn on_answer(&self, me: ClientState, answer: Answer, out: &mut Out<Member>) -> Option<ClientState> {
        if answer.call != Self::call(&me) {
            return None;
        }
        match (me.phase, answer.reply) {
            (Phase::Watching, Reply::Ok) => Some(self.read(me, out)),
            (Phase::Reading, reply) => Some(self.was_read(me, number(reply)?, out)),
            (Phase::WatchingLate(base), Reply::Ok) => Some(self.write(me, base, out)),
            (Phase::Writing(_), Reply::Ok | Reply::Number(_)) => Some(self.added(me, out)),
            (Phase::Writing(_), Reply::PartlyFailed) => Some(self.partly_failed(me, out)),
            (Phase::Writing(base), Reply::Nil) => Some(self.refused(me, base, out)),
            _ => None,
        }
    }

    /// Begins to add one. The read phase: what is read must be watched from before it is read.
    pub(super) fn begin(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        match self.sizes.scheme {
            Scheme::Watch if !self.breaks(Deviation::WatchAfterGet) => {
                self.ask(me, Phase::Watching, Command::Watch { key: COUNTER }, out)
            }
            Scheme::Watch | Scheme::Compare => self.read(me, out),
            Scheme::Incr => self.ask(me, Phase::Writing(0), Command::Incr { key: COUNTER }, out),
        }
    }

    fn read(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        self.ask(me, Phase::Reading, Command::Get { key: COUNTER }, out)
    }

    fn was_read(&self, me: ClientState, base: u32, out: &mut Out<Member>) -> ClientState {
        if self.sizes.scheme == Scheme::Watch && self.breaks(Deviation::WatchAfterGet) {
            return self.ask(me, Phase::WatchingLate(base), Command::Watch { key: COUNTER }, out);
        }
        self.write(me, base, out)
    }

    /// Validation and write, in one step of the store.
    fn write(&self, me: ClientState, base: u32, out: &mut Out<Member>) -> ClientState {
        let (key, value) = (COUNTER, Value::Number(base + 1));
        let command = match self.sizes.scheme {
            _ if self.breaks(Deviation::Unconditional) => Command::Set { key, value },
            Scheme::Watch if self.sizes.partly_fails => Command::ExecPartly { key, value },
            Scheme::Watch => Command::Exec { key, value },
            Scheme::Compare => Command::Eval(Script::CompareAndSet { key, old: Value::Number(base), new: value }),
            Scheme::Incr => Command::Incr { key },
        };
        self.ask(me, Phase::Writing(base), command, out)
    }

    /// The write went through.
    fn added(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        let me = ClientState { phase: Phase::Done, added: me.added + 1, refused: false };
        if usize::from(me.added) == self.sizes.rounds {
            return me;
        }
        out.set_timer(Timer::Start, model_timeout());
        ClientState { phase: Phase::Idle, ..me }
    }

    /// One command of the transaction failed. The others were executed: nothing is rolled back.
    fn partly_failed(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        if self.breaks(Deviation::MultiIsRollback) {
            return ClientState { phase: Phase::Done, refused: false, ..me };
        }
        self.added(me, out)
    }

    /// Somebody else has written since the read: again from the start.
    fn refused(&self, me: ClientState, base: u32, out: &mut Out<Member>) -> ClientState {
        let me = ClientState { refused: true, ..me };
        if self.breaks(Deviation::IgnoreNil) {
            return self.added(me, out);
        }
        if self.breaks(Deviation::RetryWithOldValue) {
            return self.write(me, base, out);
        }
        self.begin(me, out)
    }

    fn ask(&self, me: ClientState, phase: Phase, command: Command, out: &mut Out<Member>) -> ClientState {
        let me = ClientState { phase, ..me };
        out.send(self.store, Msg::Request(Request { call: Self::call(&me), command }));
        me
    }

    /// One command is under way at a time, and its reply comes before the next: the round is name enough.
    fn call(me: &ClientState) -> Call {
        Call { round: me.added + 1, attempt: 0, connection: 0 }
    }
}

/// What a reply to `GET` says of the counter; `None` if it is no such reply.
fn number(reply: Reply) -> Option<u32> {
    match reply {
        Reply::Nil => Some(0),
        Reply::Value(Value::Number(number)) => Some(number),
        Reply::Value(Value::Token { .. }) | Reply::Number(_) => None,
        Reply::Ok | Reply::PartlyFailed | Reply::NoReplicas => None,
    }
}
