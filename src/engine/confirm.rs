//! Whether a search that leaves something out may say anything.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use rayon::prelude::*;

use super::exploration::{Cut, Limits, Progress};
use super::level::Level;
use super::search::CHUNK_STATES;
use crate::system::{PropertySet, TransitionSystem};

/// The tables of a system are added up at one of so many questions.
const SUMMED_IN: usize = 1 << 10;

/// Why such a search says nothing.
pub(super) enum Unconfirmed {
    /// What was left out made a difference.
    Refused(String),
    /// Whether it did was not found out.
    Cut(Cut),
}

/// Asks of every state what the graph will be asked of it: a system in which states stand for others compares the answers,
/// and must have done so before it [confirms](TransitionSystem::confirm) anything.
pub(super) fn ask_of_all(system: &(impl TransitionSystem + ?Sized), levels: &[Arc<Level>], open: PropertySet) {
    if open.is_empty() {
        return;
    }
    for level in levels {
        level.chunks(CHUNK_STATES).collect::<Vec<_>>().into_par_iter().for_each(|chunk| {
            chunk.for_each(false, system.word_count(), |words| {
                system.findings(words, open);
            });
        });
    }
}

/// Whether what was left out made no difference. To find that out may take as long as the search was allowed to take, once
/// more; who has interrupted the search may do so again.
pub(super) fn confirm(
    system: &(impl TransitionSystem + ?Sized),
    limits: &Limits,
    progress: &dyn Progress,
) -> Result<(), Unconfirmed> {
    let (began, was_interrupted, asked) = (Instant::now(), progress.interrupted(), AtomicUsize::new(0));
    let cut = || {
        if !was_interrupted && progress.interrupted() {
            Some(Cut::Interrupted)
        } else if limits.time.is_some_and(|limit| began.elapsed() > limit) {
            Some(Cut::Time)
        } else {
            limits.memory_bytes.is_some_and(|limit| system.table_bytes() as u64 > limit).then_some(Cut::Memory)
        }
    };
    let ended = OnceLock::new();
    let go_on = || {
        if asked.fetch_add(1, Ordering::Relaxed).is_multiple_of(SUMMED_IN)
            && let Some(cut) = cut()
        {
            ended.get_or_init(|| cut);
        }
        ended.get().is_none()
    };
    match system.confirm(&go_on) {
        Ok(true) => Ok(()),
        Ok(false) => Err(Unconfirmed::Cut(*ended.get().expect("nothing else says no"))),
        Err(sentence) => Err(Unconfirmed::Refused(sentence)),
    }
}
