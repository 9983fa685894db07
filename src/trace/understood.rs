//! A trace with what its violation hangs on.

use super::{Trace, contrast, no_return};
use crate::cluster::{Entry, Instance};
use crate::engine::Path;
use crate::system::Explain;

/// States that are searched for a point of no return, where nobody says otherwise.
pub const NO_RETURN_STATES_MAX: usize = 200_000;

/// The `trace` of `path` through `system`, with the point of no return, if at most `states_max` states must be searched to
/// know it, and, where it is one of deviations, with the contrast to the protocol of `entry` without them.
pub fn understood(
    trace: Trace,
    system: &dyn Explain,
    path: &Path,
    entry: Option<&dyn Entry>,
    states_max: usize,
) -> Trace {
    let property_ix = system.properties().iter().position(|card| card.name == trace.property);
    let no_return = property_ix.and_then(|property_ix| no_return(system, path, property_ix, states_max));
    let correct = Instance { deviations: Vec::new(), ..trace.instance.clone() };
    let deviates = correct != trace.instance;
    let correct = entry.filter(|_| deviates).and_then(|entry| entry.build(&correct).ok());
    let contrast = correct.map(|correct| contrast(&*correct, &trace));
    Trace { no_return, contrast, ..trace }
}
