//! Ours against the reference: same counts at every distance, same findings, ways that can be walked.

use quorate::cluster::Cluster;
use quorate::engine::{Cut, Ended, Exploration, Limits, Path, Paths, Settings, Silent, StopWhen, explore};
use quorate::model::{Environment, Protocol};
use quorate::system::{Explain, PropertySet, Successors, Word};

use super::naive::{Bounds, Census};
use super::reference::Reference;

/// Everything, with ways to all findings.
pub fn everything(threads: usize) -> Settings {
    Settings { threads, limits: Limits::default(), stop_when: StopWhen::Never, paths: Paths::All }
}

/// Holds the cluster of a protocol against the reference of the same.
///
/// The reference sees as many whole levels as `bounds` allow; the cluster is searched as deep.
///
/// # Errors
/// What differs.
pub fn agree<P: Protocol>(
    protocol: impl Fn() -> P,
    environment: &Environment,
    threads: usize,
    bounds: Bounds,
) -> Result<Census, String> {
    let expected = Reference::new(protocol(), environment).census(&P::properties(), bounds);
    let cluster = Cluster::new(protocol(), environment)?;
    let mut settings = everything(threads);
    settings.limits.depth = (!expected.complete).then(|| expected.depth());
    let found = explore(&cluster, &settings, &Silent);
    compare(&expected, &found)?;
    for (property_ix, finding) in found.findings.iter().enumerate() {
        if let Some(path) = finding.as_ref().and_then(|finding| finding.path.as_ref()) {
            walk(&cluster, path, property_ix)?;
        }
    }
    Ok(expected)
}

/// Counts and findings of a search against those of the naive one. The cluster's own last property, that
/// handlers behave, must have found nothing.
fn compare(expected: &Census, found: &Exploration) -> Result<(), String> {
    same("distinct states by distance", &expected.widths, &found.statistics.widths)?;
    same("distinct states", &expected.distinct(), &found.statistics.distinct)?;
    same("depth", &expected.depth(), &found.statistics.depth)?;
    same("steps", &expected.generated, &found.statistics.generated)?;
    let end = if expected.complete { Ended::Complete } else { Ended::Cut(Cut::Depth) };
    same("end", &end, &found.ended)?;
    let depths: Vec<Option<u32>> = found.findings.iter().map(|f| f.as_ref().map(|finding| finding.depth)).collect();
    let nearest: Vec<Option<u32>> = expected.nearest.iter().copied().chain([None]).collect();
    same("distance of the findings", &nearest, &depths)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: &T, found: &T) -> Result<(), String> {
    (expected == found).then_some(()).ok_or_else(|| format!("{what}: {expected:?} expected, {found:?} found"))
}

/// Walks a way step by step, to a state in which the property finds something.
///
/// # Errors
/// Where the way does not lead on.
pub fn walk(system: &dyn Explain, path: &Path, property_ix: usize) -> Result<(), String> {
    let mut successors = Successors::default();
    let mut state: Box<[Word]> = path.states[0].clone();
    same("starts initially", &true, &system.initial().contains(&state))?;
    for (&step, next) in path.steps.iter().zip(&path.states[1..]) {
        system.successors(&state, &mut successors);
        let successor = successors.iter().nth(step).ok_or("the way takes a step that is not there")?;
        successor.apply(&mut state);
        same("state on the way", next, &state)?;
    }
    let finds = system.findings(&state, PropertySet::EMPTY.with(property_ix));
    same("finds at the end of the way", &true, &finds.contains(property_ix))?;
    same("has evidence at the end of the way", &true, &system.evidence(&state, property_ix).is_some())
}
