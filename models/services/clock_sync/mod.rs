//! A client sets its clock by a server's.
//!
//! **Source.** Flaviu Cristian, *Probabilistic Clock Synchronization* (1989): half the round trip is the most that one can be
//! wrong; David Mills et al., *Network Time Protocol Version 4* (RFC 5905), section 8, for the four timestamps; its rejected
//! erratum 5020 and the sign in the delay of RFC 2030, section 5, for two slips. An article (004, section 3.1, lines 170 to
//! 194) compares two timestamps, and has a formula with undefined parameters: the deviations `one-way` and `article-formula`.
//!
//! **Modelled.** Time in ticks: the environment says how long messages take. The client asks with the time of its clock (T1),
//! the server reads its clock when the request comes (T2) and when it answers (T3), the client when the answer comes (T4), and
//! asks again when none does. A clock that is ahead is slowed down until true time has come up, and is not set back.
//!
//! **Left out.** More servers than one, and the choice among them (RFC 5905, section 11). What the drift of a clock is
//! estimated to be: environments with drifting clocks show what it does. A clock is read up to a bound that no exchange
//! reaches.
//!
//! | file | what |
//! |---|---|
//! | `estimate` | the formulas |
//! | `member` | client and server |
//! | `claims` | the claims |

mod claims;
mod estimate;
mod member;

use quorate::Id;
use quorate::model::{Card, Deviations, Property, Protocol, Roster};

pub use estimate::{Estimate, Timestamps};
pub use member::{ClientState, Member, Msg, State, Timer};

quorate::choice_param! {
    /// How the offset is computed.
    pub enum Formula {
        /// From all four timestamps: the time that the server took does not count.
        Ntp = "ntp",
        /// From three: what the server says is taken for the middle of the round trip.
        Cristian = "cristian",
    }
}

quorate::params! {
    /// How the clocks are, and how much happens.
    pub struct Params {
        /// How many ticks the server's clock is ahead of the client's, plus 4.
        pub ahead_plus_4: usize = 4, in 0..=8;
        /// How many ticks the server takes at most to answer.
        pub hold: usize = 2, in 0..=4;
        /// How the offset is computed.
        pub formula: Formula = Formula::Ntp;
        /// How often the client asks at most.
        pub polls: usize = 1, in 1..=3;
        /// After how many ticks it asks again.
        pub patience: usize = 9, in 1..=20;
    }
}

quorate::deviations! {
    /// What the client may do wrongly.
    pub enum Deviation {
        /// The difference of the server's timestamp and its own is taken for the offset.
        OneWay = "one-way" breaks "within-bound";
        /// The way back is counted with the wrong sign.
        WrongSign = "wrong-sign" breaks "within-bound";
        /// The time that the server took is added to the delay instead of taken from it.
        HoldAdded = "hold-added" breaks "delay";
        /// The formula as an article has it, what it leaves undefined being 0.
        ArticleFormula = "article-formula" breaks "translation-invariant";
        /// An answer to an earlier request is taken for one to the last.
        TakeLate = "take-late" breaks "within-bound";
        /// A clock that is ahead is set back.
        StepBack = "step-back" breaks "monotone";
    }
}

/// A client and a server with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct ClockSync {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl ClockSync {
    /// How many ticks the server's clock is ahead of the client's.
    fn ahead(&self) -> i32 {
        self.params.ahead_plus_4 as i32 - 4
    }
}

impl Protocol for ClockSync {
    const CARD: Card = Card {
        name: "clock-sync",
        title: "A clock set by another's",
        source: "Cristian, Probabilistic Clock Synchronization (1989); RFC 5905, section 8; article 004, section 3.1",
        modelled: "the four timestamps of an exchange in timed mode, offset and delay, Cristian's and NTP's formula, polls \
                   that are lost or late, a clock that is slowed and not set back",
        left_out: "several servers and the choice among them; the estimate of the drift; readings beyond any exchange",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let client = Member::Client { params: self.params.clone(), deviations: self.deviations };
        let server = Member::Server { ahead: self.ahead(), hold: self.params.hold, polls: self.params.polls };
        Roster::new().role("client", [client]).role("server", [server])
    }

    fn history(&self) {}

    fn tick_clock(&self, _: Id, state: &mut State) {
        state.tick();
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
