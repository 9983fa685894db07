//! The traps of exhaustive checking in stateright 0.31, each shown there where that is cheap, and shown not to be here.
//!
//! What they share is [`Sketch`]: some nodes, each of a kind made for one trap, and a bound on the last one's number.

use std::borrow::Cow;
use std::fmt::Debug;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use quorate::cluster::{Cluster, HANDLERS_BEHAVE};
use quorate::engine::{
    Cut, Ended, Exploration, Limits, Progress, Settings, Silent, Statistics, StopWhen, Verdict, explore,
};
use quorate::model::{Budget, Claim, Crashes, Environment, NetworkKind, Property, Protocol, Roster};
use quorate::system::{Evidence, PropertyKind, PropertySet, TransitionSystem};
use quorate::{Actor, Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;
use stateright::{Checker, Expectation, Model};

use super::agreement::everything;
use super::environments::calm;
use super::naive::{Bounds, search};
use super::whole::Whole;
use crate::peers::actor_model;

/// Nodes with a number each, that react by what they are.
#[derive(Clone, Debug)]
enum Node {
    /// Adds one at each firing of its timer, until its number is this.
    Counter { until: u32 },
    /// Adds one for ever.
    Endless,
    /// Chooses one of the others, and tells it to set its timer.
    Alarmist { others: Vec<Id> },
    /// Sets a timer when told to, and counts its firing.
    Sleeper,
    /// Sends these numbers at the start.
    Sender { to: Id, numbers: Vec<u32> },
    /// Collects numbers, as bits.
    Collector,
    /// Asks for its state to change it, and does not.
    Fidget,
    /// Panics when it has counted this far.
    Panics { at: u32 },
    /// Gives another answer each time.
    Fickle,
    /// Saves one more at each start.
    Phoenix,
}

static CALLS: AtomicU32 = AtomicU32::new(0);

impl Actor for Node {
    type Msg = u32;
    type State = u32;
    type Timer = ();
    type Random = Id;
    type Storage = u32;

    fn on_start(&self, _: Id, storage: &Option<u32>, o: &mut Out<Self>) -> u32 {
        match self {
            Self::Counter { .. } | Self::Endless | Self::Panics { .. } | Self::Fickle => {
                o.set_timer((), model_timeout());
            }
            Self::Alarmist { others } => o.choose_random("whom", others.clone()),
            Self::Sender { to, numbers } => numbers.iter().for_each(|number| o.send(*to, *number)),
            Self::Phoenix => {
                let starts = storage.unwrap_or(0) + 1;
                o.save(starts);
                return starts;
            }
            Self::Sleeper | Self::Collector | Self::Fidget => {}
        }
        0
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, u32>, _: Id, msg: u32, o: &mut Out<Self>) {
        match self {
            Self::Sleeper => o.set_timer((), model_timeout()),
            Self::Collector if **state >> msg & 1 == 0 => *state.to_mut() |= 1 << msg,
            Self::Fidget => {
                let unchanged = **state;
                *state.to_mut() = unchanged;
            }
            _ => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, u32>, (): &(), o: &mut Out<Self>) {
        match self {
            Self::Counter { until } if **state >= *until => return,
            Self::Panics { at } if **state == *at => panic!("the handler gives up at {at}"),
            Self::Fickle => *state.to_mut() += CALLS.fetch_add(1, Ordering::Relaxed),
            _ => *state.to_mut() += 1,
        }
        if !matches!(self, Self::Sleeper | Self::Fickle) {
            o.set_timer((), model_timeout());
        }
    }

    fn on_random(&self, _: Id, _: &mut Cow<'_, u32>, whom: &Id, o: &mut Out<Self>) {
        o.send(*whom, 0);
    }
}

/// Some nodes, and the claim that the number of the last one stays below `BELOW`; no claim at all where that is 0.
struct Sketch<const BELOW: u32>(Vec<Node>);

impl<const BELOW: u32> Protocol for Sketch<BELOW> {
    crate::plain_protocol!("sketch");
    type Actor = Node;
    type History = ();

    fn roster(&self) -> Roster<Node> {
        Roster::new().role("node", self.0.clone())
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        let below = Claim::always("below", "the last node's number stays below the bound").by_nodes(
            |_: &Self, node| node.state.copied(),
            |_, read| {
                read.last().copied().flatten().filter(|n| *n >= BELOW).map(|n| Evidence::new(format!("it is {n}")))
            },
        );
        let stateless = Claim::sometimes("stateless", "a node has no state").by_nodes(
            |_: &Self, node| node.state.is_none(),
            |_, read| read.contains(&true).then(|| Evidence::new("a node has no state")),
        );
        if BELOW == 0 { vec![] } else { vec![below, stateless] }
    }
}

impl<const BELOW: u32> Sketch<BELOW> {
    fn cluster(nodes: &[Node], environment: &Environment) -> Cluster<Self> {
        Cluster::new(Self(nodes.to_vec()), environment).unwrap()
    }

    fn explored(nodes: &[Node], settings: &Settings) -> Exploration {
        explore(&Self::cluster(nodes, &calm(NetworkKind::Unordered)), settings, &Silent)
    }
}

/// The same nodes for stateright, claiming that the last node's number stays below 3.
fn below_three(nodes: &[Node], network: NetworkKind) -> stateright::actor::ActorModel<Node> {
    actor_model(nodes.to_vec(), (), (), network, false)
        .property(Expectation::Always, "below", |_, state| state.actor_states.last().is_none_or(|last| **last < 3))
}

/// The same with a property that is never found, so that the search does not end early.
fn open(nodes: &[Node], network: NetworkKind) -> stateright::actor::ActorModel<Node> {
    below_three(nodes, network).property(Expectation::Sometimes, "stays open", |_, _| false)
}

fn limited(limits: Limits) -> Settings {
    Settings { limits, ..everything(1) }
}

fn below(found: &Exploration) -> Verdict {
    found.verdict(0, PropertyKind::Always)
}

/// Stateright hashes the timers of neighbouring nodes without saying where one node's end: a timer of node 1 and the same
/// timer of node 2 are one state to it. A violation three steps away is not seen.
#[test]
fn timers_of_neighbours_are_not_confused() {
    let nodes = [Node::Alarmist { others: vec![1.into(), 2.into()] }, Node::Sleeper, Node::Sleeper];
    let theirs = actor_model(nodes.to_vec(), (), (), NetworkKind::Unordered, false)
        .property(Expectation::Always, "never woken", |_, state| *state.actor_states[2] == 0)
        .checker()
        .spawn_bfs()
        .join();
    theirs.assert_properties();

    let found = Sketch::<1>::explored(&nodes, &everything(1));
    assert_eq!(below(&found), Verdict::Violated);
    assert_eq!(found.findings[0].as_ref().unwrap().depth, 3);
    let model = actor_model(nodes.to_vec(), (), (), NetworkKind::Unordered, false);
    assert_eq!(found.statistics.distinct, search(&model, Bounds::NONE, &[]).distinct());
}

/// Stateright's breadth-first search overwrites the way to a violation at each later violation: what it reports as
/// shortest is among the longest.
#[test]
fn counterexamples_are_shortest() {
    let nodes = [Node::Counter { until: 50 }];
    let model = open(&nodes, NetworkKind::Unordered);
    let theirs = model.checker().spawn_bfs().join().discovery("below").unwrap();
    assert_eq!(theirs.into_actions().len(), 51);

    let found = Sketch::<3>::explored(&nodes, &everything(1));
    assert_eq!(found.findings[0].as_ref().unwrap().path.as_ref().unwrap().steps.len(), 3);
}

/// Stateright says that properties hold after a search that was cut by depth, count or time.
#[test]
fn a_cut_search_decides_nothing() {
    let nodes = [Node::Counter { until: 50 }];
    let theirs = below_three(&nodes, NetworkKind::Unordered).checker().target_max_depth(2).spawn_bfs().join();
    theirs.assert_properties();
    assert!(theirs.is_done());

    let cut = |limits, cut| {
        let found = Sketch::<40>::explored(&nodes, &limited(limits));
        assert_eq!((found.ended, below(&found)), (Ended::Cut(cut), Verdict::Undecided(cut)));
        assert_eq!(found.verdict(1, PropertyKind::Sometimes), Verdict::Undecided(cut));
    };
    cut(Limits { depth: Some(10), ..Limits::default() }, Cut::Depth);
    cut(Limits { states: Some(10), ..Limits::default() }, Cut::States);
    cut(Limits { time: Some(Duration::ZERO), ..Limits::default() }, Cut::Time);
    cut(Limits { memory_bytes: Some(1), ..Limits::default() }, Cut::Memory);
}

/// So does an interrupted one.
#[test]
fn an_interrupted_search_decides_nothing() {
    struct Impatient;
    impl Progress for Impatient {
        fn tick(&self, _: &Statistics, _: u64) {}
        fn interrupted(&self) -> bool {
            true
        }
    }
    let cluster = Sketch::<40>::cluster(&[Node::Counter { until: 50 }], &calm(NetworkKind::Unordered));
    let found = explore(&cluster, &everything(1), &Impatient);
    assert_eq!(below(&found), Verdict::Undecided(Cut::Interrupted));
}

/// A search that was told to stop at a finding leaves the rest undecided, also where it was told to wait for nothing
/// (stateright's `AllFailures` without a property that may fail stops at once, and is "done").
#[test]
fn a_stopped_search_decides_only_what_it_found() {
    for stop_when in [StopWhen::AllFound(PropertySet::EMPTY), StopWhen::AllFound(PropertySet::EMPTY.with(0))] {
        let settings = Settings { stop_when, ..everything(1) };
        let found = Sketch::<40>::explored(&[Node::Counter { until: 50 }], &settings);
        assert_eq!(found.ended, Ended::Stopped);
        assert_eq!(found.verdict(1, PropertyKind::Sometimes), Verdict::Undecided(Cut::Stopped));
    }
    // Nothing to find: it sees everything.
    let settings = Settings { stop_when: StopWhen::Violated, ..everything(1) };
    let found = Sketch::<99>::explored(&[Node::Counter { until: 50 }], &settings);
    assert_eq!((found.ended, below(&found)), (Ended::Complete, Verdict::Holds));
}

/// A bound on depth is on steps, and what is at it is judged; stateright's bound n judges what is at most n - 2 steps
/// away, and counts one step more.
#[test]
fn a_depth_limit_judges_what_is_at_it() {
    let nodes = [Node::Counter { until: 50 }];
    for (limit, verdict) in [(9, Verdict::Undecided(Cut::Depth)), (10, Verdict::Violated), (11, Verdict::Violated)] {
        let found = Sketch::<10>::explored(&nodes, &limited(Limits { depth: Some(limit), ..Limits::default() }));
        assert_eq!((below(&found), found.statistics.distinct), (verdict, u64::from(limit) + 1));
    }
    for (limit, discovered) in [(4, false), (5, true)] {
        let model = open(&nodes, NetworkKind::Unordered);
        let theirs = model.checker().target_max_depth(limit).spawn_bfs().join();
        assert_eq!((theirs.discovery("below").is_some(), theirs.unique_state_count()), (discovered, limit));
    }
}

/// A limit that does not cut anything is no cut.
#[test]
fn a_limit_that_is_just_met_does_not_cut() {
    let limits = Limits { depth: Some(50), states: Some(51), ..Limits::default() };
    let found = Sketch::<99>::explored(&[Node::Counter { until: 50 }], &limited(limits));
    assert_eq!((found.ended, found.statistics.distinct), (Ended::Cut(Cut::Depth), 51));
    // The last firing takes the timer away.
    let limits = Limits { depth: Some(51), states: Some(52), ..Limits::default() };
    let found = Sketch::<99>::explored(&[Node::Counter { until: 50 }], &limited(limits));
    assert_eq!((found.ended, below(&found)), (Ended::Complete, Verdict::Holds));
}

/// A panic in a model kills stateright's worker: its report is "done", and no way to the panic is known.
#[test]
fn a_handler_that_panics_is_a_violation_with_a_way_to_it() {
    let found = Sketch::<40>::explored(&[Node::Panics { at: 5 }], &everything(1));
    let cluster = Sketch::<40>::cluster(&[Node::Panics { at: 5 }], &calm(NetworkKind::Unordered));
    let built_in = cluster.properties().iter().position(|card| card.name == HANDLERS_BEHAVE).unwrap();
    assert_eq!(found.verdict(built_in, PropertyKind::Always), Verdict::Violated);
    let path = found.findings[built_in].as_ref().unwrap().path.as_ref().unwrap();
    assert_eq!(path.steps.len(), 6);
}

/// Stateright 0.31 no longer notices a model that gives two answers: its counterexamples silently end elsewhere.
#[test]
fn a_handler_that_gives_two_answers_is_a_violation() {
    let cluster = Sketch::<40>::cluster(&[Node::Fickle], &calm(NetworkKind::Unordered));
    let found = explore(&cluster, &everything(2), &Silent);
    let built_in = cluster.properties().iter().position(|card| card.name == HANDLERS_BEHAVE).unwrap();
    assert_eq!(found.verdict(built_in, PropertyKind::Always), Verdict::Violated);
    assert_eq!(found.findings[built_in].as_ref().unwrap().depth, 1);
}

/// With one thread, its default, stateright looks at its time limit only when it has nothing left to do.
#[test]
fn a_time_limit_is_kept_with_one_thread() {
    let started = Instant::now();
    let settings = limited(Limits { time: Some(Duration::from_millis(100)), ..Limits::default() });
    let found = Sketch::<{ u32::MAX }>::explored(&[Node::Endless, Node::Endless, Node::Endless], &settings);
    assert_eq!(below(&found), Verdict::Undecided(Cut::Time));
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

/// A graph of numbers.
#[derive(Clone, Debug)]
struct Graph {
    edges: Vec<(u32, u32)>,
}

impl Model for Graph {
    type State = u32;
    type Action = u32;

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }

    fn actions(&self, state: &u32, actions: &mut Vec<u32>) {
        actions.extend(self.edges.iter().filter(|(from, _)| from == state).map(|(_, to)| *to));
    }

    fn next_state(&self, _: &u32, to: u32) -> Option<u32> {
        Some(to)
    }

    fn properties(&self) -> Vec<stateright::Property<Self>> {
        vec![stateright::Property::always("not 9", |_, state: &u32| *state != 9)]
    }
}

/// Stateright's depth-bounded depth-first search does not expand a state again that it met at the bound first, and so
/// misses what is near; the order of the edges decides.
#[test]
fn a_depth_limit_does_not_hide_what_is_near() {
    // 3 is two steps away, and also at the end of a longer way; beyond it is the violation.
    let mut edges = vec![(0, 1), (1, 2), (2, 4), (4, 3), (0, 5), (5, 3), (3, 9)];
    let mut theirs = Vec::new();
    for _ in 0..2 {
        edges.reverse();
        let graph = Graph { edges: edges.clone() };
        let found =
            explore(&Whole::new(graph.clone()), &limited(Limits { depth: Some(3), ..Limits::default() }), &Silent);
        assert_eq!(below(&found), Verdict::Violated);
        assert_eq!(found.findings[0].as_ref().unwrap().depth, 3);
        theirs.push(graph.checker().target_max_depth(5).spawn_dfs().join().discovery("not 9").is_some());
    }
    theirs.sort_unstable();
    assert_eq!(theirs, [false, true]);
}

/// Without a property stateright sees the initial states only; it cannot just count.
#[test]
fn without_properties_everything_is_seen() {
    let nodes = [Node::Counter { until: 50 }];
    let theirs = actor_model(nodes.to_vec(), (), (), NetworkKind::Unordered, false).checker().spawn_bfs().join();
    assert_eq!(theirs.unique_state_count(), 1);

    let found = Sketch::<0>::explored(&nodes, &everything(1));
    assert_eq!((found.ended, found.statistics.distinct), (Ended::Complete, 52));
}

/// When every property has been found in one state, stateright does not look beyond that state.
#[test]
fn what_is_found_early_does_not_end_the_search() {
    let nodes = [Node::Counter { until: 50 }];
    let theirs = actor_model(nodes.to_vec(), (), (), NetworkKind::Unordered, false)
        .property(Expectation::Sometimes, "always there", |_, _| true)
        .checker()
        .spawn_bfs()
        .join();
    assert_eq!(theirs.unique_state_count(), 1);

    let found = Sketch::<1>::explored(&nodes, &everything(1));
    assert_eq!((below(&found), found.statistics.distinct), (Verdict::Violated, 52));
}

/// On a duplicating network stateright keeps the last message that was delivered in the state: 449 states for the 128
/// sets that a collector of seven numbers can have.
#[test]
fn a_duplicating_network_remembers_only_what_is_in_flight() {
    let nodes = [Node::Sender { to: 1.into(), numbers: (0..7).collect() }, Node::Collector];
    let model = open(&nodes, NetworkKind::Duplicating);
    assert_eq!(model.checker().spawn_bfs().join().unique_state_count(), 449);

    let cluster = Sketch::<0>::cluster(&nodes, &calm(NetworkKind::Duplicating));
    assert_eq!(explore(&cluster, &everything(1), &Silent).statistics.distinct, 128);
}

/// A message that changes nothing stays, whether or not the handler touched its state; in stateright the touch is a change.
#[test]
fn touching_a_state_without_changing_it_is_no_step() {
    let nodes = [Node::Sender { to: 1.into(), numbers: vec![1] }, Node::Fidget];
    let model = open(&nodes, NetworkKind::Unordered);
    assert_eq!(model.checker().spawn_bfs().join().unique_state_count(), 2);
    assert_eq!(Sketch::<0>::explored(&nodes, &everything(1)).statistics.distinct, 1);
}

/// In stateright properties see the memory of a node that is down, which also multiplies the states.
#[test]
fn the_dead_have_no_memory() {
    let nodes = [Node::Counter { until: 5 }];
    let model = below_three(&nodes, NetworkKind::Unordered).max_crashes(1).property(
        Expectation::Sometimes,
        "dead with memory",
        |_, state| state.crashed[0] && *state.actor_states[0] == 2,
    );
    model.checker().spawn_bfs().join().assert_any_discovery("dead with memory");

    let crashes = Crashes { total: Budget::Unlimited, ..Crashes::default() };
    let environment = Environment { crashes, ..calm(NetworkKind::Unordered) };
    let found = explore(&Sketch::<99>::cluster(&nodes, &environment), &everything(1), &Silent);
    assert_eq!(found.verdict(1, PropertyKind::Sometimes), Verdict::Reachable);
    // Seven living states and one dead.
    assert_eq!(found.statistics.distinct, 8);
}

/// Stateright bounds how many nodes are down at once, never how often: a count of starts grows for ever.
#[test]
fn crashes_are_bounded_over_the_whole_run() {
    let crashes = Crashes { total: Budget::AtMost(3), ..Crashes::default() };
    let environment = Environment { crashes, ..calm(NetworkKind::Unordered) };
    let nodes = [Node::Phoenix];
    let found = explore(&Sketch::<4>::cluster(&nodes, &environment), &everything(1), &Silent);
    assert_eq!((found.ended, below(&found)), (Ended::Complete, Verdict::Violated));
    assert_eq!(found.findings[0].as_ref().unwrap().depth, 6);
    let found = explore(&Sketch::<5>::cluster(&nodes, &environment), &everything(1), &Silent);
    assert_eq!(below(&found), Verdict::Holds);

    let theirs = below_three(&nodes, NetworkKind::Unordered).max_crashes(1).checker().spawn_bfs().join();
    theirs.assert_any_discovery("below");
}

/// Messages to nobody do not pile up in the state.
#[test]
fn messages_to_nobody_are_gone() {
    let nodes = [Node::Sender { to: 7.into(), numbers: vec![1, 1, 2] }];
    let cluster = Sketch::<0>::cluster(&nodes, &calm(NetworkKind::Unordered));
    let initial = cluster.initial().remove(0);
    assert!(quorate::system::Explain::snapshot(&cluster, &initial).network.is_empty());
}

/// An observer of the whole world sees each message in flight as often as it is. In stateright `iter_all` never ends on an
/// ordered network, and gives one too many of a message that is in flight twice.
mod in_flight {
    use stateright::actor::Network;

    use super::*;

    struct Counted(Vec<Node>);

    impl Protocol for Counted {
        crate::plain_protocol!("counted");
        type Actor = Node;
        type History = ();

        fn roster(&self) -> Roster<Node> {
            Roster::new().role("node", self.0.clone())
        }

        fn history(&self) {}

        fn properties() -> Vec<Property<Self>> {
            let two = Claim::sometimes("two", "exactly two messages are in flight")
                .by_world(|_: &Self, world| (world.in_flight.len() == 2).then(|| Evidence::new("two")));
            let more = Claim::always("not-more", "never more than two")
                .by_world(|_: &Self, world| (world.in_flight.len() > 2).then(|| Evidence::new("more")));
            vec![two, more]
        }
    }

    #[test]
    fn each_message_is_seen_as_often_as_it_is_in_flight() {
        let envelope = |msg: char| quorate::Envelope { src: 0.into(), dst: 1.into(), msg };
        let ordered = Network::new_ordered([envelope('a'), envelope('b')]);
        let seen: String = ordered.iter_all().take(5).map(|envelope| *envelope.msg).collect();
        assert_eq!(seen, "aaaaa");
        assert_eq!(Network::new_unordered_nonduplicating([envelope('a'), envelope('a')]).iter_all().count(), 3);

        for network in [NetworkKind::Unordered, NetworkKind::Fifo] {
            let nodes = vec![Node::Sender { to: 1.into(), numbers: vec![1, 1] }, Node::Collector];
            let cluster = Cluster::new(Counted(nodes), &calm(network)).unwrap();
            let found = explore(&cluster, &everything(1), &Silent);
            assert_eq!(found.verdict(0, PropertyKind::Sometimes), Verdict::Reachable);
            assert_eq!(found.verdict(1, PropertyKind::Always), Verdict::Holds);
        }
    }
}

/// Stateright's wrappers of actors (`RegisterActor`, `Choice`) drop the choices of what they wrap: the choice is offered
/// and made, and nobody hears of it. A role here is a variant of an enum of the author, with nothing in between.
mod choices {
    use stateright::actor::register::{RegisterActor, RegisterMsg};

    use super::*;

    /// A server that chooses what it is.
    #[derive(Clone, Debug)]
    struct Chooses;

    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    struct Chosen(Option<u32>);

    impl Actor for Chooses {
        type Msg = RegisterMsg<u64, char, ()>;
        type State = Chosen;
        type Timer = ();
        type Random = u32;
        type Storage = ();

        fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> Chosen {
            o.choose_random("what", vec![1, 2]);
            Chosen(None)
        }

        fn on_random(&self, _: Id, state: &mut Cow<'_, Chosen>, choice: &u32, _: &mut Out<Self>) {
            *state.to_mut() = Chosen(Some(*choice));
        }
    }

    struct OneServer;

    impl Protocol for OneServer {
        crate::plain_protocol!("one-server");
        type Actor = Chooses;
        type History = ();

        fn roster(&self) -> Roster<Chooses> {
            Roster::new().role("server", [Chooses])
        }

        fn history(&self) {}

        fn properties() -> Vec<Property<Self>> {
            vec![]
        }
    }

    #[test]
    fn every_choice_reaches_who_made_it() {
        let wrapped = actor_model(vec![RegisterActor::Server(Chooses)], (), (), NetworkKind::Unordered, false);
        // Before and after a choice that went nowhere.
        assert_eq!(search(&wrapped, Bounds::NONE, &[]).distinct(), 2);

        let cluster = Cluster::new(OneServer, &calm(NetworkKind::Unordered)).unwrap();
        assert_eq!(explore(&cluster, &everything(1), &Silent).statistics.distinct, 3);
    }
}

/// A graph of numbers, with the claim that an odd one comes at last.
#[derive(Clone, Debug)]
struct OddAtLast(Vec<(u32, u32)>);

impl Model for OddAtLast {
    type State = u32;
    type Action = u32;

    fn init_states(&self) -> Vec<u32> {
        vec![0]
    }

    fn actions(&self, state: &u32, actions: &mut Vec<u32>) {
        actions.extend(self.0.iter().filter(|(from, _)| from == state).map(|(_, to)| *to));
    }

    fn next_state(&self, _: &u32, to: u32) -> Option<u32> {
        Some(to)
    }

    fn properties(&self) -> Vec<stateright::Property<Self>> {
        vec![stateright::Property::eventually("odd", |_, state| state % 2 == 1)]
    }
}

/// Where a run goes round for ever, and where two ways join of which one has seen the odd number, stateright says that
/// `eventually` holds.
#[test]
fn what_never_happens_is_found_on_cycles_and_where_ways_join() {
    let round = OddAtLast(vec![(0, 2), (2, 0)]);
    let joined = OddAtLast(vec![(0, 1), (0, 2), (1, 4), (2, 4), (4, 6)]);
    for (model, steps) in [(round, 2), (joined, 3)] {
        assert!(model.clone().checker().spawn_bfs().join().discovery("odd").is_none(), "it is missed there");
        let found = explore(&Whole::new(model), &everything(1), &quorate::engine::Silent);
        assert_eq!(found.verdict(0, PropertyKind::Eventually), Verdict::Violated);
        assert_eq!(found.findings[0].as_ref().unwrap().depth, steps);
    }
    let kept = OddAtLast(vec![(0, 1), (0, 2), (1, 4), (2, 3), (3, 4), (4, 4)]);
    let found = explore(&Whole::new(kept), &everything(1), &quorate::engine::Silent);
    assert_eq!(found.verdict(0, PropertyKind::Eventually), Verdict::Holds);
}
