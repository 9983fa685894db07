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
        has_room && self.client_is_free(me) && (self.has_committed(me) || self.breaks(Deviation::ReadBeforeCommit))
    }

    /// The leader takes a read, and notes what is committed. Before it answers, a majority must confirm that there is
    /// no later leader, which might have committed more by then. To ask and to confirm needs no number of the read: there is
    /// one in a term.
    pub(super) fn read(&self, me: &mut ServerState, o: &mut Out<Self>) {
        let Role::Leader { read, .. } = &mut me.role else { return };
        *read = Some(Read { index: me.commit, confirmed: vec![self.id], is_answered: false });
        self.ask_to_confirm(me, o);
        self.answer(me);
    }

    pub(super) fn ask_to_confirm(&self, me: &ServerState, o: &mut Out<Self>) {
        self.tell_members(me, &Msg::Confirm { term: me.durable.term }, o);
    }

    /// The configuration is another while a read waits: a majority of that one is to confirm, of which some may not have been
    /// asked, and some have answered.
    pub(super) fn go_on_reading(&self, me: &mut ServerState, o: &mut Out<Self>) {
        if me.waits_to_read() {
            self.ask_to_confirm(me, o);
            self.answer(me);
        }
    }

    /// A follower is asked whether it still follows.
    pub(super) fn confirm(&self, me: &mut ServerState, src: Id, term: Term, o: &mut Out<Self>) {
        if term < me.durable.term {
            return o.send(src, Msg::Behind { term: me.durable.term });
        }
        self.follow(me);
        if !self.breaks(Deviation::NoConfirm) {
            o.send(src, Msg::Confirmed { term });
        }
    }

    /// A follower still follows.
    pub(super) fn confirmed(&self, me: &mut ServerState, src: Id, term: Term) {
        if let Role::Leader { read: Some(read), .. } = &mut me.role
            && term == me.durable.term
            && !read.is_answered
        {
            note(&mut read.confirmed, src);
            self.answer(me);
        }
    }

    /// The leader answers with what was committed when it took the read: its state machine has applied that much.
    fn answer(&self, me: &mut ServerState) {
        let Role::Leader { read: Some(read), .. } = &me.role else { return };
        let is_due = self.is_quorum(me, &read.confirmed) || self.breaks(Deviation::ReadLocally);
        if let Role::Leader { read: Some(read), .. } = &mut me.role {
            read.is_answered = is_due;
        }
    }
}
