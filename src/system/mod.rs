//! Floor 0: the waist. Above it, protocols in rich Rust types; below it, algorithms on integers.
//!
//! A state is a vector of [`Word`]s. What a word stands for is known only to the system that made it
//! (the [`cluster`](crate::cluster) interns node states, inboxes and histories behind them). Searches see
//! [`TransitionSystem`]; whoever must tell people what happened sees [`Explain`], which turns the same
//! integers back into [`Action`]s, [`Snapshot`]s and [`Evidence`], all of them plain data.
//!
//! This floor knows no protocol, no network and no search.

mod action;
mod evidence;
mod intern;
mod property;
mod snapshot;
mod successors;
pub mod table;
mod value;

pub use action::{Action, ActionKind};
pub use evidence::Evidence;
pub use intern::Interner;
pub use property::{PropertyCard, PropertyKind, PropertySet};
pub use snapshot::{InFlight, NodeSnapshot, Snapshot};
pub use successors::{Successor, Successors};
pub(crate) use value::present;
pub use value::{Payload, Value};

/// One integer of a state vector.
pub type Word = u32;

/// A system of states and transitions over vectors of [`Word`]s, as every search sees it.
///
/// Two states are the same exactly when their vectors are equal. All methods may be called from several
/// threads at once; the numbers behind equal things are equal within one instance, and mean nothing outside it.
pub trait TransitionSystem: Send + Sync {
    /// Length of every state vector.
    fn word_count(&self) -> usize;

    /// The states in which the system may start.
    fn initial(&self) -> Vec<Box<[Word]>>;

    /// Puts every transition out of `state` into `out`, which is cleared first.
    ///
    /// A transition that leads back to `state` is left out: a step that changes nothing is not a step.
    fn successors(&self, state: &[Word], out: &mut Successors);

    /// The properties, by the index that [`PropertySet`] speaks of.
    fn properties(&self) -> &[PropertyCard];

    /// Which of the properties in `open` find in `state` what they look for. Those of kind
    /// [`PropertyKind::NoDeadlock`] are asked as if nothing could happen any more in `state`.
    fn findings(&self, state: &[Word], open: PropertySet) -> PropertySet;

    /// Bytes held by the tables behind the words, an estimate from below.
    fn table_bytes(&self) -> usize {
        0
    }
}

/// A [`TransitionSystem`] that can say in plain data what its integers mean.
pub trait Explain: TransitionSystem {
    /// The transition with the given index in the order of [`TransitionSystem::successors`].
    ///
    /// # Panics
    /// If `state` has no such transition.
    fn action(&self, state: &[Word], index: usize) -> Action;

    /// The whole state, as plain data.
    fn snapshot(&self, state: &[Word]) -> Snapshot;

    /// What the property finds in `state`, in words; `None` where it finds nothing.
    fn evidence(&self, state: &[Word], property: usize) -> Option<Evidence>;
}
