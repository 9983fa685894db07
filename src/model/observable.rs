//! What can be measured of a run: rounds until convergence, messages sent, blocks reverted.
//!
//! An observable is read from the last state of a run, or summed over its steps. It is no part of the state: it
//! multiplies nothing, and no property can read it.

use std::fmt;

use super::{Protocol, Step, World};
use crate::system::{ObservableCard, ObservableKind};

/// Something that can be measured of a run.
pub struct Observable<P: Protocol> {
    /// Name, unit and kind.
    pub card: ObservableCard,
    /// How it is read.
    pub reading: Reading<P>,
}

type OfEnd<P> = Box<dyn Fn(&P, &World<'_, P>) -> f64 + Send + Sync>;
type OfStep<P> = Box<dyn Fn(&P, &Step<'_, <P as Protocol>::Actor>) -> f64 + Send + Sync>;

/// How an observable is read.
pub enum Reading<P: Protocol> {
    /// From the last state of a run.
    AtEnd(OfEnd<P>),
    /// From every step of a node, and summed.
    PerStep(OfStep<P>),
}

/// An observable whose reading is still to be said.
#[must_use = "say how it is read: `at_end`, `per_step` or `happens`"]
pub struct Measure {
    name: String,
    about: String,
}

impl Measure {
    /// Something to measure: its name in kebab case, and what it counts in which unit.
    pub fn new(name: &str, about: &str) -> Self {
        Self { name: name.to_owned(), about: about.to_owned() }
    }

    /// A quantity, read in the last state of a run.
    pub fn at_end<P: Protocol>(self, read: impl Fn(&P, &World<'_, P>) -> f64 + Send + Sync + 'static) -> Observable<P> {
        Observable { card: self.card(ObservableKind::Number), reading: Reading::AtEnd(Box::new(read)) }
    }

    /// A quantity, summed over the steps of all nodes. The reading depends on the step alone, and is asked for once for
    /// each distinct (node state, event).
    pub fn per_step<P: Protocol>(
        self,
        read: impl Fn(&P, &Step<'_, P::Actor>) -> f64 + Send + Sync + 'static,
    ) -> Observable<P> {
        Observable { card: self.card(ObservableKind::Number), reading: Reading::PerStep(Box::new(read)) }
    }

    /// Whether something is so in the last state of a run: what is estimated is its probability.
    pub fn happens<P: Protocol>(
        self,
        read: impl Fn(&P, &World<'_, P>) -> bool + Send + Sync + 'static,
    ) -> Observable<P> {
        let read = move |protocol: &P, world: &World<'_, P>| f64::from(u8::from(read(protocol, world)));
        Observable { card: self.card(ObservableKind::Flag), reading: Reading::AtEnd(Box::new(read)) }
    }

    fn card(self, kind: ObservableKind) -> ObservableCard {
        ObservableCard { name: self.name, about: self.about, kind }
    }
}

impl<P: Protocol> fmt::Debug for Observable<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Observable").field("card", &self.card).finish_non_exhaustive()
    }
}
