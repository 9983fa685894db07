//! The register with copies: each replica answers from its own and passes writes on (section 3.2.3).

use quorate::{Id, Out};
use serde::Serialize;

use super::Deviation;
use super::replica::{Msg, Replica, ReplicaState, Timer};
use crate::replication::register::{Operation, Value};

/// The place of a write in an order of all writes: by count, then by replica.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Version {
    /// One more than what the replica knew.
    pub count: usize,
    /// Where it was written; nowhere before the first write.
    pub replica: Option<Id>,
}

/// What a replica has of the register.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Copy {
    /// The version of the value.
    pub version: Version,
    /// The value.
    pub value: Value,
}

impl Copy {
    /// Carries out an operation at a replica, and answers it.
    pub(super) fn carry_out(&mut self, replica: Id, operation: Operation) -> Value {
        if let Operation::Write(value) = operation {
            let version = Version { count: self.version.count + 1, replica: Some(replica) };
            *self = Self { version, value };
        }
        self.value
    }
}

impl Replica {
    /// Answers from the copy at hand, and passes a write on.
    pub(super) fn ask_copy(&self, me: &mut ReplicaState, o: &mut Out<Self>) {
        let operation = self.operation(me.asked);
        let value = me.copy.carry_out(self.id, operation);
        if operation != Operation::Read {
            me.lacking = self.peers();
            self.pass_on(me, o);
        }
        self.answer(me, value, o);
    }

    /// Sends its write to those who may lack it, again and again.
    pub(super) fn pass_on(&self, me: &ReplicaState, o: &mut Out<Self>) {
        o.broadcast(&me.lacking, &Msg::Update(me.copy));
        if !self.breaks(Deviation::SendOnce) {
            o.set_timer(Timer::Repeat, self.patience());
        }
    }

    /// Takes a write that is newer. Its own, if that was older, need not be passed on any more.
    pub(super) fn update(&self, me: &mut ReplicaState, src: Id, copy: Copy, o: &mut Out<Self>) {
        if self.is_newer(copy.version, me.copy.version) {
            me.copy = copy;
            me.lacking.clear();
            o.cancel_timer(Timer::Repeat);
        }
        o.send(src, Msg::Updated(copy.version));
    }

    /// Of two writes the newer stays, also of two that did not know of each other.
    fn is_newer(&self, one: Version, other: Version) -> bool {
        if self.breaks(Deviation::NoTieBreak) { one.count > other.count } else { one > other }
    }

    /// Another replica has its write, or a newer one.
    pub(super) fn updated(&self, me: &mut ReplicaState, src: Id, version: Version, o: &mut Out<Self>) {
        if version == me.copy.version && me.lacking.remove(&src) && me.lacking.is_empty() {
            o.cancel_timer(Timer::Repeat);
        }
    }
}
