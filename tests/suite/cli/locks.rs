//! `quorate check --update-lock`.

use quorate::exit::Exit;

use super::Project;

const SPEC: &str = r#"[[check]]
name = "two clients"     # the plain one
lock = { states = 1, depth = 1 }  # counted by hand
expect = { all-enter = "unreachable" }

# What if the server lets everyone in?
[[check]]
name = "everyone is let in"
deviations = ["let-all-in"]
expect = { one-at-a-time = "violated" }

[[check]]
name = "wrong"
lock = { states = 1, depth = 1 }
expect = { one-at-a-time = "violated" }

[[check]]
name = "not selected"
size = "stress"
lock = { states = 1, depth = 1 }
"#;

#[test]
fn counts_are_written_where_all_is_as_expected() {
    let project = Project::with_spec("locks", SPEC);
    let ran = project.run(&["check", "--update-lock"]);
    assert_eq!(ran.exit, Exit::Differs);
    assert_eq!(
        ran.err,
        "specs/turnstile.toml: not locked: `wrong` is not as expected\nspecs/turnstile.toml: locks written\n"
    );
    let written = project.read("specs/turnstile.toml");
    insta::assert_snapshot!(written);
    let again = project.run(&["check", "--update-lock"]);
    assert_eq!(again.err, "specs/turnstile.toml: not locked: `wrong` is not as expected\n");
    assert_eq!(project.read("specs/turnstile.toml"), written);
    assert_eq!(project.run(&["check", "--name", "two", "--name", "every"]).exit, Exit::Expected);
    assert_eq!(project.files("specs"), ["turnstile.toml"]);
}

#[cfg(unix)]
#[test]
fn a_manifest_that_is_a_link_stays_one() {
    let project = Project::with_spec("locks-link", SPEC);
    let link = project.folder.join("specs/turnstile.toml");
    let kept = project.folder.join("kept.toml");
    std::fs::rename(&link, &kept).unwrap();
    std::os::unix::fs::symlink(&kept, &link).unwrap();
    let ran = project.run(&["check", "--update-lock"]);
    assert_eq!(ran.exit, Exit::Differs);
    assert!(link.is_symlink());
    assert_ne!(project.read("kept.toml"), SPEC);
}
