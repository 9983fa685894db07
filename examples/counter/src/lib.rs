//! A counter on one server: clients read it, and write one more if nobody has written in between.

use std::borrow::Cow;

use quorate::cluster::{Entry, entry};
use quorate::model::{Card, Claim, Deviations, Node, Property, Protocol, Roster};
use quorate::serde::Serialize;
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};

/// What the command line knows.
pub const CATALOGUE: &[&dyn Entry] = &[entry::<Counter>()];

quorate::params! {
    /// How many count.
    pub struct Params {
        /// Clients, each of which adds one.
        pub clients: usize = 2, in 1..=4;
    }
}

quorate::deviations! {
    /// What the server may do wrongly.
    pub enum Deviation {
        /// The server writes without comparing.
        BlindWrite = "blind-write" breaks "no-lost-update";
        /// The server answers before the number is on its disk.
        NoSave = "no-save" breaks "no-lost-update";
    }
}

/// What is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(crate = "quorate::serde")]
pub enum Message {
    /// What is the number?
    Read,
    /// It is this.
    Number(u32),
    /// If it is still `expected`, make it one more.
    Write {
        /// What the client has read.
        expected: u32,
    },
    /// It is one more now.
    Written,
    /// It was another; it is this.
    Stale(u32),
}

/// What a member knows.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(crate = "quorate::serde")]
pub enum State {
    /// The server: the number.
    Server(u32),
    /// A client: whether its one has been added, and whether it had to try again.
    Client {
        /// The server has said so.
        added: bool,
        /// Somebody was faster once.
        retried: bool,
    },
}

/// A member.
#[derive(Clone)]
pub enum Member {
    /// It has the number.
    Server(Deviations<Deviation>),
    /// It adds one.
    Client,
}

const SERVER: usize = 0;

impl Actor for Member {
    type Msg = Message;
    type Timer = ();
    type State = State;
    type Storage = u32;
    type Random = ();

    fn on_start(&self, _: Id, saved: &Option<u32>, out: &mut Out<Self>) -> State {
        match self {
            Self::Server(_) => State::Server(saved.unwrap_or_default()),
            Self::Client => {
                out.send(Id::from(SERVER), Message::Read);
                State::Client { added: false, retried: false }
            }
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, message: Message, out: &mut Out<Self>) {
        match (self, state.to_mut(), message) {
            (Self::Server(_), State::Server(number), Message::Read) => out.send(src, Message::Number(*number)),
            (Self::Server(deviations), State::Server(number), Message::Write { expected }) => {
                if expected != *number && !deviations.has(Deviation::BlindWrite) {
                    out.send(src, Message::Stale(*number));
                    return;
                }
                *number = expected + 1;
                if !deviations.has(Deviation::NoSave) {
                    out.save(*number);
                }
                out.send(src, Message::Written);
            }
            (Self::Client, State::Client { .. }, Message::Number(number)) => {
                out.send(src, Message::Write { expected: number });
            }
            (Self::Client, State::Client { retried, .. }, Message::Stale(number)) => {
                *retried = true;
                out.send(src, Message::Write { expected: number });
            }
            (Self::Client, State::Client { added, .. }, Message::Written) => *added = true,
            _ => {}
        }
    }
}

/// The protocol.
pub struct Counter {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Protocol for Counter {
    const CARD: Card = Card {
        name: "counter",
        title: "A counter with compare-and-swap",
        source: "everyone's second distributed program",
        modelled: "one server with a disk, and clients that add one each",
        left_out: "time-outs: a client whose message is lost waits for ever",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        Roster::new()
            .role("server", [Member::Server(self.deviations)])
            .role("client", vec![Member::Client; self.params.clients])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("no-lost-update", "the number is at least how many have been told that theirs was added")
                .by_nodes(standing, |_, all| {
                    let number = all.iter().find_map(|one| one.number)?;
                    let added: Vec<Id> =
                        all.iter().enumerate().filter(|(_, one)| one.added).map(|(ix, _)| Id::from(ix)).collect();
                    let lost = added.len() > number as usize;
                    lost.then(|| Evidence::new(format!("{added:?} have each added one, and the number is {number}")))
                }),
            Claim::no_deadlock("all-add", "where nothing can happen any more, every client has added its one").by_nodes(
                standing,
                |_, all| {
                    let waits = all.iter().position(|one| one.number.is_none() && !one.added)?;
                    Some(Evidence::new(format!("{:?} waits", Id::from(waits))))
                },
            ),
            Claim::sometimes("somebody-retries", "a client finds that another was faster").by_nodes(standing, |_, all| {
                let retried = all.iter().position(|one| one.retried)?;
                Some(Evidence::new(format!("{:?} was told that its number is stale", Id::from(retried))))
            }),
        ]
    }
}

/// What the properties look at.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Standing {
    /// The number, if this is the server. While it is down, the number that it will come back with.
    number: Option<u32>,
    added: bool,
    retried: bool,
}

fn standing(_: &Counter, node: &Node<'_, Member>) -> Standing {
    let is_server = node.id == Id::from(SERVER);
    match node.state {
        Some(State::Server(number)) => Standing { number: Some(*number), added: false, retried: false },
        Some(State::Client { added, retried }) => Standing { number: None, added: *added, retried: *retried },
        None => {
            let number = is_server.then(|| node.storage.copied().unwrap_or_default());
            Standing { number, added: false, retried: false }
        }
    }
}
