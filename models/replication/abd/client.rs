//! A client: the two phases of an operation.

use std::collections::BTreeSet;

use quorate::model::Deviations;
use quorate::{Id, Out, rename};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::member::{Invoke, Member, Msg};
use super::server::{Tag, Tagged};
use super::{Deviation, Params};
use crate::replication::register::{Operation, Value};

/// A client, which has one operation open at a time.
#[derive(Clone, Debug)]
pub struct Client {
    pub(super) id: Id,
    pub(super) servers: Vec<Id>,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

/// A client's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ClientState {
    /// The number of its open or its next operation, from 1.
    pub number: usize,
    /// How far that is.
    pub phase: Phase,
}

/// How far an operation is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Phase {
    /// It is still to begin.
    Idle,
    /// Phase 1: what is the highest tag?
    Querying {
        /// Who has answered.
        heard: BTreeSet<Id>,
        /// The highest that was answered.
        highest: Tagged,
    },
    /// Phase 2: a majority shall have it.
    Storing {
        /// Who has it.
        heard: BTreeSet<Id>,
        /// What is stored.
        tagged: Tagged,
    },
    /// There is no operation left.
    Done,
}

rename! {
    struct ClientState { number, phase }
    enum Phase {
        Idle,
        Querying { heard, highest },
        Storing { heard, tagged },
        Done,
    }
}

impl Client {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    fn writes(&self) -> bool {
        usize::from(self.id) < self.params.servers + self.params.writers
    }

    /// The operation with this number.
    pub(super) fn operation(&self, number: usize) -> Operation {
        let writer = usize::from(self.id) - self.params.servers;
        if self.writes() { Operation::Write(writer * self.params.writes + number) } else { Operation::Read }
    }

    /// Waits for the moment to begin the operation with this number.
    pub(super) fn wait(&self, number: usize, o: &mut Out<Member>) -> ClientState {
        let count = if self.writes() { self.params.writes } else { self.params.reads };
        if number > count {
            return ClientState { number, phase: Phase::Done };
        }
        o.set_timer(Invoke, model_timeout());
        ClientState { number, phase: Phase::Idle }
    }

    /// Begins. A writer that is the only one knows the highest tag: it is that of its own last write.
    pub(super) fn invoke(&self, number: usize, o: &mut Out<Member>) -> ClientState {
        let is_alone = self.params.writers == 1;
        match self.operation(number) {
            Operation::Write(value) if is_alone || self.breaks(Deviation::OwnCount) => {
                self.store(number, Tagged { tag: self.tag(number), value }, o)
            }
            Operation::Write(_) | Operation::Read => {
                o.broadcast(&self.servers, &Msg::Query { number });
                let phase = Phase::Querying { heard: BTreeSet::new(), highest: Tagged::default() };
                ClientState { number, phase }
            }
        }
    }

    /// Takes an answer to what is open; `None` if it is to something else. With it comes the value that the operation
    /// returns, if it is done.
    pub(super) fn receive(
        &self,
        me: &ClientState,
        src: Id,
        msg: &Msg,
        o: &mut Out<Member>,
    ) -> Option<(ClientState, Option<Value>)> {
        match (&me.phase, msg) {
            (Phase::Querying { heard, highest }, Msg::Report { number, has }) if *number == me.number => {
                let heard = with(heard, src);
                let highest = if has.tag > highest.tag { *has } else { *highest };
                if heard.len() < self.needed(Deviation::AskOne) {
                    return Some((ClientState { phase: Phase::Querying { heard, highest }, ..*me }, None));
                }
                Some(self.queried(me.number, highest, o))
            }
            (Phase::Storing { heard, tagged }, Msg::Stored { number }) if *number == me.number => {
                let (heard, tagged) = (with(heard, src), *tagged);
                if heard.len() < self.needed(Deviation::StoreAtOne) {
                    return Some((ClientState { phase: Phase::Storing { heard, tagged }, ..*me }, None));
                }
                Some((self.wait(me.number + 1, o), Some(tagged.value)))
            }
            _ => None,
        }
    }

    /// How many servers must answer: any two majorities have one in common.
    fn needed(&self, too_few: Deviation) -> usize {
        match self.servers.len() {
            _ if self.breaks(too_few) => 1,
            all if self.breaks(Deviation::WaitForAll) => all,
            all => all / 2 + 1,
        }
    }

    /// The highest tag is known: a writer stores its value with one that is higher. A reader stores what it found,
    /// since that may be on its way to a majority only, and the next read must not find less.
    fn queried(&self, number: usize, highest: Tagged, o: &mut Out<Member>) -> (ClientState, Option<Value>) {
        match self.operation(number) {
            Operation::Write(value) => {
                let tag = self.tag(highest.tag.count + 1);
                (self.store(number, Tagged { tag, value }, o), None)
            }
            Operation::Read if self.breaks(Deviation::NoWriteBack) => (self.wait(number + 1, o), Some(highest.value)),
            Operation::Read => (self.store(number, highest, o), None),
        }
    }

    fn store(&self, number: usize, tagged: Tagged, o: &mut Out<Member>) -> ClientState {
        o.broadcast(&self.servers, &Msg::Store { number, tagged });
        ClientState { number, phase: Phase::Storing { heard: BTreeSet::new(), tagged } }
    }

    /// A tag of this writer with this count: no other writer has the same.
    fn tag(&self, count: usize) -> Tag {
        let writer = Some(self.id).filter(|_| !self.breaks(Deviation::TagWithoutWriter));
        Tag { count, writer }
    }
}

fn with(heard: &BTreeSet<Id>, one: Id) -> BTreeSet<Id> {
    heard.iter().copied().chain([one]).collect()
}
