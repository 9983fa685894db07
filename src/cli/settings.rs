//! What is so when a flag, the environment or `quorate.toml` says it: the stronger wins, key by key.

use std::path::{Path, PathBuf};

use toml_edit::{Array, Value};

use super::args::{CheckArgs, SizeArg, UndecidedArg};
use super::find::Root;
use super::{CliError, Session};
use crate::report::style::{DOUBTFUL, paint};
use crate::spec::{self, Mistakes, PROFILE_KEYS, Profile, Project, Size, Source, nearest};

/// The variables that choose and set: the rest of the name is a key of a profile.
const PREFIX: &str = "QUORATE_";
const PROFILE: &str = "QUORATE_PROFILE";
/// Keys whose values are lists: in the environment with commas.
const LISTS: [&str; 4] = ["size", "tag", "skip_tag", "output"];
/// Keys whose values are numbers.
const NUMBERS: [&str; 2] = ["threads", "max_states"];

/// The settings of a run, and what is strange about them.
pub(super) struct Settings {
    pub(super) profile: Profile,
    /// Lines for people: variables that nobody reads.
    pub(super) notes: String,
}

impl Settings {
    /// The settings of a run with these flags.
    pub(super) fn of(session: &Session<'_>, args: &CheckArgs, root: Option<&Root>) -> Result<Self, CliError> {
        let project = root.map(|root| &root.project);
        let chosen = args.selection.profile.as_ref().or_else(|| session.variables.get(PROFILE));
        let mut wrong = Vec::new();
        let environment = environment(session, &mut wrong);
        if !wrong.is_empty() {
            return Err(CliError::Mistakes(wrong));
        }
        let named = match chosen {
            Some(name) => at_root(&named(project, name)?, root),
            None => Profile::default(),
        };
        let default = project.and_then(|project| project.profiles.get("default"));
        let default = default.map(|default| at_root(default, root)).unwrap_or_default();
        let profile = flags(args).or(&environment).or(&named).or(&default);
        Ok(Self { profile, notes: notes(session) })
    }
}

fn named(project: Option<&Project>, name: &str) -> Result<Profile, CliError> {
    let profiles = project.map(|project| &project.profiles);
    if let Some(profile) = profiles.and_then(|profiles| profiles.get(name)) {
        return Ok(profile.clone());
    }
    let known: Vec<&str> = profiles.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
    let near = nearest(name, known.iter().copied()).map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    Err(CliError::Usage(format!("no profile `{name}` in quorate.toml{near}\n  profiles: {known}")))
}

/// Files in `quorate.toml` are seen from its folder.
fn at_root(profile: &Profile, root: Option<&Root>) -> Profile {
    let folder = root.map_or(Path::new(""), |root| &root.folder);
    let from = |file: &str| folder.join(file).display().to_string();
    let output = |output: &String| match output.split_once('=') {
        Some((format, file)) => format!("{format}={}", from(file)),
        None => output.clone(),
    };
    Profile {
        outputs: profile.outputs.as_ref().map(|outputs| outputs.iter().map(output).collect()),
        artifacts: profile.artifacts.as_ref().map(|folder| from(folder)),
        ..profile.clone()
    }
}

/// What the environment says, read as a profile has it.
fn environment(session: &Session<'_>, wrong: &mut Vec<Mistakes>) -> Profile {
    let mut profile = Profile::default();
    for key in PROFILE_KEYS {
        let name = format!("{PREFIX}{}", key.to_uppercase());
        let Some(value) = session.variables.get(&name) else { continue };
        let value = match *key {
            key if LISTS.contains(&key) => Value::Array(value.split(',').map(str::trim).collect::<Array>()),
            key if NUMBERS.contains(&key) => value.parse::<i64>().map_or_else(|_| Value::from(value), Value::from),
            _ => Value::from(value),
        };
        let source = Source { name, text: format!("{key} = {value}"), from_options: true };
        match spec::read_profile(source) {
            Ok(read) => profile = profile.or(&read),
            Err(mistakes) => wrong.push(mistakes),
        }
    }
    profile
}

/// A variable that is nearly one of ours is a slip.
fn notes(session: &Session<'_>) -> String {
    let known: Vec<String> = PROFILE_KEYS.iter().map(|key| format!("{PREFIX}{}", key.to_uppercase())).collect();
    let known = || known.iter().map(String::as_str).chain([PROFILE]);
    let strange = |name: &&String| name.starts_with(PREFIX) && !known().any(|known| known == *name);
    let note = |name: &String| {
        let near = nearest(name, known()).map(|near| format!(", did you mean {near}?")).unwrap_or_default();
        format!("{}: nobody reads {name}{near}\n", paint(DOUBTFUL, "note"))
    };
    session.variables.keys().filter(strange).map(note).collect()
}

fn flags(args: &CheckArgs) -> Profile {
    let some = |list: &[String]| (!list.is_empty()).then(|| list.to_vec());
    let sizes = args.selection.size.iter().flat_map(|size| size.sizes().iter().copied()).collect::<Vec<Size>>();
    Profile {
        sizes: (!sizes.is_empty()).then_some(sizes),
        tags: some(&args.selection.tag),
        skip_tags: some(&args.selection.skip_tag),
        threads: args.search.threads.map(usize::from),
        max_states: args.search.max_states,
        time: args.search.time,
        time_in_all: args.search.time_in_all,
        memory_bytes: args.search.memory,
        undecided_allowed: args.search.undecided.map(|undecided| undecided == UndecidedArg::Allowed),
        outputs: some(&args.report.output),
        artifacts: args.report.artifacts.as_ref().map(|folder: &PathBuf| folder.display().to_string()),
    }
}

impl SizeArg {
    fn sizes(self) -> &'static [Size] {
        match self {
            Self::Small => &[Size::Small],
            Self::Standard => &[Size::Standard],
            Self::Stress => &[Size::Stress],
            Self::All => &[Size::Small, Size::Standard, Size::Stress],
        }
    }
}
