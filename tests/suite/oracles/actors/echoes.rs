//! Messages to oneself, the same message twice in flight, deliveries that change nothing.

use std::borrow::Cow;

use quorate::model::{Claim, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;

/// A caller that shouts twice and an echo.
pub struct Echoes {
    /// How far a number is echoed.
    pub until: u8,
}

#[derive(Clone)]
pub struct Member {
    until: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    Shout(u8),
    /// Changes nothing before the first shout was heard.
    Hush,
    /// Always asks for a mutable state and never changes it.
    Idle,
    /// Answered to someone who does not exist.
    Stray,
}

impl Actor for Member {
    type Msg = Msg;
    type State = u8;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> u8 {
        if usize::from(id) == 0 {
            for msg in [Msg::Shout(0), Msg::Shout(0), Msg::Idle, Msg::Hush, Msg::Stray] {
                o.send(1.into(), msg);
            }
            o.send(id, Msg::Shout(1));
        }
        0
    }

    fn on_msg(&self, id: Id, state: &mut Cow<'_, u8>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Shout(n) if n < self.until && n >= **state => {
                *state.to_mut() = n + 1;
                o.send(src, Msg::Shout(n + 1));
                o.send(id, Msg::Idle);
            }
            Msg::Hush if **state > 0 => *state.to_mut() = 0,
            Msg::Idle => {
                let unchanged = **state;
                *state.to_mut() = unchanged;
            }
            Msg::Stray => o.send(9.into(), Msg::Idle),
            Msg::Shout(_) | Msg::Hush => {}
        }
    }
}

impl Protocol for Echoes {
    crate::plain_protocol!("echoes");
    type Actor = Member;
    type History = ();

    fn roster(&self) -> Roster<Member> {
        let member = Member { until: self.until };
        Roster::new().role("caller", [member.clone()]).role("echo", [member])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::sometimes("echoed", "a number was echoed as far as it goes").by_nodes(
                |_: &Self, node| node.state.copied(),
                |protocol, read| read.contains(&Some(protocol.until)).then(|| Evidence::new("echoed")),
            ),
            Claim::sometimes("hushed", "only one message is in flight, and both nodes have nothing").by_world(
                |_: &Self, world| {
                    let silent = world.nodes.iter().all(|node| node.state == Some(&0));
                    (silent && world.in_flight.len() == 1).then(|| Evidence::new("hushed"))
                },
            ),
            Claim::no_deadlock("nothing-waits", "no message waits for ever")
                .by_world(|_: &Self, world| (!world.in_flight.is_empty()).then(|| Evidence::new("a message waits"))),
        ]
    }
}
