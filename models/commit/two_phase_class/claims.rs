//! What the classes seem to promise, and what the observer remembers to judge it.

use std::collections::BTreeSet;

use quorate::Id;
use quorate::model::{Cause, Claim, Facts, History, Node, Property, Step};
use quorate::system::Evidence;
use serde::Serialize;

use super::{ClassActor, ManagerState, Msg, Proposal, State, TransactionId, TwoPhaseClass};

/// What the observer remembers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Ledger {
    /// Who has not executed `prepare` for which transaction.
    pub unprepared: BTreeSet<(TransactionId, Id)>,
    /// The first decision for a transaction for which not all had executed `prepare`: who decided, who had not.
    pub unvoted: Option<(Id, Vec<Id>)>,
    /// The first decision that replaced another: whose, and both values.
    pub replaced: Option<(Id, Proposal, Proposal)>,
}

/// What is worth remembering of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// A participant has executed `prepare` for a transaction.
    Prepared(Id, TransactionId),
    /// A participant has decided, in `commit` for a transaction.
    Decided(Id, TransactionId),
    /// A participant has replaced one decision by another.
    Replaced(Id, Proposal, Proposal),
}

impl History for Ledger {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match *fact {
            Fact::Prepared(node, transaction_id) => {
                self.unprepared.remove(&(transaction_id, node));
            }
            Fact::Decided(node, transaction_id) => {
                let of_this = self.unprepared.iter().filter(|(id, _)| *id == transaction_id);
                let unprepared: Vec<Id> = of_this.map(|(_, node)| *node).collect();
                if !unprepared.is_empty() {
                    self.unvoted.get_or_insert((node, unprepared));
                }
            }
            Fact::Replaced(node, from, to) => {
                self.replaced.get_or_insert((node, from, to));
            }
        }
    }
}

/// Pushes the facts of a step.
pub(super) fn observe(step: &Step<'_, ClassActor>, facts: &mut Facts<Fact>) {
    let Cause::Deliver { msg, .. } = &step.cause else { return };
    match (msg, step.before, step.after) {
        (Msg::Prepare(id, _), ..) => facts.push(Fact::Prepared(step.node, *id)),
        (Msg::Commit(id, _), Some(State::Participant(before)), Some(State::Participant(after))) => {
            if step.sent.iter().any(|envelope| envelope.msg == Msg::Committed(true)) {
                facts.push(Fact::Decided(step.node, *id));
            }
            if let (Some(from), Some(to)) = (before.decision, after.decision)
                && from != to
            {
                facts.push(Fact::Replaced(step.node, from, to));
            }
        }
        (Msg::Prepared(..) | Msg::Commit(..) | Msg::Committed(_), _, _) => {}
    }
}

/// The claims, safety first, then what must be possible.
pub(super) fn properties() -> Vec<Property<TwoPhaseClass>> {
    vec![
        no_exception(),
        commit_validity(),
        success_is_true(),
        decide_once(),
        final_agreement(),
        decides(),
        returns_false(),
    ]
}

fn no_exception() -> Property<TwoPhaseClass> {
    Claim::always("no-exception", "Nobody raises an exception").by_nodes(
        |_: &TwoPhaseClass, node| match node.state {
            Some(State::Manager(ManagerState::Raised(exception))) => Some(*exception),
            Some(State::Manager(_) | State::Participant(_)) | None => None,
        },
        |_, raised| {
            let (ix, exception) = raised.iter().enumerate().find_map(|(ix, raised)| Some((ix, (*raised)?)))?;
            Some(Evidence::new(format!("{:?} raised {exception}", Id::from(ix))))
        },
    )
}

fn commit_validity() -> Property<TwoPhaseClass> {
    let claim = "Nobody decides in a transaction for which not all participants have executed prepare";
    Claim::always("commit-validity", claim).by_history(|_: &TwoPhaseClass, ledger: &Ledger| {
        let (node, unprepared) = ledger.unvoted.as_ref()?;
        let names: Vec<String> = unprepared.iter().map(|id| format!("{id:?}")).collect();
        Some(Evidence::new(format!("{node:?} decided when {} had not executed prepare", names.join(" and "))))
    })
}

/// What properties read of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reading {
    Manager { returned: Option<bool> },
    Participant { decision: Option<Proposal> },
}

fn read(_: &TwoPhaseClass, node: &Node<'_, ClassActor>) -> Reading {
    match node.state {
        Some(State::Manager(ManagerState::Returned(result))) => Reading::Manager { returned: Some(*result) },
        Some(State::Manager(_)) | None => Reading::Manager { returned: None },
        Some(State::Participant(state)) => Reading::Participant { decision: state.decision },
    }
}

/// The first participant for whose decision this is true.
fn participant_with(readings: &[Reading], is: impl Fn(Option<Proposal>) -> bool) -> Option<Id> {
    let at = readings.iter().position(|reading| matches!(reading, Reading::Participant { decision } if is(*decision)));
    at.map(Id::from)
}

fn returned(readings: &[Reading], result: bool) -> Option<Id> {
    readings.iter().position(|reading| *reading == Reading::Manager { returned: Some(result) }).map(Id::from)
}

fn success_is_true() -> Property<TwoPhaseClass> {
    Claim::always("success-is-true", "When True is returned every participant has decided").by_nodes(
        read,
        |_, readings| {
            let manager = returned(readings, true)?;
            let undecided = participant_with(readings, |decision| decision.is_none())?;
            Some(Evidence::new(format!("{manager:?} returned True and {undecided:?} has not decided")))
        },
    )
}

fn decide_once() -> Property<TwoPhaseClass> {
    Claim::always("decide-once", "No participant replaces a decision by another").by_history(
        |_: &TwoPhaseClass, ledger: &Ledger| {
            let (node, from, to) = ledger.replaced?;
            Some(Evidence::new(format!("{node:?} had decided {from} and then decided {to}")))
        },
    )
}

fn final_agreement() -> Property<TwoPhaseClass> {
    let claim = "Where nothing can happen any more all participants have the same decision, or none has any";
    Claim::no_deadlock("final-agreement", claim).by_nodes(read, |_, readings| {
        let show = |decision: Option<Proposal>| decision.map_or("nothing".to_owned(), |value| value.to_string());
        let mut decisions = readings.iter().enumerate().filter_map(|(ix, reading)| match reading {
            Reading::Participant { decision } => Some((Id::from(ix), *decision)),
            Reading::Manager { .. } => None,
        });
        let (one, first) = decisions.next()?;
        let (other, second) = decisions.find(|(_, decision)| *decision != first)?;
        let sentence = format!("{one:?} has decided {} and {other:?} {}, for ever", show(first), show(second));
        Some(Evidence::new(sentence))
    })
}

fn decides() -> Property<TwoPhaseClass> {
    Claim::sometimes("decides", "A manager returns True and all participants have decided").by_nodes(
        read,
        |_, readings| {
            let manager = returned(readings, true)?;
            let all = participant_with(readings, |decision| decision.is_none()).is_none();
            all.then(|| Evidence::new(format!("{manager:?} returned True and all participants have decided")))
        },
    )
}

fn returns_false() -> Property<TwoPhaseClass> {
    Claim::sometimes("returns-false", "A manager returns False").by_nodes(read, |_, readings| {
        returned(readings, false).map(|manager| Evidence::new(format!("{manager:?} returned False")))
    })
}
