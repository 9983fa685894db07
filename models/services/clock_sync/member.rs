//! Client and server, and their clocks.

use std::borrow::Cow;
use std::ops::Range;
use std::time::Duration;

use quorate::model::Deviations;
use quorate::{Actor, Id, Out};
use serde::Serialize;

use super::estimate::{Estimate, Timestamps};
use super::{Deviation, Params};

/// A clock is read up to here. Invariant: an exchange is over before.
const LAST_READING: i32 = 60;

/// A member of the cluster.
#[derive(Clone, Debug)]
pub enum Member {
    /// It sets its clock.
    Client {
        /// How the clocks are, and how much happens.
        params: Params,
        /// What it does wrongly.
        deviations: Deviations<Deviation>,
    },
    /// It says what its clock is.
    Server {
        /// What its clock is when the client's is 0.
        ahead: i32,
        /// How many ticks it takes at most.
        hold: usize,
        /// How often the client asks at most.
        polls: usize,
    },
}

/// A member's memory.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum State {
    /// Of the client.
    Client(ClientState),
    /// Of the server.
    Server {
        /// Its clock.
        clock: i32,
        /// The requests that it has not answered: the client's timestamp, and its own.
        open: Vec<(i32, i32)>,
        /// How many requests may still come or are open: when none, its clock is not read any more.
        left: usize,
    },
}

/// The client's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum ClientState {
    /// It waits for an answer.
    Asking {
        /// Its clock.
        clock: i32,
        /// When it asked.
        asked: i32,
        /// How often it has asked.
        polls: usize,
    },
    /// It knows.
    Synchronized {
        /// The exchange.
        at: Timestamps,
        /// What it concludes.
        estimate: Estimate,
        /// What its clock shows, in eighths of a tick.
        shows_eighths: i32,
        /// What it should show, likewise.
        target_eighths: i32,
    },
}

/// A message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Msg {
    /// To the server: what time is it?
    Request {
        /// T1.
        asked: i32,
    },
    /// To the client.
    Answer {
        /// T1, as in the request.
        asked: i32,
        /// T2.
        received: i32,
        /// T3.
        answered: i32,
    },
}

/// What fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Timer {
    /// The client has waited in vain.
    AskAgain,
    /// The server comes to answer the request with this timestamp.
    Answer(i32),
}

fn ticks(range: Range<usize>) -> Range<Duration> {
    Duration::from_millis(range.start as u64)..Duration::from_millis(range.end as u64)
}

impl State {
    /// A tick of the member's clock.
    pub(super) fn tick(&mut self) {
        match self {
            Self::Server { left: 0, .. } => {}
            Self::Server { clock, .. } | Self::Client(ClientState::Asking { clock, .. }) => {
                *clock = (*clock + 1).min(LAST_READING);
            }
            // A clock that is ahead stands still until time has come up; from then on it shows what it should.
            Self::Client(ClientState::Synchronized { shows_eighths, target_eighths, .. }) => {
                if shows_eighths != target_eighths {
                    *target_eighths += 8;
                    *shows_eighths = (*shows_eighths).max(*target_eighths);
                }
            }
        }
    }
}

/// The client asks, with the time of its clock.
fn ask(clock: i32, polls: usize, params: &Params, server: Id, o: &mut Out<Member>) -> ClientState {
    o.send(server, Msg::Request { asked: clock });
    if polls < params.polls {
        o.set_timer(Timer::AskAgain, ticks(params.patience..params.patience));
    }
    ClientState::Asking { clock, asked: clock, polls }
}

/// The client knows all four timestamps.
fn conclude(at: Timestamps, params: &Params, deviations: Deviations<Deviation>) -> ClientState {
    let estimate = Estimate::new(at, params.formula, deviations);
    let clock_eighths = 8 * at.returned;
    let target_eighths = clock_eighths + estimate.offset_eighths;
    let is_ahead = target_eighths < clock_eighths && !deviations.has(Deviation::StepBack);
    let shows_eighths = if is_ahead { clock_eighths } else { target_eighths };
    ClientState::Synchronized { at, estimate, shows_eighths, target_eighths }
}

/// The server answers a request, with the time of its clock.
fn answer(client: Id, (asked, received): (i32, i32), clock: i32, left: &mut usize, o: &mut Out<Member>) {
    *left -= 1;
    o.send(client, Msg::Answer { asked, received, answered: clock });
}

impl Actor for Member {
    type Msg = Msg;
    type Timer = Timer;
    type State = State;
    type Storage = ();
    type Random = ();

    fn on_start(&self, id: Id, _: &Option<()>, o: &mut Out<Self>) -> State {
        match self {
            Self::Client { params, .. } => State::Client(ask(0, 1, params, Id::from(usize::from(id) + 1), o)),
            Self::Server { ahead, polls, .. } => State::Server { clock: *ahead, open: Vec::new(), left: *polls },
        }
    }

    fn on_msg(&self, _: Id, state: &mut Cow<'_, State>, src: Id, msg: Msg, o: &mut Out<Self>) {
        match (self, state.to_mut(), msg) {
            (Self::Server { hold: 0, .. }, State::Server { clock, left, .. }, Msg::Request { asked }) => {
                answer(src, (asked, *clock), *clock, left, o);
            }
            (Self::Server { hold, .. }, State::Server { clock, open, .. }, Msg::Request { asked }) => {
                open.push((asked, *clock));
                o.set_timer(Timer::Answer(asked), ticks(0..*hold));
            }
            (Self::Client { params, deviations }, State::Client(me), Msg::Answer { asked, received, answered }) => {
                let ClientState::Asking { clock, asked: last, .. } = *me else { return };
                // RFC 5905, section 8: the answer must be to the last request.
                if asked != last && !deviations.has(Deviation::TakeLate) {
                    return;
                }
                o.cancel_timer(Timer::AskAgain);
                let at = Timestamps { asked: last, received, answered, returned: clock };
                *me = conclude(at, params, *deviations);
            }
            (Self::Client { .. } | Self::Server { .. }, ..) => {}
        }
    }

    fn on_timeout(&self, id: Id, state: &mut Cow<'_, State>, timer: &Timer, o: &mut Out<Self>) {
        match (self, state.to_mut(), timer) {
            (Self::Client { params, .. }, State::Client(me), Timer::AskAgain) => {
                if let ClientState::Asking { clock, polls, .. } = *me {
                    *me = ask(clock, polls + 1, params, Id::from(usize::from(id) + 1), o);
                }
            }
            (Self::Server { .. }, State::Server { clock, open, left }, Timer::Answer(asked)) => {
                if let Some(ix) = open.iter().position(|(open, _)| open == asked) {
                    answer(Id::from(usize::from(id) - 1), open.remove(ix), *clock, left, o);
                }
            }
            (Self::Client { .. } | Self::Server { .. }, ..) => {}
        }
    }
}
