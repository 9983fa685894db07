//! Plain values.

/// A plain value: what a message, a state or a timer is made of, without its Rust type.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// Nothing: `()`, a unit struct.
    Unit,
}
