//! Flags, environment and `quorate.toml`; tags; the time for all checks.

use quorate::exit::Exit;

use super::Project;

const SPEC: &str = r#"
[[check]]
name = "one"
params = { clients = 1 }
tags = ["quick", "area/one"]

[[check]]
name = "two"
expect = { all-enter = "unreachable" }
tags = ["nightly"]

[[check]]
name = "three"
size = "standard"
params = { clients = 3 }
expect = { all-enter = "unreachable" }
"#;

const PROJECT: &str = r#"
[profile.default]
threads = 1

[profile.all]
size = "all"
output = ["json=out/report.json"]
artifacts = "out"

[profile.nightly]
tag = "nightly"
"#;

/// The names of the checks that ran.
fn ran(out: &str) -> Vec<&str> {
    let rows = out.lines().filter(|line| line.starts_with("  ") && line.ends_with("ok"));
    rows.filter_map(|line| line.split_whitespace().next()).collect()
}

#[test]
fn tags_select() {
    let project = Project::with_spec("tags", SPEC);
    assert_eq!(ran(&project.run(&["check", "--tag", "quick"]).out), ["one"]);
    assert_eq!(ran(&project.run(&["check", "--tag", "quick,nightly"]).out), ["one", "two"]);
    assert_eq!(ran(&project.run(&["check", "--skip-tag", "nightly"]).out), ["one"]);
    let nothing = project.run(&["check", "--tag", "nightli"]);
    assert_eq!(nothing.exit, Exit::NothingSelected);
    assert!(nothing.err.contains("did you mean the tag `nightly`?"), "{}", nothing.err);
}

#[test]
fn a_flag_is_stronger_than_the_environment_and_that_than_the_project() {
    let project = Project::with_spec("layers", SPEC);
    project.write("quorate.toml", PROJECT);
    assert_eq!(ran(&project.run(&["check"]).out), ["one", "two"]);
    assert_eq!(ran(&project.run(&["check", "--profile", "nightly"]).out), ["two"]);
    assert_eq!(ran(&project.run_with(&[("QUORATE_PROFILE", "nightly")], &["check"]).out), ["two"]);
    let stronger = [("QUORATE_PROFILE", "nightly"), ("QUORATE_TAG", "quick")];
    assert_eq!(ran(&project.run_with(&stronger, &["check"]).out), ["one"]);
    assert_eq!(ran(&project.run_with(&stronger, &["check", "--tag", "nightly"]).out), ["two"]);
    assert_eq!(ran(&project.run_with(&[("QUORATE_SIZE", "small,standard")], &["check"]).out), ["one", "two", "three"]);
}

#[test]
fn files_of_a_profile_are_seen_from_its_folder() {
    let project = Project::with_spec("from-below", SPEC);
    project.write("quorate.toml", PROJECT);
    project.write("out/keep", "");
    project.write("src/deep/keep", "");
    assert_eq!(project.run_in("src/deep", &["check", "--profile", "all"]).exit, Exit::Expected);
    assert_eq!(project.json("out/report.json")["checks"].as_array().unwrap().len(), 3);
}

#[test]
fn specs_are_where_the_project_says() {
    let project = Project::new("places");
    project.write("quorate.toml", "specs = [\"a.toml\", \"more\"]\n");
    project.write("a.toml", "protocol = \"turnstile\"\n[[check]]\nname = \"a\"\nparams = { clients = 1 }\n");
    project.write("more/b.toml", "protocol = \"turnstile\"\n[[check]]\nname = \"b\"\nparams = { clients = 1 }\n");
    assert_eq!(ran(&project.run(&["check"]).out), ["a", "b"]);
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let project = Project::with_spec("wrong-settings", SPEC);
    project.write("quorate.toml", "[profile.ci]\ntime = 60\nsizes = \"small\"\n");
    let ran = project.run(&["check"]);
    assert_eq!(ran.exit, Exit::Usage);
    insta::assert_snapshot!(ran.err);
    project.write("quorate.toml", PROJECT);
    let ran = project.run(&["check", "--profile", "nightl"]);
    assert!(ran.exit == Exit::Usage && ran.err.contains("did you mean `nightly`?"), "{}", ran.err);
    let variables = [("QUORATE_TIME", "60"), ("QUORATE_SIZE", "small,smal"), ("QUORATE_THREADS", "none")];
    let ran = project.run_with(&variables, &["check"]);
    assert_eq!(ran.exit, Exit::Usage);
    insta::assert_snapshot!(ran.err);
    let ran = project.run_with(&[("QUORATE_TIEM", "60s")], &["check"]);
    assert!(ran.exit == Exit::Expected && ran.err.contains("did you mean QUORATE_TIME?"), "{}", ran.err);
}

#[test]
fn when_the_time_for_all_is_spent_the_rest_is_undecided() {
    let cells = "[[check]]\nname = \"many\"\nparams = { queue = \"kept\" }\nsweep = { \"params.clients\" = [2, 3, 4], \"faults.loss\" = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }\n";
    let project = Project::with_spec("time-in-all", cells);
    let ran = project.run(&["check", "--time-in-all", "1ms", "--threads", "1"]);
    // Which check is the first that is not run, and whether one was cut, is chance.
    assert!(ran.out.contains("not run for want of time"), "{}", ran.out);
    assert!(ran.out.contains("the time for the whole run was spent"));
}

#[test]
fn undecided_can_be_allowed() {
    let project = Project::with_spec("allowed", "[[check]]\nname = \"a\"\nlimits = { depth = 2 }\n");
    assert_eq!(project.run(&["check"]).exit, Exit::Undecided);
    assert_eq!(project.run(&["check", "--undecided", "allowed"]).exit, Exit::Expected);
    assert_eq!(project.run_with(&[("QUORATE_UNDECIDED", "allowed")], &["check"]).exit, Exit::Expected);
}
