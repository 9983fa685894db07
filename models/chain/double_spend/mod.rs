//! The race of a payment and its reversal, and how likely the reversal wins it.
//!
//! # Source
//!
//! S. Nakamoto, *Bitcoin: A Peer-to-Peer Electronic Cash System* (2008), section 11; M. Rosenfeld, *Analysis of
//! Hashrate-Based Double Spending* (2014).
//!
//! # What is modelled
//!
//! A payment is in a block, and the payee waits until so many more blocks are linked after it (`confirmations`, the paper's
//! *z*). Meanwhile the payer mines another chain in secret that has the reversal, from the same block on. Then
//! the payee delivers, and the payer goes on until its chain is as long as the others', which is when the paper takes the
//! payment for reversed, or until it gives up. Each next block is the attacker's with its share of the work, *q*, else
//! an honest one: these are the odds of weighted walks. What is possible at all, with so many blocks of the attacker, the
//! checks answer; how likely it is, `quorate simulate --estimate reversed`.
//!
//! # Two formulas
//!
//! How many blocks the attacker has found while *z* honest ones were found (`progress`):
//!
//! - `counted`: block by block. The number has a negative binomial distribution, and the probability of a reversal is
//!   that of Rosenfeld, equation 1.
//! - `poisson`: as section 11 of Nakamoto assumes, who takes the time of *z* honest blocks for its mean, so that the
//!   number has a Poisson distribution with mean *z q / p*. The table of the paper is this one; with *q* = 0.1 and *z* = 5
//!   it has 0.00091 where the count gives 0.00178.
//!
//! # What is left out, and why that is sound
//!
//! The chains: the race depends only on how many blocks each side has. Delays of announcements: with them the
//! honest waste some of their work on forks, which makes *q* larger. The attacker of the paper never gives up; here it does
//! when it is `patience` blocks further behind than *z*, from where it would have caught up with a probability below
//! *(q / p)^(z + patience)*.
//!
//! The race itself is in `race`; here is what it is called from outside, and its odds.

mod race;

use quorate::model::{Card, Cause, Claim, Deviations, Measure, Observable, Property, Protocol, Roster, World};
use quorate::system::Evidence;
use quorate::{Id, choice_param, deviations, params};

pub use race::{Mining, Next, Race, Stage};

choice_param! {
    /// How many blocks the attacker has found when the payee delivers.
    pub enum Progress {
        /// As many as it finds, block by block.
        Counted = "counted",
        /// As many as a Poisson distribution says, whose mean is what it finds on average.
        Poisson = "poisson",
    }
}

params! {
    /// What the payee waits for, and what the attacker can.
    pub struct Sizes {
        /// The paper's z: how many blocks are linked after that of the payment when the payee delivers.
        pub confirmations: usize = 6, in 0..=60;
        /// The paper's q: the attacker's share of the work, in percent.
        pub attacker_percent: usize = 10, in 0..=49;
        /// How many blocks the attacker has found when the payee delivers.
        pub progress: Progress = Progress::Counted;
        /// How many blocks further behind than z the attacker gives up.
        pub patience: usize = 10, in 1..=60;
        /// How many blocks the attacker finds at most; with 0 as many as come.
        pub attacker_blocks: usize = 0, in 0..=60;
    }
}

deviations! {
    /// What a payee may do wrongly.
    pub enum Deviation {
        /// It delivers one block too early.
        DeliverEarly = "deliver-early" breaks "irreversible";
        /// It gives its key away long before the payment, so that the payer can mine a block ahead.
        KeyInAdvance = "key-in-advance" breaks "irreversible";
    }
}

/// One payment, and the attempt to undo it.
#[derive(Clone, Debug)]
pub struct DoubleSpend {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl DoubleSpend {
    /// The attacker's share of the work.
    fn share(&self) -> f64 {
        self.sizes.attacker_percent as f64 / 100.0
    }

    /// How likely the attacker finds this many blocks while z honest ones are found, by a Poisson distribution; for z
    /// itself, z or more.
    fn poisson(&self, found: usize) -> f64 {
        let z = self.sizes.confirmations;
        let mean = z as f64 * self.share() / (1.0 - self.share());
        let mut density = (-mean).exp();
        let mut below = 0.0;
        for count in 1..=found {
            below += density;
            density *= mean / count as f64;
        }
        if found == z { (1.0 - below).max(0.0) } else { density }
    }
}

impl Protocol for DoubleSpend {
    const CARD: Card = Card {
        name: "double-spend",
        title: "Double spending against proof of work",
        source: "Nakamoto, Bitcoin: A Peer-to-Peer Electronic Cash System (2008), 11; Rosenfeld, Analysis of \
                 Hashrate-Based Double Spending (2014)",
        modelled: "The race of the honest chain and an attacker's by their lengths: until the payee delivers, and after \
                   it until the attacker has caught up or gives up; blocks have the odds of the shares of the work",
        left_out: "The chains (only their lengths count), delays of announcements (they make the attacker's share \
                   larger), an attacker that never gives up (the rest is as likely as (q/p)^(z+patience))",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Mining;
    type History = ();

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Mining> {
        Roster::new().role("mining", [Mining { sizes: self.sizes.clone(), deviations: self.deviations }])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        let stands = |claim: Claim, sentence: &'static str, is_there: fn(Stage) -> bool| {
            claim.by_nodes(
                move |_: &Self, node| node.state.is_some_and(|race| is_there(race.stage)),
                move |_, there| there.contains(&true).then(|| Evidence::new(sentence)),
            )
        };
        let irreversible = "A payment for which the payee has delivered is not undone";
        let delivered = "The payee has delivered, and the attacker is behind";
        let given_up = "The attacker gives up";
        let caught_up = "the attacker's chain is as long as the others', and the payment is undone";
        vec![
            stands(Claim::always("irreversible", irreversible), caught_up, |stage| stage == Stage::Reversed),
            stands(Claim::sometimes("delivered", delivered), "the payee has delivered", |stage| {
                matches!(stage, Stage::Delivered { .. })
            }),
            stands(Claim::sometimes("given-up", given_up), "the attacker has given up", |stage| {
                stage == Stage::GivenUp
            }),
        ]
    }

    fn observables() -> Vec<Observable<Self>> {
        let reversed = |_: &Self, world: &World<'_, Self>| {
            world.nodes.iter().any(|node| node.state.is_some_and(|race| race.stage == Stage::Reversed))
        };
        vec![Measure::new("reversed", "Whether the payment is undone").happens(reversed)]
    }

    /// Section 11: the next block is the attacker's with probability q.
    fn weight(&self, _: Id, cause: &Cause<'_, Mining>) -> f64 {
        match cause {
            Cause::Choose(Next::Honest) => 1.0 - self.share(),
            Cause::Choose(Next::Attacker) => self.share(),
            Cause::Choose(Next::Found(found)) => self.poisson(*found),
            Cause::Start | Cause::Deliver { .. } | Cause::Timeout(()) | Cause::Crash | Cause::Restart => 1.0,
        }
    }
}
