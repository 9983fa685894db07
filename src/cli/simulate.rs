//! `quorate simulate`: random walks, what they meet, and what they estimate.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use super::args::{CheckArgs, SimulateArgs, StrategyArg, WalkArgs};
use super::artifacts::{free_name, slug};
use super::check::{ad_hoc_protocol, files};
use super::output::Documents;
use super::select::Wanted;
use super::{CliError, Session, Streams, ad_hoc, find, select};
use crate::exit::Exit;
use crate::report::simulation;
use crate::report::style::{FAINT, paint};
use crate::spec::{self, Check, Simulated, Telling};
use crate::system::ActionKind;
use crate::walk::{Covered, Precision, Progress, Settings, Strategy, Weights};

pub(super) fn simulate(
    session: &Session<'_>,
    args: &SimulateArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, CliError> {
    let asked = as_check(args);
    let checks = match ad_hoc_protocol(session, &asked)? {
        Some(protocol) => vec![ad_hoc::check(session, protocol, &args.instance)?],
        None => {
            let root = find::root(session)?;
            let super::settings::Settings { profile, notes } =
                super::settings::Settings::of(session, &asked, root.as_ref())?;
            write!(streams.err, "{notes}")?;
            let manifests = find::read_all(session, &files(session, &asked, root.as_ref())?)?;
            select::select(manifests, &Wanted { names: &args.selection.name, profile: &profile })?
        }
    };
    let settings = settings(args)?;
    let telling = Telling { minimise: !args.walk.as_met, all: args.walk.all };
    let mut outputs = Documents::open(session, &args.output)?;
    let heard = Heard { interrupted: &session.interrupted };
    let mut all: Vec<Simulated> = Vec::new();
    for check in checks {
        if heard.interrupted() {
            break;
        }
        let settings = bounded(&settings, &check);
        let entry = session.entry(&check.instance.protocol).expect("the manifest was read against it");
        let simulated = spec::run_walks(check, entry, &settings, &args.estimate.estimate, telling, &heard);
        let simulated = simulated.map_err(CliError::Usage)?;
        let gap = if all.is_empty() { "" } else { "\n" };
        outputs.text.write(streams, &format!("{gap}{}", simulation::people(&simulated, &settings)))?;
        all.push(simulated);
    }
    let start = if heard.interrupted() { Exit::Interrupted } else { Exit::Expected };
    let exit = all.iter().fold(start, |exit, simulated| exit.and(simulated.exit()));
    for destination in &mut outputs.json {
        destination.write(streams, &simulation::json(&all, &settings, exit))?;
    }
    if let Some(folder) = &args.trace_dir {
        write_traces(session, folder, &all, streams)?;
    }
    Ok(exit)
}

/// The same targets and instance, as `check` takes them.
fn as_check(args: &SimulateArgs) -> CheckArgs {
    CheckArgs {
        targets: args.targets.clone(),
        selection: args.selection.clone(),
        instance: args.instance.clone(),
        ..CheckArgs::default()
    }
}

fn settings(args: &SimulateArgs) -> Result<Settings, CliError> {
    let WalkArgs { seed, walks, max_steps, time, all, threads, .. } = &args.walk;
    let usual = Settings::default();
    let estimating = !args.estimate.estimate.is_empty();
    Ok(Settings {
        seed: seed.unwrap_or(usual.seed),
        threads: threads.map_or(usual.threads, usize::from),
        strategy: strategy(&args.walk, estimating)?,
        steps_max: max_steps.unwrap_or(usual.steps_max),
        walks_max: walks.unwrap_or(usual.walks_max),
        time_max: *time,
        stop_at_violation: !(estimating || *all || args.instance.keep_going),
        walk_on: estimating,
        precision: args.estimate.precision.as_deref().map(precision).transpose()?,
        ..usual
    })
}

/// A limit of the check on depth is one on walks too.
fn bounded(settings: &Settings, check: &Check) -> Settings {
    let steps_max = check.limits.depth.map_or(settings.steps_max, |depth| depth.min(settings.steps_max));
    Settings { steps_max: steps_max.max(1), ..settings.clone() }
}

fn strategy(args: &WalkArgs, estimating: bool) -> Result<Strategy, CliError> {
    let usual = if estimating || !args.weights.is_empty() { StrategyArg::Weighted } else { StrategyArg::Uniform };
    let strategy = args.strategy.unwrap_or(usual);
    let usage = |sentence: &str| Err(CliError::Usage(sentence.to_owned()));
    match strategy {
        StrategyArg::Weighted => {}
        StrategyArg::Uniform | StrategyArg::Pct | StrategyArg::Coverage if args.weights.is_empty() => {}
        StrategyArg::Uniform | StrategyArg::Pct | StrategyArg::Coverage => {
            return usage("--weights goes with --strategy weighted");
        }
    }
    if args.pct_depth.is_some() && strategy != StrategyArg::Pct {
        return usage("--pct-depth goes with --strategy pct");
    }
    Ok(match strategy {
        StrategyArg::Uniform => Strategy::Uniform,
        StrategyArg::Weighted => Strategy::Weighted(weights(&args.weights)?),
        StrategyArg::Pct => Strategy::Pct { depth: args.pct_depth.unwrap_or(3) },
        StrategyArg::Coverage => Strategy::Coverage,
    })
}

fn weights(given: &[String]) -> Result<Weights, CliError> {
    let mut weights = Weights::default();
    for one in given {
        let kind = |word: &str| ActionKind::ALL.into_iter().find(|kind| kind.word() == word.trim());
        let number = |text: &str| text.trim().parse().ok().filter(|weight: &f64| weight.is_finite() && *weight >= 0.0);
        let read = one.split_once('=').and_then(|(word, weight)| Some((kind(word)?, number(weight)?)));
        let Some((kind, weight)) = read else {
            let kinds: Vec<&str> = ActionKind::ALL.into_iter().map(ActionKind::word).collect();
            return Err(CliError::Usage(format!(
                "`--weights {one}`: expected KIND=WEIGHT with a number from 0 on; kinds: {}",
                kinds.join(", ")
            )));
        };
        weights.0[kind as usize] = weight;
    }
    Ok(weights)
}

fn precision(text: &str) -> Result<Precision, CliError> {
    let number = |text: &str| text.trim().parse().ok().filter(|width: &f64| width.is_finite() && *width > 0.0);
    let read = match text.strip_suffix('%') {
        Some(percent) => number(percent).map(|percent| Precision::Relative(percent / 100.0)),
        None => number(text).map(Precision::Absolute),
    };
    read.ok_or_else(|| CliError::Usage(format!("`--precision {text}`: expected a width such as `0.01` or `5%`")))
}

/// Hears of the run; it is told nothing while it walks, so that its output is the same everywhere.
struct Heard<'s> {
    interrupted: &'s AtomicBool,
}

impl Progress for Heard<'_> {
    fn tick(&self, _: u64, _: u64, _: Covered) {}

    fn interrupted(&self) -> bool {
        self.interrupted.load(Ordering::Relaxed)
    }
}

fn write_traces(
    session: &Session<'_>,
    folder: &Path,
    all: &[Simulated],
    streams: &mut Streams<'_>,
) -> Result<(), CliError> {
    let cannot = |path: &Path| {
        let path = path.to_owned();
        move |error| CliError::File { verb: "write", path, error }
    };
    std::fs::create_dir_all(session.folder.join(folder)).map_err(cannot(folder))?;
    let mut taken = BTreeSet::new();
    for simulated in all {
        for told in simulated.walked.iter().flat_map(|walked| &walked.told) {
            let words = [&simulated.check.instance.protocol, &simulated.check.name, &told.trace.property];
            let file = folder.join(free_name(&words.map(|word| slug(word)).join("."), "json", &mut taken));
            std::fs::write(session.folder.join(&file), told.trace.to_json()).map_err(cannot(&file))?;
            writeln!(streams.err, "{} {}", paint(FAINT, "trace:"), file.display())?;
        }
    }
    Ok(())
}
