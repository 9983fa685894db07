//! Floor 7: the command line.
//!
//! [`main`] is the whole program of whoever has a catalogue of protocols; [`Session::run`] is the same with its
//! streams and surroundings put in, so that tests run it without a process. One subcommand a file; each takes its
//! arguments and the streams, and gives an [`Exit`] or says why there is nothing to tell.
//!
//! | file | what |
//! |---|---|
//! | `args` | the command line, as clap reads it |
//! | `check`, `simulate`, `explore`, `replay`, `trace`, `list`, `show` | the subcommands about protocols, runs and traces |
//! | `variants`, `init`, `schema`, `manual` | and those about a project |
//! | `source` | a trace out of a file, a report or a code |
//! | `assert` | a manifest as a test |
//! | `find` | which project and manifests there are |
//! | `settings` | flag, environment, `quorate.toml` |
//! | `select` | which of their checks are meant |
//! | `ad_hoc` | a check out of command-line options |
//! | `runner` | checks beside one another |
//! | `progress` | the line that tells how far they are |
//! | `locks`, `artifacts`, `github` | what a run writes besides its reports |
//! | `output`, `plain` | which form goes where, and without colours |
//! | `error` | why there is nothing to tell |

mod ad_hoc;
mod args;
mod artifacts;
mod assert;
mod check;
mod error;
mod explore;
mod find;
mod github;
mod init;
mod keeping;
mod list;
mod locks;
mod machine;
mod manual;
mod output;
mod plain;
mod progress;
mod replay;
mod runner;
mod schema;
mod select;
mod settings;
mod show;
mod simulate;
mod source;
mod trace;
mod variants;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anstream::AutoStream;
use clap::Parser;

use self::args::{CheckArgs, Cli, Command};
pub use self::assert::assert_spec;
use self::error::CliError;
use self::plain::Plain;
use crate::cluster::Entry;
use crate::exit::Exit;
use crate::report;

/// The program: reads the command line of the process, and ends with the code of its [`Exit`].
///
/// Ctrl-C ends the searches that run, and what they have found is told; a second one ends the process.
pub fn main(catalogue: &[&dyn Entry]) -> ExitCode {
    let mut session = Session::new(catalogue);
    session.live_width = terminal_width();
    let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
    session.variables = std::env::vars_os().filter_map(text).collect();
    let interrupted = Arc::clone(&session.interrupted);
    let noted = ctrlc::set_handler(move || {
        if interrupted.swap(true, Ordering::Relaxed) {
            std::process::exit(i32::from(Exit::Interrupted.code()));
        }
    });
    // Without a handler Ctrl-C ends the process at once, which is what it does everywhere.
    drop(noted);
    let mut out = AutoStream::auto(std::io::stdout().lock());
    let mut err = AutoStream::auto(std::io::stderr());
    session.run_styled(std::env::args_os().skip(1), &mut out, &mut err).into()
}

/// Runs a command line (without the name of the program) and writes to the given streams, without colours.
pub fn run<A: Into<OsString>>(
    catalogue: &[&dyn Entry],
    args: impl IntoIterator<Item = A>,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Exit {
    Session::new(catalogue).run(args, out, err)
}

/// The surroundings in which a command line is run.
pub struct Session<'c> {
    /// The protocols that there are.
    pub catalogue: &'c [&'c dyn Entry],
    /// The folder from which file names start.
    pub folder: PathBuf,
    /// Whether the run shall end now.
    pub interrupted: Arc<AtomicBool>,
    /// The environment variables of which the command line takes note.
    pub variables: BTreeMap<String, String>,
    /// Columns of the terminal to which progress is written again and again in one line; `None` if it is no
    /// terminal, and gets a line now and then.
    pub live_width: Option<usize>,
}

impl<'c> Session<'c> {
    /// A session in the current folder, without a terminal and without environment variables.
    pub fn new(catalogue: &'c [&'c dyn Entry]) -> Self {
        let folder = std::env::current_dir().unwrap_or_else(|_| PathBuf::from("."));
        Self { catalogue, folder, interrupted: Arc::default(), variables: BTreeMap::new(), live_width: None }
    }

    /// Runs a command line (without the name of the program) and writes to the given streams, without colours.
    pub fn run<A: Into<OsString>>(
        &self,
        args: impl IntoIterator<Item = A>,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Exit {
        self.run_styled(args, &mut Plain::new(out), &mut Plain::new(err))
    }

    fn run_styled<A: Into<OsString>>(
        &self,
        args: impl IntoIterator<Item = A>,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> Exit {
        let args = std::iter::once(OsString::from("quorate")).chain(args.into_iter().map(Into::into));
        let args: Vec<OsString> = args.collect();
        let words: Vec<_> = args.iter().map(|word| word.to_string_lossy()).collect();
        let command = report::command_line(words.iter().map(AsRef::as_ref));
        let mut streams = Streams { out, err };
        let cli = Cli::try_parse_from(&args).map_err(CliError::from);
        let ended = cli.and_then(|cli| self.obey(cli, command, &mut streams));
        let exit = ended.unwrap_or_else(|error| {
            let stream = if error.exit() == Exit::Expected { &mut streams.out } else { &mut streams.err };
            // If even this cannot be written, the code still tells.
            let _ = write!(stream, "{}", error.message());
            error.exit()
        });
        let _ = streams.out.flush();
        let _ = streams.err.flush();
        exit
    }

    fn obey(&self, cli: Cli, command: String, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
        match cli.command.unwrap_or_else(|| Command::Check(Box::default())) {
            Command::Check(args) => check::check(self, &CheckArgs { command, ..*args }, streams),
            Command::Simulate(args) => simulate::simulate(self, &args, streams),
            Command::Trace(args) => trace::trace(self, &args, streams),
            Command::Explore(args) => explore::explore(self, &args, streams),
            Command::Replay(args) => replay::replay(self, &args, streams),
            Command::List(args) => list::list(self, &args, streams),
            Command::Show(args) => show::show(self, &args, streams),
            Command::Variants(args) => variants::variants(self, &args, streams),
            Command::Init(args) => init::init(self, &args, streams),
            Command::Schema(args) => schema::schema(self, &args, streams),
            Command::Completions(args) => manual::completions(self, &args, streams),
            Command::Man(args) => manual::man(self, &args, streams),
        }
    }

    fn entry(&self, protocol: &str) -> Option<&'c dyn Entry> {
        self.catalogue.iter().find(|entry| entry.card().name == protocol).copied()
    }

    fn protocol_names(&self) -> impl Iterator<Item = &'static str> {
        self.catalogue.iter().map(|entry| entry.card().name)
    }
}

/// Where text goes: data and verdicts to `out`, all else to `err`.
struct Streams<'w> {
    out: &'w mut dyn Write,
    err: &'w mut dyn Write,
}

fn terminal_width() -> Option<usize> {
    let err = std::io::stderr();
    let width = || terminal_size::terminal_size_of(&err).map_or(80, |(width, _)| usize::from(width.0));
    err.is_terminal().then(width)
}
