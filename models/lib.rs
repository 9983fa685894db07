//! The protocol library of quorate.
