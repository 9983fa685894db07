//! Environments to try: a list that covers every corner, and any at random.

use proptest::prelude::*;
use quorate::model::{
    Budget, Choosing, Clocks, Crashes, Delay, Environment, InFlightAcrossSides, InFlightAtCrash, Losses, NetworkKind,
    NoOpDelivery, Partitions, Pauses, Time, Timing,
};

/// Every kind of network.
pub const NETWORKS: [NetworkKind; 3] = [NetworkKind::Unordered, NetworkKind::Duplicating, NetworkKind::Fifo];

const NO_OPS: [NoOpDelivery; 2] = [NoOpDelivery::Wait, NoOpDelivery::Consume];

/// A network without faults.
pub fn calm(network: NetworkKind) -> Environment {
    Environment { network, ..Environment::default() }
}

/// Budget for messages to any role.
pub fn losses(total: Budget) -> Losses {
    Losses { total, of_roles: vec![] }
}

/// Every network and treatment of deliveries that change nothing, under each kind of faults; those of one
/// role strike `role`.
pub fn grid(role: &str) -> Vec<Environment> {
    let mut environments = Vec::new();
    for network in NETWORKS {
        for no_op in NO_OPS {
            let faulty = faults(role).into_iter().map(|faulty| Environment { network, no_op, ..faulty });
            environments.extend(faulty);
        }
    }
    environments
}

fn faults(role: &str) -> Vec<Environment> {
    let (never, once, ever) = (Budget::NEVER, Budget::AtMost(1), Budget::Unlimited);
    let of_role = |total| Losses { total, of_roles: vec![role.to_owned()] };
    let crashes = |total: u32| Crashes { total: Budget::AtMost(total), ..Crashes::default() };
    let none = || losses(never);
    let messages_and_crashes = [
        (none(), none(), crashes(0)),
        (losses(once), none(), crashes(0)),
        (losses(ever), none(), crashes(0)),
        (of_role(ever), of_role(once), crashes(0)),
        (none(), losses(once), crashes(0)),
        (losses(once), losses(ever), crashes(0)),
        (none(), none(), crashes(1)),
        (none(), none(), Crashes { at_once: once, of_roles: vec![role.to_owned()], ..crashes(2) }),
        (losses(once), none(), Crashes { total: ever, at_once: once, in_flight: InFlightAtCrash::Lost, ..crashes(0) }),
        (none(), losses(once), Crashes { restart: false, in_flight: InFlightAtCrash::Lost, ..crashes(2) }),
    ];
    let mut faults: Vec<Environment> = messages_and_crashes
        .into_iter()
        .map(|(loss, duplicates, crashes)| Environment { loss, duplicates, crashes, ..Environment::default() })
        .collect();
    faults.extend(worlds(role));
    faults.extend(times(role));
    faults
}

/// Corrupted messages, saves that a crash takes back, pauses, partitions, and some of them together.
fn worlds(role: &str) -> Vec<Environment> {
    let (once, ever) = (Budget::AtMost(1), Budget::Unlimited);
    let roles = || vec![role.to_owned()];
    let calm = Environment::default;
    let crashes = || Crashes { total: Budget::AtMost(2), ..Crashes::default() };
    let pauses = |total| Pauses { total, ..Pauses::default() };
    let partitions = |total| Partitions { total, ..Partitions::default() };
    let lossy = InFlightAcrossSides::Lost;
    vec![
        Environment { corruptions: losses(once), ..calm() },
        Environment { corruptions: losses(ever), loss: losses(once), ..calm() },
        Environment { crashes: crashes(), lost_saves: losses(once), ..calm() },
        Environment { crashes: crashes(), torn_saves: Losses { total: ever, of_roles: roles() }, ..calm() },
        Environment { pauses: pauses(once), ..calm() },
        Environment {
            pauses: Pauses { of_roles: roles(), resume: false, ..pauses(ever) },
            crashes: crashes(),
            ..calm()
        },
        Environment { partitions: partitions(once), ..calm() },
        Environment { partitions: Partitions { sides: 3, ..partitions(ever) }, loss: losses(once), ..calm() },
        Environment { partitions: Partitions { in_flight: lossy, ..partitions(Budget::AtMost(2)) }, ..calm() },
        Environment {
            partitions: Partitions { of_roles: roles(), heal: false, in_flight: lossy, ..partitions(once) },
            duplicates: losses(once),
            corruptions: losses(once),
            ..calm()
        },
    ]
}

/// Every model of time, alone and with faults.
fn times(role: &str) -> Vec<Environment> {
    let once = Budget::AtMost(1);
    let timed = |at_least, at_most, clocks| Environment {
        time: Time::Timed(Timing { delay: Delay { at_least, at_most }, clocks, ..Timing::default() }),
        ..Environment::default()
    };
    let pauses = Pauses { total: once, longest: Some(2), of_roles: vec![role.to_owned()], ..Pauses::default() };
    let partitions = Partitions { total: once, ..Partitions::default() };
    vec![
        timed(0, None, Clocks::Perfect),
        timed(1, Some(2), Clocks::Perfect),
        made_at_once(timed(0, Some(1), Clocks::Skewed { ticks: 1 })),
        Environment { loss: losses(once), ..timed(1, None, Clocks::Skewed { ticks: 1 }) },
        Environment { pauses, ..timed(0, Some(1), Clocks::Drifting { one_tick_in: 2 }) },
        Environment { partitions, duplicates: losses(once), ..timed(1, Some(1), Clocks::Perfect) },
    ]
}

/// The same, but time does not pass while a choice is open.
fn made_at_once(mut environment: Environment) -> Environment {
    if let Time::Timed(timing) = &mut environment.time {
        timing.choices = Choosing::AtOnce;
    }
    environment
}

/// Any environment; some of its faults strike only the role `a`.
pub fn any_environment() -> impl Strategy<Value = Environment> {
    let network = (prop::sample::select(&NETWORKS[..]), prop::sample::select(&NO_OPS[..]));
    let messages = (any_losses(), any_losses(), rarely(any_losses()));
    let saves = (rarely(any_losses()), rarely(any_losses()));
    (network, messages, any_crashes(), saves, (rarely(any_pauses()), rarely(any_partitions()), rarely(any_time())))
        .prop_map(|((network, no_op), (loss, duplicates, corruptions), crashes, (lost_saves, torn_saves), world)| {
            let (pauses, partitions, time) = world;
            let longest = pauses.longest.filter(|_| time != Time::Asynchronous);
            let pauses = Pauses { longest, ..pauses };
            let no_crash = !crashes.total.allows_any();
            let saves = |saves: Losses| if no_crash { Losses::default() } else { saves };
            Environment {
                assume: Vec::new(),
                network,
                no_op,
                loss,
                duplicates,
                corruptions,
                crashes,
                lost_saves: saves(lost_saves),
                torn_saves: saves(torn_saves),
                pauses,
                partitions,
                time,
            }
        })
}

fn rarely<T: Default + Clone + std::fmt::Debug>(any: impl Strategy<Value = T>) -> impl Strategy<Value = T> {
    prop_oneof![2 => Just(()).prop_map(|()| T::default()), 1 => any]
}

fn any_pauses() -> impl Strategy<Value = Pauses> {
    (any_budget(), any_roles(), prop::bool::ANY, prop::option::of(0..3_u32))
        .prop_map(|(total, of_roles, resume, longest)| Pauses { total, of_roles, resume, longest })
}

fn any_time() -> impl Strategy<Value = Time> {
    let delay = (0..=2_u8, prop::option::of(0..=2_u8))
        .prop_map(|(at_least, more)| Delay { at_least, at_most: more.map(|more| at_least + more) });
    let clocks = prop_oneof![
        Just(Clocks::Perfect),
        (1..=2_u8).prop_map(|ticks| Clocks::Skewed { ticks }),
        (2..=4_u16).prop_map(|one_tick_in| Clocks::Drifting { one_tick_in }),
    ];
    let choices = prop::sample::select(&[Choosing::AnyTime, Choosing::AtOnce][..]);
    (1..=2_u32, delay, clocks, choices)
        .prop_map(|(tick_ms, delay, clocks, choices)| Time::Timed(Timing { tick_ms, delay, clocks, choices }))
}

fn any_partitions() -> impl Strategy<Value = Partitions> {
    let in_flight = prop::sample::select(&[InFlightAcrossSides::Kept, InFlightAcrossSides::Lost][..]);
    (any_budget(), any_roles(), 2..=3_u8, prop::bool::ANY, in_flight)
        .prop_map(|(total, of_roles, sides, heal, in_flight)| Partitions { total, of_roles, sides, heal, in_flight })
}

fn any_budget() -> impl Strategy<Value = Budget> {
    prop_oneof![3 => Just(Budget::NEVER), 3 => (1..=2_u32).prop_map(Budget::AtMost), 1 => Just(Budget::Unlimited)]
}

fn any_roles() -> impl Strategy<Value = Vec<String>> {
    prop_oneof![2 => Just(vec![]), 1 => Just(vec!["a".to_owned()])]
}

fn any_losses() -> impl Strategy<Value = Losses> {
    (any_budget(), any_roles()).prop_map(|(total, of_roles)| Losses { total, of_roles })
}

fn any_crashes() -> impl Strategy<Value = Crashes> {
    let at_once = prop_oneof![1 => Just(Budget::AtMost(1)), 2 => Just(Budget::Unlimited)];
    let in_flight = prop::sample::select(&[InFlightAtCrash::Kept, InFlightAtCrash::Lost][..]);
    (any_budget(), at_once, any_roles(), prop::bool::ANY, in_flight).prop_map(
        |(total, at_once, of_roles, restart, in_flight)| Crashes { total, at_once, of_roles, restart, in_flight },
    )
}
