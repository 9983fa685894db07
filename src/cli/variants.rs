//! `quorate variants`: runs a protocol with and without each deviation, and prints what it flips.

use super::args::{FormatArg, VariantsArgs};
use super::progress::{Board, Line};
use super::runner::{Event, Job, Plan, run_all};
use super::show::unknown_protocol;
use super::{CliError, Session, Streams, ad_hoc, find, machine};
use crate::engine::{Paths, StopWhen};
use crate::exit::Exit;
use crate::model::DeviationCard;
use crate::report::variants::{Caught, Variant, json, text};
use crate::spec::{Check, Checked};

pub(super) fn variants(
    session: &Session<'_>,
    args: &VariantsArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, CliError> {
    let Some(entry) = session.entry(&args.protocol) else {
        return Err(CliError::Usage(unknown_protocol(session, &args.protocol)));
    };
    if !args.instance.deviations.is_empty() {
        return Err(CliError::Usage("`variants` runs every deviation by itself; leave --deviation out".to_owned()));
    }
    let cards = entry.deviations();
    if cards.is_empty() {
        return Err(CliError::NothingSelected(format!("`{}` has no deviations", args.protocol)));
    }
    let given = ad_hoc::check(session, &args.protocol, &args.instance)?;
    let own = if ad_hoc::is_any_given(&args.instance) { Vec::new() } else { checks_of(session, &args.protocol)? };
    let pairs = cards.iter().flat_map(|card| pair(card, &own, &given, args.max_states));
    let jobs: Vec<Job<'_>> = pairs.map(|check| Job { check, entry, checkpoints: None }).collect();
    let checked = run(session, &jobs, args, streams)?;
    let variant = |(card, pair)| {
        let [plain, deviant]: &[Checked; 2] = pair;
        Variant { card, plain, deviant }
    };
    let pairs = checked.chunks_exact(2).map(|pair| pair.try_into().expect("chunks of two have two"));
    let variants: Vec<Variant<'_>> = cards.iter().copied().zip(pairs).map(variant).collect();
    let told = match args.output {
        FormatArg::Text => text(&variants),
        FormatArg::Json => json(&variants),
    };
    write!(streams.out, "{told}")?;
    let exit_of = |variant: &Variant<'_>| match variant.caught() {
        Caught::AsNamed => Exit::Expected,
        Caught::NotAsNamed => Exit::Differs,
        Caught::Undecided => Exit::Undecided,
    };
    let interrupted = variants.iter().any(|variant| variant.deviant.exit() == Exit::Interrupted);
    let exit = if interrupted { Exit::Interrupted } else { Exit::Expected };
    Ok(variants.iter().map(exit_of).fold(exit, Exit::and))
}

/// The checks of the protocol in the project, if there is one.
fn checks_of(session: &Session<'_>, protocol: &str) -> Result<Vec<Check>, CliError> {
    let root = find::root(session)?;
    let files = match find::project_manifests(session, root.as_ref()) {
        Ok(files) => files,
        Err(CliError::NothingSelected(_)) => Vec::new(),
        Err(error) => return Err(error),
    };
    let checks = find::read_all(session, &files)?.into_iter().flat_map(|manifest| manifest.checks);
    Ok(checks.filter(|check| check.instance.protocol == protocol).collect())
}

/// The same instance without the deviation and with it: that of the smallest check of the deviation alone that
/// expects what the deviation names, or the one that was given.
fn pair(card: &DeviationCard, own: &[Check], given: &Check, max_states: u64) -> [Check; 2] {
    let alone = own.iter().filter(|check| check.instance.deviations == [card.name]);
    let breaks = |check: &&Check| {
        let expected = card.breaks.and_then(|property| check.expect.get(property));
        card.breaks.is_none() || expected.is_some_and(|expected| expected.word() == "violated")
    };
    let smallest = alone.filter(breaks).min_by_key(|check| check.size);
    let mut check = smallest.unwrap_or(given).clone();
    // What is expected is another question; every property is looked at.
    check.expect.clear();
    check.shapes.clear();
    check.lock = None;
    check.limits.states = Some(check.limits.states.map_or(max_states, |states| states.min(max_states)));
    let mut plain = check.clone();
    plain.instance.deviations.clear();
    check.instance.deviations = vec![card.name.to_owned()];
    [plain, check]
}

fn run(
    session: &Session<'_>,
    jobs: &[Job<'_>],
    args: &VariantsArgs,
    streams: &mut Streams<'_>,
) -> Result<Vec<Checked>, CliError> {
    let all = || std::thread::available_parallelism().map_or(1, usize::from);
    let plan = Plan {
        threads: args.threads.map_or_else(all, usize::from),
        paths: Paths::None,
        stop_when: Some(StopWhen::Never),
        audit: false,
        memory_bytes: machine::memory_share(),
        deadline: None,
    };
    let board = Board::new(&session.interrupted);
    let mut line = Line::new(session.live_width);
    let mut done: Vec<Option<Checked>> = jobs.iter().map(|_| None).collect();
    run_all(jobs, plan, &board, |event| {
        if let Event::Done(ix, checked) = event {
            done[ix] = Some(*checked);
        }
        let ended = done.iter().flatten().count();
        line.show(&board, ended, jobs.len(), streams.err)
    })?;
    line.clear(streams.err)?;
    Ok(done.into_iter().flatten().collect())
}
