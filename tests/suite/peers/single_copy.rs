//! Stateright's `single-copy-register` example: every server has its own copy.

use std::borrow::Cow;

use quorate::{Actor, Id, Out};
use stateright::actor::register::RegisterMsg;

use super::register::Registers;

/// A server with a register of its own.
#[derive(Clone)]
pub struct SingleCopy;

impl SingleCopy {
    /// Some servers and their clients.
    pub fn registers(client_count: usize, server_count: usize) -> Registers<Self> {
        Registers { servers: vec![Self; server_count], client_count }
    }
}

impl Actor for SingleCopy {
    type Msg = RegisterMsg<u64, char, ()>;
    type State = char;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, _: &mut Out<Self>) -> char {
        char::default()
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, char>, src: Id, msg: Self::Msg, o: &mut Out<Self>) {
        match msg {
            RegisterMsg::Put(request, value) => {
                *state.to_mut() = value;
                o.send(src, RegisterMsg::PutOk(request));
            }
            RegisterMsg::Get(request) => o.send(src, RegisterMsg::GetOk(request, **state)),
            RegisterMsg::Internal(()) | RegisterMsg::PutOk(_) | RegisterMsg::GetOk(..) => {}
        }
    }
}
