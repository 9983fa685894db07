//! What members believe of each other.

use std::collections::BTreeMap;

use quorate::Id;
use serde::Serialize;

/// What is believed of a member. The order is that of precedence: section 4.2, a later one overrides an earlier one.
///
/// Alive overrides only with a higher incarnation, suspicion with the same one, and nothing overrides a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Opinion {
    /// It is in the group.
    In {
        /// Its incarnation, which it alone raises.
        incarnation: u8,
        /// Whether it is suspected to have failed.
        suspected: bool,
    },
    /// It has failed, for good.
    Dead,
}

impl Opinion {
    /// What is believed of everybody at first.
    pub const ALIVE: Self = Self::In { incarnation: 0, suspected: false };

    /// Whether it is suspected.
    pub fn is_suspicion(self) -> bool {
        matches!(self, Self::In { suspected: true, .. })
    }

    /// The same, suspected.
    #[must_use]
    pub fn suspected(self) -> Self {
        match self {
            Self::In { incarnation, .. } => Self::In { incarnation, suspected: true },
            Self::Dead => Self::Dead,
        }
    }
}

/// What a member believes of all that it knows, itself included.
pub type View = BTreeMap<Id, Opinion>;
