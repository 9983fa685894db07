//! Rumour mongering: who hears of something new tells others, until too many of them know it already.
//!
//! # Source
//!
//! A. Demers et al., *Epidemic Algorithms for Replicated Database Maintenance* (PODC 1987), section 1.4.
//!
//! # What is modelled
//!
//! One rumour, which begins at one site; contacts message by message, with any partner at any time: push and pull,
//! feedback and blind, counter and coin. A site has one contact at a time. Anti-entropy as a back-up: a site that does not
//! know the rumour compares its database with those of the others, again and again.
//!
//! Some sites may never hear of a rumour: that is what the paper says, and tells how few. Here it is a violation of
//! `spreads`, for which an article claims that gossip is reliable; with the back-up the claim is true.
//!
//! # What is left out, and why that is sound
//!
//! Other rumours: sites spread each by itself. Cycles: contacts at any time include those in cycles. How few sites are
//! left out: [`epidemic`](super::epidemic). That what anti-entropy finds may be made hot again: it then spreads all the
//! more. Pull with a coin: the paper does not say when it is tossed.

mod claims;
mod message;
mod site;

use quorate::model::{Card, Cause, Deviations, Facts, History, Property, Protocol, Roster, Step};
use quorate::{Id, deviations, params};
use serde::Serialize;

pub use super::variant::{Direction, Interest, Response};
pub use message::{Due, Msg, Pick, SiteState, Standing};
pub use site::Site;

params! {
    /// The sites, and the kind of rumour mongering.
    pub struct Sizes {
        /// Number of sites.
        pub sites: usize = 3, in 2..=6;
        /// Who contacts whom.
        pub direction: Direction = Direction::Push;
        /// What makes a contact unnecessary.
        pub response: Response = Response::Feedback;
        /// How interest is lost.
        pub interest: Interest = Interest::Counter;
        /// The paper's k; of a coin it matters for odds alone.
        pub k: usize = 1, in 1..=4;
        /// Whether anti-entropy backs it up.
        pub backup: bool = false;
    }
}

deviations! {
    /// What a site may do wrongly.
    pub enum Deviation {
        /// It never loses interest.
        KeepInterest = "keep-interest" breaks "loses-interest";
        /// It loses interest one contact too late.
        LoseInterestLate = "lose-interest-late" breaks "traffic";
        /// It compares only what is hot.
        CompareHotOnly = "compare-hot-only" breaks "reaches-everybody";
        /// It compares with each other site once.
        CompareOnce = "compare-once" breaks "spreads";
    }
}

/// What the observer remembers: how many messages with the rumour were sent. Counted only where they are bounded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Traffic {
    /// Messages.
    pub messages: usize,
}

impl History for Traffic {
    type Fact = ();

    fn record(&mut self, (): &()) {
        self.messages += 1;
    }
}

/// Rumour mongering.
#[derive(Clone, Debug)]
pub struct RumourMongering {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl RumourMongering {
    /// Whether the paper bounds the traffic: where counters say when a site stops pushing.
    fn is_bounded(&self) -> bool {
        let Sizes { direction, response, interest, .. } = self.sizes;
        let keeps = self.deviations.has(Deviation::KeepInterest);
        (direction, response, interest, keeps) == (Direction::Push, Response::Feedback, Interest::Counter, false)
    }
}

impl Protocol for RumourMongering {
    const CARD: Card = Card {
        name: "rumour-mongering",
        title: "Rumour mongering",
        source: "Demers et al., Epidemic Algorithms for Replicated Database Maintenance (1987), 1.4",
        modelled: "One rumour, message by message: push and pull, feedback and blind, counter and coin, k; anti-entropy \
                   as a back-up",
        left_out: "Other rumours (sites spread each by itself), cycles (contacts at any time include them), odds (of \
                   them `epidemic` speaks), pull with a coin (the paper does not say when it is tossed)",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Site;
    type History = Traffic;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.direction == Direction::Pull && sizes.interest == Interest::Coin {
            return Err("the paper does not say when a site that is asked tosses a coin".to_owned());
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Site> {
        let site = |ix: usize| Site {
            peers: (0..self.sizes.sites).filter(|peer| *peer != ix).map(Id::from).collect(),
            begins: ix == 0,
            sizes: self.sizes.clone(),
            deviations: self.deviations,
        };
        Roster::new().role("site", (0..self.sizes.sites).map(site))
    }

    fn history(&self) -> Traffic {
        Traffic::default()
    }

    fn observe(&self, step: &Step<'_, Site>, facts: &mut Facts<()>) {
        if self.is_bounded() {
            facts.extend(step.sent.iter().filter(|sent| sent.msg == Msg::Rumour).map(|_| ()));
        }
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }

    /// The coin is tossed with the odds of 1/k.
    fn weight(&self, _: Id, cause: &Cause<'_, Site>) -> f64 {
        match cause {
            Cause::Choose(Pick::Stays) => self.sizes.k as f64 - 1.0,
            _ => 1.0,
        }
    }
}
