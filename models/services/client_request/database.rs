//! The database: effects of requests, and of each client the record of its last request.

use std::collections::BTreeMap;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;

use super::member::{Member, Msg};
use super::{Deviation, Effect};

/// The name of a request among those of its client.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct RequestId {
    /// Its number, from 1.
    pub number: usize,
    /// Always 0: what is sent again is the same request.
    pub attempt: usize,
}

/// The database.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) effect: Effect,
    pub(super) deviations: Deviations<Deviation>,
}

/// What is in the database.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct DatabaseState {
    /// The requests of each client that took effect, by number and in order. The same value put again has no effect.
    pub effects: BTreeMap<Id, Vec<usize>>,
    /// The last request of each client, in the table where it is found.
    pub records: BTreeMap<(Option<Id>, Id), RequestId>,
}

impl Database {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// Carries out a request that a server passes on, unless it was carried out: RIFL 3.2. A client has one request
    /// open, so that its last one is all that needs a record, and what is older is late.
    pub(super) fn execute(&self, me: &mut DatabaseState, server: Id, client: Id, id: RequestId, o: &mut Out<Member>) {
        // One table for all servers.
        let table = Some(server).filter(|_| self.breaks(Deviation::LocalRecords));
        let last = me.records.get(&(table, client)).copied().unwrap_or_default();
        let is_older = id < last && !self.breaks(Deviation::TakeOlder);
        let is_known = is_older || id == last;
        if !is_known || self.breaks(Deviation::NoRecords) {
            self.take_effect(me.effects.entry(client).or_default(), id.number);
            me.records.insert((table, client), id);
            o.save(self.saved(me));
        }
        o.send(server, Msg::Executed { client, number: id.number });
    }

    fn take_effect(&self, effects: &mut Vec<usize>, number: usize) {
        match self.effect {
            Effect::Put if effects.last() == Some(&number) => {}
            Effect::Add | Effect::Put => effects.push(number),
        }
    }

    /// The effect and its record outlive a crash together.
    fn saved(&self, me: &DatabaseState) -> DatabaseState {
        let mut saved = me.clone();
        if self.breaks(Deviation::VolatileRecords) {
            saved.records.clear();
        }
        saved
    }
}
