//! What a random walk must know of a transition beside where it leads.

/// Whose step a transition is, which of its own steps it is, and how likely.
///
/// The numbers of equal things are equal within one instance, and mean nothing outside it: a walk may compare
/// them and count them, never order by them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Label {
    /// The thread that takes the step: something that runs beside the others. In a cluster a node is a thread (its
    /// timers, choices and restarts), a channel from one node to another is one (its deliveries), and so are the faults
    /// of either.
    pub thread: u32,
    /// The local transition: who takes it, in which local state, on which event.
    pub local: [u32; 3],
    /// How likely it is relative to the other steps of its kind in the same state; 0 for one that a weighted walk
    /// does not take.
    pub weight: f64,
}
