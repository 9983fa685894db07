//! The cache: what it has on the key, and which fills it takes.

use std::collections::BTreeSet;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::member::{Member, Msg, Saved, Timer};
use super::{Deviation, Fill};

/// The cache's memory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct CacheState {
    /// The entry.
    pub entry: Option<usize>,
    /// The version that the last delete was for, or 0.
    pub floor: usize,
    /// The tokens of misses after which nothing was deleted.
    pub tokens: BTreeSet<usize>,
    /// The next token. Invariant: no token is given twice, also where the cache crashes.
    pub next: usize,
}

/// The cache.
#[derive(Clone, Debug)]
pub struct Cache {
    pub(super) fill: Fill,
    pub(super) expires: bool,
    pub(super) deviations: Deviations<Deviation>,
}

impl Cache {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    pub(super) fn start(next: Option<usize>) -> CacheState {
        CacheState { next: next.unwrap_or_default(), ..CacheState::default() }
    }

    pub(super) fn receive(&self, me: &mut CacheState, src: Id, msg: Msg, o: &mut Out<Member>) {
        match msg {
            Msg::Get => self.get(me, src, o),
            Msg::Fill { version, token } => self.fill(me, version, token, o),
            Msg::Delete { version } => {
                self.delete(me, version, o);
                o.send(src, Msg::Seen);
            }
            Msg::Set { version } => {
                self.put(me, version, o);
                o.send(src, Msg::Seen);
            }
            Msg::Hit { .. }
            | Msg::Miss { .. }
            | Msg::Seen
            | Msg::Query
            | Msg::Row { .. }
            | Msg::Write
            | Msg::Written { .. } => {}
        }
    }

    /// Section 3.2.1: a miss gives a token.
    fn get(&self, me: &mut CacheState, src: Id, o: &mut Out<Member>) {
        if let Some(version) = me.entry {
            o.send(src, Msg::Hit { version });
            return;
        }
        o.send(src, Msg::Miss { token: me.next });
        if self.fill == Fill::Lease {
            me.tokens.insert(me.next);
            me.next += 1;
            o.save(Saved::Next(me.next));
        }
    }

    fn fill(&self, me: &mut CacheState, version: usize, token: usize, o: &mut Out<Member>) {
        let is_taken = match self.fill {
            Fill::Plain => true,
            Fill::Lease => me.tokens.remove(&token) || self.breaks(Deviation::IgnoreToken),
            Fill::Versioned => version >= me.floor && Some(version) >= me.entry,
        };
        if is_taken {
            self.put(me, version, o);
        }
    }

    fn put(&self, me: &mut CacheState, version: usize, o: &mut Out<Member>) {
        me.entry = Some(version);
        self.begin_to_expire(o);
    }

    /// Section 3.2.1: a delete voids all tokens of the key.
    fn delete(&self, me: &mut CacheState, version: usize, o: &mut Out<Member>) {
        me.entry = None;
        if !self.breaks(Deviation::KeepTokens) {
            me.tokens.clear();
        }
        if self.fill == Fill::Versioned && !self.breaks(Deviation::ForgetVersion) {
            me.floor = me.floor.max(version);
            self.begin_to_expire(o);
        }
    }

    fn begin_to_expire(&self, o: &mut Out<Member>) {
        if self.expires {
            o.set_timer(Timer::Expire, model_timeout());
        }
    }

    /// All that it has on the key is gone.
    pub(super) fn expire(me: &CacheState) -> CacheState {
        Self::start(Some(me.next))
    }
}
