//! The claims: what a client may conclude from an answer, and how often a request takes effect.

use std::collections::BTreeMap;

use quorate::Id;
use quorate::model::{Claim, Node, Property};
use quorate::system::Evidence;

use super::ClientRequest;
use super::member::{Member, State};

/// The requests of each client that took effect, in order.
type Effects = BTreeMap<Id, Vec<usize>>;

/// All claims.
pub(super) fn all() -> Vec<Property<ClientRequest>> {
    vec![
        Claim::always("at-most-once", "No request takes effect twice").by_nodes(effects, twice),
        Claim::always("in-order", "No request takes effect after a later one of the same client")
            .by_nodes(effects, out_of_order),
        Claim::always("answer-means-effect", "A request that is answered has taken effect")
            .by_nodes(|it: &ClientRequest, node| (open(it, node), effects(it, node)), without_effect),
        Claim::eventually_always("answered", "Every request is answered").by_nodes(unanswered, |_, open| {
            let client = open.iter().position(|open| *open)?;
            Some(Evidence::new(format!("a request of {:?} is not answered", Id::from(client))))
        }),
        Claim::sometimes("sent-again", "A request is sent more than once").by_nodes(
            |_, node: &Node<'_, Member>| matches!(node.state, Some(State::Client(me)) if me.sent > 1),
            |_, again| {
                let client = again.iter().position(|again| *again)?;
                Some(Evidence::new(format!("{:?} has sent its request again", Id::from(client))))
            },
        ),
        Claim::sometimes("done", "All requests are answered").by_nodes(unanswered, |_, open| {
            (!open.contains(&true)).then(|| Evidence::new("all requests are answered"))
        }),
    ]
}

/// What is in the database, also while it is down.
fn effects(_: &ClientRequest, node: &Node<'_, Member>) -> Effects {
    match (node.state, node.storage) {
        (Some(State::Database(me)), _) | (None, Some(me)) => me.effects.clone(),
        _ => Effects::new(),
    }
}

fn of_database(effects: &[Effects]) -> impl Iterator<Item = (Id, &[usize])> {
    effects.iter().flatten().map(|(client, effects)| (*client, effects.as_slice()))
}

fn twice(_: &ClientRequest, effects: &[Effects]) -> Option<Evidence> {
    of_database(effects).find_map(|(client, effects)| {
        let (_, number) = effects.iter().enumerate().find(|(ix, number)| effects[..*ix].contains(number))?;
        Some(Evidence::new(format!("request {number} of {client:?} has taken effect twice")))
    })
}

fn out_of_order(_: &ClientRequest, effects: &[Effects]) -> Option<Evidence> {
    of_database(effects).find_map(|(client, effects)| {
        let pair = effects.windows(2).find(|pair| pair[0] > pair[1])?;
        Some(Evidence::new(format!("request {} of {client:?} takes effect after request {}", pair[1], pair[0])))
    })
}

/// The number of the open request of a client.
fn open(_: &ClientRequest, node: &Node<'_, Member>) -> Option<usize> {
    match node.state? {
        State::Client(me) => Some(me.number),
        State::Server | State::Database(_) => None,
    }
}

fn without_effect(_: &ClientRequest, nodes: &[(Option<usize>, Effects)]) -> Option<Evidence> {
    let has_effect = |client: Id, number: usize| {
        nodes.iter().any(|(_, effects)| effects.get(&client).is_some_and(|effects| effects.contains(&number)))
    };
    let clients = (0..).map(Id::from).zip(nodes).filter_map(|(id, (open, _))| Some((id, (*open)?)));
    let mut answered = clients.flat_map(|(id, open)| (1..open).map(move |number| (id, number)));
    let (client, number) = answered.find(|(client, number)| !has_effect(*client, *number))?;
    Some(Evidence::new(format!("request {number} of {client:?} is answered, and has not taken effect")))
}

fn unanswered(it: &ClientRequest, node: &Node<'_, Member>) -> bool {
    open(it, node).is_some_and(|number| number <= it.params.requests)
}
