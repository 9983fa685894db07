//! The interactive consistency conditions (section 1), and the witnesses.

use quorate::Id;
use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::{COMMANDER, Member, OralMessages, Order};

/// All claims.
pub(super) fn all() -> Vec<Property<OralMessages>> {
    vec![
        Claim::always("ic1", "All loyal lieutenants obey the same order").by_nodes(decision, differ),
        Claim::always("ic2", "Where the commander is loyal, every loyal lieutenant obeys its order")
            .by_nodes(decision, disobeys),
        Claim::eventually("decides", "Every loyal lieutenant decides").by_nodes(decision, undecided),
        Claim::sometimes("attack", "All loyal lieutenants attack")
            .by_nodes(decision, |_, all| all_do(all, Order::Attack)),
        Claim::sometimes("retreat", "All loyal lieutenants retreat")
            .by_nodes(decision, |_, all| all_do(all, Order::Retreat)),
        Claim::sometimes("lied-to", "A loyal lieutenant is told different orders, and all decide alike")
            .by_nodes(|it: &OralMessages, node| (decision(it, node), was_lied_to(node)), withstood),
    ]
}

/// What a loyal lieutenant does; `None` of others.
type Decision = Option<(Id, Option<Order>)>;

fn decision(_: &OralMessages, node: &Node<'_, Member>) -> Decision {
    let me = node.state?.loyal().filter(|_| usize::from(node.id) != COMMANDER)?;
    Some((node.id, me.decided))
}

fn decided(decisions: &[Decision]) -> impl Iterator<Item = (Id, Order)> {
    decisions.iter().flatten().filter_map(|(id, order)| Some((*id, (*order)?)))
}

fn differ(_: &OralMessages, decisions: &[Decision]) -> Option<Evidence> {
    let (one, order) = decided(decisions).next()?;
    let (other, another) = decided(decisions).find(|(_, another)| *another != order)?;
    Some(Evidence::new(format!("{one:?} decides to {order}, and {other:?} to {another}")))
}

fn disobeys(it: &OralMessages, decisions: &[Decision]) -> Option<Evidence> {
    let (lieutenant, order) = decided(decisions).find(|(_, order)| *order != Order::Attack)?;
    let is_told = !it.sizes.commander_lies;
    is_told.then(|| Evidence::new(format!("{lieutenant:?} decides to {order}, and the order is to {}", Order::Attack)))
}

fn undecided(_: &OralMessages, decisions: &[Decision]) -> Option<Evidence> {
    let (lieutenant, _) = decisions.iter().flatten().find(|(_, order)| order.is_none())?;
    Some(Evidence::new(format!("{lieutenant:?} has not decided")))
}

fn all_do(decisions: &[Decision], order: Order) -> Option<Evidence> {
    let all = decisions.iter().flatten().all(|(_, decided)| *decided == Some(order));
    all.then(|| Evidence::new(format!("all loyal lieutenants {order}")))
}

fn was_lied_to(node: &Node<'_, Member>) -> bool {
    node.state.and_then(|state| state.loyal()).is_some_and(|me| me.was_lied_to)
}

fn withstood(it: &OralMessages, generals: &[(Decision, bool)]) -> Option<Evidence> {
    let decisions: Vec<Decision> = generals.iter().map(|(decision, _)| *decision).collect();
    if undecided(it, &decisions).is_some() || differ(it, &decisions).is_some() {
        return None;
    }
    let (lieutenant, _) = generals.iter().find_map(|(decision, was_lied_to)| decision.filter(|_| *was_lied_to))?;
    Some(Evidence::new(format!("{lieutenant:?} was told different orders, and all decide alike")))
}
