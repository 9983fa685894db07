//! The properties that locks in ZooKeeper have beside those of all locks, each with the sentence that is printed when it finds something.

use std::collections::BTreeSet;

use quorate::model::{Assumption, Claim, Condition, Node, Property, Protocol, World};
use quorate::system::Evidence;

use super::{Breach, Ledger, LockClient, Member, Outlook, State};
use crate::locks::claims::{Lock, Stance, at, by_stances};
use crate::stores::zookeeper::{Mark, Session};

/// A lock whose clients use ZooKeeper.
pub(super) trait ZookeeperClients: Lock + Protocol<Actor = Member<Self::Client>, History = Ledger> {
    /// How its clients act.
    type Client: LockClient;
}

/// What a member is at, if it is a client.
pub(super) fn stance<C: LockClient>(state: &State<C::State>) -> Option<Stance> {
    match state {
        State::Client(client) => Some(C::outlook(client).stance),
        State::Ensemble(_) | State::Resource(_) => None,
    }
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
pub(super) fn timely_sessions<P: ZookeeperClients>() -> Assumption<P> {
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

fn no_breach<P: ZookeeperClients>(name: &str, about: &str, sentence: fn(&Breach) -> Option<String>) -> Property<P> {
    Claim::always(name, about)
        .by_history(move |_, ledger: &Ledger| ledger.breaches.iter().find_map(sentence).map(Evidence::new))
}

/// No delete of another's node.
pub(super) fn no_wrong_delete<P: ZookeeperClients>() -> Property<P> {
    no_breach("no-wrong-delete", "A delete removes only a node that the deleter had created", |breach| match breach {
        Breach::WrongDelete { by, of } => Some(format!(
            "{:?} (round {}) deleted the node that {:?} had created (round {})",
            by.client, by.round, of.client, of.round
        )),
        _ => None,
    })
}

/// No write of one whose lock has passed on.
pub(super) fn no_stale_write<P: ZookeeperClients>() -> Property<P> {
    let about = "The resource takes no write under an older grant than one that it took";
    no_breach("no-stale-write", about, |breach| match breach {
        Breach::StaleWrite { by, token, after } => {
            Some(format!("the write of {by:?}, under grant {token}, was taken after one under grant {after}"))
        }
        _ => None,
    })
}

/// No herd.
pub(super) fn no_herd<P: ZookeeperClients>() -> Property<P> {
    no_breach("no-herd", "The end of one node wakes at most one client", |breach| match breach {
        Breach::Herd { woken } => Some(format!("the end of one node woke {woken} clients")),
        _ => None,
    })
}

/// In order.
pub(super) fn in_order<P: ZookeeperClients>() -> Property<P> {
    no_breach("in-order", "Clients get the lock in the order of their nodes", |breach| match breach {
        Breach::Overtaken { client, number, after } => {
            Some(format!("{client:?} got the lock by node {number} after one who came later, by node {after}"))
        }
        _ => None,
    })
}

/// Whose node there is, if the node of the cluster is the ensemble and has one.
fn mark<C: LockClient>(node: &Node<'_, Member<C>>) -> Option<Mark> {
    match node.state {
        Some(State::Ensemble(tree)) => tree.nodes.values().next().map(|node| node.data),
        Some(State::Client(_) | State::Resource(_)) | None => None,
    }
}

/// No node stays.
///
/// That its client can still be rid of it is asked of every state, not only of those in which nothing happens any more: where
/// sessions are assumed to end in time, one that lives holds open what could happen.
pub(super) fn nodes_freed<P: ZookeeperClients>() -> Property<P> {
    Claim::always_possible("nodes-freed", "No node of the lock stays for ever").by_world(
        |_: &P, world: &World<'_, P>| {
            let mark = world.nodes.iter().find_map(mark)?;
            Some(Evidence::new(format!("the node that {:?} created stays for ever", mark.client)))
        },
    )
}

/// A session ends.
pub(super) fn expiry<P: ZookeeperClients>() -> Property<P> {
    Claim::sometimes("expiry", "A session's time is over")
        .by_history(|_, ledger: &Ledger| ledger.expired.then(|| Evidence::new("a session has ended".to_owned())))
}

/// Nobody dies of the lock's code.
pub(super) fn no_raise<P: Lock>() -> Property<P> {
    by_stances(Claim::always("no-raise", "No client dies of an error in the lock's code"), |stances| {
        let raised = at(stances, Stance::Raised).next()?;
        Some(format!("{raised:?} raised an exception"))
    })
}

/// A client tries again.
pub(super) fn retry<P: Lock>() -> Property<P> {
    by_stances(Claim::sometimes("retry", "A client sleeps before it tries again"), |stances| {
        let sleeping = at(stances, Stance::Pauses).next()?;
        Some(format!("{sleeping:?} sleeps before the next try"))
    })
}
