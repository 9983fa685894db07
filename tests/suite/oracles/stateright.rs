//! Ours against stateright: its examples, and small actors, in both.
//!
//! Where stateright's fingerprints are sound its own checker counts; where they are not (timers and choices of
//! neighbouring actors run together) the naive search counts the states of its `ActorModel`. Every model has a property
//! that stays open: without one stateright stops early.

use std::fmt::Debug;
use std::hash::Hash;

use quorate::cluster::Cluster;
use quorate::engine::{Ended, Exploration, Limits, Settings, Silent, Verdict, explore};
use quorate::model::{Budget, Environment, NetworkKind, NoOpDelivery, Protocol};
use quorate::system::PropertyKind;
use stateright::actor::{Actor, ActorModel};
use stateright::{Checker, Expectation, Model};

use super::actors::choosers::{Chooser, Choosers};
use super::actors::leader::{self, Leader};
use super::actors::pingers::{Pinger, Pingers};
use super::agreement::everything;
use super::environments::{calm, losses};
use super::naive::{Bounds, search};
use crate::peers::abd::Abd;
use crate::peers::actor_model;
use crate::peers::paxos::Paxos;
use crate::peers::raft::Raft;
use crate::peers::register::Registers;
use crate::peers::single_copy::SingleCopy;
use crate::peers::two_phase::{Kind, TwoPhase};

use NetworkKind::{Fifo, Unordered};

/// A network without or with unlimited loss.
fn network(kind: NetworkKind, lossy: bool) -> Environment {
    let total = if lossy { Budget::Unlimited } else { Budget::NEVER };
    Environment { loss: losses(total), ..calm(kind) }
}

fn explored<P: Protocol>(protocol: P, environment: &Environment) -> Exploration {
    let cluster = Cluster::new(protocol, environment).unwrap();
    explore(&cluster, &everything(2), &Silent)
}

/// Distinct states by stateright's own checker.
fn theirs<A, C, H>(model: ActorModel<A, C, H>) -> u64
where
    A: Actor<
            Msg: Ord + Send + Sync,
            Timer: Ord + Send + Sync,
            State: Send + Sync,
            Random: Send + Sync,
            Storage: Send + Sync,
        > + Send
        + Sync
        + 'static,
    C: Send + Sync + 'static,
    H: Clone + Debug + Hash + PartialEq + Send + Sync + 'static,
{
    let checker = model.property(Expectation::Sometimes, "stays open", |_, _| false).checker().spawn_bfs().join();
    checker.unique_state_count() as u64
}

/// Registers on a network: our count, which must be stateright's.
fn registers_agree<A, I>(registers: impl Fn() -> Registers<A>, kind: NetworkKind, lossy: bool) -> u64
where
    A: Actor<Msg = stateright::actor::register::RegisterMsg<u64, char, I>, Timer: Ord + Send + Sync>
        + Clone
        + Send
        + Sync
        + 'static,
    A::State: Send + Sync,
    A::Random: Send + Sync,
    A::Storage: Send + Sync,
    I: quorate::model::Datum + Ord,
    Registers<A>: Protocol,
{
    let found = explored(registers(), &network(kind, lossy));
    assert_eq!(found.ended, Ended::Complete);
    assert_eq!(found.statistics.distinct, theirs(registers().actor_model(kind, lossy)), "{kind:?}, lossy: {lossy}");
    found.statistics.distinct
}

#[test]
fn paxos_agrees() {
    assert_eq!(registers_agree(|| Paxos::registers(1, 3), Unordered, false), 265);
    assert_eq!(registers_agree(|| Paxos::registers(2, 3), Unordered, false), 16_668);
    for (clients, servers, kind, lossy) in
        [(1, 3, Unordered, true), (1, 3, Fifo, false), (1, 3, Fifo, true), (2, 2, Unordered, true), (2, 2, Fifo, false)]
    {
        registers_agree(|| Paxos::registers(clients, servers), kind, lossy);
    }
}

#[test]
fn the_linearizable_register_agrees() {
    assert_eq!(registers_agree(|| Abd::registers(2, 2), Unordered, false), 544);
    for (clients, servers, kind, lossy) in
        [(1, 3, Unordered, false), (1, 3, Fifo, true), (2, 2, Unordered, true), (2, 2, Fifo, false), (2, 2, Fifo, true)]
    {
        registers_agree(|| Abd::registers(clients, servers), kind, lossy);
    }
}

#[test]
fn the_single_copy_register_agrees() {
    assert_eq!(registers_agree(|| SingleCopy::registers(2, 1), Unordered, false), 93);
    for (clients, servers, kind, lossy) in [
        (2, 1, Unordered, true),
        (2, 1, Fifo, false),
        (2, 2, Unordered, false),
        (3, 1, Unordered, false),
        (3, 2, Fifo, true),
    ] {
        registers_agree(|| SingleCopy::registers(clients, servers), kind, lossy);
    }
}

#[test]
fn two_phase_commit_agrees() {
    for (participants, kind, lossy) in
        [(2, Unordered, true), (3, Unordered, false), (3, Fifo, false), (3, Fifo, true), (4, Unordered, false)]
    {
        for who in [Kind::Asked, Kind::Unasked] {
            let protocol = || TwoPhase { participants, kind: who };
            let found = explored(protocol(), &network(kind, lossy));
            // Choices of neighbouring actors run together in stateright's hash: count exactly.
            let expected = search(&protocol().actor_model(kind, lossy), Bounds::NONE, &[]).distinct();
            assert_eq!(found.statistics.distinct, expected, "{participants} {kind:?}, lossy: {lossy}, {who:?}");
        }
    }
}

/// Verdicts, and the lengths that stateright's examples assert in their own tests as the shortest.
#[test]
fn verdicts_and_shortest_ways_are_those_of_the_examples() {
    fn judged<P: Protocol>(protocol: P) -> [(Verdict, Option<u32>); 2] {
        let found = explored(protocol, &calm(Unordered));
        let depth = |ix: usize| found.findings[ix].as_ref().map(|finding| finding.depth);
        [(found.verdict(0, PropertyKind::Always), depth(0)), (found.verdict(1, PropertyKind::Sometimes), depth(1))]
    }
    let (holds, reachable) = ((Verdict::Holds, None), |depth| (Verdict::Reachable, Some(depth)));
    assert_eq!(judged(Paxos::registers(2, 3)), [holds, reachable(8)]);
    assert_eq!(judged(Abd::registers(2, 2)), [holds, reachable(11)]);
    assert_eq!(judged(SingleCopy::registers(2, 1)), [holds, reachable(3)]);
    // With two copies a client may read what was before its own write.
    assert_eq!(judged(SingleCopy::registers(2, 2)), [(Verdict::Violated, Some(4)), reachable(4)]);
}

/// Small actors with timers and choices, on networks on which the two semantics agree: our search against the naive
/// one over stateright's `ActorModel`.
#[test]
fn small_actors_agree_with_the_exact_count_of_actor_model() {
    fn agree<P: Protocol>(protocol: P, actors: Vec<P::Actor>, kind: NetworkKind, lossy: bool)
    where
        ActorModel<P::Actor>: Model<State: PartialEq + Hash>,
    {
        let expected = search(&actor_model(actors, (), (), kind, lossy), Bounds::NONE, &[]);
        let found = explored(protocol, &network(kind, lossy)).statistics;
        assert_eq!(
            (found.distinct, &found.widths),
            (expected.distinct(), &expected.widths),
            "{kind:?}, lossy: {lossy}"
        );
    }
    for (kind, lossy) in [(Unordered, false), (Unordered, true), (Fifo, false), (Fifo, true)] {
        let pingers: Vec<Pinger> = members(&Pingers { count: 2, pings: 2 });
        agree(Pingers { count: 2, pings: 2 }, pingers, kind, lossy);
        let choosers: Vec<Chooser> = members(&Choosers { count: 2 });
        agree(Choosers { count: 2 }, choosers, kind, lossy);
        let leader: Vec<leader::Member> = members(&Leader { followers: 2, entries: 2 });
        agree(Leader { followers: 2, entries: 2 }, leader, kind, lossy);
    }
}

fn members<P: Protocol<Actor: Clone>>(protocol: &P) -> Vec<P::Actor> {
    protocol.roster().members().iter().map(|member| member.actor.clone()).collect()
}

/// 19,699 states at depth 7 with exact identity. Stateright's own checker, which counts the initial state as depth 1, finds as
/// many as we do where timers have names; its example, in which the timers of neighbouring servers run together,
/// 15,793. Without crashes the two semantics agree; its handlers touch their state always, which to stateright is a change, so
/// that every delivery consumes its message.
#[test]
fn raft_agrees_with_the_exact_count() {
    let raft = || Raft { servers: 3 };
    let exact = search(&raft().actor_model(Unordered, 1), Bounds::depth(6), &[]);
    assert_eq!(exact.distinct(), 19_699);

    let settings = Settings { limits: Limits { depth: Some(6), ..Limits::default() }, ..everything(2) };
    let environment = Environment { no_op: NoOpDelivery::Consume, ..calm(Unordered) };
    let cluster = Cluster::new(raft(), &environment).unwrap();
    let found = explore(&cluster, &settings, &Silent);
    let exact = search(&raft().actor_model(Unordered, 0), Bounds::depth(6), &[]);
    assert_eq!(found.statistics.widths, exact.widths);
    assert_eq!(found.statistics.generated, exact.generated);
    let theirs = raft().actor_model(Unordered, 0).checker().target_max_depth(7).spawn_bfs().join();
    assert_eq!(found.statistics.distinct, theirs.unique_state_count() as u64);
}
