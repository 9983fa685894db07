//! Stateright's `paxos` example: a register whose first value is chosen by single-decree Paxos.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::register::RegisterMsg;
use stateright::actor::{majority, model_peers};

use super::register::Registers;

type Ballot = (u32, Id);
/// Request, requester, value.
type Proposal = (u64, Id, char);
type Accepted = Option<(Ballot, Proposal)>;

/// Proposer, acceptor and learner in one.
#[derive(Clone)]
pub struct Paxos {
    peers: Vec<Id>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    Prepare(Ballot),
    Prepared(Ballot, Accepted),
    Accept(Ballot, Proposal),
    Accepted(Ballot),
    Decided(Ballot, Proposal),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct State {
    ballot: Ballot,
    proposal: Option<Proposal>,
    prepares: BTreeMap<Id, Accepted>,
    accepts: BTreeSet<Id>,
    accepted: Accepted,
    is_decided: bool,
}

impl Paxos {
    /// Some servers and their clients.
    pub fn registers(client_count: usize, server_count: usize) -> Registers<Self> {
        let server = |ix| Self { peers: model_peers(ix, server_count) };
        Registers { servers: (0..server_count).map(server).collect(), client_count }
    }

    fn quorum(&self) -> usize {
        majority(self.peers.len() + 1)
    }

    fn tell(&self, msg: Msg, o: &mut Out<Self>) {
        o.broadcast(&self.peers, &RegisterMsg::Internal(msg));
    }

    fn propose(&self, id: Id, state: &mut State, proposal: Proposal, o: &mut Out<Self>) {
        state.proposal = Some(proposal);
        state.ballot = (state.ballot.0 + 1, id);
        state.prepares = [(id, state.accepted)].into();
        state.accepts = BTreeSet::new();
        self.tell(Msg::Prepare(state.ballot), o);
    }

    fn count_promise(&self, id: Id, state: &mut State, src: Id, accepted: Accepted, o: &mut Out<Self>) {
        state.prepares.insert(src, accepted);
        if state.prepares.len() == self.quorum() {
            let latest = state.prepares.values().max().copied().flatten();
            let proposal = latest.map(|(_, proposal)| proposal).or(state.proposal).expect("it proposed");
            state.proposal = Some(proposal);
            state.accepted = Some((state.ballot, proposal));
            state.accepts.insert(id);
            self.tell(Msg::Accept(state.ballot, proposal), o);
        }
    }

    fn count_accept(&self, state: &mut State, src: Id, o: &mut Out<Self>) {
        state.accepts.insert(src);
        if state.accepts.len() == self.quorum() {
            state.is_decided = true;
            let proposal = state.proposal.expect("it proposed");
            self.tell(Msg::Decided(state.ballot, proposal), o);
            o.send(proposal.1, RegisterMsg::PutOk(proposal.0));
        }
    }
}

impl Actor for Paxos {
    type Msg = RegisterMsg<u64, char, Msg>;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> State {
        State {
            ballot: (0, Id::from(0)),
            proposal: None,
            prepares: BTreeMap::new(),
            accepts: BTreeSet::new(),
            accepted: None,
            is_decided: false,
        }
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, State>, src: Id, msg: Self::Msg, o: &mut Out<Self>) {
        if state.is_decided {
            if let RegisterMsg::Get(request) = msg {
                let (_, (_, _, value)) = state.accepted.expect("what is decided is accepted");
                o.send(src, RegisterMsg::GetOk(request, value));
            }
            return;
        }
        match msg {
            RegisterMsg::Put(request, value) if state.proposal.is_none() => {
                self.propose(id, state.to_mut(), (request, src, value), o);
            }
            RegisterMsg::Internal(Msg::Prepare(ballot)) if state.ballot < ballot => {
                state.to_mut().ballot = ballot;
                o.send(src, RegisterMsg::Internal(Msg::Prepared(ballot, state.accepted)));
            }
            RegisterMsg::Internal(Msg::Prepared(ballot, accepted)) if ballot == state.ballot => {
                self.count_promise(id, state.to_mut(), src, accepted, o);
            }
            RegisterMsg::Internal(Msg::Accept(ballot, proposal)) if state.ballot <= ballot => {
                let state = state.to_mut();
                state.ballot = ballot;
                state.accepted = Some((ballot, proposal));
                o.send(src, RegisterMsg::Internal(Msg::Accepted(ballot)));
            }
            RegisterMsg::Internal(Msg::Accepted(ballot)) if ballot == state.ballot => {
                self.count_accept(state.to_mut(), src, o);
            }
            RegisterMsg::Internal(Msg::Decided(ballot, proposal)) => {
                let state = state.to_mut();
                state.ballot = ballot;
                state.accepted = Some((ballot, proposal));
                state.is_decided = true;
            }
            _ => {}
        }
    }
}
