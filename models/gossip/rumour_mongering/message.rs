//! What sites say to each other, and what they know.

use quorate::Id;
use serde::Serialize;

/// What travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// The rumour.
    Rumour,
    /// To who has pushed it: whether that was necessary.
    Feedback {
        /// Whether the receiver did not know it.
        necessary: bool,
    },
    /// Where everybody asks: is there a hot rumour? The feedback comes with the question.
    Ask {
        /// Whether the sender does not know it yet.
        necessary: bool,
    },
    /// There is none.
    Nothing,
    /// Anti-entropy: do you know something that I do not?
    Compare,
    /// Anti-entropy: the sender knows the rumour, hot or not; or it does not.
    Compared {
        /// Whether it does.
        known: bool,
    },
}

/// Anti-entropy with this site is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Due(pub Id);

/// What a site leaves open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Pick {
    /// Whom it contacts.
    Partner(Id),
    /// The coin: it loses interest.
    Loses,
    /// The coin: it stays interested.
    Stays,
}

/// What a site is to the rumour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Standing {
    /// It does not know it.
    Susceptible,
    /// It knows it and spreads it.
    Infective {
        /// Unnecessary contacts since the last necessary one.
        counter: usize,
    },
    /// It knows it, and has lost interest.
    Removed,
}

/// The state of a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct SiteState {
    /// What it is to the rumour.
    pub standing: Standing,
    /// Whose answer it waits for; it has one contact at a time.
    pub awaiting: Option<Id>,
}

impl SiteState {
    /// Whether it spreads the rumour.
    pub fn is_hot(&self) -> bool {
        matches!(self.standing, Standing::Infective { .. })
    }

    /// Whether it knows the rumour.
    pub fn knows(&self) -> bool {
        self.standing != Standing::Susceptible
    }
}
