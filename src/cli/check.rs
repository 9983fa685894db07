//! `quorate check`: visits every reachable state, and compares the verdicts with those expected.

use std::path::{Path, PathBuf};
use std::time::Instant;

use super::args::CheckArgs;
use super::find::Root;
use super::output::Outputs;
use super::progress::{Board, Line};
use super::runner::{Event, Job, Plan, run_all};
use super::select::Wanted;
use super::settings::Settings;
use super::{CliError, Session, Streams, ad_hoc, artifacts, find, github, keeping, locks, machine, select};
use crate::cluster::Entry;
use crate::engine::{Checkpoints, Paths, StopWhen};
use crate::exit::Exit;
use crate::report::style::{DOUBTFUL, paint};
use crate::report::{self, Run, Table, statistics};
use crate::spec::{Check, Checked, Profile};
use crate::system::PropertyCard;

/// The columns of a table on a terminal that has no more.
const TABLE_WIDTH: usize = 120;

pub(super) fn check(session: &Session<'_>, args: &CheckArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let root = find::root(session)?;
    let Settings { profile, notes } = Settings::of(session, args, root.as_ref())?;
    write!(streams.err, "{notes}")?;
    let protocol = ad_hoc_protocol(session, args)?;
    let mut checks = match protocol {
        Some(protocol) => vec![ad_hoc::check(session, protocol, &args.instance)?],
        None => {
            let manifests = find::read_all(session, &files(session, args, root.as_ref())?)?;
            select::select(manifests, &Wanted { names: &args.selection.name, profile: &profile })?
        }
    };
    for check in &mut checks {
        apply(&profile, args.search.max_depth, check);
        if args.update_lock {
            check.lock = None;
        }
    }
    let mut outputs = Outputs::open(session, profile.outputs.as_deref().unwrap_or_default(), &args.report.stats)?;
    let started = Instant::now();
    let plan = plan(args, &profile, protocol.is_some());
    let checkpoints = keeping::of_checks(session, &args.search, &checks, streams)?;
    let checked = match protocol {
        Some(_) => run(session, (checks, checkpoints), plan, None, &mut outputs, streams)?,
        None => {
            let cards: Vec<Vec<PropertyCard>> = checks.iter().map(|check| properties(session, check)).collect();
            let width = session.live_width.unwrap_or(TABLE_WIDTH).max(TABLE_WIDTH);
            let table = Table::of(width, checks.iter().zip(cards.iter().map(Vec::as_slice)));
            run(session, (checks, checkpoints), plan, Some(table), &mut outputs, streams)?
        }
    };
    let elapsed_us = started.elapsed().as_micros() as u64;
    let exit = checked.iter().fold(Exit::Expected, |exit, checked| exit.and(checked.exit()));
    let run = Run { checks: &checked, exit, command: &args.command, elapsed_us, catalogue: session.catalogue };
    tell(&run, protocol.is_some(), &mut outputs, streams)?;
    github::tell(session, &run, &outputs, streams)?;
    if let Some(folder) = &args.report.trace_dir {
        artifacts::write_traces(session, folder, &checked, streams)?;
    }
    if let Some(folder) = &profile.artifacts {
        artifacts::write_artifacts(session, Path::new(folder), &checked)?;
    }
    if args.update_lock {
        locks::write(session, &checked, streams)?;
    }
    Ok(exit)
}

/// The protocol that is checked ad hoc, if that is what the targets ask for.
pub(super) fn ad_hoc_protocol<'a>(session: &Session<'_>, args: &'a CheckArgs) -> Result<Option<&'a str>, CliError> {
    let named = args.targets.iter().map(String::as_str).find(|target| session.entry(target).is_some());
    let usage = |sentence: String| Err(CliError::Usage(sentence));
    match named {
        Some(name) if args.targets.len() > 1 => {
            usage(format!("`{name}` is a protocol, and is checked alone; name files and folders for several"))
        }
        Some(name) if args.update_lock || args.selection.is_any_given() => usage(format!(
            "`{name}` is a protocol: --size, --tag, --name and --update-lock are about the checks in manifests"
        )),
        None if ad_hoc::is_any_given(&args.instance) => usage(
            "options that say which instance is checked go with the name of one protocol: `quorate check PROTOCOL …`"
                .to_owned(),
        ),
        named => Ok(named),
    }
}

pub(super) fn files(session: &Session<'_>, args: &CheckArgs, root: Option<&Root>) -> Result<Vec<PathBuf>, CliError> {
    if args.targets.is_empty() {
        return find::project_manifests(session, root);
    }
    let mut files: Vec<PathBuf> = Vec::new();
    for target in &args.targets {
        for file in find::target(session, target)? {
            if !files.contains(&file) {
                files.push(file);
            }
        }
    }
    Ok(files)
}

/// Limits of the run stand for those in a manifest. Counts that were locked at one depth say nothing of another.
fn apply(profile: &Profile, max_depth: Option<u32>, check: &mut Check) {
    let limits = &mut check.limits;
    if max_depth.is_some_and(|depth| limits.depth != Some(depth)) {
        check.lock = None;
    }
    limits.states = profile.max_states.or(limits.states);
    limits.depth = max_depth.or(limits.depth);
    limits.time = profile.time.or(limits.time);
    limits.memory_bytes = profile.memory_bytes.or(limits.memory_bytes);
    check.undecided_allowed = profile.undecided_allowed.unwrap_or(check.undecided_allowed);
}

fn plan(args: &CheckArgs, profile: &Profile, is_ad_hoc: bool) -> Plan {
    let all = || std::thread::available_parallelism().map_or(1, usize::from);
    let stop_when = if args.instance.keep_going { StopWhen::Never } else { StopWhen::Violated };
    Plan {
        threads: profile.threads.unwrap_or_else(all),
        paths: if args.report.trace_dir.is_some() { Paths::All } else { Paths::Violations },
        stop_when: is_ad_hoc.then_some(stop_when),
        audit: args.search.audit,
        memory_bytes: machine::memory_share(),
        deadline: profile.time_in_all.and_then(|time| Instant::now().checked_add(time)),
    }
}

fn properties(session: &Session<'_>, check: &Check) -> Vec<PropertyCard> {
    session.entry(&check.instance.protocol).map(Entry::properties).unwrap_or_default()
}

/// Runs the checks, and writes the rows of the table as they come, in the order of the checks.
fn run(
    session: &Session<'_>,
    (checks, checkpoints): (Vec<Check>, Vec<Checkpoints>),
    plan: Plan,
    mut table: Option<Table>,
    outputs: &mut Outputs,
    streams: &mut Streams<'_>,
) -> Result<Vec<Checked>, CliError> {
    let entry_of = |check: &Check| session.entry(&check.instance.protocol).expect("the manifest was read against it");
    let mut checkpoints = checkpoints.into_iter();
    let job = |check| Job { entry: entry_of(&check), check, checkpoints: checkpoints.next() };
    let jobs: Vec<Job<'_>> = checks.into_iter().map(job).collect();
    let mut done: Vec<Option<Checked>> = jobs.iter().map(|_| None).collect();
    let (mut ended, mut told) = (0, 0);
    let board = Board::new(&session.interrupted);
    let mut line = Line::new(session.live_width);
    run_all(&jobs, plan, &board, |event| {
        for note in board.take_notes() {
            line.clear(streams.err)?;
            writeln!(streams.err, "{}: {note}", paint(DOUBTFUL, "note"))?;
        }
        match event {
            Event::Tick => {}
            Event::Done(ix, checked) => {
                done[ix] = Some(*checked);
                ended += 1;
                line.clear(streams.err)?;
                while let Some(Some(checked)) = done.get(told) {
                    if let Some(table) = &mut table {
                        outputs.text.write(streams, &table.row(checked))?;
                    }
                    outputs.row(streams, checked)?;
                    told += 1;
                }
            }
        }
        line.show(&board, ended, jobs.len(), streams.err)
    })?;
    line.clear(streams.err)?;
    Ok(done.into_iter().flatten().collect())
}

fn tell(run: &Run<'_>, is_ad_hoc: bool, outputs: &mut Outputs, streams: &mut Streams<'_>) -> Result<(), CliError> {
    let text = match run.checks {
        [one] if is_ad_hoc => report::single(one),
        checks => {
            let failures: String = checks.iter().map(report::failures).collect();
            format!("{}{}{failures}", report::total(checks, run.elapsed_us), report::sweeps(checks))
        }
    };
    let statistics = if outputs.statistics_text { statistics::text(run.checks) } else { String::new() };
    outputs.text.write(streams, &format!("{text}{}{statistics}", report::unused_faults(run.checks)))?;
    outputs.end(streams, run)?;
    for destination in &mut outputs.statistics_json {
        destination.write(streams, &statistics::json(run.checks))?;
    }
    Ok(())
}
