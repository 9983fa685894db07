//! What is left to be said of a run that has no last state: why it is fair, and that something is missing.
//!
//! The same look is taken when a trace is recorded and when it is taken again, so that a lasso that is no longer
//! one is not confirmed.

use std::collections::{BTreeMap, BTreeSet};

use super::{Ending, How, Kept};
use crate::engine::{self, Path};
use crate::system::{
    Action, ActionKind, Evidence, Explain, FairClass, FairInstance, FairInstances, Fairness, Level, PropertyKind,
    PropertySet, ShowsIn, Successors, Word,
};

/// How many states behind a trap are looked at to confirm that it is one.
const TRAP_STATES_MAX: usize = 100_000;

impl Ending {
    /// The ending of a path that goes on in this way.
    pub(super) fn of_path(&self) -> engine::Ending {
        match *self {
            Self::Loop { from, fairness, .. } => engine::Ending::Loop { from, fairness },
            Self::Stop { fairness, .. } => engine::Ending::Stop { fairness },
            Self::Trap => engine::Ending::Trap,
        }
    }
}

/// How the run goes on after `path`.
///
/// # Errors
/// A sentence that says why a run along `path` is not what its ending says.
pub(super) fn ending(system: &dyn Explain, path: &Path) -> Result<Option<Ending>, String> {
    match path.ending {
        engine::Ending::Found => Ok(None),
        engine::Ending::Loop { from, fairness } => {
            if path.states.get(from) != path.states.last() {
                return Err(format!("they do not lead back to where step {} begins", from + 1));
            }
            Ok(Some(Ending::Loop { from, fairness, kept: kept(system, path, from, fairness)? }))
        }
        engine::Ending::Stop { fairness } => stop(system, path, fairness).map(Some),
        engine::Ending::Trap => Ok(Some(Ending::Trap)),
    }
}

/// What a property finds on a run that ends like `path`, if it finds that the run violates it.
///
/// # Errors
/// A sentence that says where nothing is missing.
pub(super) fn evidence(system: &dyn Explain, path: &Path, property_ix: usize) -> Result<Evidence, String> {
    let found = |at: usize| system.evidence(&path.states[at], property_ix);
    let last = path.states.len() - 1;
    let nothing = || "the property finds nothing then".to_owned();
    let here = match path.ending {
        engine::Ending::Found => {
            let before = last.checked_sub(1).map(|before| &path.states[before]);
            let of_step = before.and_then(|before| system.step_evidence(before, &path.states[last], property_ix));
            return of_step.or_else(|| found(last)).ok_or_else(nothing);
        }
        engine::Ending::Loop { from, .. } => from,
        engine::Ending::Stop { .. } | engine::Ending::Trap => last,
    };
    let since = match system.properties()[property_ix].kind {
        PropertyKind::EventuallyAlways => return (here..=last).find_map(found).ok_or_else(nothing),
        PropertyKind::Eventually => 0,
        PropertyKind::LeadsTo => {
            let open = PropertySet::EMPTY.with(property_ix);
            let asked = |at: &usize| !system.asks(&path.states[*at], open).is_empty();
            (0..=here).rev().find(asked).ok_or("nothing is asked for on the way")?
        }
        PropertyKind::Always
        | PropertyKind::Sometimes
        | PropertyKind::NoDeadlock
        | PropertyKind::AlwaysStep
        | PropertyKind::AlwaysPossible => here,
    };
    match (since..=last).find(|at| found(*at).is_none()) {
        Some(0) => Err("nothing is missing at the start".to_owned()),
        Some(at) => Err(format!("nothing is missing after step {at}")),
        None => found(here).ok_or_else(nothing),
    }
}

/// That what is missing at the end of `path` is out of reach, if that is what its ending says.
///
/// # Errors
/// A sentence that says why it is not so, or why it is not known.
pub(super) fn trapped(system: &dyn Explain, path: &Path, property_ix: usize) -> Result<(), String> {
    if path.ending != engine::Ending::Trap {
        return Ok(());
    }
    let start = path.states.last().expect("a path has at least one state").clone();
    let (mut seen, mut open) = (BTreeSet::from([start.clone()]), vec![start]);
    let mut successors = Successors::default();
    while let Some(state) = open.pop() {
        if system.evidence(&state, property_ix).is_none() {
            return Err("what is missing can still be reached".to_owned());
        }
        if seen.len() > TRAP_STATES_MAX {
            return Err(format!("more than {TRAP_STATES_MAX} states are behind it; check again to know"));
        }
        system.successors(&state, &mut successors);
        let kinds = ActionKind::ALL.into_iter().filter(|kind| !kind.is_fault());
        if kinds.map(|kind| successors.ruled_out(kind)).sum::<u32>() > 0 {
            return Err("an assumption rules out what may lead to what is missing".to_owned());
        }
        for successor in successors.iter().filter(|successor| !successor.kind.is_fault()) {
            let mut next = state.clone();
            successor.apply(&mut next);
            if seen.insert(next.clone()) {
                open.push(next);
            }
        }
    }
    Ok(())
}

/// The same steps with the ending by which they show what the property looks for; `None` if they do not show it.
///
/// A path that was read from a code says nothing of how the run goes on. If it leads back to a state where it was, that
/// is a loop; else the run may stop there, or nothing that is missing can be reached any more.
pub fn settled(system: &dyn Explain, path: &Path, property_ix: usize) -> Option<Path> {
    let card = &system.properties()[property_ix];
    if card.kind.shows_in() != ShowsIn::Graph {
        let path = Path { ending: engine::Ending::Found, ..path.clone() };
        let alive = card.kind == PropertyKind::NoDeadlock && goes_on(system, path.states.last()?);
        return (!alive && evidence(system, &path, property_ix).is_ok()).then_some(path);
    }
    let last = path.states.last()?;
    let fairness = card.fairness;
    let loops = (0..path.steps.len()).filter(|from| path.states[*from] == *last);
    let loops = loops.map(|from| engine::Ending::Loop { from, fairness });
    let others = match card.kind {
        PropertyKind::AlwaysPossible => engine::Ending::Trap,
        PropertyKind::Always
        | PropertyKind::Sometimes
        | PropertyKind::NoDeadlock
        | PropertyKind::AlwaysStep
        | PropertyKind::Eventually
        | PropertyKind::LeadsTo
        | PropertyKind::EventuallyAlways => engine::Ending::Stop { fairness },
    };
    let fits = |path: &Path| {
        ending(system, path).is_ok()
            && evidence(system, path, property_ix).is_ok()
            && trapped(system, path, property_ix).is_ok()
    };
    loops.chain([others]).map(|ending| Path { ending, ..path.clone() }).find(fits)
}

/// Whether something other than a fault can happen.
fn goes_on(system: &dyn Explain, state: &[Word]) -> bool {
    let mut successors = Successors::default();
    system.successors(state, &mut successors);
    successors.iter().any(|successor| !successor.kind.is_fault())
}

fn stop(system: &dyn Explain, path: &Path, fairness: Fairness) -> Result<Ending, String> {
    let here = path.states.last().expect("a path has at least one state");
    let (mut successors, mut instances) = (Successors::default(), FairInstances::default());
    system.successors(here, &mut successors);
    system.fair_instances(here, &mut instances);
    let mut possible: Vec<Action> = (0..successors.len()).map(|index| system.action(here, index)).collect();
    possible.sort();
    let owed = possible.iter().find(|action| fairness.of_kind(action.kind()) > Level::Nothing);
    match owed {
        Some(action) => Err(format!("the run does not end there: {action} is possible")),
        None if instances.ruled_out.iter().any(|one| fairness.of_kind(one.kind) > Level::Nothing) => {
            Err("the run does not end there: an assumption rules out what would happen".to_owned())
        }
        None => Ok(Ending::Stop { fairness, possible }),
    }
}

/// What is possible somewhere on the loop: in how many of its states, and how fairness to it is kept.
struct Chance {
    what: String,
    possible_in: usize,
    how: Option<How>,
}

/// How the loop that begins at the state `from` keeps fairness to everything that is possible on it.
fn kept(system: &dyn Explain, path: &Path, from: usize, fairness: Fairness) -> Result<Vec<Kept>, String> {
    let mut chances: BTreeMap<FairInstance, Chance> = BTreeMap::new();
    let here = |at: usize| -> &[Word] { &path.states[at] };
    let possible: Vec<FairInstances> = (from..path.steps.len())
        .map(|at| {
            let mut instances = FairInstances::default();
            system.fair_instances(here(at), &mut instances);
            instances
        })
        .collect();
    for (at, instances) in (from..).zip(&possible) {
        let mut seen = Vec::new();
        for (index, instance) in instances.taken_by.iter().enumerate() {
            let name = || name(&system.action(here(at), index));
            let chance = chances.entry(*instance).or_insert_with(|| Chance { what: name(), possible_in: 0, how: None });
            if !seen.contains(instance) {
                seen.push(*instance);
                chance.possible_in += 1;
            }
            if path.steps[at] == index && chance.how.is_none() {
                chance.how = Some(How::Taken { step: at + 1 });
            }
        }
        for instance in instances.ruled_out.iter() {
            let name = || format!("a {} that an assumption rules out", instance.kind.word());
            let chance = chances.entry(*instance).or_insert_with(|| Chance { what: name(), possible_in: 0, how: None });
            if !seen.contains(instance) {
                seen.push(*instance);
                chance.possible_in += 1;
            }
        }
    }
    let mut kept = Vec::new();
    for (instance, chance) in chances {
        let (Some(class), level) = (FairClass::of(instance.kind), fairness.of_kind(instance.kind)) else { continue };
        let impossible = || {
            let is_possible =
                |one: &FairInstances| one.taken_by.contains(&instance) || one.ruled_out.contains(&instance);
            possible.iter().position(|one| !is_possible(one)).map(|at| How::Impossible { after: from + at })
        };
        let how = match level {
            Level::Nothing | Level::Progress => continue,
            Level::Weak => chance.how.or_else(impossible),
            Level::Strong => chance.how,
        };
        let throughout = if chance.possible_in == possible.len() { "throughout" } else { "again and again" };
        let how = how.ok_or_else(|| format!("the loop is not fair: {} is possible {throughout}", chance.what))?;
        kept.push(Kept { class, level, what: chance.what, how });
    }
    kept.sort_by(|a, b| (a.class, &a.what).cmp(&(b.class, &b.what)));
    Ok(kept)
}

/// What an action is an instance of, in words.
fn name(action: &Action) -> String {
    match action {
        Action::Choose { node, key, .. } => format!("{} {node}: {key}", ActionKind::Choose.word()),
        action => action.to_string(),
    }
}
