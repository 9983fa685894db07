//! The claims: how old an entry may be.

use quorate::Id;
use quorate::model::{Claim, Node, Property, World};
use quorate::system::Evidence;

use super::CacheAside;
use super::member::{Member, Msg, Saved, State};
use super::writer::WriterState;

/// All claims.
pub(super) fn all() -> Vec<Property<CacheAside>> {
    vec![
        Claim::always(
            "fresh-after-write",
            "The cache has nothing older than what a writer that has gone on has written",
        )
        .by_nodes(seen, stale_after_write),
        Claim::eventually_always("stale-passes", "What is stale does not stay in the cache").by_nodes(seen, stale),
        Claim::sometimes("hit", "The cache answers a reader").by_nodes(was_hit, |_, hits| {
            let reader = hits.iter().position(|hit| *hit)?;
            Some(Evidence::new(format!("{:?} was answered by the cache", Id::from(reader))))
        }),
        Claim::sometimes("late-fill", "What is on its way into the cache is older than what is in the database")
            .by_world(late_fill),
    ]
}

/// What is seen of a member.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Seen {
    /// The entry in the cache.
    Entry(usize),
    /// The row in the database.
    Row(usize),
    /// What a writer has written that has gone on.
    Written(usize),
    /// Nothing that matters.
    Nothing,
}

fn seen(_: &CacheAside, node: &Node<'_, Member>) -> Seen {
    match (node.state, node.storage) {
        (Some(State::Cache(me)), _) => me.entry.map_or(Seen::Nothing, Seen::Entry),
        (Some(State::Database(row)), _) | (None, Some(Saved::Row(row))) => Seen::Row(*row),
        (Some(State::Writer(WriterState::Done { version })), _) => Seen::Written(*version),
        (Some(State::Writer(_) | State::Reader(_)) | None, _) => Seen::Nothing,
    }
}

fn entry(all: &[Seen]) -> Option<usize> {
    all.iter().find_map(|seen| if let Seen::Entry(entry) = seen { Some(*entry) } else { None })
}

fn stale_after_write(_: &CacheAside, all: &[Seen]) -> Option<Evidence> {
    let entry = entry(all)?;
    let is_older = |seen: &Seen| matches!(seen, Seen::Written(version) if *version > entry);
    let writer = all.iter().position(is_older)?;
    let Seen::Written(version) = all[writer] else { return None };
    let writer = Id::from(writer);
    Some(Evidence::new(format!(
        "{writer:?} has written version {version} and gone on, and the cache has version {entry}"
    )))
}

fn stale(_: &CacheAside, all: &[Seen]) -> Option<Evidence> {
    let entry = entry(all)?;
    let row = all.iter().find_map(|seen| if let Seen::Row(row) = seen { Some(*row) } else { None })?;
    (entry < row).then(|| Evidence::new(format!("the cache has version {entry}, and the database version {row}")))
}

fn was_hit(_: &CacheAside, node: &Node<'_, Member>) -> bool {
    matches!(node.state, Some(State::Reader(me)) if me.was_hit)
}

fn late_fill(_: &CacheAside, world: &World<'_, CacheAside>) -> Option<Evidence> {
    let row = world
        .nodes
        .iter()
        .find_map(|node| if let Some(State::Database(row)) = node.state { Some(*row) } else { None })?;
    world.in_flight.iter().find_map(|envelope| match envelope.msg {
        Msg::Fill { version, .. } if version < row => Some(Evidence::new(format!(
            "a fill with version {version} is on its way, and the database has version {row}"
        ))),
        _ => None,
    })
}
