//! What a search may leave out since it makes no difference.

/// What a search is asked to leave out. It is said by the protocol what that is, and by the search, when it has ended,
/// whether that was right: see [`cluster`](crate::cluster).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Reductions {
    /// Of states that differ only by the names of interchangeable members, all but one.
    pub symmetry: bool,
    /// Messages that will never change anything.
    pub stale_messages: bool,
}

impl Reductions {
    /// Nothing.
    pub const NONE: Self = Self { symmetry: false, stale_messages: false };

    /// That by symmetry.
    pub const SYMMETRY: Self = Self { symmetry: true, ..Self::NONE };
    /// That by stale messages.
    pub const STALE_MESSAGES: Self = Self { stale_messages: true, ..Self::NONE };

    /// Both these and others.
    #[must_use]
    pub const fn and(self, others: Self) -> Self {
        Self {
            symmetry: self.symmetry || others.symmetry,
            stale_messages: self.stale_messages || others.stale_messages,
        }
    }

    /// Whether there is none.
    pub fn is_none(self) -> bool {
        self == Self::NONE
    }

    /// The words of those that are asked for.
    pub fn words(self) -> Vec<&'static str> {
        let words = [(self.symmetry, "symmetry"), (self.stale_messages, "stale-messages")];
        words.into_iter().filter(|(asked, _)| *asked).map(|(_, word)| word).collect()
    }
}
