//! The properties that locks share, each with the sentence that is printed when it finds something.

use quorate::model::{Claim, History, Property, Protocol, ProtocolActor};
use quorate::system::Evidence;
use quorate::{Actor, Id};
use serde::Serialize;

use super::fencing::{Breach, Grants};

/// What a client has to do with the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub enum Stance {
    /// Nothing, or nothing any more.
    Away,
    /// Waits for a reply, or for its turn.
    Waits,
    /// Found the lock taken, and pauses or waits to be woken.
    Pauses,
    /// Had its last round, and did not get the lock in it.
    GaveUp,
    /// Believes that it has the lock.
    Believes,
    /// Had its last round, and had the lock in it.
    Done,
    /// Had its last round, and knows that the resource refused its write.
    Refused,
    /// Died of an exception.
    Raised,
}

/// The state of a member.
pub(super) type StateOf<P> = <<P as Protocol>::Actor as Actor>::State;

/// A lock.
pub(super) trait Lock: Protocol<Actor: ProtocolActor, History: History> {
    /// What a member is at, if it is a client.
    fn stance(state: &StateOf<Self>) -> Option<Stance>;
}

/// A lock whose grants are numbered.
pub(super) trait Granting: Lock {
    /// The ghost that knows in which order grants and writes came.
    fn grants(history: &Self::History) -> &Grants;
}

/// The clients that are up and stand so.
pub(super) fn at(stances: &[Option<Stance>], wanted: Stance) -> impl Iterator<Item = Id> + '_ {
    let stands = move |(_, stance): &(usize, &Option<Stance>)| **stance == Some(wanted);
    stances.iter().enumerate().filter(stands).map(|(ix, _)| Id::from(ix))
}

/// A property of what the clients are at, by id.
pub(super) fn by_stances<P: Lock>(claim: Claim, found: fn(&[Option<Stance>]) -> Option<String>) -> Property<P> {
    claim.by_nodes(
        |_, node| node.state.and_then(P::stance),
        move |_, stances: &[Option<Stance>]| found(stances).map(Evidence::new),
    )
}

/// At most one believes.
pub(super) fn mutual_exclusion<P: Lock>() -> Property<P> {
    by_stances(Claim::always("mutual-exclusion", "At most one client believes that it has the lock"), |stances| {
        let mut believers = at(stances, Stance::Believes);
        let (one, other) = (believers.next()?, believers.next()?);
        Some(format!("{one:?} and {other:?} both believe to have the lock"))
    })
}

fn no_breach<P: Granting>(name: &str, about: &str, sentence: fn(&Breach) -> Option<String>) -> Property<P> {
    Claim::always(name, about)
        .by_history(move |_, history| P::grants(history).breaches.iter().find_map(sentence).map(Evidence::new))
}

/// In order.
pub(super) fn in_order<P: Granting>() -> Property<P> {
    no_breach("in-order", "Clients get the lock in the order of their grants", |breach| match breach {
        Breach::Overtaken { client, grant, after } => {
            Some(format!("{client:?} got the lock by grant {grant} after another had got it by grant {after}"))
        }
        Breach::Stale { .. } | Breach::Late { .. } => None,
    })
}

/// No write after one under a newer grant.
pub(super) fn no_stale_write<P: Granting>() -> Property<P> {
    let about = "The resource takes no write under an older grant than one that it took";
    no_breach("no-stale-write", about, |breach| match breach {
        Breach::Stale { by, grant, after } => {
            Some(format!("the write of {by:?}, under grant {grant}, was taken after one under grant {after}"))
        }
        Breach::Overtaken { .. } | Breach::Late { .. } => None,
    })
}

/// No write after a newer grant.
pub(super) fn no_late_write<P: Granting>() -> Property<P> {
    let about = "The resource takes no write of one after whom another has got the lock";
    no_breach("no-late-write", about, |breach| match breach {
        Breach::Late { by, grant, after } => Some(format!(
            "the write of {by:?}, under grant {grant}, was taken when another had got the lock by grant {after}"
        )),
        Breach::Overtaken { .. } | Breach::Stale { .. } => None,
    })
}

/// Nobody waits for ever.
pub(super) fn no_waiter<P: Lock>() -> Property<P> {
    by_stances(Claim::always_possible("no-waiter", "No client waits for ever"), |stances| {
        let waiter = at(stances, Stance::Waits).chain(at(stances, Stance::Pauses)).next()?;
        Some(format!("{waiter:?} waits for ever"))
    })
}

/// A client finds the lock taken.
pub(super) fn contention<P: Lock>() -> Property<P> {
    by_stances(Claim::sometimes("contention", "A client finds the lock taken"), |stances| {
        let taken = at(stances, Stance::Pauses).chain(at(stances, Stance::GaveUp)).next()?;
        Some(format!("{taken:?} found the lock taken"))
    })
}

/// The lock goes from one to another.
pub(super) fn handover<P: Lock>() -> Property<P> {
    by_stances(Claim::sometimes("handover", "A client has the lock after another released it"), |stances| {
        let (before, after) = (at(stances, Stance::Done).next()?, at(stances, Stance::Believes).next()?);
        Some(format!("{after:?} has the lock after {before:?}"))
    })
}

/// All come to an end.
pub(super) fn all_done<P: Lock>() -> Property<P> {
    by_stances(Claim::sometimes("all-done", "Every client has had the lock and released it"), |stances| {
        let clients = stances.iter().flatten().count();
        (clients > 0 && at(stances, Stance::Done).count() == clients).then(|| "all are done".to_owned())
    })
}

/// What must be reached by every lock.
pub(super) fn witnesses<P: Lock>() -> Vec<Property<P>> {
    vec![contention(), handover(), all_done()]
}

/// The resource refuses one whose lock has passed on.
pub(super) fn refusal<P: Lock>() -> Property<P> {
    let claim = Claim::sometimes("stale-write-refused", "The resource refuses a write of one who lost the lock");
    by_stances(claim, |stances| {
        let refused = at(stances, Stance::Refused).next()?;
        Some(format!("the write of {refused:?} was refused"))
    })
}
