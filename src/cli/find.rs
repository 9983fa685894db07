//! Which manifests there are.

use std::path::{Component, Path, PathBuf};

use super::{CliError, Session};
use crate::spec::{self, Manifest, Project, Source, nearest};

const SPECS: &str = "specs";
const PROJECT: &str = "quorate.toml";

/// The project around the session's folder.
#[derive(Debug)]
pub(super) struct Root {
    /// Its folder, as seen from the session's.
    pub(super) folder: PathBuf,
    /// What its `quorate.toml` says.
    pub(super) project: Project,
}

/// The nearest folder, here or above, that has `quorate.toml` or a specs folder.
pub(super) fn root(session: &Session<'_>) -> Result<Option<Root>, CliError> {
    let is_root = |folder: &&Path| folder.join(SPECS).is_dir() || folder.join(PROJECT).is_file();
    let Some(ups) = session.folder.ancestors().position(|folder| is_root(&folder)) else { return Ok(None) };
    let folder: PathBuf = std::iter::repeat_n(Component::ParentDir, ups).collect();
    let file = folder.join(PROJECT);
    if !session.folder.join(&file).is_file() {
        return Ok(Some(Root { folder, project: Project::default() }));
    }
    let unreadable = |error| CliError::File { verb: "read", path: file.clone(), error };
    let text = std::fs::read_to_string(session.folder.join(&file)).map_err(unreadable)?;
    let source = Source::file(file.display().to_string(), text);
    let project = spec::read_project(source).map_err(|mistakes| CliError::Mistakes(vec![mistakes]))?;
    Ok(Some(Root { folder, project }))
}

/// The manifests of a project, by name within each of its places.
pub(super) fn project_manifests(session: &Session<'_>, root: Option<&Root>) -> Result<Vec<PathBuf>, CliError> {
    let mut files = Vec::new();
    for place in places(session, root) {
        if session.folder.join(&place).is_file() {
            files.push(place);
        } else {
            files.extend(manifests_in(session, &place)?);
        }
    }
    if files.is_empty() {
        let folder = session.folder.display();
        let message = format!(
            "nothing to check: no `{SPECS}` folder in {folder} or above\n  `quorate check PROTOCOL` checks a protocol ad hoc; `quorate list` names all of them"
        );
        return Err(CliError::NothingSelected(message));
    }
    Ok(files)
}

/// Where the manifests of a project are. Places that `quorate.toml` names must be there.
fn places(session: &Session<'_>, root: Option<&Root>) -> Vec<PathBuf> {
    let Some(root) = root else { return Vec::new() };
    match &root.project.specs {
        Some(specs) => specs.iter().map(|place| root.folder.join(place)).collect(),
        None => {
            let specs = root.folder.join(SPECS);
            session.folder.join(&specs).is_dir().then_some(specs).into_iter().collect()
        }
    }
}

/// The manifests in a folder, by name.
pub(super) fn manifests_in(session: &Session<'_>, folder: &Path) -> Result<Vec<PathBuf>, CliError> {
    let unreadable = |error| CliError::File { verb: "read", path: folder.to_owned(), error };
    let mut files = Vec::new();
    for member in session.folder.join(folder).read_dir().map_err(unreadable)? {
        let name = member.map_err(unreadable)?.file_name();
        if Path::new(&name).extension().is_some_and(|extension| extension == "toml") {
            files.push(folder.join(name));
        }
    }
    files.sort();
    Ok(files)
}

/// The files that a target names, which is no protocol.
pub(super) fn target(session: &Session<'_>, target: &str) -> Result<Vec<PathBuf>, CliError> {
    let path = session.folder.join(target);
    if path.is_dir() {
        manifests_in(session, Path::new(target))
    } else if path.is_file() {
        Ok(vec![PathBuf::from(target)])
    } else {
        Err(CliError::Usage(neither(session, target)))
    }
}

fn neither(session: &Session<'_>, target: &str) -> String {
    let stem = |path: &Path| path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let word = stem(Path::new(target));
    let root = root(session).ok().flatten();
    let specs = project_manifests(session, root.as_ref()).unwrap_or_default();
    let stems: Vec<String> = specs.iter().map(|path| stem(path)).collect();
    let protocol = nearest(&word, session.protocol_names()).map(|name| format!("the protocol `{name}`"));
    let file = nearest(&word, stems.iter().map(String::as_str))
        .and_then(|near| stems.iter().position(|stem| stem == near))
        .map(|at| format!("the file `{}`", specs[at].display()));
    let near: Vec<String> = protocol.into_iter().chain(file).collect();
    let near = if near.is_empty() { String::new() } else { format!("\n  did you mean {}?", near.join(" or ")) };
    format!("`{target}` is neither a protocol nor a file{near}\n  `quorate list` names all protocols")
}

/// Reads manifests: all of them, so that every mistake is told at once.
pub(super) fn read_all(session: &Session<'_>, files: &[PathBuf]) -> Result<Vec<Manifest>, CliError> {
    let mut manifests = Vec::new();
    let mut wrong = Vec::new();
    for path in files {
        let unreadable = |error| CliError::File { verb: "read", path: path.clone(), error };
        let text = std::fs::read_to_string(session.folder.join(path)).map_err(unreadable)?;
        match spec::read(Source::file(path.display().to_string(), text), session.catalogue) {
            Ok(manifest) => manifests.push(manifest),
            Err(mistakes) => wrong.push(mistakes),
        }
    }
    if wrong.is_empty() { Ok(manifests) } else { Err(CliError::Mistakes(wrong)) }
}
