//! A server: it keeps the value with the highest tag.

use quorate::model::Deviations;
use quorate::{Id, Out, rename};
use serde::Serialize;

use super::Deviation;
use super::member::{Member, Msg};
use crate::replication::register::Value;

/// The place of a write in the order of all writes: by count, then by writer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Tag {
    /// One more than the highest count that the writer knew; 0 before the first write.
    pub count: usize,
    /// Who writes; nobody before the first write.
    pub writer: Option<Id>,
}

/// A value with the tag of its write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Tagged {
    /// The tag.
    pub tag: Tag,
    /// The value.
    pub value: Value,
}

rename! {
    struct Tag { count, writer }
    struct Tagged { tag, value }
}

/// A server.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) deviations: Deviations<Deviation>,
}

impl Server {
    /// Section 3: a server answers what it has, and stores what is newer.
    pub(super) fn receive(&self, me: &mut Tagged, src: Id, msg: &Msg, o: &mut Out<Member>) {
        match msg {
            Msg::Query { number } => o.send(src, Msg::Report { number: *number, has: *me }),
            Msg::Store { number, tagged } => {
                if tagged.tag > me.tag || self.deviations.has(Deviation::TakeOlder) {
                    *me = *tagged;
                    self.save(*me, o);
                }
                o.send(src, Msg::Stored { number: *number });
            }
            Msg::Report { .. } | Msg::Stored { .. } => {}
        }
    }

    /// What a majority has must outlive crashes.
    fn save(&self, me: Tagged, o: &mut Out<Member>) {
        if !self.deviations.has(Deviation::Forget) {
            o.save(me);
        }
    }
}
