//! Manifests: what they mean, and every way to get one wrong.

use std::time::Duration;

use quorate::engine::StopWhen;
use quorate::model::{Budget, Choosing, Clocks, Delay, InFlightAtCrash, NetworkKind, NoOpDelivery, ParamValue, Timing};
use quorate::spec::{Check, Expected, Lock, Manifest, Size, Source, read};
use quorate::{report, spec};

use crate::turnstile::CATALOGUE;

fn manifest(text: &str) -> Manifest {
    read(Source::file("specs/turnstile.toml", text), CATALOGUE).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

fn check(body: &str) -> Check {
    let text = format!("protocol = \"turnstile\"\n[[check]]\nname = \"c\"\n{body}");
    manifest(&text).checks.remove(0)
}

/// The message for a wrong manifest, as people see it.
fn message(text: &str) -> String {
    let mistakes = read(Source::file("specs/turnstile.toml", text), CATALOGUE).unwrap_err();
    anstream::adapter::strip_str(&report::mistakes(&mistakes)).to_string()
}

/// The message for a check that is wrong.
fn message_of(body: &str) -> String {
    message(&format!("protocol = \"turnstile\"\n\n[[check]]\nname = \"c\"\n{body}\n"))
}

#[test]
fn what_is_not_said_has_its_default() {
    let check = check("");
    assert_eq!((check.size, check.place.clone()), (Size::Small, Some(("specs/turnstile.toml".to_owned(), 2))));
    assert!(check.instance.params.is_empty() && check.instance.deviations.is_empty());
    assert_eq!(check.instance.environment, quorate::model::Environment::default());
    assert_eq!((check.limits, check.lock), (quorate::engine::Limits::default(), None));
    assert_eq!(check.expect["one-at-a-time"], Expected::Holds);
    assert_eq!(check.expect["enters"], Expected::Reachable);
    assert_eq!(check.expect["handlers-behave"], Expected::Holds);
}

#[test]
fn time_is_read() {
    let timing = |time: &str| check(&format!("time = {time}")).instance.environment.timing().cloned();
    assert_eq!(timing("\"asynchronous\""), None);
    assert_eq!(timing("\"timed\""), Some(Timing::default()));
    let all =
        "{ mode = \"timed\", tick_ms = 10, delay = { at_least = 1, at_most = 3 }, skew = 2, choices = \"at-once\" }";
    let delay = Delay { at_least: 1, at_most: Some(3) };
    let read = Timing { tick_ms: 10, delay, clocks: Clocks::Skewed { ticks: 2 }, choices: Choosing::AtOnce };
    assert_eq!(timing(all), Some(read));
    let drifting = Timing { clocks: Clocks::Drifting { one_tick_in: 4 }, ..Timing::default() };
    assert_eq!(timing("{ mode = \"timed\", drift_one_in = 4, choices = \"any-time\" }"), Some(drifting));
}

#[test]
fn every_key_is_read() {
    let check = check(
        r#"
size = "stress"
params = { clients = 3, leave = false, queue = "kept" }
deviations = ["let-all-in", "thank"]
network = "fifo"
no_op = "consume"
faults.loss = "unlimited"
faults.duplicates = { total = 2, of = ["client"] }
faults.crashes = { total = 3, at_once = 1, of = ["server", "client"], restart = false, in_flight = "lost" }
limits = { states = 1_000, depth = 30, time = "5m", memory = "2G" }
expect = { one-at-a-time = { violated = { at_most_steps = 4 } }, enters = "unreachable" }
lock = { states = 12, depth = 3 }
source = "by hand"
"#,
    );
    let environment = &check.instance.environment;
    assert_eq!(check.size, Size::Stress);
    assert_eq!(check.instance.params["clients"], ParamValue::Count(3));
    assert_eq!(check.instance.params["leave"], ParamValue::Flag(false));
    assert_eq!(check.instance.params["queue"], ParamValue::Choice("kept".to_owned()));
    assert_eq!(check.instance.deviations, ["let-all-in", "thank"]);
    assert_eq!((environment.network, environment.no_op), (NetworkKind::Fifo, NoOpDelivery::Consume));
    assert_eq!(environment.loss.total, Budget::Unlimited);
    assert_eq!(
        (environment.duplicates.total, &environment.duplicates.of_roles[..]),
        (Budget::AtMost(2), &["client".to_owned()][..])
    );
    let crashes = &environment.crashes;
    assert_eq!((crashes.total, crashes.at_once), (Budget::AtMost(3), Budget::AtMost(1)));
    assert_eq!((crashes.restart, crashes.in_flight), (false, InFlightAtCrash::Lost));
    assert_eq!(crashes.of_roles, ["server", "client"]);
    assert_eq!((check.limits.states, check.limits.depth), (Some(1_000), Some(30)));
    assert_eq!((check.limits.time, check.limits.memory_bytes), (Some(Duration::from_secs(300)), Some(2 << 30)));
    assert_eq!(check.expect["one-at-a-time"], Expected::Violated { at_most_steps: Some(4) });
    assert_eq!(check.expect["enters"], Expected::Unreachable);
    assert_eq!(check.expect["all-enter"], Expected::Anything);
    assert_eq!(check.expect["handlers-behave"], Expected::NotSeen);
    assert_eq!(check.lock, Some(Lock { states: 12, depth: 3 }));
    assert_eq!(check.source.as_deref(), Some("by hand"));
}

#[test]
fn a_wildcard_speaks_for_the_unnamed_whose_kind_it_fits() {
    let check = check("expect = { enters = \"reachable\", \"*\" = \"unreachable\" }");
    assert_eq!(check.expect["enters"], Expected::Reachable);
    assert_eq!(check.expect["all-enter"], Expected::Unreachable);
    assert_eq!(check.expect["one-at-a-time"], Expected::Holds);
}

#[test]
fn a_search_stops_where_all_is_found_unless_something_needs_every_state() {
    let stop_when = |expect: &str| {
        let check = check(&format!("expect = {{ {expect} }}"));
        let mut cards = CATALOGUE[0].properties();
        cards.push(quorate::cluster::handlers_behave());
        let expected: Vec<Expected> = cards.iter().map(|card| check.expected(card)).collect();
        match Check::stop_when(&cards, &expected) {
            StopWhen::AllFound(set) => set.iter().map(|ix| cards[ix].name.clone()).collect::<Vec<_>>().join(" "),
            StopWhen::Never => "never".to_owned(),
            StopWhen::Violated => "violated".to_owned(),
        }
    };
    assert_eq!(stop_when(""), "never");
    assert_eq!(stop_when("enters = \"reachable\""), "never");
    assert_eq!(stop_when("one-at-a-time = \"violated\""), "one-at-a-time");
    assert_eq!(stop_when("one-at-a-time = \"violated\", enters = \"reachable\""), "one-at-a-time enters");
    assert_eq!(stop_when("one-at-a-time = \"violated\", enters = \"unreachable\""), "never");
    assert_eq!(stop_when("one-at-a-time = \"violated\", handlers-behave = \"holds\""), "never");
}

#[test]
fn a_text_that_is_no_toml() {
    insta::assert_snapshot!(message("protocol = \"turnstile\"\n[[check]\nname = \"c\"\n"));
}

#[test]
fn a_text_that_ends_early() {
    insta::assert_snapshot!(message("protocol = \"turnstile\"\n[[check]]\nparams = { clients = 3"));
}

#[test]
fn an_empty_manifest() {
    insta::assert_snapshot!(message(""));
}

#[test]
fn an_unknown_protocol() {
    insta::assert_snapshot!(message(
        "protocol = \"turnstyle\"\n[[check]]\nname = \"c\"\nexpect = { x = \"hold\" }\nsize = \"big\"\n"
    ));
}

#[test]
fn unknown_keys_everywhere() {
    insta::assert_snapshot!(message(
        r#"protocl = "turnstile"
protocol = "turnstile"

[[check]]
nam = "a"
name = "a"
param = { clients = 3 }
faults = { losses = 1, crashes = { total = 1, atonce = 1, off = ["client"] } }
limits = { state = 5 }
lock = { states = 5, deep = 3 }
expect = { one-at-a-time = { violated = { at_most_step = 4 } }, enters = { reached = 3 } }
"#
    ));
}

#[test]
fn wrong_types_everywhere() {
    insta::assert_snapshot!(message(
        r#"protocol = ["turnstile"]

[[check]]
name = 3
size = true
params = "clients"
deviations = "thank"
network = 1
no_op = {}
faults = [1]
limits = { states = "many", depth = 1.5, time = 60, memory = 2 }
expect = "holds"
lock = 12345
source = 2020-01-01
"#
    ));
    insta::assert_snapshot!(message("protocol = \"turnstile\"\ncheck = 3\n"));
}

#[test]
fn parameters() {
    insta::assert_snapshot!(message_of("params = { client = 3, clients = 5, leave = \"no\", queue = \"keep\" }"));
    insta::assert_snapshot!(message_of("params = { clients = -1 }"));
    insta::assert_snapshot!(message_of("params = { clients = \"three\", queue = 1 }"));
}

#[test]
fn parameters_that_do_not_go_together() {
    insta::assert_snapshot!(message_of("[check.params]\nclients = 1\nqueue = \"kept\""));
}

#[test]
fn deviations() {
    insta::assert_snapshot!(message_of("deviations = [\"let-all\", \"thank\", \"thank\", 3]"));
}

#[test]
fn faults() {
    insta::assert_snapshot!(message_of(
        r#"network = "ordered"
no_op = "await"
[check.faults]
loss = { total = 1, of = ["clients", "server", "server"] }
duplicates = { of = [] }
crashes = { total = "unlimitd", at_once = -1, restart = 1, in_flight = "gone" }"#
    ));
}

#[test]
fn limits() {
    insta::assert_snapshot!(message_of(
        "limits = { states = -5, depth = 5000000000, time = \"60\", memory = \"2GB\" }"
    ));
}

#[test]
fn names() {
    insta::assert_snapshot!(message(
        "protocol = \"turnstile\"\n[[check]]\nname = \"a\"\n[[check]]\nsize = \"tiny\"\n[[check]]\nname = \"a\"\n[[check]]\nname = \" \"\n"
    ));
}

#[test]
fn expectations() {
    insta::assert_snapshot!(message_of(
        r#"expect = { one-at-a-tim = "holds", one-at-a-time = "reachable", enters = "holds", all-enter = "reached" }"#
    ));
    insta::assert_snapshot!(message_of(
        r#"expect = { one-at-a-time = { violated = 4 }, enters = { violated = { at_most_steps = 4 } }, all-enter = {} }"#
    ));
    insta::assert_snapshot!(message_of(
        r#"expect = { enters = "reachable", all-enter = "unreachable", "*" = "reachable" }"#
    ));
}

#[test]
fn a_lock_that_lacks_a_count() {
    insta::assert_snapshot!(message_of("lock = { states = 5 }"));
}

#[test]
fn a_long_line_is_shown_around_its_mistake() {
    let roles = "\"client\", ".repeat(3);
    insta::assert_snapshot!(message_of(&format!(
        "faults = {{ loss = {{ total = 1, of = [{roles}] }}, crashes = {{ total = 1, of = [{roles}\"servr\"] }} }}  # and a remark"
    )));
}

#[test]
fn a_message_is_also_one_line() {
    let text = "protocol = \"turnstil\"\n";
    let mistakes = read(Source::file("a.toml", text), CATALOGUE).unwrap_err();
    assert_eq!(
        mistakes.to_string(),
        "a.toml:1:1: the manifest has no check; expected `[[check]]`\n\
         a.toml:1:12: unknown protocol `turnstil`; known: `turnstile`; did you mean `turnstile`?"
    );
}

#[test]
fn a_manifest_is_not_judged_by_its_file_name() {
    let text = "protocol = \"turnstile\"\n[[check]]\nname = \"c\"\n";
    assert_eq!(spec::read(Source::file("x", text), CATALOGUE).unwrap().protocol.as_deref(), Some("turnstile"));
}

fn sweep(body: &str) -> Vec<Check> {
    manifest(&format!("protocol = \"turnstile\"\n[[check]]\nname = \"s\"\n{body}")).checks
}

#[test]
fn a_sweep_stands_for_a_check_for_each_combination() {
    let checks = sweep(
        r#"
sweep = { "params.clients" = [1, 2], faults.crashes.total = [0, 1, 2], deviations = [[], ["let-all-in"]] }
assume = ["faults.crashes.total <= params.clients"]
expect = { all-enter = "unreachable" }

[[check.cells]]
where = ["deviations has let-all-in", "params.clients >= 2"]
expect = { one-at-a-time = "violated", all-enter = "reachable" }

[[check.cells]]
where = "params.clients == 1"
expect = { all-enter = "reachable" }
"#,
    );
    let told = |check: &Check| {
        let expect = |name: &str| check.expect[name].word();
        format!("{} | {} | {}", check.name, expect("one-at-a-time"), expect("all-enter"))
    };
    insta::assert_snapshot!(checks.iter().map(told).collect::<Vec<_>>().join("\n"));
    assert_eq!(checks[4].instance.params["clients"], ParamValue::Count(2));
    assert_eq!(checks[7].instance.environment.crashes.total, Budget::AtMost(1));
    assert_eq!(checks[7].instance.deviations, ["let-all-in"]);
}

#[test]
fn a_sweep_changes_one_key_and_leaves_its_neighbours() {
    let checks = sweep(
        r#"
faults.crashes = { total = 5, restart = false }
sweep = { "faults.crashes.total" = [1], network = ["fifo", "unordered"], "limits.depth" = [9] }
lock = { "crashes=1, network=fifo, depth=9" = { states = 5, depth = 6 } }
"#,
    );
    assert!(checks.iter().all(|check| !check.instance.environment.crashes.restart));
    assert_eq!(checks[0].instance.environment.crashes.total, Budget::AtMost(1));
    assert_eq!((checks[0].limits.depth, checks[1].instance.environment.network), (Some(9), NetworkKind::Unordered));
    assert_eq!((checks[0].lock, checks[1].lock), (Some(Lock { states: 5, depth: 6 }), None));
}

#[test]
fn a_check_may_name_its_protocol() {
    let manifest = manifest(
        "[[check]]\nname = \"a\"\nprotocol = \"turnstile\"\n[[check]]\nname = \"b\"\nsweep = { protocol = [\"turnstile\"] }\n",
    );
    assert_eq!(manifest.protocol, None);
    assert!(manifest.checks.iter().all(|check| check.instance.protocol == "turnstile"));
}

#[test]
fn sweeps_that_are_wrong() {
    insta::assert_snapshot!(message_of(
        r#"sweep = { "params.client" = [1, 2], "params.clients" = [1, 9], size = ["small"], network = [], loss = 3 }"#
    ));
    insta::assert_snapshot!(message_of(
        r#"sweep = { "params.clients" = [1, 2] }
assume = ["params.clients > 3"]"#
    ));
    insta::assert_snapshot!(message_of(
        r#"sweep = { "params.clients" = [1, 2] }
assume = ["params.client > 1", "params.clients has thank", "params.clients >"]
lock = { "clients=3" = { states = 1, depth = 1 } }
cells = [{ where = "params.clients == 3", expect = { enters = "unreachable" } }, { were = "true == true" }]"#
    ));
    insta::assert_snapshot!(message_of("cells = []"));
}

#[test]
fn tags_shapes_and_what_is_allowed() {
    let check = check(
        r#"
tags = ["nightly", "area/locks"]
undecided = "allowed"
expect = { one-at-a-time = { violated = { shape = ["deliver *Enter*", "crash"] } } }
"#,
    );
    assert_eq!(
        (&check.tags[..], check.undecided_allowed),
        (&["nightly".to_owned(), "area/locks".to_owned()][..], true)
    );
    assert_eq!(check.expect["one-at-a-time"], Expected::Violated { at_most_steps: None });
    assert_eq!(check.shapes["one-at-a-time"], ["deliver *Enter*", "crash"]);
    insta::assert_snapshot!(message_of(
        r#"tags = ["a b", "c", "c"]
undecided = "allow"
expect = { one-at-a-time = { violated = { shape = ["delivers x", 3] } }, "*" = { violated = { shape = ["crash"] } } }"#
    ));
}
