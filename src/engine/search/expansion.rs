//! From one level to the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};

use super::super::expand::{Tally, Work};
use super::super::exploration::{Cut, Statistics};
use super::super::level::{Chunk, Level};
use super::super::packing::Packing;
use super::super::visited::raise;
use super::{CHUNK_STATES, Search};
use crate::system::{PropertySet, ShowsIn, Word};

/// Up to so many states are packed anew when a word has no room; more keep their keys, and the word gets bits above
/// all others.
const REPACKED_MAX: u64 = 1 << 14;

impl Search<'_> {
    /// The states one step beyond a level. While probing, nothing is put into the set: the answer is only
    /// whether there is anything beyond. A level that was cut leaves no count: where in it the cut falls depends on
    /// the number of threads.
    pub(super) fn expand(&mut self, depth: usize, probing: bool) -> Result<Level, Cut> {
        let Statistics { generated, actions, ruled_out, .. } = self.statistics;
        let level = Arc::clone(&self.levels[depth]);
        let outcome = self.expand_rounds(&level, depth, probing);
        if outcome.is_err() {
            self.statistics = Statistics { generated, actions, ruled_out, ..std::mem::take(&mut self.statistics) };
        }
        outcome
    }

    fn expand_rounds(&mut self, level: &Level, depth: usize, probing: bool) -> Result<Level, Cut> {
        let mut next = Level::default();
        let (mut stuck, mut stepped, mut beyond) = (Vec::new(), Vec::new(), false);
        let stuck_open = self.stuck_open();
        let mut queued = level.state_count() as u64;
        let mut chunks = level.chunks(CHUNK_STATES);
        while let Some(mut left) = self.round(&mut chunks) {
            while !left.is_empty() {
                let tally = self.expand_round(&mut left);
                queued -= tally.states;
                stuck.extend(tally.stuck);
                stepped.extend(tally.stepped);
                self.statistics.generated += tally.actions.iter().sum::<u64>();
                self.statistics.actions.iter_mut().zip(tally.actions).for_each(|(sum, count)| *sum += count);
                self.statistics.ruled_out.iter_mut().zip(tally.ruled_out).for_each(|(sum, count)| *sum += count);
                if probing {
                    beyond |= self.visited().misses_any();
                } else {
                    self.visited().absorb();
                }
                self.visited().forget();
                if !tally.outgrown.is_empty() {
                    next = self.take_level(next);
                    self.widen(&tally.outgrown);
                }
            }
            if beyond && stuck_open.is_empty() {
                return Err(Cut::Depth);
            }
            self.breathe(&next, queued)?;
        }
        self.note(depth, stuck);
        // A step beyond the limit is not looked at, as little as the state that it leads to.
        if !probing {
            self.note(depth, stepped);
        }
        if beyond { Err(Cut::Depth) } else { Ok(self.take_level(next)) }
    }

    /// Expands some chunks, and leaves those that are to be expanded again once the words that were too large have room.
    fn expand_round(&mut self, chunks: &mut Vec<Chunk<'_>>) -> Tally {
        let packing = Arc::clone(&self.packing);
        let work = Work {
            system: self.system,
            packing: &packing,
            chunks,
            next: AtomicUsize::new(0),
            outgrown: AtomicBool::new(false),
            open: self.open,
            stuck_open: self.stuck_open(),
            step_open: self.open.intersection(self.that_show_in(ShowsIn::Step)),
            is_quotient: self.system.is_quotient(),
        };
        let visited = self.visited.as_mut().expect("the set goes only when the search has ended");
        visited.expand(&work, &mut self.expanders);
        let taken = work.next.into_inner().min(chunks.len());
        let mut tally = Tally::default();
        self.expanders.iter_mut().for_each(|expander| tally.add(&mut expander.tally));
        let again: Vec<Chunk<'_>> = tally.again.iter().map(|chunk_ix| chunks[*chunk_ix].clone()).collect();
        chunks.drain(..taken);
        chunks.extend(again);
        tally
    }

    /// The open properties about states where nothing happens any more.
    fn stuck_open(&self) -> PropertySet {
        self.open.intersection(self.that_show_in(ShowsIn::Deadlock))
    }

    /// Makes room for the words that had none.
    fn widen(&mut self, outgrown: &[Word]) {
        raise(&mut self.outgrown, outgrown);
        let (from, word_count) = (Arc::clone(&self.packing), self.word_count);
        let visited = self.visited.as_mut().expect("the set goes only when the search has ended");
        let packing = if self.statistics.distinct <= REPACKED_MAX {
            // Also for what had none before: a chunk that is still to be expanded again may need it.
            let mut maxima = self.outgrown.clone();
            visited.raise(&from, &mut maxima);
            let packing = Packing::with_room_for(&maxima, from.family + 1);
            *visited = visited.repacked(&from, &packing, word_count);
            packing
        } else {
            let packing = from.widened(&self.outgrown);
            if let Some(wider) = visited.widen(&packing) {
                *visited = wider;
            }
            packing
        };
        self.packing = Arc::new(packing);
    }

    /// Between two rounds: tells how far the search is, and ends it at a limit.
    fn breathe(&mut self, next: &Level, queued: u64) -> Result<(), Cut> {
        let fresh = self.visited().fresh_count() + next.state_count();
        let levels: usize = self.levels.iter().map(|level| level.bytes()).sum();
        let (set, round) = (self.visited().bytes(), self.visited().round_bytes());
        let (levels, tables) = (levels + next.bytes(), self.system.table_bytes());
        let effort = &mut self.effort;
        effort.set_bytes = effort.set_bytes.max(set as u64);
        effort.level_bytes = effort.level_bytes.max(levels as u64);
        effort.round_bytes = effort.round_bytes.max(round as u64);
        effort.table_bytes = effort.table_bytes.max(tables as u64);
        let bytes = (set + round + levels + tables) as u64;
        self.statistics.peak_bytes = self.statistics.peak_bytes.max(bytes);
        self.statistics.elapsed_us = self.elapsed_us();
        self.keep_if_due();
        self.progress.tick(&self.statistics, queued + fresh as u64);

        let limits = &self.settings.limits;
        let reached = |limit: Option<u64>, value: u64| limit.is_some_and(|limit| value > limit);
        if self.progress.interrupted() {
            Err(Cut::Interrupted)
        } else if reached(limits.states, self.statistics.distinct + fresh as u64) {
            Err(Cut::States)
        } else if reached(limits.memory_bytes, bytes) {
            Err(Cut::Memory)
        } else if limits.time.is_some_and(|limit| self.started.elapsed() > limit) {
            Err(Cut::Time)
        } else {
            Ok(())
        }
    }
}
