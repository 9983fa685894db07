//! Code of protocols that is not what a search believes of it, and what says so.

#![allow(
    clippy::disallowed_types,
    clippy::disallowed_methods,
    reason = "what must not be done is done here, to be caught"
)]

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{Hash, Hasher};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use quorate::cluster::{Cluster, Entry, HANDLERS_BEHAVE, entry};
use quorate::engine::{Silent, Verdict, explore};
use quorate::exit::Exit;
use quorate::model::{Card, Deviations, NetworkKind, NoDeviation, Property, Protocol, Roster};
use quorate::system::{PropertyKind, TransitionSystem};
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::agreement::everything;
use super::environments::calm;
use crate::peers::plain::NoParams;

/// What is wrong with a node.
const NOTHING: u8 = 0;
const HASHES_LESS: u8 = 1;
const COMPARES_LESS: u8 = 2;
const READS_A_CLOCK: u8 = 3;
const READS_AN_ORDER: u8 = 4;

static STARTED: LazyLock<Instant> = LazyLock::new(Instant::now);
/// A clock that goes on so seldom that two looks at it see the same.
const COARSE: Duration = Duration::from_millis(300);

#[derive(Clone, Debug, Serialize)]
struct Number<const WRONG: u8> {
    steps: u32,
    odd: bool,
}

impl<const WRONG: u8> PartialEq for Number<WRONG> {
    fn eq(&self, other: &Self) -> bool {
        (self.steps, self.odd) == (other.steps, other.odd) || WRONG == COMPARES_LESS && self.odd == other.odd
    }
}

impl<const WRONG: u8> Eq for Number<WRONG> {}

impl<const WRONG: u8> Hash for Number<WRONG> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.odd.hash(state);
        if WRONG != HASHES_LESS && WRONG != COMPARES_LESS {
            self.steps.hash(state);
        }
    }
}

/// A node that counts four firings of a timer.
#[derive(Clone, Debug)]
struct Counter<const WRONG: u8>;

impl<const WRONG: u8> Actor for Counter<WRONG> {
    type Msg = ();
    type State = Number<WRONG>;
    type Timer = ();
    type Storage = ();
    type Random = ();

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Number<WRONG> {
        o.set_timer((), model_timeout());
        Number { steps: 0, odd: false }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, Number<WRONG>>, (): &(), o: &mut Out<Self>) {
        let state = state.to_mut();
        state.steps += 1 + noise(WRONG);
        state.odd = !state.odd;
        if state.steps < 4 {
            o.set_timer((), model_timeout());
        }
    }
}

/// What a handler must not read.
fn noise(wrong: u8) -> u32 {
    match wrong {
        READS_A_CLOCK => (STARTED.elapsed().as_millis() / COARSE.as_millis()) as u32,
        READS_AN_ORDER => (0..100).map(|n| (n, n)).collect::<HashMap<u32, u32>>().into_keys().next().unwrap(),
        _ => 0,
    }
}

struct Counting<const WRONG: u8>;

impl<const WRONG: u8> Protocol for Counting<WRONG> {
    const CARD: Card = Card { name: "counting", title: "counting", source: "", modelled: "", left_out: "" };
    type Params = NoParams;
    type Deviation = NoDeviation;
    type Actor = Counter<WRONG>;
    type History = ();

    fn new(_: NoParams, _: Deviations<NoDeviation>) -> Result<Self, String> {
        Ok(Self)
    }

    fn roster(&self) -> Roster<Counter<WRONG>> {
        Roster::new().role("counter", [Counter])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        Vec::new()
    }
}

/// The verdict on the handlers, and what an audit says a little later.
fn audited<const WRONG: u8>() -> (Verdict, Vec<String>) {
    let cluster = Cluster::new(Counting::<WRONG>, &calm(NetworkKind::Unordered)).unwrap();
    // Not at the end of a tick of the coarse clock.
    while STARTED.elapsed().as_millis() % COARSE.as_millis() > 50 {
        std::thread::sleep(Duration::from_millis(5));
    }
    let found = explore(&cluster, &everything(1), &Silent);
    std::thread::sleep(COARSE);
    let built_in = cluster.properties().iter().position(|card| card.name == HANDLERS_BEHAVE).unwrap();
    (found.verdict(built_in, PropertyKind::Always), cluster.complaints())
}

#[test]
fn what_is_well_is_not_complained_of() {
    assert_eq!(audited::<NOTHING>(), (Verdict::Holds, Vec::new()));
}

#[test]
fn the_order_of_a_hash_map_is_seen_at_once() {
    assert_eq!(audited::<READS_AN_ORDER>().0, Verdict::Violated);
}

#[test]
fn a_clock_is_seen_when_it_has_gone_on() {
    let (verdict, complaints) = audited::<READS_A_CLOCK>();
    // On a slow machine it has gone on between two looks.
    let later = || complaints[0].contains("the handler of counter for the timer () gives another result");
    assert!(verdict == Verdict::Violated || later(), "{complaints:?}");
}

#[test]
fn a_hash_that_leaves_something_out_is_seen() {
    let (verdict, complaints) = audited::<HASHES_LESS>();
    assert_eq!(verdict, Verdict::Holds);
    assert!(complaints[0].contains("two states of counter have one hash"), "{complaints:?}");
}

#[test]
fn an_equality_that_leaves_something_out_is_seen() {
    let (verdict, complaints) = audited::<COMPARES_LESS>();
    assert_eq!(verdict, Verdict::Holds);
    assert!(complaints[0].contains("two results that `Eq` takes for one"), "{complaints:?}");
}

/// `quorate check counting` of this protocol.
fn checked(protocol: &'static dyn Entry, options: &[&str]) -> (Exit, String) {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let command = ["check", "counting"].iter().chain(options);
    let exit = quorate::cli::run(&[protocol], command, &mut out, &mut err);
    (exit, String::from_utf8([out, err].concat()).unwrap())
}

#[test]
fn the_command_line_audits_where_it_is_asked_to() {
    let (exit, told) = checked(entry::<Counting<HASHES_LESS>>(), &[]);
    assert_eq!(exit, Exit::Expected, "{told}");
    let (exit, told) = checked(entry::<Counting<HASHES_LESS>>(), &["--audit"]);
    assert_eq!(exit, Exit::Differs, "{told}");
    assert!(told.contains("audit: two states of counter have one hash"), "{told}");
    let (exit, told) = checked(entry::<Counting<NOTHING>>(), &["--audit"]);
    assert_eq!(exit, Exit::Expected, "{told}");
}
