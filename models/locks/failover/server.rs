//! A server: a primary that answers before it replicates, or a replica that may take over.

use std::collections::{BTreeMap, BTreeSet};

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{Deviation, Member, Msg, Timer};
use crate::stores::redis::{Answer, Call, RedisStore, Reply, Request};

/// What a server has.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ServerState {
    /// Whether it is a primary, as far as it knows.
    pub serves: bool,
    /// Its keys.
    pub store: RedisStore,
    /// How many writes are in them.
    pub offset: u32,
    /// How far its replicas are.
    pub acked: BTreeMap<Id, u32>,
    /// Up to where each client's connection has written.
    pub written: BTreeMap<Id, u32>,
    /// The replicas that it has heard of within the time that is allowed for lagging.
    ///
    /// Invariant: empty unless it is told to mind them.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub near: BTreeSet<Id>,
    /// Who waits for replicas: in which round, for how many, and up to where they must be.
    pub waiting: BTreeMap<Id, (u8, usize, u32)>,
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) is_primary: bool,
    pub(super) replicas: Vec<Id>,
    pub(super) clients: Vec<Id>,
    /// How many replicas must be near, or it executes nothing (`min-replicas-to-write`).
    pub(super) min_replicas: usize,
    pub(super) deviations: Deviations<Deviation>,
}

type Output = Out<Member>;

impl Server {
    pub(super) fn on_start(&self, out: &mut Output) -> ServerState {
        let minded: &[Id] = if self.is_primary && self.min_replicas > 0 { &self.replicas } else { &[] };
        minded.iter().for_each(|replica| out.set_timer(Timer::Lags(*replica), model_timeout()));
        ServerState {
            near: minded.iter().copied().collect(),
            serves: self.is_primary,
            store: RedisStore::default(),
            offset: 0,
            acked: self.replicas.iter().map(|replica| (*replica, 0)).collect(),
            written: BTreeMap::new(),
            waiting: BTreeMap::new(),
        }
    }

    pub(super) fn on_msg(&self, me: &ServerState, src: Id, msg: Msg, out: &mut Output) -> Option<ServerState> {
        match msg {
            Msg::Request(request) if me.serves && self.is_alone(me) && !self.breaks(Deviation::IgnoreLag) => {
                out.send(src, Msg::Answer(Answer { call: request.call, reply: Reply::NoReplicas }));
                None
            }
            Msg::Request(request) if me.serves => self.execute(me, src, request, out),
            Msg::Wait { call, replicas, same_connection } if me.serves => {
                Self::wait(me, src, call, replicas, same_connection, out)
            }
            Msg::Ack { offset } if me.acked.get(&src).is_some_and(|acked| *acked < offset) => {
                let mut after = me.clone();
                after.acked.insert(src, offset);
                if self.min_replicas > 0 {
                    after.near.insert(src);
                    out.set_timer(Timer::Lags(src), model_timeout());
                }
                Some(Self::tell_waiters(after, out))
            }
            Msg::Replicate { offset, store } if !me.serves && offset > me.offset => {
                out.send(src, Msg::Ack { offset });
                Some(ServerState { store, offset, ..me.clone() })
            }
            Msg::Poll => {
                out.send(src, Msg::Offset(me.offset));
                None
            }
            Msg::Promote => {
                out.broadcast(&self.clients, &Msg::Serving);
                Some(ServerState { serves: true, ..me.clone() })
            }
            _ => None,
        }
    }

    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// `min-replicas-to-write`: whether it has not heard of so many replicas for `min-replicas-max-lag`. One that took
    /// over has none yet, and is told to do without: else it would execute nothing.
    pub(super) fn is_alone(&self, me: &ServerState) -> bool {
        self.is_primary && me.near.len() < self.min_replicas
    }

    /// A command is executed and answered, and only then replicated.
    fn execute(&self, me: &ServerState, src: Id, request: Request, out: &mut Output) -> Option<ServerState> {
        let mut after = me.clone();
        let reply = after.store.apply(src, &request.command);
        out.send(src, Msg::Answer(Answer { call: request.call, reply }));
        if after.store == me.store {
            return None;
        }
        after.offset += 1;
        after.written.insert(src, after.offset);
        let (offset, store) = (after.offset, after.store.clone());
        out.broadcast(&self.replicas, &Msg::Replicate { offset, store });
        Some(after)
    }

    /// `WAIT`: answered when so many replicas have what this connection wrote last, or when the time is over. A connection
    /// that has written nothing is answered at once.
    fn wait(
        me: &ServerState,
        client: Id,
        call: Call,
        replicas: usize,
        same_connection: bool,
        out: &mut Output,
    ) -> Option<ServerState> {
        let target = if same_connection { me.written.get(&client).copied().unwrap_or_default() } else { 0 };
        let mut after = me.clone();
        after.waiting.insert(client, (call.round, replicas, target));
        out.set_timer(Timer::WaitOver { client, round: call.round }, model_timeout());
        Some(Self::tell_waiters(after, out))
    }

    /// Answers those for whom enough replicas are far enough.
    fn tell_waiters(mut me: ServerState, out: &mut Output) -> ServerState {
        for (client, (round, wanted, target)) in me.waiting.clone() {
            if me.count(target) >= wanted {
                out.cancel_timer(Timer::WaitOver { client, round });
                me = Self::waited(&me, client, out);
            }
        }
        me
    }

    /// The time of a `WAIT` is over.
    pub(super) fn on_timeout(&self, me: &ServerState, timer: Timer, out: &mut Output) -> Option<ServerState> {
        match timer {
            Timer::WaitOver { client, .. } if me.waiting.contains_key(&client) => Some(Self::waited(me, client, out)),
            Timer::Lags(replica) => {
                let mut after = me.clone();
                after.near.remove(&replica);
                Some(after)
            }
            Timer::WaitOver { .. } | Timer::Start | Timer::Work | Timer::Suspect => None,
        }
    }

    /// Says how many replicas are far enough.
    fn waited(me: &ServerState, client: Id, out: &mut Output) -> ServerState {
        let mut after = me.clone();
        if let Some((round, _, target)) = after.waiting.remove(&client) {
            let call = Call { round, attempt: 1, connection: 0 };
            out.send(client, Msg::Waited { call, replicas: me.count(target) });
        }
        after
    }
}

impl ServerState {
    /// How many replicas are so far at least.
    fn count(&self, offset: u32) -> usize {
        self.acked.values().filter(|acked| **acked >= offset).count()
    }
}
