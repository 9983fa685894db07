//! The formulas: from timestamps to offset and delay.

use quorate::model::Deviations;
use serde::Serialize;

use super::{Deviation, Formula};

/// The timestamps of an exchange (RFC 5905, section 8), in ticks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Timestamps {
    /// T1, by the client's clock: the request is sent.
    pub asked: i32,
    /// T2, by the server's clock: it arrives.
    pub received: i32,
    /// T3, by the server's clock: the answer is sent.
    pub answered: i32,
    /// T4, by the client's clock: it arrives.
    pub returned: i32,
}

impl Timestamps {
    /// The same exchange when both clocks are so many ticks ahead of what they were.
    pub fn shifted(self, ticks: i32) -> Self {
        let Self { asked, received, answered, returned } = self;
        Self {
            asked: asked + ticks,
            received: received + ticks,
            answered: answered + ticks,
            returned: returned + ticks,
        }
    }
}

/// What the client concludes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub struct Estimate {
    /// How far the server's clock is ahead, in eighths of a tick.
    pub offset_eighths: i32,
    /// How long the exchange took, in ticks: the estimate is off by at most half of it.
    pub delay: i32,
}

impl Estimate {
    /// By this formula.
    pub(super) fn new(at: Timestamps, formula: Formula, deviations: Deviations<Deviation>) -> Self {
        let Timestamps { asked, received, answered, returned } = at;
        let (round_trip, hold) = (returned - asked, answered - received);
        let there = received - asked;
        let back = if deviations.has(Deviation::WrongSign) { returned - answered } else { answered - returned };
        let offset_eighths = match formula {
            _ if deviations.has(Deviation::OneWay) => 8 * there,
            // The parameters a, b, R and A are not defined; x is the mean of the timestamps.
            _ if deviations.has(Deviation::ArticleFormula) => 8 * there + (asked + received + answered + returned),
            Formula::Ntp => 4 * (there + back),
            Formula::Cristian => 8 * back + 4 * round_trip,
        };
        let delay = match formula {
            Formula::Ntp if deviations.has(Deviation::HoldAdded) => round_trip + hold,
            Formula::Ntp => round_trip - hold,
            Formula::Cristian => round_trip,
        };
        Self { offset_eighths, delay }
    }
}
