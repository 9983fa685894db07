//! Ours against stateright's breadth-first search: the same actors, one thread each, in turns in one run.
//!
//! `cargo bench --bench peers` runs every duel; `cargo bench --bench peers -- paxos --rounds 5` those whose name has
//! `paxos` in it, five rounds each. Each side of each round is a process of its own. What is measured is its CPU time over
//! building, searching and giving back the memory, until a second has passed, and the most memory that it ever
//! held. Before a figure counts, both must have counted the same states. Ours keeps what it needs for traces, as theirs does.
//!
//! The last two are ours against ours: two threads and one, in wall time; and what a state takes where nothing is kept for
//! traces, and where it is.

#[allow(dead_code, unreachable_pub, reason = "the tests use more of it")]
#[path = "../tests/suite/peers/mod.rs"]
mod peers;

use std::fmt::Debug;
use std::hash::Hash;
use std::process::Command;
use std::time::Instant;

use quorate::cluster::Cluster;
use quorate::engine::{Ended, Limits, Paths, Settings, Silent, StopWhen, explore};
use quorate::model::{Budget, Environment, Losses, NetworkKind, NoOpDelivery, Protocol};
use stateright::actor::{Actor, ActorModel};
use stateright::{Checker, Model};

use peers::abd::Abd;
use peers::hoard::Hoard;
use peers::paxos::Paxos;
use peers::raft::Raft;
use peers::two_phase::{Kind, TwoPhase};

/// Kernel clock ticks in a second, as `/proc` counts them: a constant of its interface.
const TICKS_PER_SECOND: f64 = 100.0;
/// A run is repeated until it took this long, so that ticks are fine enough.
const LEAST_SECONDS: f64 = 1.0;
/// What a property-free depth-bounded search of Raft is given.
const RAFT_DEPTH: u32 = 10;

/// One instance for two sides. Each counts the states once and says how many there are.
struct Duel {
    name: &'static str,
    ours: fn() -> u64,
    theirs: fn() -> u64,
    what: What,
}

/// What a duel is about.
#[derive(Clone, Copy, PartialEq, Eq)]
enum What {
    /// A protocol, against stateright.
    Protocol,
    /// Nothing that could be remembered, against stateright.
    WorstCase,
    /// Two threads, against one.
    Threads,
    /// Nothing kept for traces, against all that they need.
    Memory,
}

const DUELS: [Duel; 8] = [
    Duel {
        name: "paxos-3-clients-3-servers",
        ours: || ours(Paxos::registers(3, 3), &environment(NetworkKind::Unordered, false), None),
        theirs: || theirs(Paxos::registers(3, 3).actor_model(NetworkKind::Unordered, false), None),
        what: What::Protocol,
    },
    Duel {
        name: "abd-2-clients-3-servers-fifo",
        ours: || ours(Abd::registers(2, 3), &environment(NetworkKind::Fifo, false), None),
        theirs: || theirs(Abd::registers(2, 3).actor_model(NetworkKind::Fifo, false), None),
        what: What::Protocol,
    },
    Duel {
        name: "paxos-2-clients-3-servers-lossy",
        ours: || ours(Paxos::registers(2, 3), &environment(NetworkKind::Unordered, true), None),
        theirs: || theirs(Paxos::registers(2, 3).actor_model(NetworkKind::Unordered, true), None),
        what: What::Protocol,
    },
    Duel {
        name: "two-phase-7-participants",
        ours: || ours(two_phase(), &environment(NetworkKind::Unordered, false), None),
        theirs: || theirs(two_phase().actor_model(NetworkKind::Unordered, false), None),
        what: What::Protocol,
    },
    Duel {
        name: "raft-3-servers-depth-10",
        ours: || ours(Raft { servers: 3 }, &consuming(), Some(RAFT_DEPTH)),
        theirs: || theirs(Raft { servers: 3 }.actor_model(NetworkKind::Unordered, 0), Some(RAFT_DEPTH + 1)),
        what: What::Protocol,
    },
    Duel {
        name: "worst-case-one-actor-holds-everything",
        ours: || ours(HOARD, &environment(NetworkKind::Unordered, false), None),
        theirs: || theirs(HOARD.actor_model(), None),
        what: What::WorstCase,
    },
    Duel { name: "two-threads-against-one", ours: || with_threads(2), theirs: || with_threads(1), what: What::Threads },
    Duel {
        name: "two-phase-8-participants-without-traces-against-with",
        ours: || large(Paths::None),
        theirs: || large(Paths::Violations),
        what: What::Memory,
    },
];

const HOARD: Hoard = Hoard { counters: 10, limit: 3, falters_at: None };

fn with_threads(threads: usize) -> u64 {
    let settings = Settings { threads, ..settings() };
    ours_with(&settings, Paxos::registers(3, 3), &environment(NetworkKind::Unordered, false))
}

fn large(paths: Paths) -> u64 {
    let settings = Settings { paths, ..settings() };
    let protocol = TwoPhase { participants: 8, kind: Kind::Asked };
    ours_with(&settings, protocol, &environment(NetworkKind::Unordered, false))
}

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

/// One thread, with all that traces need.
fn settings() -> Settings {
    Settings { threads: 1, stop_when: StopWhen::Never, paths: Paths::Violations, ..Settings::default() }
}

fn ours<P: Protocol>(protocol: P, environment: &Environment, depth: Option<u32>) -> u64 {
    ours_with(&Settings { limits: Limits { depth, ..Limits::default() }, ..settings() }, protocol, environment)
}

fn ours_with<P: Protocol>(settings: &Settings, protocol: P, environment: &Environment) -> u64 {
    let cluster = Cluster::new(protocol, environment).expect("the instance makes sense");
    let found = explore(&cluster, settings, &Silent);
    assert!(settings.limits.depth.is_some() || found.ended == Ended::Complete, "the search saw everything");
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

/// What a side took.
#[derive(Clone, Copy)]
struct Took {
    count: u64,
    /// Distinct states in a CPU second, and in a second.
    rate: f64,
    wall_rate: f64,
    peak_mib: f64,
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

/// The most memory that this process ever held, in MiB.
fn peak_mib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux tells of this process");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("its most memory is a line");
    line.trim().trim_end_matches("kB").trim().parse::<f64>().expect("kibibytes are a number") / 1024.0
}

/// One side, in this process: says what it took as a line of numbers.
fn be_a_side(run: fn() -> u64) {
    let (start, began) = (cpu_seconds(), Instant::now());
    let mut total = 0;
    loop {
        let count = run();
        total += count;
        let spent = cpu_seconds() - start;
        if spent >= LEAST_SECONDS {
            let wall_rate = total as f64 / began.elapsed().as_secs_f64();
            println!("{count} {} {wall_rate} {}", total as f64 / spent, peak_mib());
            return;
        }
    }
}

/// One side, in a process of its own.
fn send_out(duel: &Duel, side: &str) -> Took {
    let this = std::env::current_exe().expect("this program has a path");
    let output = Command::new(this).args([SIDE, side, duel.name]).output().expect("this program can be run again");
    assert!(output.status.success(), "{} ({side}): {}", duel.name, String::from_utf8_lossy(&output.stderr));
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers: Vec<f64> = line.split_whitespace().filter_map(|number| number.parse().ok()).collect();
    let [count, rate, wall_rate, peak_mib] = numbers[..] else { panic!("{} ({side}) said: {line}", duel.name) };
    Took { count: count as u64, rate, wall_rate, peak_mib }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How many times faster ours was and how many times less memory it took, medians of all rounds.
fn fight(duel: &Duel, round_count: usize) -> (f64, f64) {
    println!("{}", duel.name);
    let rounds: Vec<(Took, Took)> = (0..round_count).map(|_| (send_out(duel, OURS), send_out(duel, THEIRS))).collect();
    let (ours, theirs) = rounds[0];
    assert_eq!(ours.count, theirs.count, "{}: distinct states", duel.name);
    let rate = |took: &Took| if duel.what == What::Threads { took.wall_rate } else { took.rate };
    let of = |value: &dyn Fn(&(Took, Took)) -> f64| median(rounds.iter().map(value).collect());
    let faster = of(&|(ours, theirs)| rate(ours) / rate(theirs));
    let smaller = of(&|(ours, theirs)| theirs.peak_mib / ours.peak_mib);
    let (this, that) = match duel.what {
        What::Protocol | What::WorstCase => ("quorate", "stateright"),
        What::Threads => ("two", "one"),
        What::Memory => ("without", "with"),
    };
    if duel.what == What::Memory {
        let bytes = |took: &Took| took.peak_mib * 1024.0 * 1024.0 / took.count as f64;
        let [ours, theirs] = [of(&|(ours, _)| bytes(ours)), of(&|(_, theirs)| bytes(theirs))];
        println!("  bytes a state, all in: {this} {ours:.1}, {that} {theirs:.1}");
    }
    println!(
        "  {} states: {this} {:.0}/s, {that} {:.0}/s: {faster:.1} times; {this} {:.0} MiB, {that} {:.0} MiB: {smaller:.1} times\n",
        ours.count,
        of(&|(ours, _)| rate(ours)),
        of(&|(_, theirs)| rate(theirs)),
        of(&|(ours, _)| ours.peak_mib),
        of(&|(_, theirs)| theirs.peak_mib),
    );
    (faster, smaller)
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
    println!(
        "distinct states in a CPU second, one thread, and peak memory, in turns; two threads against one: in a second"
    );
    println!("quorate {}, stateright {}, {}\n", version("quorate"), version("stateright"), rustc.unwrap_or_default());
}

/// The geometric mean over the protocols.
fn print_means(ratios: &[(f64, f64)]) {
    let mean = |value: fn(&(f64, f64)) -> f64| {
        (ratios.iter().map(|ratio| value(ratio).ln()).sum::<f64>() / ratios.len() as f64).exp()
    };
    println!("geometric mean of {}: {:.1} times, {:.1} times", ratios.len(), mean(|it| it.0), mean(|it| it.1));
}

const SIDE: &str = "--side";
const OURS: &str = "ours";
const THEIRS: &str = "theirs";

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
            SIDE => {
                let (side, name) = (args.next(), args.next());
                let duel = DUELS.iter().find(|duel| Some(duel.name) == name.as_deref()).expect("a duel of this name");
                return be_a_side(if side.as_deref() == Some(OURS) { duel.ours } else { duel.theirs });
            }
            _ => wanted.push(arg),
        }
    }
    let is_wanted = |duel: &&Duel| wanted.is_empty() || wanted.iter().any(|name| duel.name.contains(name.as_str()));
    print_versions();
    let mut ratios = Vec::new();
    for duel in DUELS.iter().filter(is_wanted) {
        let ratio = fight(duel, round_count);
        ratios.extend((duel.what == What::Protocol).then_some(ratio));
    }
    if ratios.len() > 1 {
        print_means(&ratios);
    }
}
