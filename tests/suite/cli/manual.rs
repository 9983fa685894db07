//! What is written for people, shells and editors: manifests to begin with, completions, man pages, schemas.

use quorate::exit::Exit;
use quorate::report::schema::SCHEMAS;

use super::Project;

#[test]
fn a_manifest_to_begin_with_can_be_checked_as_it_is_and_uncommented() {
    let project = Project::new("init");
    let ran = project.run(&["init", "turnstile"]);
    assert_eq!((ran.exit, &ran.out[..]), (Exit::Expected, ""));
    let text = project.read("specs/turnstile.toml");
    insta::assert_snapshot!(text);
    // The witness that all enter needs the deviation; all else comes out.
    let ran = project.run(&["check"]);
    assert!(ran.out.contains("all-enter: witness missing") && !ran.out.contains("  one-at-a-time:"), "{}", ran.out);
    let is_toml = |line: &str| line.starts_with("# [[") || line.starts_with("# name") || line.starts_with("# dev");
    let uncommented: Vec<&str> = text.lines().map(|line| if is_toml(line) { &line[2..] } else { line }).collect();
    project.write("specs/turnstile.toml", &uncommented.join("\n"));
    assert!(project.run(&["check"]).out.contains("5 checks"));
    assert_eq!(project.run(&["init", "turnstile"]).exit, Exit::Usage, "nothing is written over");
    assert_eq!(project.run(&["init", "turnstile", "-"]).out, text);
    assert!(project.run(&["init", "turnstil"]).err.contains("`turnstile`"));
}

#[test]
fn shells_are_told_of_every_subcommand() {
    let project = Project::new("completions");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = project.run(&["completions", shell]);
        assert_eq!(ran.exit, Exit::Expected);
        for word in ["check", "variants", "schema", "artifacts"] {
            assert!(ran.out.contains(word), "{shell}: {word}");
        }
    }
    assert_eq!(project.run(&["completions", "bsh"]).exit, Exit::Usage);
}

#[test]
fn each_subcommand_has_its_page() {
    let project = Project::new("man");
    assert!(project.run(&["man"]).out.contains(".TH quorate 1"));
    assert_eq!(project.run(&["man", "pages"]).exit, Exit::Expected);
    let files = project.files("pages");
    assert!(["quorate.1", "quorate-check.1", "quorate-variants.1"].iter().all(|page| files.contains(&(*page).into())));
    assert!(project.read("pages/quorate-check.1").contains("\\-\\-update\\-lock"));
}

#[test]
fn schemas_are_published() {
    let project = Project::new("schema");
    let list = project.run(&["schema"]).out;
    for schema in SCHEMAS {
        assert!(list.contains(schema.name));
        assert_eq!(project.run(&["schema", schema.name]).out, schema.text);
    }
    assert!(project.run(&["schema", "manifst"]).err.contains("`manifest`"));
}

#[test]
fn a_manifest_is_a_test() {
    let project = Project::with_spec("assert", "[[check]]\nname = \"a\"\nexpect = { all-enter = \"unreachable\" }\n");
    let folder = project.folder.to_str().unwrap().to_owned();
    quorate::cli::assert_spec(&folder, "specs/turnstile.toml", super::CATALOGUE, &[]);
    project
        .write("specs/red.toml", "protocol = \"turnstile\"\n[[check]]\nname = \"a\"\ndeviations = [\"let-all-in\"]\n");
    let red = || quorate::cli::assert_spec(&folder, "specs/red.toml", super::CATALOGUE, &[]);
    let message = *std::panic::catch_unwind(red).unwrap_err().downcast::<String>().unwrap();
    assert!(message.starts_with("specs/red.toml is not as expected (exit code 1)"));
    assert!(message.contains("one-at-a-time is violated: [client0, client1] are inside"), "{message}");
}
