//! The race, block by block.

use std::borrow::Cow;

use quorate::model::Deviations;
use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::{Deviation, Progress, Sizes};

/// What comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Next {
    /// A block of an honest miner.
    Honest,
    /// A block of the attacker.
    Attacker,
    /// All the time until the payee delivers: the attacker finds this many blocks in it. The largest number stands for
    /// all from there on, with which it has caught up.
    Found(usize),
}

/// How the race stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Stage {
    /// The payee waits.
    Waiting {
        /// Honest blocks after that of the payment.
        honest: usize,
    },
    /// The payee has delivered, and the attacker tries to catch up.
    Delivered {
        /// By how many blocks its chain is shorter.
        behind: usize,
    },
    /// The attacker has caught up: its chain is published, and the payment is undone.
    Reversed,
    /// The attacker has given up.
    GivenUp,
}

/// The race.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Race {
    /// How it stands.
    pub stage: Stage,
    /// Blocks of the attacker, until the payee delivers; and after it too where they are bounded.
    pub attacker: usize,
}

/// The work of all miners, of whom one finds the next block.
#[derive(Clone, Debug)]
pub struct Mining {
    pub(super) sizes: Sizes,
    pub(super) deviations: Deviations<Deviation>,
}

impl Mining {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// For how many honest blocks the payee waits.
    fn awaited(&self) -> usize {
        let early = usize::from(self.breaks(Deviation::DeliverEarly));
        self.sizes.confirmations.saturating_sub(early)
    }

    /// Section 11: the payee makes a new key shortly before the payment, so that nothing can be mined ahead.
    fn ahead(&self) -> usize {
        usize::from(self.breaks(Deviation::KeyInAdvance))
    }

    fn start(&self, out: &mut Out<Self>) -> Race {
        self.go_on(Race { stage: Stage::Waiting { honest: 0 }, attacker: self.ahead() }, out)
    }

    fn is_bounded(&self) -> bool {
        self.sizes.attacker_blocks > 0
    }

    /// Where the race stands with this, and the choice of what comes next.
    fn go_on(&self, race: Race, out: &mut Out<Self>) -> Race {
        let can_find = !self.is_bounded() || race.attacker < self.ahead() + self.sizes.attacker_blocks;
        let next = |can_find: bool| if can_find { vec![Next::Honest, Next::Attacker] } else { vec![Next::Honest] };
        match race.stage {
            Stage::Waiting { honest } if honest == self.awaited() => self.deliver(race, out),
            Stage::Waiting { .. } => {
                match self.sizes.progress {
                    Progress::Counted => out.choose_random("next", next(can_find)),
                    Progress::Poisson => out.choose_random("next", self.founds()),
                }
                race
            }
            Stage::Delivered { behind: 0 } => Race { stage: Stage::Reversed, attacker: 0 },
            Stage::Delivered { behind } if behind >= self.sizes.confirmations + self.sizes.patience => {
                Race { stage: Stage::GivenUp, attacker: 0 }
            }
            Stage::Delivered { .. } => {
                out.choose_random("next", next(can_find));
                race
            }
            Stage::Reversed | Stage::GivenUp => race,
        }
    }

    fn founds(&self) -> Vec<Next> {
        let most = if self.is_bounded() { self.sizes.attacker_blocks } else { self.awaited() };
        (0..=most.min(self.awaited())).map(Next::Found).collect()
    }

    /// The payee delivers. From here on only the distance counts.
    fn deliver(&self, race: Race, out: &mut Out<Self>) -> Race {
        let behind = self.awaited().saturating_sub(race.attacker);
        let attacker = if self.is_bounded() { race.attacker } else { 0 };
        self.go_on(Race { stage: Stage::Delivered { behind }, attacker }, out)
    }

    fn block(&self, race: Race, next: Next, out: &mut Out<Self>) -> Race {
        let stage = match (race.stage, next) {
            (Stage::Waiting { honest }, Next::Honest) => Stage::Waiting { honest: honest + 1 },
            (Stage::Waiting { .. }, Next::Found(_)) => Stage::Waiting { honest: self.awaited() },
            (Stage::Delivered { behind }, Next::Honest) => Stage::Delivered { behind: behind + 1 },
            (Stage::Delivered { behind }, Next::Attacker) => Stage::Delivered { behind: behind - 1 },
            (stage, _) => stage,
        };
        let found = match (race.stage, next) {
            (Stage::Waiting { .. }, Next::Found(found)) => found,
            (Stage::Waiting { .. }, Next::Attacker) => 1,
            (Stage::Delivered { .. }, Next::Attacker) if self.is_bounded() => 1,
            _ => 0,
        };
        // More than this is enough however it goes on.
        let enough = if self.is_bounded() { usize::MAX } else { self.awaited() };
        self.go_on(Race { stage, attacker: (race.attacker + found).min(enough) }, out)
    }
}

impl Actor for Mining {
    type Msg = ();
    type Timer = ();
    type State = Race;
    type Storage = ();
    type Random = Next;

    fn on_start(&self, _: Id, _: &Option<()>, out: &mut Out<Self>) -> Race {
        self.start(out)
    }

    fn on_random(&self, _: Id, race: &mut Cow<'_, Race>, next: &Next, out: &mut Out<Self>) {
        *race.to_mut() = self.block(**race, *next, out);
    }
}
