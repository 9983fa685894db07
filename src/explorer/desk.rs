//! Who answers: a few threads that borrow the catalogue, with a queue before them.
//!
//! An answer depends on its question alone. A question that panics (protocol code may) is answered as an internal error,
//! and the next one is taken.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;

use serde::Serialize;
use serde_json::json;
use tokio::sync::oneshot;

use super::Shelf;
use super::checks::{Checks, Order, search};
use super::comparison::{compare, insight};
use super::export::export;
use super::library::Library;
use super::runs::{Run, Runs};
use crate::report::viewer::options;

/// Threads that answer: one that is slow shall not keep the page waiting.
const CLERKS: usize = 3;

/// What may be asked. A run is named by its code.
#[derive(Clone, Debug)]
pub(super) enum Question {
    /// What there is to begin with.
    Library,
    /// A run.
    Run { code: String },
    /// The run that has the first steps of another and then one more.
    Fork { code: String, at: usize, index: usize },
    /// What can happen in a row, and what cannot.
    Options { code: String, at: usize },
    /// What the run hangs on.
    Insight { code: String },
    /// The same schedule in another variant.
    Compare { code: String, with: String },
    /// The run in another form.
    Export { code: String, form: String },
    /// To search the instance of a run.
    Check(Order),
    /// To end a search.
    Stop { number: u64 },
}

/// What is answered.
#[derive(Debug)]
pub(super) enum Answer {
    /// A JSON document.
    Json(String),
    /// A file.
    File(Document),
}

/// A file.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) name: String,
    pub(super) mime: &'static str,
    pub(super) text: String,
}

/// Why there is no answer.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) status: u16,
    pub(super) sentence: String,
}

impl Refusal {
    pub(super) fn bad(sentence: String) -> Self {
        Self { status: 400, sentence }
    }

    pub(super) fn not_found(sentence: String) -> Self {
        Self { status: 404, sentence }
    }
}

type Reply = Result<Answer, Refusal>;
type Letter = (Question, oneshot::Sender<Reply>);

/// Where questions are put, and the searches that run.
#[derive(Clone)]
pub(super) struct Counter {
    letters: Sender<Letter>,
    pub(super) checks: Checks,
}

impl Counter {
    /// Puts a question and waits for its answer.
    pub(super) async fn ask(&self, question: Question) -> Reply {
        let closed = || Refusal { status: 503, sentence: "the explorer is closing".to_owned() };
        let (reply, answer) = oneshot::channel();
        self.letters.send((question, reply)).map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
}

/// Whoever answers, and what they answer from.
pub(super) struct Desk<'c> {
    shelf: &'c Shelf<'c>,
    runs: Runs<'c>,
    checks: Checks,
    letters: Arc<Mutex<Option<Receiver<Letter>>>>,
}

impl<'c> Desk<'c> {
    pub(super) fn new(shelf: &'c Shelf<'c>) -> Self {
        Self { shelf, runs: Runs::new(shelf.catalogue), checks: Checks::default(), letters: Arc::default() }
    }

    /// Lets the threads begin.
    pub(super) fn open<'s>(&'s self, scope: &'s Scope<'s, '_>) -> Counter {
        let (sender, receiver) = channel();
        *self.letters.lock().unwrap_or_else(PoisonError::into_inner) = Some(receiver);
        for _ in 0..CLERKS {
            scope.spawn(move || self.work(scope));
        }
        Counter { letters: sender, checks: self.checks.clone() }
    }

    /// Ends all searches. The threads end when nobody can ask any more.
    pub(super) fn close(&self) {
        self.checks.stop_all();
        self.letters.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    fn work<'s>(&'s self, scope: &'s Scope<'s, '_>) {
        while let Some((question, reply)) = self.next() {
            let answered = catch_unwind(AssertUnwindSafe(|| self.answer(question, scope)));
            let broken = |_| Err(Refusal { status: 500, sentence: "the protocol's code has panicked".to_owned() });
            // Whoever asked may be gone.
            let _ = reply.send(answered.unwrap_or_else(broken));
        }
    }

    /// The next question; `None` when there will be none. Whoever waits holds the queue only for a moment, so that it can
    /// be closed.
    fn next(&self) -> Option<Letter> {
        loop {
            let letters = self.letters.lock().unwrap_or_else(PoisonError::into_inner);
            match letters.as_ref()?.recv_timeout(std::time::Duration::from_millis(20)) {
                Ok(letter) => return Some(letter),
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    fn answer<'s>(&'s self, question: Question, scope: &'s Scope<'s, '_>) -> Reply {
        let runs = &self.runs;
        match question {
            Question::Library => as_json(&Library::of(self.shelf)),
            Question::Run { code } => as_json(&runs.open(&code)?.told()),
            Question::Fork { code, at, index } => as_json(&runs.fork(&*runs.open(&code)?, at, index)?.told()),
            Question::Options { code, at } => {
                let run = runs.open(&code)?;
                let count = run.path.steps.len();
                let state = run.path.states.get(at);
                let state = state.ok_or_else(|| Refusal::bad(format!("the run has {count} steps")))?;
                as_json(&options(&*run.system, state, &run.instance.environment))
            }
            Question::Insight { code } => as_json(&insight(runs, &*runs.open(&code)?)),
            Question::Compare { code, with } => as_json(&compare(runs, &*runs.open(&code)?, &with)?),
            Question::Export { code, form } => export(runs, &*runs.open(&code)?, &form).map(Answer::File),
            Question::Check(order) => self.begin(order, scope),
            Question::Stop { number } => match self.checks.stop(number) {
                true => as_json(&json!({ "stopped": number })),
                false => Err(Refusal::not_found(format!("there is no search {number}"))),
            },
        }
    }

    fn begin<'s>(&'s self, order: Order, scope: &'s Scope<'s, '_>) -> Reply {
        let run: Arc<Run> = self.runs.open(&order.code)?;
        let (number, news, interrupted) = self.checks.begin()?;
        scope.spawn(move || search(&self.runs, &run, &order, &news, &interrupted));
        as_json(&json!({ "check": number }))
    }
}

fn as_json(document: &impl Serialize) -> Reply {
    serde_json::to_string(document)
        .map(Answer::Json)
        .map_err(|error| Refusal { status: 500, sentence: error.to_string() })
}
