//! The command line, as clap reads it. What its words mean is said by the modules of the subcommands.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::report::traces::{TRACE_FORMATS, TraceFormat};
use crate::spec;

const EXIT_CODES: &str = "\
Exit codes:
  0    every verdict is as expected (ad hoc: nothing is violated; replay: confirmed)
  1    a verdict or a count differs (ad hoc: a property is violated; replay: no longer applies)
  2    the command line, a manifest, a trace or a parameter is wrong, or a file cannot be
       read or written
  3    undecided: a limit was reached (ad hoc: or a witness was not)
  4    nothing was selected
  101  internal error
  130  interrupted; what was found until then was told";

/// Checks distributed protocols: every reachable state, under every allowed fault.
///
/// Without arguments it checks all specs of the project: the `specs` folder here or in the nearest folder above.
#[derive(Debug, Parser)]
#[command(name = "quorate", version, after_help = EXIT_CODES, max_term_width = 100)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Visit every reachable state, and compare the verdicts with those expected
    Check(Box<CheckArgs>),
    /// Take seeded random walks: for systems too large to be searched whole
    Simulate(Box<SimulateArgs>),
    /// Look at a run in the browser, step through it, and take it otherwise
    Explore(Box<ExploreArgs>),
    /// Take the steps of a trace again, and say whether it still shows what it showed
    Replay(ReplayArgs),
    /// Show a trace, compare two, make one small, write it in another form or as a test
    Trace(TraceArgs),
    /// The protocols of the catalogue
    List(ListArgs),
    /// A protocol: source, what is modelled, parameters, deviations, properties
    Show(ShowArgs),
    /// What each deviation of a protocol flips
    Variants(Box<VariantsArgs>),
    /// Write a commented manifest for a protocol
    Init(InitArgs),
    /// The JSON Schemas of manifests, reports and traces
    Schema(SchemaArgs),
    /// A script that completes this command line in a shell
    Completions(CompletionsArgs),
    /// Pages for `man`
    Man(ManArgs),
}

/// Checks specs, or one protocol with options of its own.
///
/// A target is a manifest, a folder of manifests, or the name of a protocol. A protocol is checked ad hoc, with
/// the options below that say which instance; manifests say all of that themselves.
#[derive(Args, Debug, Default)]
pub(super) struct CheckArgs {
    /// The whole command line, for the report.
    #[arg(skip)]
    pub(super) command: String,
    /// Manifests, folders of manifests, or the name of one protocol; without any, all specs of the project
    pub(super) targets: Vec<String>,
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    #[command(flatten)]
    pub(super) instance: InstanceArgs,
    #[command(flatten)]
    pub(super) search: SearchArgs,
    #[command(flatten)]
    pub(super) report: ReportArgs,
    /// Write the counts that were found into the manifests
    #[arg(long, help_heading = "Selection of checks", conflicts_with = "max_depth")]
    pub(super) update_lock: bool,
}

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Selection of checks")]
pub(super) struct SelectionArgs {
    /// Checks of these sizes: small, standard, stress or all [default: small]
    #[arg(long, value_delimiter = ',', value_name = "SIZE")]
    pub(super) size: Vec<SizeArg>,
    /// Checks with one of these tags
    #[arg(long, value_delimiter = ',', value_name = "TAG")]
    pub(super) tag: Vec<String>,
    /// Not the checks with one of these tags
    #[arg(long, value_delimiter = ',', value_name = "TAG")]
    pub(super) skip_tag: Vec<String>,
    /// The settings of this profile in `quorate.toml` [env: QUORATE_PROFILE=]
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// Checks whose name contains this, or is like it if it has `*` or `?` [repeatable]
    #[arg(long, value_name = "PATTERN")]
    pub(super) name: Vec<String>,
}

impl SelectionArgs {
    /// Whether checks are selected, rather than all small ones meant.
    pub(super) fn is_any_given(&self) -> bool {
        !self.size.is_empty() || !self.tag.is_empty() || !self.skip_tag.is_empty() || !self.name.is_empty()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum SizeArg {
    /// Less than ten seconds each
    Small,
    /// Minutes each
    Standard,
    /// As long as it takes
    Stress,
    /// All of them
    All,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum UndecidedArg {
    /// The run ends with code 3
    Refused,
    /// The run ends as if nothing had been asked of it
    Allowed,
}

#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Instance of one protocol (ad hoc)")]
pub(super) struct InstanceArgs {
    /// A parameter: `acceptors=5` [repeatable]
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub(super) params: Vec<String>,
    /// What is done wrongly [repeatable]
    #[arg(long = "deviation", value_delimiter = ',', value_name = "NAME")]
    pub(super) deviations: Vec<String>,
    /// How messages travel: unordered, duplicating or fifo [default: the protocol's]
    #[arg(long, value_name = "KIND")]
    pub(super) network: Option<String>,
    /// What becomes of messages that change nothing: wait or consume [default: wait]
    #[arg(long, value_name = "WORD")]
    pub(super) no_op: Option<String>,
    /// What time is: asynchronous, timed, or a table: `{ mode = "timed", tick_ms = 10, delay = 2, skew = 1 }`
    #[arg(long, value_name = "MODE")]
    pub(super) timing: Option<String>,
    /// How many messages may be lost: a number, `unlimited`, or a table as in a manifest
    #[arg(long, value_name = "BUDGET")]
    pub(super) loss: Option<String>,
    /// How many messages may be delivered once more, likewise
    #[arg(long, value_name = "BUDGET")]
    pub(super) duplicates: Option<String>,
    /// How many nodes may crash, likewise: `{ total = 2, at_once = 1, of = ["acceptor"] }`
    #[arg(long, value_name = "BUDGET")]
    pub(super) crashes: Option<String>,
    /// How many messages may arrive with another payload, likewise
    #[arg(long, value_name = "BUDGET")]
    pub(super) corruptions: Option<String>,
    /// In how many crashes the last save may be lost, likewise
    #[arg(long, value_name = "BUDGET")]
    pub(super) lost_saves: Option<String>,
    /// In how many crashes the last save may be there in part, likewise
    #[arg(long, value_name = "BUDGET")]
    pub(super) torn_saves: Option<String>,
    /// How many nodes may be paused, likewise: `{ total = 1, resume = false }`
    #[arg(long, value_name = "BUDGET")]
    pub(super) pauses: Option<String>,
    /// How often the network may split, likewise: `{ total = 1, of = ["acceptor"], in_flight = "lost" }`
    #[arg(long, value_name = "BUDGET")]
    pub(super) partitions: Option<String>,
    /// What is assumed, so that what breaks it is not looked at [repeatable]
    #[arg(long, value_delimiter = ',', value_name = "NAME")]
    pub(super) assume: Vec<String>,
    /// What liveness counts on, in place of what the properties say: none, progress, weak or strong, or a table as
    /// in a manifest: `{ deliveries = "strong", restarts = "none" }`
    #[arg(long, value_name = "LEVEL")]
    pub(super) fairness: Option<String>,
    /// What is left out since it makes no difference: symmetry, stale-messages, or a list: `["symmetry",
    /// "stale-messages"]`
    #[arg(long, value_name = "REDUCTION")]
    pub(super) reduce: Option<String>,
    /// Do not stop at the first violation
    #[arg(long)]
    pub(super) keep_going: bool,
}

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Search")]
pub(super) struct SearchArgs {
    /// Threads; no verdict and no count depends on it [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) threads: Option<u16>,
    /// Most distinct states
    #[arg(long, value_name = "N")]
    pub(super) max_states: Option<u64>,
    /// Most steps from the start
    #[arg(long, value_name = "N")]
    pub(super) max_depth: Option<u32>,
    /// Most time for each check: `60s`, `5m`
    #[arg(long, value_name = "DURATION", value_parser = expected(spec::duration))]
    pub(super) time: Option<Duration>,
    /// Most time for all checks: what is left then is undecided
    #[arg(long, value_name = "DURATION", value_parser = expected(spec::duration))]
    pub(super) time_in_all: Option<Duration>,
    /// Whether a limit may leave something undecided and the run be as expected: refused or allowed
    #[arg(long, value_name = "WORD")]
    pub(super) undecided: Option<UndecidedArg>,
    /// Most memory for each check: `512M`, `2G` [default: three quarters of what is free, for all that run together]
    #[arg(long, value_name = "SIZE", value_parser = expected(spec::size))]
    pub(super) memory: Option<u64>,
    /// When a search has ended, run all of the protocol's code again: whether it does the same, and whether `Eq`, `Hash`
    /// and `Debug` of its values agree
    #[arg(long)]
    pub(super) audit: bool,
    /// Keep every search in this folder from time to time, and when a limit or Ctrl-C ends it
    #[arg(long, value_name = "FOLDER")]
    pub(super) checkpoint: Option<PathBuf>,
    /// How often searches are kept: `30s`, `5m` [default: 5m]
    #[arg(long, value_name = "DURATION", value_parser = expected(spec::duration))]
    pub(super) every: Option<Duration>,
    /// Go on with the searches that are kept in this folder, and keep them there
    #[arg(long, value_name = "FOLDER")]
    pub(super) resume: Option<PathBuf>,
}

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Report")]
pub(super) struct ReportArgs {
    /// A form of the report, to standard output or to a file: `junit=report.xml` [repeatable]
    ///
    /// text, for people; json, jsonl, junit, sarif, markdown, github for machines; html for one page that shows every violation. Standard output takes one document: what is asked for there sends the text for people to standard error.
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub(super) output: Vec<String>,
    /// The numbers of every search: text or json, likewise
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub(super) stats: Vec<String>,
    /// Write the trace and a page of each violation into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(super) artifacts: Option<PathBuf>,
    /// Write a trace file for each finding, witnesses included, into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(super) trace_dir: Option<PathBuf>,
}

/// Takes random walks through the instances of specs, or of one protocol with options of its own.
///
/// The same seed and the same version give the same report for every number of threads, unless `--time` ends the run.
/// Walks never show that something holds; what they meet is real: each counterexample is made small, and can be replayed.
#[derive(Args, Debug, Default)]
pub(super) struct SimulateArgs {
    /// Manifests, folders of manifests, or the name of one protocol; without any, all specs of the project
    pub(super) targets: Vec<String>,
    #[command(flatten)]
    pub(super) selection: SelectionArgs,
    #[command(flatten)]
    pub(super) instance: InstanceArgs,
    #[command(flatten)]
    pub(super) walk: WalkArgs,
    #[command(flatten)]
    pub(super) estimate: EstimateArgs,
    /// text or json, to standard output or to a file: `json=report.json` [repeatable]
    #[arg(long, value_name = "FORMAT[=FILE]", help_heading = "Report")]
    pub(super) output: Vec<String>,
    /// Write a trace file for each counterexample into this folder
    #[arg(long, value_name = "FOLDER", help_heading = "Report")]
    pub(super) trace_dir: Option<PathBuf>,
}

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Walks")]
pub(super) struct WalkArgs {
    /// Decides every walk [default: 0]
    #[arg(long, value_name = "N")]
    pub(super) seed: Option<u64>,
    /// Most walks of each check [default: 10000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) walks: Option<u64>,
    /// Most steps of a walk [default: 1000]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(super) max_steps: Option<u32>,
    /// Most time for each check: `60s`, `5m`
    #[arg(long, value_name = "DURATION", value_parser = expected(spec::duration))]
    pub(super) time: Option<Duration>,
    /// How steps are chosen [default: uniform; weighted for estimates]
    #[arg(long, value_name = "STRATEGY")]
    pub(super) strategy: Option<StrategyArg>,
    /// Weights of kinds of action for `weighted`: `crash=0.1,deliver=20`
    #[arg(long, value_delimiter = ',', value_name = "KIND=WEIGHT")]
    pub(super) weights: Vec<String>,
    /// Ordering constraints of the bugs that `pct` looks for [default: 3]
    #[arg(long, value_name = "D", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(super) pct_depth: Option<u32>,
    /// Go on after the first violation, and tell all that differ in canonical form
    #[arg(long)]
    pub(super) all: bool,
    /// Tell counterexamples as they were met, without making them small
    #[arg(long)]
    pub(super) as_met: bool,
    /// Threads; nothing that is told depends on it [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) threads: Option<u16>,
}

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Statistical answers")]
pub(super) struct EstimateArgs {
    /// What to estimate: an observable, a property, a kind of action or `steps` [repeatable]
    #[arg(long, value_name = "NAME")]
    pub(super) estimate: Vec<String>,
    /// End when half of each interval is at most this: `0.01`, or a part of the mean: `5%`
    #[arg(long, value_name = "WIDTH", requires = "estimate")]
    pub(super) precision: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum StrategyArg {
    /// Every possible step is equally likely
    Uniform,
    /// The kind of action first, by weight, then a step by the odds that the protocol gives
    Weighted,
    /// Probabilistic concurrency testing: threads by priority, which changes at few steps
    Pct,
    /// Prefers local transitions that were seldom taken
    Coverage,
}

/// Serves a page on this machine on which a run is looked at, stepped through and taken otherwise.
///
/// A protocol begins at its start, a trace or a code with all of its steps, a manifest or a folder with a list of its
/// checks; without anything, the project's. Nothing is explored before it is asked for. The page needs no network.
#[derive(Args, Debug, Default)]
pub(super) struct ExploreArgs {
    /// A protocol, a manifest, a folder of manifests, a trace file, a report with one trace, or a code (`q1:…`)
    #[arg(value_name = "SPEC|PROTOCOL|TRACE|CODE")]
    pub(super) target: Option<String>,
    #[command(flatten)]
    pub(super) instance: InstanceArgs,
    /// The port on the loopback interface; 0 for any that is free
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub(super) port: u16,
}

/// Takes traces again: from trace files, from the JSON report of a run, or from a code.
#[derive(Args, Debug)]
pub(super) struct ReplayArgs {
    /// Trace files, reports, or codes (`q1:…`)
    #[arg(required = true, value_name = "FILE|CODE")]
    pub(super) files: Vec<String>,
    /// Where a step is not possible any more, go on with the action that is most like it
    #[arg(long)]
    pub(super) lenient: bool,
}

#[derive(Args, Debug)]
pub(super) struct TraceArgs {
    #[command(subcommand)]
    pub(super) command: TraceCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum TraceCommand {
    /// Tell its story, its point of no return, and where it parts from the protocol without deviations
    Show(TraceShowArgs),
    /// What two traces have in common, step by step
    Diff(TraceDiffArgs),
    /// Make it small and put concurrent steps in canonical order
    Minimise(TraceMinimiseArgs),
    /// Write it in another form
    Convert(TraceConvertArgs),
    /// Write it as a Rust test that fails once it no longer applies
    ToTest(TraceToTestArgs),
}

#[derive(Args, Debug)]
pub(super) struct TraceShowArgs {
    /// A trace file, a report, or a code (`q1:…`)
    #[arg(value_name = "FILE|CODE")]
    pub(super) trace: String,
    /// Most states that are searched for the point of no return
    #[arg(long, value_name = "N", default_value_t = 200_000)]
    pub(super) max_states: usize,
}

#[derive(Args, Debug)]
pub(super) struct TraceDiffArgs {
    /// A trace file or a code
    #[arg(value_name = "FILE|CODE")]
    pub(super) before: String,
    /// Another
    #[arg(value_name = "FILE|CODE")]
    pub(super) after: String,
}

#[derive(Args, Debug)]
pub(super) struct TraceMinimiseArgs {
    /// A trace file, a report, or a code (`q1:…`)
    #[arg(value_name = "FILE|CODE")]
    pub(super) trace: String,
    /// Where the small trace goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct TraceConvertArgs {
    /// A trace file, a report, or a code (`q1:…`)
    #[arg(value_name = "FILE|CODE")]
    pub(super) trace: String,
    /// The form; `quorate trace convert --help` names them
    #[arg(long, value_name = "FORMAT", value_parser = trace_format)]
    pub(super) to: &'static TraceFormat,
    /// Where it goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) out: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct TraceToTestArgs {
    /// A trace file, a report, or a code (`q1:…`)
    #[arg(value_name = "FILE|CODE")]
    pub(super) trace: String,
    /// The path of the catalogue in the crate of the test
    #[arg(long, value_name = "PATH", default_value = "quorate_models::CATALOGUE")]
    pub(super) catalogue: String,
}

fn trace_format(name: &str) -> Result<&'static TraceFormat, String> {
    let named = TRACE_FORMATS.iter().find(|format| format.name == name);
    named.ok_or_else(|| {
        let all: Vec<String> =
            TRACE_FORMATS.iter().map(|format| format!("{} ({})", format.name, format.about)).collect();
        format!("known forms: {}", all.join(", "))
    })
}

#[derive(Args, Debug)]
pub(super) struct ListArgs {
    /// For people or for machines
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: FormatArg,
}

#[derive(Args, Debug)]
pub(super) struct ShowArgs {
    /// Its name, as `quorate list` has it
    pub(super) protocol: String,
    /// For people or for machines
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: FormatArg,
}

/// Runs a protocol with each of its deviations and without it, and prints the verdicts that differ.
///
/// Each is run as in its smallest check of the project; one that has none, and all if any option says which instance,
/// with the options below. Exit code 1 if a deviation does not break the property that it names.
#[derive(Args, Debug)]
pub(super) struct VariantsArgs {
    /// Its name, as `quorate list` has it
    pub(super) protocol: String,
    #[command(flatten)]
    pub(super) instance: InstanceArgs,
    /// Most distinct states of each run; a violation beyond is not found
    #[arg(long, value_name = "N", default_value_t = 300_000)]
    pub(super) max_states: u64,
    /// Threads [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) threads: Option<u16>,
    /// For people or for machines
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) output: FormatArg,
}

#[derive(Args, Debug)]
pub(super) struct InitArgs {
    /// The protocol, as `quorate list` has it
    pub(super) protocol: String,
    /// The manifest, `-` for standard output [default: specs/PROTOCOL.toml]
    pub(super) file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(super) struct SchemaArgs {
    /// Which; without a name, all are named
    pub(super) name: Option<String>,
}

#[derive(Args, Debug)]
pub(super) struct CompletionsArgs {
    /// The shell
    pub(super) shell: clap_complete::Shell,
}

#[derive(Args, Debug)]
pub(super) struct ManArgs {
    /// The folder for a page of each subcommand; without one, the page of the program goes to standard output
    pub(super) folder: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum FormatArg {
    /// For people
    Text,
    /// For machines
    Json,
}

/// A parser whose error says what was expected.
fn expected<T>(read: fn(&str) -> Result<T, String>) -> impl Fn(&str) -> Result<T, String> + Clone {
    move |text| read(text).map_err(|expected| format!("expected {expected}"))
}
