//! Searches that are ended at every level and go on; files that are damaged.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::json;

use super::*;
use crate::engine::tests::{Numbers, settings, without_time};
use crate::engine::{Exploration, Limits, Settings, Silent, StopWhen, explore, explore_keeping};

/// A folder of its own for a test, empty at first.
fn empty(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("quorate-checkpoint-{test}-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

fn checkpoints(folder: &Path, resume: bool) -> Checkpoints {
    Checkpoints {
        folder: folder.to_owned(),
        every: Duration::from_secs(60),
        identity: json!({ "size": 30_000 }),
        resume: resume.then(|| folder.to_owned()),
    }
}

fn numbers() -> Numbers {
    Numbers::new(30_000, 5, 20)
}

fn to_depth(depth: u32) -> Settings {
    Settings { limits: Limits { depth: Some(depth), ..Limits::default() }, ..settings(2) }
}

fn go_on(folder: &Path, settings: &Settings, resume: bool) -> Exploration {
    explore_keeping(&numbers(), settings, &Silent, &checkpoints(folder, resume)).unwrap()
}

#[test]
fn a_search_that_was_cut_at_every_level_comes_to_the_same() {
    let folder = empty("levels");
    let alone = without_time(explore(&numbers(), &settings(1), &Silent));
    let mut last = go_on(&folder, &to_depth(0), false);
    for depth in 1..=alone.statistics.depth + 1 {
        last = go_on(&folder, &to_depth(depth), true);
        assert_eq!(last.statistics.distinct, alone.statistics.widths.iter().take(depth as usize + 1).sum::<u64>());
    }
    let last = without_time(last);
    assert_eq!((last.ended, &last.findings), (alone.ended, &alone.findings));
    assert_eq!(last.statistics, alone.statistics);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_search_goes_on_in_the_middle_of_a_level() {
    let folder = empty("rounds");
    let alone = without_time(explore(&numbers(), &settings(1), &Silent));
    let cut = Settings { limits: Limits { states: Some(20_000), ..Limits::default() }, ..settings(1) };
    assert!(go_on(&folder, &cut, false).statistics.distinct < 30_000);
    assert_eq!(without_time(go_on(&folder, &settings(1), true)).statistics, alone.statistics);
    std::fs::remove_dir_all(folder).unwrap();
}

fn refusal(folder: &Path, identity: Json) -> String {
    let checkpoints = Checkpoints { identity, ..checkpoints(folder, true) };
    explore_keeping(&numbers(), &settings(1), &Silent, &checkpoints).unwrap_err().to_string()
}

#[test]
fn what_is_damaged_or_of_another_search_is_refused() {
    let folder = empty("damaged");
    go_on(&folder, &to_depth(9), false);
    let ours = || json!({ "size": 30_000 });
    let other = refusal(&folder, json!({ "size": 7 }));
    assert!(other.ends_with("of another search: search.size is 30000 in it, and 7 here"), "{other}");
    for name in ["level-00005", "tables-0", "checkpoint"] {
        let file = folder.join(name);
        let whole = std::fs::read(&file).unwrap();
        let mut changed = whole.clone();
        if let Some(byte) = changed.last_mut() {
            *byte ^= 1;
        }
        for damaged in [&changed[..], &whole[..whole.len() / 2]] {
            std::fs::write(&file, damaged).unwrap();
            if damaged != whole {
                let told = refusal(&folder, ours());
                assert!(told.contains(name) && told.contains("cut short or has changed"), "{told}");
            }
        }
        std::fs::remove_file(&file).unwrap();
        assert!(refusal(&folder, ours()).contains(name));
        std::fs::write(&file, whole).unwrap();
    }
    let again = explore_keeping(&numbers(), &settings(1), &Silent, &checkpoints(&folder, false));
    assert!(matches!(again, Err(CheckpointError::Taken { .. })));
    std::fs::remove_dir_all(folder).unwrap();
}

/// Hears of a search.
#[derive(Default)]
struct Heard(std::sync::Mutex<Vec<String>>);

impl crate::engine::Progress for Heard {
    fn tick(&self, _: &Statistics, _: u64) {}

    fn note(&self, sentence: String) {
        self.0.lock().unwrap().push(sentence);
    }
}

/// Writing to `/dev/full` fails as on a full disk.
#[test]
fn a_full_disk_does_not_end_the_search() {
    let folder = empty("full");
    std::fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink("/dev/full", folder.join("level-00000.tmp")).unwrap();
    let heard = Heard::default();
    let often = Checkpoints { every: Duration::ZERO, ..checkpoints(&folder, false) };
    let kept = explore_keeping(&numbers(), &settings(1), &heard, &often).unwrap();
    assert_eq!(kept.statistics.distinct, 30_000);
    assert!(heard.0.into_inner().unwrap()[0].contains("could not be written"));
    assert!(!folder.join("checkpoint").exists());
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_search_that_stops_at_a_finding_finds_it_after_going_on() {
    let folder = empty("stops");
    let stopping = Settings { stop_when: StopWhen::Violated, ..settings(1) };
    let alone = without_time(explore(&numbers(), &stopping, &Silent));
    go_on(&folder, &Settings { stop_when: StopWhen::Violated, ..to_depth(4) }, false);
    assert_eq!(without_time(go_on(&folder, &stopping, true)).findings, alone.findings);
    std::fs::remove_dir_all(folder).unwrap();
}
