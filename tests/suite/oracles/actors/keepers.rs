//! Storage, crashes and restarts: what is saved stays, the rest goes.

use std::borrow::Cow;

use quorate::model::{Claim, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

/// Keepers of a number, and one client that tells them to add one, several times.
pub struct Keepers {
    /// How many keepers.
    pub count: usize,
    /// How often the client tells each of them.
    pub orders: u8,
    /// Whether a keeper saves before it answers.
    pub saves: bool,
}

#[derive(Clone)]
pub enum Member {
    Client { keepers: usize, orders: u8 },
    Keeper { saves: bool },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    Add,
    Sum(u8),
    /// A keeper is back.
    Hello,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum State {
    Client { told: u8, best: u8, hellos: u8 },
    Keeper { sum: u8 },
}

impl Actor for Member {
    type Msg = Msg;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = u8;

    fn on_start(&self, _: Id, storage: &Option<u8>, o: &mut Out<Self>) -> State {
        match self {
            Self::Client { .. } => {
                o.set_timer((), model_timeout());
                State::Client { told: 0, best: 0, hellos: 0 }
            }
            Self::Keeper { .. } => {
                if storage.is_some() {
                    o.send(0.into(), Msg::Hello);
                }
                State::Keeper { sum: storage.unwrap_or(0) }
            }
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut(), msg) {
            (Self::Keeper { saves }, State::Keeper { sum }, Msg::Add) if *sum < 3 => {
                *sum += 1;
                if *saves {
                    o.save(*sum);
                }
                o.send(src, Msg::Sum(*sum));
            }
            (Self::Client { .. }, State::Client { best, .. }, Msg::Sum(sum)) => *best = sum.max(*best),
            (Self::Client { .. }, State::Client { hellos, .. }, Msg::Hello) if *hellos < 2 => *hellos += 1,
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, (): &(), o: &mut Out<Self>) {
        if let (Self::Client { keepers, orders }, State::Client { told, .. }) = (self, state.to_mut())
            && *told < *orders
        {
            *told += 1;
            for ix in 1..=*keepers {
                o.send(ix.into(), Msg::Add);
            }
            o.set_timer((), model_timeout());
        }
    }
}

impl Protocol for Keepers {
    crate::plain_protocol!("keepers");
    type Actor = Member;
    type History = ();

    fn roster(&self) -> Roster<Member> {
        Roster::new()
            .role("client", [Member::Client { keepers: self.count, orders: self.orders }])
            .role("keeper", (0..self.count).map(|_| Member::Keeper { saves: self.saves }))
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("nothing-forgotten", "no keeper has less than the client heard of").by_nodes(
                |_: &Self, node| match node.state {
                    Some(State::Client { best, .. }) => (*best, 0),
                    Some(State::Keeper { sum }) => (0, *sum),
                    None => (0, node.storage.copied().unwrap_or(0)),
                },
                |_, read| {
                    let most = read.iter().map(|(_, sum)| *sum).max().unwrap_or(0);
                    (most < read[0].0).then(|| Evidence::new(format!("Id(0) heard of {}", read[0].0)))
                },
            ),
            Claim::sometimes("hello-twice", "the client has heard twice of a keeper that is back").by_nodes(
                |_: &Self, node| matches!(node.state, Some(State::Client { hellos: 2, .. })),
                |_, read| read[0].then(|| Evidence::new("twice back")),
            ),
            Claim::no_deadlock("all-told", "the client ends by having told everyone").by_nodes(
                |protocol: &Self, node| match node.state {
                    Some(State::Client { told, .. }) => *told < protocol.orders,
                    Some(State::Keeper { .. }) => false,
                    None => true,
                },
                |_, read| read[0].then(|| Evidence::new("the client has not told everyone")),
            ),
        ]
    }
}
