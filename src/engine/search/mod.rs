//! Breadth-first search, level by level.
//!
//! A level is expanded in rounds. In a round, workers first turn states into keys of successors, sorted by shard;
//! then every shard takes in its keys. The two halves never touch the same data, and the second one alone decides
//! what is new: counts do not depend on the number of threads. A chunk in which a word outgrows the packing is
//! expanded again when the word has room.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::time::Instant;

use rayon::prelude::*;

use super::checkpoint::{CheckpointError, Checkpoints, Keeper, Kernel};
use super::confirm::{Unconfirmed, ask_of_all, confirm};
use super::expand::{Expander, Tally, Work};
use super::exploration::{
    Cut, Effort, Ended, Exploration, Finding, Path, Paths, Progress, Settings, Statistics, StopWhen,
};
use super::level::{Chunk, Level};
use super::liveness::{self, Graph, Watch};
use super::packing::{MARK, Packing};
use super::retrace::{Target, retrace, with_step};
use super::visited::{Visited, raise, visited};
use crate::system::{Explain, PropertySet, ShowsIn, Word};

/// States that a worker takes at once.
pub(super) const CHUNK_STATES: usize = 1 << 11;
/// Chunks to a worker in one round: enough to make a shard's share of a round worth a walk through its memory.
const ROUND_CHUNKS: usize = 16;
/// Up to so many states are packed anew when a word has no room; more keep their keys, and the word gets bits above
/// all others.
const REPACKED_MAX: u64 = 1 << 14;

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

    fn conclude(mut self) -> Exploration {
        let ended = self.run();
        self.statistics.elapsed_us = self.elapsed_us();
        match ended {
            Ended::Cut(_) => self.keep(),
            // The graph may take long.
            Ended::Complete if !self.that_show_in(ShowsIn::Graph).is_empty() => self.keep(),
            Ended::Complete | Ended::Stopped => {}
        }
        self.finish(ended)
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

    /// The states one step beyond a level. While probing, nothing is put into the set: the answer is only
    /// whether there is anything beyond. A level that was cut leaves no count: where in it the cut falls depends on
    /// the number of threads.
    fn expand(&mut self, depth: usize, probing: bool) -> Result<Level, Cut> {
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

    /// The next chunks that are looked at together, if there are any.
    fn round<'b>(&self, chunks: &mut impl Iterator<Item = Chunk<'b>>) -> Option<Vec<Chunk<'b>>> {
        let round: Vec<Chunk<'b>> = chunks.take(ROUND_CHUNKS * self.expanders.len()).collect();
        (!round.is_empty()).then_some(round)
    }

    /// The open properties about states where nothing happens any more.
    fn stuck_open(&self) -> PropertySet {
        self.open.intersection(self.that_show_in(ShowsIn::Deadlock))
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

    fn finish(mut self, ended: Ended) -> Exploration {
        let cards = self.system.properties();
        let unpreserved = PropertySet::of(cards.len(), |ix| !self.system.preserves(ix));
        if ended == Ended::Complete && self.system.is_quotient() {
            ask_of_all(self.system, &self.levels, self.asked_of_graph());
        }
        if let Err(unconfirmed) = confirm(self.system, &self.settings.limits, self.progress) {
            self.statistics.elapsed_us = self.elapsed_us();
            let (ended, refused) = match unconfirmed {
                Unconfirmed::Refused(sentence) => (ended, Some(sentence)),
                Unconfirmed::Cut(cut) => (Ended::Cut(cut), None),
            };
            return Exploration {
                ended,
                findings: vec![None; cards.len()],
                graph_cut: None,
                unpreserved,
                refused,
                effort: Effort { calls: self.system.calls(), ..self.effort },
                statistics: self.statistics,
            };
        }
        let wanted = |property_ix: usize| match self.settings.paths {
            Paths::None => false,
            Paths::Violations => !cards[property_ix].kind.is_witness(),
            Paths::All => true,
        };
        let targets: Vec<Option<&Target>> = (self.found.iter().enumerate())
            .map(|(property_ix, target)| target.as_ref().filter(|_| wanted(property_ix)))
            .collect();
        let paths = retrace(self.system, &self.levels, &targets);
        let finding = |(property_ix, (target, path)): (usize, (&Option<Target>, Option<Path>))| {
            let depth = target.as_ref()?.depth as u32;
            Some(match cards[property_ix].kind.shows_in() {
                ShowsIn::Step => {
                    Finding { depth: depth + 1, path: path.map(|path| with_step(self.system, path, property_ix)) }
                }
                ShowsIn::State | ShowsIn::Deadlock | ShowsIn::Graph => Finding { depth, path },
            })
        };
        let mut findings: Vec<Option<Finding>> = self.found.iter().zip(paths).enumerate().map(finding).collect();
        let graph_cut = match ended {
            Ended::Complete => self.look_at_graph(&mut findings).err(),
            Ended::Stopped | Ended::Cut(_) => None,
        };
        self.statistics.elapsed_us = self.elapsed_us();
        let effort = Effort { calls: self.system.calls(), ..self.effort };
        Exploration { ended, findings, graph_cut, unpreserved, refused: None, statistics: self.statistics, effort }
    }

    fn asked_of_graph(&self) -> PropertySet {
        let in_graph = self.that_show_in(ShowsIn::Graph);
        PropertySet::of(self.found.len(), |ix| in_graph.contains(ix) && self.system.preserves(ix))
    }

    /// Decides the properties that show in the graph.
    fn look_at_graph(&mut self, findings: &mut [Option<Finding>]) -> Result<(), Cut> {
        let properties = self.asked_of_graph();
        if properties.is_empty() {
            return Ok(());
        }
        let (started, tables) = (Instant::now(), self.system.table_bytes());
        // The set of seen states makes room for a table of its own kind.
        self.visited = None;
        let bytes = (Graph::bytes_for(&self.levels, &self.packing) + tables) as u64;
        if self.settings.limits.memory_bytes.is_some_and(|limit| bytes > limit) {
            return Err(Cut::Memory);
        }
        self.statistics.peak_bytes = self.statistics.peak_bytes.max(bytes);
        let levels = std::mem::take(&mut self.levels);
        let graph = Graph::new(self.system, levels, &self.packing).ok_or(Cut::Memory)?;
        let watch = Watch {
            progress: self.progress,
            statistics: &self.statistics,
            limits: self.settings.limits,
            started: self.started,
            bytes,
        };
        for property_ix in properties.iter() {
            let mut finding = liveness::decide(&graph, property_ix, self.settings.fairness, &watch)?;
            if self.settings.paths == Paths::None
                && let Some(finding) = &mut finding
            {
                finding.path = None;
            }
            findings[property_ix] = finding;
        }
        self.statistics.graph_us = started.elapsed().as_micros() as u64;
        Ok(())
    }
}
