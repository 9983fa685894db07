//! The canonical order of concurrent steps, so that equal bugs look equal.
//!
//! Two steps are independent if different nodes take them and no message of one is received by the other; so are all
//! steps on which neither rests through others (Mazurkiewicz 1977). Orders that differ only by independent steps tell
//! the same story. Of all of them the canonical one is least, action by action, in the order of [`Action`]: the
//! lexicographic normal form (Anisimov, Knuth 1979).
//!
//! What is independent by this rule may still meet in the observer's history or in a budget. So the order is taken
//! again, and kept only if it leads to the same finding; else steps that both change the history stay in order, and
//! if that is not enough, all do.
//!
//! A trace of the breadth-first search is in canonical order already: of all shortest ways it is the least.

use super::atlas::{Atlas, State, shows, shows_at_the_end, shows_in_step};
use super::causes::causes;
use super::{Part, Trace};
use crate::cluster::Instance;
use crate::engine::Path;
use crate::model::{InFlightAtCrash, NetworkKind};
use crate::system::{Action, ActionKind, Explain};

/// The same steps in canonical order. What shows in the graph, and a lasso, stays as it is.
///
/// # Panics
/// If `path` is no path of `system`, or the property finds nothing at its end.
pub fn canonical(system: &dyn Explain, path: &Path, instance: &Instance, property_ix: usize) -> Path {
    if !shows_at_the_end(system, path, property_ix) {
        return path.clone();
    }
    let trace = Trace::of(system, path, instance, property_ix);
    let mut atlas = Atlas::new(system, property_ix);
    let schedule = atlas.numbers(path);
    let actions: Vec<Action> = schedule.iter().map(|number| atlas.action(*number).clone()).collect();
    for history_in_order in [false, true] {
        let order = least_order(&actions, &dependences(&trace, history_in_order));
        let reordered: Vec<u32> = order.iter().map(|ix| schedule[*ix]).collect();
        let found = atlas.path(&path.states[0], &reordered);
        if let Some(found) = found.filter(|found| ends_there_first(system, found, property_ix)) {
            return found;
        }
    }
    path.clone()
}

/// Whether the property finds something in the last state and in none before.
fn ends_there_first(system: &dyn Explain, path: &Path, property_ix: usize) -> bool {
    let in_state = path.states.iter().position(|state| shows(system, state, property_ix));
    let shows_step = |pair: &[State]| shows_in_step(system, &pair[0], &pair[1], property_ix);
    let in_step = path.states.windows(2).position(shows_step).map(|step| step + 1);
    in_state.into_iter().chain(in_step).min() == Some(path.states.len() - 1)
}

/// For each step, the earlier ones that must stay before it.
fn dependences(trace: &Trace, history_in_order: bool) -> Vec<Vec<usize>> {
    let environment = &trace.instance.environment;
    let is_fifo = environment.network == NetworkKind::Fifo;
    let loses_at_crash = environment.crashes.in_flight == InFlightAtCrash::Lost;
    let changes_history = |ix: usize| trace.steps[ix].changes.iter().any(|change| change.part == Part::History);
    let mut before = causes(trace);
    for (later, rests_on) in before.iter_mut().enumerate() {
        let action = &trace.steps[later].action;
        for earlier in 0..later {
            let other = &trace.steps[earlier].action;
            let same_place = place(action, is_fifo).is_some_and(|node| place(other, is_fifo) == Some(node));
            // How many may be down at once binds all crashes; what is sent to the crashed may be lost with them.
            let crashes = [action, other].map(is_crash_or_restart);
            let bound = if loses_at_crash { crashes[0] || crashes[1] } else { crashes[0] && crashes[1] };
            let history = history_in_order && changes_history(later) && changes_history(earlier);
            // What strikes the whole network decides what passes, before and after.
            let everyone = strikes_all(action) || strikes_all(other);
            if (same_place || bound || history || everyone) && !rests_on.contains(&earlier) {
                rests_on.push(earlier);
            }
        }
    }
    before
}

/// The node whose step it is. A lost message is nobody's, except where it stood before others.
fn place(action: &Action, is_fifo: bool) -> Option<&str> {
    let stood_before_others = is_fifo && action.kind() == ActionKind::Drop;
    action.place().or_else(|| action.message().filter(|_| stood_before_others).map(|(_, to, _)| to))
}

fn is_crash_or_restart(action: &Action) -> bool {
    match action {
        Action::Crash { .. } | Action::LoseSave { .. } | Action::TearSave { .. } | Action::Restart { .. } => true,
        Action::Deliver { .. }
        | Action::Drop { .. }
        | Action::Duplicate { .. }
        | Action::Corrupt { .. }
        | Action::Timeout { .. }
        | Action::Choose { .. }
        | Action::Pause { .. }
        | Action::Resume { .. }
        | Action::Partition { .. }
        | Action::Heal
        | Action::Tick
        | Action::Drift { .. } => false,
    }
}

/// Whether the step is one of the whole network.
fn strikes_all(action: &Action) -> bool {
    matches!(action, Action::Partition { .. } | Action::Heal | Action::Tick)
}

/// The indices of the steps in the least order that keeps each behind what it depends on.
fn least_order(actions: &[Action], before: &[Vec<usize>]) -> Vec<usize> {
    let mut taken = vec![false; actions.len()];
    let mut order = Vec::with_capacity(actions.len());
    while order.len() < actions.len() {
        let ready = (0..actions.len()).filter(|ix| !taken[*ix] && before[*ix].iter().all(|other| taken[*other]));
        let least = ready.min_by_key(|ix| (&actions[*ix], *ix)).expect("the first that is left depends on none left");
        taken[least] = true;
        order.push(least);
    }
    order
}
