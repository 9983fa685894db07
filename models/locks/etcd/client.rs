//! A client: the recipe, rule by rule.

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{Deviation, Member, Msg, Protected, Sizes, Storage, Timer};
use crate::locks::answers::Want;
use crate::locks::claims::Stance;
use crate::locks::fencing::{Write, Written};
use crate::stores::etcd::{Answer, Ask, Call, Compare, Entry, Key, Lease, Operation, Range, Reply, Request};
use crate::stores::ticks;

/// What a holder writes, where the lock protects a key in etcd.
pub(super) const WRITE: Operation = Operation::Put { key: Key::Plain("data"), lease: None };

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// Wants nothing yet.
    Idle,
    /// Waits for a lease.
    Leasing,
    /// Waits for the transaction that puts its key.
    Acquiring,
    /// Waits to hear which key is before its own.
    Looking,
    /// Waits for this key to be deleted.
    Watching(Key),
    /// Waits for its own key to be deleted, to put it anew; only where it loses patience.
    Leaving,
    /// Found none before its own, and waits to hear that its own is there.
    Confirming,
    /// Believes that it has the lock.
    Holding,
    /// Believes that it has the lock, and waits for the acknowledgement of its write.
    Writing,
    /// Waits for its key to be deleted; the write was taken, or refused.
    Releasing {
        /// Whether the write was taken.
        accepted: bool,
    },
    /// Has had the lock in its last round and has released it.
    Done,
    /// Has released the lock in its last round, after its write had been refused.
    Refused,
    /// Crashed in its last round, or lost its lease.
    Failed,
}

/// A client. All of it is volatile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// What it is at.
    pub phase: Phase,
    /// The round that it is in, or has ended if it is idle; from 1, 0 before the first. It stays 1 where rounds have no
    /// end.
    pub round: u8,
    /// The lease that it has, or had last; from 1, 0 before the first.
    pub lease: u8,
    /// Whether it has it still, as far as it knows.
    pub leased: bool,
    /// The revision that created its key.
    ///
    /// Invariant: 0 unless it has heard that its key was put, and the round is not over.
    pub revision: u32,
    /// How often it has asked again because nothing came.
    pub again: u8,
}

impl ClientState {
    /// What it has to do with the lock.
    pub fn stance(&self) -> Stance {
        match self.phase {
            Phase::Idle | Phase::Failed => Stance::Away,
            Phase::Leasing | Phase::Acquiring | Phase::Looking | Phase::Leaving | Phase::Confirming => Stance::Waits,
            Phase::Releasing { .. } => Stance::Waits,
            Phase::Watching(_) => Stance::Pauses,
            Phase::Holding | Phase::Writing => Stance::Believes,
            Phase::Done => Stance::Done,
            Phase::Refused => Stance::Refused,
        }
    }

    /// Whether it waits for a key of its own.
    pub fn blocks_itself(&self, id: Id) -> bool {
        matches!(self.phase, Phase::Watching(Key::Prefixed(lease)) if lease == Lease { client: id, number: self.lease })
    }

    /// What its open call is for.
    pub fn wants(&self) -> Option<Want> {
        match self.phase {
            Phase::Leasing
            | Phase::Acquiring
            | Phase::Looking
            | Phase::Watching(_)
            | Phase::Leaving
            | Phase::Confirming => Some(Want::Lock),
            Phase::Releasing { .. } => Some(Want::Release),
            Phase::Idle | Phase::Holding | Phase::Writing | Phase::Done | Phase::Refused | Phase::Failed => None,
        }
    }

    /// The lease on which it relies: it believes that it has the lock, or waits to hear that it has.
    pub fn relies_on(&self) -> Option<u8> {
        let relies = matches!(self.phase, Phase::Acquiring | Phase::Confirming | Phase::Holding | Phase::Writing);
        relies.then_some(self.lease)
    }
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) id: Id,
    pub(super) cluster: Id,
    pub(super) resource: Id,
    pub(super) sizes: Sizes,
    pub(super) deviations: Deviations<Deviation>,
}

type Output = Out<Member>;

/// Receiving.
impl Client {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// A process starts. One that crashed does not know what it was at, and leaves its key to the end of its lease.
    pub(super) fn on_start(&self, round: u8, lease: u8, out: &mut Output) -> ClientState {
        let me = ClientState { phase: Phase::Failed, round, lease, leased: false, revision: 0, again: 0 };
        self.round_over(me, Phase::Failed, out)
    }

    pub(super) fn on_answer(&self, me: ClientState, answer: &Answer, out: &mut Output) -> Option<ClientState> {
        if answer.keep_alive {
            return self.kept_alive(me, answer, out);
        }
        if answer.call != self.call(&me) {
            return None;
        }
        let heard = |out: &mut Output| out.cancel_timer(Timer::NoReply);
        match (me.phase, &answer.reply) {
            (_, Reply::LeaseNotFound) => Some(self.lease_lost(me, out)),
            (Phase::Leasing, Reply::Lease) => {
                heard(out);
                Some(self.leased(me, out))
            }
            (Phase::Acquiring, Reply::Txn { revision, succeeded, found }) => {
                heard(out);
                let mine = if *succeeded { Some(*revision) } else { created(found.get(1)) };
                Some(self.put(me, mine?, created(found.first()), out))
            }
            (Phase::Looking, Reply::Txn { revision, found, .. }) => {
                heard(out);
                Some(self.looked(me, *revision, found.first().copied().flatten(), out))
            }
            (Phase::Leaving, Reply::Txn { .. }) => {
                heard(out);
                Some(self.ask(me, Phase::Acquiring, out))
            }
            (Phase::Watching(_), Reply::Deleted) => {
                heard(out);
                out.cancel_timer(Timer::Impatient);
                Some(self.woken(me, out))
            }
            (Phase::Confirming, Reply::Txn { found, .. }) => {
                heard(out);
                Some(self.confirmed(me, created(found.first()), out))
            }
            (Phase::Writing, Reply::Txn { succeeded, .. }) => {
                heard(out);
                Some(self.release(me, *succeeded, out))
            }
            (Phase::Releasing { accepted }, Reply::Txn { .. }) => {
                heard(out);
                Some(self.round_over(me, if accepted { Phase::Done } else { Phase::Refused }, out))
            }
            _ => None,
        }
    }

    pub(super) fn on_written(&self, me: ClientState, written: Written, out: &mut Output) -> Option<ClientState> {
        let mine = me.phase == Phase::Writing && (written.round, written.again) == (me.round, me.again);
        mine.then(|| {
            out.cancel_timer(Timer::NoReply);
            self.release(me, written.accepted, out)
        })
    }

    pub(super) fn on_timeout(&self, me: ClientState, timer: Timer, out: &mut Output) -> Option<ClientState> {
        match timer {
            Timer::Start => Some(self.begin(me, out)),
            Timer::Work => Some(self.ask(me, Phase::Writing, out)),
            Timer::NoReply => Some(self.ask_again(me, out)),
            Timer::KeepAlive => {
                self.request(&me, Ask::KeepAlive, out);
                None
            }
            Timer::Impatient => Some(self.ask(me, Phase::Leaving, out)),
            Timer::LeaseOver(_) => None,
        }
    }
}

/// The rules.
impl Client {
    /// `NewSession`: the caller wants the lock, and needs a lease first unless it has one.
    fn begin(&self, me: ClientState, out: &mut Output) -> ClientState {
        let lease = if me.leased { me.lease } else { me.lease + 1 };
        let round = if self.sizes.rounds == 0 { 1 } else { me.round + 1 };
        let me = ClientState { round, lease, revision: 0, ..me };
        out.save(Storage::Client { round: me.round, lease });
        self.ask(me, if me.leased { Phase::Acquiring } else { Phase::Leasing }, out)
    }

    fn leased(&self, me: ClientState, out: &mut Output) -> ClientState {
        self.arm(out);
        self.ask(ClientState { leased: true, ..me }, Phase::Acquiring, out)
    }

    /// The lease lives for its time to live from when it was last kept alive.
    fn arm(&self, out: &mut Output) {
        if self.sizes.keep_alive > 0 {
            out.set_timer(Timer::KeepAlive, ticks(self.sizes.keep_alive as u8));
        }
    }

    /// `Mutex.tryAcquire`: the key is there. Who is first has the lock at once.
    fn put(&self, me: ClientState, mine: u32, first: Option<u32>, out: &mut Output) -> ClientState {
        let me = ClientState { revision: mine, ..me };
        if first == Some(mine) { Self::hold(me, out) } else { self.ask(me, Phase::Looking, out) }
    }

    /// `waitDeletes`: of the keys before its own, the last is watched, so that nobody is woken in vain.
    fn looked(&self, me: ClientState, revision: u32, before: Option<(Key, Entry)>, out: &mut Output) -> ClientState {
        match before {
            Some((key, _)) => self.watch(me, key, revision, out),
            None => self.confirm(me, out),
        }
    }

    /// `waitDelete`: from the revision at which the key was seen, so that no deletion is missed.
    fn watch(&self, me: ClientState, key: Key, revision: u32, out: &mut Output) -> ClientState {
        let from = (!self.breaks(Deviation::WatchFromNow)).then_some(revision);
        self.request(&me, Ask::Watch { key, from }, out);
        self.listen(out);
        if self.breaks(Deviation::LosePatience) {
            out.set_timer(Timer::Impatient, model_timeout());
        }
        ClientState { phase: Phase::Watching(key), ..me }
    }

    /// The watched key is gone: another may be there before its own, for the watched one may have died waiting.
    fn woken(&self, me: ClientState, out: &mut Output) -> ClientState {
        if self.breaks(Deviation::AssumeOnDelete) { self.confirm(me, out) } else { self.ask(me, Phase::Looking, out) }
    }

    /// `Mutex.Lock`, last part: there is none before its own key. Its own may have gone with the lease meanwhile.
    fn confirm(&self, me: ClientState, out: &mut Output) -> ClientState {
        if self.breaks(Deviation::NoRecheck) { Self::hold(me, out) } else { self.ask(me, Phase::Confirming, out) }
    }

    fn confirmed(&self, me: ClientState, created: Option<u32>, out: &mut Output) -> ClientState {
        if created == Some(me.revision) { Self::hold(me, out) } else { self.lease_lost(me, out) }
    }

    fn hold(me: ClientState, out: &mut Output) -> ClientState {
        out.set_timer(Timer::Work, model_timeout());
        ClientState { phase: Phase::Holding, ..me }
    }

    /// `Mutex.Unlock`: the write is acknowledged, and the key is deleted.
    fn release(&self, me: ClientState, accepted: bool, out: &mut Output) -> ClientState {
        self.ask(me, Phase::Releasing { accepted }, out)
    }

    /// The stream says whether the lease lives.
    fn kept_alive(&self, me: ClientState, answer: &Answer, out: &mut Output) -> Option<ClientState> {
        let mine = me.leased && answer.call.lease == self.lease(&me);
        match answer.reply {
            Reply::Lease if mine => {
                self.arm(out);
                None
            }
            Reply::LeaseNotFound if mine => Some(self.lease_lost(me, out)),
            _ => None,
        }
    }

    /// `Session.Done`: the lease is over, and the key with it. Who had the lock has it no more.
    fn lease_lost(&self, me: ClientState, out: &mut Output) -> ClientState {
        for timer in [Timer::NoReply, Timer::Work, Timer::KeepAlive, Timer::Impatient] {
            out.cancel_timer(timer);
        }
        let me = ClientState { leased: false, ..me };
        match me.phase {
            Phase::Idle | Phase::Done | Phase::Refused | Phase::Failed => me,
            Phase::Releasing { accepted } => {
                self.round_over(me, if accepted { Phase::Done } else { Phase::Refused }, out)
            }
            Phase::Leasing
            | Phase::Acquiring
            | Phase::Looking
            | Phase::Watching(_)
            | Phase::Leaving
            | Phase::Confirming
            | Phase::Holding
            | Phase::Writing => self.round_over(me, Phase::Failed, out),
        }
    }

    /// Nothing came: the library asks again. When it has done so often enough, it raises an error, and the key is left to
    /// the end of its lease.
    fn ask_again(&self, me: ClientState, out: &mut Output) -> ClientState {
        if usize::from(me.again) < self.sizes.resends {
            return self.ask(ClientState { again: me.again + 1, ..me }, me.phase, out);
        }
        self.lease_lost(me, out)
    }

    /// Ends a round.
    fn round_over(&self, me: ClientState, phase: Phase, out: &mut Output) -> ClientState {
        let me = ClientState { phase, revision: 0, ..me };
        if self.sizes.rounds > 0 && usize::from(me.round) == self.sizes.rounds {
            return me;
        }
        out.set_timer(Timer::Start, model_timeout());
        ClientState { phase: Phase::Idle, ..me }
    }
}

/// Sending.
impl Client {
    /// Asks what `phase` is about; asks it again, if it was in that phase already.
    fn ask(&self, me: ClientState, phase: Phase, out: &mut Output) -> ClientState {
        // A watch may have been lost: what is before the own key is looked up anew.
        let phase = if matches!(phase, Phase::Watching(_)) { Phase::Looking } else { phase };
        let me = ClientState { phase, ..me };
        match phase {
            Phase::Leasing => self.request(&me, Ask::Grant, out),
            Phase::Acquiring => self.request(&me, self.acquisition(&me), out),
            Phase::Looking => self.request(&me, lookup(Range::LastBefore(me.revision)), out),
            Phase::Confirming => self.request(&me, lookup(Range::Key(self.key(&me))), out),
            Phase::Writing => self.write(&me, out),
            Phase::Releasing { .. } | Phase::Leaving => self.request(&me, self.deletion(&me), out),
            Phase::Idle | Phase::Watching(_) | Phase::Holding | Phase::Done | Phase::Refused | Phase::Failed => {}
        }
        self.listen(out);
        me
    }

    /// Puts the key unless it is there, and asks which key is first and, if it is there, when it was created.
    fn acquisition(&self, me: &ClientState) -> Ask {
        let key = self.key(me);
        let lease = (!self.breaks(Deviation::NoLease)).then_some(self.lease(me));
        let compare = (!self.breaks(Deviation::BlindPut)).then_some(Compare { key, created: 0 });
        let (put, first, own) = (Operation::Put { key, lease }, Operation::Get(Range::First), Range::Key(key));
        Ask::Txn { compare, success: vec![put, first], failure: vec![first, Operation::Get(own)] }
    }

    /// Deletes the key that was put in this round, and no other of its name.
    fn deletion(&self, me: &ClientState) -> Ask {
        let key = self.key(me);
        let compare = (!self.breaks(Deviation::PlainDelete)).then_some(Compare { key, created: me.revision });
        Ask::Txn { compare, success: vec![Operation::Delete(key)], failure: Vec::new() }
    }

    /// Writes, and waits for the acknowledgement before it releases.
    fn write(&self, me: &ClientState, out: &mut Output) {
        match self.sizes.protects {
            Protected::Outside => {
                let counted = self.sizes.rounds > 0;
                let (round, again, grant) = (me.round, me.again, if counted { me.revision } else { 0 });
                let token = if self.breaks(Deviation::VersionAsToken) { VERSION_OF_NEW } else { grant };
                out.send(self.resource, Msg::Write(Write { round, again, token, grant }));
            }
            Protected::Inside => {
                let compare = Compare { key: self.key(me), created: me.revision };
                let txn = Ask::Txn { compare: Some(compare), success: vec![WRITE], failure: Vec::new() };
                self.request(me, txn, out);
            }
        }
    }

    fn request(&self, me: &ClientState, ask: Ask, out: &mut Output) {
        let call = if ask == Ask::KeepAlive { Call { round: 0, again: 0, ..self.call(me) } } else { self.call(me) };
        out.send(self.cluster, Msg::Request(Request { call, ask }));
    }

    /// Waits for something to come, and for no longer than the library waits.
    fn listen(&self, out: &mut Output) {
        if self.sizes.resends > 0 {
            out.set_timer(Timer::NoReply, model_timeout());
        }
    }

    fn lease(&self, me: &ClientState) -> Lease {
        Lease { client: self.id, number: me.lease }
    }

    fn call(&self, me: &ClientState) -> Call {
        Call { lease: self.lease(me), round: me.round, again: me.again }
    }

    /// The key is named after the lease: nobody else's, and not that of a former life.
    fn key(&self, me: &ClientState) -> Key {
        let number = if self.breaks(Deviation::KeyByClient) { 0 } else { me.lease };
        Key::Prefixed(Lease { client: self.id, number })
    }
}

/// The version of a key that was put once.
const VERSION_OF_NEW: u32 = 1;

fn lookup(range: Range) -> Ask {
    Ask::Txn { compare: None, success: vec![Operation::Get(range)], failure: Vec::new() }
}

fn created(found: Option<&Option<(Key, Entry)>>) -> Option<u32> {
    found.copied().flatten().map(|(_, entry)| entry.created)
}
