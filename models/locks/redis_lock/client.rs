//! A client: it gets the lock, writes to the resource, and releases the lock.

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{Deviation, FENCE, LOCK, Member, Msg, Release, Sizes, Stance, Storage, Timer, Write};
use crate::locks::answers::Want;
use crate::stores::redis::{Answer, Call, Command, Reply, Request, Script, Value};
use crate::stores::ticks;

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// Wants nothing yet.
    Idle,
    /// Waits for the reply to its script that sets the lock.
    Acquiring,
    /// Found the lock taken, and pauses before the next try.
    Sleeping,
    /// Waits for the reply to `PEXPIRE`; only where the time to live is set by a second command.
    Arming,
    /// Believes that it has the lock.
    Holding,
    /// Believes that it has the lock, and waits for the resource to acknowledge its write.
    Writing,
    /// Waits for the reply to `WATCH`; only where it releases by a transaction.
    Watching,
    /// Waits for the reply to `GET`; only where the client itself compares.
    Checking,
    /// Found another's value, and waits for the reply to `UNWATCH`; only where it releases by a transaction.
    Unwatching,
    /// Waits for the reply to its release.
    Releasing,
    /// Has had the lock in its last round and has released it.
    Done,
    /// Did not get the lock in its last round.
    GaveUp,
    /// Crashed in its last round, or had no reply in it: it does not know whether it has the lock.
    Failed,
}

/// What became of a write, as its client knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Outcome {
    /// The resource took it.
    Written,
    /// The resource refused it: the lock has passed on.
    Refused,
}

/// A client. All of it is volatile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// What it is at.
    pub phase: Phase,
    /// The round that it is in, or has ended if it is idle; from 1, 0 before the first. It stays 1 where rounds have no
    /// end.
    pub round: u8,
    /// The try that it is in, from 1. It stays 1 where tries have no end.
    ///
    /// Invariant: 0 unless acquiring or sleeping.
    pub attempt: u8,
    /// The number of its grant; 0 where grants are not counted.
    ///
    /// Invariant: there is one exactly from the grant until the release is sent.
    pub fence: Option<u32>,
    /// What became of its write.
    ///
    /// Invariant: there is one exactly from the release until the round is over.
    pub outcome: Option<Outcome>,
    /// How often it may still send a command again.
    pub resends_left: u8,
}

impl ClientState {
    /// What the client has to do with the lock.
    pub fn stance(&self) -> Option<Stance> {
        match self.phase {
            Phase::Acquiring | Phase::Arming => Some(Stance::Asks),
            Phase::Holding | Phase::Writing => Some(Stance::Believes),
            Phase::Watching | Phase::Checking | Phase::Unwatching | Phase::Releasing => Some(Stance::Releases),
            Phase::Idle | Phase::Sleeping | Phase::Done | Phase::GaveUp | Phase::Failed => None,
        }
    }

    /// What the client's open call is for.
    pub fn wants(&self) -> Option<Want> {
        match self.phase {
            Phase::Acquiring | Phase::Arming => Some(Want::Lock),
            Phase::Watching | Phase::Checking | Phase::Unwatching | Phase::Releasing => Some(Want::Release),
            Phase::Idle
            | Phase::Sleeping
            | Phase::Holding
            | Phase::Writing
            | Phase::Done
            | Phase::GaveUp
            | Phase::Failed => None,
        }
    }

    /// Whether the client waits for a reply.
    pub fn waits(&self) -> bool {
        match self.phase {
            Phase::Acquiring | Phase::Arming | Phase::Writing => true,
            Phase::Watching | Phase::Checking | Phase::Unwatching | Phase::Releasing => true,
            Phase::Idle | Phase::Sleeping | Phase::Holding | Phase::Done | Phase::GaveUp | Phase::Failed => false,
        }
    }
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) id: Id,
    pub(super) store: Id,
    pub(super) resource: Id,
    pub(super) sizes: Sizes,
    pub(super) deviations: Deviations<Deviation>,
}

impl Client {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// A process starts. One that crashed does not know what it was at, and leaves its lock to expire.
    pub(super) fn on_start(&self, rounds_begun: u8, out: &mut Out<Member>) -> ClientState {
        let me = ClientState {
            phase: Phase::Failed,
            round: rounds_begun,
            attempt: 0,
            fence: None,
            outcome: None,
            resends_left: self.sizes.resends as u8,
        };
        self.round_over(me, out)
    }

    pub(super) fn on_timeout(&self, me: ClientState, timer: Timer, out: &mut Out<Member>) -> Option<ClientState> {
        match timer {
            Timer::Start => Some(self.acquire(me, out)),
            Timer::Wake => Some(self.try_again(me, out)),
            Timer::Work => Some(self.work(me, out)),
            Timer::Renew => self.renew(me, out),
            Timer::NoReply => Some(self.ask_again(me, out)),
            Timer::Expire(_) => None,
        }
    }

    pub(super) fn on_answer(&self, me: ClientState, answer: Answer, out: &mut Out<Member>) -> Option<ClientState> {
        if answer.call == self.watchdogs_call(&me) {
            return self.renewed(me, answer.reply, out);
        }
        if answer.call != self.call(&me) {
            return None;
        }
        let me = match (me.phase, answer.reply) {
            (Phase::Acquiring, Reply::Number(fence)) => self.granted(self.heard(me, out), fence, out),
            (Phase::Acquiring, Reply::Nil) => self.taken(self.heard(me, out), out),
            (Phase::Arming, Reply::Number(_)) => self.hold(self.heard(me, out), out),
            (Phase::Checking, held @ (Reply::Value(_) | Reply::Nil)) => self.checked(self.heard(me, out), held, out),
            (Phase::Watching, Reply::Ok) => self.watched(self.heard(me, out), out),
            (Phase::Releasing, Reply::Number(_) | Reply::Nil) => self.released(self.heard(me, out), out),
            (Phase::Unwatching, Reply::Ok) => self.released(self.heard(me, out), out),
            _ => return None,
        };
        Some(me)
    }

    pub(super) fn on_written(
        &self,
        me: ClientState,
        call: Call,
        accepted: bool,
        out: &mut Out<Member>,
    ) -> Option<ClientState> {
        let mine = me.phase == Phase::Writing && call == self.call(&me);
        mine.then(|| self.written(self.heard(me, out), accepted, out))
    }

    /// The caller wants the lock: the first try, with a token that was never used before.
    fn acquire(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        let round = if self.sizes.rounds == 0 { 1 } else { me.round + 1 };
        out.save(Storage::Client(round));
        self.ask(ClientState { phase: Phase::Acquiring, round, attempt: 1, ..me }, out)
    }

    /// The script answers with the number of the grant: the lock is there, and goes by itself if its owner does.
    fn granted(&self, me: ClientState, fence: u32, out: &mut Out<Member>) -> ClientState {
        let me = ClientState { attempt: 0, fence: Some(fence), ..me };
        if !self.expires_separately() {
            return self.hold(me, out);
        }
        self.ask(ClientState { phase: Phase::Arming, ..me }, out)
    }

    /// The caller has the lock, as far as it knows.
    fn hold(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        out.set_timer(Timer::Work, model_timeout());
        self.arm_watchdog(out);
        ClientState { phase: Phase::Holding, ..me }
    }

    fn arm_watchdog(&self, out: &mut Out<Member>) {
        if self.sizes.renew > 0 {
            out.set_timer(Timer::Renew, ticks(self.sizes.renew as u8));
        }
    }

    /// The watchdog has the lock live on if it is still this client's, in one step of the store.
    fn renew(&self, me: ClientState, out: &mut Out<Member>) -> Option<ClientState> {
        let (key, value) = (LOCK, self.token(&me));
        let command = if self.breaks(Deviation::RenewBySet) {
            Command::Set { key, value }
        } else if self.breaks(Deviation::RenewUnchecked) {
            Command::PExpire { key }
        } else {
            Command::Eval(Script::CompareAndExpire { key, value })
        };
        out.send(self.store, Msg::Request(Request { call: self.watchdogs_call(&me), command }));
        None
    }

    /// The lock lives on, or is another's, and the caller stops if it has not written yet.
    fn renewed(&self, me: ClientState, reply: Reply, out: &mut Out<Member>) -> Option<ClientState> {
        let is_lost = reply == Reply::Number(0);
        match me.phase {
            Phase::Holding if is_lost => {
                out.cancel_timer(Timer::Work);
                Some(self.round_over(ClientState { phase: Phase::Failed, fence: None, ..me }, out))
            }
            Phase::Holding | Phase::Writing if !is_lost => {
                self.arm_watchdog(out);
                None
            }
            _ => None,
        }
    }

    /// What the watchdog's command is called: it goes beside all else.
    fn watchdogs_call(&self, me: &ClientState) -> Call {
        Call { attempt: u8::MAX, ..self.call(me) }
    }

    /// The script answers nil: somebody else has the lock.
    fn taken(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        if self.sizes.tries == 0 || usize::from(me.attempt) < self.sizes.tries {
            out.set_timer(Timer::Wake, model_timeout());
            return ClientState { phase: Phase::Sleeping, ..me };
        }
        self.round_over(ClientState { phase: Phase::GaveUp, attempt: 0, ..me }, out)
    }

    /// The next try, with the same token.
    fn try_again(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        let attempt = if self.sizes.tries == 0 { 1 } else { me.attempt + 1 };
        self.ask(ClientState { phase: Phase::Acquiring, attempt, ..me }, out)
    }

    /// The caller writes, with its fencing token, and waits for the acknowledgement before it releases: a write that
    /// is still under way after the release is a write without a lock.
    fn work(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        let me = self.ask(ClientState { phase: Phase::Writing, ..me }, out);
        if !self.breaks(Deviation::NoWriteAck) {
            return me;
        }
        self.written(me, true, out)
    }

    /// The resource says what became of the write. Whatever it was, the lock is to be released.
    fn written(&self, me: ClientState, accepted: bool, out: &mut Out<Member>) -> ClientState {
        let outcome = if accepted { Outcome::Written } else { Outcome::Refused };
        self.release(ClientState { outcome: Some(outcome), ..me }, out)
    }

    /// The caller is done with the lock: it is deleted if it is still this client's, in one step of the store.
    fn release(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        out.cancel_timer(Timer::Renew);
        let phase = if !self.compares_itself() {
            Phase::Releasing
        } else if self.sizes.release == Release::Transaction && !self.breaks(Deviation::WatchLate) {
            Phase::Watching
        } else {
            Phase::Checking
        };
        self.ask(ClientState { phase, fence: None, ..me }, out)
    }

    /// The key is watched: whatever is written to it from now on, `EXEC` will tell. What it holds is read after that.
    fn watched(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        let phase = if self.breaks(Deviation::WatchLate) { Phase::Releasing } else { Phase::Checking };
        self.ask(ClientState { phase, ..me }, out)
    }

    /// `GET` is answered; only where the client itself compares.
    fn checked(&self, me: ClientState, held: Reply, out: &mut Out<Member>) -> ClientState {
        let is_watched = self.sizes.release == Release::Transaction;
        let phase = match (held == Reply::Value(self.token(&me)), is_watched) {
            (true, true) if self.breaks(Deviation::WatchLate) => Phase::Watching,
            (true, _) => Phase::Releasing,
            (false, true) if !self.breaks(Deviation::WatchLate) => Phase::Unwatching,
            (false, _) => return self.released(me, out),
        };
        self.ask(ClientState { phase, ..me }, out)
    }

    /// The lock is not this client's any more.
    fn released(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        self.round_over(ClientState { phase: Phase::Done, outcome: None, ..me }, out)
    }

    /// Ends a round: in the phase that `me` has, if it was the last.
    fn round_over(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        if self.sizes.rounds > 0 && usize::from(me.round) == self.sizes.rounds {
            return me;
        }
        out.set_timer(Timer::Start, model_timeout());
        ClientState { phase: Phase::Idle, ..me }
    }

    /// No reply comes: the library connects anew and sends the same again. When it has done so often enough, it
    /// raises an error, and the lock is left to expire.
    fn ask_again(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        if me.resends_left > 0 {
            return self.ask(ClientState { resends_left: me.resends_left - 1, ..me }, out);
        }
        self.round_over(ClientState { phase: Phase::Failed, attempt: 0, fence: None, outcome: None, ..me }, out)
    }

    /// Sends what the phase of `me` is about.
    fn ask(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        match self.command(&me) {
            Some(command) => out.send(self.store, Msg::Request(Request { call: self.call(&me), command })),
            None => out.send(self.resource, Msg::Write(self.write(&me))),
        }
        if self.sizes.resends > 0 && !self.breaks(Deviation::WaitForEver) {
            out.set_timer(Timer::NoReply, model_timeout());
        }
        me
    }

    /// The reply has come.
    fn heard(&self, me: ClientState, out: &mut Out<Member>) -> ClientState {
        out.cancel_timer(Timer::NoReply);
        me
    }

    /// What the phase of `me` asks of the store; nothing when it writes to the resource.
    fn command(&self, me: &ClientState) -> Option<Command> {
        let (key, value) = (LOCK, self.token(me));
        match me.phase {
            Phase::Acquiring => {
                let expires = !self.expires_separately() && !self.breaks(Deviation::NoTtl);
                let again = !self.breaks(Deviation::AcquireNotIdempotent);
                let fence = (self.sizes.rounds > 0).then_some(FENCE);
                Some(Command::Eval(Script::LockFenced { key, value, expires, fence, again }))
            }
            Phase::Arming => Some(Command::PExpire { key }),
            Phase::Watching => Some(Command::Watch { key }),
            Phase::Checking => Some(Command::Get { key }),
            Phase::Unwatching => Some(Command::Unwatch),
            Phase::Releasing if self.sizes.release == Release::Transaction => Some(Command::ExecDel { key }),
            Phase::Releasing if !self.compares_itself() && !self.breaks(Deviation::PlainDelete) => {
                Some(Command::Eval(Script::CompareAndDelete { key, value }))
            }
            Phase::Releasing => Some(Command::Del { key }),
            Phase::Idle
            | Phase::Sleeping
            | Phase::Holding
            | Phase::Writing
            | Phase::Done
            | Phase::GaveUp
            | Phase::Failed => None,
        }
    }

    /// The write of the round that `me` is in.
    fn write(&self, me: &ClientState) -> Write {
        let grant = me.fence.expect("who writes was granted the lock");
        let token = if !self.breaks(Deviation::TokenNotMonotone) { grant } else { self.own_number(me) };
        Write { call: self.call(me), token, grant }
    }

    /// The value of the lock, by which it is known whose it is.
    fn token(&self, me: &ClientState) -> Value {
        if !self.breaks(Deviation::ConstantToken) {
            Value::Token { client: self.id, round: me.round }
        } else {
            Value::Number(1)
        }
    }

    /// A number that no other round of no other client has, and that says nothing of the order of grants.
    fn own_number(&self, me: &ClientState) -> u32 {
        let (ix, clients) = (usize::from(self.id), self.sizes.clients);
        (usize::from(me.round - 1) * clients + ix + 1) as u32
    }

    /// Whether the time to live comes by a second command.
    fn expires_separately(&self) -> bool {
        self.breaks(Deviation::ExpireSeparately)
    }

    /// Whether the client, and not a script, looks whose the lock is.
    fn compares_itself(&self) -> bool {
        self.breaks(Deviation::GetThenDelete) || self.sizes.release == Release::Transaction
    }

    fn call(&self, me: &ClientState) -> Call {
        let connection = self.sizes.resends as u8 - me.resends_left;
        Call { round: me.round, attempt: me.attempt, connection }
    }
}
