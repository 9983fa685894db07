//! What can happen to one node, as one number.

use super::time::Passing;

/// What can happen to one node. Messages, timers and choices go by number: of the message among those ever
/// sent to the node, of the timer and of the option among those of the node's slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Start,
    Crash,
    LoseSave,
    /// By number of what [`tear`](crate::model::Protocol::tear) gives.
    TearSave(u32),
    Restart,
    Pause,
    Resume,
    Tick(Passing),
    Deliver(u32),
    Timeout(u32),
    Choose(u32),
}

const TAG_SHIFT: u32 = 28;

impl Event {
    /// The event as one number, below 2^32 - 1.
    ///
    /// # Panics
    /// From 2^28 distinct messages to one node on.
    pub(super) fn code(self) -> u32 {
        let (tag, number) = match self {
            Self::Deliver(message) => (0, message),
            Self::Timeout(timer) => (1, timer),
            Self::Choose(option) => (2, option),
            Self::Start => (3, 0),
            Self::Crash => (4, 0),
            Self::Restart => (5, 0),
            Self::LoseSave => (6, 0),
            Self::TearSave(rest) => (7, rest),
            Self::Pause => (8, 0),
            Self::Resume => (9, 0),
            Self::Tick(passing) => (10, passing.code()),
        };
        assert!(number < 1 << TAG_SHIFT, "fewer than 2^28 distinct messages to one node");
        tag << TAG_SHIFT | number
    }

    /// The event with that code.
    pub(super) fn from_code(code: u32) -> Option<Self> {
        let number = code & ((1 << TAG_SHIFT) - 1);
        Some(match code >> TAG_SHIFT {
            0 => Self::Deliver(number),
            1 => Self::Timeout(number),
            2 => Self::Choose(number),
            3 => Self::Start,
            4 => Self::Crash,
            5 => Self::Restart,
            6 => Self::LoseSave,
            7 => Self::TearSave(number),
            8 => Self::Pause,
            9 => Self::Resume,
            10 => Self::Tick(Passing::from_code(number)?),
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_its_own_code() {
        let events = [
            Event::Start,
            Event::Crash,
            Event::LoseSave,
            Event::TearSave(7),
            Event::Restart,
            Event::Pause,
            Event::Resume,
            Event::Tick(Passing::World),
            Event::Tick(Passing::Both),
            Event::Deliver(7),
            Event::Timeout(7),
            Event::Choose(7),
        ];
        let codes: std::collections::BTreeSet<u32> = events.map(Event::code).into();
        assert_eq!(codes.len(), events.len());
        assert!(events.iter().all(|event| Event::from_code(event.code()) == Some(*event)));
        assert_eq!(Event::from_code(u32::MAX), None);
    }
}
