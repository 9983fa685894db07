//! The properties, each with the sentence that is printed when it finds something.

use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::{ClientState, Commit, LostUpdate, Member, Optimistic, Phase, State, counter};

/// What a property reads of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Seen {
    Client(ClientState),
    Counter(u32),
}

fn seen(node: &Node<'_, Member>) -> Option<Seen> {
    node.state.map(|state| match state {
        State::Client(client) => Seen::Client(*client),
        State::Store(store) => Seen::Counter(counter(store)),
    })
}

fn clients(seen: &[Option<Seen>]) -> impl Iterator<Item = (usize, ClientState)> + '_ {
    seen.iter().enumerate().filter_map(|(ix, seen)| match seen {
        Some(Seen::Client(client)) => Some((ix, *client)),
        Some(Seen::Counter(_)) | None => None,
    })
}

fn by_nodes(claim: Claim, found: fn(&[Option<Seen>]) -> Option<String>) -> Property<Optimistic> {
    claim.by_nodes(|_, node| seen(node), move |_, seen: &[Option<Seen>]| found(seen).map(Evidence::new))
}

pub(super) fn all() -> Vec<Property<Optimistic>> {
    vec![
        Claim::always("no-lost-update", "A write that goes through adds one to what the counter is at that moment")
            .by_history(|_, ledger: &super::Ledger| {
                let LostUpdate { by, before, after } = ledger.lost.first()?;
                Some(Evidence::new(format!("{by:?} set the counter to {after}, and it was {before}")))
            }),
        Claim::always("unique-commit", "No two writes go through for the same value that was read").by_history(
            |_, ledger: &super::Ledger| {
                let Commit { by, after, .. } = ledger.twice?;
                Some(Evidence::new(format!("{by:?} has read {}, and another has written for that before", after - 1)))
            },
        ),
        by_nodes(
            Claim::no_deadlock("adds-up", "When nothing happens any more, the counter is what all have added"),
            |seen| {
                let added: u32 = clients(seen).map(|(_, client)| u32::from(client.added)).sum();
                let counter = seen.iter().find_map(|seen| match seen {
                    Some(Seen::Counter(counter)) => Some(*counter),
                    Some(Seen::Client(_)) | None => None,
                })?;
                (counter != added).then(|| format!("the clients have added {added}, and the counter is {counter}"))
            },
        ),
        by_nodes(Claim::sometimes("conflict", "A write is refused, since another has written"), |seen| {
            let (ix, _) = clients(seen).find(|(_, client)| client.refused)?;
            Some(format!("the write of {:?} was refused", quorate::Id::from(ix)))
        }),
        by_nodes(Claim::sometimes("all-done", "Every client has added as often as it wanted to"), |seen| {
            let all = clients(seen).all(|(_, client)| client.phase == Phase::Done);
            all.then(|| "all are done".to_owned())
        }),
    ]
}
