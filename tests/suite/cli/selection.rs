//! Which checks are run.

use quorate::exit::Exit;

use super::Project;

const CHECKS: &str = r#"
[[check]]
name = "one client"
params = { clients = 1 }

[[check]]
name = "one client, lost messages"
params = { clients = 1 }
faults = { loss = 1 }

[[check]]
name = "large"
size = "stress"
params = { clients = 1 }
"#;

fn names(args: &[&str]) -> Vec<String> {
    let project = Project::with_spec(&format!("selection{}", args.join("").replace(['*', '?'], "-")), CHECKS);
    let ran = project.run(&[&["check", "--output", "json=r.json"], args].concat());
    assert_eq!(ran.exit, Exit::Expected, "{}", ran.err);
    let report = project.json("r.json");
    let checks = report["checks"].as_array().unwrap();
    checks.iter().map(|check| check["name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn by_size_and_by_name() {
    let (one, lost, large) = ("one client", "one client, lost messages", "large");
    assert_eq!(names(&[]), [one, lost]);
    assert_eq!(names(&["--size", "all"]), [one, lost, large]);
    assert_eq!(names(&["--size", "stress,standard"]), [large]);
    assert_eq!(names(&["--name", "lost"]), [lost]);
    assert_eq!(names(&["--name", "one ?lient"]), [one]);
    assert_eq!(names(&["--size", "all", "--name", "l*", "--name", "lost"]), [lost, large]);
}

#[test]
fn nothing_selected_is_not_green() {
    let project = Project::with_spec("nothing", CHECKS);
    for (args, hint) in [
        (&["check", "--name", "larg"][..], "`large` is of size stress"),
        (&["check", "--size", "standard"], "--size all"),
        (&["check", "--name", "one cleint"], "did you mean `one client`?"),
    ] {
        let ran = project.run(args);
        assert_eq!((ran.exit, &ran.out[..]), (Exit::NothingSelected, ""), "{args:?}");
        assert!(ran.err.contains(hint), "{}", ran.err);
    }
    let empty = Project::new("empty");
    empty.write("quorate.toml", "");
    assert_eq!(empty.run(&[]).exit, Exit::NothingSelected);
}
