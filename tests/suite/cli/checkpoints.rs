//! `--checkpoint`, `--every` and `--resume`.

use quorate::exit::Exit;

use super::Project;

const SPEC: &str = r#"
protocol = "turnstile"

[[check]]
name = "four"
params = { clients = 4, queue = "kept" }
faults = { loss = 1 }
expect = { all-enter = "unreachable" }
"#;

fn project(test: &str) -> Project {
    let project = Project::new(test);
    project.write("specs/turnstile.toml", SPEC);
    project
}

/// What is told of a run, but for times and bytes.
fn told(text: &str) -> String {
    text.split_whitespace().filter(|word| word.parse::<f64>().is_err() && *word != "s").collect::<Vec<_>>().join(" ")
}

#[test]
fn a_search_that_a_limit_ended_goes_on_to_the_same_end() {
    let project = project("checkpoint");
    let alone = project.run(&["check"]);
    assert_eq!(alone.exit, Exit::Expected, "{}", alone.out);
    let cut = project.run(&["check", "--max-states", "30", "--checkpoint", "kept"]);
    assert_eq!(cut.exit, Exit::Undecided, "{}", cut.out);
    let gone_on = project.run(&["check", "--resume", "kept"]);
    assert_eq!((gone_on.exit, told(&gone_on.out)), (Exit::Expected, told(&alone.out)));
    assert_eq!(gone_on.err, "");
}

#[test]
fn what_was_not_begun_begins_and_says_so() {
    let project = project("checkpoint-of-another");
    let missing = project.run(&["check", "--resume", "kept"]);
    assert_eq!(missing.exit, Exit::Usage);
    assert!(missing.err.contains("there is no such folder"), "{}", missing.err);
    project.write("kept/README", "nothing");
    let begun = project.run(&["check", "--resume", "kept"]);
    assert_eq!(begun.exit, Exit::Expected);
    assert_eq!(begun.err, "turnstile: nothing is kept of `four`: it begins now\n");
}

#[test]
fn what_is_kept_of_another_instance_is_refused() {
    let project = project("checkpoint-changed");
    project.run(&["check", "--max-states", "30", "--checkpoint", "kept"]);
    project.write("specs/turnstile.toml", &SPEC.replace("loss = 1", "loss = 2"));
    let refused = project.run(&["check", "--resume", "kept"]);
    let all = refused.out + &refused.err;
    assert_eq!(refused.exit, Exit::Usage, "{all}");
    assert!(all.contains("loss"), "{all}");
}

#[test]
fn what_is_damaged_is_refused() {
    let project = project("checkpoint-damaged");
    project.run(&["check", "--max-states", "30", "--checkpoint", "kept"]);
    let folder = std::fs::read_dir(project.folder.join("kept")).unwrap().next().unwrap().unwrap().path();
    let mut damaged = 0;
    for file in std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()) {
        let whole = std::fs::read(&file).unwrap();
        let mut bytes = whole.clone();
        let Some(byte) = bytes.last_mut() else { continue };
        *byte ^= 1;
        std::fs::write(&file, bytes).unwrap();
        let refused = project.run(&["check", "--resume", "kept"]);
        assert_eq!(refused.exit, Exit::Usage, "{}: {}{}", file.display(), refused.out, refused.err);
        std::fs::write(&file, whole).unwrap();
        damaged += 1;
    }
    assert!(damaged >= 2, "a checkpoint has more than one file");
}
