//! What an observer remembers of a run, beside the states of the nodes.

use std::fmt;
use std::hash::Hash;

use serde::Serialize;
use stateright::actor::{Actor, Envelope, Id};

use super::Datum;

/// What an observer who sees every step remembers. Protocol code never reads it: it is a ghost, and
/// each thing that it remembers multiplies states, so it should remember what a property needs and no more.
///
/// It grows by facts. [`Protocol::observe`](super::Protocol::observe) turns a step into facts without
/// knowing the history, so that a step which no one needs to remember costs nothing.
pub trait History: Clone + Eq + Hash + fmt::Debug + Serialize + Send + Sync + 'static {
    /// What can be remembered.
    type Fact: Datum;

    /// Remembers `fact`.
    fn record(&mut self, fact: &Self::Fact);
}

/// Nothing is remembered.
impl History for () {
    type Fact = ();

    fn record(&mut self, (): &()) {}
}

/// The facts of one step, in the order in which they are pushed.
pub type Facts<F> = Vec<F>;

/// One step of one node, as the observer sees it: atomic, with its cause and its consequences.
#[derive(Debug)]
pub struct Step<'a, A: Actor> {
    /// Whose step it is.
    pub node: Id,
    /// Why the step is taken.
    pub cause: Cause<'a, A>,
    /// The node's state before; `None` if it was down or had not started.
    pub before: Option<&'a A::State>,
    /// The node's state after; `None` if it is down.
    pub after: Option<&'a A::State>,
    /// What the node had in its storage before.
    pub stored_before: Option<&'a A::Storage>,
    /// What the node has in its storage after.
    pub stored_after: Option<&'a A::Storage>,
    /// What the node sent, in the order of sending. Messages to ids that nobody has are here, and nowhere else.
    pub sent: &'a [Envelope<A::Msg>],
}

/// Why a node takes a step.
#[derive(Debug)]
pub enum Cause<'a, A: Actor> {
    /// The cluster starts.
    Start,
    /// A message arrives from `src`.
    Deliver {
        /// The sender.
        src: Id,
        /// The payload.
        msg: &'a A::Msg,
    },
    /// A timer fires.
    Timeout(&'a A::Timer),
    /// An open choice is made.
    Choose(&'a A::Random),
    /// The node crashes.
    Crash,
    /// The node comes back.
    Restart,
}
