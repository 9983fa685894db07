//! What the lock protects: a storage of its own, which checks fencing tokens.

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;

use super::{Deviation, Member, Msg, Storage, Write};

/// The storage.
#[derive(Clone, Debug)]
pub struct Resource {
    pub(super) deviations: Deviations<Deviation>,
}

/// What the storage knows of its writers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct ResourceState {
    /// The token of the last write that was taken; 0 before the first.
    ///
    /// Invariant: it never gets smaller. It is saved before a write is acknowledged.
    pub fence: u32,
}

impl Resource {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// A write is taken if its token is not smaller than the last: a holder may write more than once, and one
    /// whose lock has passed to another who has written may write no more (Burrows 2006, 2.4; Kleppmann 2016).
    pub(super) fn write(
        &self,
        me: ResourceState,
        src: Id,
        Write { call, token, .. }: Write,
        out: &mut Out<Member>,
    ) -> Option<ResourceState> {
        let only_equal = self.breaks(Deviation::RefuseOnlyEqual);
        let refuses_equal = only_equal || self.breaks(Deviation::RefuseEqualToken);
        let in_order = token > me.fence || token == me.fence && !refuses_equal;
        let is_unseen = only_equal && token != me.fence;
        let is_past_check = self.breaks(Deviation::CheckAtProxy) && usize::from(src) % 2 == 1;
        let accepted = in_order || is_unseen || is_past_check || self.breaks(Deviation::NoFencing);
        out.send(src, Msg::Written { call, accepted });
        if !accepted || is_past_check || token == me.fence {
            return None;
        }
        let me = ResourceState { fence: token };
        if !self.breaks(Deviation::ResourceForgets) {
            out.save(Storage::Resource(me));
        }
        Some(me)
    }
}
