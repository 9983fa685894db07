//! An order that a FIFO network keeps and others do not.

use std::borrow::Cow;

use quorate::model::{Claim, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

/// A leader that sends numbered entries, and followers that append whatever comes.
pub struct Leader {
    /// How many followers.
    pub followers: usize,
    /// How many entries.
    pub entries: u8,
}

#[derive(Clone)]
pub enum Member {
    Leader { followers: usize, entries: u8 },
    Follower,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    Entry(u8),
    Ack(u8),
    /// The leader is done: nobody reacts to it.
    Done,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum State {
    Leader { sent: u8, acked: Vec<u8> },
    Follower { log: Vec<u8> },
}

impl Actor for Member {
    type Msg = Msg;
    type State = State;
    type Timer = ();
    type Random = ();
    type Storage = Vec<u8>;

    fn on_start(&self, _: Id, storage: &Option<Vec<u8>>, o: &mut Out<Self>) -> State {
        match self {
            Self::Leader { followers, .. } => {
                o.set_timer((), model_timeout());
                State::Leader { sent: 0, acked: vec![0; *followers] }
            }
            Self::Follower => State::Follower { log: storage.clone().unwrap_or_default() },
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (&**state, msg) {
            (State::Follower { log }, Msg::Entry(n)) if log.len() < 3 => {
                let mut log = log.clone();
                log.push(n);
                o.save(log.clone());
                o.send(src, Msg::Ack(n));
                *state = Cow::Owned(State::Follower { log });
            }
            (State::Leader { acked, .. }, Msg::Ack(n)) if acked[usize::from(src) - 1] < n => {
                if let State::Leader { acked, .. } = state.to_mut() {
                    acked[usize::from(src) - 1] = n;
                }
            }
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, (): &(), o: &mut Out<Self>) {
        let (Self::Leader { followers, entries }, State::Leader { sent, .. }) = (self, state.to_mut()) else { return };
        *sent += 1;
        let last = *sent == *entries;
        for follower in 1..=*followers {
            o.send(follower.into(), Msg::Entry(*sent));
            if last {
                o.send(follower.into(), Msg::Done);
            }
        }
        if !last {
            o.set_timer((), model_timeout());
        }
    }
}

impl Protocol for Leader {
    crate::plain_protocol!("leader");
    type Actor = Member;
    type History = ();

    fn roster(&self) -> Roster<Member> {
        Roster::new()
            .role("leader", [Member::Leader { followers: self.followers, entries: self.entries }])
            .role("follower", (0..self.followers).map(|_| Member::Follower))
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("in-order", "every log ascends").by_nodes(
                |_: &Self, node| match node.state {
                    Some(State::Follower { log }) => log.is_sorted(),
                    Some(State::Leader { .. }) | None => true,
                },
                |_, read| read.contains(&false).then(|| Evidence::new("a log does not ascend")),
            ),
            Claim::sometimes("all-acked", "the leader has every acknowledgement").by_nodes(
                |protocol: &Self, node| match node.state {
                    Some(State::Leader { acked, .. }) => acked.iter().all(|n| *n == protocol.entries),
                    Some(State::Follower { .. }) | None => false,
                },
                |_, read| read[0].then(|| Evidence::new("all acknowledged")),
            ),
            Claim::no_deadlock("ends-acked", "the leader ends with every acknowledgement").by_nodes(
                |protocol: &Self, node| match node.state {
                    Some(State::Leader { acked, .. }) => acked.iter().all(|n| *n == protocol.entries),
                    Some(State::Follower { .. }) | None => true,
                },
                |_, read| (!read[0]).then(|| Evidence::new("an acknowledgement is missing")),
            ),
        ]
    }
}
