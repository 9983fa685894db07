//! `quorate replay`: takes the steps of a trace again, and says whether it still shows what it showed.

use super::args::ReplayArgs;
use super::source::{Found, read, system};
use super::{CliError, Session, Streams};
use crate::exit::Exit;
use crate::report::style::{BAD, FAINT, GOOD, STRONG, paint};
use crate::trace::{Replay, Trace, lenient, replay as take_again};

pub(super) fn replay(session: &Session<'_>, args: &ReplayArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let mut exit = Exit::Expected;
    let mut traces = Vec::new();
    for file in &args.files {
        traces.extend(read(session, file)?);
    }
    for Found { trace, place } in &traces {
        let (text, confirmed) = one(session, trace, place, args.lenient)?;
        exit = exit.and(if confirmed { Exit::Expected } else { Exit::Differs });
        let style = if confirmed { GOOD } else { BAD };
        let (first, rest) = text.split_once('\n').unwrap_or((&text, ""));
        let title = paint(STRONG, format!("{}: {} {}", trace.instance.protocol, trace.property, trace.verdict.word()));
        writeln!(streams.out, "{title}  {}\n  {}", paint(FAINT, place), paint(style, first))?;
        for line in rest.lines() {
            writeln!(streams.out, "  {line}")?;
        }
    }
    Ok(exit)
}

/// What came of it, and whether the trace still shows what it showed.
fn one(session: &Session<'_>, trace: &Trace, place: &str, leniently: bool) -> Result<(String, bool), CliError> {
    let (system, property_ix) = system(session, &trace.instance, &trace.property, place)?;
    let replayed = take_again(&*system, trace, property_ix);
    let confirmed = matches!(replayed, Replay::Confirmed { .. });
    if leniently
        && !confirmed
        && let Some(lenient) = lenient(&*system, trace, property_ix)
    {
        return Ok((lenient.to_string(), lenient.evidence.is_some()));
    }
    Ok((replayed.to_string(), confirmed))
}
