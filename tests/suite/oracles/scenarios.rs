//! Time and faults as people know them: what becomes possible, what does not.

use std::borrow::Cow;
use std::time::Duration;

use quorate::cluster::Cluster;
use quorate::engine::{Ended, Silent, explore};
use quorate::model::{
    Adversary, Alphabet, Budget, Claim, Clocks, Crashes, Delay, Environment, InFlightAcrossSides, Knowledge,
    NetworkKind, Node, Partitions, Pauses, Property, Protocol, Roster, Time, Timing, Utterance,
};
use quorate::system::Evidence;
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::agreement::everything;
use super::environments::{NETWORKS, calm};

/// Whether the property is found, all states seen.
fn finds<P: Protocol>(protocol: P, environment: &Environment, property_ix: usize) -> bool {
    let cluster = Cluster::new(protocol, environment).unwrap();
    let found = explore(&cluster, &everything(1), &Silent);
    assert_eq!(found.ended, Ended::Complete);
    found.findings[property_ix].is_some()
}

fn timed(delay: Delay, clocks: Clocks) -> Environment {
    Environment { time: Time::Timed(Timing { delay, clocks, ..Timing::default() }), ..Environment::default() }
}

/// Messages take no longer than so many ticks.
fn within(at_most: u8) -> Delay {
    Delay { at_least: 0, at_most: Some(at_most) }
}

fn exactly(ticks: u8) -> std::ops::Range<Duration> {
    let span = Duration::from_millis(ticks.into());
    span..span
}

/// A server leases a resource for `lease` ticks of its clock to one of two clients. A client asks once, when it likes,
/// counts from then on, and stops using the resource `guard` ticks early.
struct Lease {
    lease: u8,
    guard: u8,
}

#[derive(Clone)]
enum LeaseMember {
    Server { lease: u8 },
    Client { valid: u8 },
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
enum LeaseState {
    Server {
        free: bool,
    },
    /// The reading of its clock since it asked, as far as it matters, and whether it believes that it holds.
    Client {
        since: u8,
        holds: bool,
        stops_at: u8,
    },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum LeaseTimer {
    /// The client feels like asking.
    Ask,
    /// The lease is over, for the client or the server.
    Over,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum LeaseMsg {
    Ask,
    Grant,
}

impl Actor for LeaseMember {
    type Msg = LeaseMsg;
    type State = LeaseState;
    type Timer = LeaseTimer;
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> LeaseState {
        match self {
            Self::Server { .. } => LeaseState::Server { free: true },
            Self::Client { valid } => {
                o.set_timer(LeaseTimer::Ask, model_timeout());
                LeaseState::Client { since: *valid, holds: false, stops_at: *valid }
            }
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, LeaseState>, src: Id, msg: LeaseMsg, o: &mut Out<Self>) {
        match (self, &**state, msg) {
            (Self::Server { lease }, LeaseState::Server { free: true }, LeaseMsg::Ask) => {
                *state.to_mut() = LeaseState::Server { free: false };
                o.set_timer(LeaseTimer::Over, exactly(*lease));
                o.send(src, LeaseMsg::Grant);
            }
            (_, LeaseState::Client { since, stops_at, .. }, LeaseMsg::Grant) if since < stops_at => {
                *state.to_mut() = LeaseState::Client { since: *since, holds: true, stops_at: *stops_at };
            }
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, LeaseState>, timer: &LeaseTimer, o: &mut Out<Self>) {
        match (state.to_mut(), timer) {
            (LeaseState::Server { free }, _) => *free = true,
            (LeaseState::Client { since, stops_at, .. }, LeaseTimer::Ask) => {
                *since = 0;
                o.send(0.into(), LeaseMsg::Ask);
                o.set_timer(LeaseTimer::Over, exactly(*stops_at));
            }
            (LeaseState::Client { holds, .. }, LeaseTimer::Over) => *holds = false,
        }
    }
}

impl Protocol for Lease {
    crate::plain_protocol!("lease");
    type Actor = LeaseMember;
    type History = ();

    fn roster(&self) -> Roster<LeaseMember> {
        let client = LeaseMember::Client { valid: self.lease - self.guard };
        Roster::new().role("server", [LeaseMember::Server { lease: self.lease }]).role("client", vec![client; 2])
    }

    fn history(&self) {}

    fn tick_clock(&self, _: Id, state: &mut LeaseState) {
        if let LeaseState::Client { since, stops_at, .. } = state {
            *since = (*since + 1).min(*stops_at);
        }
    }

    fn properties() -> Vec<Property<Self>> {
        let two = |holders: &[bool]| {
            (holders.iter().filter(|holds| **holds).count() > 1).then(|| Evidence::new("both hold the lease"))
        };
        vec![
            Claim::always("one-valid", "at most one client holds within its bound, by its own clock").by_nodes(
                |_: &Self, node| match node.state {
                    Some(LeaseState::Client { since, holds, stops_at }) => *holds && since < stops_at,
                    _ => false,
                },
                move |_, holders| two(holders),
            ),
            Claim::always("one-believes", "at most one client believes that it holds").by_nodes(
                |_: &Self, node| matches!(node.state, Some(LeaseState::Client { holds: true, .. })),
                move |_, holders| two(holders),
            ),
            Claim::sometimes("handed-over", "the second client holds").by_nodes(
                |_: &Self, node| matches!(node.state, Some(LeaseState::Client { holds: true, .. })),
                |_, holders| holders[2].then(|| Evidence::new("Id(2) holds")),
            ),
        ]
    }
}

/// The guard must be twice the skew: the client may be ahead when it asks, and behind when the server takes it back.
#[test]
fn a_lease_is_safe_with_skewed_clocks_from_the_guard_of_the_formula_on() {
    for skew in 0..=2_u8 {
        let clocks = if skew == 0 { Clocks::Perfect } else { Clocks::Skewed { ticks: skew } };
        for guard in (2 * skew).saturating_sub(1)..=2 * skew {
            let unsafe_guard = finds(Lease { lease: 5, guard }, &timed(within(1), clocks), 0);
            assert_eq!(unsafe_guard, guard < 2 * skew, "skew {skew}, guard {guard}");
        }
    }
}

/// The server's clock may run fast, and the client's slow: the guard covers what they can differ by until the server's
/// clock has counted the lease.
#[test]
fn a_lease_is_safe_with_drifting_clocks_from_the_guard_of_the_formula_on() {
    let lease = 5_u32;
    for one_tick_in in [2_u16, 4] {
        let n = u32::from(one_tick_in);
        let ends = (0..).find(|t| t + t / n + 1 >= lease).unwrap();
        let least = lease - (ends - ends.div_ceil(n));
        for guard in 0..lease {
            let lock = Lease { lease: 5, guard: guard as u8 };
            let unsafe_guard = finds(lock, &timed(within(1), Clocks::Drifting { one_tick_in }), 0);
            assert_eq!(unsafe_guard, guard < least, "one in {n}, guard {guard}");
        }
    }
}

/// In asynchronous time a lease is never safe. In timed mode, without pauses, it is; with a pause that outlives it,
/// a client believes what is no longer true.
#[test]
fn a_lease_is_safe_until_a_pause_outlives_it() {
    let lock = || Lease { lease: 3, guard: 1 };
    assert!(finds(lock(), &calm(NetworkKind::Unordered), 1));
    for network in NETWORKS {
        let calm = Environment { network, ..timed(within(1), Clocks::Perfect) };
        assert!(!finds(lock(), &calm, 1));
        assert!(finds(lock(), &calm, 2), "the lease is handed over");
        for longest in 0..=4 {
            let pauses = Pauses {
                total: Budget::AtMost(1),
                of_roles: vec!["client".to_owned()],
                longest: Some(longest),
                ..Pauses::default()
            };
            let paused = Environment { pauses, ..calm.clone() };
            assert_eq!(finds(lock(), &paused, 1), longest >= 1, "{network:?}, pause of {longest}");
            assert!(!finds(lock(), &paused, 0), "its clock knows better");
        }
    }
}

/// One node beats each tick, the other suspects it when it has not heard it for `patience` ticks.
struct Heartbeats {
    patience: u8,
}

#[derive(Clone)]
enum Heart {
    Beats,
    Listens { patience: u8 },
}

impl Actor for Heart {
    type Msg = ();
    /// Whether it suspects the other.
    type State = bool;
    type Timer = ();
    type Random = ();
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> bool {
        match self {
            Self::Beats => {
                o.send(1.into(), ());
                o.set_timer((), exactly(1));
            }
            Self::Listens { patience } => o.set_timer((), exactly(*patience)),
        }
        false
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, bool>, _: Id, (): (), o: &mut Out<Self>) {
        if let Self::Listens { patience } = self
            && !**state
        {
            o.set_timer((), exactly(*patience));
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, bool>, (): &(), o: &mut Out<Self>) {
        match self {
            Self::Beats => {
                o.send(1.into(), ());
                o.set_timer((), exactly(1));
            }
            Self::Listens { .. } => *state.to_mut() = true,
        }
    }
}

impl Protocol for Heartbeats {
    crate::plain_protocol!("heartbeats");
    type Actor = Heart;
    type History = ();

    fn roster(&self) -> Roster<Heart> {
        Roster::new().role("heart", [Heart::Beats]).role("listener", [Heart::Listens { patience: self.patience }])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        vec![
            Claim::always("accurate", "who is suspected is down").by_nodes(
                |_: &Self, node| node.state.copied(),
                |_, read| (read[0].is_some() && read[1] == Some(true)).then(|| Evidence::new("Id(0) is up")),
            ),
            Claim::sometimes("suspects", "somebody is suspected").by_nodes(
                |_: &Self, node| node.state.copied(),
                |_, read| (read[1] == Some(true)).then(|| Evidence::new("Id(0) is suspected")),
            ),
        ]
    }
}

/// A failure detector is perfect where its patience exceeds the interval and the delay, until a partition comes.
#[test]
fn a_failure_detector_is_perfect_until_a_partition_comes() {
    let crashes =
        Crashes { total: Budget::AtMost(1), of_roles: vec!["heart".to_owned()], restart: false, ..Crashes::default() };
    for network in [NetworkKind::Unordered, NetworkKind::Fifo] {
        let crashing = Environment { network, crashes: crashes.clone(), ..timed(within(1), Clocks::Perfect) };
        for patience in 1..=4 {
            assert_eq!(finds(Heartbeats { patience }, &crashing, 0), patience < 3, "patience {patience}");
        }
        assert!(finds(Heartbeats { patience: 3 }, &crashing, 1), "a crash is noticed");
        // Lost: a heart never stops, and beats that waited for ever would have no end.
        let partitions =
            Partitions { total: Budget::AtMost(1), in_flight: InFlightAcrossSides::Lost, ..Partitions::default() };
        let split = Environment { partitions, crashes: Crashes::default(), ..crashing };
        assert!(finds(Heartbeats { patience: 3 }, &split, 0));
    }
}

/// A general orders, by way of a traitor, and a lieutenant does as told. Signatures decide whether the traitor can make the lieutenant obey a forged order.
struct Generals {
    /// Whether orders are signed by the general.
    signed: bool,
    /// Whether the adversary has the general's key.
    stolen_key: bool,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
enum Order {
    Attack,
    Retreat,
}

#[derive(Clone)]
struct Orders {
    signed: bool,
}

impl Alphabet for Orders {
    type Msg = Order;
    type Statement = Order;

    fn utterances(&self) -> Vec<Utterance<Order>> {
        let all = [Order::Attack, Order::Retreat];
        all.into_iter().map(|message| Utterance { to: 1.into(), message }).collect()
    }

    fn signed(&self, order: &Order) -> Vec<(Id, Order)> {
        if self.signed { vec![(0.into(), order.clone())] } else { vec![] }
    }
}

#[derive(Clone)]
enum General {
    Orders,
    Obeys,
    Lies(Adversary<Orders>),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
enum GeneralState {
    Ordered,
    Obeys(Vec<Order>),
    Lies(Knowledge<Order>),
}

impl Actor for General {
    type Msg = Order;
    type State = GeneralState;
    type Timer = ();
    type Random = Utterance<Order>;
    type Storage = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> GeneralState {
        match self {
            Self::Orders => {
                o.send(2.into(), Order::Attack);
                GeneralState::Ordered
            }
            Self::Obeys => GeneralState::Obeys(vec![]),
            Self::Lies(adversary) => GeneralState::Lies(adversary.start(o)),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, GeneralState>, _: Id, order: Order, o: &mut Out<Self>) {
        match (self, &**state) {
            (Self::Lies(adversary), GeneralState::Lies(knowledge)) => {
                if let Some(learnt) = adversary.hear(knowledge, &order, o) {
                    *state.to_mut() = GeneralState::Lies(learnt);
                }
            }
            (Self::Obeys, GeneralState::Obeys(orders)) if !orders.contains(&order) => {
                *state.to_mut() = GeneralState::Obeys([orders.clone(), vec![order]].concat());
            }
            _ => {}
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, GeneralState>, said: &Utterance<Order>, o: &mut Out<Self>) {
        if let (Self::Lies(adversary), GeneralState::Lies(knowledge)) = (self, &**state) {
            *state.to_mut() = GeneralState::Lies(adversary.say(knowledge, said, o));
        }
    }
}

impl Protocol for Generals {
    crate::plain_protocol!("generals");
    type Actor = General;
    type History = ();

    fn roster(&self) -> Roster<General> {
        let keys = if self.stolen_key { vec![0, 2] } else { vec![2] };
        let alphabet = Orders { signed: self.signed };
        let adversary = Adversary { alphabet, keys: keys.into_iter().map(Id::from).collect(), sends: Some(2) };
        Roster::new()
            .role("general", [General::Orders])
            .role("lieutenant", [General::Obeys])
            .role("traitor", [General::Lies(adversary)])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        let obeys = |order: Order| move |_: &Self, node: &Node<'_, General>| matches!(node.state, Some(GeneralState::Obeys(orders)) if orders.contains(&order));
        vec![
            Claim::always("only-as-ordered", "the lieutenant does only what the general has ordered")
                .by_nodes(obeys(Order::Retreat), |_, read| read[1].then(|| Evidence::new("Id(1) retreats"))),
            Claim::sometimes("passed-on", "an order that the traitor has passed on is obeyed")
                .by_nodes(obeys(Order::Attack), |_, read| read[1].then(|| Evidence::new("Id(1) attacks"))),
        ]
    }
}

/// An adversary forges what nobody signs and what it has the key for; of what others sign it can only show what it got.
#[test]
fn an_adversary_forwards_what_is_signed_and_forges_what_is_not() {
    for network in NETWORKS {
        let finds =
            |signed, stolen_key, property_ix| finds(Generals { signed, stolen_key }, &calm(network), property_ix);
        assert!(finds(false, false, 0), "unsigned orders are forged");
        assert!(!finds(true, false, 0), "signed ones are not");
        assert!(finds(true, true, 0), "unless the key is stolen");
        assert!(finds(true, false, 1), "what was received is passed on");
    }
}
