//! `quorate trace`: shows a trace, compares two, makes one small, writes it in another form or as a test.

use std::path::Path;

use super::args::{
    TraceArgs, TraceCommand, TraceConvertArgs, TraceDiffArgs, TraceMinimiseArgs, TraceShowArgs, TraceToTestArgs,
};
use super::source::{Taken, read_one, take};
use super::{CliError, Session, Streams};
use crate::exit::Exit;
use crate::report::comparison;
use crate::report::style::{FAINT, paint};
use crate::report::traces::Retold;
use crate::trace::{Code, NO_RETURN_STATES_MAX, Trace, minimise, story, test_source, understood};

pub(super) fn trace(session: &Session<'_>, args: &TraceArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    match &args.command {
        TraceCommand::Show(args) => show(session, args, streams),
        TraceCommand::Diff(args) => diff(session, args, streams),
        TraceCommand::Minimise(args) => make_small(session, args, streams),
        TraceCommand::Convert(args) => convert(session, args, streams),
        TraceCommand::ToTest(args) => to_test(session, args, streams),
    }
}

/// One that no longer applies is told as it was recorded, with the reason.
fn show(session: &Session<'_>, args: &TraceShowArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    match take(session, &args.trace) {
        Ok(taken) => {
            let trace = in_full(session, &taken, args.max_states);
            write!(streams.out, "{}", story(&trace))?;
            writeln!(streams.out, "{} quorate replay {}", paint(FAINT, "again:"), code(&taken))?;
            Ok(Exit::Expected)
        }
        Err(CliError::Gone(why)) => {
            let recorded = read_one(session, &args.trace)?;
            write!(streams.out, "{}", story(&recorded.trace))?;
            writeln!(streams.err, "{why}")?;
            Ok(Exit::Differs)
        }
        Err(other) => Err(other),
    }
}

/// The trace with what its violation hangs on.
fn in_full(session: &Session<'_>, taken: &Taken, states_max: usize) -> Trace {
    let entry = session.entry(&taken.trace.instance.protocol);
    understood(taken.trace.clone(), &*taken.system, &taken.path, entry, states_max)
}

fn code(taken: &Taken) -> String {
    Code::of(&*taken.system, &taken.path, &taken.trace.instance, &taken.trace.property).text()
}

fn diff(session: &Session<'_>, args: &TraceDiffArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let before = read_one(session, &args.before)?;
    let after = read_one(session, &args.after)?;
    write!(streams.out, "{}", comparison(&before.trace, &after.trace))?;
    let actions = |trace: &Trace| trace.steps.iter().map(|step| step.action.clone()).collect::<Vec<_>>();
    let same = actions(&before.trace) == actions(&after.trace) && before.trace.instance == after.trace.instance;
    Ok(if same { Exit::Expected } else { Exit::Differs })
}

fn make_small(session: &Session<'_>, args: &TraceMinimiseArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let Taken { system, property_ix, trace, path } = take(session, &args.trace)?;
    let small = minimise(&*system, &path, &trace.instance, property_ix);
    let told = Trace::of(&*system, &small, &trace.instance, property_ix);
    writeln!(streams.err, "{} steps made {}", path.steps.len(), small.steps.len())?;
    put(session, args.out.as_deref(), &told.to_json(), streams)
}

fn convert(session: &Session<'_>, args: &TraceConvertArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let taken = take(session, &args.trace)?;
    let trace = in_full(session, &taken, NO_RETURN_STATES_MAX);
    let states: Vec<_> = taken.path.states.iter().map(|state| taken.system.snapshot(state)).collect();
    let retold =
        Retold { trace: &trace, states: &states, code: &code(&taken), system: &*taken.system, path: &taken.path };
    put(session, args.out.as_deref(), &(args.to.write)(retold), streams)
}

fn to_test(session: &Session<'_>, args: &TraceToTestArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let taken = take(session, &args.trace)?;
    write!(streams.out, "{}", test_source(&taken.trace, &code(&taken), &args.catalogue))?;
    Ok(Exit::Expected)
}

fn put(session: &Session<'_>, file: Option<&Path>, text: &str, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    match file {
        None => write!(streams.out, "{text}")?,
        Some(file) => {
            let cannot = |error| CliError::File { verb: "write", path: file.to_owned(), error };
            std::fs::write(session.folder.join(file), text).map_err(cannot)?;
        }
    }
    Ok(Exit::Expected)
}
