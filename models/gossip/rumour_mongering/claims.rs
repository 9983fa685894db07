//! The properties, each with the sentence that is printed when it finds something.

use quorate::Id;
use quorate::model::{Claim, Node, Property, World};
use quorate::system::Evidence;

use super::{Msg, RumourMongering, Site, SiteState};

pub(super) fn all() -> Vec<Property<RumourMongering>> {
    vec![
        knows_all(Claim::eventually_always("spreads", "In the end every site that is up knows the rumour")),
        knows_all(Claim::always_possible(
            "reaches-everybody",
            "Every site that is up can still come to know the rumour",
        )),
        loses_interest(),
        traffic(),
        residue(),
        everybody_knows(),
    ]
}

fn knows_all(claim: Claim) -> Property<RumourMongering> {
    claim.by_nodes(
        |_: &RumourMongering, node: &Node<'_, Site>| node.state.is_none_or(SiteState::knows),
        |_, knows| {
            let id = Id::from(knows.iter().position(|knows| !knows)?);
            Some(Evidence::new(format!("{id:?} does not know the rumour")))
        },
    )
}

fn loses_interest() -> Property<RumourMongering> {
    let claim = "From everywhere all sites can come to lose interest in the rumour";
    Claim::always_possible("loses-interest", claim).by_nodes(
        |_: &RumourMongering, node: &Node<'_, Site>| node.state.is_some_and(SiteState::is_hot),
        |_, hot| {
            let id = Id::from(hot.iter().position(|hot| *hot)?);
            Some(Evidence::new(format!("the rumour is hot with {id:?}")))
        },
    )
}

fn knowing(world: &World<'_, RumourMongering>) -> usize {
    world.nodes.iter().filter(|node| node.state.is_some_and(SiteState::knows)).count()
}

/// Section 1.4: to reach m sites takes m - 1 messages, and each loses interest after k more; of those that were
/// unnecessary each came within k of a necessary one or of the beginning.
fn traffic() -> Property<RumourMongering> {
    let claim = "With push, feedback and counters m sites that know the rumour have taken between (k + 1) m - 1 and \
                 k (2 m - 1) messages";
    Claim::no_deadlock("traffic", claim).by_world(|protocol: &RumourMongering, world| {
        let (k, m, messages) = (protocol.sizes.k, knowing(world), world.history.messages);
        let is_over = world.nodes.iter().all(|node| node.state.is_some_and(|site| !site.is_hot()));
        if !protocol.is_bounded() || protocol.sizes.backup || !is_over {
            return None;
        }
        let bounds = (k + 1) * m - 1..=k * (2 * m - 1);
        let sentence = || format!("{m} sites know it, and {messages} messages were sent, not {bounds:?}");
        (!bounds.contains(&messages)).then(|| Evidence::new(sentence()))
    })
}

fn residue() -> Property<RumourMongering> {
    let claim = "The rumour is hot nowhere and on its way to nobody who does not know it, and there is such a site";
    Claim::sometimes("residue", claim).by_world(|_: &RumourMongering, world| {
        let cold = world.nodes.iter().all(|node| node.state.is_none_or(|site| !site.is_hot()));
        let is_news = |dst: Id| world.node(dst).state.is_some_and(|site| !site.knows());
        let silent = world.in_flight.iter().all(|envelope| envelope.msg != Msg::Rumour || !is_news(envelope.dst));
        let left_out = world.nodes.len() - knowing(world);
        let sentence = || format!("{left_out} sites will not hear the rumour");
        (cold && silent && left_out > 0).then(|| Evidence::new(sentence()))
    })
}

fn everybody_knows() -> Property<RumourMongering> {
    Claim::sometimes("everybody-knows", "All sites know the rumour").by_nodes(
        |_: &RumourMongering, node: &Node<'_, Site>| node.state.is_some_and(SiteState::knows),
        |_, knows| knows.iter().all(|knows| *knows).then(|| Evidence::new("all sites know the rumour")),
    )
}
