//! Ours against the reference: same counts at every distance, same findings, ways that can be walked.

use quorate::cluster::Cluster;
use quorate::engine::{Cut, Ended, Exploration, Finding, Limits, Path, Paths, Settings, Silent, explore};
use quorate::model::{Environment, Protocol};
use quorate::system::{Action, Explain, PropertySet, Snapshot, Successor, Successors, TransitionSystem, Word};
use stateright::Model;

use super::naive::{Bounds, Census};
use super::reference::Reference;

/// Everything, with ways to all findings.
pub fn everything(threads: usize) -> Settings {
    // A model that turns out to have no end fails its test, not the machine.
    let limits = Limits { states: Some(5_000_000), ..Limits::default() };
    Settings { threads, paths: Paths::All, limits, ..Settings::default() }
}

/// Holds the cluster of a protocol against the reference of the same, with one thread and with two.
///
/// The reference sees as many whole levels as `bounds` allow; the cluster is searched as deep.
///
/// # Errors
/// What differs.
pub fn agree<P: Protocol>(
    protocol: impl Fn() -> P,
    environment: &Environment,
    bounds: Bounds,
) -> Result<Census, String> {
    let expected = Reference::new(protocol(), environment).census(&P::properties(), bounds);
    let mut tales = Vec::new();
    for threads in [1, 2] {
        let cluster = Cluster::new(protocol(), environment)?;
        let mut settings = everything(threads);
        settings.limits.depth = (!expected.complete).then(|| expected.depth());
        let found = explore(&cluster, &settings, &Silent);
        compare(&expected, &found)?;
        tales.push(tale(&cluster, &found)?);
    }
    same("ways with two threads", &tales[0], &tales[1])?;
    Ok(expected)
}

/// The ways to all findings, walked and told.
///
/// # Errors
/// Where a way does not lead to its finding.
pub fn tale(system: &dyn Explain, found: &Exploration) -> Result<Vec<Option<Vec<Action>>>, String> {
    let told = |(property_ix, finding): (usize, &Option<Finding>)| match finding {
        None => Ok(None),
        Some(Finding { path: None, .. }) => Err(format!("no way to the finding of property {property_ix}")),
        Some(Finding { path: Some(path), depth }) => {
            same("length of the way", depth, &(path.steps.len() as u32))?;
            walk(system, path, property_ix).map(Some)
        }
    };
    found.findings.iter().enumerate().map(told).collect()
}

/// Counts and findings of a search against those of the naive one. What the naive one was not asked for (in clusters,
/// whether handlers behave) must have found nothing.
///
/// # Errors
/// What differs.
pub fn compare(expected: &Census, found: &Exploration) -> Result<(), String> {
    same("distinct states by distance", &expected.widths, &found.statistics.widths)?;
    same("distinct states", &expected.distinct(), &found.statistics.distinct)?;
    same("depth", &expected.depth(), &found.statistics.depth)?;
    same("steps", &expected.generated, &found.statistics.generated)?;
    let end = if expected.complete { Ended::Complete } else { Ended::Cut(Cut::Depth) };
    same("end", &end, &found.ended)?;
    let depths: Vec<Option<u32>> = found.findings.iter().map(|f| f.as_ref().map(|finding| finding.depth)).collect();
    let mut nearest = expected.nearest.clone();
    nearest.resize(depths.len(), None);
    same("distance of the findings", &nearest, &depths)
}

fn same<T: PartialEq + std::fmt::Debug>(what: &str, expected: &T, found: &T) -> Result<(), String> {
    (expected == found).then_some(()).ok_or_else(|| format!("{what}: {expected:?} expected, {found:?} found"))
}

/// Walks a way step by step, to a state in which the property finds something.
fn walk(system: &dyn Explain, path: &Path, property_ix: usize) -> Result<Vec<Action>, String> {
    let mut successors = Successors::default();
    let mut state: Box<[Word]> = path.states[0].clone();
    same("starts initially", &true, &system.initial().contains(&state))?;
    let mut actions = Vec::new();
    for (&step, next) in path.steps.iter().zip(&path.states[1..]) {
        actions.push(system.action(&state, step));
        system.successors(&state, &mut successors);
        let successor = successors.iter().nth(step).ok_or("the way takes a step that is not there")?;
        successor.apply(&mut state);
        same("state on the way", next, &state)?;
    }
    let finds = system.findings(&state, PropertySet::EMPTY.with(property_ix));
    same("finds at the end of the way", &true, &finds.contains(property_ix))?;
    same("has evidence at the end of the way", &true, &system.evidence(&state, property_ix).is_some())?;
    Ok(actions)
}

/// Walks the cluster and the reference side by side: in every state both tell the same state and the same steps,
/// with the same consequences. `turns` says which step is taken.
///
/// # Errors
/// What differs, after how many steps.
pub fn walk_together<P: Protocol>(
    protocol: impl Fn() -> P,
    environment: &Environment,
    turns: &[usize],
) -> Result<(), String> {
    let cluster = Cluster::new(protocol(), environment)?;
    let reference = Reference::new(protocol(), environment);
    let mut state = cluster.initial().remove(0);
    let mut world = reference.init_states().remove(0);
    same("initial state", &reference.snapshot(&world), &snapshot(&cluster, &state))?;
    for (count, turn) in turns.iter().enumerate() {
        let mut expected: Vec<(Told, _)> = reference
            .steps(&world)
            .into_iter()
            .map(|(action, next)| ((action, reference.snapshot(&next)), next))
            .collect();
        let mut found = steps(&cluster, &state);
        expected.sort_by_cached_key(|(told, _)| format!("{told:?}"));
        found.sort_by_cached_key(|(told, _)| format!("{told:?}"));
        let told: [Vec<&Told>; 2] = [expected.iter().map(|(t, _)| t).collect(), found.iter().map(|(t, _)| t).collect()];
        same(&format!("step {count}"), &told[0], &told[1])?;
        if expected.is_empty() {
            break;
        }
        let ix = turn % expected.len();
        (world, state) = (expected.swap_remove(ix).1, found.swap_remove(ix).1);
    }
    Ok(())
}

/// A step and the state after it.
type Told = (Action, Snapshot);

/// What the cluster tells of every step out of `state`.
fn steps(system: &dyn Explain, state: &[Word]) -> Vec<(Told, Box<[Word]>)> {
    let mut successors = Successors::default();
    system.successors(state, &mut successors);
    let step = |(ix, successor): (usize, Successor<'_>)| {
        let mut next: Box<[Word]> = state.into();
        successor.apply(&mut next);
        ((system.action(state, ix), snapshot(system, &next)), next)
    };
    successors.iter().enumerate().map(step).collect()
}

/// What the cluster tells of a state, without the bound on nodes that are down at once, which follows from the rest.
fn snapshot(system: &dyn Explain, state: &[Word]) -> Snapshot {
    let mut snapshot = system.snapshot(state);
    snapshot.budgets.retain(|(name, _)| name != "down at once");
    snapshot
}
