//! `quorate replay`.

use quorate::exit::Exit;

use super::{Project, Ran};

const FILE: &str = "turnstile.deviation.json";

/// A project with the trace of a violation.
fn project(test: &str) -> Project {
    let project = Project::new(test);
    let found = project.run(&["check", "turnstile", "--deviation", "let-all-in", "--output", "json=report.json"]);
    assert_eq!(found.exit, Exit::Differs);
    let trace = &project.json("report.json")["checks"][0]["properties"][0]["trace"];
    project.write(FILE, &serde_json::to_string_pretty(trace).unwrap());
    project
}

/// What becomes of the trace after an edit of its text.
fn replay_after(test: &str, from: &str, to: &str) -> Ran {
    let project = project(test);
    let text = project.read(FILE);
    assert!(text.contains(from), "{text}");
    project.write(FILE, &text.replacen(from, to, 1));
    let ran = project.run(&["replay", FILE]);
    assert!(ran.err.lines().count() < 20 && ran.out.lines().count() < 20);
    ran
}

#[test]
fn a_trace_is_confirmed_from_a_file_and_from_a_report() {
    let project = project("replay");
    for file in [FILE, "report.json"] {
        let ran = project.run(&["replay", file]);
        assert_eq!((ran.exit, &ran.err[..]), (Exit::Expected, ""), "{}", ran.out);
        assert!(ran.out.contains("confirmed: all 4 steps"), "{}", ran.out);
    }
    insta::assert_snapshot!(project.run(&["replay", FILE, "report.json"]).out);
}

#[test]
fn traces_of_a_folder_are_confirmed() {
    let project = project("replay-dir");
    project.run(&["check", "turnstile", "--deviation", "let-all-in", "--keep-going", "--trace-dir", "t"]);
    for file in project.files("t") {
        assert_eq!(project.run(&["replay", &format!("t/{file}")]).exit, Exit::Expected, "{file}");
    }
}

#[test]
fn a_trace_that_no_longer_applies_says_where() {
    let ran = replay_after("replay-diverged", "\"let-all-in\"", "");
    assert_eq!((ran.exit, &ran.err[..]), (Exit::Differs, ""));
    insta::assert_snapshot!(ran.out);
    assert_eq!(replay_after("replay-start", "\"params\": {}", "\"params\": { \"clients\": 3 }").exit, Exit::Differs);
}

#[test]
fn a_bad_file_is_a_usage_error() {
    let project = project("replay-bad");
    let text = project.read(FILE);
    project.write("cut.json", &text[..text.len() / 2]);
    project.write("other.json", "{ \"format\": \"other\" }");
    project.write("empty.json", "{ \"format\": \"quorate-report\", \"version\": 1, \"checks\": [] }");
    project.write("later.json", "{ \"format\": \"quorate-report\", \"version\": 9, \"checks\": [] }");
    for (file, exit, hint) in [
        ("cut.json", Exit::Usage, "cut.json:"),
        ("other.json", Exit::Usage, "quorate-trace"),
        ("missing.json", Exit::Usage, "cannot read missing.json"),
        ("later.json", Exit::Usage, "version 9"),
        ("empty.json", Exit::NothingSelected, "no trace"),
    ] {
        let ran = project.run(&["replay", file]);
        assert_eq!((ran.exit, &ran.out[..]), (exit, ""), "{file}");
        assert!(ran.err.contains(hint), "{}", ran.err);
    }
}

#[test]
fn names_that_are_gone_are_told_with_the_nearest() {
    for (test, from, to, hint) in [
        ("replay-version", "\"version\": 1", "\"version\": 7", "version 7"),
        ("replay-protocol", "\"protocol\": \"turnstile\"", "\"protocol\": \"turnstil\"", "did you mean `turnstile`?"),
        (
            "replay-property",
            "\"property\": \"one-at-a-time\"",
            "\"property\": \"one-at-time\"",
            "did you mean `one-at-a-time`?",
        ),
        ("replay-deviation", "\"let-all-in\"", "\"let-in\"", "no deviation `let-in`"),
    ] {
        let ran = replay_after(test, from, to);
        assert_eq!((ran.exit, &ran.out[..]), (Exit::Usage, ""), "{test}");
        assert!(ran.err.contains(hint), "{}", ran.err);
    }
}
