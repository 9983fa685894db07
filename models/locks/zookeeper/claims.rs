//! The properties that the locks share, each with the sentence that is printed when it finds something.

use std::collections::BTreeSet;

use quorate::Id;
use quorate::model::{Assumption, Claim, Condition, Node, Property, Protocol, World};
use quorate::system::Evidence;

use super::{Breach, Ledger, LockClient, Member, Outlook, Stance, State};
use crate::stores::zookeeper::Session;

/// A lock in ZooKeeper.
pub(super) trait Lock: Protocol<Actor = Member<Self::Client>, History = Ledger> {
    /// How its clients act.
    type Client: LockClient;
}

/// What a node is at, if it is a client that is up.
fn outlook<C: LockClient>(node: &Node<'_, Member<C>>) -> Option<Outlook> {
    match node.state {
        Some(State::Client(client)) => Some(C::outlook(client)),
        Some(State::Ensemble(_) | State::Resource(_)) | None => None,
    }
}

/// The clients that are up and stand so.
fn at(outlooks: &[Option<Outlook>], stance: Stance) -> impl Iterator<Item = Id> + '_ {
    let stands = move |outlook: &Option<Outlook>| outlook.is_some_and(|outlook| outlook.stance == stance);
    outlooks.iter().enumerate().filter(move |(_, outlook)| stands(outlook)).map(|(ix, _)| Id::from(ix))
}

type Found = fn(&[Option<Outlook>]) -> Option<String>;

fn by_outlooks<P: Lock>(claim: Claim, found: Found) -> Property<P> {
    claim.by_nodes(|_, node| outlook(node), move |_, outlooks: &[Option<Outlook>]| found(outlooks).map(Evidence::new))
}

/// What the assumption on sessions reads of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Reliance {
    /// A client relies on this session.
    On(Session),
    /// These sessions are over.
    Ended(BTreeSet<Session>),
    /// Neither.
    None,
}

fn reliance<C: LockClient>(node: &Node<'_, Member<C>>) -> Reliance {
    match node.state {
        Some(State::Ensemble(tree)) => {
            let ended = tree.sessions.iter().filter(|(_, connection)| connection.is_none());
            Reliance::Ended(ended.map(|(session, _)| *session).collect())
        }
        Some(State::Client(client)) => match C::outlook(client) {
            Outlook { session, stance: Stance::Waits | Stance::Pauses | Stance::Believes, .. } => {
                Reliance::On(Session { client: node.id, number: session })
            }
            Outlook { .. } => Reliance::None,
        },
        Some(State::Resource(_)) | None => Reliance::None,
    }
}

/// The session timeout outlasts whatever a client does with the lock.
pub(super) fn timely_sessions<P: Lock>() -> Assumption<P> {
    let broken = Condition::by_nodes(
        |_, node| reliance(node),
        |_, reliances: &[Reliance]| {
            let is_over = |session: &Session| {
                reliances.iter().any(|reliance| matches!(reliance, Reliance::Ended(ended) if ended.contains(session)))
            };
            let relied = reliances.iter().find_map(|reliance| match reliance {
                Reliance::On(session) if is_over(session) => Some(session),
                Reliance::On(_) | Reliance::Ended(_) | Reliance::None => None,
            })?;
            Some(Evidence::new(format!("{:?} relies on a session that is over", relied.client)))
        },
    );
    let about = "A session ends only when its client is not up, or has nothing to do with the lock";
    Assumption::new("timely-sessions", about, broken)
}

/// At most one believes.
pub(super) fn mutual_exclusion<P: Lock>() -> Property<P> {
    by_outlooks(Claim::always("mutual-exclusion", "At most one client believes that it has the lock"), |outlooks| {
        let mut believers = at(outlooks, Stance::Believes);
        let (one, other) = (believers.next()?, believers.next()?);
        Some(format!("{one:?} and {other:?} both believe to have the lock"))
    })
}

fn no_breach<P: Lock>(name: &str, about: &str, sentence: fn(&Breach) -> Option<String>) -> Property<P> {
    Claim::always(name, about)
        .by_history(move |_, ledger: &Ledger| ledger.breaches.iter().find_map(sentence).map(Evidence::new))
}

/// No delete of another's node.
pub(super) fn no_wrong_delete<P: Lock>() -> Property<P> {
    no_breach("no-wrong-delete", "A delete removes only a node that the deleter had created", |breach| match breach {
        Breach::WrongDelete { by, of } => Some(format!(
            "{:?} (round {}) deleted the node that {:?} had created (round {})",
            by.client, by.round, of.client, of.round
        )),
        _ => None,
    })
}

/// No write of one whose lock has passed on.
pub(super) fn no_stale_write<P: Lock>() -> Property<P> {
    let about = "The resource takes no write under an older grant than one that it took";
    no_breach("no-stale-write", about, |breach| match breach {
        Breach::StaleWrite { by, token, after } => {
            Some(format!("the write of {by:?}, under grant {token}, was taken after one under grant {after}"))
        }
        _ => None,
    })
}

/// No herd.
pub(super) fn no_herd<P: Lock>() -> Property<P> {
    no_breach("no-herd", "The end of one node wakes at most one client", |breach| match breach {
        Breach::Herd { woken } => Some(format!("the end of one node woke {woken} clients")),
        _ => None,
    })
}

/// In order.
pub(super) fn in_order<P: Lock>() -> Property<P> {
    no_breach("in-order", "Clients get the lock in the order of their nodes", |breach| match breach {
        Breach::Overtaken { client, number, after } => {
            Some(format!("{client:?} got the lock by node {number} after one who came later, by node {after}"))
        }
        _ => None,
    })
}

/// No node stays.
///
/// That its client can still be rid of it is asked of every state, not only of those in which nothing happens any more: where
/// sessions are assumed to end in time, one that lives holds open what could happen.
pub(super) fn nodes_freed<P: Lock>() -> Property<P> {
    Claim::always_possible("nodes-freed", "No node of the lock stays for ever").by_world(
        |_: &P, world: &World<'_, P>| {
            let of_tree = |node: &Node<'_, Member<P::Client>>| match node.state {
                Some(State::Ensemble(tree)) => tree.nodes.values().next().map(|node| node.data),
                Some(State::Client(_) | State::Resource(_)) | None => None,
            };
            let mark = world.nodes.iter().find_map(of_tree)?;
            Some(Evidence::new(format!("the node that {:?} created stays for ever", mark.client)))
        },
    )
}

/// Nobody waits for ever.
pub(super) fn no_waiter<P: Lock>() -> Property<P> {
    let claim = Claim::always_possible("no-waiter", "No client waits for ever");
    by_outlooks(claim, |outlooks| {
        let waiter = at(outlooks, Stance::Waits).chain(at(outlooks, Stance::Pauses)).next()?;
        Some(format!("{waiter:?} waits for ever"))
    })
}

/// What must be reached by every lock: contention, a handover, and the end.
pub(super) fn witnesses<P: Lock>() -> Vec<Property<P>> {
    vec![
        by_outlooks(Claim::sometimes("handover", "A client has the lock after another released it"), |outlooks| {
            let (before, after) = (at(outlooks, Stance::Done).next()?, at(outlooks, Stance::Believes).next()?);
            Some(format!("{after:?} has the lock after {before:?}"))
        }),
        by_outlooks(Claim::sometimes("all-done", "Every client has had the lock and released it"), |outlooks| {
            let clients = outlooks.iter().flatten().count();
            (clients > 0 && at(outlooks, Stance::Done).count() == clients).then(|| "all are done".to_owned())
        }),
        Claim::sometimes("expiry", "A session's time is over")
            .by_history(|_, ledger: &Ledger| ledger.expired.then(|| Evidence::new("a session has ended".to_owned()))),
    ]
}

/// The resource refuses one whose lock has passed on.
pub(super) fn refusal<P: Lock>() -> Property<P> {
    let claim = Claim::sometimes("stale-write-refused", "The resource refuses a write of one who lost the lock");
    by_outlooks(claim, |outlooks| {
        let refused = at(outlooks, Stance::Refused).next()?;
        Some(format!("the write of {refused:?} was refused"))
    })
}

/// A client finds the lock taken.
pub(super) fn contention<P: Lock>() -> Property<P> {
    by_outlooks(Claim::sometimes("contention", "A client finds the lock taken"), |outlooks| {
        let refused = at(outlooks, Stance::Pauses).chain(at(outlooks, Stance::GaveUp)).next()?;
        Some(format!("{refused:?} found the lock taken"))
    })
}

/// Nobody dies of the lock's code.
pub(super) fn no_raise<P: Lock>() -> Property<P> {
    by_outlooks(Claim::always("no-raise", "No client dies of an error in the lock's code"), |outlooks| {
        let raised = at(outlooks, Stance::Raised).next()?;
        Some(format!("{raised:?} raised an exception"))
    })
}

/// A client tries again.
pub(super) fn retry<P: Lock>() -> Property<P> {
    by_outlooks(Claim::sometimes("retry", "A client sleeps before it tries again"), |outlooks| {
        let sleeping = at(outlooks, Stance::Pauses).next()?;
        Some(format!("{sleeping:?} sleeps before the next try"))
    })
}
