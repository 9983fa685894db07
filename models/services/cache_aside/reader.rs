//! A reader: the cache first, then the database, and then it fills the cache.

use quorate::{Id, Out};
use serde::Serialize;

use super::member::{Member, Msg};

/// A reader's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ReaderState {
    /// How often it has still to read, this time included.
    pub left: usize,
    /// How far it is.
    pub stage: Stage,
    /// Whether the cache has ever answered it.
    pub was_hit: bool,
}

/// How far a read is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Stage {
    /// It has asked the cache.
    Asked,
    /// The cache had nothing, and it has asked the database.
    Missed {
        /// What the cache gave it.
        token: usize,
    },
    /// It has read all that it wanted.
    Read,
}

/// A reader.
#[derive(Clone, Debug)]
pub struct Reader {
    pub(super) cache: Id,
    pub(super) database: Id,
    pub(super) reads: usize,
}

impl Reader {
    pub(super) fn start(&self, o: &mut Out<Member>) -> ReaderState {
        self.next(ReaderState { left: self.reads, stage: Stage::Asked, was_hit: false }, o)
    }

    fn next(&self, me: ReaderState, o: &mut Out<Member>) -> ReaderState {
        if me.left == 0 {
            return ReaderState { stage: Stage::Read, ..me };
        }
        o.send(self.cache, Msg::Get);
        ReaderState { stage: Stage::Asked, ..me }
    }

    /// Section 2: it fills what it has missed, and does not wait for that.
    pub(super) fn receive(&self, me: ReaderState, msg: Msg, o: &mut Out<Member>) -> Option<ReaderState> {
        match (me.stage, msg) {
            (Stage::Asked, Msg::Hit { .. }) => {
                Some(self.next(ReaderState { left: me.left - 1, was_hit: true, ..me }, o))
            }
            (Stage::Asked, Msg::Miss { token }) => {
                o.send(self.database, Msg::Query);
                Some(ReaderState { stage: Stage::Missed { token }, ..me })
            }
            (Stage::Missed { token }, Msg::Row { version }) => {
                o.send(self.cache, Msg::Fill { version, token });
                Some(self.next(ReaderState { left: me.left - 1, ..me }, o))
            }
            (Stage::Asked | Stage::Missed { .. } | Stage::Read, _) => None,
        }
    }
}
