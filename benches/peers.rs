//! Ours against stateright's breadth-first search: the same actors, one thread each, in turns in one run.
//!
//! `cargo bench --bench peers` runs every duel; `cargo bench --bench peers -- paxos --rounds 5` those whose name has
//! `paxos` in it, five rounds each. What is measured is CPU time of the whole process over building, searching and
//! giving back the memory. Before a time counts, both must have counted the same states.

#[allow(dead_code, unreachable_pub, reason = "the tests use more of it")]
#[path = "../tests/suite/peers/mod.rs"]
mod peers;

use std::fmt::Debug;
use std::hash::Hash;
use std::process::Command;

use quorate::cluster::Cluster;
use quorate::engine::{Ended, Limits, Paths, Settings, Silent, StopWhen, explore};
use quorate::model::{Budget, Environment, Losses, NetworkKind, NoOpDelivery, Protocol};
use stateright::actor::{Actor, ActorModel};
use stateright::{Checker, Model};

use peers::abd::Abd;
use peers::paxos::Paxos;
use peers::raft::Raft;
use peers::two_phase::{Kind, TwoPhase};

/// Kernel clock ticks in a second, as `/proc` counts them: a constant of its interface.
const TICKS_PER_SECOND: f64 = 100.0;
/// A run is repeated until it took this long, so that ticks are fine enough.
const LEAST_SECONDS: f64 = 1.0;
/// What a property-free depth-bounded search of Raft is given.
const RAFT_DEPTH: u32 = 10;

/// One instance in both tools.
struct Duel {
    name: &'static str,
    ours: fn() -> u64,
    theirs: fn() -> u64,
    /// Why the counts may differ, where they do.
    differs: Option<&'static str>,
}

const DUELS: [Duel; 5] = [
    Duel {
        name: "paxos-3-clients-3-servers",
        ours: || ours(Paxos::registers(3, 3), &environment(NetworkKind::Unordered, false), None),
        theirs: || theirs(Paxos::registers(3, 3).actor_model(NetworkKind::Unordered, false), None),
        differs: None,
    },
    Duel {
        name: "abd-2-clients-3-servers-fifo",
        ours: || ours(Abd::registers(2, 3), &environment(NetworkKind::Fifo, false), None),
        theirs: || theirs(Abd::registers(2, 3).actor_model(NetworkKind::Fifo, false), None),
        differs: None,
    },
    Duel {
        name: "paxos-2-clients-3-servers-lossy",
        ours: || ours(Paxos::registers(2, 3), &environment(NetworkKind::Unordered, true), None),
        theirs: || theirs(Paxos::registers(2, 3).actor_model(NetworkKind::Unordered, true), None),
        differs: None,
    },
    Duel {
        name: "two-phase-7-participants",
        ours: || ours(two_phase(), &environment(NetworkKind::Unordered, false), None),
        theirs: || theirs(two_phase().actor_model(NetworkKind::Unordered, false), None),
        differs: None,
    },
    Duel {
        name: "raft-3-servers-depth-10",
        ours: || ours(Raft { servers: 3 }, &consuming(), Some(RAFT_DEPTH)),
        theirs: || theirs(Raft { servers: 3 }.actor_model(NetworkKind::Unordered, 0), Some(RAFT_DEPTH + 1)),
        differs: Some("stateright lets the timers of neighbouring servers run together"),
    },
];

fn two_phase() -> TwoPhase {
    TwoPhase { participants: 7, kind: Kind::Asked }
}

fn environment(network: NetworkKind, lossy: bool) -> Environment {
    let total = if lossy { Budget::Unlimited } else { Budget::NEVER };
    Environment { network, loss: Losses { total, of_roles: vec![] }, ..Environment::default() }
}

/// Raft's handlers touch their state always, which to stateright is a change that consumes the message.
fn consuming() -> Environment {
    Environment { no_op: NoOpDelivery::Consume, ..environment(NetworkKind::Unordered, false) }
}

fn ours<P: Protocol>(protocol: P, environment: &Environment, depth: Option<u32>) -> u64 {
    let settings = Settings {
        threads: 1,
        limits: Limits { depth, ..Limits::default() },
        stop_when: StopWhen::Never,
        paths: Paths::Violations,
        ..Settings::default()
    };
    let cluster = Cluster::new(protocol, environment).expect("the instance makes sense");
    let found = explore(&cluster, &settings, &Silent);
    assert!(depth.is_some() || found.ended == Ended::Complete, "the search saw everything");
    found.statistics.distinct
}

fn theirs<A, H>(model: ActorModel<A, (), H>, depth: Option<u32>) -> u64
where
    ActorModel<A, (), H>: Model<State: Hash + Clone + PartialEq + Send + Sync, Action: Clone + PartialEq> + Send + Sync,
    A: Actor<Msg: Ord, Timer: Ord> + 'static,
    H: Clone + Debug + Hash + 'static,
{
    let checker = model.checker().threads(1);
    let checker = match depth {
        Some(depth) => checker.target_max_depth(depth as usize),
        None => checker,
    };
    checker.spawn_bfs().join().unique_state_count() as u64
}

/// CPU seconds that this process has taken, in all its threads, those that have ended too.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux tells of this process");
    let (_, fields) = stat.rsplit_once(')').expect("the name of the process is in parentheses");
    let ticks = |ix: usize| fields.split_whitespace().nth(ix).and_then(|field| field.parse::<u64>().ok());
    // Fields 14 and 15 of the line, of which the first two are before the parenthesis.
    let (user, system) = (ticks(11), ticks(12));
    (user.expect("user time is a number") + system.expect("system time is a number")) as f64 / TICKS_PER_SECOND
}

/// Distinct states, and how many of them in a CPU second.
fn measure(run: fn() -> u64) -> (u64, f64) {
    let start = cpu_seconds();
    let mut total = 0;
    loop {
        let count = run();
        total += count;
        let spent = cpu_seconds() - start;
        if spent >= LEAST_SECONDS {
            return (count, total as f64 / spent);
        }
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn fight(duel: &Duel, round_count: usize) {
    let (mut rates, mut their_rates, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    println!("{}", duel.name);
    for round in 1..=round_count {
        let (our_count, our_rate) = measure(duel.ours);
        let (their_count, their_rate) = measure(duel.theirs);
        match duel.differs {
            None => assert_eq!(our_count, their_count, "{}: distinct states", duel.name),
            Some(why) if round == 1 => println!("  {our_count} states are {their_count} to stateright: {why}"),
            Some(_) => {}
        }
        let ratio = our_rate / their_rate;
        println!(
            "  round {round}: {our_count} states, quorate {our_rate:>10.0}/s, stateright {their_rate:>10.0}/s, {ratio:.1} times"
        );
        rates.push(our_rate);
        their_rates.push(their_rate);
        ratios.push(ratio);
    }
    let (rate, their_rate, ratio) = (median(rates), median(their_rates), median(ratios));
    println!("  median: quorate {rate:>10.0}/s, stateright {their_rate:>10.0}/s, {ratio:.1} times\n");
}

fn version_in_lock(package: &str) -> Option<&'static str> {
    let lock = include_str!("../Cargo.lock");
    let (_, after) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    after.split('"').next()
}

fn print_versions() {
    let rustc = Command::new("rustc").arg("--version").output().ok();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let version = |package| version_in_lock(package).unwrap_or("?");
    println!("distinct states in a CPU second, one thread, in turns");
    println!("quorate {}, stateright {}, {}\n", version("quorate"), version("stateright"), rustc.unwrap_or_default());
}

fn main() {
    let mut round_count = 3;
    let mut wanted = Vec::new();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            // What `cargo bench` adds.
            "--bench" => {}
            "--rounds" => {
                round_count = args.next().and_then(|count| count.parse().ok()).expect("--rounds takes a number");
            }
            _ => wanted.push(arg),
        }
    }
    let is_wanted = |duel: &&Duel| wanted.is_empty() || wanted.iter().any(|name| duel.name.contains(name.as_str()));
    print_versions();
    for duel in DUELS.iter().filter(is_wanted) {
        fight(duel, round_count);
    }
}
