//! `quorate check` of manifests.

use quorate::exit::Exit;

use super::Project;

const GOOD: &str = r#"
[[check]]
name = "two clients"
expect = { all-enter = "unreachable" }

[[check]]
name = "everyone is let in"
deviations = ["let-all-in"]
expect = { one-at-a-time = { violated = { at_most_steps = 4 } } }

[[check]]
name = "four clients in a queue, one crash"
size = "standard"
params = { clients = 4, queue = "kept" }
faults = { crashes = { total = 1, of = ["client"], restart = false } }
expect = { all-enter = "unreachable" }
"#;

/// A suite with every kind of outcome.
pub(super) const EVERY_OUTCOME: &str = r#"
[[check]]
name = "should hold"
deviations = ["let-all-in"]
expect = { one-at-a-time = "holds", all-enter = "reachable" }

[[check]]
name = "no longer violated"
expect = { one-at-a-time = "violated" }

[[check]]
name = "another is violated"
deviations = ["panic"]
params = { leave = true }
expect = { one-at-a-time = "violated" }

[[check]]
name = "too long"
deviations = ["let-all-in"]
expect = { one-at-a-time = { violated = { at_most_steps = 3 } } }

[[check]]
name = "another shape"
deviations = ["let-all-in"]
expect = { one-at-a-time = { violated = { shape = ["deliver *Enter*", "timeout client1*"] } } }

[[check]]
name = "the shape that is expected"
deviations = ["let-all-in"]
expect = { one-at-a-time = { violated = { at_most_steps = 4, shape = ["deliver *Enter*", "deliver *Welcome"] } } }

[[check]]
name = "witness missing"

[[check]]
name = "witness reached"
expect = { enters = "unreachable", all-enter = "unreachable" }

[[check]]
name = "count moved"
expect = { all-enter = "unreachable" }
lock = { states = 7, depth = 1 }
source = "the back of an envelope"

[[check]]
name = "undecided"
limits = { depth = 3 }
expect = { all-enter = "unreachable" }

[[check]]
name = "decided"
expect = { all-enter = "undecided" }

[[check]]
name = "nothing is duplicated where everything may be"
network = "duplicating"
faults = { duplicates = 1 }
params = { clients = 1 }

[[check]]
name = "undecided, which is allowed"
undecided = "allowed"
limits = { depth = 3 }

[[check]]
name = "a sweep"
tags = ["sweep"]
sweep = { "params.clients" = [1, 2], deviations = [[], ["let-all-in"]], "faults.crashes" = [0, 1] }
assume = "faults.crashes.total < params.clients"
expect = { all-enter = "reachable", enters = "reachable" }

[[check.cells]]
where = ["params.clients == 2", "deviations has let-all-in"]
expect = { one-at-a-time = "violated" }
"#;

#[test]
fn all_specs_of_the_project_are_checked_without_arguments() {
    let project = Project::with_spec("all", GOOD);
    let ran = project.run(&[]);
    assert_eq!((ran.exit, &ran.err[..]), (Exit::Expected, ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn rows_come_in_the_order_of_the_manifest_whatever_the_threads() {
    let project = Project::with_spec("order", GOOD);
    let of = |threads| project.run(&["check", "--size", "all", "--threads", threads]).out;
    insta::assert_snapshot!(of("1"));
    assert_eq!(of("1"), of("2"));
    assert_eq!(of("1"), of("4"));
}

#[test]
fn specs_are_found_from_below() {
    let project = Project::with_spec("below", GOOD);
    std::fs::create_dir_all(project.folder.join("src/deep")).unwrap();
    project.write("specs/broken.toml", "protocol = \"turnstil\"\n[[check]]\nname = \"a\"\n");
    let ran = project.run_in("src/deep", &[]);
    assert_eq!(ran.exit, Exit::Usage);
    assert!(ran.err.contains("../../specs/broken.toml:1:12"), "{}", ran.err);
}

#[test]
fn a_file_and_a_folder_are_targets() {
    let project = Project::with_spec("targets", GOOD);
    for target in ["specs", "specs/turnstile.toml"] {
        assert_eq!(project.run(&["check", target]).exit, Exit::Expected);
    }
    assert!(project.run(&["check", "specs", "specs/turnstile.toml"]).out.contains("2 checks"));
}

#[test]
fn mistakes_of_all_manifests_are_told_and_nothing_is_run() {
    let project = Project::with_spec("mistakes", "[[check]]\nname = \"a\"\nsise = \"small\"\n");
    project.write("specs/other.toml", "protocol = \"turnstile\"\n[[check]]\nname = \"b\"\nparams = { clients = 9 }\n");
    let ran = project.run(&["check"]);
    assert_eq!((ran.exit, &ran.out[..]), (Exit::Usage, ""));
    insta::assert_snapshot!(ran.err);
}

#[test]
fn every_way_to_fail_has_its_words() {
    let project = Project::with_spec("fail", EVERY_OUTCOME);
    let ran = project.run(&["check"]);
    assert_eq!((ran.exit, &ran.err[..]), (Exit::Differs, ""));
    insta::assert_snapshot!(ran.out);
}

#[test]
fn undecided_is_not_wrong_and_a_limit_can_be_given() {
    let project = Project::with_spec("undecided", GOOD);
    let ran = project.run(&["check", "--name", "two*", "--max-depth", "2"]);
    assert_eq!(ran.exit, Exit::Undecided);
    insta::assert_snapshot!(ran.out);
}

#[test]
fn counts_of_another_depth_are_not_compared() {
    let lock = "lock = { states = 16, depth = 8 }\nexpect = { all-enter = \"unreachable\" }";
    let project = Project::with_spec("other-depth", &format!("[[check]]\nname = \"a\"\n{lock}\n"));
    assert_eq!(project.run(&["check"]).exit, Exit::Expected);
    assert_eq!(project.run(&["check", "--max-depth", "2"]).exit, Exit::Undecided);
    assert_eq!(project.run(&["check", "--max-depth", "2", "--update-lock"]).exit, Exit::Usage);
}

#[test]
fn an_expected_cut_is_as_expected() {
    let cut = "[[check]]\nname = \"a\"\nlimits = { depth = 1 }\nexpect = { \"*\" = \"undecided\" }\nlock = { states = 3, depth = 1 }";
    let project = Project::with_spec("cut", cut);
    let ran = project.run(&["check"]);
    assert_eq!(ran.exit, Exit::Expected, "{}", ran.out);
}
