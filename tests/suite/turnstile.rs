//! A protocol of one page, for tests that need one: a server lets one client in at a time.

use std::borrow::Cow;

use quorate::cluster::{Entry, entry};
use quorate::model::{Card, Claim, Deviations, Node, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;

/// The catalogue of the tests.
pub(crate) const CATALOGUE: &[&dyn Entry] = &[entry::<Turnstile>()];

quorate::params! {
    /// How many want in, and how.
    pub struct Params {
        /// Clients that want in.
        pub clients: usize = 2, in 1..=4;
        /// Whether a client leaves again.
        pub leave: bool = true;
        /// What becomes of those who must wait.
        pub queue: Queue = Queue::Forgotten;
    }
}

quorate::choice_param! {
    /// What becomes of those who must wait.
    pub enum Queue {
        /// They are forgotten.
        Forgotten = "forgotten",
        /// They are let in one after the other.
        Kept = "kept",
    }
}

quorate::deviations! {
    /// What the server may do wrongly.
    pub enum Deviation {
        /// The server lets a client in though another is.
        LetAllIn = "let-all-in" breaks "one-at-a-time";
        /// The server panics when a client leaves.
        Panic = "panic" breaks "handlers-behave";
        /// The server thanks a client that leaves.
        Thank = "thank" harmless;
    }
}

/// The protocol.
pub(crate) struct Turnstile {
    params: Params,
    deviations: Deviations<Deviation>,
}

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub(crate) enum Message {
    Enter,
    Welcome,
    Leave,
    Thanks,
}

/// A server or a client.
#[derive(Clone)]
pub(crate) enum Member {
    Server { queue: Queue, deviations: Deviations<Deviation> },
    Client { leave: bool },
}

/// What a member knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub(crate) enum State {
    Server { inside: Vec<Id>, waiting: Vec<Id> },
    Client { inside: bool },
}

fn server() -> Id {
    Id::from(0)
}

impl Actor for Member {
    type Msg = Message;
    type Timer = ();
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, out: &mut Out<Self>) -> State {
        match self {
            Self::Server { .. } => State::Server { inside: Vec::new(), waiting: Vec::new() },
            Self::Client { .. } => {
                out.send(server(), Message::Enter);
                State::Client { inside: false }
            }
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, message: Message, out: &mut Out<Self>) {
        match (self, state.to_mut(), message) {
            (Self::Server { queue, deviations }, State::Server { inside, waiting }, Message::Enter) => {
                if !inside.is_empty() && !deviations.has(Deviation::LetAllIn) {
                    if *queue == Queue::Kept {
                        waiting.push(src);
                    }
                    return;
                }
                inside.push(src);
                out.send(src, Message::Welcome);
            }
            (Self::Server { deviations, .. }, State::Server { inside, waiting }, Message::Leave) => {
                assert!(!deviations.has(Deviation::Panic), "nobody leaves");
                if deviations.has(Deviation::Thank) {
                    out.send(src, Message::Thanks);
                }
                inside.retain(|client| *client != src);
                if !waiting.is_empty() {
                    let next = waiting.remove(0);
                    inside.push(next);
                    out.send(next, Message::Welcome);
                }
            }
            (Self::Client { leave }, State::Client { inside }, Message::Welcome) => {
                *inside = true;
                if *leave {
                    out.set_timer((), std::time::Duration::ZERO..std::time::Duration::ZERO);
                }
            }
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, (): &(), out: &mut Out<Self>) {
        if let State::Client { inside } = state.to_mut() {
            *inside = false;
            out.send(server(), Message::Leave);
        }
    }
}

impl Protocol for Turnstile {
    const CARD: Card = Card {
        name: "turnstile",
        title: "A turnstile",
        source: "Made up for the tests.",
        modelled: "A server that lets one client in at a time.",
        left_out: "Tickets.",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if params.clients == 1 && params.queue == Queue::Kept {
            return Err("a queue needs two clients".to_owned());
        }
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let Self { params, deviations } = self;
        let client = Member::Client { leave: params.leave };
        Roster::new()
            .role("server", [Member::Server { queue: params.queue, deviations: *deviations }])
            .role("client", vec![client; params.clients])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("one-at-a-time", "At most one client is inside.").by_nodes(is_inside, |_, inside| {
                let inside = all_inside(inside);
                (inside.len() > 1).then(|| Evidence::new(format!("{inside:?} are inside")))
            }),
            Claim::sometimes("enters", "A client comes in.").by_nodes(is_inside, |_, inside| {
                let first = all_inside(inside).into_iter().next();
                first.map(|client| Evidence::new(format!("{client:?} is inside")))
            }),
            Claim::sometimes("all-enter", "All clients are inside.").by_nodes(is_inside, |protocol, inside| {
                let all = all_inside(inside).len() == protocol.params.clients;
                all.then(|| Evidence::new("all clients are inside"))
            }),
        ]
    }
}

fn is_inside(_: &Turnstile, node: &Node<'_, Member>) -> bool {
    matches!(node.state, Some(State::Client { inside: true }))
}

fn all_inside(inside: &[bool]) -> Vec<Id> {
    inside.iter().enumerate().filter(|(_, inside)| **inside).map(|(ix, _)| Id::from(ix)).collect()
}
