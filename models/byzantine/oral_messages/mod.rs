//! The Byzantine generals: lieutenants obey one order of a commander, though some generals are traitors.
//!
//! **Source.** Leslie Lamport, Robert Shostak and Marshall Pease, *The Byzantine Generals Problem* (TOPLAS 4(3), 1982):
//! section 3, algorithm OM(m), for oral messages; section 4, algorithm SM(m), for signed ones, with m = 1.
//!
//! **Modelled.** Each message by itself, with the path on which an order has come: the commander, then those who have passed it
//! on, each of whom vouches for the one before. That a message is missing can be found out (A3): to be told nothing is
//! one of the things that a general can be told. A silent traitor thus counts as one who says to retreat, which is the order
//! for want of one.
//!
//! **How rounds are kept.** A general takes what it is told in the order of the paths, the shorter first, one at a time. The
//! rounds are synchronous, so that it knows which path is next; within a round, and between generals, the order makes no
//! difference: what a general passes on on a path depends on nothing else that it was told.
//!
//! **How traitors lie.** They act together. Where the path that is next ends with a traitor, the general is told
//! anything, by an open choice of its own. With signed messages, an order that the commander has not signed is among the
//! things that can be said, and is found out; a commander that is a traitor lends its key to the others.
//!
//! **Left out.** Orders beyond two. Signed messages in more than one round of passing on, where a traitor may hold back what
//! it has heard. The sections on missing communication paths (5).
//!
//! | file | what |
//! |---|---|
//! | `general` | a loyal general: what it is told, passes on and decides |
//! | `claims` | the interactive consistency conditions |

mod claims;
mod general;

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use quorate::model::{Card, Deviations, NetworkKind, Property, Protocol, Roster};
use quorate::{Actor, Id, Out, deviations, params};
use serde::Serialize;

pub use general::{General, GeneralState};

params! {
    /// Who takes part, and who is a traitor.
    pub struct Sizes {
        /// Number of generals, the commander included: n.
        pub generals: usize = 4, in 2..=7;
        /// How often an order is passed on: m.
        pub rounds: usize = 1, in 0..=2;
        /// How many generals are traitors: the last ones, if the commander is none.
        pub traitors: usize = 1, in 0..=3;
        /// Whether the commander is one of them.
        pub commander_lies: bool = true;
        /// Whether messages are signed.
        pub signed: bool = false;
    }
}

deviations! {
    /// What a loyal lieutenant may do wrongly.
    pub enum Deviation {
        /// It obeys what the commander has told it, whatever others were told.
        ObeyCommander = "obey-commander" breaks "ic1";
        /// It goes by what the others were told, and not by what it was told itself.
        OwnNotCounted = "own-not-counted" breaks "ic2";
        /// Where the orders that it was told balance, it obeys the one that it was told itself.
        TieOwn = "tie-own" breaks "ic1";
        /// It waits for what it was not told.
        NoDefault = "no-default" breaks "decides";
        /// It takes an order that the commander has not signed.
        AcceptUnsigned = "accept-unsigned" breaks "ic2";
    }
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Order {
    /// What a loyal commander orders.
    Attack,
    /// What is done for want of an order.
    Retreat,
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Attack => "attack",
            Self::Retreat => "retreat",
        })
    }
}

/// Orders that one is told at once: one, none from a traitor that is silent, both from one that signs both.
pub type Orders = BTreeSet<Order>;

/// From whom an order has come: the commander, then who has passed it on.
pub type Path = Vec<Id>;

/// An order that is given or passed on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Msg {
    /// From whom it has come; the last is its sender.
    pub path: Path,
    /// What is ordered.
    pub orders: Orders,
}

/// A general.
#[derive(Clone, Debug)]
pub enum Member {
    /// It follows the algorithm.
    Loyal(General),
    /// It does not. What it says is the choice of those who are told.
    Traitor,
}

/// A general's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(untagged)]
pub enum State {
    /// Of a loyal general.
    Loyal(GeneralState),
    /// Of a traitor: nothing that matters.
    Traitor,
}

impl State {
    /// The state of a loyal general.
    pub fn loyal(&self) -> Option<&GeneralState> {
        match self {
            Self::Loyal(me) => Some(me),
            Self::Traitor => None,
        }
    }
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = ();
    type State = State;
    type Storage = ();
    /// What a traitor says.
    type Random = Orders;

    fn on_start(&self, _: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Loyal(general) => State::Loyal(general.start(o)),
            Self::Traitor => State::Traitor,
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, _: Id, msg: Msg, o: &mut Out<Self>) {
        if let (Self::Loyal(general), State::Loyal(before)) = (self, &**state)
            && general.next_path(before).as_ref() == Some(&msg.path)
        {
            let mut me = before.clone();
            general.be_told(&mut me, msg.path, msg.orders, o);
            *state = Cow::Owned(State::Loyal(me));
        }
    }

    fn on_random(&self, _: Id, state: &mut Cow<'_, State>, lie: &Orders, o: &mut Out<Self>) {
        if let (Self::Loyal(general), State::Loyal(before)) = (self, &**state)
            && let Some(path) = general.next_path(before)
        {
            let mut me = before.clone();
            general.be_told(&mut me, path, lie.clone(), o);
            *state = Cow::Owned(State::Loyal(me));
        }
    }
}

/// The algorithms OM(m) and SM(1) with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct OralMessages {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

/// The commander's id.
const COMMANDER: usize = 0;

impl OralMessages {
    fn is_traitor(&self, id: Id) -> bool {
        let Sizes { generals, traitors, commander_lies, .. } = self.sizes;
        let lieutenants = generals + usize::from(commander_lies) - traitors;
        if usize::from(id) == COMMANDER { commander_lies } else { usize::from(id) >= lieutenants }
    }

    fn member(&self, id: Id) -> Member {
        if self.is_traitor(id) {
            return Member::Traitor;
        }
        let generals = Id::vec_from(0..self.sizes.generals);
        let traitors = generals.iter().copied().filter(|general| self.is_traitor(*general)).collect();
        Member::Loyal(General { id, generals, traitors, sizes: self.sizes.clone(), deviations: self.deviations })
    }
}

impl Protocol for OralMessages {
    const CARD: Card = Card {
        name: "oral-messages",
        title: "Byzantine generals",
        source: "Lamport, Shostak and Pease, The Byzantine Generals Problem (TOPLAS 1982), sections 3 and 4",
        modelled: "OM(m) for m up to 2, and SM(1), each message by itself; traitors that act together and tell each general \
                   what they like, or nothing",
        left_out: "Orders beyond two. The order of messages within a round, and between generals: nothing that is passed on \
                   depends on it. SM(m) for m > 1. Missing communication paths.",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.commander_lies && sizes.traitors == 0 {
            return Err("the commander lies, and nobody is a traitor".to_owned());
        }
        if sizes.traitors - usize::from(sizes.commander_lies) + 1 >= sizes.generals {
            return Err(format!("{} traitors leave no loyal lieutenant among {}", sizes.traitors, sizes.generals));
        }
        if sizes.signed && sizes.rounds > 1 {
            return Err("signed messages are modelled with one round of passing on".to_owned());
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let (lieutenants, traitors): (Vec<Id>, Vec<Id>) =
            (1..self.sizes.generals).map(Id::from).partition(|id| !self.is_traitor(*id));
        Roster::new()
            .role("commander", [self.member(Id::from(COMMANDER))])
            .role("lieutenant", lieutenants.into_iter().map(|id| self.member(id)))
            .role("traitor", traitors.into_iter().map(|id| self.member(id)))
    }

    /// A message waits until it is its turn.
    fn network(&self) -> NetworkKind {
        NetworkKind::Duplicating
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
