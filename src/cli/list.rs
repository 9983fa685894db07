//! `quorate list`: the protocols of the catalogue.

use super::args::{FormatArg, ListArgs};
use super::{CliError, Session, Streams};
use crate::exit::Exit;
use crate::report::protocols;

pub(super) fn list(session: &Session<'_>, args: &ListArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let text = match args.output {
        FormatArg::Text => protocols::list(session.catalogue),
        FormatArg::Json => protocols::list_json(session.catalogue),
    };
    write!(streams.out, "{text}")?;
    Ok(Exit::Expected)
}
