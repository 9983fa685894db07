//! Walks beside one another, and what they come to together.
//!
//! Walks are taken in rounds. All walks of a round know what earlier rounds have seen and nothing of one another; after
//! it, what they saw is put together in the order of their numbers, up to the walk at which the run ends. What
//! a later walk of the same round had found is forgotten.

use std::time::Instant;

use hashbrown::HashSet;
use rayon::prelude::*;
use rustc_hash::FxBuildHasher;

use super::course::{Asked, Course, End, Route, path};
use super::coverage::Coverage;
use super::dice::{Dice, PILOTS};
use super::estimate::Estimate;
use super::priority::Bound;
use super::settings::{Freshness, Meeting, Precision, Progress, Quantity, Settings, Simulation, Stopped, Strategy};
use crate::system::{Explain, ObservableKind};

/// Walks of the first round. Rounds grow with the run, so that one that ends soon wastes little and a long one
/// seldom waits.
const ROUND_WALKS_MIN: u64 = 16;
const ROUND_WALKS_MAX: u64 = 256;
/// Uniform walks from which the usual length of a run is taken.
const PILOT_WALKS: u64 = 16;
/// Violations that are kept with their ways.
const MEETINGS_MAX: usize = 1_000;
/// Before so many walks no estimate is precise enough: intervals rest on there being many.
const ESTIMATE_WALKS_MIN: u64 = 200;

/// Takes random walks through `system`.
///
/// What the answer does not tell: whether what was not met is out of reach. However many walks there were, the next
/// may be the first to meet it.
///
/// # Panics
/// If the threads cannot be started.
pub fn simulate(system: &dyn Explain, settings: &Settings, progress: &dyn Progress) -> Simulation {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(settings.threads.max(1)).build();
    let pool = pool.expect("threads can be started");
    pool.install(|| Run::new(system, settings).finish(progress))
}

struct Run<'a> {
    system: &'a dyn Explain,
    settings: &'a Settings,
    asked: Asked,
    started: Instant,
    steps_usual: u32,
    seen: Coverage,
    threads: HashSet<u32, FxBuildHasher>,
    /// New states and local transitions of each walk.
    fresh: Vec<(u32, u32)>,
    /// By quantity: its value in each walk.
    values: Vec<Vec<f64>>,
    told: Simulation,
}

impl<'a> Run<'a> {
    fn new(system: &'a dyn Explain, settings: &'a Settings) -> Self {
        let told = Simulation {
            stopped: Stopped::Count,
            walks: 0,
            walks_at_rest: 0,
            walks_cut: 0,
            steps: 0,
            steps_max: 0,
            actions: Default::default(),
            covered: Default::default(),
            fresh: Freshness::default(),
            met: vec![0; system.properties().len()],
            meetings: Vec::new(),
            bound: None,
            estimates: Vec::new(),
            elapsed_us: 0,
        };
        let mut run = Self {
            system,
            settings,
            asked: Asked::of(system),
            started: Instant::now(),
            steps_usual: settings.steps_max,
            seen: Coverage::default(),
            threads: HashSet::default(),
            fresh: Vec::new(),
            values: vec![Vec::new(); settings.quantities.len()],
            told,
        };
        if matches!(settings.strategy, Strategy::Pct { .. }) {
            run.steps_usual = run.usual_length();
        }
        run
    }

    /// The length of the longest of some uniform walks.
    fn usual_length(&mut self) -> u32 {
        let settings = Settings { strategy: Strategy::Uniform, quantities: Vec::new(), ..self.settings.clone() };
        let route = Route { settings: &settings, ..self.route() };
        let pilots = (0..PILOT_WALKS).into_par_iter().map(|ix| route.walk(Dice::of(settings.seed, PILOTS + ix)));
        pilots.map(|course| course.steps.len() as u32).max().unwrap_or(1).max(1)
    }

    fn route(&self) -> Route<'_> {
        Route {
            system: self.system,
            settings: self.settings,
            asked: self.asked,
            seen: &self.seen,
            steps_usual: self.steps_usual,
        }
    }

    fn go(&mut self, progress: &dyn Progress) -> Stopped {
        loop {
            let first = self.told.walks;
            let left = self.settings.walks_max.saturating_sub(first);
            let count = left.min((first / 4).clamp(ROUND_WALKS_MIN, ROUND_WALKS_MAX));
            if count == 0 {
                return Stopped::Count;
            }
            let route = self.route();
            let walk = |ix| route.walk(Dice::of(self.settings.seed, self.settings.first_walk + ix));
            let round: Vec<Course> = (first..first + count).into_par_iter().map(walk).collect();
            for course in round {
                let violated = self.take_in(course);
                if violated && self.settings.stop_at_violation {
                    return Stopped::Violation;
                }
            }
            progress.tick(self.told.walks, self.told.steps, self.seen.covered());
            if progress.interrupted() {
                return Stopped::Interrupted;
            }
            if self.is_precise() {
                return Stopped::Precision;
            }
            if self.settings.time_max.is_some_and(|time_max| self.started.elapsed() > time_max) {
                return Stopped::Time;
            }
        }
    }

    /// Whether the walk met a violation.
    fn take_in(&mut self, course: Course) -> bool {
        let walk = self.settings.first_walk + self.told.walks;
        let mut violated = false;
        for &(property_ix, length) in &course.met {
            self.told.met[property_ix] += 1;
            let is_violation = self.asked.is_violation(property_ix);
            violated |= is_violation;
            let is_first = self.told.met[property_ix] == 1;
            if is_first || (is_violation && self.told.meetings.len() < MEETINGS_MAX) {
                let dice = Dice::of(self.settings.seed, walk);
                let path = path(self.system, dice, &course.steps[..length as usize]);
                self.told.meetings.push(Meeting { property_ix, walk, path });
            }
        }
        let told = &mut self.told;
        told.walks += 1;
        told.walks_at_rest += u64::from(course.end == End::AtRest);
        told.walks_cut += u64::from(course.end == End::Cut);
        told.steps += course.steps.len() as u64;
        told.steps_max = told.steps_max.max(course.steps.len() as u32);
        told.actions.iter_mut().zip(course.actions).for_each(|(sum, count)| *sum += count);
        self.values.iter_mut().zip(&course.values).for_each(|(values, value)| values.push(*value));
        self.threads.extend(course.threads);
        self.fresh.push(self.seen.absorb(course.seen, self.settings.states_max));
        violated
    }

    fn estimates(&self) -> Vec<Option<Estimate>> {
        let is_flag = |quantity: &Quantity| match quantity {
            Quantity::Property(_) => true,
            Quantity::Observable(ix) => self.system.observables()[*ix].kind == ObservableKind::Flag,
            Quantity::Steps | Quantity::Actions(_) => false,
        };
        let quantities = self.settings.quantities.iter().zip(&self.values);
        quantities.map(|(quantity, values)| Estimate::of(values, is_flag(quantity))).collect()
    }

    fn is_precise(&self) -> bool {
        let Some(precision) = self.settings.precision else { return false };
        let is_precise = |estimate: &Option<Estimate>| {
            estimate.as_ref().is_some_and(|estimate| {
                let half_width = estimate.interval.half_width();
                match precision {
                    Precision::Absolute(most) => half_width <= most,
                    Precision::Relative(most) => half_width <= most * estimate.mean.abs(),
                }
            })
        };
        self.told.walks >= ESTIMATE_WALKS_MIN && self.estimates().iter().all(is_precise)
    }

    fn finish(mut self, progress: &dyn Progress) -> Simulation {
        self.told.stopped = self.go(progress);
        self.told.covered = self.seen.covered();
        let last = &self.fresh[self.fresh.len() - self.fresh.len().div_ceil(4)..];
        self.told.fresh = Freshness {
            walks: last.len() as u64,
            states: last.iter().map(|(states, _)| u64::from(*states)).sum(),
            local_transitions: last.iter().map(|(_, taken)| u64::from(*taken)).sum(),
        };
        if let Strategy::Pct { depth } = self.settings.strategy {
            self.told.bound = Some(Bound::new(self.threads.len() as u32, self.steps_usual, depth));
        }
        self.told.estimates = self.estimates();
        self.told.elapsed_us = self.started.elapsed().as_micros() as u64;
        self.told
    }
}
