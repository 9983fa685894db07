//! The properties and what may be assumed.

use quorate::Id;
use quorate::model::{Assumption, Claim, Condition, Node, Property};
use quorate::system::Evidence;

use super::ledger::held;
use super::{LOCK, Ledger, Member, Redlock, State};
use crate::locks::claims::{self, Granting, Lock, Stance};
use crate::locks::fencing::Grants;

impl Lock for Redlock {
    fn stance(state: &State) -> Option<Stance> {
        match state {
            State::Client(client) => Some(client.stance()),
            State::Master(_) | State::Resource(_) => None,
        }
    }
}

impl Granting for Redlock {
    fn grants(ledger: &Ledger) -> &Grants {
        &ledger.grants
    }
}

/// All properties.
pub(super) fn all() -> Vec<Property<Redlock>> {
    let mut properties = vec![
        claims::mutual_exclusion(),
        claims::no_late_write(),
        claims::no_stale_write(),
        keys_freed(),
        claims::no_waiter(),
        Claim::sometimes("extended", "A client has its lock for longer, since it has extended it").by_nodes(
            |_: &Redlock, node| matches!(node.state, Some(State::Client(client)) if client.has_extended()),
            |_, extended: &[bool]| {
                let ix = extended.iter().position(|extended| *extended)?;
                Some(Evidence::new(format!("{:?} has extended its lock", Id::from(ix))))
            },
        ),
        Claim::sometimes("expiry", "A key expires")
            .by_history(|_, ledger: &Ledger| ledger.expired.then(|| Evidence::new("a key has expired"))),
    ];
    properties.extend(claims::witnesses());
    properties.push(split_vote());
    properties
}

/// No key of the lock stays.
fn keys_freed() -> Property<Redlock> {
    Claim::always_possible("keys-freed", "No key of the lock stays for ever").by_nodes(
        |_: &Redlock, node| matches!(node.state, Some(State::Master(store)) if store.entry(LOCK).is_some()),
        |_, held: &[bool]| {
            let ix = held.iter().position(|held| *held)?;
            Some(Evidence::new(format!("the key on {:?} stays for ever", Id::from(ix))))
        },
    )
}

/// Whose key a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Vote {
    /// This client's.
    For(Id),
    /// Nobody's, or it is down.
    Open,
    /// It is no server.
    None,
}

fn vote(it: &Redlock, node: &Node<'_, Member>) -> Vote {
    let masters = it.sizes.clients..it.sizes.clients + it.sizes.masters;
    if !masters.contains(&usize::from(node.id)) {
        return Vote::None;
    }
    node.state.and_then(held).map_or(Vote::Open, |grant| Vote::For(grant.client))
}

/// All servers have voted, and nobody has the majority.
fn split_vote() -> Property<Redlock> {
    let about = "The key is set on every server, and by no client on the majority";
    Claim::sometimes("split-vote", about).by_nodes(vote, |it, votes: &[Vote]| {
        let of = |vote| votes.iter().filter(|other| **other == vote).count();
        let all = of(Vote::Open) == 0;
        let most = (0..it.sizes.clients).map(|ix| of(Vote::For(Id::from(ix)))).max()?;
        (all && most <= it.sizes.masters / 2).then(|| Evidence::new(format!("no client has more than {most} servers")))
    })
}

/// What may be assumed of time.
pub(super) fn assumptions() -> Vec<Assumption<Redlock>> {
    let ledger = |of: fn(&Ledger) -> Option<Id>, sentence: &'static str| {
        Condition::by_history(move |_, ledger: &Ledger| {
            of(ledger).map(|client| Evidence::new(format!("{client:?} {sentence}")))
        })
    };
    vec![
        Assumption::new(
            "ttl-outlasts-owners",
            "A key expires only when its owner is not up, or neither asks for the lock nor has it",
            ledger(|ledger| ledger.outlasted, "asks for the lock or has it, and its key has expired"),
        ),
        Assumption::new(
            "delayed-restarts",
            "A server that has forgotten a key comes back only when the key's owner neither asks for the lock nor has it",
            ledger(|ledger| ledger.forgotten, "asks for the lock or has it, and a server has forgotten its key"),
        ),
    ]
}
