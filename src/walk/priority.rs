//! Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte 2010).
//!
//! Each thread gets a priority by lot, and always the thread of the highest priority that has a step takes it.
//! At `d - 1` steps, drawn beforehand from `1..=k`, the thread that is about to run falls behind all others. A bug that
//! needs `d` ordering constraints between steps of different threads is then met in one walk with probability at
//! least `1 / (n k^(d-1))`, for `n` threads and `k` steps.
//!
//! A *thread* here is a node (its timers, choices and restarts), or a channel from one node to another (its
//! deliveries), or the faults of either (see [`Label::thread`]). Where the paper departs: there a thread has one
//! next step. Here it may have several (two messages that overtake one another, the options of a choice), and one of
//! them is drawn evenly: the bound is for bugs that do not depend on such draws, and for others it is to be
//! multiplied by their chance. `k` is the length of the longest of some uniform walks taken beforehand, since nobody
//! knows the length of the longest run.

use hashbrown::HashMap;
use rustc_hash::FxBuildHasher;
use serde::Serialize;

use super::dice::Dice;
use crate::system::Label;

/// What one walk promises.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bound {
    /// Threads that were met.
    pub threads: u32,
    /// Steps from which the change points are drawn.
    pub steps: u32,
    /// Ordering constraints of the bugs that it is about.
    pub depth: u32,
    /// The least probability that one walk meets such a bug: `1 / (n k^(d-1))`.
    pub probability: f64,
}

impl Bound {
    pub(super) fn new(threads: u32, steps: u32, depth: u32) -> Self {
        let (n, k) = (f64::from(threads.max(1)), f64::from(steps.max(1)));
        Self { threads, steps, depth, probability: 1.0 / (n * k.powi(depth as i32 - 1)) }
    }
}

/// The priorities of one walk.
#[derive(Debug)]
pub(super) struct Priorities {
    of: HashMap<u32, u64, FxBuildHasher>,
    /// Steps, from 1, before which the thread that is to run falls behind; the n-th gives it priority n.
    changes: Vec<usize>,
    depth: u64,
}

impl Priorities {
    pub(super) fn new(depth: u32, steps: u32, dice: &mut Dice) -> Self {
        let changes = (1..depth).map(|_| dice.below(steps.max(1) as usize) + 1).collect();
        Self { of: HashMap::default(), changes, depth: u64::from(depth) }
    }

    /// The index of the label whose step is to be taken as step number `step`, from 1.
    pub(super) fn choose(&mut self, step: usize, labels: &[Label], dice: &mut Dice) -> usize {
        for label in labels {
            // A lot drawn at the first sight is as good as one drawn before the walk: nobody has looked at it yet.
            let depth = self.depth;
            self.of.entry(label.thread).or_insert_with(|| dice.word().max(depth));
        }
        for change in 0..self.changes.len() {
            if self.changes[change] == step {
                let first = self.first(labels);
                self.of.insert(first, change as u64);
            }
        }
        let first = self.first(labels);
        let own: Vec<usize> = (0..labels.len()).filter(|ix| labels[*ix].thread == first).collect();
        own[dice.below(own.len())]
    }

    fn first(&self, labels: &[Label]) -> u32 {
        let threads = labels.iter().map(|label| label.thread);
        threads.max_by_key(|thread| (self.of[thread], *thread)).expect("there is a step to choose")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(threads: &[u32]) -> Vec<Label> {
        threads.iter().map(|thread| Label { thread: *thread, local: [0; 3], weight: 1.0 }).collect()
    }

    #[test]
    fn a_thread_runs_until_it_falls_behind() {
        let three = labels(&[0, 1, 2]);
        for walk in 0..50 {
            let mut dice = Dice::of(3, walk);
            let mut priorities = Priorities::new(2, 10, &mut dice);
            let change = priorities.changes[0];
            let ran: Vec<usize> = (1..=10).map(|step| priorities.choose(step, &three, &mut dice)).collect();
            assert!(ran[..change - 1].iter().all(|ix| *ix == ran[0]));
            assert!(ran[change - 1..].iter().all(|ix| *ix == ran[change - 1]));
            assert!(change == 1 || ran[change - 1] != ran[0]);
        }
    }

    /// One order of two threads, and one change at one of k places: the bound is reached.
    #[test]
    fn the_bound_is_kept() {
        let two = labels(&[0, 1]);
        let hits = (0..4_000).filter(|walk| {
            let mut dice = Dice::of(9, *walk);
            let mut priorities = Priorities::new(2, 5, &mut dice);
            let ran: Vec<usize> = (1..=5).map(|step| priorities.choose(step, &two, &mut dice)).collect();
            // The bug: thread 0 takes exactly two steps before thread 1 takes its first.
            ran[..3] == [0, 0, 1]
        });
        let bound = Bound::new(2, 5, 2);
        assert!((bound.probability - 0.1).abs() < 1e-12);
        assert!(hits.count() as f64 / 4_000.0 > bound.probability * 0.85);
    }
}
