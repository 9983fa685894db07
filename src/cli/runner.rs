//! Runs checks: small ones beside one another with a thread each, large ones one after the other with all threads.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::progress::Board;
use crate::cluster::Entry;
use crate::engine::{Checkpoints, Limits, Paths, StopWhen};
use crate::spec::{self, Check, Checked, Conclusion, Manner, Size};

/// How often whoever listens is called even if nothing has ended.
const TICK: Duration = Duration::from_millis(100);

/// A check and the protocol that it is of.
pub(super) struct Job<'c> {
    pub(super) check: Check,
    pub(super) entry: &'c dyn Entry,
    /// Where its search is kept.
    pub(super) checkpoints: Option<Checkpoints>,
}

/// How all checks of a run are run.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    pub(super) threads: usize,
    pub(super) paths: Paths,
    pub(super) stop_when: Option<StopWhen>,
    pub(super) audit: bool,
    /// Most memory of all checks that run together and say nothing else.
    pub(super) memory_bytes: Option<u64>,
    /// When the time for all checks is spent.
    pub(super) deadline: Option<Instant>,
}

/// Something to tell.
pub(super) enum Event {
    /// The check at this place in the list has ended.
    Done(usize, Box<Checked>),
    /// Time has passed.
    Tick,
}

/// Runs the checks and calls `listen` on this thread. When it fails, the run is abandoned.
pub(super) fn run_all(
    jobs: &[Job<'_>],
    plan: Plan,
    board: &Board<'_>,
    mut listen: impl FnMut(Event) -> io::Result<()>,
) -> io::Result<()> {
    let (small, large): (Vec<usize>, Vec<usize>) = (0..jobs.len()).partition(|ix| jobs[*ix].check.size == Size::Small);
    let beside = plan.threads.min(small.len());
    let mut first_error = Ok(());
    for (job_ixs, workers) in [(small, beside), (large, 1)] {
        let manner = Manner {
            threads: plan.threads / workers.max(1),
            paths: plan.paths,
            stop_when: plan.stop_when,
            audit: plan.audit,
        };
        let mut listen = |event| {
            if first_error.is_ok() {
                first_error = listen(event);
                if first_error.is_err() {
                    board.abandon();
                }
            }
        };
        let bounds =
            Bounds { deadline: plan.deadline, memory_bytes: plan.memory_bytes.map(|all| all / workers.max(1) as u64) };
        run_some(jobs, &job_ixs, workers, manner, bounds, board, &mut listen);
    }
    first_error
}

fn run_some(
    jobs: &[Job<'_>],
    job_ixs: &[usize],
    workers: usize,
    manner: Manner,
    bounds: Bounds,
    board: &Board<'_>,
    listen: &mut dyn FnMut(Event),
) {
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (sender, receiver) = channel();
        for _ in 0..workers {
            let (sender, next) = (sender.clone(), &next);
            scope.spawn(move || {
                while let Some(&ix) = job_ixs.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let Job { check, entry, checkpoints } = &jobs[ix];
                    let watcher = board.watch(ix, format!("{}: {}", check.instance.protocol, check.name));
                    let check = check.clone();
                    let checked = match bounds.over(check.limits) {
                        Some(limits) => {
                            spec::run_keeping(Check { limits, ..check }, *entry, manner, checkpoints.clone(), &watcher)
                        }
                        None => Checked { check, conclusion: Conclusion::OutOfTime },
                    };
                    drop(watcher);
                    // The receiver outlives the workers.
                    let _ = sender.send((ix, checked));
                }
            });
        }
        drop(sender);
        loop {
            match receiver.recv_timeout(TICK) {
                Ok((ix, checked)) => listen(Event::Done(ix, Box::new(checked))),
                Err(RecvTimeoutError::Timeout) => listen(Event::Tick),
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
    });
}

/// What a check may take if it says nothing else, or more.
#[derive(Clone, Copy)]
struct Bounds {
    deadline: Option<Instant>,
    memory_bytes: Option<u64>,
}

impl Bounds {
    /// The limits of a check with no more time than is left for all; `None` if none is left.
    fn over(self, mut limits: Limits) -> Option<Limits> {
        limits.memory_bytes = limits.memory_bytes.or(self.memory_bytes);
        let Some(deadline) = self.deadline else { return Some(limits) };
        let left = deadline.saturating_duration_since(Instant::now());
        limits.time = Some(limits.time.map_or(left, |time| time.min(left)));
        (!left.is_zero()).then_some(limits)
    }
}
