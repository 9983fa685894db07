//! A client: it asks, and asks again when no answer comes.

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::database::RequestId;
use super::member::{Member, Msg, Timer};
use super::{Deviation, Params};

/// A client, which has one request open at a time.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) servers: Vec<Id>,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

/// A client's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// The number of its open request, from 1; one more than it makes when all are answered.
    pub number: usize,
    /// How often it was sent.
    pub sent: usize,
}

impl Client {
    /// Goes on to the request with this number.
    pub(super) fn begin(&self, number: usize, o: &mut Out<Member>) -> ClientState {
        o.cancel_timer(Timer);
        self.balance(number, o);
        ClientState { number, sent: 0 }
    }

    /// The balancer takes any server, also for a request that comes again; none when all requests are answered.
    pub(super) fn balance(&self, number: usize, o: &mut Out<Member>) {
        let is_open = number <= self.params.requests;
        o.choose_random("server", if is_open { self.servers.clone() } else { Vec::new() });
    }

    /// Sends the open request. What is sent again bears the name that it had.
    pub(super) fn send(&self, me: ClientState, server: Id, o: &mut Out<Member>) -> ClientState {
        let attempt = if self.deviations.has(Deviation::NewName) { me.sent } else { 0 };
        let me = ClientState { sent: me.sent + 1, ..me };
        o.send(server, Msg::Request(RequestId { number: me.number, attempt }));
        if me.sent < self.params.tries && !self.deviations.has(Deviation::AskOnce) {
            o.set_timer(Timer, model_timeout());
        }
        me
    }
}
