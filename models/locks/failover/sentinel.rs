//! The sentinel: it suspects the primary, asks the replicas how far they are, and promotes one.

use std::collections::BTreeMap;

use quorate::{Id, Out};
use serde::Serialize;
use stateright::actor::model_timeout;

use super::{Member, Msg, Timer};

/// What the sentinel is at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum SentinelState {
    /// Hears of the primary.
    Watching,
    /// Has not heard of it for too long, and asks the replicas how far they are.
    Polling(BTreeMap<Id, u32>),
    /// Has promoted this one.
    Promoted(Id),
}

/// The sentinel.
#[derive(Clone, Debug)]
pub struct Sentinel {
    pub(super) replicas: Vec<Id>,
    /// Whether the first that answers will do.
    pub(super) any: bool,
    /// Whether it ever suspects the primary.
    pub(super) suspects: bool,
}

impl Sentinel {
    pub(super) fn on_start(&self, out: &mut Out<Member>) -> SentinelState {
        if self.suspects {
            out.set_timer(Timer::Suspect, model_timeout());
        }
        SentinelState::Watching
    }

    /// The primary may be down, or only not be heard: nobody can tell.
    pub(super) fn suspect(&self, out: &mut Out<Member>) -> SentinelState {
        out.broadcast(&self.replicas, &Msg::Poll);
        SentinelState::Polling(BTreeMap::new())
    }

    /// When all have answered, the one that is farthest is promoted.
    pub(super) fn on_msg(
        &self,
        me: &SentinelState,
        src: Id,
        msg: &Msg,
        out: &mut Out<Member>,
    ) -> Option<SentinelState> {
        let (SentinelState::Polling(offsets), Msg::Offset(offset)) = (me, msg) else { return None };
        let mut offsets = offsets.clone();
        offsets.insert(src, *offset);
        if offsets.len() < self.replicas.len() && !self.any {
            return Some(SentinelState::Polling(offsets));
        }
        let (farthest, _) = offsets.iter().max_by_key(|(_, offset)| **offset)?;
        out.send(*farthest, Msg::Promote);
        Some(SentinelState::Promoted(*farthest))
    }
}
