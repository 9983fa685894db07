//! What the observer remembers, and what the text promises.

use std::collections::{BTreeMap, BTreeSet};

use quorate::Id;
use quorate::model::{Cause, Claim, Facts, History, Property, Step};
use quorate::system::Evidence;
use serde::Serialize;

use super::{Log, Role, Server, ServerState, Session, ZabNoSync};

/// What the observer remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ghost {
    /// Who led in which session, and the log with which it began.
    pub led: BTreeSet<(Session, Id, Log)>,
    /// What was completed under which number, and in which session first.
    pub completed: BTreeMap<(usize, char), Session>,
}

/// What is worth remembering of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// A server begins to lead with this log.
    Leads(Session, Id, Log),
    /// A leader takes this for completed, under these numbers.
    Completed(Session, Vec<(usize, char)>),
}

impl History for Ghost {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match fact {
            Fact::Leads(session, leader, log) => drop(self.led.insert((*session, *leader, log.clone()))),
            Fact::Completed(session, transactions) => {
                for transaction in transactions {
                    let first = self.completed.entry(*transaction).or_insert(*session);
                    *first = *session.min(first);
                }
            }
        }
    }
}

/// Pushes the facts of a step.
pub(super) fn observe(step: &Step<'_, Server>, servers: usize, facts: &mut Facts<Fact>) {
    let (Cause::Deliver { .. }, Some(before), Some(after)) = (&step.cause, step.before, step.after) else { return };
    let leads = |state: &ServerState| matches!(state.role, Role::Leader(_));
    if leads(after) && !leads(before) {
        facts.push(Fact::Leads(after.disk.session, step.node, after.disk.log.clone()));
    }
    let completed = after.completed(servers);
    if completed.len() > before.completed(servers).len() {
        facts.push(Fact::Completed(after.disk.session, completed));
    }
}

pub(super) fn properties() -> Vec<Property<ZabNoSync>> {
    vec![
        Claim::always("one-leader", "no session has two leaders").by_history(two_leaders),
        Claim::always("completed-kept", "each leader begins with all that was completed in earlier sessions")
            .by_history(lost),
        Claim::always("one-transaction", "no two transactions are completed under one number")
            .by_history(two_of_one_number),
        Claim::sometimes("completed", "a transaction is completed").by_history(|_, ghost: &Ghost| {
            let ((number, what), _) = ghost.completed.first_key_value()?;
            Some(Evidence::new(format!("{what} is completed under number {number}")))
        }),
        Claim::sometimes("goes-on", "transactions of two sessions are completed").by_history(|_, ghost: &Ghost| {
            let sessions: BTreeSet<Session> = ghost.completed.values().copied().collect();
            (sessions.len() > 1)
                .then(|| Evidence::new(format!("in {} sessions something is completed", sessions.len())))
        }),
    ]
}

fn two_leaders(_: &ZabNoSync, ghost: &Ghost) -> Option<Evidence> {
    let mut pairs = ghost.led.iter().zip(ghost.led.iter().skip(1));
    let ((session, one, _), (_, other, _)) = pairs.find(|(one, other)| one.0 == other.0)?;
    Some(Evidence::new(format!("{one:?} and {other:?} both lead in session {session}")))
}

fn lost(_: &ZabNoSync, ghost: &Ghost) -> Option<Evidence> {
    ghost.completed.iter().find_map(|((number, what), completed_in)| {
        let mut later = ghost.led.iter().filter(|(session, ..)| session > completed_in);
        let (session, leader, _) = later.find(|(.., log)| log.get(number - 1) != Some(what))?;
        Some(Evidence::new(format!(
            "{what} was completed as number {number} in session {completed_in}; {leader:?} begins {session} without it"
        )))
    })
}

fn two_of_one_number(_: &ZabNoSync, ghost: &Ghost) -> Option<Evidence> {
    let mut pairs = ghost.completed.keys().zip(ghost.completed.keys().skip(1));
    let ((number, one), (_, other)) = pairs.find(|(one, other)| one.0 == other.0)?;
    Some(Evidence::new(format!("{one} and {other} are both completed under number {number}")))
}
