//! The properties, each with the sentence that is printed when it finds something.

use quorate::Id;
use quorate::model::{Claim, Node, Property, World};
use quorate::system::Evidence;

use super::ledger::{Breach, Ledger};
use super::observer::held;
use super::{ClientState, Member, Outcome, Phase, RedisLock, Stance, State};
use crate::locks::claims::{deadlock_free, linearizable, lockout_free};
use crate::locks::ownership::WrongDelete;

/// All properties: what must never be, what must not remain, what must be reached.
pub(super) fn all() -> Vec<Property<RedisLock>> {
    let exclusion = Claim::always("mutual-exclusion", "At most one client believes that it has the lock");
    [
        vec![exclusion.by_history(|_, ledger| two_believers(ledger))],
        never().into_iter().map(|(name, about, sentence)| no_breach(name, about, sentence)).collect(),
        vec![
            Claim::no_deadlock("no-orphan", "When nothing happens any more, the key is not there").by_world(orphan),
            no_waiter(),
            lockout_free(asks),
            deadlock_free(asks, believes),
            linearizable(|ledger: &Ledger| ledger.answers.as_ref()),
        ],
        witnesses(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn two_believers(ledger: &Ledger) -> Option<Evidence> {
    let mut believers = ledger.believers();
    let (one, other) = (believers.next()?, believers.next()?);
    Some(Evidence::new(format!("{one:?} and {other:?} both believe to have the lock")))
}

type Sentence = fn(&Breach) -> Option<String>;

/// What is never recorded: name, claim, and the sentence for a breach of it.
fn never() -> [(&'static str, &'static str, Sentence); 7] {
    [
        ("no-wrong-delete", "A delete removes only a key that the deleter had set", |breach| match breach {
            Breach::WrongDelete(WrongDelete { by, of }) => Some(format!("{by:?} deleted the lock of {of:?}")),
            _ => None,
        }),
        ("no-wrong-extend", "A command has only a key live on that its sender had set", |breach| match breach {
            Breach::WrongExtend { by, of } => Some(format!("{by:?} has the lock of {of:?} live on")),
            _ => None,
        }),
        ("no-stale-write", "The resource takes no write under an older grant than one that it took", |breach| {
            match breach {
                Breach::StaleWrite { by, grant, after } => {
                    Some(format!("the write of {by:?}, under grant {grant}, was taken after one under grant {after}"))
                }
                _ => None,
            }
        }),
        ("fence-monotone", "The resource takes no token smaller than one that it took", |breach| match breach {
            Breach::FenceFell { by, token, after } => {
                Some(format!("the write of {by:?}, with token {token}, was taken after one with token {after}"))
            }
            _ => None,
        }),
        ("no-wrongful-refusal", "A write is refused only after one under a newer grant", |breach| match breach {
            Breach::WrongfulRefusal(by) => Some(format!("the write of {by:?} was refused, and no newer one taken")),
            _ => None,
        }),
        ("no-false-success", "A client reports success only when its write was taken", |breach| match breach {
            Breach::FalseSuccess(by) => Some(format!("{by:?} reports success, and its write was not taken")),
            _ => None,
        }),
        ("no-self-block", "The owner of the lock is not told that it is taken", |breach| match breach {
            Breach::SelfBlock(by) => Some(format!("{by:?} is told that the lock is taken: by itself")),
            _ => None,
        }),
    ]
}

fn no_breach(name: &str, about: &str, sentence: Sentence) -> Property<RedisLock> {
    Claim::always(name, about)
        .by_history(move |_, ledger: &Ledger| ledger.breaches.iter().find_map(sentence).map(Evidence::new))
}

fn orphan(protocol: &RedisLock, world: &World<'_, RedisLock>) -> Option<Evidence> {
    let stays = !world.history.untimely && world.node(protocol.store()).state.is_some_and(held);
    stays.then(|| {
        Evidence::new(match world.history.key.owner {
            Some(owner) => format!("the key that {owner:?} set stays for ever"),
            None => "the key stays for ever".to_owned(),
        })
    })
}

/// Whether a node is a client that waits to have the lock.
fn asks(node: &Node<'_, Member>) -> bool {
    let asking = |client: &ClientState| matches!(client.phase, Phase::Acquiring | Phase::Sleeping | Phase::Arming);
    matches!(node.state, Some(State::Client(client)) if asking(client))
}

/// Whether a node is a client that believes that it has the lock.
fn believes(node: &Node<'_, Member>) -> bool {
    matches!(node.state, Some(State::Client(client)) if client.stance() == Some(Stance::Believes))
}

/// Every reply comes, or is waited for no more.
///
/// That is asked of every state, not only of those in which nothing happens any more: where others ask for the lock without
/// end, something always happens. What is assumed of time has no part in it: no reply waits for a key to expire.
fn no_waiter() -> Property<RedisLock> {
    Claim::always_possible("no-waiter", "No client waits for a reply for ever").by_nodes(
        |_, node| matches!(node.state, Some(State::Client(client)) if client.waits()),
        |_, waiting: &[bool]| {
            let ix = waiting.iter().position(|waits| *waits)?;
            Some(Evidence::new(format!("{:?} waits for a reply for ever", Id::from(ix))))
        },
    )
}

/// The clients that are up; none where nothing is judged any more.
fn clients<'a>(world: &'a World<'a, RedisLock>) -> impl Iterator<Item = (Id, &'a ClientState)> + 'a {
    let judged = !world.history.untimely;
    world.nodes.iter().filter(move |_| judged).filter_map(|node| match node.state {
        Some(State::Client(client)) => Some((node.id, client)),
        Some(State::Store(_) | State::Resource(_)) | None => None,
    })
}

fn witnesses() -> Vec<Property<RedisLock>> {
    let witness = |name, about, found: fn(&World<'_, RedisLock>) -> Option<String>| {
        Claim::sometimes(name, about).by_world(move |_: &RedisLock, world| found(world).map(Evidence::new))
    };
    vec![
        witness("contention", "A client finds the lock taken", |world| {
            let taken = |client: &ClientState| matches!(client.phase, Phase::Sleeping | Phase::GaveUp);
            let (client, _) = clients(world).find(|(_, client)| taken(client))?;
            Some(format!("{client:?} found the lock taken"))
        }),
        witness("handover", "A client has the lock after another released it", |world| {
            let at = |phase| clients(world).find(move |(_, client)| client.phase == phase);
            let ((before, _), (after, _)) = (at(Phase::Done)?, at(Phase::Holding)?);
            Some(format!("{after:?} has the lock after {before:?}"))
        }),
        witness("all-done", "Every client has had the lock and released it", |world| {
            let done = clients(world).filter(|(_, client)| client.phase == Phase::Done).count();
            (done + 2 == world.nodes.len()).then(|| "all are done".to_owned())
        }),
        witness("expiry", "A key expires", |world| world.history.expired.then(|| "a key has expired".to_owned())),
        witness("stale-write-refused", "The resource refuses a write of one who lost the lock", |world| {
            let (client, _) = clients(world).find(|(_, client)| client.outcome == Some(Outcome::Refused))?;
            Some(format!("the write of {client:?} was refused"))
        }),
    ]
}
