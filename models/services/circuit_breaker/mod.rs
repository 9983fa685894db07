//! A circuit breaker: a caller that leaves a service alone which fails, and tries with one call whether it is well again.
//!
//! **Source.** Michael Nygard, *Release It!* (2007), section 5.2: closed, open, half-open. An article (003, HA-5) has services
//! configured with breakers and limiters, and does not say what they are.
//!
//! **Modelled.** A caller with several calls under way at a time; a service that falls sick and gets well again, and answers that a
//! call has failed while it is sick; a breaker that opens after so many failures in succession, lets one call through some
//! time later, and closes if that succeeds. The answers to calls from before the opening come late.
//!
//! **Left out.** Calls that are never answered: a time-out in the caller makes them failures, and what comes after it is not
//! listened to. Rates of failure over a window, in place of failures in succession: another way to open, the same afterwards.
//!
//! | file | what |
//! |---|---|
//! | `breaker` | the breaker and the calls under way |
//! | `member` | caller and service as one actor |
//! | `claims` | the claims |

mod breaker;
mod claims;
mod member;

use quorate::Id;
use quorate::model::{Card, Deviations, Property, Protocol, Roster};

pub use breaker::{Breaker, Call, Caller, CallerState};
pub use member::{Health, Member, Msg, ServiceState, State, Timer};

quorate::params! {
    /// How much is under way, and what opens the breaker.
    pub struct Params {
        /// Number of calls that may be under way at a time.
        pub calls: usize = 2, in 1..=4;
        /// How many failures in succession open the breaker.
        pub threshold: usize = 2, in 1..=4;
        /// How often the service falls sick.
        pub outages: usize = 1, in 0..=3;
    }
}

quorate::deviations! {
    /// What the breaker may do wrongly.
    pub enum Deviation {
        /// Failures do not open it.
        NeverOpens = "never-opens" breaks "opens";
        /// It lets calls through while it is open.
        CallWhileOpen = "call-while-open" breaks "no-call-while-open";
        /// It lets a second call through while it waits for the first.
        TwoProbes = "two-probes" breaks "one-probe";
        /// The success of a call from before the opening closes it.
        LateCloses = "late-closes" breaks "only-a-probe-closes";
        /// No call is let through any more once it is open.
        NeverHalfOpen = "never-half-open" breaks "recovers";
        /// It goes on waiting when the call that was let through has failed.
        ForgetProbe = "forget-probe" breaks "recovers";
    }
}

/// A circuit breaker with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct CircuitBreaker {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Protocol for CircuitBreaker {
    const CARD: Card = Card {
        name: "circuit-breaker",
        title: "A circuit breaker",
        source: "Nygard, Release It! (2007), section 5.2; article 003, HA-5",
        modelled: "calls side by side, a service that falls sick and gets well, failures in succession that open, one call that \
                   is let through and closes, answers that come late",
        left_out: "calls that are never answered, which a time-out makes failures; rates of failure over a window",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let service = Id::from(1);
        let caller = Caller { service, params: self.params.clone(), deviations: self.deviations };
        Roster::new()
            .role("caller", [Member::Caller(caller)])
            .role("service", [Member::Service { outages: self.params.outages }])
    }

    fn history(&self) {}

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
