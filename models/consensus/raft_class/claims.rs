//! What the class seems to promise, and what the observer remembers to judge it.

use quorate::Id;
use quorate::model::{Cause, Claim, Facts, History, Node, Property, Step};
use quorate::system::Evidence;
use serde::Serialize;

use super::{Msg, RaftClass, Role, Server, ServerState};
use crate::consensus::elections::{Elections, Term};
use crate::consensus::term_log::{Entry, mismatch};

/// What the observer remembers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Ghost {
    /// Who was elected.
    pub elections: Elections,
    /// The last term in which anybody stood.
    pub last_term: Term,
    /// The first refusal of a leader of that term: who refused, whom, and its own term.
    pub refused: Option<(Id, Id, Term)>,
}

/// What is worth remembering of a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Fact {
    /// Somebody stands for a term.
    Stands(Term),
    /// Somebody leads in a term.
    Leads(Term, Id),
    /// A server in a term refuses a leader of an earlier one.
    Refuses {
        /// Who.
        server: Id,
        /// In which term.
        term: Term,
        /// Whom.
        leader: Id,
        /// Of which term.
        of: Term,
    },
}

impl History for Ghost {
    type Fact = Fact;

    fn record(&mut self, fact: &Fact) {
        match *fact {
            Fact::Stands(term) => self.last_term = self.last_term.max(term),
            Fact::Leads(term, leader) => self.elections.record(&(term, leader)),
            Fact::Refuses { server, term, leader, of } => {
                if of == self.last_term {
                    self.refused.get_or_insert((server, leader, term));
                }
            }
        }
    }
}

/// Pushes the facts of a step.
pub(super) fn observe(step: &Step<'_, Server>, facts: &mut Facts<Fact>) {
    let (Some(before), Some(after)) = (step.before, step.after) else { return };
    match (&step.cause, &after.role) {
        (Cause::Timeout(_), _) => facts.push(Fact::Stands(after.current_term)),
        (Cause::Deliver { msg: Msg::Vote { .. }, .. }, Role::Leader { .. }) if before.role != after.role => {
            facts.push(Fact::Leads(after.current_term, step.node));
        }
        _ => {}
    }
    if let Cause::Deliver { msg: Msg::AppendEntries { term: of, .. }, src } = step.cause
        && *of < before.current_term
    {
        facts.push(Fact::Refuses { server: step.node, term: before.current_term, leader: src, of: *of });
    }
}

/// The claims.
pub(super) fn properties() -> Vec<Property<RaftClass>> {
    vec![
        Claim::always("election-safety", "no two servers are elected in one term")
            .by_history(|_, ghost: &Ghost| ghost.elections.rivals()),
        leader_heard(),
        log_matching(),
        committed_stays(),
        no_exception(),
        Claim::sometimes("leads", "a server is elected").by_history(|_, ghost: &Ghost| ghost.elections.leader()),
        commits(),
    ]
}

fn leader_heard() -> Property<RaftClass> {
    let claim = "nobody refuses the leader of the last term in which anybody stood";
    Claim::always("leader-heard", claim).by_history(|_, ghost: &Ghost| {
        let (server, leader, term) = ghost.refused?;
        let last = ghost.last_term;
        Some(Evidence::new(format!(
            "{server:?}, in term {term}, refuses {leader:?}, and nobody stood after term {last}"
        )))
    })
}

fn logs(_: &RaftClass, node: &Node<'_, Server>) -> Vec<Entry> {
    node.state.map(|state| state.logs.clone()).unwrap_or_default()
}

fn log_matching() -> Property<RaftClass> {
    let claim = "logs that have an entry of one term at one index are the same up to it";
    Claim::always("log-matching", claim).by_nodes(logs, |_, logs| mismatch(logs))
}

/// A server's log, and how much of it is committed; `None` while it is down. Its commit index is 0 from the beginning,
/// and so says nothing of the first entry.
type Committed = Option<(Vec<Entry>, usize)>;

fn committed(_: &RaftClass, node: &Node<'_, Server>) -> Committed {
    let count = |state: &ServerState| if state.commit_index > 0 { state.commit_index + 1 } else { 0 };
    node.state.map(|state| (state.logs.clone(), count(state)))
}

fn committed_stays() -> Property<RaftClass> {
    let claim = "no server that stays up deletes an entry up to its commit index";
    Claim::always_step("committed-stays", claim).by_nodes(committed, |_, before, after| {
        let deletes = |(before, after): (&Committed, &Committed)| match (before, after) {
            (Some((logs, count)), Some((after, _))) => logs.len() >= *count && !after.starts_with(&logs[..*count]),
            (None, _) | (_, None) => false,
        };
        let at = before.iter().zip(after).position(deletes)?;
        Some(Evidence::new(format!("{:?} does not keep what it had committed", Id::from(at))))
    })
}

fn no_exception() -> Property<RaftClass> {
    Claim::always("no-exception", "nothing is raised").by_nodes(
        |_: &RaftClass, node: &Node<'_, Server>| node.state.and_then(|state| state.raised),
        |_, raised| {
            let (at, exception) = raised.iter().enumerate().find_map(|(at, raised)| Some((at, (*raised)?)))?;
            Some(Evidence::new(format!("{:?} raised {exception}", Id::from(at))))
        },
    )
}

fn commits() -> Property<RaftClass> {
    Claim::sometimes("commits", "a leader commits more than one entry").by_nodes(
        |_: &RaftClass, node: &Node<'_, Server>| node.state.map_or(0, |state: &ServerState| state.commit_index),
        |_, indices| {
            let at = indices.iter().position(|index| *index > 0)?;
            Some(Evidence::new(format!("{:?} has commit index {}", Id::from(at), indices[at])))
        },
    )
}
