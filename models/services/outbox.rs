//! An outbox: what a service commits and what it publishes are one.
//!
//! **Source.** Philip Bernstein and Eric Newcomer, *Principles of Transaction Processing* (2009), chapter 4, on queues in
//! transactions; Pat Helland, *Life beyond Distributed Transactions* (2007), on messages that come at least once and receivers
//! that know them again. An article (003, line 172) names message transactions and does not say what they are.
//!
//! **Modelled.** A service that commits events, each with a row in its outbox, in one transaction; a relay, which publishes rows
//! and then marks them; a consumer, which remembers with each effect the event that it is of; crashes of both at any moment.
//!
//! **Left out.** The broker between the two: it keeps what it has. Several relays, which publish a row more often than one does,
//! and are told from it by nothing else. Order: the consumer here has none to keep.

use std::borrow::Cow;
use std::collections::BTreeMap;

use quorate::model::{Card, Claim, Deviations, Node, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, deviations, params};
use serde::Serialize;
use stateright::actor::model_timeout;

params! {
    /// How much happens.
    pub struct Params {
        /// Number of events.
        pub events: usize = 1, in 1..=3;
    }
}

deviations! {
    /// What the service or the consumer may do wrongly.
    pub enum Deviation {
        /// What is to be published is known in memory only.
        NoOutbox = "no-outbox" breaks "no-lost-event";
        /// An event is published before it is committed.
        PublishFirst = "publish-first" breaks "no-ghost-event";
        /// A row is marked before it is published.
        MarkFirst = "mark-first" breaks "no-lost-event";
        /// The consumer does not know an event again.
        NoMemory = "no-memory" breaks "at-most-once";
    }
}

/// The row of an event in the outbox.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Row {
    /// It is to be published.
    Open,
    /// It was published.
    Published,
}

/// The rows of committed events.
pub type Rows = BTreeMap<usize, Row>;

/// How often each event has taken effect.
pub type Effects = BTreeMap<usize, usize>;

/// An event, by its number from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Event(pub usize);

/// What the service comes to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// It is asked for the event with this number.
    Request(usize),
    /// It commits it.
    Commit(usize),
    /// Its relay publishes it.
    Publish(usize),
    /// Its relay marks it.
    Mark(usize),
}

/// A member's memory, and what it has on disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of the service.
    Service(Rows),
    /// Of the consumer.
    Consumer(Effects),
}

/// The service or the consumer.
#[derive(Clone, Debug)]
pub struct Member {
    is_service: bool,
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Member {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// What was committed and not marked is published, perhaps once more; then comes the next event.
    fn start(&self, rows: &Rows, o: &mut Out<Self>) {
        let open = rows.iter().filter(|(_, row)| **row == Row::Open && !self.breaks(Deviation::NoOutbox));
        open.for_each(|(event, _)| o.set_timer(Timer::Publish(*event), model_timeout()));
        self.await_request(rows.len() + 1, o);
    }

    fn await_request(&self, event: usize, o: &mut Out<Self>) {
        if event <= self.params.events {
            o.set_timer(Timer::Request(event), model_timeout());
        }
    }

    fn publish(event: usize, service: Id, o: &mut Out<Self>) {
        o.send(Id::from(usize::from(service) + 1), Event(event));
    }

    fn mark(rows: &mut Rows, event: usize, o: &mut Out<Self>) {
        rows.insert(event, Row::Published);
        o.save(State::Service(rows.clone()));
    }

    /// A step of the service: a crash may come between any two.
    fn step(&self, id: Id, rows: &mut Rows, timer: Timer, o: &mut Out<Self>) {
        match timer {
            Timer::Request(event) => {
                if self.breaks(Deviation::PublishFirst) {
                    Self::publish(event, id, o);
                }
                o.set_timer(Timer::Commit(event), model_timeout());
            }
            Timer::Commit(event) => {
                rows.insert(event, Row::Open);
                o.save(State::Service(rows.clone()));
                o.set_timer(Timer::Publish(event), model_timeout());
                self.await_request(event + 1, o);
            }
            Timer::Publish(event) => {
                o.set_timer(Timer::Mark(event), model_timeout());
                if self.breaks(Deviation::MarkFirst) { Self::mark(rows, event, o) } else { Self::publish(event, id, o) }
            }
            Timer::Mark(event) => {
                if self.breaks(Deviation::MarkFirst) {
                    Self::publish(event, id, o);
                } else {
                    Self::mark(rows, event, o);
                }
            }
        }
    }

    /// The effect of an event, and with it that it was there.
    fn consume(&self, effects: &mut Effects, event: usize, o: &mut Out<Self>) {
        let count = effects.entry(event).or_default();
        if *count == 0 || self.breaks(Deviation::NoMemory) {
            *count += 1;
            o.save(State::Consumer(effects.clone()));
        }
    }
}

impl Actor for Member {
    type Msg = Event;
    type Timer = Timer;
    type State = State;
    type Storage = State;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<State>, o: &mut Out<Self>) -> State {
        let first = || if self.is_service { State::Service(Rows::new()) } else { State::Consumer(Effects::new()) };
        let state = storage.clone().unwrap_or_else(first);
        if let State::Service(rows) = &state {
            self.start(rows, o);
        }
        state
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, _: Id, Event(event): Event, o: &mut Out<Self>) {
        if let State::Consumer(effects) = state.to_mut() {
            self.consume(effects, event, o);
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        if let State::Service(rows) = state.to_mut() {
            self.step(id, rows, *timer, o);
        }
    }
}

/// An outbox with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct Outbox {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Protocol for Outbox {
    const CARD: Card = Card {
        name: "outbox",
        title: "An outbox: committed and published",
        source: "Bernstein and Newcomer, Principles of Transaction Processing (2009), chapter 4; Helland, Life beyond \
                 Distributed Transactions (2007); article 003, line 172",
        modelled: "events committed with their rows, a relay that publishes and marks, a consumer that knows an event again, \
                   crashes between any two steps",
        left_out: "the broker, which keeps what it has; several relays, which publish more often; order",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let member = |is_service| Member { is_service, params: self.params.clone(), deviations: self.deviations };
        Roster::new().role("service", [member(true)]).role("consumer", [member(false)])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::eventually_always("no-lost-event", "What is committed takes effect").by_nodes(seen, lost),
            Claim::always("no-ghost-event", "What takes effect is committed").by_nodes(seen, ghost),
            Claim::always("at-most-once", "No event takes effect twice").by_nodes(seen, |_, all| {
                let (event, count) = effects(all).find(|(_, count)| **count > 1)?;
                Some(Evidence::new(format!("event {event} has taken effect {count} times")))
            }),
            Claim::sometimes("done", "All events have taken effect").by_nodes(seen, |it: &Self, all| {
                (effects(all).count() == it.params.events).then(|| Evidence::new("all events have taken effect"))
            }),
        ]
    }
}

/// What a member has, on disk while it is down.
fn seen(_: &Outbox, node: &Node<'_, Member>) -> Option<State> {
    node.state.or(node.storage).cloned()
}

fn rows(all: &[Option<State>]) -> impl Iterator<Item = &usize> {
    all.iter()
        .flatten()
        .filter_map(|state| if let State::Service(rows) = state { Some(rows.keys()) } else { None })
        .flatten()
}

fn effects(all: &[Option<State>]) -> impl Iterator<Item = (&usize, &usize)> {
    all.iter().flatten().filter_map(|state| if let State::Consumer(it) = state { Some(it) } else { None }).flatten()
}

fn lost(_: &Outbox, all: &[Option<State>]) -> Option<Evidence> {
    let event = rows(all).find(|event| effects(all).all(|(other, _)| other != *event))?;
    Some(Evidence::new(format!("event {event} is committed, and has no effect")))
}

fn ghost(_: &Outbox, all: &[Option<State>]) -> Option<Evidence> {
    let (event, _) = effects(all).find(|(event, _)| rows(all).all(|row| row != *event))?;
    Some(Evidence::new(format!("event {event} takes effect, and is not committed")))
}
