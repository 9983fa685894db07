//! Stateright's `linearizable-register` example: the register of Attiya, Bar-Noy and Dolev.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::register::RegisterMsg;
use stateright::actor::{majority, model_peers};

use super::register::Registers;

type Seq = (u64, Id);

/// A replica, which also coordinates the requests of clients.
#[derive(Clone)]
pub struct Abd {
    peers: Vec<Id>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    Query(u64),
    AckQuery(u64, Seq, char),
    Record(u64, Seq, char),
    AckRecord(u64),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct State {
    seq: Seq,
    val: char,
    phase: Option<Phase>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
enum Phase {
    Asking { request: u64, requester: Id, write: Option<char>, responses: BTreeMap<Id, (Seq, char)> },
    Telling { request: u64, requester: Id, read: Option<char>, acks: BTreeSet<Id> },
}

impl Abd {
    /// Some servers and their clients.
    pub fn registers(client_count: usize, server_count: usize) -> Registers<Self> {
        let server = |ix| Self { peers: model_peers(ix, server_count) };
        Registers { servers: (0..server_count).map(server).collect(), client_count }
    }

    fn quorum(&self) -> usize {
        majority(self.peers.len() + 1)
    }

    fn ask(&self, id: Id, state: &mut State, (request, requester): (u64, Id), write: Option<char>, o: &mut Out<Self>) {
        o.broadcast(&self.peers, &RegisterMsg::Internal(Msg::Query(request)));
        let responses = [(id, (state.seq, state.val))].into();
        state.phase = Some(Phase::Asking { request, requester, write, responses });
    }

    fn count_response(&self, id: Id, state: &mut State, src: Id, response: (Seq, char), o: &mut Out<Self>) {
        let Some(Phase::Asking { request, requester, write, responses }) = &mut state.phase else { return };
        responses.insert(src, response);
        if responses.len() < self.quorum() {
            return;
        }
        let (request, requester, write) = (*request, *requester, *write);
        let (latest, last_value) = *responses.values().max_by_key(|(seq, _)| *seq).expect("a quorum is not empty");
        let (seq, val, read) = match write {
            Some(val) => ((latest.0 + 1, id), val, None),
            None => (latest, last_value, Some(last_value)),
        };
        o.broadcast(&self.peers, &RegisterMsg::Internal(Msg::Record(request, seq, val)));
        state.keep(seq, val);
        state.phase = Some(Phase::Telling { request, requester, read, acks: [id].into() });
    }

    fn count_ack(&self, state: &mut State, src: Id, o: &mut Out<Self>) {
        let Some(Phase::Telling { request, requester, read, acks }) = &mut state.phase else { return };
        acks.insert(src);
        if acks.len() == self.quorum() {
            o.send(*requester, read.map_or(RegisterMsg::PutOk(*request), |val| RegisterMsg::GetOk(*request, val)));
            state.phase = None;
        }
    }
}

impl State {
    fn keep(&mut self, seq: Seq, val: char) {
        if seq > self.seq {
            (self.seq, self.val) = (seq, val);
        }
    }

    fn asks(&self, expected: u64) -> bool {
        matches!(self.phase, Some(Phase::Asking { request, .. }) if request == expected)
    }

    fn misses_ack(&self, expected: u64, src: Id) -> bool {
        matches!(&self.phase, Some(Phase::Telling { request, acks, .. }) if *request == expected && !acks.contains(&src))
    }
}

impl Actor for Abd {
    type Msg = RegisterMsg<u64, char, Msg>;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, id: Id, _: &Option<()>, _: &mut Out<Self>) -> State {
        State { seq: (0, id), val: char::default(), phase: None }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, src: Id, msg: Self::Msg, o: &mut Out<Self>) {
        match msg {
            RegisterMsg::Put(request, val) if state.phase.is_none() => {
                self.ask(id, state.to_mut(), (request, src), Some(val), o);
            }
            RegisterMsg::Get(request) if state.phase.is_none() => {
                self.ask(id, state.to_mut(), (request, src), None, o);
            }
            RegisterMsg::Internal(Msg::Query(request)) => {
                o.send(src, RegisterMsg::Internal(Msg::AckQuery(request, state.seq, state.val)));
            }
            RegisterMsg::Internal(Msg::AckQuery(request, seq, val)) if state.asks(request) => {
                self.count_response(id, state.to_mut(), src, (seq, val), o);
            }
            RegisterMsg::Internal(Msg::Record(request, seq, val)) => {
                o.send(src, RegisterMsg::Internal(Msg::AckRecord(request)));
                if seq > state.seq {
                    state.to_mut().keep(seq, val);
                }
            }
            RegisterMsg::Internal(Msg::AckRecord(request)) if state.misses_ack(request, src) => {
                self.count_ack(state.to_mut(), src, o);
            }
            _ => {}
        }
    }
}
