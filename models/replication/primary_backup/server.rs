//! A server: what it does as a primary and as a backup.

use std::collections::{BTreeMap, BTreeSet};

use quorate::model::Deviations;
use quorate::{Id, Out};
use serde::Serialize;

use super::member::{Member, Stored};
use super::message::{Msg, Position, Request};
use super::writes::Writes;
use super::{Deviation, Mode, Params, Reading};

/// A server, with what it knows of the others.
#[derive(Clone, Debug)]
pub struct Server {
    pub(super) id: Id,
    /// The other servers.
    pub(super) peers: Vec<Id>,
    pub(super) params: Params,
    pub(super) deviations: Deviations<Deviation>,
}

/// What a server must remember.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Durable {
    /// The highest epoch that it heard of: it takes no log of a primary below.
    pub epoch: usize,
    /// The epoch of the primary that its log is from.
    pub log_epoch: usize,
    /// The requests, in order.
    pub log: Vec<Request>,
}

/// A server's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct ServerState {
    /// What outlives a crash.
    pub durable: Durable,
    /// What it takes itself for.
    pub role: Role,
}

/// What a server takes itself for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Role {
    /// It copies.
    Backup,
    /// It is the primary of its epoch.
    Primary {
        /// How much of its log each backup has.
        have: BTreeMap<Id, usize>,
        /// How many of the requests in its log it has answered.
        answered: usize,
    },
}

impl Role {
    pub(super) fn primary() -> Self {
        Self::Primary { have: BTreeMap::new(), answered: 0 }
    }
}

impl Server {
    fn breaks(&self, deviation: Deviation) -> bool {
        self.deviations.has(deviation)
    }

    /// Who comes back is a backup, whatever it was.
    pub(super) fn start(&self, durable: Option<Durable>) -> ServerState {
        let start = self.params.start;
        match durable {
            Some(durable) => ServerState { durable, role: Role::Backup },
            None => ServerState { durable: start.durable(self.id, self.params.servers), role: start.role(self.id) },
        }
    }

    /// Which message is which rule.
    pub(super) fn receive(&self, me: &mut ServerState, src: Id, msg: Msg, o: &mut Out<Member>) {
        let before = me.durable.clone();
        match msg {
            Msg::Request { number, reads, seen } => {
                let request = Request { client: src, number, reads };
                if reads && self.params.reading != Reading::Log {
                    self.read(me, request, &seen, o);
                } else {
                    self.request(me, request, o);
                }
            }
            Msg::Copy { epoch, log } => self.copy(me, src, epoch, log, o),
            Msg::Have { epoch, length } => self.have(me, src, epoch, length, o),
            Msg::Inquire { epoch } => self.inquire(me, src, epoch, o),
            Msg::Promote { epoch } => self.promote(me, epoch, o),
            Msg::Reply { .. } | Msg::Report { .. } => {}
        }
        if me.durable != before {
            self.save(me, &before, o);
        }
    }

    /// What a server has said that it has is on disk.
    fn save(&self, me: &ServerState, before: &Durable, o: &mut Out<Member>) {
        let mut saved = me.durable.clone();
        if me.role == Role::Backup && self.breaks(Deviation::AckUnsaved) {
            saved.log = before.log.clone();
        }
        o.save(Stored::Server(saved));
    }

    /// A read of what a server has, if it is for this one to answer. Terry et al.: a session has seen a set of writes, and is for
    /// a server that has all of them.
    fn read(&self, me: &ServerState, request: Request, seen: &BTreeSet<Request>, o: &mut Out<Member>) {
        let answers = match self.params.reading {
            Reading::Log => false,
            Reading::Primary => me.role != Role::Backup,
            Reading::Anywhere => true,
            Reading::Sticky => usize::from(request.client) % self.params.servers == usize::from(self.id),
            Reading::AtLeast if self.breaks(Deviation::CountSeen) => {
                Writes::of(&me.durable.log).iter().count() >= seen.len()
            }
            Reading::AtLeast => seen.iter().all(|write| me.durable.log.contains(write)),
        };
        if answers {
            reply(request, &me.durable.log, o);
        }
    }

    /// A request, if it is for this server to answer.
    fn request(&self, me: &mut ServerState, request: Request, o: &mut Out<Member>) {
        let is_known = me.durable.log.contains(&request) && !self.breaks(Deviation::WriteAgain);
        if me.role != Role::Backup && !is_known {
            me.durable.log.push(request);
            self.send_log(me, o);
            self.answer(me, o);
        }
    }

    fn send_log(&self, me: &ServerState, o: &mut Out<Member>) {
        o.broadcast(&self.peers, &Msg::Copy { epoch: me.durable.epoch, log: me.durable.log.clone() });
    }

    /// The primary answers the requests that as many backups have as the mode says.
    fn answer(&self, me: &mut ServerState, o: &mut Out<Member>) {
        let Role::Primary { have, answered } = &mut me.role else { return };
        let needed = match self.params.mode {
            Mode::Asynchronous => 0,
            Mode::SemiSynchronous => 1,
            Mode::Synchronous => self.peers.len(),
        };
        let log = &me.durable.log;
        while *answered < log.len() && have.values().filter(|length| **length > *answered).count() >= needed {
            *answered += 1;
            reply(log[*answered - 1], &log[..*answered], o);
        }
    }

    /// A backup takes the log of its primary. One of a lower epoch was put down, and does not know it.
    fn copy(&self, me: &mut ServerState, src: Id, epoch: usize, log: Vec<Request>, o: &mut Out<Member>) {
        if epoch < me.durable.epoch && !self.breaks(Deviation::NoFencing) {
            return;
        }
        let Durable { epoch: known, log_epoch, log: mine } = &mut me.durable;
        if epoch > *known {
            me.role = Role::Backup;
            *known = epoch;
        }
        let is_further = (epoch, log.len()) > (*log_epoch, mine.len());
        if is_further && !(self.breaks(Deviation::KeepOwnLog) && mine.len() >= log.len()) {
            (*log_epoch, *mine) = (epoch, log);
        }
        o.send(src, Msg::Have { epoch, length: mine.len() });
    }

    /// The primary hears how much a backup has.
    fn have(&self, me: &mut ServerState, src: Id, epoch: usize, length: usize, o: &mut Out<Member>) {
        if epoch != me.durable.epoch {
            return;
        }
        if let Role::Primary { have, .. } = &mut me.role {
            let known = have.entry(src).or_default();
            *known = length.max(*known);
        }
        self.answer(me, o);
    }

    /// A new epoch begins: whoever was the primary is none any more.
    fn inquire(&self, me: &mut ServerState, src: Id, epoch: usize, o: &mut Out<Member>) {
        if epoch <= me.durable.epoch {
            return;
        }
        me.durable.epoch = epoch;
        me.role = Role::Backup;
        let position = Position { epoch: me.durable.log_epoch, length: me.durable.log.len() };
        o.send(src, Msg::Report { epoch, position });
    }

    /// The primary of the new epoch gives its log to all, those that were put down included, and answers what it has.
    fn promote(&self, me: &mut ServerState, epoch: usize, o: &mut Out<Member>) {
        if epoch != me.durable.epoch || me.role != Role::Backup {
            return;
        }
        me.role = Role::primary();
        me.durable.log_epoch = epoch;
        self.send_log(me, o);
        self.answer(me, o);
    }
}

/// Answers a request that is the last of `log`, or reads it: with the writes that there are.
fn reply(request: Request, log: &[Request], o: &mut Out<Member>) {
    o.send(request.client, Msg::Reply { number: request.number, answer: Writes::of(log) });
}
