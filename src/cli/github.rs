//! In GitHub Actions, annotations and the step summary come by themselves.

use std::fs::OpenOptions;
use std::io::Write;

use super::output::{Destination, Outputs};
use super::{CliError, Session, Streams};
use crate::report::{Run, format};

/// GitHub takes a summary of at most 1 MiB.
const SUMMARY_BYTES_MAX: usize = 1 << 20;

/// Writes what GitHub shows of a run, if this is one of its runners.
pub(super) fn tell(
    session: &Session<'_>,
    run: &Run<'_>,
    outputs: &Outputs,
    streams: &mut Streams<'_>,
) -> Result<(), CliError> {
    if session.variables.get("GITHUB_ACTIONS").is_none_or(|value| value != "true") {
        return Ok(());
    }
    let [github, markdown] = ["github", "markdown"].map(|name| format(name).expect("it is one of the formats"));
    if !outputs.forms.iter().any(|(format, _)| format.name == github.name) {
        // The runner reads both streams; standard output may be a document.
        let stream = if matches!(outputs.text, Destination::Out) { &mut streams.out } else { &mut streams.err };
        stream.write_all((github.end)(run).as_bytes())?;
    }
    if let Some(file) = session.variables.get("GITHUB_STEP_SUMMARY") {
        let path = session.folder.join(file);
        let failed = |error| CliError::File { verb: "write", path: path.clone(), error };
        let mut summary = OpenOptions::new().create(true).append(true).open(&path).map_err(failed)?;
        summary.write_all(cut(&(markdown.end)(run)).as_bytes()).map_err(failed)?;
    }
    Ok(())
}

/// A summary that is taken: what is too long is cut at a line.
fn cut(text: &str) -> String {
    const NOTE: &str = "\n_The rest is too long for a summary._\n";
    if text.len() < SUMMARY_BYTES_MAX {
        return text.to_owned();
    }
    let room = SUMMARY_BYTES_MAX - NOTE.len();
    let ends = text.match_indices('\n').map(|(ix, _)| ix + 1).take_while(|end| *end <= room);
    format!("{}{NOTE}", &text[..ends.last().unwrap_or_default()])
}
