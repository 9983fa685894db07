//! The properties and what may be assumed.

use quorate::Id;
use quorate::model::{Assumption, Claim, Condition, Node, Property, World};
use quorate::system::Evidence;

use super::{EtcdLock, Ledger, Member, State};
use crate::locks::answers::Want;
use crate::locks::claims::{self, Granting, Lock, Stance};
use crate::locks::fencing::Grants;
use crate::stores::etcd::Key;

impl Lock for EtcdLock {
    fn stance(state: &State) -> Option<Stance> {
        match state {
            State::Client(client) => Some(client.stance()),
            State::Cluster(_) | State::Resource(_) => None,
        }
    }
}

impl Granting for EtcdLock {
    fn grants(ledger: &Ledger) -> &Grants {
        &ledger.grants
    }
}

/// All properties.
pub(super) fn all() -> Vec<Property<EtcdLock>> {
    let mut properties = vec![
        claims::mutual_exclusion(),
        claims::in_order(),
        claims::no_stale_write(),
        claims::no_late_write(),
        keys_freed(),
        no_self_block(),
        claims::no_waiter(),
        claims::lockout_free(asks),
        claims::deadlock_free(asks, claims::believes::<EtcdLock>),
        claims::linearizable(|ledger: &Ledger| ledger.answers.as_ref()),
        claims::refusal(),
        Claim::sometimes("expiry", "The time of a lease is over")
            .by_history(|_, ledger: &Ledger| ledger.expired.then(|| Evidence::new("a lease is over"))),
    ];
    properties.extend(claims::witnesses());
    properties
}

/// Whether a node is a client that waits to have the lock.
fn asks(node: &Node<'_, Member>) -> bool {
    matches!(node.state, Some(State::Client(client)) if client.wants() == Some(Want::Lock))
}

/// No key of the lock stays.
///
/// That it can still go is asked of every state, not only of those in which nothing happens any more: where holders are
/// assumed to be heard, one that lives holds open what could happen.
fn keys_freed() -> Property<EtcdLock> {
    Claim::always_possible("keys-freed", "No key of the lock stays for ever").by_world(
        |_: &EtcdLock, world: &World<'_, EtcdLock>| {
            let of_node = |node: &Node<'_, Member>| match node.state {
                Some(State::Cluster(keys)) => keys.entries.keys().find_map(|key| match key {
                    Key::Prefixed(lease) => Some(*lease),
                    Key::Plain(_) => None,
                }),
                Some(State::Client(_) | State::Resource(_)) | None => None,
            };
            let lease = world.nodes.iter().find_map(of_node)?;
            Some(Evidence::new(format!("the key that {:?} put stays for ever", lease.client)))
        },
    )
}

/// Nobody is in its own way.
fn no_self_block() -> Property<EtcdLock> {
    Claim::always("no-self-block", "No client waits for its own key to be deleted").by_nodes(
        |_, node| matches!(node.state, Some(State::Client(client)) if client.blocks_itself(node.id)),
        |_, blocked: &[bool]| {
            let ix = blocked.iter().position(|blocked| *blocked)?;
            Some(Evidence::new(format!("{:?} waits for its own key", Id::from(ix))))
        },
    )
}

/// The time to live outlasts whatever keeps a holder from being heard.
pub(super) fn holders_are_heard() -> Assumption<EtcdLock> {
    let about = "No lease ends while its client is up and has the lock, or waits to hear that it has";
    let broken = Condition::by_history(|_, ledger: &Ledger| {
        ledger.unheard.map(|client| Evidence::new(format!("{client:?} relied on a lease when its time was over")))
    });
    Assumption::new("holders-are-heard", about, broken)
}
