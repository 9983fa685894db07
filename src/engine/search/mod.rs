//! Breadth-first search, level by level.
//!
//! Here is what a search knows, and what it does with whole levels; `expansion` makes the next level of one, and
//! `conclusion` what is told in the end.
//!
//! A level is expanded in rounds. In a round, workers first turn states into keys of successors, sorted by shard;
//! then every shard takes in its keys. The two halves never touch the same data, and the second one alone decides
//! what is new: counts do not depend on the number of threads. A chunk in which a word outgrows the packing is
//! expanded again when the word has room.

mod conclusion;
mod expansion;

use std::sync::Arc;
use std::time::Instant;

use rayon::prelude::*;

use super::checkpoint::{CheckpointError, Checkpoints, Keeper, Kernel};
use super::expand::Expander;
use super::exploration::{Effort, Ended, Exploration, Paths, Progress, Settings, Statistics, StopWhen};
use super::level::{Chunk, Level};
use super::packing::{MARK, Packing};
use super::retrace::Target;
use super::visited::{Visited, raise, visited};
use crate::system::{Explain, PropertySet, ShowsIn, Word};

/// States that a worker takes at once.
pub(super) const CHUNK_STATES: usize = 1 << 11;
/// Chunks to a worker in one round: enough to make a shard's share of a round worth a walk through its memory.
const ROUND_CHUNKS: usize = 16;

/// Visits every reachable state of `system`, breadth first.
///
/// What the answer does not tell: whether the system is the protocol; that is for its author and for
/// witnesses.
///
/// # Panics
/// If the threads cannot be started.
pub fn explore(system: &dyn Explain, settings: &Settings, progress: &dyn Progress) -> Exploration {
    in_pool(settings, || Search::new(system, settings, progress, None).conclude())
}

/// The same, kept on disk from time to time, and when a limit or somebody ends it; or going on from what was kept.
///
/// The system must be new: nothing has asked it for states yet.
///
/// # Errors
/// If what was kept cannot be read, or is of another search, or if something is kept already where this one shall be. A
/// search that cannot be kept, since the disk is full, goes on and says so.
///
/// # Panics
/// If the threads cannot be started.
pub fn explore_keeping(
    system: &dyn Explain,
    settings: &Settings,
    progress: &dyn Progress,
    checkpoints: &Checkpoints,
) -> Result<Exploration, CheckpointError> {
    let (keeper, kernel) = Keeper::new(checkpoints, system)?;
    Ok(in_pool(settings, || {
        let search = match kernel {
            Some(kernel) => Search::from_kernel(system, settings, progress, keeper, kernel),
            None => Search::new(system, settings, progress, Some(keeper)),
        };
        search.conclude()
    }))
}

fn in_pool(settings: &Settings, search: impl FnOnce() -> Exploration + Send) -> Exploration {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.threads.max(1)).build();
    pool.expect("threads can be started").install(search)
}

struct Search<'a> {
    system: &'a dyn Explain,
    settings: &'a Settings,
    progress: &'a dyn Progress,
    started: Instant,
    word_count: usize,
    packing: Arc<Packing>,
    /// The largest words, by position, that ever had no room.
    outgrown: Vec<Word>,
    visited: Option<Box<dyn Visited>>,
    expanders: Vec<Expander>,
    /// By distance from the start; those that nobody needs any more are empty.
    levels: Vec<Arc<Level>>,
    open: PropertySet,
    /// By property: where it first found something, and all states at that distance in which it does.
    found: Vec<Option<Target>>,
    statistics: Statistics,
    effort: Effort,
    /// Microseconds that the search took before it was continued.
    earlier_us: u64,
    keeper: Option<Keeper>,
    /// The numbers when the last whole level was known; `None` if they have been kept.
    to_keep: Option<Statistics>,
}

impl<'a> Search<'a> {
    fn new(
        system: &'a dyn Explain,
        settings: &'a Settings,
        progress: &'a dyn Progress,
        keeper: Option<Keeper>,
    ) -> Self {
        let started = Instant::now();
        let (word_count, property_count) = (system.word_count(), system.properties().len());
        let worker_count = settings.threads.max(1);
        let mut initial = system.initial();
        initial.iter_mut().for_each(|state| system.represent(state));
        let mut maxima = vec![0; word_count];
        for state in &initial {
            raise(&mut maxima, state);
        }
        let packing = Arc::new(Packing::with_room_for(&maxima, 0));
        let mut search = Self {
            system,
            settings,
            progress,
            started,
            word_count,
            outgrown: vec![0; word_count],
            visited: Some(visited(&packing, worker_count)),
            packing,
            expanders: (0..worker_count).map(|_| Expander::new(word_count)).collect(),
            levels: Vec::new(),
            open: PropertySet::of(property_count, |ix| {
                system.properties()[ix].kind.shows_in() != ShowsIn::Graph && system.preserves(ix)
            }),
            found: vec![None; property_count],
            statistics: Statistics::default(),
            effort: Effort::default(),
            earlier_us: 0,
            keeper,
            to_keep: None,
        };
        search.put_initial(&initial);
        search
    }

    /// A search that goes on.
    fn from_kernel(
        system: &'a dyn Explain,
        settings: &'a Settings,
        progress: &'a dyn Progress,
        keeper: Keeper,
        kernel: Kernel,
    ) -> Self {
        let Kernel { open, found, statistics, levels, packing } = kernel;
        let (word_count, worker_count) = (system.word_count(), settings.threads.max(1));
        let mut visited = visited(&packing, worker_count);
        levels.iter().for_each(|level| visited.fill(level, &packing, word_count));
        Self {
            system,
            settings,
            progress,
            started: Instant::now(),
            word_count,
            outgrown: vec![0; word_count],
            visited: Some(visited),
            packing,
            expanders: (0..worker_count).map(|_| Expander::new(word_count)).collect(),
            levels,
            open,
            found,
            earlier_us: statistics.elapsed_us,
            statistics,
            effort: Effort::default(),
            keeper: Some(keeper),
            to_keep: None,
        }
    }

    fn elapsed_us(&self) -> u64 {
        self.earlier_us + self.started.elapsed().as_micros() as u64
    }

    /// Keeps the search as it was at the last whole level, if that was not done yet.
    fn keep(&mut self) {
        let (Some(keeper), Some(mut statistics)) = (&mut self.keeper, self.to_keep.take()) else { return };
        (statistics.elapsed_us, statistics.peak_bytes) = (self.statistics.elapsed_us, self.statistics.peak_bytes);
        let kernel = Kernel {
            open: self.open,
            found: self.found.clone(),
            statistics,
            levels: self.levels.clone(),
            packing: Arc::clone(&self.packing),
        };
        if let Err(error) = keeper.keep(&kernel, self.system) {
            self.to_keep = Some(kernel.statistics);
            self.progress.note(format!("the checkpoint could not be written ({error}); the run goes on"));
        }
    }

    fn keep_if_due(&mut self) {
        if self.keeper.as_ref().is_some_and(Keeper::is_due) {
            self.keep();
        }
    }

    fn put_initial(&mut self, initial: &[Box<[Word]>]) {
        for state in initial {
            let mut key = vec![0; self.packing.limb_count];
            let fits = self.packing.pack(state, &mut key);
            debug_assert!(fits, "the packing was made for these");
            key[0] |= MARK;
            self.visited().put(&key);
        }
        let level = self.take_level(Level::default());
        self.reach(level);
    }

    fn visited(&mut self) -> &mut dyn Visited {
        &mut **self.visited.as_mut().expect("the set goes only when the search has ended")
    }

    fn take_level(&mut self, mut level: Level) -> Level {
        let packing = Arc::clone(&self.packing);
        self.visited().take_fresh().into_iter().for_each(|records| level.push(&packing, records));
        level
    }

    /// Counts a level whose states are all known.
    fn reach(&mut self, level: Level) {
        let width = level.state_count() as u64;
        self.statistics.distinct += width;
        self.statistics.widths.push(width);
        self.statistics.depth = self.levels.len() as u32;
        self.levels.push(Arc::new(level));
        self.to_keep = self.keeper.is_some().then(|| self.statistics.clone());
    }

    fn run(&mut self) -> Ended {
        loop {
            let depth = self.levels.len() - 1;
            self.judge(depth);
            if self.found_enough() {
                return Ended::Stopped;
            }
            self.keep_if_due();
            let probing = self.settings.limits.depth.is_some_and(|limit| depth as u32 >= limit);
            let next = match self.expand(depth, probing) {
                Ok(next) => next,
                Err(_) if self.found_enough() => return Ended::Stopped,
                Err(cut) => return Ended::Cut(cut),
            };
            let needless = self.settings.paths == Paths::None && self.keeper.is_none();
            if needless && self.that_show_in(ShowsIn::Graph).is_empty() {
                self.levels[depth] = Arc::default();
            }
            if next.state_count() == 0 {
                return if self.found_enough() { Ended::Stopped } else { Ended::Complete };
            }
            self.reach(next);
            if !self.settings.remember_all {
                self.system.take_stock(self.statistics.distinct);
            }
            if self.found_enough() {
                return Ended::Stopped;
            }
        }
    }

    fn found_enough(&self) -> bool {
        let found = |ix: usize| self.found[ix].is_some();
        match self.settings.stop_when {
            StopWhen::Never => false,
            StopWhen::Violated => {
                (self.system.properties().iter().enumerate()).any(|(ix, card)| !card.kind.is_witness() && found(ix))
            }
            StopWhen::AllFound(properties) => properties.iter().all(found),
        }
    }

    /// Asks the open properties about the marked states of a level.
    fn judge(&mut self, depth: usize) {
        let open = self.open.intersection(self.that_show_in(ShowsIn::State));
        if open.is_empty() {
            return;
        }
        let (system, word_count) = (self.system, self.word_count);
        let judge = |chunk: Chunk<'_>| {
            let mut found = Vec::new();
            chunk.for_each(true, word_count, |words| {
                let properties = system.findings(words, open);
                if !properties.is_empty() {
                    found.push((properties, words.into()));
                }
            });
            found
        };
        let level = Arc::clone(&self.levels[depth]);
        let mut chunks = level.chunks(CHUNK_STATES);
        while let Some(round) = self.round(&mut chunks) {
            let found: Vec<_> = round.into_par_iter().flat_map_iter(judge).collect();
            self.note(depth, found);
        }
    }

    fn that_show_in(&self, what: ShowsIn) -> PropertySet {
        let cards = self.system.properties();
        PropertySet::of(cards.len(), |ix| cards[ix].kind.shows_in() == what)
    }

    /// Closes the properties that found something at this depth.
    fn note(&mut self, depth: usize, found: Vec<(PropertySet, Box<[Word]>)>) {
        let mut closed = PropertySet::EMPTY;
        for (properties, state) in found {
            for property_ix in properties.iter() {
                closed = closed.with(property_ix);
                let target = self.found[property_ix].get_or_insert_with(|| Target { depth, states: Vec::new() });
                target.states.push(state.clone());
            }
        }
        self.open = self.open.without(closed);
    }

    /// The next chunks that are looked at together, if there are any.
    fn round<'b>(&self, chunks: &mut impl Iterator<Item = Chunk<'b>>) -> Option<Vec<Chunk<'b>>> {
        let round: Vec<Chunk<'b>> = chunks.take(ROUND_CHUNKS * self.expanders.len()).collect();
        (!round.is_empty()).then_some(round)
    }
}
