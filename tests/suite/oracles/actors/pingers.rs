//! Timers that send, that re-arm themselves, that cancel and set one another.

use std::borrow::Cow;

use quorate::model::{Claim, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

/// Nodes that ping their neighbour a bounded number of times.
pub struct Pingers {
    /// How many nodes.
    pub count: usize,
    /// How often each may ping.
    pub pings: u8,
}

#[derive(Clone)]
pub struct Pinger {
    next: Id,
    pings: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    Ping,
    Pong,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// Sends a ping; set while some are left.
    Ping,
    /// Set by a pong, cancels `Ping`, and sets it again by firing.
    Rest,
    /// Does nothing but set itself.
    Idle,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct State {
    sent: u8,
    answered: u8,
}

impl Actor for Pinger {
    type Msg = Msg;
    type State = State;
    type Timer = Timer;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        o.set_timer(Timer::Ping, model_timeout());
        o.set_timer(Timer::Idle, model_timeout());
        State { sent: 0, answered: 0 }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Ping => o.send(src, Msg::Pong),
            Msg::Pong if state.answered < state.sent => {
                state.to_mut().answered += 1;
                o.cancel_timer(Timer::Ping);
                o.set_timer(Timer::Rest, model_timeout());
            }
            Msg::Pong => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match timer {
            Timer::Ping if state.sent < self.pings => {
                state.to_mut().sent += 1;
                o.send(self.next, Msg::Ping);
                o.set_timer(Timer::Ping, model_timeout());
            }
            Timer::Ping => {}
            Timer::Rest => o.set_timer(Timer::Ping, model_timeout()),
            Timer::Idle => o.set_timer(Timer::Idle, model_timeout()),
        }
    }
}

impl Protocol for Pingers {
    crate::plain_protocol!("pingers");
    type Actor = Pinger;
    type History = ();

    fn roster(&self) -> Roster<Pinger> {
        let pinger = |ix| Pinger { next: Id::from((ix + 1) % self.count), pings: self.pings };
        Roster::new().role("pinger", (0..self.count).map(pinger))
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::sometimes("all-answered", "every node has an answer for each of its pings").by_nodes(
                |_: &Self, node| node.state.map(|state| (state.sent, state.answered)),
                |protocol, read| {
                    let done = read.iter().all(|pair| *pair == Some((protocol.pings, protocol.pings)));
                    done.then(|| Evidence::new("all answered"))
                },
            ),
            Claim::always("no-more-answers", "no node has more answers than it sent pings").by_nodes(
                |_: &Self, node| node.state.is_some_and(|state| state.answered > state.sent),
                |_, read| read.contains(&true).then(|| Evidence::new("more answers than pings")),
            ),
            Claim::always("few-in-flight", "fewer than three messages are in flight").by_world(|_: &Self, world| {
                (world.in_flight.len() >= 3).then(|| Evidence::new(format!("{} in flight", world.in_flight.len())))
            }),
        ]
    }
}
