//! The forms of a run, and where they go.

use quorate::exit::Exit;
use serde_json::Value as Json;

use super::Project;

const SPEC: &str = r#"
[[check]]
name = "two clients"
expect = { all-enter = "unreachable" }
source = "by hand"

[[check]]
name = "everyone is let in"
deviations = ["let-all-in"]
"#;

/// Puts zeros for what differs from run to run.
fn stable(json: &mut Json) {
    match json {
        Json::Object(members) => {
            for (key, member) in members.iter_mut() {
                match key.as_str() {
                    "elapsed_us" | "peak_bytes" => *member = 0.into(),
                    "trace" => *member = "…".into(),
                    _ => stable(member),
                }
            }
        }
        Json::Array(members) => members.iter_mut().for_each(stable),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => {}
    }
}

#[test]
fn a_report_says_it_all() {
    let project = Project::with_spec("report", SPEC);
    let ran = project.run(&["check", "--output", "json"]);
    assert_eq!(ran.exit, Exit::Differs);
    let mut report: Json = serde_json::from_str(&ran.out).unwrap();
    let trace = &report["checks"][1]["properties"][0]["trace"];
    assert_eq!((&trace["format"], trace["steps"].as_array().unwrap().len()), (&"quorate-trace".into(), 4));
    stable(&mut report);
    insta::assert_snapshot!(serde_json::to_string_pretty(&report).unwrap());
    assert!(ran.err.contains("everyone is let in"), "the text for people is not lost: {}", ran.err);
}

#[test]
fn a_form_in_a_file_leaves_the_text_where_it_was() {
    let project = Project::with_spec("report-file", SPEC);
    let ran = project.run(&["check", "--output", "json=r.json", "--stats", "json=s.json", "--output", "text=t.txt"]);
    assert_eq!((&ran.out[..], &ran.err[..]), ("", ""));
    assert_eq!(project.json("r.json")["format"], "quorate-report");
    assert_eq!(project.json("s.json")["format"], "quorate-statistics");
    assert!(!project.read("t.txt").contains('\u{1b}'));
    assert!(project.run(&["check", "--output", "json=r.json"]).out.contains("2 checks"));
}

#[test]
fn a_report_that_cannot_be_written_is_told_before_the_run() {
    let project = Project::with_spec("report-nowhere", SPEC);
    let ran = project.run(&["check", "--output", "json=no/such/folder.json"]);
    assert_eq!((ran.exit, &ran.out[..]), (Exit::Usage, ""));
    assert!(ran.err.contains("cannot write no/such/folder.json"), "{}", ran.err);
}

#[test]
fn statistics_are_for_people_and_for_machines() {
    let project = Project::with_spec("statistics", SPEC);
    let ran = project.run(&["check", "--name", "two", "--stats", "text"]);
    insta::assert_snapshot!(ran.out);
    let ran = project.run(&["check", "--stats", "json"]);
    let statistics: Json = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(statistics["checks"][0]["statistics"]["distinct"], 16);
}

#[test]
fn traces_of_all_findings_go_into_a_folder() {
    let project = Project::with_spec("trace-dir", SPEC);
    let ran = project.run(&["check", "--trace-dir", "out/traces"]);
    assert_eq!(ran.exit, Exit::Differs);
    assert_eq!(
        project.files("out/traces"),
        [
            "turnstile.everyone-is-let-in.all-enter.json",
            "turnstile.everyone-is-let-in.enters.json",
            "turnstile.everyone-is-let-in.one-at-a-time.json",
            "turnstile.two-clients.enters.json",
        ]
    );
}

/// The assurance of an ad hoc check, for these options.
fn assurance(options: &[&str]) -> Json {
    let project = Project::new("assurance");
    let ran = project.run(&[&["check", "turnstile", "--output", "json"], options].concat());
    let report: Json = serde_json::from_str(&ran.out).unwrap_or_else(|error| panic!("{error}: {}", ran.out));
    report["checks"][0]["assurance"].clone()
}

#[test]
fn what_verdicts_rest_on_is_said_as_it_is() {
    let waits = assurance(&[]);
    assert_eq!(waits["reductions"], serde_json::json!(["a delivery that changes nothing is no step"]));
    assert!(waits["cut_by"].is_null() && waits["time"].as_str().unwrap().starts_with("asynchronous"), "{waits}");
    // There the message goes: nothing is left out.
    for options in
        [&["--network", "fifo"][..], &["--no-op", "consume"], &["--timing", "{ mode = \"timed\", delay = 1 }"]]
    {
        assert_eq!(assurance(options)["reductions"], serde_json::json!([]), "{options:?}");
    }
    let cut = assurance(&["--max-depth", "1", "--loss", "1"]);
    assert_eq!(
        (&cut["cut_by"], &cut["witnesses_not_reached"]),
        (&"depth".into(), &serde_json::json!(["enters", "all-enter"]))
    );
    assert!(!cut["never_taken"].as_array().unwrap().contains(&"drop".into()), "{cut}");
}
