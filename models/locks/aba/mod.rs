//! A value that is what it was, and has been another meanwhile: compare-and-swap that looks at values, not at versions.
//!
//! Source: IBM, *System/370 Principles of Operation*, the appendix on multiprogramming with `COMPARE AND SWAP` and
//! `COMPARE DOUBLE AND SWAP`; Treiber, "Systems Programming: Coping with Parallelism" (1986): a stack of cells whose
//! head is swung; Michael and Scott, "Simple, Fast, and Practical Non-Blocking and Blocking Concurrent Queue Algorithms"
//! (1996): pointers that are counted.
//!
//! | file | what |
//! |---|---|
//! | `client` | who pops cells and pushes them again |
//! | `memory` | the head and the cells, one access a step |
//! | `claims` | the properties |
//!
//! A client that pops has read the cell on top and the one below. Others pop both and push the first again: the
//! head is what it was, what is below it is not, and by the value alone the swing goes through. With a count beside the
//! pointer, both compared in one step, it does not; nor if the head is watched from before it is read, so that any
//! write since is told (`LL` and `SC`; `WATCH` and `EXEC`).
//!
//! Who has it: a script in Redis that compares a value and sets it (Redis 7.0.15: fooled; `WATCH` and `EXEC` are not); the
//! version of a znode, which is 0 again when it is deleted and created (ZooKeeper 3.8; `czxid` never repeats), as is that of
//! a key in etcd (3.4; `mod_revision` never repeats); a tag of too few bits.
//!
//! Left out: the memory of a cell that was popped is never given back to the system, so that reading it is always
//! possible; hazard pointers and the collection of garbage, which keep a cell from coming again while somebody has read
//! it. Clients that crash: what they had is gone with them, whatever is compared.

mod claims;
mod client;
mod memory;

use std::borrow::Cow;
use std::collections::BTreeSet;

use quorate::model::{Card, Cause, Deviations, Facts, History, Property, Protocol, Roster, Step};
use quorate::{Actor, Id, Out, choice_param, deviations, params};
use serde::Serialize;

pub use client::{Client, ClientState, Operation, Phase};
pub use memory::{Head, Memory, MemoryState};

choice_param! {
    /// How it is known that the head is what was read.
    pub enum Guard {
        /// By a tag beside the pointer: `COMPARE DOUBLE AND SWAP`.
        Tag = "tag",
        /// By a watch that any write ends: `LL` and `SC`, `WATCH` and `EXEC`.
        Watch = "watch",
    }
}

params! {
    /// Who pops and pushes how often, and what there is.
    pub struct Sizes {
        /// Number of clients.
        pub clients: usize = 2, in 1..=3;
        /// How many cells are on the stack at first.
        pub stacked: usize = 1, in 0..=3;
        /// How many cells each client has at first.
        pub own: usize = 1, in 0..=2;
        /// How often each client pops or pushes.
        pub operations: usize = 2, in 1..=4;
        /// How it is known that the head is what was read.
        pub guard: Guard = Guard::Tag;
    }
}

deviations! {
    /// What of the head is compared, or counted, wrongly.
    pub enum Deviation {
        /// Only the pointer is compared: a script that compares values, a single-word compare-and-swap.
        CompareValue = "compare-value" breaks "commit-base";
        /// There are two tags only.
        TagWraps = "tag-wraps" breaks "commit-base";
        /// Only the version is compared, and an empty stack has no key: with the next, its version begins anew.
        VersionRestarts = "version-restarts" breaks "commit-base";
        /// A watch begins when the head is swung, not when it is read. Only with guard `watch`.
        WatchLate = "watch-late" breaks "commit-base";
    }
}

/// A cell of the stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Cell(pub u8);

impl From<usize> for Cell {
    fn from(ix: usize) -> Self {
        Self(u8::try_from(ix).unwrap_or(u8::MAX))
    }
}

/// What travels: accesses to the memory, and what they give.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Msg {
    /// What is the head?
    ReadHead,
    /// This.
    Head(Head),
    /// What is below this cell?
    ReadNext(Cell),
    /// This.
    Next(Option<Cell>),
    /// Lay a cell on another.
    Link {
        /// The cell.
        cell: Cell,
        /// The one below it.
        next: Option<Cell>,
    },
    /// It lies there.
    Linked,
    /// Compare and swap: if the head is what was read, this cell is on top.
    Swing {
        /// What was read.
        from: Head,
        /// The cell that is to be on top.
        to: Option<Cell>,
    },
    /// Whether it was.
    Swung(bool),
}

/// What fires: what a client wants to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// Take the cell on top.
    Pop,
    /// Put this cell on top.
    Push(Cell),
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a client.
    Client(ClientState),
    /// Of the memory.
    Memory(MemoryState),
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// One who pops and pushes.
    Client(Client),
    /// What they share.
    Memory(Memory),
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, out: &mut Out<Self>) -> State {
        match self {
            Self::Client(client) => State::Client(client.on_start(out)),
            Self::Memory(memory) => State::Memory(memory.on_start()),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<State>, src: Id, msg: Msg, out: &mut Out<Self>) {
        let next = match (self, state.as_ref()) {
            (Self::Client(client), State::Client(me)) => client.on_msg(me, &msg, out).map(State::Client),
            (Self::Memory(memory), State::Memory(me)) => memory.on_msg(me, src, &msg, out).map(State::Memory),
            _ => None,
        };
        if let Some(next) = next {
            *state = Cow::Owned(next);
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<State>, timer: &Timer, out: &mut Out<Self>) {
        if let (Self::Client(client), State::Client(me)) = (self, state.as_ref()) {
            *state = Cow::Owned(State::Client(client.on_timeout(me, *timer, out)));
        }
    }
}

/// A swing of a head that was swung since it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Stale {
    /// Whose.
    pub by: Id,
    /// After how many writes the head was read.
    pub read: u8,
    /// After how many it was swung.
    pub found: u8,
}

/// What the observer remembers: the stale swings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// Each, once.
    pub stale: BTreeSet<Stale>,
}

impl History for Ledger {
    type Fact = Stale;

    fn record(&mut self, fact: &Stale) {
        self.stale.insert(*fact);
    }
}

/// A stack in a memory that is shared.
#[derive(Debug)]
pub struct Aba {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Aba {
    /// All cells: first those on the stack, then those of each client.
    fn cells(&self) -> impl Iterator<Item = Cell> + use<> {
        (0..self.sizes.stacked + self.sizes.clients * self.sizes.own).map(Cell::from)
    }

    fn client(&self, ix: usize) -> Member {
        let Sizes { clients, stacked, own, operations, .. } = self.sizes;
        let own = self.cells().skip(stacked + ix * own).take(own).collect();
        Member::Client(Client { memory: Id::from(clients), own, operations })
    }
}

impl Protocol for Aba {
    const CARD: Card = Card {
        name: "aba",
        title: "Stack whose head is compared and swapped (the ABA problem)",
        source: "IBM System/370 Principles of Operation, COMPARE AND SWAP; Treiber 1986, Systems Programming: Coping with \
                 Parallelism; Michael and Scott 1996, Simple, Fast, and Practical Non-Blocking and Blocking Concurrent Queue \
                 Algorithms",
        modelled: "Each access to a shared memory of clients that pop cells and push them again: the head is read, what is \
                   below it, and swung if pointer and tag are what was read, or if the memory has seen no write \
                   since. Left out one by one: the tag, as in a script \
                   of Redis that compares values; tags enough; a version that does not begin anew, as those of znodes and of keys in \
                   etcd do",
        left_out: "Memory that is given back: a popped cell can always be read. Hazard pointers and garbage collection, \
                   which keep a cell from coming again. Crashes of clients, with whom their cells are gone",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Ledger;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let (stacked, cells) = (self.sizes.stacked, self.cells().count());
        Roster::new().role("client", (0..self.sizes.clients).map(|ix| self.client(ix))).role(
            "memory",
            [Member::Memory(Memory { stacked, cells, guard: self.sizes.guard, deviations: self.deviations })],
        )
    }

    fn history(&self) -> Ledger {
        Ledger::default()
    }

    /// A swing that goes through must find the head of the write that was read.
    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<Stale>) {
        let (Cause::Deliver { src, msg: Msg::Swing { from, .. } }, Some(State::Memory(memory))) =
            (&step.cause, step.before)
        else {
            return;
        };
        let (read, found) = (from.writes, memory.head.writes);
        if read != found && step.sent.iter().any(|sent| sent.msg == Msg::Swung(true)) {
            facts.push(Stale { by: *src, read, found });
        }
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
