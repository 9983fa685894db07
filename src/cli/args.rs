//! The command line, as clap reads it. What its words mean is said by the modules of the subcommands.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// Take the steps of a trace again, and say whether it still shows what it showed
    Replay(ReplayArgs),
    /// The protocols of the catalogue
    List(ListArgs),
    /// A protocol: source, what is modelled, parameters, deviations, properties
    Show(ShowArgs),
}

/// Checks specs, or one protocol with options of its own.
///
/// A target is a manifest, a folder of manifests, or the name of a protocol. A protocol is checked ad hoc, with
/// the options below that say which instance; manifests say all of that themselves.
#[derive(Args, Debug, Default)]
pub(super) struct CheckArgs {
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

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Selection of checks")]
pub(super) struct SelectionArgs {
    /// Checks of these sizes: small, standard, stress or all [default: small]
    #[arg(long, value_delimiter = ',', value_name = "SIZE")]
    pub(super) size: Vec<SizeArg>,
    /// Checks whose name contains this, or is like it if it has `*` or `?` [repeatable]
    #[arg(long, value_name = "PATTERN")]
    pub(super) name: Vec<String>,
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

#[derive(Args, Debug, Default)]
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
    /// Most memory for each check: `512M`, `2G`
    #[arg(long, value_name = "SIZE", value_parser = expected(spec::size))]
    pub(super) memory: Option<u64>,
}

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Report")]
pub(super) struct ReportArgs {
    /// text or json, to standard output or to a file: `json=report.json` [repeatable]
    ///
    /// Standard output takes one document: what is asked for there sends the text for people to standard error.
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub(super) output: Vec<String>,
    /// The numbers of every search: text or json, likewise
    #[arg(long, value_name = "FORMAT[=FILE]")]
    pub(super) stats: Vec<String>,
    /// Write a trace file for each finding, witnesses included, into this folder
    #[arg(long, value_name = "FOLDER")]
    pub(super) trace_dir: Option<PathBuf>,
}

/// Takes traces again: from trace files, or from the JSON report of a run of `check`.
#[derive(Args, Debug)]
pub(super) struct ReplayArgs {
    /// Trace files, or reports
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<String>,
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
