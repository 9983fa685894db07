//! `quorate variants`.

use quorate::exit::Exit;
use serde_json::Value as Json;

use super::Project;

fn without_specs(test: &str) -> Project {
    let project = Project::new(test);
    project.write("quorate.toml", "specs = []\n");
    project
}

#[test]
fn each_deviation_says_what_it_flips() {
    let project = without_specs("variants");
    let ran = project.run(&["variants", "turnstile"]);
    assert_eq!((ran.exit, &ran.err[..]), (Exit::Expected, ""));
    insta::assert_snapshot!(ran.out);
    let ran = project.run(&["variants", "turnstile", "--output", "json"]);
    let document: Json = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(document["variants"][0]["flips"][0]["property"], "one-at-a-time");
}

#[test]
fn a_deviation_is_run_as_in_its_own_check() {
    let own = "[[check]]\nname = \"three want in\"\nparams = { clients = 3 }\ndeviations = [\"let-all-in\"]\nexpect = { one-at-a-time = \"violated\" }\n";
    let project = Project::with_spec("variants-own", own);
    assert!(project.run(&["variants", "turnstile"]).out.contains("checked: three want in"));
    assert!(!project.run(&["variants", "turnstile", "-p", "clients=2"]).out.contains("three want in"));
}

#[test]
fn one_that_is_not_caught_is_red() {
    let project = without_specs("variants-red");
    let ran = project.run(&["variants", "turnstile", "-p", "clients=1", "-p", "leave=false"]);
    assert_eq!(ran.exit, Exit::Differs);
    assert!(ran.out.contains("let-all-in  NOT CAUGHT on one-at-a-time"), "{}", ran.out);
    let ran = project.run(&["variants", "turnstile", "--max-states", "3"]);
    assert_eq!(ran.exit, Exit::Undecided);
    assert_eq!(project.run(&["variants", "turnstile", "--deviation", "panic"]).exit, Exit::Usage);
}
