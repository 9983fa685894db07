//! A message transaction: the broker has a message before the service commits, and shows it only after.
//!
//! **Source.** The manual of Apache RocketMQ, *Transaction Message*: half messages, the second message that ends them, and the check of a
//! transaction whose second message does not come. An article (003, line 172) names message transactions and does not say what
//! they are. The other way to the same end is [`outbox`](super::outbox).
//!
//! **Modelled.** A service that hands in a half message, waits until the broker has it, commits or rolls back its own transaction, and
//! then says so; a broker that asks where it hears nothing, shows what was committed, and goes on until the consumer has it; a
//! consumer that knows a message again; crashes of all at any moment; messages that are lost, or come late and again.
//!
//! **Left out.** What is in a message. A broker that gives up asking after so many times, and drops the message: it loses what was
//! committed if the service was down for as long. Order: the consumer here has none to keep.

use std::borrow::Cow;
use std::collections::BTreeMap;

use quorate::model::{Card, Claim, Deviations, NetworkKind, Node, Property, Protocol, Roster};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out, deviations, params};
use serde::Serialize;
use stateright::actor::model_timeout;

params! {
    /// How much happens.
    pub struct Params {
        /// Number of transactions, one after the other.
        pub events: usize = 1, in 1..=3;
    }
}

deviations! {
    /// What the service, the broker or the consumer may do wrongly.
    pub enum Deviation {
        /// The service commits before the broker has the half message.
        CommitFirst = "commit-first" breaks "no-lost-event";
        /// The broker does not ask.
        NoCheck = "no-check" breaks "no-lost-event";
        /// A transaction that is under way is said to be rolled back.
        UnderWayIsNo = "under-way-is-no" breaks "no-lost-event";
        /// The broker drops a message once it has shown it.
        DropShown = "drop-shown" breaks "no-lost-event";
        /// A half message is shown.
        ShowHalf = "show-half" breaks "no-ghost-event";
        /// A transaction of which the service knows nothing is said to be under way.
        UnknownIsUnderWay = "unknown-is-under-way" breaks "settled";
        /// The consumer does not know a message again.
        NoMemory = "no-memory" breaks "at-most-once";
    }
}

/// A transaction of the service, and its message, by number from 1.
pub type Event = usize;

/// How a transaction has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Outcome {
    /// It is committed.
    Committed,
    /// It has left nothing behind.
    RolledBack,
}

/// What a message transaction is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Service to broker: keep this, and do not show it.
    Half(Event),
    /// Broker to service: it is kept.
    Kept(Event),
    /// Service to broker: the transaction has ended.
    End(Event, Outcome),
    /// Broker to service: how has it ended?
    Check(Event),
    /// Broker to consumer.
    Show(Event),
    /// Consumer to broker: it has that.
    Seen(Event),
}

/// What comes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// The service is asked for the next transaction.
    Request,
    /// The broker has not kept the half message, as far as is known.
    Again(Event),
    /// The service says how a transaction has ended.
    Tell(Event),
    /// The broker asks how one has.
    Check(Event),
    /// The broker shows a message, perhaps once more.
    Show(Event),
}

/// How a transaction ends, as it turns out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Turn(pub Event, pub Outcome);

/// What the service has in its database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Service {
    /// How many transactions have begun. Invariant: no number is used twice.
    pub begun: usize,
    /// Those that have ended.
    pub ended: BTreeMap<Event, Outcome>,
}

/// How far a message is at the broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Kept {
    /// It is kept and not shown.
    Half,
    /// It is shown until the consumer has it.
    Shown,
    /// It is of no use any more.
    Dropped,
}

/// A member's memory, and what it has on disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of the service, and the transaction that is under way, which a crash ends: whether the broker has its message.
    Service(Service, Option<(Event, bool)>),
    /// Of the broker.
    Broker(BTreeMap<Event, Kept>),
    /// Of the consumer: how often each message has taken effect.
    Consumer(BTreeMap<Event, usize>),
}

/// What a member is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Service,
    Broker,
    Consumer,
}

const BROKER: usize = 1;
const CONSUMER: usize = 2;

/// The service, the broker or the consumer.
#[derive(Clone, Debug)]
pub struct Member {
    role: Role,
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Member {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// The next transaction begins with its half message.
    fn begin(&self, me: &mut Service, o: &mut Out<Self>) -> Option<(Event, bool)> {
        me.begun += 1;
        o.save(State::Service(me.clone(), None));
        o.send(Id::from(BROKER), Msg::Half(me.begun));
        o.set_timer(Timer::Again(me.begun), model_timeout());
        let is_kept = self.breaks(Deviation::CommitFirst);
        if is_kept {
            Self::work(me.begun, o);
        }
        Some((me.begun, is_kept))
    }

    /// The service does what the transaction is for.
    fn work(event: Event, o: &mut Out<Self>) {
        let turns = [Outcome::Committed, Outcome::RolledBack].map(|outcome| Turn(event, outcome));
        o.choose_random("ends", turns.into());
    }

    fn end(&self, me: &mut Service, Turn(event, outcome): Turn, o: &mut Out<Self>) {
        me.ended.insert(event, outcome);
        o.save(State::Service(me.clone(), None));
        o.cancel_timer(Timer::Again(event));
        o.set_timer(Timer::Tell(event), model_timeout());
        self.await_request(me, o);
    }

    fn await_request(&self, me: &Service, o: &mut Out<Self>) {
        if me.begun < self.params.events {
            o.set_timer(Timer::Request, model_timeout());
        }
    }

    /// What the service knows of a transaction. One that it does not know has ended with a crash.
    fn outcome(&self, me: &Service, under_way: Option<(Event, bool)>, event: Event) -> Option<Outcome> {
        let is_under_way = under_way.is_some_and(|(other, _)| other == event);
        match me.ended.get(&event) {
            Some(outcome) => Some(*outcome),
            None if is_under_way => self.breaks(Deviation::UnderWayIsNo).then_some(Outcome::RolledBack),
            None => (!self.breaks(Deviation::UnknownIsUnderWay)).then_some(Outcome::RolledBack),
        }
    }

    /// What the broker goes on to do with a message.
    fn go_on(&self, event: Event, kept: Kept, o: &mut Out<Self>) {
        match kept {
            Kept::Half if self.breaks(Deviation::NoCheck) => {}
            Kept::Half => o.set_timer(Timer::Check(event), model_timeout()),
            Kept::Shown => o.set_timer(Timer::Show(event), model_timeout()),
            Kept::Dropped => o.cancel_timer(Timer::Show(event)),
        }
    }

    fn keep(&self, me: &mut BTreeMap<Event, Kept>, event: Event, kept: Kept, o: &mut Out<Self>) {
        me.insert(event, kept);
        o.save(State::Broker(me.clone()));
        self.go_on(event, kept, o);
    }

    fn broker(&self, me: &mut BTreeMap<Event, Kept>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match msg {
            Msg::Half(event) => {
                if !me.contains_key(&event) {
                    let kept = if self.breaks(Deviation::ShowHalf) { Kept::Shown } else { Kept::Half };
                    self.keep(me, event, kept, o);
                }
                o.send(src, Msg::Kept(event));
            }
            Msg::End(event, outcome) if me.get(&event) == Some(&Kept::Half) => {
                o.cancel_timer(Timer::Check(event));
                let kept = if outcome == Outcome::Committed { Kept::Shown } else { Kept::Dropped };
                self.keep(me, event, kept, o);
            }
            Msg::Seen(event) if me.get(&event) == Some(&Kept::Shown) => self.keep(me, event, Kept::Dropped, o),
            Msg::End(..) | Msg::Seen(_) | Msg::Kept(_) | Msg::Check(_) | Msg::Show(_) => {}
        }
    }

    /// The effect of a message, and with it that it was there.
    fn consume(&self, effects: &mut BTreeMap<Event, usize>, event: Event, o: &mut Out<Self>) {
        let count = effects.entry(event).or_default();
        if *count == 0 || self.breaks(Deviation::NoMemory) {
            *count += 1;
            o.save(State::Consumer(effects.clone()));
        }
        o.send(Id::from(BROKER), Msg::Seen(event));
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = State;
    type Random = Turn;

    fn on_start(&self, _: Id, storage: &Option<State>, o: &mut Out<Self>) -> State {
        let state = storage.clone().unwrap_or_else(|| match self.role {
            Role::Service => State::Service(Service::default(), None),
            Role::Broker => State::Broker(BTreeMap::new()),
            Role::Consumer => State::Consumer(BTreeMap::new()),
        });
        match &state {
            State::Service(me, _) => self.await_request(me, o),
            State::Broker(me) => me.iter().for_each(|(event, kept)| self.go_on(*event, *kept, o)),
            State::Consumer(_) => {}
        }
        state
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (state.to_mut(), msg) {
            (State::Service(_, under_way), Msg::Kept(event)) if *under_way == Some((event, false)) => {
                *under_way = Some((event, true));
                o.cancel_timer(Timer::Again(event));
                Self::work(event, o);
            }
            (State::Service(me, under_way), Msg::Check(event)) => {
                if let Some(outcome) = self.outcome(me, *under_way, event) {
                    o.send(src, Msg::End(event, outcome));
                }
            }
            (State::Broker(me), msg) => self.broker(me, src, msg, o),
            (State::Consumer(effects), Msg::Show(event)) => self.consume(effects, event, o),
            (State::Service(..) | State::Consumer(_), _) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match (state.to_mut(), *timer) {
            (State::Service(me, under_way), Timer::Request) => *under_way = self.begin(me, o),
            (State::Service(..), Timer::Again(event)) => {
                o.send(Id::from(BROKER), Msg::Half(event));
                o.set_timer(Timer::Again(event), model_timeout());
            }
            (State::Service(me, _), Timer::Tell(event)) => o.send(Id::from(BROKER), Msg::End(event, me.ended[&event])),
            (State::Broker(_), Timer::Check(event)) => {
                o.send(Id::from(0), Msg::Check(event));
                o.set_timer(Timer::Check(event), model_timeout());
            }
            (State::Broker(me), Timer::Show(event)) => {
                o.send(Id::from(CONSUMER), Msg::Show(event));
                let kept = if self.breaks(Deviation::DropShown) { Kept::Dropped } else { Kept::Shown };
                self.keep(me, event, kept, o);
            }
            (State::Service(..) | State::Broker(_) | State::Consumer(_), _) => {}
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, turn: &Turn, o: &mut Out<Self>) {
        if let State::Service(me, under_way) = state.to_mut() {
            *under_way = None;
            self.end(me, *turn, o);
        }
    }
}

/// Message transactions with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct HalfMessage {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Protocol for HalfMessage {
    const CARD: Card = Card {
        name: "half-message",
        title: "A message transaction: half messages and checks",
        source: "the manual of Apache RocketMQ, Transaction Message; article 003, line 172",
        modelled: "a half message that is kept before the service commits, its end, the broker's check where the end does not \
                   come, a consumer that knows a message again, crashes and losses",
        left_out: "what is in a message; a broker that gives up asking; order",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let member = |role| [Member { role, params: self.params.clone(), deviations: self.deviations }];
        Roster::new()
            .role("service", member(Role::Service))
            .role("broker", member(Role::Broker))
            .role("consumer", member(Role::Consumer))
    }

    /// A message may come late, more than once, or never.
    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::eventually_always("no-lost-event", "What is committed takes effect").by_nodes(seen, lost),
            Claim::always("no-ghost-event", "What takes effect is committed").by_nodes(seen, ghost),
            Claim::always("at-most-once", "No message takes effect twice").by_nodes(seen, |_, all| {
                let (event, count) = effects(all).find(|(_, count)| **count > 1)?;
                Some(Evidence::new(format!("message {event} has taken effect {count} times")))
            }),
            Claim::eventually_always("settled", "No half message is kept for ever").by_nodes(seen, |_, all| {
                let (event, _) = kept(all).find(|(_, kept)| **kept == Kept::Half)?;
                Some(Evidence::new(format!("message {event} is neither shown nor dropped")))
            }),
            Claim::sometimes("done", "A committed transaction has taken effect").by_nodes(seen, |_, all| {
                let (event, _) = effects(all).next()?;
                Some(Evidence::new(format!("message {event} has taken effect")))
            }),
            Claim::sometimes("dropped", "A half message is dropped").by_nodes(seen, |_, all| {
                let (event, _) =
                    kept(all).find(|(event, kept)| **kept == Kept::Dropped && !is_committed(all, **event))?;
                Some(Evidence::new(format!("message {event} is dropped")))
            }),
        ]
    }
}

/// What a member has, on disk while it is down.
fn seen(_: &HalfMessage, node: &Node<'_, Member>) -> Option<State> {
    node.state.or(node.storage).cloned()
}

fn committed(all: &[Option<State>]) -> impl Iterator<Item = Event> {
    let of = |state: &State| if let State::Service(me, _) = state { me.ended.clone() } else { BTreeMap::new() };
    let ended = all.iter().flatten().flat_map(of);
    ended.filter(|(_, outcome)| *outcome == Outcome::Committed).map(|(event, _)| event)
}

fn is_committed(all: &[Option<State>], event: Event) -> bool {
    committed(all).any(|other| other == event)
}

fn kept(all: &[Option<State>]) -> impl Iterator<Item = (&Event, &Kept)> {
    all.iter().flatten().filter_map(|state| if let State::Broker(it) = state { Some(it) } else { None }).flatten()
}

fn effects(all: &[Option<State>]) -> impl Iterator<Item = (&Event, &usize)> {
    all.iter().flatten().filter_map(|state| if let State::Consumer(it) = state { Some(it) } else { None }).flatten()
}

fn lost(_: &HalfMessage, all: &[Option<State>]) -> Option<Evidence> {
    let event = committed(all).find(|event| effects(all).all(|(other, _)| other != event))?;
    Some(Evidence::new(format!("transaction {event} is committed, and its message has no effect")))
}

fn ghost(_: &HalfMessage, all: &[Option<State>]) -> Option<Evidence> {
    let (event, _) = effects(all).find(|(event, _)| !is_committed(all, **event))?;
    Some(Evidence::new(format!("message {event} takes effect, and its transaction is not committed")))
}
