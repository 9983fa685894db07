//! What can happen to one node, as one number.

/// What can happen to one node. Messages, timers and choices go by number: of the message among those ever
/// sent to the node, of the timer and of the option among those of the node's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Start,
    Crash,
    Restart,
    Deliver(u32),
    Timeout(u32),
    Choose(u32),
}

const TAG_SHIFT: u32 = 29;
const NUMBER_MASK: u32 = (1 << TAG_SHIFT) - 1;

impl Event {
    /// The event as one number, below 2^32 - 1.
    ///
    /// # Panics
    /// From 2^29 distinct messages to one node on.
    pub(super) fn code(self) -> u32 {
        let (tag, number) = match self {
            Self::Deliver(message) => (0, message),
            Self::Timeout(timer) => (1, timer),
            Self::Choose(option) => (2, option),
            Self::Start => (3, 0),
            Self::Crash => (4, 0),
            Self::Restart => (5, 0),
        };
        assert!(number <= NUMBER_MASK, "fewer than 2^29 distinct messages to one node");
        tag << TAG_SHIFT | number
    }

    /// The event with the given code.
    pub(super) fn of_code(code: u32) -> Self {
        let number = code & NUMBER_MASK;
        match code >> TAG_SHIFT {
            0 => Self::Deliver(number),
            1 => Self::Timeout(number),
            2 => Self::Choose(number),
            3 => Self::Start,
            4 => Self::Crash,
            _ => Self::Restart,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_its_own_code() {
        let events =
            [Event::Start, Event::Crash, Event::Restart, Event::Deliver(7), Event::Timeout(7), Event::Choose(0)];
        for event in events {
            assert_eq!(Event::of_code(event.code()), event);
        }
    }
}
