//! `--update-lock`: the counts that were found, into the manifests.

use std::collections::BTreeSet;
use std::path::PathBuf;

use super::{CliError, Session, Streams};
use crate::spec::{self, Checked, Counted};

/// Writes the counts of the checks that are as expected into their manifests.
pub(super) fn write(session: &Session<'_>, checked: &[Checked], streams: &mut Streams<'_>) -> Result<(), CliError> {
    let file_of = |checked: &Checked| checked.check.place.as_ref().map(|(file, _)| file.clone());
    let files: BTreeSet<String> = checked.iter().filter_map(file_of).collect();
    for file in files {
        let of_file = || checked.iter().filter(|checked| file_of(checked).as_ref() == Some(&file));
        let locks: Vec<Counted> = of_file().filter_map(counts).collect();
        for checked in of_file().filter(|checked| counts(checked).is_none()) {
            writeln!(streams.err, "{file}: not locked: `{}` is not as expected", checked.check.name)?;
        }
        let written = write_file(session, &file, &locks)?;
        if written {
            writeln!(streams.err, "{file}: locks written")?;
        }
    }
    Ok(())
}

fn counts(checked: &Checked) -> Option<Counted> {
    let outcome = checked.outcome().filter(|outcome| outcome.failures.is_empty())?;
    let lock = spec::counts(&outcome.exploration)?;
    let (name, cell) = match &checked.check.cell {
        Some(cell) => (cell.sweep.clone(), Some(cell.label())),
        None => (checked.check.name.clone(), None),
    };
    Some(Counted { name, cell, lock })
}

/// Whether the locks have changed the file. It is read anew: the run may have taken hours. It is put in place as
/// a whole: a full disk shall not leave half a manifest.
fn write_file(session: &Session<'_>, file: &str, locks: &[Counted]) -> Result<bool, CliError> {
    let linked = session.folder.join(file);
    let failed = |verb, error| CliError::File { verb, path: PathBuf::from(file), error };
    // A link stays one: what it leads to is put in place.
    let path = linked.canonicalize().map_err(|error| failed("read", error))?;
    let text = std::fs::read_to_string(&path).map_err(|error| failed("read", error))?;
    let locked = spec::lock(&text, locks).map_err(|error| failed("read", std::io::Error::other(error.to_string())))?;
    if locked == text {
        return Ok(false);
    }
    let beside = path.with_extension("toml.new");
    std::fs::write(&beside, locked).and_then(|()| std::fs::rename(&beside, &path)).map_err(|e| failed("write", e))?;
    Ok(true)
}
