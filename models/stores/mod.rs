//! Servers that protocols use: the commands of a real one, as a pure state and what it needs to be an actor.
//!
//! A store knows nothing of who uses it and for what: the protocol says who sends which command.

pub mod etcd;
pub mod redis;
pub mod zookeeper;

use std::ops::Range;
use std::time::Duration;

use serde::Serialize;

/// Exactly so many ticks of a millisecond each; only timed mode looks at it. With 0 it is the range that says nothing:
/// any moment will do.
pub fn ticks(count: u8) -> Range<Duration> {
    let span = Duration::from_millis(count.into());
    span..span
}

/// How numbers are given out one after the other: without end as in life, or in a circle, so that a run without end has
/// finitely many states.
///
/// In a circle a number comes before another if less than half the way round leads from it there. That is right as long
/// as no two numbers in use are half the way apart: who asks for a circle says why they are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Numbering(Option<u32>);

impl Numbering {
    /// A circle of so many numbers, from 1.
    pub fn circle(size: u32) -> Self {
        Self(Some(size))
    }

    /// Whether a number comes again some time.
    pub fn comes_again(&self) -> bool {
        self.0.is_some()
    }

    /// The number after this one.
    pub fn after(self, number: u32) -> u32 {
        self.0.map_or(number, |size| number % size) + 1
    }

    /// How far it is from one number on to another; `None` if the other does not come after it.
    pub fn distance(self, from: u32, to: u32) -> Option<u32> {
        match self.0 {
            None => to.checked_sub(from).filter(|distance| *distance > 0),
            Some(size) => Some((to + size - from) % size).filter(|distance| (1..size.div_ceil(2)).contains(distance)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_circle_one_number_comes_before_those_of_the_next_half() {
        let circle = Numbering::circle(6);
        assert_eq!([0, 1, 5, 6].map(|number| circle.after(number)), [1, 2, 6, 1]);
        assert_eq!([5, 6, 1, 2, 3, 4].map(|to| circle.distance(5, to)), [None, Some(1), Some(2), None, None, None]);
        let endless = Numbering::default();
        assert_eq!((endless.after(6), endless.distance(5, 9), endless.distance(9, 5)), (7, Some(4), None));
    }
}
