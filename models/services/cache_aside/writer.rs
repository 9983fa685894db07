//! A writer: the database, and what is done to the cache.

use std::time::Duration;

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::member::{Member, Msg, Timer};
use super::{Deviation, Invalidation, Params};

/// A writer's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum WriterState {
    /// It has the entry deleted before it writes.
    Before {
        /// How often it has said so.
        said: usize,
    },
    /// It has asked the database to write.
    Writing,
    /// The write is in the database, and it sees to the cache.
    After {
        /// What it has written.
        version: usize,
        /// How often it has told the cache.
        said: usize,
    },
    /// It goes on: who hears of it expects the write to be there.
    Done {
        /// What it has written.
        version: usize,
    },
}

/// A writer.
#[derive(Clone, Debug)]
pub struct Writer {
    pub(super) cache: Id,
    pub(super) database: Id,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

impl Writer {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    pub(super) fn start(&self, o: &mut Out<Member>) -> WriterState {
        match self.params.write {
            Invalidation::DeleteBefore | Invalidation::DeleteTwice => self.tell(WriterState::Before { said: 0 }, o),
            Invalidation::DeleteAfter | Invalidation::SetAfter => self.write(o),
        }
    }

    fn write(&self, o: &mut Out<Member>) -> WriterState {
        o.send(self.database, Msg::Write);
        WriterState::Writing
    }

    /// It says to the cache what there is to say, and again while there is no answer.
    pub(super) fn tell(&self, mut me: WriterState, o: &mut Out<Member>) -> WriterState {
        let (msg, said) = match &mut me {
            WriterState::Before { said } => (Msg::Delete { version: 0 }, said),
            WriterState::After { version, said } if self.params.write == Invalidation::SetAfter => {
                (Msg::Set { version: *version }, said)
            }
            WriterState::After { version, said } => (Msg::Delete { version: *version }, said),
            WriterState::Writing | WriterState::Done { .. } => return me,
        };
        o.send(self.cache, msg);
        *said += 1;
        if *said < self.params.tries && !self.breaks(Deviation::SayOnce) {
            o.set_timer(Timer::Again, model_timeout());
        }
        me
    }

    pub(super) fn receive(&self, me: WriterState, msg: Msg, o: &mut Out<Member>) -> Option<WriterState> {
        match (me, msg) {
            (WriterState::Before { .. }, Msg::Seen) => {
                o.cancel_timer(Timer::Again);
                Some(self.write(o))
            }
            (WriterState::Writing, Msg::Written { version }) => Some(self.written(version, o)),
            (WriterState::After { version, .. }, Msg::Seen) => {
                o.cancel_timer(Timer::Again);
                Some(WriterState::Done { version })
            }
            (
                WriterState::Before { .. }
                | WriterState::Writing
                | WriterState::After { .. }
                | WriterState::Done { .. },
                _,
            ) => None,
        }
    }

    /// Section 2: it sees to the cache once the write is in the database, and goes on after that.
    fn written(&self, version: usize, o: &mut Out<Member>) -> WriterState {
        let done = WriterState::Done { version };
        match self.params.write {
            Invalidation::DeleteBefore => done,
            Invalidation::DeleteTwice => {
                let wait = Duration::from_millis(self.params.wait as u64);
                o.set_timer(Timer::Later, wait..wait);
                done
            }
            Invalidation::DeleteAfter | Invalidation::SetAfter => {
                let after = self.tell(WriterState::After { version, said: 0 }, o);
                if self.breaks(Deviation::GoOnFirst) { done } else { after }
            }
        }
    }

    /// The second delete, which nobody waits for.
    pub(super) fn delete_again(&self, me: WriterState, o: &mut Out<Member>) {
        if let WriterState::Done { version } = me {
            o.send(self.cache, Msg::Delete { version });
        }
    }
}
