//! A client: the algorithm, step by step.

use std::time::Duration;

use quorate::model::{Deviations, Ids};
use quorate::{Id, Out, rename};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{Deviation, LOCK, Member, Msg, Sizes, Storage, Timer};
use crate::locks::claims::Stance;
use crate::locks::fencing::{Write, Written};
use crate::stores::redis::{Answer, Call, Command, Reply, Request, Script, Value};
use crate::stores::ticks;

/// How many ticks of its clock a client needs at most from its look at the clock until it sends.
const SENDING: u8 = 1;

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// Wants nothing yet.
    Idle,
    /// Waits for the servers' replies.
    Asking {
        /// Which servers have set the key.
        granted: Ids,
        /// Which have not.
        refused: Ids,
    },
    /// Has the lock while its clock says so.
    Holding,
    /// Has the lock as before, and waits for the servers' replies to its extension.
    Extending {
        /// Which servers have the key live on.
        granted: Ids,
        /// Which have not.
        refused: Ids,
    },
    /// Has looked at its clock, and sends its write next.
    Sending,
    /// Waits for the resource to acknowledge its write.
    Writing,
    /// Waits for the servers' replies to its release.
    Releasing {
        /// Which have replied.
        replied: Ids,
        /// What the round comes to.
        end: End,
    },
    /// Has had the lock in its last round and has released it.
    Done,
    /// Did not get the lock in its last round.
    GaveUp,
    /// Crashed in its last round, or was too late.
    Failed,
}

/// What a round comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum End {
    /// It had the lock, and did what it wanted.
    Done,
    /// It did not get the lock.
    GaveUp,
    /// It had the lock, and was too late to do anything.
    TooLate,
}

/// A client. All of it is volatile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// What it is at.
    pub phase: Phase,
    /// The round that it is in, or has ended if it is idle; from 1, 0 before the first.
    pub round: u8,
    /// The reading of its clock since it began to ask, up to where the lock is over for it.
    ///
    /// Invariant: at that bound where it matters no more.
    pub since: u8,
    /// The bound: the time to live less the guard.
    pub valid: u8,
    /// How often it has extended the lock in this round.
    ///
    /// Invariant: 0 where it has no lock.
    pub extended: u8,
    /// The reading of its clock since it asked for an extension, up to the same bound; 0 while it waits for none.
    pub asked: u8,
}

rename! {
    enum Phase {
        Idle,
        Asking { granted, refused },
        Holding,
        Extending { granted, refused },
        Sending,
        Writing,
        Releasing { replied, end },
        Done,
        GaveUp,
        Failed,
    }
    nobody in End
    struct ClientState { phase, round, since, valid, extended, asked }
}

impl ClientState {
    /// Whether it will never again read a reply to what it asked then.
    pub(super) fn has_gone_on_from(&self, asked: Call) -> bool {
        let is_over = match self.phase {
            Phase::Asking { .. } => false,
            Phase::Extending { .. } => asked.attempt > 0 && asked.attempt != call(self).attempt,
            Phase::Holding | Phase::Sending | Phase::Writing | Phase::Releasing { .. } => asked.attempt > 0,
            Phase::Idle | Phase::Done | Phase::GaveUp | Phase::Failed => true,
        };
        asked.round < self.round || asked.round == self.round && is_over
    }

    /// What it has to do with the lock: it believes as long as its clock says so.
    pub fn stance(&self) -> Stance {
        match self.phase {
            Phase::Holding | Phase::Extending { .. } | Phase::Sending | Phase::Writing if self.since < self.valid => {
                Stance::Believes
            }
            Phase::Holding | Phase::Sending | Phase::Idle | Phase::Failed => Stance::Away,
            Phase::Asking { .. } | Phase::Extending { .. } | Phase::Writing | Phase::Releasing { .. } => Stance::Waits,
            Phase::Done => Stance::Done,
            Phase::GaveUp => Stance::GaveUp,
        }
    }

    /// Whether it believes to have the lock by an extension.
    pub(super) fn has_extended(&self) -> bool {
        self.extended > 0 && self.stance() == Stance::Believes
    }

    /// The round in which it asks for the lock or has it, whatever its clock says.
    pub fn engaged(&self) -> Option<u8> {
        let engaged = match self.phase {
            Phase::Asking { .. } | Phase::Holding | Phase::Extending { .. } | Phase::Sending | Phase::Writing => true,
            Phase::Idle | Phase::Releasing { .. } | Phase::Done | Phase::GaveUp | Phase::Failed => false,
        };
        engaged.then_some(self.round)
    }

    /// Its clock goes on.
    pub(super) fn tick(&mut self) {
        self.since = (self.since + 1).min(self.valid);
        if matches!(self.phase, Phase::Extending { .. }) {
            self.asked = (self.asked + 1).min(self.valid);
        }
    }
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) id: Id,
    pub(super) masters: Vec<Id>,
    pub(super) resource: Id,
    pub(super) sizes: Sizes,
    pub(super) deviations: Deviations<Deviation>,
}

type Output = Out<Member>;

impl Client {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// A process starts. One that crashed does not know what it was at, and leaves its keys to expire.
    pub(super) fn on_start(&self, round: u8, out: &mut Output) -> ClientState {
        let valid = (self.sizes.ttl - self.sizes.guard) as u8;
        let me = ClientState { phase: Phase::Failed, round, since: valid, valid, extended: 0, asked: 0 };
        self.round_over(me, Phase::Failed, out)
    }

    pub(super) fn on_answer(&self, me: ClientState, src: Id, answer: Answer, out: &mut Output) -> Option<ClientState> {
        if answer.call != call(&me) || !self.masters.contains(&src) {
            return None;
        }
        match me.phase {
            Phase::Asking { granted, refused } => {
                let (granted, refused) = sorted(granted, refused, src, answer.reply)?;
                let me = ClientState { phase: Phase::Asking { granted, refused }, ..me };
                Some(if self.is_all(granted.union(refused)) { self.counted(me, granted, out) } else { me })
            }
            Phase::Extending { granted, refused } => {
                let (granted, refused) = sorted(granted, refused, src, answer.reply)?;
                let me = ClientState { phase: Phase::Extending { granted, refused }, ..me };
                Some(if self.is_all(granted.union(refused)) { self.extended(me, granted, out) } else { me })
            }
            Phase::Releasing { replied, end } => {
                let replied = replied.with(src);
                let me = ClientState { phase: Phase::Releasing { replied, end }, ..me };
                Some(if self.is_all(replied) { self.released(me, end, out) } else { me })
            }
            Phase::Idle
            | Phase::Holding
            | Phase::Sending
            | Phase::Writing
            | Phase::Done
            | Phase::GaveUp
            | Phase::Failed => None,
        }
    }

    pub(super) fn on_written(&self, me: ClientState, written: Written, out: &mut Output) -> Option<ClientState> {
        (me.phase == Phase::Writing && written.round == me.round).then(|| self.release(me, End::Done, out))
    }

    pub(super) fn on_timeout(&self, me: ClientState, timer: Timer, out: &mut Output) -> Option<ClientState> {
        match timer {
            Timer::Start => Some(self.begin(me, out)),
            Timer::Work => Some(self.work(me, out)),
            Timer::Send => Some(self.write(me, out)),
            Timer::NoReply => self.waited(me, out),
            Timer::Expire(_) => None,
        }
    }

    /// Steps 1 and 2: it notes the time, and asks all servers with one new token.
    fn begin(&self, me: ClientState, out: &mut Output) -> ClientState {
        let round = me.round + 1;
        let me =
            ClientState { phase: Phase::Asking { granted: Ids::EMPTY, refused: Ids::EMPTY }, round, since: 0, ..me };
        out.save(Storage::Client(round));
        let (key, value) = (LOCK, self.token(&me));
        let command = if self.sizes.keys_end && !self.breaks(Deviation::NoTtl) {
            Command::SetNxPx { key, value }
        } else {
            Command::SetNx { key, value }
        };
        self.tell_all(&me, command, out);
        me
    }

    /// Steps 3 and 4: it has the lock if the majority has set the key, and something is left of the time to live since
    /// it began to ask. Step 5: otherwise it takes back what it has.
    fn counted(&self, me: ClientState, granted: Ids, out: &mut Output) -> ClientState {
        out.cancel_timer(Timer::NoReply);
        let since = if !self.breaks(Deviation::FromMajority) { me.since } else { 0 };
        if granted.len() < self.quorum() || since == me.valid {
            return self.take_back(me, granted, out);
        }
        out.set_timer(Timer::Work, model_timeout());
        ClientState { phase: Phase::Holding, since, ..me }
    }

    /// It has waited long enough: a server that is down shall not block it (step 2).
    fn waited(&self, me: ClientState, out: &mut Output) -> Option<ClientState> {
        match me.phase {
            Phase::Asking { granted, .. } => Some(self.counted(me, granted, out)),
            Phase::Extending { granted, .. } => Some(self.extended(me, granted, out)),
            Phase::Releasing { end, .. } => Some(self.released(me, end, out)),
            Phase::Idle
            | Phase::Holding
            | Phase::Sending
            | Phase::Writing
            | Phase::Done
            | Phase::GaveUp
            | Phase::Failed => None,
        }
    }

    /// "Making the algorithm more reliable": a client that is not done asks all servers to have its key live on, where it is
    /// still its own.
    fn extend(&self, me: ClientState, out: &mut Output) -> ClientState {
        let me = ClientState { phase: Phase::Extending { granted: Ids::EMPTY, refused: Ids::EMPTY }, asked: 0, ..me };
        let script = Script::CompareAndExpire { key: LOCK, value: self.token(&me) };
        self.tell_all(&me, Command::Eval(script), out);
        me
    }

    /// The lock is extended if the majority has the key live on, while something is left of the time to live before. From
    /// then on what is left is counted from when it asked for that. Otherwise it releases what it has.
    fn extended(&self, me: ClientState, granted: Ids, out: &mut Output) -> ClientState {
        out.cancel_timer(Timer::NoReply);
        let is_extended = granted.len() >= self.quorum() && me.since < me.valid;
        if !is_extended && !self.breaks(Deviation::ExtendUnchecked) {
            return self.release(me, End::TooLate, out);
        }
        out.set_timer(Timer::Work, model_timeout());
        ClientState { phase: Phase::Holding, since: me.asked, extended: me.extended + 1, asked: 0, ..me }
    }

    fn quorum(&self) -> usize {
        let half = self.masters.len() / 2;
        if !self.breaks(Deviation::HalfQuorum) { half + 1 } else { half }
    }

    /// The caller needs the lock for longer, or is done, or writes: if its clock says that it has the lock still.
    fn work(&self, me: ClientState, out: &mut Output) -> ClientState {
        if usize::from(me.extended) < self.sizes.extensions && me.since < me.valid {
            return self.extend(me, out);
        }
        if !self.sizes.writes {
            return self.release(me, End::Done, out);
        }
        if me.since == me.valid {
            return self.release(me, End::TooLate, out);
        }
        out.set_timer(Timer::Send, Duration::ZERO..ticks(SENDING).end);
        ClientState { phase: Phase::Sending, ..me }
    }

    /// It writes, and waits for the acknowledgement. There is no token that would say who comes after whom.
    fn write(&self, me: ClientState, out: &mut Output) -> ClientState {
        let write = Write { round: me.round, again: 0, token: 0, grant: 0 };
        out.send(self.resource, Msg::Write(write));
        ClientState { phase: Phase::Writing, ..me }
    }

    /// Step 5: it has not got the lock, and releases the key on all servers, "even the instances it believed it was not able
    /// to lock".
    fn take_back(&self, me: ClientState, granted: Ids, out: &mut Output) -> ClientState {
        if !self.breaks(Deviation::ReleaseToConfirmedOnly) {
            return self.release(me, End::GaveUp, out);
        }
        let confirmed: Vec<Id> = self.masters.iter().copied().filter(|master| granted.contains(*master)).collect();
        self.release_on(&confirmed, me, End::GaveUp, out)
    }

    /// Releases the key on all servers, also on those that have not replied: where it is this client's, it is deleted.
    fn release(&self, me: ClientState, end: End, out: &mut Output) -> ClientState {
        self.release_on(&self.masters, me, end, out)
    }

    fn release_on(&self, masters: &[Id], me: ClientState, end: End, out: &mut Output) -> ClientState {
        // Of those that are told nothing no reply is waited for.
        let replied = self.masters.iter().copied().filter(|master| !masters.contains(master)).collect();
        let phase = Phase::Releasing { replied, end };
        let me = ClientState { phase, since: me.valid, extended: 0, asked: 0, ..me };
        if self.is_all(replied) {
            return self.released(me, end, out);
        }
        let script = Script::CompareAndDelete { key: LOCK, value: self.token(&me) };
        self.tell(masters, &me, Command::Eval(script), out);
        me
    }

    fn released(&self, me: ClientState, end: End, out: &mut Output) -> ClientState {
        out.cancel_timer(Timer::NoReply);
        let phase = match end {
            End::Done => Phase::Done,
            End::GaveUp => Phase::GaveUp,
            End::TooLate => Phase::Failed,
        };
        self.round_over(me, phase, out)
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

    fn is_all(&self, replied: Ids) -> bool {
        replied.len() == self.masters.len()
    }

    fn tell_all(&self, me: &ClientState, command: Command, out: &mut Output) {
        self.tell(&self.masters, me, command, out);
    }

    fn tell(&self, masters: &[Id], me: &ClientState, command: Command, out: &mut Output) {
        for master in masters {
            out.send(*master, Msg::Request(Request { call: call(me), command }));
        }
        if self.sizes.impatient {
            out.set_timer(Timer::NoReply, ticks(me.valid));
        }
    }

    /// The value of the key, by which it is known whose it is.
    fn token(&self, me: &ClientState) -> Value {
        if !self.breaks(Deviation::ConstantToken) {
            Value::Token { client: self.id, round: me.round }
        } else {
            Value::Number(1)
        }
    }
}

/// The servers that have done what was asked, and those that have not, with what one more says.
fn sorted(granted: Ids, refused: Ids, src: Id, reply: Reply) -> Option<(Ids, Ids)> {
    match reply {
        Reply::Ok | Reply::Number(1) => Some((granted.with(src), refused)),
        Reply::Nil | Reply::Number(_) => Some((granted, refused.with(src))),
        Reply::Value(_) | Reply::PartlyFailed | Reply::NoReplicas => None,
    }
}

/// What is asked is told from what is extended, and that from what is released, by the attempt.
fn call(me: &ClientState) -> Call {
    let attempt = match me.phase {
        Phase::Releasing { .. } => 0,
        Phase::Extending { .. } => 2 + me.extended,
        Phase::Idle
        | Phase::Asking { .. }
        | Phase::Holding
        | Phase::Sending
        | Phase::Writing
        | Phase::Done
        | Phase::GaveUp
        | Phase::Failed => 1,
    };
    Call { round: me.round, attempt, connection: 0 }
}
