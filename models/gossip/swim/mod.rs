//! SWIM: a group whose members find out who of them has failed, and tell each other.
//!
//! # Source
//!
//! A. Das, I. Gupta and A. Motivala, *SWIM: Scalable Weakly-consistent Infection-style Process Group Membership Protocol*
//! (DSN 2002), sections 3.1, 4.1 to 4.3.
//!
//! # What is modelled
//!
//! Periods in which each member pings one other, each in its turn; pings through others where no answer comes; suspicion,
//! its refutation in a higher incarnation, its confirmation after a while; opinions that ride on all messages. Members
//! that join: each knows one member at first, which it pings as any other, and its own opinion of itself rides along.
//! Members that crash for good, and messages that are lost.
//!
//! The protocol is made for time: where a message arrives within a bound, `timeout` is longer than a message and its
//! answer take, and `suspicion` longer than it takes to hear of it and to refute it, nobody is taken for dead who is
//! up, though a message be lost. The checks have timed mode, a tick for a millisecond. In asynchronous time
//! a time-out says nothing, and one check shows what becomes of it.
//!
//! # What is left out, and why that is sound
//!
//! Leaving: it spreads as a death does. How somebody who joins finds one member: the paper leaves it open. The choice of helpers: the next ones in turn, which no rule depends
//! on. How often an opinion rides along: always, which is at least as often as in the paper. Who is taken for dead though
//! it is up, or comes back: it would have to join as somebody else, and falls silent once it hears of it. How often a member refutes is bounded, by
//! more than the losses of a run can make necessary.

mod claims;
mod member;
mod view;

use quorate::model::{Card, Deviations, Property, Protocol, Roster};
use quorate::{Id, deviations, params};

pub use member::{Member, MemberState, Msg, Says, Timer};
pub use view::{Opinion, View};

params! {
    /// The group, and its times in ticks.
    pub struct Sizes {
        /// Number of members.
        pub members: usize = 2, in 2..=4;
        /// How many of them, the last ones, are not known to the others at first, and know one of them.
        pub joiners: usize = 0, in 0..=2;
        /// The paper's k: how many others are asked to ask.
        pub helpers: usize = 1, in 0..=2;
        /// From the end of a period to the next.
        pub period: usize = 1, in 1..=20;
        /// How long an answer is waited for; twice as long through others.
        pub timeout: usize = 3, in 1..=20;
        /// How long a suspicion may be refuted.
        pub suspicion: usize = 8, in 1..=60;
        /// How often a member refutes.
        pub refutations: usize = 2, in 0..=4;
    }
}

deviations! {
    /// What a member may do wrongly.
    pub enum Deviation {
        /// Who does not answer is dead, and need not be suspected first.
        NoSuspicion = "no-suspicion" breaks "accuracy";
        /// A refutation is in the same incarnation as the suspicion.
        SameIncarnation = "same-incarnation" breaks "accuracy";
        /// That one is alive clears a suspicion of the same incarnation.
        AliveClears = "alive-clears" breaks "precedence";
        /// Who is dead comes to life when somebody says so.
        DeadRevives = "dead-revives" breaks "precedence";
        /// What is said of somebody unknown is not believed.
        IgnoreUnknown = "ignore-unknown" breaks "joined";
        /// A suspicion stays a suspicion.
        NeverConfirm = "never-confirm" breaks "completeness";
    }
}

/// A group.
#[derive(Clone, Debug)]
pub struct Swim {
    sizes: Sizes,
    deviations: Deviations<Deviation>,
}

impl Protocol for Swim {
    const CARD: Card = Card {
        name: "swim",
        title: "SWIM group membership",
        source: "Das, Gupta and Motivala, SWIM: Scalable Weakly-consistent Infection-style Process Group Membership \
                 Protocol (2002), 3.1, 4.1 to 4.3",
        modelled: "Pings in turn, pings through others, suspicion, refutation by incarnation, confirmation, opinions on \
                   all messages, members that join; in timed mode, with crashes for good and lost messages",
        left_out: "Leaving (it spreads as a death does), how a member is found to join by, which helpers (no rule depends on it), how often an \
                   opinion rides along (always), more refutations than losses make necessary",
    };

    type Params = Sizes;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(sizes: Sizes, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if sizes.joiners >= sizes.members {
            return Err(format!("of {} members, {} cannot join: one is there at first", sizes.members, sizes.joiners));
        }
        Ok(Self { sizes, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let member = |ix| Member { id: Id::from(ix), sizes: self.sizes.clone(), deviations: self.deviations };
        Roster::new().role("member", (0..self.sizes.members).map(member))
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
