//! The line that tells how far a run is: over and over in one place on a terminal, now and then elsewhere.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::engine::{Progress, Statistics};
use crate::report::numbers::{bytes, count};

/// How often a line is written where it stays.
const LINE_EVERY: Duration = Duration::from_secs(10);
/// A run that is shorter than this needs no line.
const SILENCE: Duration = Duration::from_millis(300);

/// What the searches that run now have told of themselves.
pub(super) struct Board<'s> {
    interrupted: &'s AtomicBool,
    /// Set when nobody takes the output any more.
    abandoned: AtomicBool,
    live: Mutex<Vec<Live>>,
    /// What is to be told of them.
    notes: Mutex<Vec<String>>,
}

/// A search that runs.
struct Live {
    check_ix: usize,
    name: String,
    queued: u64,
    statistics: Statistics,
}

impl<'s> Board<'s> {
    pub(super) fn new(interrupted: &'s AtomicBool) -> Self {
        Self { interrupted, abandoned: AtomicBool::new(false), live: Mutex::default(), notes: Mutex::default() }
    }

    pub(super) fn abandon(&self) {
        self.abandoned.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_abandoned(&self) -> bool {
        self.abandoned.load(Ordering::Relaxed)
    }

    /// Puts a search on the board; it leaves when the watcher is dropped.
    pub(super) fn watch(&self, check_ix: usize, name: String) -> Watcher<'_> {
        let live = Live { check_ix, name, queued: 0, statistics: Statistics::default() };
        self.with_live(|all| all.push(live));
        Watcher { board: self, check_ix }
    }

    /// What is to be told since the last call.
    pub(super) fn take_notes(&self) -> Vec<String> {
        std::mem::take(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn with_live<T>(&self, look: impl FnOnce(&mut Vec<Live>) -> T) -> T {
        look(&mut self.live.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// One line, in at most so many columns; `None` if nothing runs.
    fn line(&self, done: usize, total: usize, width: usize) -> Option<String> {
        self.with_live(|live| {
            let first = live.first()?;
            let sum = |of: fn(&Live) -> u64| live.iter().map(of).sum::<u64>();
            let rate = sum(|live| live.statistics.distinct * 1_000_000 / live.statistics.elapsed_us.max(1));
            let numbers = format!(
                "{} distinct, {} generated, {} queued, depth {}, {}/s, {}",
                count(sum(|live| live.statistics.distinct)),
                count(sum(|live| live.statistics.generated)),
                count(sum(|live| live.queued)),
                live.iter().map(|live| live.statistics.depth).max().unwrap_or_default(),
                count(rate),
                bytes(sum(|live| live.statistics.peak_bytes)),
            );
            let others = if live.len() > 1 { format!(" and {} more", live.len() - 1) } else { String::new() };
            let counter = if total > 1 { format!("[{done}/{total}] ") } else { String::new() };
            let room = width.saturating_sub(counter.len() + numbers.len() + others.len() + 4);
            let name = match first.name.chars().count() {
                fits if fits <= room => format!("{}{others}: ", first.name),
                _ if room < 8 => String::new(),
                _ => format!("{}…{others}: ", first.name.chars().take(room - 1).collect::<String>()),
            };
            Some(format!("{counter}{name}{numbers}").chars().take(width.saturating_sub(1)).collect())
        })
    }
}

/// Hears of one search.
pub(super) struct Watcher<'b> {
    board: &'b Board<'b>,
    check_ix: usize,
}

impl Progress for Watcher<'_> {
    fn tick(&self, statistics: &Statistics, queued: u64) {
        self.board.with_live(|all| {
            if let Some(live) = all.iter_mut().find(|live| live.check_ix == self.check_ix) {
                live.queued = queued;
                live.statistics.clone_from(statistics);
            }
        });
    }

    fn note(&self, sentence: String) {
        let name = self.board.with_live(|all| {
            all.iter().find(|live| live.check_ix == self.check_ix).map(|live| format!("{}: ", live.name))
        });
        let note = name.unwrap_or_default() + &sentence;
        self.board.notes.lock().unwrap_or_else(PoisonError::into_inner).push(note);
    }

    fn interrupted(&self) -> bool {
        self.board.interrupted.load(Ordering::Relaxed) || self.board.is_abandoned()
    }
}

impl Drop for Watcher<'_> {
    fn drop(&mut self) {
        self.board.with_live(|all| all.retain(|live| live.check_ix != self.check_ix));
    }
}

/// Writes the line.
pub(super) struct Line {
    live_width: Option<usize>,
    started: Instant,
    last: Option<Instant>,
    on_screen: bool,
}

impl Line {
    pub(super) fn new(live_width: Option<usize>) -> Self {
        Self { live_width, started: Instant::now(), last: None, on_screen: false }
    }

    /// Writes the line again if it is time to.
    pub(super) fn show(&mut self, board: &Board<'_>, done: usize, total: usize, err: &mut dyn Write) -> io::Result<()> {
        let since = self.last.unwrap_or(self.started).elapsed();
        match self.live_width {
            Some(width) if self.started.elapsed() > SILENCE => {
                if let Some(line) = board.line(done, total, width) {
                    write!(err, "\r\x1b[2K{line}")?;
                    err.flush()?;
                    self.on_screen = true;
                }
            }
            None if since > LINE_EVERY => {
                if let Some(line) = board.line(done, total, 160) {
                    writeln!(err, "{line}")?;
                    err.flush()?;
                    self.last = Some(Instant::now());
                }
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    /// Takes the line off the screen, so that other text can be written.
    pub(super) fn clear(&mut self, err: &mut dyn Write) -> io::Result<()> {
        if std::mem::take(&mut self.on_screen) {
            write!(err, "\r\x1b[2K")?;
            err.flush()?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(board: &Board<'_>, width: usize) -> String {
        board.line(3, 40, width).unwrap_or_default()
    }

    #[test]
    fn the_line_tells_of_all_searches_in_the_columns_that_there_are() {
        let interrupted = AtomicBool::new(false);
        let board = Board::new(&interrupted);
        assert_eq!(told(&board, 100), "");
        let first = board.watch(7, "paxos: three acceptors".to_owned());
        let statistics = Statistics {
            distinct: 1_500,
            generated: 4_000,
            depth: 9,
            peak_bytes: 1 << 20,
            elapsed_us: 500_000,
            ..Statistics::default()
        };
        first.tick(&statistics, 200);
        let numbers = "1,500 distinct, 4,000 generated, 200 queued, depth 9, 3,000/s, 1.0 MiB";
        assert_eq!(told(&board, 120), format!("[3/40] paxos: three acceptors: {numbers}"));
        assert_eq!(told(&board, 95), format!("[3/40] paxos: three …: {numbers}"));
        assert_eq!(told(&board, 80), format!("[3/40] {numbers}"));
        assert_eq!(told(&board, 20).chars().count(), 19);
        let second = board.watch(8, "raft: two servers".to_owned());
        second.tick(&statistics, 1);
        assert!(told(&board, 130).starts_with("[3/40] paxos: three acceptors and 1 more: 3,000 distinct, 8,000"));
        drop(first);
        assert!(told(&board, 130).starts_with("[3/40] raft: two servers: 1,500 distinct"));
    }
}
