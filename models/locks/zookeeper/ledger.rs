//! What the observer remembers, and what it finds wrong.

use std::collections::BTreeSet;

use quorate::Id;
use quorate::model::{Cause, Facts, History, Step};
use serde::Serialize;

use super::{LockClient, Member, Msg, State};
use crate::locks::claims::Stance;
use crate::stores::zookeeper::{Command, FromEnsemble, Mark, Reply, Tree};

/// Something that happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// A client came to believe that it has the lock, by a node of this number.
    Enters {
        /// Who.
        client: Id,
        /// The number; 0 where the lock has no order.
        number: u32,
    },
    /// A session's time was over.
    Expired,
    /// The resource took a write with this token.
    Took {
        /// Whose.
        by: Id,
        /// The token.
        token: u32,
    },
    /// Something that should not have happened.
    Breach(Breach),
}

/// Something that should not have happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Breach {
    /// A delete removed a node that another had created.
    WrongDelete {
        /// For whom the delete was executed.
        by: Mark,
        /// Whose node is gone.
        of: Mark,
    },
    /// One change of a node woke several clients.
    Herd {
        /// How many.
        woken: u32,
    },
    /// A client entered by a node that comes before one by which another had entered.
    Overtaken {
        /// Who.
        client: Id,
        /// By which number.
        number: u32,
        /// After which.
        after: u32,
    },
    /// The resource took a write under an older grant than the last one that it took.
    StaleWrite {
        /// Whose.
        by: Id,
        /// The token.
        token: u32,
        /// The newer one.
        after: u32,
    },
}

/// What the observer remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// The largest number by which a client has entered; 0 before the first.
    pub entered: u32,
    /// The largest token with which the resource took a write; 0 before the first.
    pub written: u32,
    /// Whether a session's time was over.
    pub expired: bool,
    /// What went wrong.
    pub breaches: BTreeSet<Breach>,
}

impl History for Ledger {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match *fact {
            Fact::Enters { client, number } => {
                let after = self.entered;
                self.breaches.extend((number < after).then_some(Breach::Overtaken { client, number, after }));
                self.entered = after.max(number);
            }
            Fact::Expired => self.expired = true,
            Fact::Took { by, token } => {
                let after = self.written;
                self.breaches.extend((token < after).then_some(Breach::StaleWrite { by, token, after }));
                self.written = after.max(token);
            }
            Fact::Breach(breach) => {
                self.breaches.insert(breach);
            }
        }
    }
}

/// What of `step` is worth remembering. `number` says by which number a client entered.
pub(super) fn observe<C: LockClient>(
    step: &Step<'_, Member<C>>,
    number: impl Fn(&C::State) -> u32,
    facts: &mut Facts<Fact>,
) {
    match (step.before, step.after) {
        (Some(State::Ensemble(before)), Some(State::Ensemble(_))) => of_ensemble(step, before, facts),
        (Some(State::Resource(_)), Some(State::Resource(_))) => of_resource(step, facts),
        (Some(State::Client(before)), Some(State::Client(after))) => {
            let believes = |state| C::outlook(state).stance == Stance::Believes;
            if !believes(before) && believes(after) {
                facts.push(Fact::Enters { client: step.node, number: number(after) });
            }
        }
        _ => {}
    }
}

/// Whose nodes were removed and how many were woken.
fn of_ensemble<C: LockClient>(step: &Step<'_, Member<C>>, before: &Tree, facts: &mut Facts<Fact>) {
    if let Cause::Deliver { msg: Msg::Request(request), .. } = &step.cause
        && let Command::Delete { path, .. } = request.command
        && let Some(of) = before.nodes.get(&path).map(|node| node.data)
        && of != request.call.mark()
        && step.sent.iter().any(|sent| is_reply(&sent.msg, &Reply::Ok))
    {
        facts.push(Fact::Breach(Breach::WrongDelete { by: request.call.mark(), of }));
    }
    let is_event = |msg: &Msg| matches!(msg, Msg::FromEnsemble(FromEnsemble::Changed { .. }));
    let woken = step.sent.iter().filter(|sent| is_event(&sent.msg)).count() as u32;
    if woken > 1 {
        facts.push(Fact::Breach(Breach::Herd { woken }));
    }
    if matches!(step.cause, Cause::Timeout(_)) {
        facts.push(Fact::Expired);
    }
}

fn is_reply(msg: &Msg, wanted: &Reply) -> bool {
    matches!(msg, Msg::FromEnsemble(FromEnsemble::Reply { reply, .. }) if reply == wanted)
}

/// Which writes the resource took.
fn of_resource<C: LockClient>(step: &Step<'_, Member<C>>, facts: &mut Facts<Fact>) {
    if let Cause::Deliver { src, msg: Msg::Write(write) } = &step.cause
        && step.sent.iter().any(|sent| matches!(sent.msg, Msg::Written { accepted: true, .. }))
    {
        facts.push(Fact::Took { by: *src, token: write.token });
    }
}
