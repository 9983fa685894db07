//! `Leader.append_entries` and `Follower.append_entries`.

use std::collections::BTreeMap;

use quorate::{Id, Out};
use serde::Serialize;

use super::{Exception, Msg, Pick, Server};
use crate::consensus::elections::Term;
use crate::consensus::term_log::Entry;

/// A call of a follower's `append_entries`, as far as anything reads it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Call {
    /// `prev_log_index`.
    pub prev_log_index: usize,
    /// `prev_log_term`.
    pub prev_log_term: Term,
    /// `entries`.
    pub entries: Vec<Entry>,
    /// `leader_commit`.
    pub leader_commit: usize,
}

/// The leader's attributes.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Leader {
    /// `log`.
    pub log: Vec<Entry>,
    /// `next_index`.
    pub next_index: BTreeMap<Id, usize>,
    /// `match_index`.
    pub match_index: BTreeMap<Id, isize>,
    /// `commit_index`.
    pub commit_index: isize,
    /// The first exception that it has raised.
    pub raised: Option<Exception>,
}

/// A follower's attributes, `log` and `commit_index` by R2.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Follower {
    /// `log`.
    pub log: BTreeMap<usize, Entry>,
    /// `last_log_index`.
    pub last_log_index: usize,
    /// `last_log_term`.
    pub last_log_term: Term,
    /// `commit_index`.
    pub commit_index: usize,
}

impl Server {
    /// `become_leader`, but for its calls: they would raise, since there is nothing in the log yet.
    pub(super) fn become_leader(&self, o: &mut Out<Self>) -> Leader {
        let each = || self.others.iter().copied();
        let me = Leader {
            log: Vec::new(),
            next_index: each().map(|follower| (follower, 0)).collect(),
            match_index: each().map(|follower| (follower, 0)).collect(),
            commit_index: 0,
            raised: None,
        };
        self.offer_entry(&me, o);
        me
    }

    fn offer_entry(&self, me: &Leader, o: &mut Out<Self>) {
        let next = ('a'..='z').nth(me.log.len()).filter(|_| me.log.len() < self.sizes.entries);
        o.choose_random("client", next.map(Pick::Append).into_iter().collect());
    }

    /// A client has asked for something: `append_entries` of all followers.
    pub(super) fn append(&self, me: &mut Leader, what: char, o: &mut Out<Self>) {
        me.log.push((self.sizes.term as Term, what));
        for follower in &self.others {
            let next_index = me.next_index[follower];
            let prev_log_index = next_index.saturating_sub(1);
            let call = Call {
                prev_log_index,
                prev_log_term: me.log[prev_log_index].0,
                entries: me.log[next_index..].to_vec(),
                leader_commit: me.commit_index.unsigned_abs(),
            };
            o.send(*follower, Msg::Append(call));
        }
        self.offer_entry(me, o);
    }

    /// `Follower.append_entries`. To the letter four arguments are missing.
    pub(super) fn append_entries(&self, me: &mut Follower, leader: Id, call: Call, o: &mut Out<Self>) {
        let result = if self.sizes.r1_arguments {
            self.take_entries(me, &call)
        } else {
            Err("TypeError: append_entries() missing 4 required positional arguments")
        };
        o.send(leader, Msg::Appended(call, result));
    }

    fn take_entries(&self, me: &mut Follower, call: &Call) -> Result<bool, Exception> {
        if call.prev_log_index < me.last_log_index || call.prev_log_term != me.last_log_term {
            return Ok(false);
        }
        if !self.sizes.r2_attributes {
            return Err("AttributeError: 'Follower' object has no attribute 'log'");
        }
        for (i, e) in call.entries.iter().enumerate() {
            me.log.insert(me.last_log_index + 1 + i, *e);
        }
        if self.sizes.r4_last
            && let Some((term, _)) = call.entries.last()
        {
            me.last_log_index += call.entries.len();
            me.last_log_term = *term;
        }
        if call.leader_commit > me.commit_index {
            me.commit_index = call.leader_commit.min(me.last_log_index);
        }
        Ok(true)
    }

    /// `if response['success']`, and what follows. To the letter the response is a truth value.
    pub(super) fn appended(&self, me: &mut Leader, follower: Id, call: &Call, result: Result<bool, Exception>) {
        let success = match result {
            Ok(success) if self.sizes.r3_response => success,
            Ok(_) => return me.raise("TypeError: 'bool' object is not subscriptable"),
            Err(exception) => return me.raise(exception),
        };
        if success {
            let next_index = call.prev_log_index + call.entries.len();
            me.next_index.insert(follower, next_index);
            me.match_index.insert(follower, next_index as isize - 1);
            let least = me.match_index.values().copied().min().unwrap_or(0);
            me.commit_index = me.commit_index.max(least);
        }
    }
}

impl Leader {
    fn raise(&mut self, exception: Exception) {
        self.raised.get_or_insert(exception);
    }
}
