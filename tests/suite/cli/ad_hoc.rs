//! `quorate check` of one protocol with options of its own.

use quorate::exit::Exit;

use super::Project;

#[test]
fn a_violation_is_told_with_its_story() {
    let ran =
        Project::new("ad-hoc-violated").run(&["check", "turnstile", "--deviation", "let-all-in", "-p", "leave=false"]);
    assert_eq!((ran.exit, &ran.err[..]), (Exit::Differs, ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn it_goes_on_if_asked_to() {
    let project = Project::new("ad-hoc-on");
    let ran = project.run(&["check", "turnstile", "--deviation", "let-all-in", "--keep-going", "--threads", "2"]);
    assert_eq!(ran.exit, Exit::Differs);
    assert!(ran.out.contains("every reachable state was seen"), "{}", ran.out);
}

#[test]
fn a_witness_out_of_reach_is_undecided() {
    let ran = Project::new("ad-hoc-unreachable").run(&["check", "turnstile"]);
    assert_eq!(ran.exit, Exit::Undecided);
    insta::assert_snapshot!(ran.out);
}

#[test]
fn what_holds_and_is_reached_is_well() {
    let ran = Project::new("ad-hoc-well").run(&["check", "turnstile", "-p", "clients=1"]);
    assert_eq!(ran.exit, Exit::Expected);
}

#[test]
fn a_panic_of_protocol_code_is_a_violation_with_a_story() {
    let ran = Project::new("ad-hoc-panic").run(&["check", "turnstile", "--deviation", "panic"]);
    assert_eq!(ran.exit, Exit::Differs);
    insta::assert_snapshot!(ran.out);
}

#[test]
fn every_option_reaches_the_instance() {
    let project = Project::new("ad-hoc-options");
    let report = project.run(&[
        "check",
        "turnstile",
        "-p",
        "clients=3",
        "-p",
        "queue=kept",
        "-p",
        "leave=false",
        "--deviation",
        "thank,let-all-in",
        "--network",
        "fifo",
        "--no-op",
        "consume",
        "--loss",
        "1",
        "--duplicates",
        "unlimited",
        "--crashes",
        "{ total = 2, at_once = 1, of = [\"client\"] }",
        "--max-states",
        "10",
        "--output",
        "json=r.json",
    ]);
    assert_eq!(report.exit, Exit::Undecided, "{}", report.err);
    let instance = &project.json("r.json")["checks"][0]["instance"];
    insta::assert_snapshot!(serde_json::to_string_pretty(instance).unwrap());
}

#[test]
fn wrong_options_are_told_as_in_a_manifest() {
    let project = Project::new("ad-hoc-wrong");
    let ran = project.run(&[
        "check",
        "turnstile",
        "-p",
        "client=3",
        "-p",
        "queue=keep",
        "--deviation",
        "let-in",
        "--network",
        "fif",
        "--crashes",
        "{ total = 1, of = [\"clint\"] }",
        "--loss",
        "many",
    ]);
    assert_eq!((ran.exit, &ran.out[..]), (Exit::Usage, ""));
    insta::assert_snapshot!(ran.err);
}

#[test]
fn parameters_that_do_not_go_together_are_told_with_the_reason() {
    let ran = Project::new("ad-hoc-together").run(&["check", "turnstile", "-p", "clients=1", "-p", "queue=kept"]);
    assert_eq!(ran.exit, Exit::Usage);
    insta::assert_snapshot!(ran.err);
}
