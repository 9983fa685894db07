//! What sites hold: items, and death certificates of those that were deleted.

use std::collections::{BTreeMap, BTreeSet};

use quorate::Id;
use quorate::model::{Deviations, History};
use serde::Serialize;

use super::Deviation;
use crate::gossip::exchange::Replicated;

/// What a site holds of an item. The later one supersedes: an item is written once, and deleted once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Entry {
    /// The item.
    Item,
    /// Its death certificate.
    Dead,
}

/// What a site holds, by the site that the item is of.
pub type Items = BTreeMap<Id, Entry>;

/// The database of a site.
#[derive(Clone, Debug)]
pub struct Database {
    pub(crate) deviations: Deviations<Deviation>,
}

impl Database {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }
}

impl Replicated for Database {
    type Value = Items;

    fn start(&self, _: Id) -> Items {
        Items::new()
    }

    /// First the site's item is written, then it is deleted. Section 2: the absence of an item does not spread, so
    /// that a death certificate takes its place.
    fn write(&self, id: Id, items: &Items, nth: u8) -> Items {
        let mut items = items.clone();
        if nth == 0 {
            items.insert(id, Entry::Item);
        } else if !self.breaks(Deviation::DeleteWithoutCertificate) {
            items.insert(id, Entry::Dead);
        } else {
            items.remove(&id);
        }
        items
    }

    /// Section 1.3: of each item the later entry is kept.
    fn merge(&self, own: &Items, others: &Items) -> Items {
        if self.breaks(Deviation::Overwrite) {
            return others.clone();
        }
        let mut items = own.clone();
        for (id, entry) in others {
            let known = items.entry(*id).or_insert(*entry);
            *known = (*known).max(*entry);
        }
        if self.breaks(Deviation::DropCertificates) {
            items.retain(|_, entry| *entry == Entry::Item);
        }
        items
    }
}

/// What the observer remembers: whose items were written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Written(pub BTreeSet<Id>);

impl History for Written {
    type Fact = Id;

    fn record(&mut self, id: &Id) {
        self.0.insert(*id);
    }
}
