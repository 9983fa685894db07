//! `quorate.toml`: where the specs of a project are, and how they are checked.
//!
//! ```toml
//! specs = ["specs", "services/ledger/specs"]   # folders and files, as seen from this file
//!
//! [profile.default]                            # always
//! time = "60s"
//!
//! [profile.ci]                                 # with `--profile ci` or QUORATE_PROFILE=ci
//! size        = ["small", "standard"]
//! time_in_all = "20m"
//! output      = ["junit=target/quorate.xml", "sarif=target/quorate.sarif"]
//! artifacts   = "target/quorate"
//! ```
//!
//! A flag on the command line is stronger than an environment variable (`QUORATE_TIME_IN_ALL` and so on, a list with
//! commas), that is stronger than the profile, and that than the profile `default`.

use std::time::Duration;

use indexmap::IndexMap;

use super::manifest::{UNDECIDED, duration, size};
use super::reader::{Form, Node, Reader};
use super::{Mistakes, Size, Source};

const PROJECT_KEYS: &[&str] = &["specs", "profile"];

/// What can be set in a profile, and as `QUORATE_` and the key in capitals.
pub const PROFILE_KEYS: &[&str] = &[
    "size",
    "tag",
    "skip_tag",
    "threads",
    "max_states",
    "time",
    "time_in_all",
    "memory",
    "undecided",
    "output",
    "artifacts",
];

/// A `quorate.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Project {
    /// Folders and files of manifests, as seen from the file; `specs` if none is named.
    pub specs: Option<Vec<String>>,
    /// Settings by name.
    pub profiles: IndexMap<String, Profile>,
}

/// How checks are selected, run and reported; `None` where nothing is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// The sizes that are run.
    pub sizes: Option<Vec<Size>>,
    /// Checks with one of these tags.
    pub tags: Option<Vec<String>>,
    /// Not those with one of these.
    pub skip_tags: Option<Vec<String>>,
    /// Threads of the search.
    pub threads: Option<usize>,
    /// Most distinct states of each check.
    pub max_states: Option<u64>,
    /// Most time for each check.
    pub time: Option<Duration>,
    /// Most time for all of them.
    pub time_in_all: Option<Duration>,
    /// Most memory for each check.
    pub memory_bytes: Option<u64>,
    /// Whether a limit may leave something undecided.
    pub undecided_allowed: Option<bool>,
    /// Forms and where they go: `junit=report.xml`.
    pub outputs: Option<Vec<String>>,
    /// The folder for a trace and a page of each violation.
    pub artifacts: Option<String>,
}

impl Profile {
    /// What is said here, and for the rest what `weaker` says.
    #[must_use]
    pub fn or(self, weaker: &Self) -> Self {
        let weaker = weaker.clone();
        Self {
            sizes: self.sizes.or(weaker.sizes),
            tags: self.tags.or(weaker.tags),
            skip_tags: self.skip_tags.or(weaker.skip_tags),
            threads: self.threads.or(weaker.threads),
            max_states: self.max_states.or(weaker.max_states),
            time: self.time.or(weaker.time),
            time_in_all: self.time_in_all.or(weaker.time_in_all),
            memory_bytes: self.memory_bytes.or(weaker.memory_bytes),
            undecided_allowed: self.undecided_allowed.or(weaker.undecided_allowed),
            outputs: self.outputs.or(weaker.outputs),
            artifacts: self.artifacts.or(weaker.artifacts),
        }
    }
}

/// Reads a `quorate.toml`.
///
/// # Errors
/// Everything that is wrong with it.
pub fn read_project(source: Source) -> Result<Project, Mistakes> {
    let (mut reader, root) = Reader::new(source)?;
    let project = project(&mut reader, &root);
    reader.finish(project)
}

/// Reads the keys of one profile, such as `time = "60s"`.
///
/// # Errors
/// Everything that is wrong with them.
pub fn read_profile(source: Source) -> Result<Profile, Mistakes> {
    let (mut reader, root) = Reader::new(source)?;
    let profile = profile(&mut reader, &root);
    reader.finish(profile)
}

fn project(reader: &mut Reader, root: &Node) -> Option<Project> {
    let section = reader.section(root, PROJECT_KEYS)?;
    let specs = section.get("specs").map(|node| texts(reader, node));
    let mut profiles = IndexMap::new();
    if let Some(section) = section.get("profile").and_then(|node| reader.open_section(node)) {
        for entry in section.entries {
            if let Some(profile) = profile(reader, &entry.node) {
                profiles.insert(entry.key.clone(), profile);
            }
        }
    }
    Some(Project { specs, profiles })
}

fn profile(reader: &mut Reader, node: &Node) -> Option<Profile> {
    let section = reader.section(node, PROFILE_KEYS)?;
    Some(Profile {
        sizes: section.get("size").map(|node| sizes(reader, node)),
        tags: section.get("tag").map(|node| texts(reader, node)),
        skip_tags: section.get("skip_tag").map(|node| texts(reader, node)),
        threads: section.get("threads").and_then(|node| threads(reader, node)),
        max_states: section.get("max_states").and_then(|node| reader.count(node, i64::MAX as u64)),
        time: section.get("time").and_then(|node| duration(reader, node)),
        time_in_all: section.get("time_in_all").and_then(|node| duration(reader, node)),
        memory_bytes: section.get("memory").and_then(|node| size(reader, node)),
        undecided_allowed: section
            .get("undecided")
            .and_then(|node| reader.word(node, "value of `undecided`:", UNDECIDED)),
        outputs: section.get("output").map(|node| texts(reader, node)),
        artifacts: section.get("artifacts").and_then(|node| reader.text(node)).map(str::to_owned),
    })
}

/// A text, or a list of them.
fn texts(reader: &mut Reader, node: &Node) -> Vec<String> {
    one_or_more(reader, node).iter().filter_map(|node| reader.text(node)).map(str::to_owned).collect()
}

fn sizes(reader: &mut Reader, node: &Node) -> Vec<Size> {
    let all = Size::WORDS.map(|(_, size)| size).to_vec();
    let [small, standard, stress] = Size::WORDS.map(|(word, size)| (word, vec![size]));
    let mut sizes = Vec::new();
    for node in one_or_more(reader, node) {
        let words = [&small, &standard, &stress].map(|(word, sizes)| (*word, &sizes[..]));
        let words = [&words[..], &[("all", &all[..])]].concat();
        sizes.extend(reader.word(node, "size", &words).into_iter().flatten());
    }
    sizes
}

fn threads(reader: &mut Reader, node: &Node) -> Option<usize> {
    let count = reader.count(node, u64::from(u16::MAX))?;
    if count == 0 {
        reader.wrong(&node.span, "0 threads do nothing", "at least 1");
        return None;
    }
    usize::try_from(count).ok()
}

fn one_or_more<'n>(reader: &mut Reader, node: &'n Node) -> &'n [Node] {
    match &node.form {
        Form::Text(_) => std::slice::from_ref(node),
        Form::Whole(_) | Form::Flag(_) | Form::List(_) | Form::Section(_) | Form::Other(_) => reader.list(node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_project_has_specs_and_profiles() {
        let text =
            "specs = \"checks\"\n[profile.ci]\nsize = [\"small\", \"stress\"]\ntime_in_all = \"5m\"\nthreads = 2\n";
        let project = read_project(Source::file("quorate.toml", text)).unwrap();
        assert_eq!(project.specs, Some(vec!["checks".to_owned()]));
        let ci = &project.profiles["ci"];
        assert_eq!(ci.sizes, Some(vec![Size::Small, Size::Stress]));
        assert_eq!((ci.threads, ci.time_in_all), (Some(2), Some(Duration::from_secs(300))));
    }

    #[test]
    fn every_mistake_is_told() {
        let text = "spec = \"checks\"\n[profile.ci]\nsize = \"smal\"\ntime_in_al = \"5m\"\nthreads = 0\nmemory = 3\n";
        let mistakes = read_project(Source::file("quorate.toml", text)).unwrap_err();
        assert_eq!(mistakes.mistakes.len(), 5, "{mistakes}");
        assert!(mistakes.to_string().contains("did you mean `time_in_all`?"));
    }

    #[test]
    fn the_stronger_layer_wins_key_by_key() {
        let strong = Profile { threads: Some(1), ..Profile::default() };
        let weak = Profile { threads: Some(2), max_states: Some(3), ..Profile::default() };
        let both = strong.or(&weak);
        assert_eq!((both.threads, both.max_states), (Some(1), Some(3)));
    }
}
