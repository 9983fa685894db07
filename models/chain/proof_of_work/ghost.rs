//! What the observer remembers.

use quorate::model::{Cause, History, Step};
use serde::Serialize;

use super::{Member, State, Timer};

/// What the observer remembers: what everybody would know if announcements took no time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Announced {
    /// The height of the longest chain that was announced.
    pub height: usize,
    /// Whether an honest miner has found a block on a shorter one.
    pub overtaken: bool,
}

/// A chain of this height is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Fact {
    /// By an honest miner, who has found its tip.
    Found(usize),
    /// By the attacker.
    Published(usize),
}

impl History for Announced {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        let height = match *fact {
            Fact::Found(height) => {
                self.overtaken |= height <= self.height;
                height
            }
            Fact::Published(height) => height,
        };
        self.height = self.height.max(height);
    }
}

/// What is announced in a step.
pub(super) fn announced(step: &Step<'_, Member>) -> Option<Fact> {
    match (&step.cause, step.after) {
        (Cause::Timeout(Timer::Mine), Some(State::Node(node))) => Some(Fact::Found(node.chain.height())),
        (Cause::Timeout(Timer::Publish), Some(State::Attacker(me))) => Some(Fact::Published(me.secret.height())),
        _ => None,
    }
}
