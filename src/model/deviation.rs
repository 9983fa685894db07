//! Named wrong acts: what a protocol does when one line of it is broken.

use std::fmt;
use std::marker::PhantomData;

/// The deviations of a protocol: an enum made with [`deviations!`](crate::deviations).
///
/// A deviation is consulted at exactly one line, where the correct condition stands whole and first. It
/// drops a guard, skips a save, shrinks a quorum, forgets a field; it is never a second code path. The empty
/// set of deviations *is* the protocol.
pub trait Deviation: Copy + fmt::Debug + Send + Sync + 'static {
    /// Every deviation, in the order of the docs.
    const ALL: &'static [Self];
    /// What each is, in the same order.
    const CARDS: &'static [DeviationCard];
    /// Its place in [`ALL`](Self::ALL).
    fn index(self) -> usize;
}

/// A deviation, as docs, manifests and tests know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeviationCard {
    /// Its name, in kebab case.
    pub name: &'static str,
    /// What is done wrongly.
    pub about: &'static str,
    /// The property that it breaks; `None` if it alone breaks none, and is kept to show just that.
    pub breaks: Option<&'static str>,
}

/// The deviations of a protocol that has none, for instance because it is checked as it was published.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum NoDeviation {}

impl Deviation for NoDeviation {
    const ALL: &'static [Self] = &[];
    const CARDS: &'static [DeviationCard] = &[];

    fn index(self) -> usize {
        match self {}
    }
}

/// A set of deviations.
pub struct Deviations<D> {
    bits: u64,
    of: PhantomData<D>,
}

impl<D> Clone for Deviations<D> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<D> Copy for Deviations<D> {}

impl<D: Deviation> Deviations<D> {
    /// No deviation: the protocol itself.
    pub fn none() -> Self {
        Self { bits: 0, of: PhantomData }
    }

    /// This set and one more.
    #[must_use]
    pub fn with(self, deviation: D) -> Self {
        Self { bits: self.bits | 1 << deviation.index(), of: PhantomData }
    }

    /// Whether `deviation` is in the set.
    pub fn has(&self, deviation: D) -> bool {
        self.bits >> deviation.index() & 1 == 1
    }
}

impl<D: Deviation> Default for Deviations<D> {
    fn default() -> Self {
        Self::none()
    }
}

impl<D: Deviation> fmt::Debug for Deviations<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(D::ALL.iter().filter(|deviation| self.has(**deviation))).finish()
    }
}

/// Declares the deviations of a protocol, each with its name and the property that it breaks.
///
/// `harmless` stands where a deviation alone breaks nothing; its check shows that.
///
/// ```
/// quorate::deviations! {
///     /// What an acceptor or a proposer may do wrongly.
///     pub enum Deviation {
///         /// The acceptor promises without remembering it.
///         ForgetPromise = "forget-promise" breaks "agreement";
///         /// The acceptor answers the same ballot again.
///         PromiseAgain = "promise-again" harmless;
///     }
/// }
/// ```
#[macro_export]
macro_rules! deviations {
    (
        $(#[$attr:meta])* $vis:vis enum $name:ident {
            $( $(#[doc = $doc:literal])* $member:ident = $word:literal $kind:ident $($property:literal)? ; )*
        }
    ) => {
        $(#[$attr])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        $vis enum $name { $( $(#[doc = $doc])* $member ),* }

        impl $crate::model::Deviation for $name {
            const ALL: &'static [Self] = &[ $( Self::$member ),* ];
            const CARDS: &'static [$crate::model::DeviationCard] = &[ $( $crate::model::DeviationCard {
                name: $word,
                about: ::core::concat!($($doc, "\n"),*).trim_ascii(),
                breaks: $crate::deviations!(@$kind $($property)?),
            } ),* ];
            fn index(self) -> usize { self as usize }
        }
    };
    (@breaks $property:literal) => { ::core::option::Option::Some($property) };
    (@harmless) => { ::core::option::Option::None };
}
