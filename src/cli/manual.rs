//! `quorate completions` and `quorate man`: what a shell and `man` want to know, from the one description of the
//! command line.

use std::path::Path;

use clap::CommandFactory;

use super::args::{Cli, CompletionsArgs, ManArgs};
use super::{CliError, Session, Streams};
use crate::exit::Exit;

pub(super) fn completions(
    _: &Session<'_>,
    args: &CompletionsArgs,
    streams: &mut Streams<'_>,
) -> Result<Exit, CliError> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "quorate", &mut script);
    streams.out.write_all(&script)?;
    Ok(Exit::Expected)
}

/// The page of the program to standard output, or all pages into a folder.
pub(super) fn man(session: &Session<'_>, args: &ManArgs, streams: &mut Streams<'_>) -> Result<Exit, CliError> {
    let mut command = Cli::command();
    command.build();
    let Some(folder) = &args.folder else {
        streams.out.write_all(&page(command)?)?;
        return Ok(Exit::Expected);
    };
    let failed = |path: &Path, error| CliError::File { verb: "write", path: path.to_owned(), error };
    std::fs::create_dir_all(session.folder.join(folder)).map_err(|error| failed(folder, error))?;
    let below = command.get_subcommands().filter(|one| one.get_name() != "help").cloned();
    for command in below.chain([command.clone()]) {
        let file = folder.join(format!("{}.1", command.get_display_name().unwrap_or(command.get_name())));
        let page = page(command)?;
        std::fs::write(session.folder.join(&file), page).map_err(|error| failed(&file, error))?;
        writeln!(streams.err, "{}", file.display())?;
    }
    Ok(Exit::Expected)
}

fn page(command: clap::Command) -> Result<Vec<u8>, CliError> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(page)
}
