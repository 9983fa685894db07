//! Reading what is committed, without an entry in the log: the read index (section 8; thesis, 6.4).

use quorate::{Id, Out};

use super::Deviation;
use super::log::Term;
use super::message::Msg;
use super::server::{Read, Role, Server, ServerState, note};

impl Server {
    /// Whether the leader may take a read, one in its term: only when it has committed an entry of its term does it know
    /// what is committed.
    pub(super) fn may_read(&self, me: &ServerState) -> bool {
        let has_room = self.params.reads && matches!(me.role, Role::Leader { read: None, .. });
        let committed_in = me.durable.log.at(me.commit).map(|place| place.term);
        has_room && (committed_in == Some(me.durable.term) || self.breaks(Deviation::ReadBeforeCommit))
    }

    /// The leader takes a read. Before it answers, a majority must confirm that there is no later leader, which might
    /// have committed more.
    pub(super) fn read(&self, me: &mut ServerState, o: &mut Out<Self>) {
        let Role::Leader { read, .. } = &mut me.role else { return };
        *read = Some(Read { confirmed: vec![self.id], answer: None });
        o.broadcast(&self.peers, &Msg::Confirm { term: me.durable.term });
        self.answer(me);
    }

    /// A follower is asked whether it still follows.
    pub(super) fn confirm(&self, me: &mut ServerState, src: Id, term: Term, o: &mut Out<Self>) {
        if term < me.durable.term {
            return o.send(src, Msg::Behind { term: me.durable.term });
        }
        self.follow(me);
        o.send(src, Msg::Confirmed { term });
    }

    /// A follower still follows.
    pub(super) fn confirmed(&self, me: &mut ServerState, src: Id, term: Term) {
        if let Role::Leader { read: Some(read), .. } = &mut me.role
            && term == me.durable.term
        {
            note(&mut read.confirmed, src);
            self.answer(me);
        }
    }

    /// The leader answers, once, with all that it has committed by now.
    fn answer(&self, me: &mut ServerState) {
        let Role::Leader { read: Some(read), .. } = &mut me.role else { return };
        let is_confirmed = read.confirmed.len() >= self.quorum();
        if read.answer.is_none() && (is_confirmed || self.breaks(Deviation::ReadLocally)) {
            read.answer = Some(me.commit);
        }
    }
}
