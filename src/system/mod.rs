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
mod fairness;
mod intern;
mod label;
mod linearization;
pub mod memo;
mod observable;
mod pairs;
mod property;
mod snapshot;
mod successors;
pub mod table;
mod value;

pub use action::{Action, ActionKind};
pub use evidence::Evidence;
pub use fairness::{FairClass, FairInstance, FairInstances, Fairness, FairnessOverride, Level};
pub use intern::Interner;
pub use label::Label;
pub use linearization::Linearization;
pub use observable::{ObservableCard, ObservableKind};
pub use pairs::PairInterner;
pub use property::{PropertyCard, PropertyKind, PropertySet, ShowsIn};
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
    /// A transition that leads back to `state` is left out: a step that changes nothing is not a step. Their order
    /// depends on what the state is and not on the numbers that its parts happen to have, so that the place of
    /// a transition means the same for every number of threads.
    fn successors(&self, state: &[Word], out: &mut Successors);

    /// The same, with a [`Label`] for each.
    ///
    /// A system that says nothing else has a thread for each position, and all steps are equally likely.
    fn labelled(&self, state: &[Word], out: &mut Successors, labels: &mut Vec<Label>) {
        self.successors(state, out);
        labels.clear();
        labels.extend(out.iter().map(|successor| {
            let &(position, word) = successor.edits.first().expect("a step edits something");
            Label { thread: position, local: [position, state[position as usize], word], weight: 1.0 }
        }));
    }

    /// The properties, by the index that [`PropertySet`] speaks of.
    fn properties(&self) -> &[PropertyCard];

    /// Which of the properties in `open` find in `state` what they look for. Those of kind
    /// [`PropertyKind::NoDeadlock`] are asked as if nothing could happen any more in `state`.
    ///
    /// For those that [show in the graph](ShowsIn::Graph) that is: something is missing here. Those that
    /// [show in a step](ShowsIn::Step) find nothing in a state.
    fn findings(&self, state: &[Word], open: PropertySet) -> PropertySet;

    /// Which of the properties in `open` find something in the step from `before` to `after`. Only those that
    /// [show in a step](ShowsIn::Step) do; a step that changes nothing that they read shows them nothing.
    fn step_findings(&self, before: &[Word], after: &[Word], open: PropertySet) -> PropertySet {
        let _ = (before, after, open);
        PropertySet::EMPTY
    }

    /// Which of the properties of kind [`PropertyKind::LeadsTo`] in `open` ask in `state` for what they lead to. By
    /// default each asks wherever something is missing.
    fn asks(&self, state: &[Word], open: PropertySet) -> PropertySet {
        self.findings(state, open)
    }

    /// Puts what is possible in `state` into `out`, as far as fairness goes. By default the steps of a kind are one
    /// instance.
    fn fair_instances(&self, state: &[Word], out: &mut FairInstances) {
        let mut successors = Successors::default();
        self.successors(state, &mut successors);
        out.ruled_out.clear();
        out.taken_by.clear();
        let instance = |kind| FairInstance { kind, node: 0, number: 0 };
        out.taken_by.extend(successors.iter().map(|successor| instance(successor.kind)));
    }

    /// Whether a search that leaves out what this system leaves out says of the property with this index what is so.
    fn preserves(&self, property_ix: usize) -> bool {
        let _ = property_ix;
        true
    }

    /// Whether some states stand for others.
    fn is_quotient(&self) -> bool {
        false
    }

    /// Makes `state` the one that stands for all that differ from it by nothing that matters. What is possible in
    /// the one is possible, but for names, in the other; [`successors`](Self::successors) are those of the state itself.
    fn represent(&self, state: &mut [Word]) {
        let _ = state;
    }

    /// Hears, between two levels of a search, how many states there are by then. What is worth remembering may depend on
    /// that, and no answer does.
    fn take_stock(&self, distinct: u64) {
        let _ = distinct;
    }

    /// Looks, when a search is over, whether what was left out made no difference. `false` if `go_on` said no before that
    /// was known; once it has, it says nothing else.
    ///
    /// # Errors
    /// A sentence, if it did make one: then the search says nothing.
    fn confirm(&self, go_on: &(dyn Fn() -> bool + Sync)) -> Result<bool, String> {
        let _ = go_on;
        Ok(true)
    }

    /// How often the code behind the words was run so far; what else was asked was remembered.
    fn calls(&self) -> u64 {
        0
    }

    /// Looks at the code behind the words a second time, once a search is over: what is wrong with it, in sentences. A
    /// system that runs its code anew for each step has nothing to compare.
    fn complaints(&self) -> Vec<String> {
        Vec::new()
    }

    /// The tables behind the words as plain numbers, for a system of the same kind that is made later, perhaps by
    /// another process; `None` if it cannot be continued.
    fn put_away(&self) -> Option<Vec<u32>> {
        None
    }

    /// Fills the tables of a new system with what another has put away: from then on words mean here what they meant
    /// there.
    ///
    /// # Errors
    /// What does not go together. The system is then of no use any more.
    fn take_back(&self, saved: &[u32]) -> Result<(), String> {
        let _ = saved;
        Err("what is checked cannot be continued".to_owned())
    }

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

    /// What a property that [shows in a step](ShowsIn::Step) finds in the step from `before` to `after`, in words.
    fn step_evidence(&self, before: &[Word], after: &[Word], property: usize) -> Option<Evidence> {
        let _ = (before, after, property);
        None
    }

    /// An order that explains what clients were answered until `state`; `None` where nobody calls.
    fn linearization(&self, state: &[Word]) -> Option<Linearization> {
        let _ = state;
        None
    }

    /// What can be measured of a run, by the index that [`measured`](Self::measured) takes.
    fn observables(&self) -> &[ObservableCard] {
        &[]
    }

    /// What the observable counts of the step with this index out of `state`; 0 for one that is read at the end.
    fn measured(&self, state: &[Word], index: usize, observable: usize) -> f64 {
        let _ = (state, index, observable);
        0.0
    }

    /// What the observable reads in the last state of a run; 0 for one that counts steps.
    fn measured_at_end(&self, state: &[Word], observable: usize) -> f64 {
        let _ = (state, observable);
        0.0
    }
}
