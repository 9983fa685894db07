//! The cache, the database, readers and writers as one actor, and what they say to one another.

use std::borrow::Cow;

use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::cache::{Cache, CacheState};
use super::reader::{Reader, ReaderState};
use super::writer::{Writer, WriterState};

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// Reader to cache: what have you?
    Get,
    /// Cache to reader: this.
    Hit {
        /// What the entry says.
        version: usize,
    },
    /// Cache to reader: nothing.
    Miss {
        /// To be shown with the fill, where there are tokens.
        token: usize,
    },
    /// Reader to cache: have this.
    Fill {
        /// What the database has said.
        version: usize,
        /// The token of the miss.
        token: usize,
    },
    /// Writer to cache: drop it.
    Delete {
        /// What was written; 0 if nothing was so far.
        version: usize,
    },
    /// Writer to cache: have this.
    Set {
        /// What was written.
        version: usize,
    },
    /// Cache to writer: so be it.
    Seen,
    /// Reader to database.
    Query,
    /// Database to reader.
    Row {
        /// The number of writes so far.
        version: usize,
    },
    /// Writer to database.
    Write,
    /// Database to writer.
    Written {
        /// The number of this write.
        version: usize,
    },
}

/// What comes by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// At the cache: the key expires.
    Expire,
    /// At a writer: no answer has come.
    Again,
    /// At a writer: the second delete is due.
    Later,
}

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// The cache.
    Cache(Cache),
    /// The database: one row, and how often it was written.
    Database,
    /// It reads.
    Reader(Reader),
    /// It writes.
    Writer(Writer),
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of the cache.
    Cache(CacheState),
    /// Of the database: the number of writes.
    Database(usize),
    /// Of a reader.
    Reader(ReaderState),
    /// Of a writer.
    Writer(WriterState),
}

/// What a member has on disk.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Saved {
    /// The cache: which tokens it has not given.
    Next(usize),
    /// The database: the row.
    Row(usize),
}

fn on_write(writes: &mut usize, src: Id, msg: Msg, o: &mut Out<Member>) {
    match msg {
        Msg::Query => o.send(src, Msg::Row { version: *writes }),
        Msg::Write => {
            *writes += 1;
            o.save(Saved::Row(*writes));
            o.send(src, Msg::Written { version: *writes });
        }
        Msg::Get | Msg::Hit { .. } | Msg::Miss { .. } | Msg::Fill { .. } | Msg::Delete { .. } => {}
        Msg::Set { .. } | Msg::Seen | Msg::Row { .. } | Msg::Written { .. } => {}
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = Saved;
    type Random = ();

    fn on_start(&self, _: Id, storage: &Option<Saved>, o: &mut Out<Self>) -> State {
        let saved = storage.as_ref().map(|(Saved::Next(number) | Saved::Row(number))| *number);
        match self {
            Self::Cache(_) => State::Cache(Cache::start(saved)),
            Self::Database => State::Database(saved.unwrap_or_default()),
            Self::Reader(reader) => State::Reader(reader.start(o)),
            Self::Writer(writer) => State::Writer(writer.start(o)),
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut()) {
            (Self::Cache(cache), State::Cache(me)) => cache.receive(me, src, msg, o),
            (Self::Database, State::Database(writes)) => on_write(writes, src, msg, o),
            (Self::Reader(reader), State::Reader(me)) => *me = reader.receive(*me, msg, o).unwrap_or(*me),
            (Self::Writer(writer), State::Writer(me)) => *me = writer.receive(*me, msg, o).unwrap_or(*me),
            (Self::Cache(_) | Self::Database | Self::Reader(_) | Self::Writer(_), _) => {}
        }
    }

    fn on_timeout(&self, _: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match (self, state.to_mut(), timer) {
            (Self::Cache(_), State::Cache(me), Timer::Expire) => *me = Cache::expire(me),
            (Self::Writer(writer), State::Writer(me), Timer::Again) => *me = writer.tell(*me, o),
            (Self::Writer(writer), State::Writer(me), Timer::Later) => writer.delete_again(*me, o),
            (Self::Cache(_) | Self::Database | Self::Reader(_) | Self::Writer(_), ..) => {}
        }
    }
}
