//! An etcd cluster as its clients see it: one store of keys with revisions, one request after another.
//!
//! [`Keys`] is the state and says what each request does; [`EtcdServer`] is the part of an actor that answers
//! requests, tells watchers of what is deleted and ends leases.
//!
//! Source: etcd's API reference (KV, Watch, Lease) and the page on its data model; runs of etcd 3.4.23 where these leave
//! something open. The cluster itself is not modelled: its requests are linearizable, which is what Raft is for and is
//! checked on its own. Left out: what keys hold, since a lock is where its key is and not what it says; compaction;
//! comparisons other than that of a creation revision; watchers of anything but deletions.
//!
//! Requests of one client may overtake each other: each is a call of its own.

use std::collections::{BTreeMap, BTreeSet};

use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::{Numbering, ticks};

/// A lease, by the id that its client chose: in life a random one, here whose it is and the how-many-th of that client.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Lease {
    /// Whose.
    pub client: Id,
    /// Which of that client's, from 1.
    pub number: u8,
}

/// The name of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Key {
    /// One with a name of its own.
    Plain(&'static str),
    /// One under the prefix of the lock, named after a lease.
    Prefixed(Lease),
}

/// A key that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Entry {
    /// The revision that created it.
    pub created: u32,
    /// How often it was put since: 1 when it is new.
    pub version: u32,
    /// The lease with which it goes; `None` if it stays.
    pub lease: Option<Lease>,
}

/// Which keys are asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Range {
    /// This one.
    Key(Key),
    /// Of those under the prefix, the one that was created first.
    First,
    /// Of those under the prefix that were created before this revision, the one that was created last.
    LastBefore(u32),
}

/// One operation of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Operation {
    /// The key is put, under a lease or for good.
    Put {
        /// Which key.
        key: Key,
        /// The lease with which it goes.
        lease: Option<Lease>,
    },
    /// Keys are looked up.
    Get(Range),
    /// The key is deleted.
    Delete(Key),
}

/// The condition of a transaction: the key was created in this revision; 0 if it is not there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Compare {
    /// Which key.
    pub key: Key,
    /// In which revision.
    pub created: u32,
}

/// What is asked of the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Ask {
    /// `LeaseGrant`, with an id that the client chose.
    Grant,
    /// `LeaseKeepAlive`.
    KeepAlive,
    /// `LeaseRevoke`.
    Revoke,
    /// `Txn`: one list of operations or the other, all in one step and one revision.
    Txn {
        /// If this is so; always, if nothing is said.
        compare: Option<Compare>,
        /// Then these.
        success: Vec<Operation>,
        /// Else these.
        failure: Vec<Operation>,
    },
    /// `Watch` of a key: its first deletion from that revision on, or from now on.
    Watch {
        /// Which key.
        key: Key,
        /// From which revision on.
        from: Option<u32>,
    },
}

/// What was found, done or refused.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Reply {
    /// The lease is there: it was granted, lives on, or is revoked.
    Lease,
    /// There is no such lease: it never was, or is over.
    LeaseNotFound,
    /// A transaction went through.
    Txn {
        /// The revision of the store after it.
        revision: u32,
        /// Whether its condition was met.
        succeeded: bool,
        /// What its lookups found, in their order.
        found: Vec<Option<(Key, Entry)>>,
    },
    /// The watched key was deleted.
    Deleted,
}

/// Which request of a client this is: a client reads the reply to what it asked last and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Call {
    /// Under which lease.
    pub lease: Lease,
    /// The client's round, from 1.
    pub round: u8,
    /// How often the client had asked again.
    pub again: u8,
}

/// A request on its way to the store.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Request {
    /// Which it is.
    pub call: Call,
    /// What is asked.
    pub ask: Ask,
}

/// A reply on its way back.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Answer {
    /// To which request.
    pub call: Call,
    /// Whether it is on the stream that keeps leases alive, which goes beside all else.
    pub keep_alive: bool,
    /// What was said.
    pub reply: Reply,
}

/// The keys, leases and watchers of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Keys {
    /// The revision of the last transaction that wrote. It never goes back and no two writes have the same.
    pub revision: u32,
    /// The keys that are there.
    pub entries: BTreeMap<Key, Entry>,
    /// In which revision keys were last deleted. Empty where revisions come again.
    pub deleted: BTreeMap<Key, u32>,
    /// The leases that live.
    ///
    /// Invariant: each key's lease is among them.
    pub leases: BTreeSet<Lease>,
    /// Who is to be told of the next deletion of which key.
    pub watchers: BTreeSet<(Key, Call)>,
    /// How revisions are numbered. In a circle the revision of the store is that of the last key of the lock that is
    /// there: what was deleted since another was there is then seen by its being gone, or newer.
    #[serde(skip_serializing_if = "is_endless")]
    pub numbering: Numbering,
}

fn is_endless(numbering: &Numbering) -> bool {
    !numbering.comes_again()
}

impl Keys {
    /// What is asked is done, as one step. `None` where nothing is answered for now.
    pub fn apply(&mut self, call: Call, ask: &Ask) -> Option<Reply> {
        let lease = call.lease;
        match ask {
            Ask::Grant => {
                self.leases.insert(lease);
                Some(Reply::Lease)
            }
            Ask::KeepAlive if self.leases.contains(&lease) => Some(Reply::Lease),
            Ask::KeepAlive => Some(Reply::LeaseNotFound),
            Ask::Revoke => Some(if self.end(lease) { Reply::Lease } else { Reply::LeaseNotFound }),
            Ask::Txn { compare, success, failure } => {
                let succeeded = compare.is_none_or(|compare| self.created(compare.key) == compare.created);
                Some(self.transact(succeeded, if succeeded { success } else { failure }))
            }
            Ask::Watch { key, from } => self.watch(call, *key, *from),
        }
    }

    /// A lease is over: its keys go, all in one revision. Whether there was such a lease.
    pub fn end(&mut self, lease: Lease) -> bool {
        let lived = self.leases.remove(&lease);
        let keys: Vec<Key> = self.of_lease(lease).collect();
        self.begin(!keys.is_empty());
        keys.into_iter().for_each(|key| self.delete(key));
        self.settle();
        lived
    }

    /// The keys that go with a lease.
    pub fn of_lease(&self, lease: Lease) -> impl Iterator<Item = Key> + '_ {
        self.entries.iter().filter(move |(_, entry)| entry.lease == Some(lease)).map(|(key, _)| *key)
    }

    fn created(&self, key: Key) -> u32 {
        self.entries.get(&key).map_or(0, |entry| entry.created)
    }

    /// The operations of a transaction, which has one revision if it writes at all. It is refused as a whole if a lease
    /// that it names is not there.
    fn transact(&mut self, succeeded: bool, operations: &[Operation]) -> Reply {
        let lacks = |operation: &Operation| matches!(operation, Operation::Put { lease: Some(lease), .. } if !self.leases.contains(lease));
        if operations.iter().any(lacks) {
            return Reply::LeaseNotFound;
        }
        let writes = |operation: &Operation| match operation {
            Operation::Put { .. } => true,
            Operation::Delete(key) => self.entries.contains_key(key),
            Operation::Get(_) => false,
        };
        self.begin(operations.iter().any(writes));
        let mut found = Vec::new();
        for operation in operations {
            match *operation {
                Operation::Put { key, lease } => self.put(key, lease),
                Operation::Get(range) => found.push(self.get(range)),
                Operation::Delete(key) => self.delete(key),
            }
        }
        self.settle();
        Reply::Txn { revision: self.revision, succeeded, found }
    }

    /// A transaction begins, with a revision of its own if it writes.
    fn begin(&mut self, writes: bool) {
        if writes {
            self.revision = self.numbering.after(self.revision);
        }
    }

    /// A transaction ends.
    fn settle(&mut self) {
        if self.numbering.comes_again() {
            self.revision =
                self.prefixed().min_by_key(|(_, entry)| self.behind(entry)).map_or(0, |(_, last)| last.created);
        }
    }

    /// The keys under the prefix.
    fn prefixed(&self) -> impl Iterator<Item = (&Key, &Entry)> {
        self.entries.iter().filter(|(key, _)| matches!(key, Key::Prefixed(_)))
    }

    /// How many keys under the prefix were created after this one.
    fn behind(&self, entry: &Entry) -> usize {
        self.prefixed().filter(|(_, other)| self.numbering.distance(entry.created, other.created).is_some()).count()
    }

    /// A key that was there keeps the revision that created it.
    fn put(&mut self, key: Key, lease: Option<Lease>) {
        let (created, version) = self.entries.get(&key).map_or((self.revision, 0), |old| (old.created, old.version));
        self.entries.insert(key, Entry { created, version: version + 1, lease });
    }

    fn get(&self, range: Range) -> Option<(Key, Entry)> {
        let found = match range {
            Range::Key(key) => self.entries.get_key_value(&key),
            Range::First => self.prefixed().max_by_key(|(_, entry)| self.behind(entry)),
            Range::LastBefore(revision) => {
                let distance = |entry: &Entry| self.numbering.distance(entry.created, revision);
                let before = self.prefixed().filter_map(|found| Some((distance(found.1)?, found)));
                before.min_by_key(|(distance, _)| *distance).map(|(_, found)| found)
            }
        };
        found.map(|(key, entry)| (*key, *entry))
    }

    /// Anyone may delete a key, also one that goes with another's lease.
    fn delete(&mut self, key: Key) {
        if self.entries.remove(&key).is_some() && !self.numbering.comes_again() {
            self.deleted.insert(key, self.revision);
        }
    }

    /// A watcher that names a revision is told also of what happened between then and now.
    fn watch(&mut self, call: Call, key: Key, from: Option<u32>) -> Option<Reply> {
        let past = |from| match self.entries.get(&key) {
            _ if !self.numbering.comes_again() => self.deleted.get(&key).is_some_and(|deleted| *deleted >= from),
            Some(entry) => self.numbering.distance(from, entry.created).is_some(),
            None => true,
        };
        if from.is_some_and(past) {
            return Some(Reply::Deleted);
        }
        self.watchers.insert((key, call));
        None
    }

    /// Takes out the watchers of keys that have gone.
    fn take_told(&mut self, before: &Self) -> BTreeSet<(Key, Call)> {
        let gone = |key: &Key| before.entries.contains_key(key) && !self.entries.contains_key(key);
        let told: BTreeSet<_> = self.watchers.iter().filter(|(key, _)| gone(key)).copied().collect();
        self.watchers.retain(|watcher| !told.contains(watcher));
        told
    }
}

/// The timer of a lease: nobody has kept it alive for its time to live.
///
/// In asynchronous time it may fire at any moment from the grant on: the client may be down, or pause, or be cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct LeaseOver(pub Lease);

/// The cluster as an actor, less what differs between protocols: the types of messages and timers. It never loses
/// what it has answered.
#[derive(Clone, Copy, Debug)]
pub struct EtcdServer {
    /// How many ticks a lease lives after it was granted or kept alive, where time is timed.
    pub ttl: u8,
    /// Whether leases end at all: they do not where every client is heard of in time.
    pub ends_leases: bool,
}

impl EtcdServer {
    /// A request is carried out and answered.
    pub fn on_request<A>(&self, keys: &Keys, request: &Request, out: &mut Out<A>) -> Keys
    where
        A: Actor<Msg: From<Answer>, Timer: From<LeaseOver>>,
    {
        let (call, keep_alive) = (request.call, request.ask == Ask::KeepAlive);
        let mut after = keys.clone();
        let reply = after.apply(call, &request.ask);
        let is_begun = matches!(request.ask, Ask::Grant | Ask::KeepAlive) && reply == Some(Reply::Lease);
        if is_begun && self.ends_leases {
            out.set_timer(LeaseOver(call.lease).into(), ticks(self.ttl));
        }
        if request.ask == Ask::Revoke {
            out.cancel_timer(LeaseOver(call.lease).into());
        }
        if let Some(reply) = reply {
            out.send(call.lease.client, Answer { call, keep_alive, reply }.into());
        }
        Self::tell(keys, after, out)
    }

    /// The time of a lease is over. Its client is not told: it finds out when it asks.
    pub fn on_lease_over<A>(&self, keys: &Keys, LeaseOver(lease): LeaseOver, out: &mut Out<A>) -> Keys
    where
        A: Actor<Msg: From<Answer>>,
    {
        let mut after = keys.clone();
        after.end(lease);
        Self::tell(keys, after, out)
    }

    fn tell<A>(before: &Keys, mut after: Keys, out: &mut Out<A>) -> Keys
    where
        A: Actor<Msg: From<Answer>>,
    {
        for (_, call) in after.take_told(before) {
            out.send(call.lease.client, Answer { call, keep_alive: false, reply: Reply::Deleted }.into());
        }
        after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lease(client: usize) -> Lease {
        Lease { client: Id::from(client), number: 1 }
    }

    fn key(client: usize) -> Key {
        Key::Prefixed(lease(client))
    }

    fn apply(keys: &mut Keys, client: usize, ask: &Ask) -> Reply {
        keys.apply(Call { lease: lease(client), round: 1, again: 0 }, ask).expect("it is answered at once")
    }

    fn txn(compare: Option<Compare>, operation: Operation) -> Ask {
        let failure = vec![Operation::Get(Range::First)];
        Ask::Txn { compare, success: vec![operation, Operation::Get(Range::First)], failure }
    }

    fn lock(keys: &mut Keys, client: usize) -> Reply {
        let put = Operation::Put { key: key(client), lease: Some(lease(client)) };
        apply(keys, client, &txn(Some(Compare { key: key(client), created: 0 }), put))
    }

    fn done(revision: u32, succeeded: bool, first: Option<(usize, u32)>) -> Reply {
        let entry = |(client, created)| (key(client), Entry { created, version: 1, lease: Some(lease(client)) });
        Reply::Txn { revision, succeeded, found: vec![first.map(entry)] }
    }

    fn of_two() -> Keys {
        let mut keys = Keys::default();
        for client in [0, 1] {
            apply(&mut keys, client, &Ask::Grant);
        }
        keys
    }

    #[test]
    fn a_key_is_put_once_and_goes_with_its_lease() {
        let mut keys = of_two();
        assert_eq!(lock(&mut keys, 0), done(1, true, Some((0, 1))));
        assert_eq!(lock(&mut keys, 0), done(1, false, Some((0, 1))));
        assert_eq!(lock(&mut keys, 1), done(2, true, Some((0, 1))));
        assert!(keys.end(lease(0)));
        assert_eq!((keys.revision, keys.get(Range::First)), (3, keys.get(Range::Key(key(1)))));
        assert_eq!(apply(&mut keys, 0, &Ask::KeepAlive), Reply::LeaseNotFound);
        assert_eq!(lock(&mut keys, 0), Reply::LeaseNotFound);
        assert_eq!(keys.revision, 3, "what is refused writes nothing");
    }

    #[test]
    fn versions_begin_anew_and_revisions_do_not() {
        let mut keys = of_two();
        let put = txn(None, Operation::Put { key: key(0), lease: Some(lease(0)) });
        apply(&mut keys, 0, &put);
        apply(&mut keys, 0, &put);
        assert_eq!(keys.entries[&key(0)], Entry { created: 1, version: 2, lease: Some(lease(0)) });
        apply(&mut keys, 1, &txn(None, Operation::Delete(key(0))));
        apply(&mut keys, 0, &put);
        assert_eq!(keys.entries[&key(0)], Entry { created: 4, version: 1, lease: Some(lease(0)) });
    }

    #[test]
    fn a_stale_revision_deletes_nothing() {
        let mut keys = of_two();
        lock(&mut keys, 0);
        let delete = |created| txn(Some(Compare { key: key(0), created }), Operation::Delete(key(0)));
        assert_eq!(apply(&mut keys, 0, &delete(7)), done(1, false, Some((0, 1))));
        assert_eq!(apply(&mut keys, 0, &delete(1)), done(2, true, None));
    }

    #[test]
    fn a_watcher_is_told_of_what_happened_since_the_revision_that_it_names() {
        let mut keys = of_two();
        lock(&mut keys, 0);
        let call = Call { lease: lease(1), round: 1, again: 0 };
        let watch = |from| Ask::Watch { key: key(0), from };
        assert_eq!(keys.apply(call, &watch(Some(1))), None);
        let before = keys.clone();
        assert_eq!(apply(&mut keys, 0, &Ask::Revoke), Reply::Lease);
        assert_eq!(keys.take_told(&before), BTreeSet::from([(key(0), call)]));
        assert_eq!(keys.apply(call, &watch(Some(1))), Some(Reply::Deleted));
        assert_eq!(keys.apply(call, &watch(Some(3))), None, "the deletion was revision 2");
        assert_eq!(keys.apply(call, &watch(None)), None);
    }

    #[test]
    fn in_a_circle_who_came_later_is_behind() {
        let mut keys = Keys { numbering: Numbering::circle(6), ..of_two() };
        let (first, second) = (0, 1);
        for _ in 0..12 {
            lock(&mut keys, first);
            lock(&mut keys, second);
            let created = keys.entries[&key(second)].created;
            assert_eq!(keys.get(Range::First).map(|(key, _)| key), Some(key(first)));
            assert_eq!(keys.get(Range::LastBefore(created)).map(|(key, _)| key), Some(key(first)));
            let call = Call { lease: lease(second), round: 1, again: 0 };
            let watch = Ask::Watch { key: key(first), from: Some(keys.revision) };
            apply(&mut keys, first, &txn(None, Operation::Delete(key(first))));
            assert_eq!(keys.clone().apply(call, &watch), Some(Reply::Deleted), "it is gone");
            lock(&mut keys, first);
            assert_eq!(keys.clone().apply(call, &watch), Some(Reply::Deleted), "it was gone, and is behind");
            apply(&mut keys, second, &txn(None, Operation::Delete(key(second))));
        }
        assert!(keys.deleted.is_empty() && keys.revision <= 6);
    }
}
