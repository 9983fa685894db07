//! Files for single traces: of all findings (`--trace-dir`), and of violations with a page each (`--artifacts`).

use std::collections::BTreeSet;
use std::path::Path;

use super::{CliError, Session, Streams};
use crate::report::{
    page,
    style::{FAINT, paint},
};
use crate::spec::Checked;
use crate::trace::{Outcome, Trace};

/// Writes a file for each trace that was made.
pub(super) fn write_traces(
    session: &Session<'_>,
    folder: &Path,
    checked: &[Checked],
    streams: &mut Streams<'_>,
) -> Result<(), CliError> {
    let mut folder = Folder::make(session, folder)?;
    for (checked, trace) in traces(checked) {
        let file = folder.write(checked, trace, "json", &trace.to_json())?;
        writeln!(streams.err, "{} {file}", paint(FAINT, "trace:"))?;
    }
    Ok(())
}

/// Writes the trace and the page of each violation.
pub(super) fn write_artifacts(session: &Session<'_>, folder: &Path, checked: &[Checked]) -> Result<(), CliError> {
    let mut folder = Folder::make(session, folder)?;
    for (checked, trace) in traces(checked).filter(|(_, trace)| trace.verdict == Outcome::Violated) {
        let title = format!("{}: {}", checked.check.instance.protocol, checked.check.name);
        folder.write(checked, trace, "json", &trace.to_json())?;
        folder.write(checked, trace, "md", &page(trace, &title))?;
    }
    Ok(())
}

fn traces(checked: &[Checked]) -> impl Iterator<Item = (&Checked, &Trace)> {
    checked.iter().flat_map(|checked| checked.traces().map(move |trace| (checked, trace)))
}

/// A folder in which no file of this run has the name of another.
struct Folder<'s> {
    session: &'s Session<'s>,
    path: &'s Path,
    taken: BTreeSet<String>,
}

impl<'s> Folder<'s> {
    fn make(session: &'s Session<'s>, path: &'s Path) -> Result<Self, CliError> {
        let cannot = |error| CliError::File { verb: "write", path: path.to_owned(), error };
        std::fs::create_dir_all(session.folder.join(path)).map_err(cannot)?;
        Ok(Self { session, path, taken: BTreeSet::new() })
    }

    /// Writes a file, and gives its name.
    fn write(&mut self, checked: &Checked, trace: &Trace, ending: &str, text: &str) -> Result<String, CliError> {
        let words = [&checked.check.instance.protocol, &checked.check.name, &trace.property];
        let stem = words.map(|word| slug(word)).join(".");
        let file = self.path.join(free_name(&stem, ending, &mut self.taken));
        let cannot = |error| CliError::File { verb: "write", path: file.clone(), error };
        std::fs::write(self.session.folder.join(&file), text).map_err(cannot)?;
        Ok(file.display().to_string())
    }
}

/// A name that no other file of this run has: two checks may differ only by what a file name cannot have.
pub(super) fn free_name(stem: &str, ending: &str, taken: &mut BTreeSet<String>) -> String {
    let name = |n: usize| if n == 1 { format!("{stem}.{ending}") } else { format!("{stem}.{n}.{ending}") };
    let free = (1..).map(name).find(|name| !taken.contains(name)).expect("there are more numbers than names");
    taken.insert(free.clone());
    free
}

/// Words as a file name has them.
pub(super) fn slug(words: &str) -> String {
    let plain: String = words.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    parts.join("-").chars().take(60).collect()
}
