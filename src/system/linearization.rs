//! An order that explains what clients were answered, as far as there is one.

/// Calls of clients, in an order that explains their answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Linearization {
    /// The calls in order: the client by its place in the roster, and which of its calls, from 0. A longest one where no
    /// order has all.
    pub order: Vec<(usize, usize)>,
    /// Whether every call that has returned is in it.
    pub is_whole: bool,
}
