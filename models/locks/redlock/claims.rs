//! The properties and what may be assumed.

use quorate::Id;
use quorate::model::{Assumption, Claim, Condition, Property};
use quorate::system::Evidence;

use super::{LOCK, Ledger, Redlock, State};
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
    properties.push(claims::split_vote());
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
