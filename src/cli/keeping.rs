//! Where searches are kept, so that they can be gone on with.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value as Json;

use super::args::SearchArgs;
use super::artifacts::{free_name, slug};
use super::{CliError, Session, Streams};
use crate::engine::Checkpoints;
use crate::spec::Check;

/// How often a search is kept if nothing is said.
const EVERY: Duration = Duration::from_secs(300);

/// Where the checkpoints of each check are, in the order of the checks; empty if none are asked for.
pub(super) fn of_checks(
    session: &Session<'_>,
    args: &SearchArgs,
    checks: &[Check],
    streams: &mut Streams<'_>,
) -> Result<Vec<Checkpoints>, CliError> {
    let at = |folder: &PathBuf| session.folder.join(folder);
    let from = args.resume.as_ref().map(at);
    let Some(to) = args.checkpoint.as_ref().map(at).or_else(|| from.clone()) else { return Ok(Vec::new()) };
    if let Some(folder) = from.as_ref().filter(|folder| !folder.is_dir()) {
        return Err(CliError::Usage(format!("--resume {}: there is no such folder", folder.display())));
    }
    let mut taken = BTreeSet::new();
    let mut kept = Vec::new();
    for check in checks {
        let stem = format!("{}.{}", slug(&check.instance.protocol), slug(&check.name));
        let name = free_name(&stem, "checkpoint", &mut taken);
        let resume = from.as_ref().map(|from| from.join(&name)).filter(|folder| folder.is_dir());
        if args.resume.is_some() && resume.is_none() {
            writeln!(streams.err, "{}: nothing is kept of `{}`: it begins now", check.instance.protocol, check.name)?;
        }
        kept.push(Checkpoints {
            folder: to.join(&name),
            every: args.every.unwrap_or(EVERY),
            identity: Json::Null,
            resume,
        });
    }
    Ok(kept)
}
