//! What random walks find in the shipped protocols. Millions of steps: these tests are for an optimised build, and
//! ignored in any other.
//!
//! | module | what |
//! |---|---|
//! | `deviations` | every deviation is met, and what was met becomes small |
//! | `priority` | walks by priority find deep bugs earlier |
//! | `threads` | nothing that is told depends on the number of threads |

#![allow(clippy::unwrap_used, reason = "in a test a panic is the message")]

mod deviations;
mod priority;
mod threads;

use std::path::PathBuf;

use quorate::cluster::Entry;
use quorate::spec::{self, Manifest, Source};
use quorate::walk::{Covered, Progress};
use quorate_models::CATALOGUE;

/// The checks that are shipped with a protocol.
fn manifest(entry: &dyn Entry) -> Manifest {
    let name = format!("{}.toml", entry.card().name);
    let text = std::fs::read_to_string(root().join("specs").join(&name)).unwrap();
    spec::read(Source::file(name, text), CATALOGUE).unwrap_or_else(|mistakes| panic!("{mistakes:?}"))
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// Whether pages are to be written anew.
fn blesses() -> bool {
    std::env::var_os("QUORATE_BLESS").is_some()
}

/// The file has this text, or is given it when that is asked for.
fn hold(file: &str, text: &str) {
    let path = root().join(file);
    if blesses() {
        std::fs::write(&path, text).unwrap();
    }
    let there = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(there == text, "{file} is not what this run gives: write it anew with QUORATE_BLESS=1");
}

/// Nobody listens, and nobody interrupts.
struct Deaf;

impl Progress for Deaf {
    fn tick(&self, _: u64, _: u64, _: Covered) {}

    fn interrupted(&self) -> bool {
        false
    }
}
