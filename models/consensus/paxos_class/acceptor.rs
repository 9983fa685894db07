//! `class Acceptor`.

use serde::Serialize;

use super::{Exception, Method, Object};

/// `class Acceptor`.
#[derive(Clone, Copy, Debug)]
pub struct Acceptor;

/// Its attributes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct AcceptorState {
    /// `highest_promise_number`.
    pub highest_promise_number: i8,
    /// `highest_accepted_value`: of the highest promise, in truth.
    pub highest_accepted_value: Object,
}

impl Default for AcceptorState {
    /// `__init__`.
    fn default() -> Self {
        Self { highest_promise_number: -1, highest_accepted_value: Object::None }
    }
}

impl Acceptor {
    /// Runs a method.
    pub(super) fn call(self, me: &mut AcceptorState, method: Method) -> Result<Object, Exception> {
        match method {
            Method::Promise(number, value) => Ok(Object::Int(self.promise(me, number, value))),
            Method::Accept(number, value) => self.accept(me, number, value),
        }
    }

    /// `promise`.
    fn promise(self, me: &mut AcceptorState, propose_number: i8, propose_value: Object) -> i8 {
        if propose_number > me.highest_promise_number {
            me.highest_promise_number = propose_number;
            me.highest_accepted_value = propose_value;
        }
        me.highest_promise_number
    }

    /// `accept`.
    fn accept(self, me: &mut AcceptorState, accept_number: i8, accept_value: Object) -> Result<Object, Exception> {
        if me.highest_accepted_value.is_less_than_number(accept_number)? {
            me.highest_accepted_value = accept_value;
        }
        Ok(me.highest_accepted_value)
    }
}
