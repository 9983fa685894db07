//! `quorate show`: a protocol in full.

use super::args::{FormatArg, ShowArgs};
use super::{CliError, Session, Streams};
use crate::exit::Exit;
use crate::report::protocols;
use crate::spec::nearest;

pub(super) fn show(session: &Session<'_>, args: &ShowArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let Some(entry) = session.entry(&args.protocol) else {
        return Err(CliError::Usage(unknown_protocol(session, &args.protocol)));
    };
    let text = match args.output {
        FormatArg::Text => protocols::show(entry),
        FormatArg::Json => protocols::show_json(entry),
    };
    write!(streams.out, "{text}")?;
    Ok(Exit::Expected)
}

/// That there is no such protocol, and which is nearest.
pub(super) fn unknown_protocol(session: &Session<'_>, name: &str) -> String {
    let near = nearest(name, session.protocol_names());
    let near = near.map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    format!("unknown protocol `{name}`{near}\n  `quorate list` names all of them")
}
