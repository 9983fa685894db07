//! What a lock protects: a resource that takes writes in the order of grants, by their fencing tokens.
//!
//! Source: Burrows, "The Chubby lock service" (2006), 2.4 (sequencers); Kleppmann, "How to do distributed locking" (2016).
//!
//! A lock whose grant can end without its holder's doing cannot make belief exclusive; what it can do is to number its
//! grants. [`Resource`] is the part of an actor that looks at the numbers, [`Grants`] the ghost that knows
//! whether they were in order. Fencing orders, it does not revoke: who lost the lock may still write until the next
//! holder has.

use std::collections::BTreeSet;

use quorate::model::History;
use quorate::{Actor, Id, Out, rename};
use serde::Serialize;

/// A write on its way to the resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Write {
    /// The client's round, from 1.
    pub round: u8,
    /// How often the client had asked again.
    pub again: u8,
    /// The fencing token: the number of the grant under which it is written.
    pub token: u32,
    /// The number of the grant once more, for the observer: the resource does not read it.
    pub grant: u32,
}

/// What became of a write, on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Written {
    /// Of which round.
    pub round: u8,
    /// How often the client had asked again.
    pub again: u8,
    /// Whether it was taken.
    pub accepted: bool,
}

/// The largest token with which the resource took a write; 0 before the first.
///
/// Invariant: it never gets smaller. It is saved before a write is acknowledged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Fence(pub u32);

/// The resource as an actor, less what differs between protocols: the types of messages and storage.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    /// Whether it looks at tokens.
    pub fencing: bool,
}

rename! {
    nobody in Write
    nobody in Written
    nobody in Fence
    enum Breach { Overtaken { client, grant, after }, Stale { by, grant, after }, Late { by, grant, after } }
    enum GrantFact { Enters { client, grant }, Takes { by, grant } }
    struct Grants { entered, written, breaches }
}

impl Resource {
    /// A write is taken if its token is not smaller than the last: a holder may write more than once, and one whose
    /// lock has passed to another who has written may write no more.
    pub fn write<A>(self, fence: Fence, src: Id, write: Write, out: &mut Out<A>) -> Option<Fence>
    where
        A: Actor<Msg: From<Written>, Storage: From<Fence>>,
    {
        let Write { round, again, token, .. } = write;
        let accepted = token >= fence.0 || !self.fencing;
        out.send(src, Written { round, again, accepted }.into());
        let after = Fence(token);
        (accepted && after != fence).then(|| {
            out.save(after.into());
            after
        })
    }
}

/// Something that should not have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Breach {
    /// A client came to have the lock by a grant that comes before one by which another had come to have it.
    Overtaken {
        /// Who.
        client: Id,
        /// By which grant.
        grant: u32,
        /// After which.
        after: u32,
    },
    /// A write was taken under an older grant than another that was taken.
    Stale {
        /// Whose.
        by: Id,
        /// Under which grant.
        grant: u32,
        /// The newer one.
        after: u32,
    },
    /// A write was taken when another had come to have the lock by a newer grant.
    Late {
        /// Whose.
        by: Id,
        /// Under which grant.
        grant: u32,
        /// The newer one.
        after: u32,
    },
}

/// Something that happened to a grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum GrantFact {
    /// A client came to believe that it has the lock.
    Enters {
        /// Who.
        client: Id,
        /// By which grant.
        grant: u32,
    },
    /// The resource took a write.
    Takes {
        /// Whose.
        by: Id,
        /// Under which grant.
        grant: u32,
    },
}

/// In which order grants and writes came: a ghost that protocol code never reads.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Grants {
    /// The largest grant by which a client has come to have the lock; 0 before the first.
    pub entered: u32,
    /// The largest grant under which a write was taken; 0 before the first.
    pub written: u32,
    /// What went wrong.
    pub breaches: BTreeSet<Breach>,
}

impl History for Grants {
    type Fact = GrantFact;

    fn record(&mut self, fact: &GrantFact) {
        match *fact {
            GrantFact::Enters { client, grant } => self.enters(client, grant),
            GrantFact::Takes { by, grant } => self.takes(by, grant),
        }
    }
}

impl Grants {
    /// A client comes to believe that it has the lock.
    pub fn enters(&mut self, client: Id, grant: u32) {
        let after = self.entered;
        self.breaches.extend((grant < after).then_some(Breach::Overtaken { client, grant, after }));
        self.entered = after.max(grant);
    }

    /// A write is taken.
    pub fn takes(&mut self, by: Id, grant: u32) {
        let (entered, written) = (self.entered, self.written);
        self.breaches.extend((grant < written).then_some(Breach::Stale { by, grant, after: written }));
        self.breaches.extend((grant < entered).then_some(Breach::Late { by, grant, after: entered }));
        self.written = written.max(grant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_may_be_late_before_it_is_stale() {
        let (one, other) = (Id::from(0), Id::from(1));
        let mut grants = Grants::default();
        grants.enters(one, 1);
        grants.takes(one, 1);
        grants.enters(other, 2);
        grants.takes(one, 1);
        let late = Breach::Late { by: one, grant: 1, after: 2 };
        assert_eq!(grants.breaches, BTreeSet::from([late]));
        grants.takes(other, 2);
        grants.takes(one, 1);
        assert!(grants.breaches.contains(&Breach::Stale { by: one, grant: 1, after: 2 }));
    }

    #[test]
    fn who_comes_by_an_older_grant_was_overtaken() {
        let mut grants = Grants::default();
        grants.enters(Id::from(0), 2);
        grants.enters(Id::from(1), 1);
        assert_eq!(grants.breaches, BTreeSet::from([Breach::Overtaken { client: Id::from(1), grant: 1, after: 2 }]));
    }
}
