//! The properties that locks share, each with the sentence that is printed when it finds something.

use quorate::model::{Claim, History, Node, Property, Protocol, ProtocolActor};
use quorate::system::Evidence;
use quorate::{Actor, Id};
use serde::Serialize;

use super::answers::{Answers, Want};
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

/// What is answered is what one lock answers. `of` gives the ghost that follows the answers, where one does.
pub(super) fn linearizable<P: Protocol>(of: fn(&P::History) -> Option<&Answers>) -> Property<P> {
    let about = "Where `answers` are followed, they are those of one lock, which time may take from its holder";
    Claim::always("linearizable", about).by_history(move |_, history| {
        let (grant, want, answer) = of(history)?.unexplained?;
        let what = match (want, answer) {
            (Want::Lock, true) => "that it has the lock",
            (Want::Lock, false) => "that the lock is taken",
            (Want::Release, true) => "that it has released the lock",
            (Want::Release, false) => "that it had no lock to release",
        };
        Some(Evidence::new(format!("{grant:?} is told {what}, which no order of the calls explains")))
    })
}

/// Nobody is locked out. `asks` says whether a node is a client that waits to have the lock.
///
/// The first client stands for all: they differ in nothing but their ids, and no lock here goes by those. What is
/// counted on is weak fairness, which is little: what stays possible is done. One who gives up waits no more.
pub(super) fn lockout_free<P: Protocol<Actor: ProtocolActor>>(asks: fn(&Node<'_, P::Actor>) -> bool) -> Property<P> {
    let about = "The first client, which stands for all, gets the lock whenever it waits for it, or gives up";
    Claim::leads_to("lockout-free", about).by_nodes(
        move |_, node| usize::from(node.id) == 0 && asks(node),
        |_, waiting: &[bool]| {
            waiting.contains(&true).then(|| Evidence::new(format!("{:?} waits for the lock", Id::from(0))))
        },
    )
}

/// Somebody gets the lock. `asks` says whether a node is a client that waits to have it, `has` whether one believes that it has.
///
/// It is less than [`lockout_free`], by the same weak fairness: it may be another who gets it, each time. A holder that
/// never comes to an end is none of it: that is what `no-waiter` is about, which asks of every state whether all can come to
/// the end of their waiting.
///
/// Where clients give up it says little: who has given up waits no more, also for a lock that nobody will ever have again.
pub(super) fn deadlock_free<P: Protocol<Actor: ProtocolActor>>(
    asks: fn(&Node<'_, P::Actor>) -> bool,
    has: fn(&Node<'_, P::Actor>) -> bool,
) -> Property<P> {
    let about = "While a client waits for the lock, somebody has it or comes to have it, or none waits any more";
    Claim::leads_to("deadlock-free", about).by_nodes(
        move |_, node| (asks(node), has(node)),
        |_, clients: &[(bool, bool)]| {
            let waiting = clients.iter().position(|(asks, _)| *asks)?;
            let is_free = !clients.iter().any(|(_, has)| *has);
            is_free.then(|| Evidence::new(format!("{:?} waits for the lock, and nobody has it", Id::from(waiting))))
        },
    )
}

/// Whether a node is a client that believes that it has the lock.
pub(super) fn believes<P: Lock>(node: &Node<'_, P::Actor>) -> bool {
    node.state.and_then(P::stance) == Some(Stance::Believes)
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
