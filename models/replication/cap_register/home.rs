//! The register with a home: one replica has it, and the others ask that one (section 3.2.1).

use quorate::{Id, Out};

use super::replica::{Msg, Replica, ReplicaState, Timer};
use super::{Deviation, Policy};
use crate::replication::register::{Operation, Value};

impl Replica {
    fn home() -> Id {
        Id::from(0)
    }

    /// The home carries out what its user asks; another replica forwards it.
    pub(super) fn ask_home(&self, me: &mut ReplicaState, o: &mut Out<Self>) {
        if self.id == Self::home() {
            let value = me.copy.carry_out(self.id, self.operation(me.asked));
            return self.answer(me, value, o);
        }
        self.forward(me, o);
    }

    /// Asks the home. Without bounds on time nobody can tell a split network from a slow one: who does not wait for ever
    /// may refuse for nothing.
    pub(super) fn forward(&self, me: &ReplicaState, o: &mut Out<Self>) {
        o.send(Self::home(), Msg::Forward { number: me.asked, operation: self.operation(me.asked) });
        let timer = if self.params.policy == Policy::Consistent { Timer::InVain } else { Timer::Repeat };
        o.set_timer(timer, self.patience());
    }

    /// The home carries out what is forwarded to it, once: what comes again is answered as before.
    pub(super) fn serve(&self, me: &mut ReplicaState, src: Id, number: usize, operation: Operation, o: &mut Out<Self>) {
        let last = me.served.get(&src).copied().unwrap_or_default();
        if number < last.0 {
            return;
        }
        let value = match last {
            (same, value) if same == number && !self.breaks(Deviation::ServeAgain) => value,
            _ => me.copy.carry_out(self.id, operation),
        };
        me.served.insert(src, (number, value));
        o.send(src, Msg::Served { number, value });
    }

    /// The home has answered.
    pub(super) fn served(&self, me: &mut ReplicaState, number: usize, value: Value, o: &mut Out<Self>) {
        if me.is_open && number == me.asked {
            o.cancel_timer(Timer::InVain);
            o.cancel_timer(Timer::Repeat);
            self.answer(me, value, o);
        }
    }

    /// The home has not answered: the request is refused. Whether it was carried out is not known.
    pub(super) fn in_vain(&self, me: &mut ReplicaState, o: &mut Out<Self>) {
        if !self.breaks(Deviation::AnswerAnyway) {
            me.is_open = false;
            me.has_refused = true;
            return;
        }
        let value = me.copy.carry_out(self.id, self.operation(me.asked));
        self.answer(me, value, o);
    }
}
