//! A rate limiter: of what comes, no more is let through in any window of time than the service can bear.
//!
//! **Source.** The manual of Redis, command `INCR`, pattern *rate limiter 2*: a counter that starts with the first request, and
//! what becomes of it if the caller fails between `INCR` and `EXPIRE`; Jonathan Turner, *New Directions in Communications* (1986), on the leaky bucket, whose
//! turn-about is a bucket of tokens. An article (003, HA-5) has services configured with limiters, and does not say what they are.
//!
//! **Modelled.** Servers that are asked at any moment and ask a store whether they may; a store with a counter that expires with its
//! window, a log of what was let through, or a bucket of tokens; in timed mode, where a tick of the store's clock is one.
//! Servers that crash between two commands.
//!
//! **What is promised.** With a log: `limit` in any window. With a counter or a bucket: twice as much at most, for a window of the clock
//! that watches may span two of the limiter's, or find the bucket full.
//!
//! **Left out.** What is asked for, and by whom: there is one limit. The time that an answer takes: what is counted is what the
//! store lets through. A store that crashes: it forgets, and lets through once more as much.
//!
//! | file | what |
//! |---|---|
//! | `store` | the store: what it has counted, and what it lets through |
//! | `member` | servers and store as one actor |
//! | `claims` | the claims |

mod claims;
mod member;
mod store;

use quorate::Id;
use quorate::model::{Card, Deviations, Property, Protocol, Roster};

pub use member::{Member, Msg, ServerState, State, Timer};
pub use store::{Store, StoreState};

quorate::choice_param! {
    /// How the store knows how much was let through.
    pub enum Algorithm {
        /// A counter that begins with the first and expires after a window.
        FixedWindow = "fixed-window",
        /// When each was let through, as far back as a window.
        SlidingLog = "sliding-log",
        /// A bucket of tokens, one for each that is let through, and a new one now and then.
        TokenBucket = "token-bucket",
    }
}

quorate::params! {
    /// How much is let through, and who asks.
    pub struct Params {
        /// How much is let through in a window.
        pub limit: usize = 2, in 1..=3;
        /// The length of a window, in ticks.
        pub window: usize = 4, in 1..=12;
        /// Number of servers that ask.
        pub servers: usize = 1, in 1..=3;
        /// How the store knows.
        pub algorithm: Algorithm = Algorithm::SlidingLog;
    }
}

quorate::deviations! {
    /// What a server or the store may do wrongly.
    pub enum Deviation {
        /// A server looks whether there is room, and counts by a second command.
        LookThenCount = "look-then-count" breaks "at-most-limit";
        /// The log goes back for less than a window.
        ShortLog = "short-log" breaks "at-most-limit";
        /// The bucket is filled up where one token is due.
        FillUp = "fill-up" breaks "at-most-twice";
        /// A server has the counter expire by a second command.
        ExpireApart = "expire-apart" breaks "opens-again";
    }
}

/// A rate limiter with these parameters and deviations.
#[derive(Clone, Debug)]
pub struct RateLimiter {
    params: Params,
    deviations: Deviations<Deviation>,
}

impl Protocol for RateLimiter {
    const CARD: Card = Card {
        name: "rate-limiter",
        title: "A rate limiter",
        source: "the manual of Redis, INCR, patterns; Turner, New Directions in Communications (1986); article 003, HA-5",
        modelled: "a counter that expires, a log and a bucket of tokens in a store, servers that ask it at any moment and crash, in \
                   timed mode",
        left_out: "what is asked for and by whom; the time that an answer takes; a store that crashes, and forgets",
    };

    type Params = Params;
    type Deviation = Deviation;
    type Actor = Member;
    type History = ();

    fn new(params: Params, deviations: Deviations<Deviation>) -> Result<Self, String> {
        if params.algorithm == Algorithm::TokenBucket && !params.window.is_multiple_of(params.limit) {
            return Err(format!("{} tokens do not come evenly in {} ticks", params.limit, params.window));
        }
        Ok(Self { params, deviations })
    }

    fn roster(&self) -> Roster<Member> {
        let deviations = self.deviations;
        let store = Id::from(self.params.servers);
        Roster::new()
            .role("server", vec![Member::Server { store, deviations }; self.params.servers])
            .role("store", [Member::Store(Store { params: self.params.clone(), deviations })])
    }

    fn history(&self) {}

    /// The store dates what it lets through.
    fn tick_clock(&self, _: Id, state: &mut State) {
        if let State::Store(me) = state {
            me.grow_older(self.params.window);
        }
    }

    fn properties() -> Vec<Property<Self>> {
        claims::all()
    }
}
