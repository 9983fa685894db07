//! Time: how long a timer runs, how clocks differ, what is overdue.
//!
//! No state holds a date. Timers, messages and pauses hold what is left of them, and a clock holds how far it is
//! from true time, or how long ago it last strayed: numbers that have a bound, so that the states are finite.

use std::ops::Range;
use std::time::Duration;

use super::event::Event;
use super::tables::Cluster;
use crate::model::{Choosing, Clocks, Protocol, Timing};
use crate::system::Word;

/// What is left of a timer, in ticks of its own node's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Span {
    /// Ticks until it may fire.
    pub(super) earliest: u32,
    /// Ticks until it must; `None` for a timer that never must.
    pub(super) latest: Option<u32>,
}

impl Span {
    /// A timer that may fire at any moment, and never must.
    pub(super) const ANY: Self = Self { earliest: 0, latest: None };

    /// What `Out::set_timer` asks for. Where time is asynchronous, and for an empty range, as stateright's
    /// `model_timeout` gives, any moment will do. Bounds that are no whole ticks are rounded outwards.
    pub(super) fn of(timing: Option<&Timing>, range: &Range<Duration>) -> Self {
        let Some(timing) = timing.filter(|_| !range.end.is_zero()) else { return Self::ANY };
        let tick_ns = u128::from(timing.tick_ms) * 1_000_000;
        let ticks = |count: u128| u32::try_from(count).unwrap_or(u32::MAX);
        let earliest = ticks(range.start.as_nanos() / tick_ns);
        Self { earliest, latest: Some(ticks(range.end.as_nanos().div_ceil(tick_ns)).max(earliest)) }
    }

    /// After one tick.
    pub(super) fn ticked(self) -> Self {
        Self { earliest: self.earliest.saturating_sub(1), latest: self.latest.map(|latest| latest.saturating_sub(1)) }
    }

    pub(super) fn may_fire(self) -> bool {
        self.earliest == 0
    }

    pub(super) fn must_fire(self) -> bool {
        self.latest == Some(0)
    }
}

/// Which time passes by one tick at a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passing {
    /// True time alone: the node's clock misses the tick.
    World,
    /// The node's clock alone: it gains a tick.
    Clock,
    /// Both.
    Both,
}

impl Passing {
    pub(super) fn code(self) -> u32 {
        self as u32
    }

    pub(super) fn from_code(code: u32) -> Option<Self> {
        [Self::World, Self::Clock, Self::Both].into_iter().find(|passing| passing.code() == code)
    }

    pub(super) fn of_world(self) -> bool {
        self != Self::Clock
    }

    pub(super) fn of_clock(self) -> bool {
        self != Self::World
    }
}

/// What must happen at a node before time passes.
#[derive(Clone, Debug, Default)]
pub(super) struct Overdue {
    /// A timer must fire.
    timer: bool,
    /// A choice must be made.
    choice: bool,
    /// A pause must end.
    pause: bool,
    /// A message from each of these must arrive, if it passes.
    senders: Box<[usize]>,
}

/// A clock at a tick of true time: its word afterwards, and whether it ticks too.
///
/// A skewed clock is some ticks ahead of true time, which is its word; one that is not ahead is carried along. A
/// drifting clock's word says for how many ticks it may not stray again; one more than that means that it is about
/// to miss a tick.
fn at_tick(clocks: Clocks, word: Word) -> (Word, Passing) {
    match clocks {
        Clocks::Perfect => (word, Passing::Both),
        Clocks::Skewed { .. } if word > 0 => (word - 1, Passing::World),
        Clocks::Drifting { one_tick_in } if word > u32::from(one_tick_in) => (word - 2, Passing::World),
        Clocks::Skewed { .. } | Clocks::Drifting { .. } => (word.saturating_sub(1), Passing::Both),
    }
}

/// The word of a clock that gains a tick, if it may.
fn at_gain(clocks: Clocks, word: Word) -> Option<Word> {
    match clocks {
        Clocks::Perfect => None,
        Clocks::Skewed { ticks } => (word < u32::from(ticks)).then_some(word + 1),
        Clocks::Drifting { one_tick_in } => (word == 0).then_some(u32::from(one_tick_in)),
    }
}

/// The word of a clock that will miss the next tick, if it may.
fn at_loss(clocks: Clocks, word: Word) -> Option<Word> {
    match clocks {
        Clocks::Perfect | Clocks::Skewed { .. } => None,
        Clocks::Drifting { one_tick_in } => (word == 0).then_some(u32::from(one_tick_in) + 1),
    }
}

impl<P: Protocol> Cluster<P> {
    fn overdue(&self, node: usize, local: Word) -> &Overdue {
        let position = &self.positions[node];
        let is_urgent = self.environment.timing().is_some_and(|timing| timing.choices == Choosing::AtOnce);
        position.overdue.get_or_set(local as usize, || {
            let (slot, inbox) = (position.slot(local), position.inbox(local));
            if !slot.is_going() {
                return Overdue { pause: slot.has_paused_long_enough(), ..Overdue::default() };
            }
            let due = self.rules.due(inbox, |message| position.sender(message));
            Overdue {
                timer: slot.timers.values().any(|span| span.must_fire()),
                choice: is_urgent && !slot.choices.is_empty(),
                pause: false,
                senders: due.into_iter().map(|message| position.sender(message)).collect(),
            }
        })
    }

    /// The word of `node` after a tick.
    fn ticked(&self, node: usize, local: Word, passing: Passing) -> Word {
        let position = &self.positions[node];
        position.ticked.get_or_compute(local, passing.code(), || {
            let slot = self.effect(node, position.slot_number(local), Event::Tick(passing)).slot;
            let inbox = position.inbox(local);
            let inbox = if passing.of_world() { self.rules.aged(inbox) } else { inbox.into() };
            position.local(slot, inbox)
        })
    }

    /// One tick for everyone: calls `edit` with positions and new words. `None` where something is overdue; then the
    /// edits so far are for nothing. Otherwise, whether a property that reads nodes may see a difference.
    pub(super) fn tick(&self, state: &[Word], mut edit: impl FnMut(usize, Word)) -> Option<bool> {
        let clocks = self.environment.timing()?.clocks;
        let split = self.layout.split_of(state);
        let mut visible = false;
        for (node, &local) in state[..self.layout.node_count].iter().enumerate() {
            let clock_at = self.layout.clock(node);
            let (clock, passing) = at_tick(clocks, clock_at.map_or(0, |position| state[position]));
            let overdue = self.overdue(node, local);
            let message_waits = || overdue.senders.iter().any(|sender| self.splits.connects(split, *sender, node));
            if overdue.pause || overdue.choice || overdue.timer && passing.of_clock() || message_waits() {
                return None;
            }
            visible |= self.edit_ticked(node, local, passing, &mut edit);
            if let Some(position) = clock_at.filter(|position| state[*position] != clock) {
                edit(position, clock);
            }
        }
        Some(visible)
    }

    /// The clock of `node` gains a tick, or will miss the next one; otherwise as [`tick`](Self::tick).
    ///
    /// A clock drifts only while somebody looks at it: while its node has a timer running, or reads it.
    pub(super) fn drift(
        &self,
        node: usize,
        gains: bool,
        state: &[Word],
        mut edit: impl FnMut(usize, Word),
    ) -> Option<bool> {
        let (clocks, local) = (self.environment.timing()?.clocks, state[node]);
        let position = self.layout.clock(node)?;
        let is_read = || self.ticked(node, local, Passing::Clock) != local;
        let overdue = self.overdue(node, local);
        if overdue.timer || overdue.choice || matches!(clocks, Clocks::Drifting { .. }) && !is_read() {
            return None;
        }
        let clock = if gains { at_gain(clocks, state[position]) } else { at_loss(clocks, state[position]) };
        edit(position, clock?);
        Some(gains && self.edit_ticked(node, local, Passing::Clock, &mut edit))
    }

    fn edit_ticked(&self, node: usize, local: Word, passing: Passing, edit: &mut impl FnMut(usize, Word)) -> bool {
        let next = self.ticked(node, local, passing);
        if next == local {
            return false;
        }
        edit(node, next);
        let position = &self.positions[node];
        self.sees_difference(node, position.slot_number(local), position.slot_number(next))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(tick_ms: u32) -> Timing {
        Timing { tick_ms, ..Timing::default() }
    }

    #[test]
    fn ranges_become_ticks_rounded_outwards() {
        let span = |tick_ms, from, to| {
            let range = Duration::from_millis(from)..Duration::from_millis(to);
            let span = Span::of(Some(&timing(tick_ms)), &range);
            (span.earliest, span.latest)
        };
        assert_eq!(span(1, 3, 5), (3, Some(5)));
        assert_eq!(span(10, 25, 31), (2, Some(4)));
        assert_eq!(span(10, 0, 1), (0, Some(1)));
        assert_eq!(span(1, 4, 2), (4, Some(4)));
        assert_eq!(span(1, 0, 0), (0, None));
        assert_eq!(Span::of(None, &(Duration::ZERO..Duration::from_secs(1))), Span::ANY);
    }

    /// Over any stretch of `T` ticks, a clock that drifts by one tick in `n` is at most `T / n + 1` ticks off.
    #[test]
    fn a_drifting_clock_strays_no_more_than_its_bound() {
        let clocks = Clocks::Drifting { one_tick_in: 4 };
        // (word, local ticks - true ticks), everything reachable in `true_ticks`.
        let mut reached = std::collections::BTreeSet::from([(0_u32, 0_i64)]);
        for true_ticks in 0..=12_i64 {
            let strayed = reached.iter().flat_map(|&(word, off)| {
                let gained = at_gain(clocks, word).map(|word| (word, off + 1));
                gained.into_iter().chain(at_loss(clocks, word).map(|word| (word, off)))
            });
            let strayed: Vec<_> = strayed.collect();
            reached.extend(strayed);
            let (least, most) = (reached.iter().map(|(_, off)| *off).min(), reached.iter().map(|(_, off)| *off).max());
            assert_eq!(most, Some(true_ticks / 4 + 1), "after {true_ticks}");
            assert_eq!(least, Some(-((true_ticks + 3) / 4)), "after {true_ticks}");
            let tick = |(word, off): (u32, i64)| match at_tick(clocks, word) {
                (word, Passing::World) => (word, off - 1),
                (word, Passing::Clock | Passing::Both) => (word, off),
            };
            reached = reached.into_iter().map(tick).collect();
        }
    }

    #[test]
    fn a_skewed_clock_is_never_behind_and_never_further_ahead_than_its_bound() {
        let clocks = Clocks::Skewed { ticks: 2 };
        assert_eq!((at_gain(clocks, 1), at_gain(clocks, 2)), (Some(2), None));
        assert_eq!((at_tick(clocks, 2), at_tick(clocks, 0)), ((1, Passing::World), (0, Passing::Both)));
        assert_eq!(at_loss(clocks, 0), None);
    }
}
