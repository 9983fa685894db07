//! Phase 0. With the oracle any server that looks may come to lead, and any other that looks may come to follow it; both
//! may be wrong, and both may find that out at any moment. With the fast election they vote first, see `fast`.

use std::collections::BTreeMap;

use quorate::{Id, Out};

use super::member::Member;
use super::message::{Body, Link, Msg};
use super::server::{Phase, Role, Server, ServerState};

quorate::choice_param! {
    /// How servers come to lead and to follow.
    pub enum Method {
        /// They may come to do so at any moment.
        Oracle = "oracle",
        /// They exchange votes.
        Fast = "fast",
    }
}

impl Server {
    /// The election has named this server.
    pub(super) fn lead(&self, me: &mut ServerState, o: &mut Out<Member>) {
        me.durable.attempt += 1;
        me.role = Role::Leading { phase: Phase::Discovery, epoch: None, learners: BTreeMap::new() };
        o.broadcast(&self.peers, &Msg::Lead { attempt: me.durable.attempt });
        self.choose_epoch(me, o);
    }

    /// The election has named another: the server connects to it and says which epoch it accepted last (phase 1, f.1.1).
    pub(super) fn connect(&self, me: &mut ServerState, leader: Id, attempt: usize, o: &mut Out<Member>) {
        if !matches!(me.role, Role::Looking) || !self.may_connect(me, leader) {
            return;
        }
        if me.election.is_none() {
            me.durable.attempt += 1;
        }
        let link = Link { leader: attempt, follower: me.durable.attempt };
        me.role = Role::Following { leader, link, phase: Phase::Discovery, sent: 0, received: 0 };
        self.answer(me, Body::CEpoch(me.durable.accepted), o);
    }

    fn may_connect(&self, me: &ServerState, leader: Id) -> bool {
        match &me.election {
            Some(election) => election.elected == Some(leader),
            None => self.may_try(me),
        }
    }

    /// The connection breaks, or the leader has no quorum any more: back to phase 0. What was delivered stays so.
    pub(super) fn leave(&self, me: &mut ServerState, o: &mut Out<Member>) {
        me.role = Role::Looking;
        self.look(me, o);
    }
}
