//! `quorate explore`, and the page in one file.

use std::sync::atomic::Ordering;

use quorate::cli::Session;
use quorate::exit::Exit;

use super::{CATALOGUE, Project, Ran, run};

/// An explorer that is told to end before it begins.
fn explore(project: &Project, args: &[&str]) -> Ran {
    let session = Session { folder: project.folder.clone(), ..Session::new(CATALOGUE) };
    session.interrupted.store(true, Ordering::Relaxed);
    run(&session, &[&["explore"], args].concat())
}

#[test]
fn it_says_its_address_with_a_token_and_what_is_opened() {
    let project = Project::with_spec("explore", "[[check]]\nname = \"a\"\n");
    for args in [&[][..], &["specs"], &["specs/turnstile.toml"]] {
        let ran = explore(&project, args);
        assert_eq!(ran.exit, Exit::Expected, "{}", ran.err);
        assert!(ran.out.starts_with("http://127.0.0.1:") && ran.out.contains("/?token="), "{}", ran.out);
        assert!(!ran.out.contains('#'), "{}", ran.out);
    }
    let ran = explore(&project, &["turnstile", "--deviation", "let-all-in"]);
    assert!(ran.exit == Exit::Expected && ran.out.contains("#q1:"), "{}{}", ran.out, ran.err);
}

#[test]
fn a_trace_is_opened_with_all_of_its_steps_even_if_some_are_gone() {
    let project = Project::new("explore-trace");
    project.run(&["check", "turnstile", "--deviation", "let-all-in", "--trace-dir", "t"]);
    let file = format!("t/{}", project.files("t").remove(0));
    let ran = explore(&project, &[&file]);
    assert_eq!(ran.exit, Exit::Expected, "{}", ran.err);
    let code = ran.out.trim().rsplit_once('#').unwrap().1.to_owned();
    assert_eq!(project.run(&["replay", &code]).exit, Exit::Expected);
    assert!(explore(&project, &[&code]).out.trim().ends_with(&code));
    project.write("changed.json", &project.read(&file).replacen("\"let-all-in\"", "", 1));
    let changed = explore(&project, &["changed.json"]);
    assert!(changed.exit == Exit::Expected && changed.out.contains("#q1:"), "{}{}", changed.out, changed.err);
}

#[test]
fn what_cannot_be_explored_is_told() {
    let project = Project::new("explore-wrong");
    for args in
        [&["turnstyle"][..], &["--deviation", "let-all-in"], &["missing.json"], &["turnstile", "-p", "clients=9"]]
    {
        let ran = explore(&project, args);
        assert!(ran.exit != Exit::Expected && !ran.err.is_empty(), "{args:?}");
    }
}

#[test]
fn a_run_and_a_trace_are_one_page_each() {
    let project = Project::new("page");
    let ran = project.run(&[
        "check",
        "turnstile",
        "--deviation",
        "let-all-in",
        "--output",
        "html=run.html",
        "--trace-dir",
        "t",
    ]);
    assert_eq!(ran.exit, Exit::Differs);
    let file = format!("t/{}", project.files("t").remove(0));
    for (form, beginning) in [("html", "<!doctype html>"), ("svg", "<svg ")] {
        let ran = project.run(&["trace", "convert", &file, "--to", form, "--out", form]);
        assert_eq!(ran.exit, Exit::Expected, "{}", ran.err);
        assert!(project.read(form).starts_with(beginning));
    }
    for page in ["run.html", "html"] {
        let text = project.read(page);
        assert!(text.contains("id=\"runs\"") && text.contains("one-at-a-time"), "{page}");
        assert!(!text.contains("src=") && !text.contains("href=\"http"), "{page} asks for another file");
    }
}
