//! A trace out of a file, a report or a code.

use super::show::unknown_protocol;
use super::{CliError, Session};
use crate::cluster::Instance;
use crate::engine::Path;
use crate::report::json;
use crate::spec::nearest;
use crate::system::{Action, Explain};
use crate::trace::{Astray, CODE_PREFIX, Code, Replay, Trace, retake};

/// A trace and where it stands.
pub(super) struct Found {
    pub(super) trace: Trace,
    pub(super) place: String,
}

/// A trace that was taken again.
pub(super) struct Taken {
    pub(super) system: Box<dyn Explain>,
    pub(super) property_ix: usize,
    pub(super) trace: Trace,
    pub(super) path: Path,
}

/// The traces in a file, in a report or in a code.
pub(super) fn read(session: &Session<'_>, source: &str) -> Result<Vec<Found>, CliError> {
    if source.trim_start().starts_with(CODE_PREFIX) {
        let Taken { trace, .. } = follow(session, source)?;
        return Ok(vec![Found { trace, place: "the code".to_owned() }]);
    }
    let unreadable = |error| CliError::File { verb: "read", path: source.into(), error };
    let text = std::fs::read_to_string(session.folder.join(source)).map_err(unreadable)?;
    let Some(texts) = json::traces_in(&text) else {
        return Ok(vec![Found { trace: Trace::parse(&text, source)?, place: source.to_owned() }]);
    };
    let texts = texts.map_err(|sentence| CliError::Usage(format!("{source}: {sentence}")))?;
    if texts.is_empty() {
        return Err(CliError::NothingSelected(format!("{source}: the report has no trace: nothing was found")));
    }
    let found = texts.into_iter().map(|(check, text)| {
        let place = format!("{source} ({check})");
        Ok(Found { trace: Trace::parse(&text, &place)?, place })
    });
    found.collect()
}

/// The one trace that is meant.
pub(super) fn read_one(session: &Session<'_>, source: &str) -> Result<Found, CliError> {
    let mut found = read(session, source)?;
    let count = found.len();
    match found.pop() {
        Some(one) if count == 1 => Ok(one),
        _ => Err(CliError::Usage(format!(
            "{source}: the report has {count} traces; `quorate check --trace-dir FOLDER` writes a file for each"
        ))),
    }
}

/// The system that a trace was taken from, and the index of its property.
pub(super) fn system(
    session: &Session<'_>,
    instance: &Instance,
    property: &str,
    place: &str,
) -> Result<(Box<dyn Explain>, usize), CliError> {
    let wrong = |sentence: String| CliError::Usage(format!("{place}: {sentence}"));
    let protocol = &instance.protocol;
    let entry = session.entry(protocol).ok_or_else(|| wrong(unknown_protocol(session, protocol)))?;
    let system = entry.build(instance).map_err(wrong)?;
    let properties = system.properties();
    let Some(property_ix) = properties.iter().position(|card| card.name == property) else {
        let near = nearest(property, properties.iter().map(|card| card.name.as_str()));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(wrong(format!("{protocol} has no property `{property}`{near}")));
    };
    Ok((system, property_ix))
}

/// Takes a trace again; what comes after needs one that still applies.
pub(super) fn take(session: &Session<'_>, source: &str) -> Result<Taken, CliError> {
    let Found { trace, place } = read_one(session, source)?;
    let (system, property_ix) = system(session, &trace.instance, &trace.property, &place)?;
    match retake(&*system, &trace, property_ix) {
        (_, Some(path)) => {
            let trace = Trace::of(&*system, &path, &trace.instance, property_ix);
            Ok(Taken { system, property_ix, trace, path })
        }
        (replayed, None) => Err(no_longer(&place, &replayed)),
    }
}

fn no_longer(place: &str, replayed: &Replay) -> CliError {
    CliError::Gone(format!("{place}: {replayed}\n`quorate replay --lenient` goes on with what is most like it"))
}

/// Follows a code.
fn follow(session: &Session<'_>, text: &str) -> Result<Taken, CliError> {
    let code = Code::parse(text).map_err(|error| CliError::Usage(error.to_string()))?;
    let (system, property_ix) = system(session, &code.instance, &code.property, "the code")?;
    let path = code.follow(&*system).map_err(|astray| gone_astray(&code, &astray))?;
    let last = path.states.last().expect("a path has at least one state");
    if system.evidence(last, property_ix).is_none() {
        let steps = code.step_count();
        return Err(CliError::Gone(format!(
            "the code: not confirmed: all {steps} steps can be taken, but {} finds nothing then",
            code.property
        )));
    }
    let trace = Trace::of(&*system, &path, &code.instance, property_ix);
    Ok(Taken { system, property_ix, trace, path })
}

fn gone_astray(code: &Code, astray: &Astray) -> CliError {
    let possible: Vec<String> = astray.enabled.iter().map(Action::to_string).map(|one| format!("\n  {one}")).collect();
    CliError::Gone(format!(
        "the code: not confirmed: step {} of {} cannot be taken any more\npossible there:{}",
        astray.step,
        code.step_count(),
        possible.concat()
    ))
}
