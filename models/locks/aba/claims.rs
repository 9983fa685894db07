//! The properties.

use std::collections::BTreeSet;

use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::{Aba, Cell, Head, Ledger, Member, Phase, Stale, State};

/// What a property reads of a node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Seen {
    /// A client: the head that it goes by, whether its last swing was refused, and whether it has done all.
    Client { read: Option<Head>, refused: bool, done: bool },
    /// The memory.
    Head(Head),
}

fn seen(node: &Node<'_, Member>) -> Option<Seen> {
    node.state.map(|state| match state {
        State::Client(client) => Seen::Client {
            read: client.read(),
            refused: client.refused,
            done: client.phase == Phase::Idle && client.left == 0,
        },
        State::Memory(memory) => Seen::Head(memory.head),
    })
}

fn witness(claim: Claim, found: fn(&[Option<Seen>]) -> Option<String>) -> Property<Aba> {
    claim.by_nodes(|_, node| seen(node), move |_, seen: &[Option<Seen>]| found(seen).map(Evidence::new))
}

/// Where cells are: with a client, or on the stack.
fn places(node: &Node<'_, Member>) -> Vec<Cell> {
    match node.state {
        Some(State::Client(client)) => client.has.iter().copied().collect(),
        Some(State::Memory(memory)) => memory.stack(),
        None => Vec::new(),
    }
}

pub(super) fn all() -> Vec<Property<Aba>> {
    vec![
        Claim::always("commit-base", "The head is swung only if nobody has swung it since it was read")
            .by_history(|_, ledger: &Ledger| ledger.stale.first().map(stale)),
        Claim::always("one-owner", "No cell is in two places, with clients or on the stack")
            .by_nodes(|_, node| places(node), |_, places: &[Vec<Cell>]| twice(places).map(Evidence::new)),
        Claim::no_deadlock("no-lost-update", "When all are done, what was pushed is on the stack, or was popped")
            .by_nodes(
                |_, node| places(node),
                |protocol: &Aba, places: &[Vec<Cell>]| lost(protocol, places).map(Evidence::new),
            ),
        witness(
            Claim::sometimes("aba", "The head is the cell that a client has read, and was written since"),
            |seen| {
                let now = head(seen)?;
                let read = clients(seen).filter_map(|(read, ..)| read);
                let same = read.filter(|read| read.cell == now.cell && read.writes != now.writes).max()?;
                Some(format!("{:?} is on top again, after {} writes", now.cell, now.writes - same.writes))
            },
        ),
        witness(Claim::sometimes("conflict", "A swing is refused, since another has swung the head"), |seen| {
            clients(seen).any(|(_, refused, _)| refused).then(|| "a swing was refused".to_owned())
        }),
        witness(Claim::sometimes("emptied", "The stack is empty"), |seen| {
            head(seen)?.cell.is_none().then(|| "the stack is empty".to_owned())
        }),
        witness(Claim::sometimes("all-done", "All clients have done what they wanted"), |seen| {
            clients(seen).all(|(.., done)| done).then(|| "all are done".to_owned())
        }),
    ]
}

fn head(seen: &[Option<Seen>]) -> Option<Head> {
    seen.iter().find_map(|seen| match seen {
        Some(Seen::Head(head)) => Some(*head),
        Some(Seen::Client { .. }) | None => None,
    })
}

fn clients(seen: &[Option<Seen>]) -> impl Iterator<Item = (Option<Head>, bool, bool)> + '_ {
    seen.iter().filter_map(|seen| match seen {
        Some(Seen::Client { read, refused, done }) => Some((*read, *refused, *done)),
        Some(Seen::Head(_)) | None => None,
    })
}

fn stale(Stale { by, read, found }: &Stale) -> Evidence {
    Evidence::new(format!("{by:?} has read the head of write {read}, and swings that of write {found}"))
}

fn twice(places: &[Vec<Cell>]) -> Option<String> {
    let mut once = BTreeSet::new();
    let again = places.iter().flatten().find(|cell| !once.insert(**cell))?;
    Some(format!("{again:?} is in two places"))
}

fn lost(protocol: &Aba, places: &[Vec<Cell>]) -> Option<String> {
    let found: BTreeSet<Cell> = places.iter().flatten().copied().collect();
    let lost = protocol.cells().find(|cell| !found.contains(cell))?;
    Some(format!("{lost:?} is neither on the stack nor with a client"))
}
