//! What is left out makes no difference, and where it would, that is found.

use std::collections::{BTreeMap, BTreeSet};

use quorate::cluster::Entry;
use quorate::engine::{Exploration, Limits, Paths, Settings, Silent, Verdict, explore, explore_keeping};
use quorate::model::Reductions;
use quorate::spec::{self, Check, Size, Source};
use quorate::system::{Explain, PropertyKind, ShowsIn, Successors, Word};
use quorate::trace::{Replay, Trace, in_whole, replay};
use quorate_models::CATALOGUE;
use serde_json::{Map, Value as Json};

use super::agreement::everything;
use super::kept::Kept;

/// The small checks of a shipped protocol.
fn small_checks(protocol: &str) -> (&'static dyn Entry, Vec<Check>) {
    let entry = *CATALOGUE.iter().find(|entry| entry.card().name == protocol).unwrap();
    let file = format!("{}/specs/{protocol}.toml", env!("CARGO_MANIFEST_DIR"));
    let manifest = spec::read(Source::file(&file, std::fs::read_to_string(&file).unwrap()), CATALOGUE).unwrap();
    (entry, manifest.checks.into_iter().filter(|check| check.size == Size::Small).collect())
}

fn searched(
    entry: &dyn Entry,
    check: &Check,
    reductions: Reductions,
    threads: usize,
) -> (Box<dyn Explain>, Exploration) {
    traced(entry, check, reductions, threads, Paths::None)
}

fn traced(
    entry: &dyn Entry,
    check: &Check,
    reductions: Reductions,
    threads: usize,
    paths: Paths,
) -> (Box<dyn Explain>, Exploration) {
    let system = entry.build_reduced(&check.instance, reductions).unwrap();
    // Where a check stops at a violation, what is beyond is not looked at here either.
    let depth = check.limits.depth.or(check.lock.map(|lock| lock.depth));
    let limits = Limits { memory_bytes: None, depth, ..check.limits };
    let found = explore(&*system, &Settings { limits, paths, ..everything(threads) }, &Silent);
    (system, found)
}

/// Verdicts and lengths, by property; `None` where nothing is said.
fn told(system: &dyn Explain, found: &Exploration) -> Vec<Option<(Verdict, Option<u32>)>> {
    let cards = system.properties().iter().enumerate();
    let told = |(ix, card): (usize, &quorate::system::PropertyCard)| {
        let length = found.findings[ix].as_ref().map(|finding| finding.depth);
        // How long a lasso is says nothing of how long another is.
        let length =
            length.filter(|_| card.kind.shows_in() != ShowsIn::Graph || card.kind == PropertyKind::AlwaysPossible);
        system.preserves(ix).then_some((found.verdict(ix, card.kind), length))
    };
    cards.map(told).collect()
}

/// Reduced searches of all small checks of these say what whole ones say, in fewer states, for every number of threads.
#[test]
fn reduced_searches_say_what_whole_ones_say() {
    for (protocol, stale) in [
        ("two-phase-commit", false),
        ("quorum-commit", false),
        ("paxos", true),
        ("multi-paxos", true),
        ("viewstamped-replication", true),
        ("raft", true),
        ("zab", true),
        ("redlock", true),
        ("abd", true),
    ] {
        let (entry, checks) = small_checks(protocol);
        let mut saved = 0;
        // The depth of a check that is itself reduced is not that of the whole.
        let is_small = |check: &Check| check.lock.is_some_and(|lock| lock.states <= 8_000);
        let checks = checks.into_iter().filter(|check| check.reductions.is_none() && is_small(check));
        for check in checks {
            let whole = searched(entry, &check, Reductions::NONE, 2);
            let expected = told(&*whole.0, &whole.1);
            let mut reductions = vec![Reductions::SYMMETRY];
            let environment = &check.instance.environment;
            if stale && entry.build_reduced(&check.instance, Reductions::STALE_MESSAGES).is_ok() {
                reductions.extend([Reductions::STALE_MESSAGES, Reductions::SYMMETRY.and(Reductions::STALE_MESSAGES)]);
            }
            for reductions in reductions {
                if reductions.symmetry && entry.build_reduced(&check.instance, reductions).is_err() {
                    continue;
                }
                let (system, found) = searched(entry, &check, reductions, 2);
                let name = format!("{protocol}, {}, {:?}, {environment:?}", check.name, reductions.words());
                if let Some(refused) = &found.refused {
                    // A deviation may make a difference of a message that would make none, or of a member.
                    assert!(!check.instance.deviations.is_empty(), "{name}: {refused}");
                    continue;
                }
                let reduced = told(&*system, &found);
                for (ix, (expected, reduced)) in expected.iter().zip(&reduced).enumerate() {
                    assert!(
                        reduced.is_none() || expected == reduced,
                        "{name}, property {ix}: {expected:?} {reduced:?}"
                    );
                }
                assert!(found.statistics.distinct <= whole.1.statistics.distinct, "{name}");
                saved += whole.1.statistics.distinct - found.statistics.distinct;
                let (_, alone) = searched(entry, &check, reductions, 1);
                assert_eq!(alone.statistics.widths, found.statistics.widths, "{name}");
                assert_eq!(alone.statistics.generated, found.statistics.generated, "{name}");
            }
        }
        assert!(saved > 500, "{protocol}: {saved}");
    }
}

/// A state as plain data in which members are called otherwise and every list is sorted: these protocols have lists only
/// where order means nothing.
fn renamed(json: &Json, names: &BTreeMap<String, String>) -> Json {
    let name = |text: &String| names.get(text).unwrap_or(text).clone();
    match json {
        Json::String(text) => Json::String(name(text)),
        Json::Array(list) => {
            let mut list: Vec<Json> = list.iter().map(|value| renamed(value, names)).collect();
            list.sort_by_key(Json::to_string);
            Json::Array(list)
        }
        Json::Object(map) => {
            let entries = map.iter().map(|(key, value)| (name(key), renamed(value, names)));
            let sorted: BTreeMap<String, Json> = entries.collect();
            Json::Object(sorted.into_iter().collect::<Map<String, Json>>())
        }
        other => other.clone(),
    }
}

/// What has ticks left, each together with them, so that lists may be sorted.
fn with_ticks(json: Json) -> Json {
    match json {
        Json::Object(mut map) => {
            if let Some(Json::Array(ticks)) = map.remove("ticks").filter(|ticks| ticks != &Json::Array(Vec::new())) {
                let list = ["network", "timers"].into_iter().find(|list| map.contains_key(*list)).unwrap();
                let Some(Json::Array(waiting)) = map.remove(list) else { panic!("a list") };
                assert_eq!(waiting.len(), ticks.len());
                let pairs = waiting
                    .into_iter()
                    .zip(ticks)
                    .map(|(value, ticks)| serde_json::json!({ "of": value, "left": ticks.to_string() }));
                map.insert(list.to_owned(), pairs.collect());
            }
            Json::Object(map.into_iter().map(|(key, value)| (key, with_ticks(value))).collect())
        }
        Json::Array(list) => list.into_iter().map(with_ticks).collect(),
        other => other,
    }
}

fn permutations(members: &[String]) -> Vec<Vec<String>> {
    if members.is_empty() {
        return vec![Vec::new()];
    }
    let with_first = |at: usize| {
        let mut rest = members.to_vec();
        let first = rest.remove(at);
        permutations(&rest).into_iter().map(move |rest| [vec![first.clone()], rest].concat())
    };
    (0..members.len()).flat_map(with_first).collect()
}

/// So many states of a whole system are enough to count orbits in, and the rest of their level.
const ENOUGH: usize = 1_500;

/// States near the start of the whole system, and how many orbits they have, told apart by what they look like.
struct Orbits {
    whole: usize,
    orbits: usize,
    depth: u32,
}

impl Orbits {
    fn of(system: &dyn Explain, groups: &[Vec<String>]) -> Self {
        let mut renamings: Vec<BTreeMap<String, String>> = vec![BTreeMap::new()];
        for group in groups {
            let permuted = permutations(group);
            let with = |names: &BTreeMap<String, String>, images: &Vec<String>| {
                names.clone().into_iter().chain(group.iter().cloned().zip(images.clone())).collect()
            };
            renamings =
                renamings.iter().flat_map(|names| permuted.iter().map(move |images| with(names, images))).collect();
        }
        let mut seen: BTreeSet<Box<[Word]>> = system.initial().into_iter().collect();
        let mut level: Vec<Box<[Word]>> = seen.iter().cloned().collect();
        let (mut orbits, mut depth) = (BTreeSet::new(), 0);
        let mut successors = Successors::default();
        loop {
            let (mut next_level, goes_on) = (Vec::new(), seen.len() < ENOUGH);
            for state in level {
                let json = with_ticks(serde_json::to_value(system.snapshot(&state)).unwrap());
                orbits.insert(renamings.iter().map(|names| renamed(&json, names).to_string()).min().unwrap());
                system.successors(&state, &mut successors);
                for successor in successors.iter() {
                    let mut next = state.clone();
                    successor.apply(&mut next);
                    if goes_on && seen.insert(next.clone()) {
                        next_level.push(next);
                    }
                }
            }
            if next_level.is_empty() {
                return Self { whole: seen.len(), orbits: orbits.len(), depth };
            }
            (level, depth) = (next_level, depth + 1);
        }
    }
}

fn group(role: &str, count: usize) -> Vec<String> {
    (0..count).map(|ix| format!("{role}{ix}")).collect()
}

/// The reduced count is the number of orbits, worked out by hand.
#[test]
fn as_many_states_as_orbits() {
    let partitions = "faults = { partitions = { total = 1, of = [\"acceptor\"], sides = 3 } }";
    let cases: &[(&str, &str, &[Vec<String>])] = &[
        ("two-phase-commit", "params = { queries = 0 }", &[group("participant", 2)]),
        (
            "two-phase-commit",
            "params = { queries = 0, multicast = \"at-once\" }\nfaults = { crashes = 1 }",
            &[group("participant", 2)],
        ),
        ("quorum-commit", "params = { participants = 3 }", &[group("participant", 3)]),
        (
            "paxos",
            "params = { proposers = 1, ballots = 1, learners = 2 }",
            &[group("acceptor", 3), group("learner", 2)],
        ),
        ("paxos", "params = { proposers = 1, ballots = 2, learners = 0 }\nnetwork = \"fifo\"", &[group("acceptor", 3)]),
        (
            "paxos",
            &format!("params = {{ proposers = 1, ballots = 1, learners = 0 }}\n{partitions}"),
            &[group("acceptor", 3)],
        ),
        ("zab", "", &[group("server", 2)]),
        ("zab", "params = { candidates = 0, clients = 2 }", &[group("server", 3), group("client", 2)]),
        ("abd", "params = { writers = 0, readers = 2 }", &[group("server", 3), group("reader", 2)]),
        (
            "redlock",
            "params = { masters = 2 }\nassume = [\"ttl-outlasts-owners\"]",
            &[group("client", 2), group("master", 2)],
        ),
        (
            "redlock",
            "params = { clients = 1, masters = 2, ttl = 2 }\ntime = { mode = \"timed\", delay = 1, skew = 1 }",
            &[group("master", 2)],
        ),
    ];
    for (protocol, text, groups) in cases {
        let source =
            Source::file("case.toml", format!("protocol = \"{protocol}\"\n[[check]]\nname = \"case\"\n{text}\n"));
        let mut check = spec::read(source, CATALOGUE).unwrap().checks.remove(0);
        let entry = *CATALOGUE.iter().find(|entry| entry.card().name == *protocol).unwrap();
        let Orbits { whole, orbits, depth } = Orbits::of(&*entry.build(&check.instance).unwrap(), groups);
        check.limits.depth = Some(depth);
        let (_, found) = searched(entry, &check, Reductions::SYMMETRY, 2);
        assert_eq!(found.refused, None, "{protocol} {text}");
        assert_eq!(found.statistics.distinct, orbits as u64, "{protocol} {text}: {whole} states");
        assert!(orbits * 2 < whole + whole / 4, "{protocol} {text}: {orbits} of {whole}");
    }
}

/// A counterexample is a run of the cluster as it is.
#[test]
fn counterexamples_are_told_with_everybodys_own_name() {
    let (entry, checks) = small_checks("redlock");
    let check = checks.into_iter().find(|check| check.instance.deviations == ["half-quorum"]).unwrap();
    let (system, found) = traced(entry, &check, Reductions::SYMMETRY, 2, Paths::Violations);
    let whole = entry.build(&check.instance).unwrap();
    let path = in_whole(&*system, found.findings[0].as_ref().unwrap().path.as_ref().unwrap(), &*whole).unwrap();
    let trace = Trace::of(&*whole, &path, &check.instance, 0);
    let again = entry.build(&check.instance).unwrap();
    assert!(matches!(replay(&*again, &trace, 0), Replay::Confirmed { .. }));
    // And the same one for every number of threads.
    let (other, alone) = traced(entry, &check, Reductions::SYMMETRY, 1, Paths::Violations);
    let path = in_whole(&*other, alone.findings[0].as_ref().unwrap().path.as_ref().unwrap(), &*whole).unwrap();
    assert_eq!(Trace::of(&*whole, &path, &check.instance, 0), trace);
}

/// Where a message that changes nothing can make a difference, the reduction is not possible.
#[test]
fn what_is_unsound_is_not_begun() {
    let refused = |text: &str, reduce: &str| {
        let text = format!("protocol = \"paxos\"\n[[check]]\nname = \"case\"\nreduce = [{reduce}]\n{text}\n");
        let check = spec::read(Source::file("case.toml", text), CATALOGUE).unwrap().checks.remove(0);
        let entry = *CATALOGUE.iter().find(|entry| entry.card().name == "paxos").unwrap();
        entry.build_reduced(&check.instance, check.reductions).err().unwrap_or_default()
    };
    assert_eq!(refused("", "\"stale-messages\", \"symmetry\""), "");
    assert!(refused("network = \"fifo\"", "\"stale-messages\"").contains("they stand before others"));
    assert!(refused("no_op = \"consume\"", "\"stale-messages\"").contains("to deliver one is a step"));
    assert!(refused("time = \"timed\"", "\"stale-messages\"").contains("holds time up"));
    assert!(refused("faults = { corruptions = 1 }", "\"stale-messages\"").contains("another payload"));
    assert!(refused("params = { acceptors = 7, learners = 3 }", "\"symmetry\"").contains("more than 5040 ways"));
}

/// A reduced search that was cut and goes on ends as one that was left alone.
#[test]
fn a_reduced_search_goes_on() {
    let (entry, checks) = small_checks("paxos");
    let check = checks.into_iter().find(|check| check.instance.deviations.is_empty()).unwrap();
    let reductions = Reductions::SYMMETRY.and(Reductions::STALE_MESSAGES);
    let (_, alone) = searched(entry, &check, reductions, 1);
    let kept = Kept::new("reduced");
    let limits = Limits { states: Some(alone.statistics.distinct / 2), ..Limits::default() };
    let cut = Settings { limits, ..everything(2) };
    let system = entry.build_reduced(&check.instance, reductions).unwrap();
    let first = explore_keeping(&*system, &cut, &Silent, &kept.anew()).unwrap();
    assert!(first.statistics.distinct < alone.statistics.distinct);
    let system = entry.build_reduced(&check.instance, reductions).unwrap();
    let went_on = explore_keeping(&*system, &everything(1), &Silent, &kept.going_on()).unwrap();
    assert_eq!(went_on.refused, None);
    assert_eq!(went_on.statistics.widths, alone.statistics.widths);
    assert_eq!(told(&*system, &went_on), told(&*system, &alone));
}
