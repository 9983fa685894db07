//! Searches that run beside the page: started there, watched there, ended there.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::desk::Refusal;
use super::runs::{Run, Runs};
use crate::engine::{
    Ended, Exploration, Limits, Path, Paths, Progress, Settings, Statistics, StopWhen, Verdict, explore,
};
use crate::trace::{Code, Trace};

/// Searches at the same time.
const AT_ONCE: usize = 2;
/// Most states of one, whatever is asked for.
const STATES_MAX: u64 = 20_000_000;
/// Most time of one, in seconds.
const SECONDS_MAX: u64 = 3_600;
/// Most memory of one.
const MEMORY_BYTES_MAX: u64 = 2 << 30;
/// Searches that have ended and are remembered.
const REMEMBERED: usize = 32;

/// What is asked of a search.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Order {
    /// The code of a run: its instance is searched.
    pub(super) code: String,
    /// Most states.
    pub(super) states: Option<u64>,
    /// Most seconds.
    pub(super) seconds: Option<u64>,
}

/// What is told of a search.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct News {
    pub(super) done: bool,
    distinct: u64,
    generated: u64,
    queued: u64,
    depth: u32,
    elapsed_us: u64,
    /// How it ended, in words.
    ended: Option<String>,
    verdicts: Vec<VerdictTold>,
}

#[derive(Clone, Debug, Serialize)]
struct VerdictTold {
    property: String,
    kind: &'static str,
    verdict: &'static str,
    /// Steps to what was found.
    steps: Option<u32>,
    /// What was found, or why nothing is known.
    words: String,
    /// The run that shows it.
    code: Option<String>,
}

/// A search.
#[derive(Clone)]
struct Job {
    news: watch::Receiver<News>,
    interrupted: Arc<AtomicBool>,
}

/// The searches, by number.
#[derive(Clone, Default)]
pub(super) struct Checks {
    jobs: Arc<Mutex<BTreeMap<u64, Job>>>,
}

impl Checks {
    /// Makes room for a search: its number, and where its news and its end go.
    pub(super) fn begin(&self) -> Result<(u64, watch::Sender<News>, Arc<AtomicBool>), Refusal> {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        if jobs.values().filter(|job| !job.news.borrow().done).count() >= AT_ONCE {
            return Err(Refusal { status: 429, sentence: format!("{AT_ONCE} searches run already; stop one") });
        }
        while jobs.len() >= REMEMBERED {
            jobs.pop_first();
        }
        let number = jobs.last_key_value().map_or(1, |(last, _)| last + 1);
        let (sender, news) = watch::channel(News::default());
        let interrupted = Arc::new(AtomicBool::new(false));
        jobs.insert(number, Job { news, interrupted: Arc::clone(&interrupted) });
        Ok((number, sender, interrupted))
    }

    /// The news of a search.
    pub(super) fn news(&self, number: u64) -> Option<watch::Receiver<News>> {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.get(&number).map(|job| job.news.clone())
    }

    /// Asks a search to end; whether there is one.
    pub(super) fn stop(&self, number: u64) -> bool {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.get(&number).map(|job| job.interrupted.store(true, Ordering::Relaxed)).is_some()
    }

    /// Asks all of them to end.
    pub(super) fn stop_all(&self) {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.values().for_each(|job| job.interrupted.store(true, Ordering::Relaxed));
    }
}

/// Tells the page how far a search is.
struct Herald<'a> {
    news: &'a watch::Sender<News>,
    interrupted: &'a AtomicBool,
}

impl Progress for Herald<'_> {
    fn tick(&self, statistics: &Statistics, queued: u64) {
        self.news.send_replace(news(statistics, queued));
    }

    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

fn news(statistics: &Statistics, queued: u64) -> News {
    News {
        distinct: statistics.distinct,
        generated: statistics.generated,
        queued,
        depth: statistics.depth,
        elapsed_us: statistics.elapsed_us,
        ..News::default()
    }
}

/// Searches the instance of `run`, and keeps the runs that it finds.
pub(super) fn search(
    runs: &Runs<'_>,
    run: &Run,
    order: &Order,
    sender: &watch::Sender<News>,
    interrupted: &AtomicBool,
) {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let limits = Limits {
        states: Some(order.states.unwrap_or(2_000_000).min(STATES_MAX)),
        depth: None,
        time: Some(Duration::from_secs(order.seconds.unwrap_or(60).min(SECONDS_MAX))),
        memory_bytes: Some(MEMORY_BYTES_MAX),
    };
    let settings = Settings { threads, limits, stop_when: StopWhen::Never, paths: Paths::All, ..Settings::default() };
    let exploration = explore(&*run.system, &settings, &Herald { news: sender, interrupted });
    let cards = run.system.properties();
    let verdicts = (0..cards.len()).map(|ix| verdict(runs, run, &exploration, ix)).collect();
    let ended = match exploration.ended {
        Ended::Complete => "every reachable state was seen".to_owned(),
        Ended::Stopped => "it stopped at what it was told to find".to_owned(),
        Ended::Cut(cut) => format!("not every state was seen: {cut}"),
    };
    let last = News { done: true, ended: Some(ended), verdicts, ..news(&exploration.statistics, 0) };
    sender.send_replace(last);
}

fn verdict(runs: &Runs<'_>, run: &Run, exploration: &Exploration, property_ix: usize) -> VerdictTold {
    let card = &run.system.properties()[property_ix];
    let verdict = exploration.verdict(property_ix, card.kind);
    let finding = exploration.findings[property_ix].as_ref();
    let path: Option<&Path> = finding.and_then(|finding| finding.path.as_ref());
    let trace = path.map(|path| Trace::of(&*run.system, path, &run.instance, property_ix));
    let code = path.map(|path| {
        let code = Code::of(&*run.system, path, &run.instance, &card.name).text();
        let found = Run {
            path: path.clone(),
            wanted: card.name.clone(),
            goal: Some(property_ix),
            astray: None,
            no_return: std::sync::OnceLock::new(),
            ..run.clone()
        };
        runs.keep(&code, found);
        code
    });
    let words = match (trace, verdict) {
        (Some(trace), _) => trace.evidence,
        (None, Verdict::Undecided(cut)) => cut.to_string(),
        (None, Verdict::Holds | Verdict::Violated | Verdict::Reachable | Verdict::Unreachable) => card.about.clone(),
    };
    let steps = finding.map(|finding| finding.depth);
    VerdictTold { property: card.name.clone(), kind: card.kind.word(), verdict: verdict.word(), steps, words, code }
}
