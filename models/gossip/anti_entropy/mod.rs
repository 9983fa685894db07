//! Anti-entropy: every site exchanges what it holds with every other, again and again.
//!
//! # Source
//!
//! A. Demers et al., *Epidemic Algorithms for Replicated Database Maintenance* (PODC 1987), sections 1.3 and 2.
//!
//! # What is modelled
//!
//! Sites that write an item each and may delete it; exchanges by push, pull and both, message by message, with duplicates
//! and in any order ([`exchange`](super::exchange)); death certificates.
//!
//! An article claims that gossip tolerates any number of failed nodes. What can be shown is less: what some site that
//! stays up knows, all that are up come to know (assumption `informed-survives`). Where the only site that knows
//! something crashes, `reliable` is violated after one more step, whoever may exchange with whom.
//!
//! # What is left out, and why that is sound
//!
//! Timestamps of the items: each is written once and deleted once, by its own site. How sites pick partners: a fair
//! timer for each pair stands for any choice that gives no pair up. Checksums and recent-update lists: they save traffic and change
//! no outcome. When a death certificate may be thrown away: never, here.

mod claims;
mod database;

use quorate::model::{Assumption, Card, Deviations, Facts, NetworkKind, Property, Protocol, Roster, Step};
use quorate::{Id, deviations, params};

pub use database::{Database, Entry, Items, Written};

use super::exchange::{Exchange, Replica, is_write, others};

params! {
    /// The sites, and how they exchange.
    pub struct Sizes {
        /// Number of sites.
        pub sites: usize = 3, in 2..=5;
        /// How many of them have an item.
        pub items: usize = 1, in 1..=5;
        /// Whether these items are deleted, too.
        pub deletes: bool = false;
        /// Who sends in an exchange what it holds.
        pub exchange: Exchange = Exchange::Push;
    }
}

deviations! {
    /// What a site may do wrongly.
    pub enum Deviation {
        /// What it is told takes the place of what it holds.
        Overwrite = "overwrite" breaks "converges";
        /// It exchanges with each other site once.
        ExchangeOnce = "exchange-once" breaks "converges";
        /// It exchanges with the next site and no other.
        FixedSuccessor = "fixed-successor" breaks "reliable";
        /// An item that is deleted is taken away, and nothing left in its place.
        DeleteWithoutCertificate = "delete-without-certificate" breaks "stays-deleted";
        /// A site that is told of a deletion does as told, and keeps no certificate.
        DropCertificates = "drop-certificates" breaks "never-forgets";
    }
}

/// Anti-entropy among sites.
#[derive(Clone, Debug)]
pub struct AntiEntropy {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Protocol for AntiEntropy {
    const CARD: Card = Card {
        name: "anti-entropy",
        title: "Anti-entropy",
        source: "Demers et al., Epidemic Algorithms for Replicated Database Maintenance (1987), 1.3, 2",
        modelled: "Items that are written and deleted, death certificates, exchanges of all pairs by push, pull and \
                   both, messages that may arrive again and in any order",
        left_out: "Timestamps (an item is written once and deleted once), the choice of partners (a fair timer for each \
                   pair stands for any), checksums (they save traffic), throwing certificates away (never, here)",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Replica<Database>;
    type History = Written;

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.items > sizes.sites {
            return Err(format!("{} items are more than one of each of {} sites", sizes.items, sizes.sites));
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Replica<Database>> {
        let Sizes { sites, items, deletes, exchange } = self.sizes;
        let site = |ix: usize| Replica {
            replicated: Database { deviations: self.deviations },
            peers: match others(sites, ix) {
                all if !self.deviations.has(Deviation::FixedSuccessor) => all,
                _ => vec![Id::from((ix + 1) % sites)],
            },
            exchange,
            writes: if ix < items { 1 + u8::from(deletes) } else { 0 },
            durable: false,
            once: self.deviations.has(Deviation::ExchangeOnce),
        };
        Roster::new().role("site", (0..sites).map(site))
    }

    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) -> Written {
        Written::default()
    }

    fn observe(&self, step: &Step<'_, Replica<Database>>, facts: &mut Facts<Id>) {
        if is_write(step) {
            facts.push(step.node);
        }
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }

    fn assumptions() -> Vec<Assumption<Self>> {
        vec![claims::informed_survives()]
    }
}
