//! A lock that is a lease, by clocks that differ within a bound.
//!
//! Source: Gray and Cheriton, "Leases: An Efficient Fault-Tolerant Mechanism for Distributed File Cache Consistency"
//! (1989), 2 and 5; Burrows, "The Chubby lock service" (2006), 2.4 and 2.8; Kleppmann, "How to do distributed locking" (2016).
//!
//! | file | what |
//! |---|---|
//! | `client` | who asks, counts, checks and writes |
//! | `server` | who grants, counts and takes back |
//!
//! The server grants the lock for so many ticks of its clock. A client counts on its own clock, from when it *asked*,
//! and stops so many ticks early: the guard. What the guard must cover, in ticks:
//!
//! - **Exclusion**, each by its own clock: what the two clocks can differ by over the lease. With clocks that are at most `e`
//!   apart that is `2 e`: the client may be ahead when it asks and behind when the server takes the lock back. With
//!   clocks that gain or lose a tick in `n`, it is what they can drift apart until the fast one has counted the lease.
//! - **Writes in time**: that, and all that may pass between the client's look at its clock and the arrival of its write: the
//!   tick in which it sends, the longest delay and the longest pause. No guard covers a pause without bound.
//! - **Order of writes**: nothing. The server numbers its grants and the resource looks at the numbers.
//!
//! A token orders the writes to what looks at it. Of an operation over two resources, each of which looks for itself, the one
//! may take a part when it has not seen the newer token yet, and the other refuse its part: both are in order, and the
//! operation is half done. What makes it whole is one look for all of it, in one transaction.
//!
//! These are checked in timed mode, on both sides of each boundary. In asynchronous time no guard is enough.

mod client;
mod server;

use std::borrow::Cow;

use quorate::model::{Card, Cause, Claim, Deviations, Facts, Property, Protocol, Roster, Step};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, deviations, params};
use serde::Serialize;

pub use client::{Client, ClientState, Phase};
pub use server::{Holder, Server, ServerState};

use super::claims::{self, Granting, Lock, Stance};
use super::fencing::{Fence, GrantFact, Grants, Resource, Write, Written};

params! {
    /// Who uses the lock, and how long it is lent.
    pub struct Sizes {
        /// Number of clients.
        pub clients: usize = 2, in 1..=4;
        /// How often each client wants the lock.
        pub rounds: usize = 1, in 1..=3;
        /// How often each client may ask again because nothing comes, before it fails; with 0 it waits without limit.
        pub resends: usize = 0, in 0..=2;
        /// For how many ticks of the server's clock the lock is lent.
        pub lease: usize = 3, in 1..=20;
        /// How many ticks of its own clock before that a client stops.
        pub guard: usize = 0, in 0..=19;
        /// Over how many resources the operation of a holder goes. They are of one store, which looks at the token once.
        pub resources: usize = 1, in 1..=2;
    }
}

deviations! {
    /// What may be done wrongly.
    pub enum Deviation {
        /// The client counts from when the reply came.
        FromReply = "from-reply" breaks "mutual-exclusion";
        /// The server's clock may jump: a lease may be over at any moment.
        ClockJumps = "clock-jumps" breaks "mutual-exclusion";
        /// A server that starts again grants at once: it knows nothing of leases that it granted before.
        GrantAtOnce = "grant-at-once" breaks "mutual-exclusion";
        /// The client writes without a look at its clock.
        Unchecked = "unchecked" breaks "no-late-write";
        /// The server gives each client a number of its own, whenever it grants.
        NotNumbered = "not-numbered" breaks "no-stale-write";
        /// The resource takes every write.
        NoFencing = "no-fencing" breaks "no-stale-write";
        /// Each resource looks at tokens for itself.
        FenceEach = "fence-each" breaks "whole-writes";
    }
}

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Msg {
    /// A client asks for the lock, to the server.
    Ask {
        /// In which of its rounds.
        round: u8,
        /// How often it had asked again.
        again: u8,
    },
    /// It is granted, to the client.
    Granted {
        /// In which round it had asked.
        round: u8,
        /// How often it had asked again.
        again: u8,
        /// The fencing token.
        token: u32,
        /// The number of the grant, for the observer: the client does not read it.
        grant: u32,
    },
    /// Another has it, to the client.
    Taken {
        /// In which round it had asked.
        round: u8,
        /// How often it had asked again.
        again: u8,
    },
    /// The client is done, to the server.
    Release {
        /// In which round.
        round: u8,
    },
    /// A write, to the resource.
    Write(Write),
    /// What became of it, to the client.
    Written(Written),
}

impl From<Written> for Msg {
    fn from(written: Written) -> Self {
        Self::Written(written)
    }
}

/// What fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Timer {
    /// The caller wants the lock.
    Start,
    /// The pause after it was found taken is over.
    Wake,
    /// The caller knows what to write, and looks at its clock.
    Work,
    /// The write is sent: at most a tick after the look at the clock, unless the client was paused.
    Send,
    /// The client has waited long enough for a reply.
    NoReply,
    /// The lease is over, by the server's clock.
    Over,
}

/// The state of a member.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of a client.
    Client(ClientState),
    /// Of the server.
    Server(ServerState),
    /// Of the resource.
    Resource(Fence),
}

/// What survives a crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Storage {
    /// The rounds that a client has begun.
    Client(u8),
    /// How many grants the server has made.
    Server(u32),
    /// Of the resource.
    Resource(Fence),
}

impl From<Fence> for Storage {
    fn from(fence: Fence) -> Self {
        Self::Resource(fence)
    }
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// Who wants the lock.
    Client(Client),
    /// Who grants it.
    Server(Server),
    /// What it protects.
    Resource(Resource),
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Storage;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<Storage>, out: &mut Out<Self>) -> State {
        match (self, storage) {
            (Self::Client(client), Some(Storage::Client(rounds))) => State::Client(client.on_start(*rounds, out)),
            (Self::Client(client), _) => State::Client(client.on_start(0, out)),
            (Self::Server(server), Some(Storage::Server(granted))) => State::Server(server.restart(*granted, out)),
            (Self::Server(_), _) => State::Server(ServerState::default()),
            (Self::Resource(_), Some(Storage::Resource(fence))) => State::Resource(*fence),
            (Self::Resource(_), _) => State::Resource(Fence::default()),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<State>, src: Id, msg: Msg, out: &mut Out<Self>) {
        let next = match (self, state.as_ref()) {
            (Self::Client(client), State::Client(me)) => client.on_msg(*me, src, msg, out).map(State::Client),
            (Self::Server(server), State::Server(me)) => server.on_msg(*me, src, msg, out).map(State::Server),
            (Self::Resource(resource), State::Resource(fence)) => match msg {
                Msg::Write(write) => resource.write(*fence, src, write, out).map(State::Resource),
                _ => None,
            },
            _ => None,
        };
        if let Some(next) = next {
            *state = Cow::Owned(next);
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<State>, timer: &Timer, out: &mut Out<Self>) {
        let next = match (self, state.as_ref()) {
            (Self::Client(client), State::Client(me)) => client.on_timeout(*me, *timer, out).map(State::Client),
            (Self::Server(_), State::Server(me)) => Some(State::Server(me.over())),
            _ => None,
        };
        if let Some(next) = next {
            *state = Cow::Owned(next);
        }
    }
}

/// The lock that is a lease.
#[derive(Debug)]
pub struct LeaseLock {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl LeaseLock {
    /// How many look at tokens.
    fn fences(&self) -> usize {
        if self.deviations.has(Deviation::FenceEach) { self.sizes.resources } else { 1 }
    }

    fn client(&self) -> Client {
        Client {
            server: Id::from(self.sizes.clients),
            resources: (0..self.fences()).map(|ix| Id::from(self.sizes.clients + 1 + ix)).collect(),
            sizes: self.sizes.clone(),
            deviations: self.deviations,
        }
    }
}

impl Lock for LeaseLock {
    fn stance(state: &State) -> Option<Stance> {
        match state {
            State::Client(client) => Some(client.stance()),
            State::Server(_) | State::Resource(_) => None,
        }
    }
}

impl Granting for LeaseLock {
    fn grants(grants: &Grants) -> &Grants {
        grants
    }
}

impl Protocol for LeaseLock {
    const CARD: Card = Card {
        name: "lease-lock",
        title: "Lock that is a lease, by clocks that differ within a bound",
        source: "Gray and Cheriton 1989, Leases, 2 and 5; Burrows 2006, The Chubby lock service, 2.4 and 2.8; Kleppmann 2016",
        modelled: "Requests, grants, writes and acknowledgements one by one; clocks that are skewed, drift or jump; pauses \
                   between the look at the clock and the write; crashes of clients, server and resource; operations over two \
                   resources, in one transaction",
        left_out: "Renewal, which is another request; leases that end at a date, for which clocks must show the same time \
                   and not only run alike; a lock-delay, which is a guard on the server's side",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member;
    type History = Grants;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.guard >= sizes.lease {
            return Err(format!("a guard of {} leaves nothing of a lease of {}", sizes.guard, sizes.lease));
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let server = Server { lease: self.sizes.lease as u8, deviations: self.deviations };
        let resource = Resource { fencing: !self.deviations.has(Deviation::NoFencing) };
        Roster::new()
            .role("client", (0..self.sizes.clients).map(|_| Member::Client(self.client())))
            .role("server", [Member::Server(server)])
            .role("resource", (0..self.fences()).map(|_| Member::Resource(resource)))
    }

    fn history(&self) -> Grants {
        Grants::default()
    }

    fn observe(&self, step: &Step<'_, Member>, facts: &mut Facts<GrantFact>) {
        if let Some(State::Client(after)) = step.after
            && let Some(State::Client(before)) = step.before
            && let Some(grant) = after.entered_since(before)
        {
            facts.push(GrantFact::Enters { client: step.node, grant });
        }
        // The order is that of one resource. Another is like it.
        if let Cause::Deliver { src, msg: Msg::Write(write) } = step.cause
            && usize::from(step.node) == self.sizes.clients + 1
            && step.sent.iter().any(|sent| matches!(sent.msg, Msg::Written(Written { accepted: true, .. })))
        {
            facts.push(GrantFact::Takes { by: src, grant: write.grant });
        }
    }

    /// A client counts the ticks of its clock since it asked.
    fn tick_clock(&self, _: Id, state: &mut State) {
        if let State::Client(client) = state {
            client.tick();
        }
    }

    fn properties() -> Vec<Property<Self>> {
        let mut properties = vec![
            claims::mutual_exclusion(),
            claims::no_late_write(),
            claims::no_stale_write(),
            whole_writes(),
            claims::no_waiter(),
            claims::refusal(),
        ];
        properties.extend(claims::witnesses());
        properties
    }
}

/// No operation is half done.
fn whole_writes() -> Property<LeaseLock> {
    let about = "No operation is taken by one of two resources and refused by the other";
    Claim::always("whole-writes", about).by_nodes(
        |_: &LeaseLock, node| matches!(node.state, Some(State::Client(ClientState { phase: Phase::Torn, .. }))),
        |_, torn: &[bool]| {
            let ix = torn.iter().position(|torn| *torn)?;
            Some(Evidence::new(format!(
                "of what {:?} wrote, one resource took its part and the other did not",
                Id::from(ix)
            )))
        },
    )
}
