//! `quorate check`: visits every reachable state, and compares the verdicts with those expected.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::args::{CheckArgs, SearchArgs};
use super::output::Outputs;
use super::progress::{Board, Line};
use super::runner::{Event, Job, Plan, run_all};
use super::{CliError, Session, Streams, ad_hoc, find, select};
use crate::cluster::Entry;
use crate::engine::{Paths, StopWhen};
use crate::exit::Exit;
use crate::report::style::{FAINT, paint};
use crate::report::{self, Table, json, statistics};
use crate::spec::{self, Check, Checked, Lock};
use crate::system::PropertyCard;

/// The columns of a table on a terminal that has no more.
const TABLE_WIDTH: usize = 120;

pub(super) fn check(session: &Session<'_>, args: &CheckArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let protocol = ad_hoc_protocol(session, args)?;
    let mut checks = match protocol {
        Some(protocol) => vec![ad_hoc::check(session, protocol, &args.instance)?],
        None => select::select(find::read_all(session, &files(session, args)?)?, &args.selection)?,
    };
    for check in &mut checks {
        apply(&args.search, check);
        if args.update_lock {
            check.lock = None;
        }
    }
    let mut outputs = Outputs::open(session, &args.report)?;
    let started = Instant::now();
    let plan = plan(args, protocol.is_some());
    let checked = match protocol {
        Some(_) => run(session, checks, plan, None, &mut outputs, streams)?,
        None => {
            let cards: Vec<Vec<PropertyCard>> = checks.iter().map(|check| properties(session, check)).collect();
            let width = session.live_width.unwrap_or(TABLE_WIDTH).max(TABLE_WIDTH);
            let table = Table::of(width, checks.iter().zip(cards.iter().map(Vec::as_slice)));
            run(session, checks, plan, Some(table), &mut outputs, streams)?
        }
    };
    let elapsed_us = started.elapsed().as_micros() as u64;
    let exit = checked.iter().fold(Exit::Expected, |exit, checked| exit.and(checked.exit()));
    tell(&checked, protocol.is_some(), exit, elapsed_us, &mut outputs, streams)?;
    if let Some(folder) = &args.report.trace_dir {
        write_traces(session, folder, &checked, streams)?;
    }
    if args.update_lock {
        write_locks(session, &checked, streams)?;
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
        Some(name) if args.update_lock || !args.selection.size.is_empty() || !args.selection.name.is_empty() => {
            usage(format!("`{name}` is a protocol: --size, --name and --update-lock are about the checks in manifests"))
        }
        None if ad_hoc::is_any_given(&args.instance) => usage(
            "options that say which instance is checked go with the name of one protocol: `quorate check PROTOCOL …`"
                .to_owned(),
        ),
        named => Ok(named),
    }
}

pub(super) fn files(session: &Session<'_>, args: &CheckArgs) -> Result<Vec<PathBuf>, CliError> {
    if args.targets.is_empty() {
        return find::project_manifests(session);
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

/// Limits on the command line stand for those in a manifest. Counts that were locked at one depth say nothing of
/// another.
fn apply(args: &SearchArgs, check: &mut Check) {
    let limits = &mut check.limits;
    if args.max_depth.is_some_and(|depth| limits.depth != Some(depth)) {
        check.lock = None;
    }
    limits.states = args.max_states.or(limits.states);
    limits.depth = args.max_depth.or(limits.depth);
    limits.time = args.time.or(limits.time);
    limits.memory_bytes = args.memory.or(limits.memory_bytes);
}

fn plan(args: &CheckArgs, is_ad_hoc: bool) -> Plan {
    let all = || std::thread::available_parallelism().map_or(1, usize::from);
    let stop_when = if args.instance.keep_going { StopWhen::Never } else { StopWhen::Violated };
    Plan {
        threads: args.search.threads.map_or_else(all, usize::from),
        paths: if args.report.trace_dir.is_some() { Paths::All } else { Paths::Violations },
        stop_when: is_ad_hoc.then_some(stop_when),
    }
}

fn properties(session: &Session<'_>, check: &Check) -> Vec<PropertyCard> {
    session.entry(&check.instance.protocol).map(Entry::properties).unwrap_or_default()
}

/// Runs the checks, and writes the rows of the table as they come, in the order of the checks.
fn run(
    session: &Session<'_>,
    checks: Vec<Check>,
    plan: Plan,
    mut table: Option<Table>,
    outputs: &mut Outputs,
    streams: &mut Streams<'_>,
) -> Result<Vec<Checked>, CliError> {
    let entry_of = |check: &Check| session.entry(&check.instance.protocol).expect("the manifest was read against it");
    let jobs: Vec<Job<'_>> = checks.into_iter().map(|check| Job { entry: entry_of(&check), check }).collect();
    let mut done: Vec<Option<Checked>> = jobs.iter().map(|_| None).collect();
    let (mut ended, mut told) = (0, 0);
    let board = Board::new(&session.interrupted);
    let mut line = Line::new(session.live_width);
    run_all(&jobs, plan, &board, |event| {
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
                    told += 1;
                }
            }
        }
        line.show(&board, ended, jobs.len(), streams.err)
    })?;
    line.clear(streams.err)?;
    Ok(done.into_iter().flatten().collect())
}

fn tell(
    checked: &[Checked],
    is_ad_hoc: bool,
    exit: Exit,
    elapsed_us: u64,
    outputs: &mut Outputs,
    streams: &mut Streams<'_>,
) -> Result<(), CliError> {
    let text = match checked {
        [one] if is_ad_hoc => report::single(one),
        checked => {
            let failures: String = checked.iter().map(report::failures).collect();
            format!("{}{failures}", report::total(checked, elapsed_us))
        }
    };
    let statistics = if outputs.statistics_text { statistics::text(checked) } else { String::new() };
    outputs.text.write(streams, &format!("{text}{}{statistics}", report::unused_faults(checked)))?;
    for destination in &mut outputs.json {
        destination.write(streams, &json::report(checked, exit, elapsed_us))?;
    }
    for destination in &mut outputs.statistics_json {
        destination.write(streams, &statistics::json(checked))?;
    }
    Ok(())
}

/// Writes a file for each trace that was made.
fn write_traces(
    session: &Session<'_>,
    folder: &Path,
    checked: &[Checked],
    streams: &mut Streams<'_>,
) -> Result<(), CliError> {
    let cannot = |path: &Path| {
        let path = path.to_owned();
        move |error| CliError::File { verb: "write", path, error }
    };
    std::fs::create_dir_all(session.folder.join(folder)).map_err(cannot(folder))?;
    let mut taken = BTreeSet::new();
    for checked in checked {
        let traces = checked.outcome().into_iter().flat_map(|outcome| outcome.traces.iter().flatten());
        for trace in traces {
            let words = [&checked.check.instance.protocol, &checked.check.name, &trace.property];
            let file = folder.join(free_name(&words.map(|word| slug(word)).join("."), &mut taken));
            std::fs::write(session.folder.join(&file), trace.to_json()).map_err(cannot(&file))?;
            writeln!(streams.err, "{} {}", paint(FAINT, "trace:"), file.display())?;
        }
    }
    Ok(())
}

/// A name that no other trace of this run has: two checks may differ only by what a file name cannot have.
pub(super) fn free_name(stem: &str, taken: &mut BTreeSet<String>) -> String {
    let names = (1..).map(|n| if n == 1 { format!("{stem}.json") } else { format!("{stem}.{n}.json") });
    let mut free = names.filter(|name| !taken.contains(name));
    let name = free.next().expect("there are more numbers than names");
    taken.insert(name.clone());
    name
}

/// Words as a file name has them.
pub(super) fn slug(words: &str) -> String {
    let plain: String = words.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-").chars().take(60).collect()
}

/// Writes the counts of the checks that are as expected into their manifests.
fn write_locks(session: &Session<'_>, checked: &[Checked], streams: &mut Streams<'_>) -> Result<(), CliError> {
    let file_of = |checked: &Checked| checked.check.place.as_ref().map(|(file, _)| file.clone());
    let files: BTreeSet<String> = checked.iter().filter_map(file_of).collect();
    for file in files {
        let of_file = || checked.iter().filter(|checked| file_of(checked).as_ref() == Some(&file));
        let locks: Vec<(&str, Lock)> = of_file().filter_map(counts).collect();
        for checked in of_file().filter(|checked| counts(checked).is_none()) {
            writeln!(streams.err, "{file}: not locked: `{}` is not as expected", checked.check.name)?;
        }
        let written = write_file(session, &file, &locks)?;
        if written {
            writeln!(streams.err, "{file}: locks written")?;
        }
    }
    Ok(())
}

fn counts(checked: &Checked) -> Option<(&str, Lock)> {
    let outcome = checked.outcome().filter(|outcome| outcome.failures.is_empty())?;
    Some((&checked.check.name, spec::counts(&outcome.exploration)?))
}

/// Whether the locks have changed the file. It is read anew: the run may have taken hours. It is put in place as
/// a whole: a full disk shall not leave half a manifest.
fn write_file(session: &Session<'_>, file: &str, locks: &[(&str, Lock)]) -> Result<bool, CliError> {
    let path = session.folder.join(file);
    let failed = |verb, error| CliError::File { verb, path: PathBuf::from(file), error };
    let text = std::fs::read_to_string(&path).map_err(|error| failed("read", error))?;
    let locked = spec::lock(&text, locks).map_err(|error| failed("read", std::io::Error::other(error.to_string())))?;
    if locked == text {
        return Ok(false);
    }
    let beside = path.with_extension("toml.new");
    std::fs::write(&beside, locked).and_then(|()| std::fs::rename(&beside, &path)).map_err(|e| failed("write", e))?;
    Ok(true)
}
