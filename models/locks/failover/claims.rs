//! The properties and what may be assumed.

use quorate::Id;
use quorate::model::{Assumption, Claim, Condition, Node, Property};
use quorate::system::Evidence;

use super::{LOCK, Ledger, Member, Phase, RedisFailover, SentinelState, State};
use crate::locks::claims::{self, Lock, Stance};
use crate::locks::ownership::Grant;
use crate::stores::redis::Value;

impl Lock for RedisFailover {
    fn stance(state: &State) -> Option<Stance> {
        match state {
            State::Client(client) => Some(client.stance()),
            State::Server(_) | State::Sentinel(_) => None,
        }
    }
}

/// What of a node the properties read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Reading {
    /// A client that believes that it has the lock, by this.
    Holds(Grant),
    /// A server that is a primary, as far as it knows, and whose key it has.
    Serves(Option<Grant>),
    /// Neither.
    Nothing,
}

fn reading(node: &Node<'_, Member>) -> Reading {
    match node.state {
        Some(State::Client(client)) if client.phase == Phase::Holding => {
            Reading::Holds(Grant { client: node.id, round: client.round })
        }
        Some(State::Server(server)) if server.serves => {
            Reading::Serves(server.store.entry(LOCK).and_then(|entry| match entry.value {
                Value::Token { client, round } => Some(Grant { client, round }),
                Value::Number(_) => None,
            }))
        }
        Some(State::Client(_) | State::Server(_) | State::Sentinel(_)) | None => Reading::Nothing,
    }
}

fn by_readings(claim: Claim, found: fn(&[Reading]) -> Option<String>) -> Property<RedisFailover> {
    claim.by_nodes(|_, node| reading(node), move |_, readings: &[Reading]| found(readings).map(Evidence::new))
}

/// All properties.
pub(super) fn all() -> Vec<Property<RedisFailover>> {
    let mut properties = vec![
        claims::mutual_exclusion(),
        by_readings(
            Claim::always("no-lost-lock", "The lock of one who believes to have it is on the latest primary"),
            lost_lock,
        ),
        by_readings(Claim::always("one-primary", "At most one server that is up is a primary"), two_primaries),
        no_lone_grant(),
        claims::linearizable(|ledger: &Ledger| ledger.answers.as_ref()),
        claims::no_waiter(),
        Claim::sometimes("promoted", "A replica takes over").by_nodes(
            |_, node| matches!(node.state, Some(State::Sentinel(SentinelState::Promoted(_)))),
            |_, promoted: &[bool]| promoted.contains(&true).then(|| Evidence::new("a replica takes over")),
        ),
    ];
    properties.extend(claims::witnesses());
    properties
}

/// What `min-replicas-to-write` promises.
fn no_lone_grant() -> Property<RedisFailover> {
    Claim::always_step("no-lone-grant", "A primary that has not heard of enough replicas grants no lock").by_nodes(
        |protocol: &RedisFailover, node| match node.state {
            Some(State::Server(server)) => (protocol.is_alone(node.id, server), reading(node)),
            Some(State::Client(_) | State::Sentinel(_)) | None => (false, Reading::Nothing),
        },
        |_, before: &[(bool, Reading)], after: &[(bool, Reading)]| {
            let granted = before.iter().zip(after).find_map(|((is_alone, was), (_, is))| match (was, is) {
                (Reading::Serves(before), Reading::Serves(Some(grant))) if *is_alone && *before != Some(*grant) => {
                    Some(*grant)
                }
                _ => None,
            })?;
            Some(Evidence::new(format!("a primary that hears of too few replicas gives the lock to {granted:?}")))
        },
    )
}

/// Servers take over in the order of their ids here: the latest primary that is up is the last.
fn lost_lock(readings: &[Reading]) -> Option<String> {
    let latest = readings.iter().rev().find_map(|reading| match reading {
        Reading::Serves(key) => Some(*key),
        Reading::Holds(_) | Reading::Nothing => None,
    })?;
    readings.iter().find_map(|reading| match reading {
        Reading::Holds(grant) if latest != Some(*grant) => Some(format!("the primary has lost the lock of {grant:?}")),
        Reading::Holds(_) | Reading::Serves(_) | Reading::Nothing => None,
    })
}

fn two_primaries(readings: &[Reading]) -> Option<String> {
    let serving = |(_, reading): &(usize, &Reading)| matches!(reading, Reading::Serves(_));
    let mut primaries = readings.iter().enumerate().filter(serving).map(|(ix, _)| Id::from(ix));
    let (one, other) = (primaries.next()?, primaries.next()?);
    Some(format!("{one:?} and {other:?} are both primaries"))
}

/// No false suspicion.
pub(super) fn only_the_dead_are_replaced() -> Assumption<RedisFailover> {
    let broken = Condition::by_nodes(
        |protocol: &RedisFailover, node| match node.state {
            Some(State::Server(_)) => node.id == protocol.first_primary(),
            Some(State::Sentinel(sentinel)) => *sentinel != SentinelState::Watching,
            Some(State::Client(_)) | None => false,
        },
        |_, readings: &[bool]| {
            let both = readings.iter().filter(|reading| **reading).count() > 1;
            both.then(|| Evidence::new("the primary is suspected, and is up"))
        },
    );
    let about = "The sentinel suspects the primary only when it is down";
    Assumption::new("only-the-dead-are-replaced", about, broken)
}
