//! The command line, run in this process.

mod ad_hoc;
mod catalogue;
mod checkpoints;
mod explore;
mod formats;
mod locks;
mod manual;
mod replay;
mod reports;
mod selection;
mod settings;
mod specs;
mod variants;

use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use quorate::cli::Session;
use quorate::exit::Exit;
use serde_json::Value as Json;

use crate::turnstile::CATALOGUE;

/// A folder of its own for a test, empty at first.
struct Project {
    folder: PathBuf,
}

/// What a command line came to.
struct Ran {
    exit: Exit,
    out: String,
    err: String,
}

impl Project {
    fn new(test: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
        if folder.exists() {
            std::fs::remove_dir_all(&folder).unwrap();
        }
        std::fs::create_dir_all(&folder).unwrap();
        Self { folder }
    }

    /// The same, with one manifest in its specs folder.
    fn with_spec(test: &str, checks: &str) -> Self {
        let project = Self::new(test);
        project.write("specs/turnstile.toml", &format!("protocol = \"turnstile\"\n\n{checks}"));
        project
    }

    fn write(&self, file: &str, text: &str) {
        let path = self.folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    fn json(&self, file: &str) -> Json {
        serde_json::from_str(&self.read(file)).unwrap()
    }

    fn files(&self, folder: &str) -> Vec<String> {
        let members = self.folder.join(folder).read_dir().unwrap();
        let mut names: Vec<String> = members.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn run(&self, args: &[&str]) -> Ran {
        self.run_in(".", args)
    }

    /// A run with environment variables.
    fn run_with(&self, variables: &[(&str, &str)], args: &[&str]) -> Ran {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        run(&Session { folder: self.folder.clone(), variables, ..Session::new(CATALOGUE) }, args)
    }

    fn run_in(&self, folder: &str, args: &[&str]) -> Ran {
        run(&Session { folder: self.folder.join(folder), ..Session::new(CATALOGUE) }, args)
    }
}

fn run(session: &Session<'_>, args: &[&str]) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let exit = session.run(args, &mut out, &mut err);
    Ran { exit, out: stable(&String::from_utf8(out).unwrap()), err: stable(&String::from_utf8(err).unwrap()) }
}

/// Puts zeros into durations and sizes: they differ from run to run.
fn stable(text: &str) -> String {
    let units = ["s", "KiB", "MiB", "states/s"];
    let mut words: Vec<String> = text.split(' ').map(str::to_owned).collect();
    for ix in 1..words.len() {
        let unit = words[ix].trim_end_matches(|c: char| !c.is_alphabetic());
        let unit = unit.split(['\n', ';', ',']).next().unwrap_or_default();
        let is_number = |word: &str| !word.is_empty() && word.chars().all(|c| c.is_ascii_digit() || ".,".contains(c));
        if units.contains(&unit) && is_number(&words[ix - 1]) {
            words[ix - 1] = "0.00".to_owned();
        }
    }
    words.join(" ")
}

#[test]
fn help_and_version_are_data() {
    let project = Project::new("help");
    for args in [&["--help"][..], &["check", "--help"], &["--version"]] {
        let ran = project.run(args);
        assert_eq!((ran.exit, &ran.err[..]), (Exit::Expected, ""));
        assert!(ran.out.starts_with("Checks") || ran.out.contains("quorate"), "{}", ran.out);
    }
}

#[test]
fn a_wrong_command_line_names_the_nearest_right_one() {
    let project = Project::new("usage");
    let wrong = [
        (&["chek"][..], "'check'"),
        (&["check", "--sizes", "small"], "'--size'"),
        (&["check", "--size", "smal"], "'small'"),
        (&["check", "--time", "60"], "\"60s\""),
        (&["check", "--memory", "2GB"], "\"2G\""),
        (&["check", "--threads", "0"], "0"),
        (&["check", "turnstile", "--output", "jsn"], "json"),
        (&["check", "turnstile", "--output", "json", "--stats", "json"], "--stats json=FILE"),
        (&["check", "turnstile", "-p", "clients"], "NAME=VALUE"),
        (&["check", "turnstile", "--size", "all"], "manifests"),
        (&["check", "turnstile", "turnstile"], "alone"),
        (&["check", "--deviation", "thank"], "quorate check PROTOCOL"),
        (&["show", "turnstil"], "`turnstile`"),
        (&["replay"], "FILE"),
    ];
    for (args, hint) in wrong {
        let ran = project.run(args);
        assert_eq!((ran.exit, &ran.out[..]), (Exit::Usage, ""), "{args:?}");
        assert!(ran.err.contains(hint), "{args:?}\n{}", ran.err);
    }
}

#[test]
fn a_target_that_is_nothing_names_what_is_near() {
    let project = Project::with_spec("neither", "[[check]]\nname = \"a\"\n");
    insta::assert_snapshot!(project.run(&["check", "turnstyle"]).err);
    insta::assert_snapshot!(project.run(&["check", "specs/turnstil.toml"]).err);
    insta::assert_snapshot!(project.run(&["check", "xyz"]).err);
}

#[test]
fn an_interrupted_run_says_so_and_tells_what_it_found() {
    let project = Project::with_spec("interrupted", "[[check]]\nname = \"a\"\n");
    let session = Session { folder: project.folder.clone(), ..Session::new(CATALOGUE) };
    session.interrupted.store(true, Ordering::Relaxed);
    let ran = run(&session, &["check"]);
    assert_eq!(ran.exit, Exit::Interrupted);
    insta::assert_snapshot!(ran.out);
}

/// A pipe whose reader has gone.
struct Closed;

impl std::io::Write for Closed {
    fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
        Err(std::io::ErrorKind::BrokenPipe.into())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_run_that_nobody_reads_any_more_ends_and_is_not_green() {
    let project = Project::with_spec("closed", "[[check]]\nname = \"a\"\nparams = { clients = 1 }\n");
    for args in [&["check"][..], &["list"], &["check", "turnstile", "--output", "json"]] {
        let session = Session { folder: project.folder.clone(), ..Session::new(CATALOGUE) };
        let mut err = Vec::new();
        assert_eq!(session.run(args.iter().copied(), &mut Closed, &mut err), Exit::Interrupted);
        assert!(!String::from_utf8(err).unwrap().contains("error"));
    }
}
