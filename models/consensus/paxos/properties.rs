//! The claims of Paxos.

use quorate::model::{Claim, Property};
use quorate::system::Evidence;
use stateright::actor::Id;

use super::{Ballot, Ghost, Paxos, Value, Vote};

/// All claims, safety first, then progress, then the witnesses.
pub(super) fn all() -> Vec<Property<Paxos>> {
    vec![
        Claim::always("agreement", "no two different values are chosen").by_history(two_values_chosen),
        Claim::always("validity", "a chosen value was introduced by a proposer").by_history(invented_value),
        Claim::always("learner-consistency", "a learner learns only a chosen value").by_history(learned_unchosen),
        Claim::always("learner-agreement", "what is learned is never contradicted by what is learned or chosen")
            .by_history(learned_and_contradicted),
        Claim::always("one-value-per-ballot", "no two different values are proposed in one ballot")
            .by_history(two_values_in_one_ballot),
        Claim::always("promise-respected", "no acceptor votes in a ballot below one that it promised")
            .by_history(broken_promise),
        Claim::always("safe-at", "when a value is proposed in a ballot, no other can be chosen in an earlier one")
            .by_history(unsafe_proposal),
        Claim::no_deadlock(
            "terminates",
            "where nothing can happen any more, the last ballot included, a value is chosen",
        )
        .by_history(nothing_chosen),
        Claim::always_possible("learnable", "a chosen value can still be learned, by every learner")
            .by_history(chosen_and_not_learned),
        Claim::sometimes("chosen", "a value is chosen").by_history(something_chosen),
        Claim::sometimes("carried-over", "a value is chosen in a ballot of another proposer than its own")
            .by_history(carried_over),
        Claim::sometimes("rivals", "two ballots propose different values").by_history(rivals),
        Claim::sometimes("learned", "a learner learns a value").by_history(something_learned),
    ]
}

fn two_values_chosen(paxos: &Paxos, ghost: &Ghost) -> Option<Evidence> {
    let (first, first_voters) = ghost.chosen(paxos.quorum2).next()?;
    let (other, other_voters) = ghost.chosen(paxos.quorum2).find(|(vote, _)| vote.value != first.value)?;
    Some(Evidence::new(format!(
        "{} is chosen in {} by {first_voters:?}, and {} in {} by {other_voters:?}",
        first.value, first.ballot, other.value, other.ballot
    )))
}

fn invented_value(paxos: &Paxos, ghost: &Ghost) -> Option<Evidence> {
    let introduced: Vec<Value> = paxos.proposer_ids().into_iter().map(Value::of).collect();
    let (vote, _) = ghost.chosen(paxos.quorum2).find(|(vote, _)| !introduced.contains(&vote.value))?;
    Some(Evidence::new(format!("{} is chosen in {}, and nobody introduced it", vote.value, vote.ballot)))
}

fn learned_unchosen(paxos: &Paxos, ghost: &Ghost) -> Option<Evidence> {
    let is_chosen = |value: Value| ghost.chosen(paxos.quorum2).any(|(vote, _)| vote.value == value);
    let (learner, value) = ghost.learned.iter().find(|(_, value)| !is_chosen(*value))?;
    Some(Evidence::new(format!("{learner:?} has learned {value}, which is not chosen")))
}

fn learned_and_contradicted(paxos: &Paxos, ghost: &Ghost) -> Option<Evidence> {
    let (learner, value) = ghost.learned.first()?;
    let chosen = ghost.chosen(paxos.quorum2).find(|(vote, _)| vote.value != *value);
    let learned = ghost.learned.iter().find(|(_, other)| other != value);
    let contradiction = match (chosen, learned) {
        (Some((vote, voters)), _) => format!("{} is chosen in {} by {voters:?}", vote.value, vote.ballot),
        (None, Some((other, value))) => format!("{other:?} has learned {value}"),
        (None, None) => return None,
    };
    Some(Evidence::new(format!("{learner:?} has learned {value}, and {contradiction}")))
}

fn two_values_in_one_ballot(_: &Paxos, ghost: &Ghost) -> Option<Evidence> {
    let mut pairs = ghost.proposed.iter().zip(ghost.proposed.iter().skip(1));
    let (one, other) = pairs.find(|(one, other)| one.ballot == other.ballot)?;
    Some(Evidence::new(format!("both {} and {} are proposed in {}", one.value, other.value, one.ballot)))
}

fn broken_promise(_: &Paxos, ghost: &Ghost) -> Option<Evidence> {
    let (acceptor, promise, vote) = ghost.broken_promise?;
    Some(Evidence::new(format!("{acceptor:?} has promised {promise}, and then votes in {}", vote.ballot)))
}

/// P2c of section 2.1, in the form of an invariant: for every proposal and every earlier ballot, so many acceptors
/// have voted for the same value there, or can no longer vote there, that the rest is no quorum.
fn unsafe_proposal(paxos: &Paxos, ghost: &Ghost) -> Option<Evidence> {
    ghost.proposed.iter().find_map(|proposal| {
        let earlier = earlier_ballots(paxos, proposal.ballot);
        let open = earlier.into_iter().find(|ballot| may_choose_another(paxos, ghost, *ballot, *proposal))?;
        Some(Evidence::new(format!(
            "{} is proposed in {}, while another value may be chosen in {open}",
            proposal.value, proposal.ballot
        )))
    })
}

fn may_choose_another(paxos: &Paxos, ghost: &Ghost, ballot: Ballot, proposal: Vote) -> bool {
    let is_open = |acceptor: &_| !ghost.is_settled(*acceptor, ballot, proposal.value);
    paxos.acceptor_ids().iter().filter(|acceptor| is_open(acceptor)).count() >= paxos.quorum2
}

fn earlier_ballots(paxos: &Paxos, ballot: Ballot) -> Vec<Ballot> {
    let of_round = |round| paxos.proposer_ids().into_iter().map(move |proposer| Ballot { round, proposer });
    (1..=ballot.round).flat_map(of_round).filter(|earlier| *earlier < ballot).collect()
}

fn nothing_chosen(paxos: &Paxos, ghost: &Ghost) -> Option<Evidence> {
    match ghost.chosen(paxos.quorum2).next() {
        Some(_) => None,
        None => Some(Evidence::new("nothing can happen any more, and no value is chosen")),
    }
}

/// Section 2.3 in the end: once a value is chosen, each learner may come to learn it. That it does would need acceptors
/// and messages that do not fail for long enough.
fn chosen_and_not_learned(paxos: &Paxos, ghost: &Ghost) -> Option<Evidence> {
    let (vote, _) = ghost.chosen(paxos.quorum2).next()?;
    let has_learned = |learner: &Id| ghost.learned.iter().any(|(other, _)| other == learner);
    let learner = paxos.learner_ids().into_iter().find(|learner| !has_learned(learner))?;
    Some(Evidence::new(format!("{} is chosen in {}, and {learner:?} never learns it", vote.value, vote.ballot)))
}

fn something_chosen(paxos: &Paxos, ghost: &Ghost) -> Option<Evidence> {
    let (vote, voters) = ghost.chosen(paxos.quorum2).next()?;
    Some(Evidence::new(format!("{} is chosen in {} by {voters:?}", vote.value, vote.ballot)))
}

fn carried_over(paxos: &Paxos, ghost: &Ghost) -> Option<Evidence> {
    let (vote, _) = ghost.chosen(paxos.quorum2).find(|(vote, _)| vote.value != Value::of(vote.ballot.proposer))?;
    Some(Evidence::new(format!("{}, the value of another, is chosen in {}", vote.value, vote.ballot)))
}

fn rivals(_: &Paxos, ghost: &Ghost) -> Option<Evidence> {
    let one = ghost.proposed.first()?;
    let other = ghost.proposed.iter().find(|other| other.value != one.value)?;
    Some(Evidence::new(format!("{} is proposed in {}, and {} in {}", one.value, one.ballot, other.value, other.ballot)))
}

fn something_learned(_: &Paxos, ghost: &Ghost) -> Option<Evidence> {
    let (learner, value) = ghost.learned.first()?;
    Some(Evidence::new(format!("{learner:?} has learned {value}")))
}
