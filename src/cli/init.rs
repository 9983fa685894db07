//! `quorate init`: a manifest to begin with, out of what the catalogue knows of a protocol.

use std::path::PathBuf;

use super::args::InitArgs;
use super::show::unknown_protocol;
use super::{CliError, Session, Streams};
use crate::exit::Exit;
use crate::report::starter;

pub(super) fn init(session: &Session<'_>, args: &InitArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let Some(entry) = session.entry(&args.protocol) else {
        return Err(CliError::Usage(unknown_protocol(session, &args.protocol)));
    };
    let text = starter(entry);
    let file = args.file.clone().unwrap_or_else(|| PathBuf::from(format!("specs/{}.toml", args.protocol)));
    if file.as_os_str() == "-" {
        write!(streams.out, "{text}")?;
        return Ok(Exit::Expected);
    }
    let path = session.folder.join(&file);
    if path.exists() {
        let message = format!("{} is there already; `-` instead of a file prints the manifest", file.display());
        return Err(CliError::Usage(message));
    }
    let failed = |error| CliError::File { verb: "write", path: file.clone(), error };
    path.parent().map_or(Ok(()), std::fs::create_dir_all).map_err(failed)?;
    std::fs::write(&path, text).map_err(failed)?;
    let file = file.display();
    writeln!(streams.err, "{file} written\n  quorate check {file}\n  quorate check {file} --update-lock")?;
    Ok(Exit::Expected)
}
