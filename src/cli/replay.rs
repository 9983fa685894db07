//! `quorate replay`: takes the steps of a trace again, and says whether it still shows what it showed.

use super::args::ReplayArgs;
use super::show::unknown_protocol;
use super::{CliError, Session, Streams};
use crate::exit::Exit;
use crate::report::json;
use crate::report::style::{BAD, FAINT, GOOD, STRONG, paint};
use crate::spec::nearest;
use crate::trace::{self, Replay, Trace};

/// A trace and where it stands.
struct Found {
    trace: Trace,
    place: String,
}

pub(super) fn replay(session: &Session<'_>, args: &ReplayArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let mut exit = Exit::Expected;
    let mut traces = Vec::new();
    for file in &args.files {
        traces.extend(read(session, file)?);
    }
    for Found { trace, place } in &traces {
        let replayed = one(session, trace, place)?;
        let confirmed = matches!(replayed, Replay::Confirmed { .. });
        exit = exit.and(if confirmed { Exit::Expected } else { Exit::Differs });
        let style = if confirmed { GOOD } else { BAD };
        let text = replayed.to_string();
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let title = paint(STRONG, format!("{}: {} {}", trace.instance.protocol, trace.property, trace.verdict.word()));
        writeln!(streams.out, "{title}  {}\n  {}", paint(FAINT, place), paint(style, first))?;
        for line in rest.lines() {
            writeln!(streams.out, "  {line}")?;
        }
    }
    Ok(exit)
}

/// The traces in a file: the one that it is, or those of the report that it is.
fn read(session: &Session<'_>, file: &str) -> Result<Vec<Found>, CliError> {
    let unreadable = |error| CliError::File { verb: "read", path: file.into(), error };
    let text = std::fs::read_to_string(session.folder.join(file)).map_err(unreadable)?;
    let Some(texts) = json::traces_in(&text) else {
        return Ok(vec![Found { trace: Trace::parse(&text, file)?, place: file.to_owned() }]);
    };
    let texts = texts.map_err(|sentence| CliError::Usage(format!("{file}: {sentence}")))?;
    if texts.is_empty() {
        return Err(CliError::NothingSelected(format!("{file}: the report has no trace: nothing was found")));
    }
    let found = texts.into_iter().map(|(check, text)| {
        let place = format!("{file} ({check})");
        Ok(Found { trace: Trace::parse(&text, &place)?, place })
    });
    found.collect()
}

fn one(session: &Session<'_>, trace: &Trace, place: &str) -> Result<Replay, CliError> {
    let wrong = |sentence: String| CliError::Usage(format!("{place}: {sentence}"));
    let protocol = &trace.instance.protocol;
    let entry = session.entry(protocol).ok_or_else(|| wrong(unknown_protocol(session, protocol)))?;
    let system = entry.build(&trace.instance).map_err(wrong)?;
    let properties = system.properties();
    let Some(property_ix) = properties.iter().position(|card| card.name == trace.property) else {
        let near = nearest(&trace.property, properties.iter().map(|card| card.name.as_str()));
        let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
        return Err(wrong(format!("{protocol} has no property `{}`{near}", trace.property)));
    };
    Ok(trace::replay(&*system, trace, property_ix))
}
