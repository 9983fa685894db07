//! Searches that are killed at some moment, and gone on with by another process, come to what they come to when they
//! are left alone.
//!
//! The test starts its own program again, as a child that runs one search and writes what came of it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use quorate::cluster::Cluster;
use quorate::engine::{Checkpoints, Exploration, Paths, Settings, Silent, explore_keeping};
use quorate::model::{Budget, Crashes, Environment};
use serde_json::json;

use crate::peers::two_phase::{Kind, TwoPhase};

/// Says to the child in which folder it finds its work.
const FOLDER: &str = "QUORATE_TEST_KILLED_IN";
const KILLS: u64 = 20;

/// What must not differ, as text: all but times and bytes.
fn told(exploration: &Exploration) -> String {
    let mut statistics = exploration.statistics.clone();
    (statistics.elapsed_us, statistics.graph_us, statistics.peak_bytes) = (0, 0, 0);
    // States are numbers that differ from run to run.
    let finding =
        |finding: &quorate::engine::Finding| (finding.depth, finding.path.as_ref().map(|path| path.steps.clone()));
    let findings: Vec<_> = exploration.findings.iter().map(|found| found.as_ref().map(finding)).collect();
    format!("{:?} {findings:?} {statistics:?}", exploration.ended)
}

/// The child: it goes on where the folder says, or begins.
#[test]
fn a_child_that_searches() {
    let Some(folder) = std::env::var_os(FOLDER).map(PathBuf::from) else { return };
    let crashes = Crashes { total: Budget::AtMost(1), ..Crashes::default() };
    let environment = Environment { crashes, ..Environment::default() };
    let cluster = Cluster::new(TwoPhase { participants: 4, kind: Kind::Asked }, &environment).unwrap();
    let kept = folder.join("kept");
    let checkpoints = Checkpoints {
        every: Duration::from_millis(3),
        identity: json!({ "participants": 4 }),
        resume: kept.join("checkpoint").exists().then(|| kept.clone()),
        folder: kept,
    };
    let settings = Settings { threads: 2, paths: Paths::All, ..Settings::default() };
    let exploration = explore_keeping(&cluster, &settings, &Silent, &checkpoints).unwrap();
    std::fs::write(folder.join("told.tmp"), told(&exploration)).unwrap();
    std::fs::rename(folder.join("told.tmp"), folder.join("told")).unwrap();
}

fn start(folder: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "killed::a_child_that_searches"]).env(FOLDER, folder);
    child.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

fn empty(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("killed").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn read(folder: &Path) -> String {
    std::fs::read_to_string(folder.join("told")).unwrap()
}

#[test]
#[allow(clippy::disallowed_methods, reason = "the moments at which it is killed are spread over its time")]
fn a_search_that_was_killed_comes_to_the_same() {
    let alone = empty("alone");
    let begun = std::time::Instant::now();
    assert!(start(&alone).wait().unwrap().success());
    let (alone, whole_us) = (read(&alone), begun.elapsed().as_micros() as u64);
    let mut gone_on_with = 0;
    for kill in 0..KILLS {
        let folder = empty(&kill.to_string());
        let mut child = start(&folder);
        let is_kept = || folder.join("kept/checkpoint").exists();
        // Every other one lives until there is something to go on with, however slow the machine is just now.
        while kill % 2 == 1 && !is_kept() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        // Anywhere in the run, in no order.
        std::thread::sleep(Duration::from_micros(whole_us * (kill * 7 % KILLS) / KILLS));
        child.kill().unwrap();
        child.wait().unwrap();
        gone_on_with += u64::from(is_kept());
        assert!(start(&folder).wait().unwrap().success(), "kill {kill}");
        assert_eq!(read(&folder), alone, "kill {kill}");
        std::fs::remove_dir_all(folder).unwrap();
    }
    // How many more depends on the machine.
    assert!(gone_on_with >= KILLS / 2, "only {gone_on_with} of {KILLS} had a checkpoint");
}
