//! A Redis server: one process that executes one command after another.
//!
//! [`RedisStore`] is the state and says what each command does; [`RedisServer`] is the part of an actor that
//! answers requests, lets keys expire and survives a restart.
//!
//! Source: the command pages of redis.io (SETNX, SET, GET, DEL, INCR, PEXPIRE, WATCH, MULTI, EXEC, EVAL), and runs of
//! Redis 7.0.15 where the pages leave something open. Left out: whatever the lock protocols do not send (longer
//! transactions, other types of values); replication, which is for the protocol to say. Of the time that a key lives
//! only the end is modelled in asynchronous time, as an event that may come at any moment from when the time was set;
//! after a restart it counts from there, which is later than in life.

use std::collections::BTreeMap;
use std::ops::Range;
use std::time::Duration;

use quorate::rename;
use serde::Serialize;
use stateright::actor::{Actor, Id, Out, model_timeout};

use super::ticks;

/// The name of a key.
pub type Key = &'static str;

/// What a key holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Value {
    /// A number.
    Number(u32),
    /// A text that no other round of no other client writes: in life a random one.
    Token {
        /// Whose it is.
        client: Id,
        /// Of which round of that client, from 1.
        round: u8,
    },
}

/// A command, with its arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Command {
    /// `SETNX key value`.
    SetNx {
        /// Which key.
        key: Key,
        /// To what.
        value: Value,
    },
    /// `SET key value NX PX time`.
    SetNxPx {
        /// Which key.
        key: Key,
        /// To what.
        value: Value,
    },
    /// `SET key value`.
    Set {
        /// Which key.
        key: Key,
        /// To what.
        value: Value,
    },
    /// `GET key`.
    Get {
        /// Which key.
        key: Key,
    },
    /// `DEL key`.
    Del {
        /// Which key.
        key: Key,
    },
    /// `INCR key`.
    Incr {
        /// Which key.
        key: Key,
    },
    /// `PEXPIRE key time`.
    PExpire {
        /// Which key.
        key: Key,
    },
    /// `WATCH key`: the next `EXEC` of this client goes through only if nobody has written the key until then.
    Watch {
        /// Which key.
        key: Key,
    },
    /// `MULTI`, `SET key value`, `EXEC`.
    Exec {
        /// Which key.
        key: Key,
        /// To what.
        value: Value,
    },
    /// `MULTI`, `SET key value`, a command that fails (an `INCR` of a text), `EXEC`. The others are executed all the
    /// same.
    ExecPartly {
        /// Which key.
        key: Key,
        /// To what.
        value: Value,
    },
    /// `UNWATCH`.
    Unwatch,
    /// `MULTI`, `DEL key`, `EXEC`.
    ExecDel {
        /// Which key.
        key: Key,
    },
    /// `EVAL script`: executed as one command.
    Eval(Script),
}

/// The scripts that clients send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Script {
    /// `if GET key == value then return DEL key else return 0`.
    CompareAndDelete {
        /// Which key.
        key: Key,
        /// What it must hold.
        value: Value,
    },
    /// `if GET key == value then return PEXPIRE key time else return 0`.
    CompareAndExpire {
        /// Which key.
        key: Key,
        /// What it must hold.
        value: Value,
    },
    /// `if GET key == old then return SET key new`, else nil; a key that is not there counts as 0.
    CompareAndSet {
        /// Which key.
        key: Key,
        /// What it must hold.
        old: Value,
        /// What it shall hold.
        new: Value,
    },
    /// `if SET key value NX [PX time] then return INCR fence`, else nil: a lock with a fencing token. It returns 0 for
    /// `INCR fence` where there is no such key.
    LockFenced {
        /// The key that is the lock.
        key: Key,
        /// Who locks.
        value: Value,
        /// Whether the lock is given a time to live (`PX`).
        expires: bool,
        /// The key that counts the grants; `None` where nobody counts them.
        fence: Option<Key>,
        /// Whether the script first looks for its own value: `if GET key == value then return GET fence`, so that
        /// one who asks again for what it already has is told so.
        again: bool,
    },
}

/// What the server answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Reply {
    /// `OK`.
    Ok,
    /// Nothing: the key is not there, or a condition was not met.
    Nil,
    /// A number: a count of keys, or a counter.
    Number(u32),
    /// What a key holds.
    Value(Value),
    /// `OK`, and an error: one command of a transaction was executed, and another failed.
    PartlyFailed,
    /// `NOREPLICAS`: nothing is executed, since too few replicas were heard of.
    NoReplicas,
}

/// A key that is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Entry {
    /// What it holds.
    pub value: Value,
    /// Whether it has a time to live.
    pub expires: bool,
}

/// The keys of a server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct RedisStore {
    entries: BTreeMap<Key, Entry>,
    /// Who watches which key, and whether it was written since.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    watches: BTreeMap<(Id, Key), bool>,
}

impl RedisStore {
    /// The key, if it is there.
    pub fn entry(&self, key: Key) -> Option<&Entry> {
        self.entries.get(key)
    }

    /// Executes a command of `client`, as one step.
    pub fn apply(&mut self, client: Id, command: &Command) -> Reply {
        match *command {
            Command::SetNx { key, value } => self.set_nx(key, value),
            Command::SetNxPx { key, value } => self.set_nx_px(key, value),
            Command::Set { key, value } => self.set(key, value),
            Command::Get { key } => self.get(key),
            Command::Del { key } => self.del(key),
            Command::Incr { key } => self.incr(key),
            Command::PExpire { key } => self.pexpire(key),
            Command::Watch { key } => self.watch(client, key),
            Command::Exec { key, value } => self.exec(client, |store| store.set(key, value)),
            Command::ExecPartly { key, value } => self.exec(client, |store| {
                store.set(key, value);
                Reply::PartlyFailed
            }),
            Command::ExecDel { key } => self.exec(client, |store| store.del(key)),
            Command::Unwatch => {
                self.unwatch(client);
                Reply::Ok
            }
            Command::Eval(Script::CompareAndSet { key, old, new }) => self.compare_and_set(key, old, new),
            Command::Eval(Script::CompareAndDelete { key, value }) => self.compare_and_delete(key, value),
            Command::Eval(Script::CompareAndExpire { key, value }) => match self.entry(key) {
                Some(entry) if entry.value == value => self.pexpire(key),
                Some(_) | None => Reply::Number(0),
            },
            Command::Eval(Script::LockFenced { key, value, expires, fence, again }) => {
                self.lock_fenced(Entry { value, expires }, key, fence, again)
            }
        }
    }

    /// The time of `key` is over. Expiry goes by the server's wall clock, whatever its owner does.
    pub fn expire(&mut self, key: Key) {
        self.remove(key);
    }

    fn insert(&mut self, key: Key, entry: Entry) {
        self.touch(key);
        self.entries.insert(key, entry);
    }

    fn remove(&mut self, key: Key) -> Option<Entry> {
        self.touch(key);
        self.entries.remove(key)
    }

    /// Whoever watches the key will find it written: also with the value that it had, also by its end.
    fn touch(&mut self, key: Key) {
        self.watches.iter_mut().filter(|((_, watched), _)| *watched == key).for_each(|(_, written)| *written = true);
    }

    /// WATCH: of a key that is watched already, what was written before stays written.
    fn watch(&mut self, client: Id, key: Key) -> Reply {
        self.watches.entry((client, key)).or_insert(false);
        Reply::Ok
    }

    /// EXEC: nil if a watched key was written. Whatever comes of it, this client watches nothing from then on.
    fn exec(&mut self, client: Id, queued: impl FnOnce(&mut Self) -> Reply) -> Reply {
        let written = self.watches.iter().any(|((watcher, _), written)| *watcher == client && *written);
        self.unwatch(client);
        if written { Reply::Nil } else { queued(self) }
    }

    fn unwatch(&mut self, client: Id) {
        self.watches.retain(|(watcher, _), _| *watcher != client);
    }

    /// The script that sets a key if it still holds what its client has read.
    fn compare_and_set(&mut self, key: Key, old: Value, new: Value) -> Reply {
        let held = self.entry(key).map_or(Value::Number(0), |entry| entry.value);
        if held == old { self.set(key, new) } else { Reply::Nil }
    }

    /// SETNX: 1 if the key was set, 0 if it was there. Sets no time to live.
    fn set_nx(&mut self, key: Key, value: Value) -> Reply {
        if self.entries.contains_key(key) {
            return Reply::Number(0);
        }
        self.insert(key, Entry { value, expires: false });
        Reply::Number(1)
    }

    /// SET with NX and PX: OK if the key was set, with a time to live, nil if it was there.
    fn set_nx_px(&mut self, key: Key, value: Value) -> Reply {
        if self.entries.contains_key(key) {
            return Reply::Nil;
        }
        self.insert(key, Entry { value, expires: true });
        Reply::Ok
    }

    /// SET: whatever the key held is overwritten, and its time to live is dropped.
    fn set(&mut self, key: Key, value: Value) -> Reply {
        self.insert(key, Entry { value, expires: false });
        Reply::Ok
    }

    /// GET: the value; nil if the key is not there, which it is not from the moment that its time is over.
    fn get(&self, key: Key) -> Reply {
        self.entry(key).map_or(Reply::Nil, |entry| Reply::Value(entry.value))
    }

    /// DEL: how many keys were removed. Anyone may: a key has no owner.
    fn del(&mut self, key: Key) -> Reply {
        if !self.entries.contains_key(key) {
            return Reply::Number(0);
        }
        self.remove(key);
        Reply::Number(1)
    }

    /// INCR: the number after; a key that is not there counts as 0. The time to live stays.
    fn incr(&mut self, key: Key) -> Reply {
        self.touch(key);
        let entry = self.entries.entry(key).or_insert(Entry { value: Value::Number(0), expires: false });
        match &mut entry.value {
            Value::Number(number) => {
                *number += 1;
                Reply::Number(*number)
            }
            // The server answers with an error, and no protocol here counts in a key that holds text.
            Value::Token { .. } => Reply::Nil,
        }
    }

    /// PEXPIRE: 1 if the key has a time to live from now on, 0 if there is no such key.
    fn pexpire(&mut self, key: Key) -> Reply {
        match self.entries.get_mut(key) {
            Some(entry) => {
                entry.expires = true;
                Reply::Number(1)
            }
            None => Reply::Number(0),
        }
    }

    /// The script of redis.io's page on distributed locks that removes a lock only for its owner.
    fn compare_and_delete(&mut self, key: Key, value: Value) -> Reply {
        match self.entry(key) {
            Some(entry) if entry.value == value => self.del(key),
            Some(_) | None => Reply::Number(0),
        }
    }

    /// SET NX PX and INCR in one step: grants are numbered in their order.
    fn lock_fenced(&mut self, lock: Entry, key: Key, fence: Option<Key>, again: bool) -> Reply {
        let uncounted = Reply::Number(0);
        match self.entry(key) {
            None => {
                self.insert(key, lock);
                fence.map_or(uncounted, |fence| self.incr(fence))
            }
            Some(held) if again && held.value == lock.value => match fence.map(|fence| self.get(fence)) {
                // Nobody has been granted the lock since: the counter is still where this owner put it.
                Some(Reply::Value(Value::Number(number))) => Reply::Number(number),
                Some(other) => other,
                None => uncounted,
            },
            Some(_) => Reply::Nil,
        }
    }
}

/// Which command of a client this is.
///
/// It stands for the connection on which a reply comes back and for its place among the replies there: a
/// client reads the reply to what it asked last, on the connection that it has now, and no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Call {
    /// The client's round, from 1.
    pub round: u8,
    /// Which try to get the lock, from 1; 0 for what comes after it.
    pub attempt: u8,
    /// How often the client had connected anew.
    pub connection: u8,
}

/// A command on its way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Request {
    /// Which it is of its client.
    pub call: Call,
    /// What shall be done.
    pub command: Command,
}

/// A reply on its way back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Answer {
    /// To which command.
    pub call: Call,
    /// What the server said.
    pub reply: Reply,
}

/// The key whose time a command sets, where it answers 1.
pub fn extended(command: &Command) -> Option<Key> {
    match command {
        Command::PExpire { key } | Command::Eval(Script::CompareAndExpire { key, .. }) => Some(*key),
        _ => None,
    }
}

/// The server's timer: the time of a key is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Expire(pub Key);

rename! {
    enum Value { Number(number), Token { client, round } }
    enum Command {
        SetNx { key, value },
        SetNxPx { key, value },
        Set { key, value },
        Get { key },
        Del { key },
        Incr { key },
        PExpire { key },
        Watch { key },
        Exec { key, value },
        ExecPartly { key, value },
        Unwatch,
        ExecDel { key },
        Eval(script),
    }
    enum Script {
        CompareAndDelete { key, value },
        CompareAndExpire { key, value },
        CompareAndSet { key, old, new },
        LockFenced { key, value, expires, fence, again },
    }
    enum Reply { Ok, Nil, Number(number), Value(value), PartlyFailed, NoReplicas }
    struct Entry { value, expires }
    struct RedisStore { entries, watches }
    nobody in Call
    struct Request { call, command }
    struct Answer { call, reply }
    nobody in Expire
}

/// The server as an actor, less what differs between protocols: the types of messages, timers and storage.
#[derive(Clone, Copy, Debug)]
pub struct RedisServer {
    /// Whether what a command changed survives a restart: an append-only file, written before the reply.
    /// Without one the server comes back empty.
    pub durable: bool,
    /// A key that it has in memory only, whatever becomes of the others.
    pub volatile: Option<Key>,
    /// The time that a key lives, in ticks, where time is timed; any time if it is 0.
    pub ttl: u8,
}

impl RedisServer {
    /// The server starts, or restarts with what it had saved; the time of keys went on while it was down.
    pub fn on_start<A>(&self, saved: Option<&RedisStore>, out: &mut Out<A>) -> RedisStore
    where
        A: Actor<Timer: From<Expire>>,
    {
        let store = saved.cloned().unwrap_or_default();
        self.watch_expiry(&RedisStore::default(), &store, out);
        store
    }

    /// A command is executed and answered. `None` if it changes nothing.
    pub fn on_request<A>(&self, store: &RedisStore, src: Id, request: Request, out: &mut Out<A>) -> Option<RedisStore>
    where
        A: Actor<Msg: From<Answer>, Timer: From<Expire>, Storage: From<RedisStore>>,
    {
        let mut after = store.clone();
        let reply = after.apply(src, &request.command);
        out.send(src, Answer { call: request.call, reply }.into());
        if let Some(key) = extended(&request.command).filter(|_| reply == Reply::Number(1)) {
            out.set_timer(Expire(key).into(), self.span());
        }
        self.keep(store, after, out)
    }

    /// The time of a key is over.
    pub fn on_expire<A>(&self, store: &RedisStore, Expire(key): Expire, out: &mut Out<A>) -> Option<RedisStore>
    where
        A: Actor<Timer: From<Expire>, Storage: From<RedisStore>>,
    {
        let mut after = store.clone();
        after.expire(key);
        self.keep(store, after, out)
    }

    fn keep<A>(&self, before: &RedisStore, after: RedisStore, out: &mut Out<A>) -> Option<RedisStore>
    where
        A: Actor<Timer: From<Expire>, Storage: From<RedisStore>>,
    {
        if *before == after {
            return None;
        }
        self.watch_expiry(before, &after, out);
        if self.durable && before.entries != after.entries {
            // What is watched goes with the connections.
            let mut saved = RedisStore { entries: after.entries.clone(), ..RedisStore::default() };
            if let Some(key) = self.volatile {
                saved.entries.remove(key);
            }
            out.save(saved.into());
        }
        Some(after)
    }

    fn span(&self) -> Range<Duration> {
        if self.ttl == 0 { model_timeout() } else { ticks(self.ttl) }
    }

    /// A timer runs for each key that has a time to live, and for no other.
    fn watch_expiry<A>(&self, before: &RedisStore, after: &RedisStore, out: &mut Out<A>)
    where
        A: Actor<Timer: From<Expire>>,
    {
        let expiring = |store: &RedisStore, key| store.entry(key).is_some_and(|entry| entry.expires);
        for &key in after.entries.keys().filter(|key| expiring(after, key) && !expiring(before, key)) {
            out.set_timer(Expire(key).into(), self.span());
        }
        for &key in before.entries.keys().filter(|key| expiring(before, key) && !expiring(after, key)) {
            out.cancel_timer(Expire(key).into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Value = Value::Number(7);
    const B: Value = Value::Number(8);

    fn after(commands: &[Command]) -> RedisStore {
        let mut store = RedisStore::default();
        for command in commands {
            store.apply(Id::from(0), command);
        }
        store
    }

    fn lock(value: Value, again: bool) -> Command {
        Command::Eval(Script::LockFenced { key: "lock", value, expires: true, fence: Some("fence"), again })
    }

    #[test]
    fn only_the_first_setnx_sets_and_anyone_may_delete() {
        let mut store = RedisStore::default();
        assert_eq!(store.apply(Id::from(0), &Command::SetNx { key: "lock", value: A }), Reply::Number(1));
        assert_eq!(store.apply(Id::from(0), &Command::SetNx { key: "lock", value: B }), Reply::Number(0));
        assert_eq!(store.apply(Id::from(0), &Command::Get { key: "lock" }), Reply::Value(A));
        assert_eq!(store.apply(Id::from(0), &Command::Del { key: "lock" }), Reply::Number(1));
        assert_eq!(store.apply(Id::from(0), &Command::Del { key: "lock" }), Reply::Number(0));
    }

    #[test]
    fn a_plain_set_drops_the_time_to_live() {
        let mut store = after(&[lock(A, true)]);
        assert!(store.entry("lock").unwrap().expires);
        assert_eq!(store.apply(Id::from(0), &Command::Set { key: "lock", value: B }), Reply::Ok);
        assert!(!store.entry("lock").unwrap().expires);
    }

    #[test]
    fn pexpire_needs_a_key() {
        let mut store = RedisStore::default();
        assert_eq!(store.apply(Id::from(0), &Command::PExpire { key: "lock" }), Reply::Number(0));
        store.apply(Id::from(0), &Command::SetNx { key: "lock", value: A });
        assert_eq!(store.apply(Id::from(0), &Command::PExpire { key: "lock" }), Reply::Number(1));
        store.expire("lock");
        assert_eq!(store.apply(Id::from(0), &Command::Get { key: "lock" }), Reply::Nil);
    }

    #[test]
    fn compare_and_delete_deletes_its_own_value_only() {
        let compare_and_delete = |value| Command::Eval(Script::CompareAndDelete { key: "lock", value });
        let mut store = after(&[lock(A, true)]);
        assert_eq!(store.apply(Id::from(0), &compare_and_delete(B)), Reply::Number(0));
        assert_eq!(store.apply(Id::from(0), &compare_and_delete(A)), Reply::Number(1));
        assert_eq!(store.apply(Id::from(0), &compare_and_delete(A)), Reply::Number(0));
    }

    #[test]
    fn grants_are_numbered_and_may_be_asked_for_again() {
        let mut store = RedisStore::default();
        assert_eq!(store.apply(Id::from(0), &lock(A, true)), Reply::Number(1));
        assert_eq!(store.apply(Id::from(0), &lock(B, true)), Reply::Nil);
        assert_eq!(store.apply(Id::from(0), &lock(A, true)), Reply::Number(1));
        assert_eq!(store.apply(Id::from(0), &lock(A, false)), Reply::Nil);
        store.expire("lock");
        assert_eq!(store.apply(Id::from(0), &lock(B, true)), Reply::Number(2));
        assert_eq!(store.apply(Id::from(0), &Command::Incr { key: "fence" }), Reply::Number(3));
    }

    #[test]
    fn exec_goes_through_only_if_nobody_wrote_the_key() {
        let (one, other) = (Id::from(0), Id::from(1));
        let exec = Command::Exec { key: "n", value: A };
        let set = |value| Command::Set { key: "n", value };
        let mut store = RedisStore::default();
        store.apply(one, &Command::Watch { key: "n" });
        assert_eq!(store.apply(one, &exec), Reply::Ok);
        // Written with the value that it had, and watched again: what was written stays written.
        store.apply(one, &Command::Watch { key: "n" });
        store.apply(other, &set(A));
        store.apply(one, &Command::Watch { key: "n" });
        assert_eq!(store.apply(one, &exec), Reply::Nil);
        // Nothing is watched any more.
        assert_eq!(store.apply(one, &exec), Reply::Ok);
    }

    #[test]
    fn a_key_that_ends_was_written() {
        let mut store = after(&[lock(A, true)]);
        store.apply(Id::from(1), &Command::Watch { key: "lock" });
        store.expire("lock");
        assert_eq!(store.apply(Id::from(1), &Command::Exec { key: "lock", value: B }), Reply::Nil);
    }

    #[test]
    fn a_transaction_may_delete_and_does_so_only_if_nobody_wrote_the_key() {
        let (one, key) = (Id::from(0), "lock");
        let mut store = after(&[Command::SetNxPx { key, value: A }, Command::Watch { key }]);
        let mut ended = store.clone();
        assert_eq!(store.apply(one, &Command::ExecDel { key }), Reply::Number(1));
        ended.expire(key);
        ended.apply(Id::from(1), &Command::SetNxPx { key, value: B });
        let mut unwatched = ended.clone();
        assert_eq!(ended.apply(one, &Command::ExecDel { key }), Reply::Nil);
        assert_eq!(ended.apply(one, &Command::Get { key }), Reply::Value(B));
        assert_eq!(unwatched.apply(one, &Command::Unwatch), Reply::Ok);
        assert_eq!(unwatched.apply(one, &Command::ExecDel { key }), Reply::Number(1), "nothing is watched any more");
    }

    #[test]
    fn what_fails_in_a_transaction_undoes_nothing() {
        let mut store = RedisStore::default();
        assert_eq!(store.apply(Id::from(0), &Command::ExecPartly { key: "n", value: A }), Reply::PartlyFailed);
        assert_eq!(store.apply(Id::from(0), &Command::Get { key: "n" }), Reply::Value(A));
    }

    #[test]
    fn a_key_lives_on_for_its_owner_only() {
        let key = "lock";
        let mut store = after(&[Command::SetNxPx { key, value: A }]);
        let live_on = |value| Command::Eval(Script::CompareAndExpire { key, value });
        assert_eq!(store.apply(Id::from(0), &live_on(B)), Reply::Number(0));
        assert_eq!(store.apply(Id::from(0), &live_on(A)), Reply::Number(1));
        assert_eq!((extended(&live_on(A)), extended(&Command::Get { key })), (Some(key), None));
    }

    #[test]
    fn compare_and_set_sees_values_only() {
        let cas = |old, new| Command::Eval(Script::CompareAndSet { key: "n", old, new });
        let mut store = after(&[cas(Value::Number(0), A), cas(A, B), cas(B, A)]);
        // From A to B and back: the script is fooled.
        assert_eq!(store.apply(Id::from(0), &cas(A, B)), Reply::Ok);
        assert_eq!(store.apply(Id::from(0), &cas(A, B)), Reply::Nil);
    }
}
