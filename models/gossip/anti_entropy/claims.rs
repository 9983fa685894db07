//! The properties, each with the sentence that is printed when it finds something.

use quorate::Id;
use quorate::model::{Assumption, Claim, Condition, Node, Property, World};
use quorate::system::Evidence;

use super::{AntiEntropy, Database, Entry, Items};
use crate::gossip::exchange::{Replica, converges, divergence};

fn items(node: &Node<'_, Replica<Database>>) -> Option<Items> {
    node.state.map(|site| site.value.clone())
}

pub(super) fn all() -> Vec<Property<AntiEntropy>> {
    vec![converges(), reliable(), never_forgets(), stays_deleted(), divergence(), everybody_knows()]
}

fn knows(node: &Node<'_, Replica<Database>>, item: Id) -> bool {
    node.state.is_some_and(|site| site.value.contains_key(&item))
}

fn reliable() -> Property<AntiEntropy> {
    let claim = "Whatever was written, all sites that are up come to know of it";
    Claim::eventually_always("reliable", claim).by_world(|_: &AntiEntropy, world| {
        world.history.0.iter().find_map(|item| {
            let misses = world.nodes.iter().find(|node| node.state.is_some() && !knows(node, *item))?;
            Some(Evidence::new(format!("{:?} does not know of the item of {item:?}", misses.id)))
        })
    })
}

fn never_forgets() -> Property<AntiEntropy> {
    let claim =
        "Of each item a site never goes back from its death certificate to the item, or from the item to nothing";
    Claim::always_step("never-forgets", claim).by_nodes(
        |_: &AntiEntropy, node| items(node),
        |_, before, after| {
            before.iter().zip(after).enumerate().find_map(|(ix, (before, after))| {
                let (before, after) = (before.as_ref()?, after.as_ref()?);
                let (item, entry) = before.iter().find(|(item, entry)| after.get(item) < Some(entry))?;
                Some(Evidence::new(format!("{:?} had {entry:?} of {item:?}, and has it no more", Id::from(ix))))
            })
        },
    )
}

fn stays_deleted() -> Property<AntiEntropy> {
    Claim::always("stays-deleted", "A site that has deleted its item does not get it back").by_nodes(
        |_: &AntiEntropy, node: &Node<'_, Replica<Database>>| {
            let site = node.state?;
            Some(site.written == 2 && site.value.get(&node.id) == Some(&Entry::Item))
        },
        |_, back| {
            let id = Id::from(back.iter().position(|back| *back == Some(true))?);
            Some(Evidence::new(format!("{id:?} had deleted its item, and has it again")))
        },
    )
}

fn everybody_knows() -> Property<AntiEntropy> {
    let claim = "All sites know of all items";
    Claim::sometimes("everybody-knows", claim).by_nodes(
        |protocol: &AntiEntropy, node| items(node).is_some_and(|items| items.len() == protocol.sizes.items),
        |_, all| all.iter().all(|all| *all).then(|| Evidence::new("all sites know of all items")),
    )
}

/// What can be had of the claim that any number of nodes may fail.
pub(super) fn informed_survives() -> Assumption<AntiEntropy> {
    Assumption::new(
        "informed-survives",
        "Of whatever was written some site that is up knows",
        Condition::by_world(|_, world: &World<'_, AntiEntropy>| {
            let is_lost = |item: &&Id| !world.nodes.iter().any(|node| knows(node, **item));
            let lost = world.history.0.iter().find(is_lost)?;
            Some(Evidence::new(format!("no site that is up knows of the item of {lost:?}")))
        }),
    )
}
