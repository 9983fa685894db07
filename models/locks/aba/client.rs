//! A client: it reads the head, prepares what the head is to be, and swings it if it is what was read.

use std::collections::BTreeSet;

use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{Cell, Head, Member, Msg, Timer};

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Operation {
    /// Takes the cell on top.
    Pop,
    /// Puts this cell on top.
    Push(Cell),
}

/// What a client is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// Chooses what to do next, or is done.
    Idle,
    /// Waits for the head.
    Reading(Operation),
    /// Has read this head. A pop waits for what is below it, a push for its cell to be linked to it.
    Preparing(Operation, Head),
    /// Waits to hear whether the head was swung.
    Swinging(Operation, Head),
}

/// A client.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// What it is at.
    pub phase: Phase,
    /// The cells that it has.
    pub has: BTreeSet<Cell>,
    /// How many operations are left.
    pub left: usize,
    /// Whether its last swing was refused.
    pub refused: bool,
}

impl ClientState {
    /// The head that it goes by.
    pub(super) fn read(&self) -> Option<Head> {
        match self.phase {
            Phase::Preparing(_, head) | Phase::Swinging(_, head) => Some(head),
            Phase::Idle | Phase::Reading(_) => None,
        }
    }
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) memory: Id,
    /// The cells that it has at first.
    pub(super) own: BTreeSet<Cell>,
    pub(super) operations: usize,
}

type Output = Out<Member>;

impl Client {
    pub(super) fn on_start(&self, out: &mut Output) -> ClientState {
        let (phase, has, left) = (Phase::Idle, self.own.clone(), self.operations);
        Self::choose(ClientState { phase, has, left, refused: false }, out)
    }

    /// Whichever timer fires first is what the client does next.
    fn choose(me: ClientState, out: &mut Output) -> ClientState {
        if me.left > 0 {
            Self::choices(&me).for_each(|timer| out.set_timer(timer, model_timeout()));
        }
        me
    }

    fn choices(me: &ClientState) -> impl Iterator<Item = Timer> {
        me.has.iter().map(|cell| Timer::Push(*cell)).chain([Timer::Pop])
    }

    pub(super) fn on_timeout(&self, me: &ClientState, timer: Timer, out: &mut Output) -> ClientState {
        Self::choices(me).filter(|other| *other != timer).for_each(|other| out.cancel_timer(other));
        let mut me = me.clone();
        let operation = match timer {
            Timer::Pop => Operation::Pop,
            Timer::Push(cell) => {
                me.has.remove(&cell);
                Operation::Push(cell)
            }
        };
        self.read(me, operation, out)
    }

    pub(super) fn on_msg(&self, me: &ClientState, msg: &Msg, out: &mut Output) -> Option<ClientState> {
        match (me.phase, msg) {
            (Phase::Reading(operation), Msg::Head(head)) => Some(self.was_read(me.clone(), operation, *head, out)),
            (Phase::Preparing(Operation::Pop, head), Msg::Next(next)) => {
                Some(self.swing(me.clone(), Operation::Pop, head, *next, out))
            }
            (Phase::Preparing(Operation::Push(cell), head), Msg::Linked) => {
                Some(self.swing(me.clone(), Operation::Push(cell), head, Some(cell), out))
            }
            (Phase::Swinging(operation, head), Msg::Swung(true)) => Some(Self::swung(me.clone(), operation, head, out)),
            (Phase::Swinging(operation, _), Msg::Swung(false)) => {
                Some(self.read(ClientState { refused: true, ..me.clone() }, operation, out))
            }
            _ => None,
        }
    }

    fn read(&self, me: ClientState, operation: Operation, out: &mut Output) -> ClientState {
        out.send(self.memory, Msg::ReadHead);
        ClientState { phase: Phase::Reading(operation), ..me }
    }

    /// A pop needs to know what will be on top, a push lays its cell on what is. Nothing is on an empty stack to pop.
    fn was_read(&self, me: ClientState, operation: Operation, head: Head, out: &mut Output) -> ClientState {
        match (operation, head.cell) {
            (Operation::Pop, None) => return Self::done(me, out),
            (Operation::Pop, Some(cell)) => out.send(self.memory, Msg::ReadNext(cell)),
            (Operation::Push(cell), next) => out.send(self.memory, Msg::Link { cell, next }),
        }
        ClientState { phase: Phase::Preparing(operation, head), ..me }
    }

    fn swing(
        &self,
        me: ClientState,
        operation: Operation,
        from: Head,
        to: Option<Cell>,
        out: &mut Output,
    ) -> ClientState {
        out.send(self.memory, Msg::Swing { from, to });
        ClientState { phase: Phase::Swinging(operation, from), ..me }
    }

    /// The head was swung: what was on top is the client's.
    fn swung(mut me: ClientState, operation: Operation, head: Head, out: &mut Output) -> ClientState {
        if operation == Operation::Pop {
            me.has.extend(head.cell);
        }
        Self::done(me, out)
    }

    fn done(me: ClientState, out: &mut Output) -> ClientState {
        Self::choose(ClientState { phase: Phase::Idle, left: me.left - 1, refused: false, ..me }, out)
    }
}
