//! The GitHub Action, as a runner would run it: its script, with its inputs as environment variables.

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ACTION: &str = include_str!("../../action.yml");

/// A repository with specs, on a runner.
struct Runner {
    folder: PathBuf,
}

impl Runner {
    fn new(name: &str, spec: &str) -> Self {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(folder.join("specs")).unwrap();
        std::fs::write(folder.join("specs/a.toml"), spec).unwrap();
        Self { folder }
    }

    fn read(&self, file: &str) -> String {
        std::fs::read_to_string(self.folder.join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
    }

    /// Runs the script of the action, with inputs in the place of their defaults.
    fn run(&self, inputs: &[(&str, &str)]) -> Output {
        let mut bash = Command::new("bash");
        bash.args(["--noprofile", "--norc", "-eo", "pipefail", "-c", &script()]).current_dir(&self.folder);
        bash.env("GITHUB_ACTIONS", "true").env("GITHUB_OUTPUT", "output.txt").env("GITHUB_STEP_SUMMARY", "summary.md");
        for (name, input) in environment() {
            let given = inputs.iter().find(|(other, _)| *other == input).map(|(_, value)| (*value).to_owned());
            bash.env(name, given.unwrap_or_else(|| default(&input)));
        }
        bash.output().unwrap()
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// The lines below `key` that are set in more than it.
fn below<'a>(text: &'a str, key: &str) -> Vec<&'a str> {
    let mut lines = text.lines().skip_while(|line| line.trim() != key);
    let depth = indent(lines.next().unwrap_or_else(|| panic!("no {key}")));
    lines.take_while(|line| line.is_empty() || indent(line) > depth).collect()
}

fn script() -> String {
    let lines = below(ACTION, "run: |");
    let depth = indent(lines[0]);
    lines.iter().fold(String::new(), |mut script, line| {
        let _ = writeln!(script, "{}", line.get(depth..).unwrap_or_default());
        script
    })
}

/// Names of variables and of the inputs that they are.
fn environment() -> Vec<(String, String)> {
    let pair = |line: &&str| {
        let (name, value) = line.trim().split_once(": ").unwrap();
        let input = value.strip_prefix("${{ inputs.").and_then(|value| value.strip_suffix(" }}")).unwrap();
        (name.to_owned(), input.to_owned())
    };
    below(ACTION, "env:").iter().map(pair).collect()
}

fn default(input: &str) -> String {
    let lines = below(ACTION, &format!("{input}:"));
    let default = lines.iter().find_map(|line| line.trim().strip_prefix("default: ")).unwrap();
    default.trim_matches('"').to_owned()
}

const GREEN: &str =
    "protocol = \"paxos-decide-on-promise\"\n[[check]]\nname = \"two win\"\nexpect = { agreement = \"violated\" }\n";
const RED: &str = "protocol = \"paxos-decide-on-promise\"\n[[check]]\nname = \"one wins\"\n";

#[test]
fn a_green_run_leaves_reports_and_a_summary() {
    let runner = Runner::new("action-green", GREEN);
    let ran = runner.run(&[("command", env!("CARGO_BIN_EXE_quorate"))]);
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    assert_eq!(runner.read("output.txt"), "exit-code=0\n");
    assert!(runner.read("quorate-out/quorate.xml").contains("tests=\"1\" failures=\"0\""));
    assert!(runner.read("quorate-out/quorate.sarif").contains("\"results\": []"));
    assert!(runner.read("summary.md").starts_with("# quorate: every verdict is as expected"));
    assert!(!String::from_utf8_lossy(&ran.stdout).contains("::error"));
    // The violation that is expected is an artifact too.
    assert!(runner.read("quorate-out/traces/paxos-decide-on-promise.two-win.agreement.md").contains("```mermaid"));
}

#[test]
fn a_red_run_is_annotated_and_ends_with_its_code() {
    let runner = Runner::new("action-red", RED);
    let inputs = [("command", env!("CARGO_BIN_EXE_quorate")), ("targets", "specs/a.toml"), ("output", "out")];
    let ran = runner.run(&inputs);
    assert_eq!(ran.status.code(), Some(1));
    assert_eq!(runner.read("output.txt"), "exit-code=1\n");
    let out = String::from_utf8_lossy(&ran.stdout);
    assert!(
        out.contains("::error file=specs/a.toml,line=2,title=paxos-decide-on-promise%3A one wins::agreement: violated")
    );
    assert!(runner.read("out/quorate.xml").contains("<failure type=\"violated\""));
    assert!(runner.read("out/quorate.sarif").contains("\"ruleId\": \"paxos-decide-on-promise/agreement\""));
    assert!(runner.read("summary.md").contains("## Not as expected"));
}

#[test]
fn inputs_are_settings_of_the_run() {
    let runner = Runner::new("action-size", GREEN);
    let ran = runner.run(&[("command", env!("CARGO_BIN_EXE_quorate")), ("size", "stress")]);
    assert_eq!(ran.status.code(), Some(4), "nothing of that size");
    let ran = runner.run(&[("command", env!("CARGO_BIN_EXE_quorate")), ("profile", "nightly")]);
    assert_eq!(ran.status.code(), Some(2), "no such profile");
}
