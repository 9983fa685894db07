//! The messages on their way to one node, as a list of numbers.
//!
//! The network is kept by destination: the inbox of a node is the list of the flights to it. Which lists are
//! possible, what can be delivered and what a delivery takes away is decided by the kind of network, here and
//! nowhere else.

use smallvec::SmallVec;

use crate::model::{Delay, Environment, NetworkKind};

/// The flights to one node. Canonical for its kind of network:
/// - unordered: ascending, with repetition;
/// - duplicating: ascending, without repetition;
/// - FIFO: by sender ascending, and within a sender in the order of sending.
///
/// A flight is a message (by number) and, in timed mode, how many ticks it has left: until it must arrive, or until
/// it may where it never must. Equal messages stand together, the oldest first.
pub(super) type Inbox = Box<[u32]>;

/// Flights that are being put in order.
pub(super) type Flights = SmallVec<[u32; 32]>;

const LEFT_BITS: u32 = u8::BITS;

/// The message of a flight.
pub(super) fn message_of(flight: u32) -> u32 {
    flight >> LEFT_BITS
}

/// The ticks that a flight has left.
pub(super) fn left_of(flight: u32) -> u8 {
    (flight & u32::from(u8::MAX)) as u8
}

/// A flight of a message with so many ticks left.
///
/// # Panics
/// From 2^24 distinct messages to one node on.
pub(super) fn with_message(message: u32, left: u8) -> u32 {
    assert!(message < 1 << (u32::BITS - LEFT_BITS), "fewer than 2^24 distinct messages to one node");
    message << LEFT_BITS | u32::from(left)
}

/// Rules of one kind of network.
#[derive(Clone, Copy, Debug)]
pub(super) struct InboxRules {
    pub(super) kind: NetworkKind,
    /// Whether what is delivered stays.
    pub(super) keeps_delivered: bool,
    delay: Delay,
}

impl InboxRules {
    pub(super) fn new(environment: &Environment) -> Self {
        Self {
            kind: environment.network,
            keeps_delivered: environment.keeps_delivered(),
            delay: environment.timing().map(|timing| timing.delay).unwrap_or_default(),
        }
    }

    /// The ticks that a message has left when it is sent.
    fn first_left(self) -> u8 {
        self.delay.at_most.unwrap_or(self.delay.at_least)
    }

    /// Whether a flight has lasted long enough to arrive.
    fn is_ripe(self, flight: u32) -> bool {
        left_of(flight) <= self.first_left() - self.delay.at_least
    }

    /// The inbox with one more message. `sender` gives the sender of a message.
    ///
    /// # Panics
    /// From 2^24 distinct messages to one node on.
    pub(super) fn add(self, inbox: &mut Flights, message: u32, sender: impl Fn(u32) -> usize) {
        let flight = with_message(message, self.first_left());
        match self.kind {
            NetworkKind::Unordered => {
                let at = inbox.partition_point(|&other| other <= flight);
                inbox.insert(at, flight);
            }
            NetworkKind::Duplicating => {
                let at = inbox.partition_point(|&other| other < flight);
                // One that stays for ever makes a younger one superfluous.
                let stays = self.keeps_delivered && at > 0 && message_of(inbox[at - 1]) == message;
                if !stays && inbox.get(at) != Some(&flight) {
                    inbox.insert(at, flight);
                }
            }
            NetworkKind::Fifo => {
                let from = sender(message);
                let at = inbox.partition_point(|&other| sender(message_of(other)) <= from);
                inbox.insert(at, flight);
            }
        }
    }

    /// The canonical inbox with these flights, those of one sender in the order of sending.
    pub(super) fn in_order(self, mut flights: Vec<u32>, sender: impl Fn(u32) -> usize) -> Inbox {
        match self.kind {
            NetworkKind::Unordered | NetworkKind::Duplicating => flights.sort_unstable(),
            NetworkKind::Fifo => flights.sort_by_key(|flight| sender(message_of(*flight))),
        }
        flights.into_boxed_slice()
    }

    /// The places in the inbox of the messages that could be lost next: of equal messages the oldest, of a channel
    /// that keeps its order the first.
    pub(super) fn heads(self, inbox: &[u32], sender: impl Fn(u32) -> usize) -> impl Iterator<Item = usize> {
        let differs_from_previous = move |at: &usize| {
            let (this, previous) = (message_of(inbox[*at]), message_of(inbox[*at - 1]));
            match self.kind {
                NetworkKind::Unordered | NetworkKind::Duplicating => this != previous,
                NetworkKind::Fifo => sender(this) != sender(previous),
            }
        };
        (0..inbox.len()).filter(move |at| *at == 0 || differs_from_previous(at))
    }

    /// The places in the inbox of the messages that could arrive next: those [`heads`](Self::heads) that have been on
    /// their way for long enough.
    pub(super) fn deliverable(self, inbox: &[u32], sender: impl Fn(u32) -> usize) -> impl Iterator<Item = usize> {
        self.heads(inbox, sender).filter(move |place| self.is_ripe(inbox[*place]))
    }

    /// The messages that must arrive before time passes.
    pub(super) fn due(self, inbox: &[u32], sender: impl Fn(u32) -> usize) -> Vec<u32> {
        let heads = self.delay.at_most.map(|_| self.heads(inbox, sender));
        let flights = heads.into_iter().flatten().map(|place| inbox[place]);
        flights.filter(|flight| left_of(*flight) == 0).map(message_of).collect()
    }

    /// The inbox without the message at `place`.
    pub(super) fn without(inbox: &[u32], place: usize) -> Flights {
        [&inbox[..place], &inbox[place + 1..]].into_iter().flatten().copied().collect()
    }

    /// The inbox after a tick of true time.
    pub(super) fn aged(self, inbox: &[u32]) -> Inbox {
        let older = |flight: &u32| if left_of(*flight) == 0 { *flight } else { flight - 1 };
        // Order stays, also where two flights become equal.
        let mut aged: Vec<u32> = inbox.iter().map(older).collect();
        if self.kind == NetworkKind::Duplicating {
            aged.dedup();
        }
        aged.into_boxed_slice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Time, Timing};

    /// Messages 0..10 come from sender 0, 10..20 from sender 1.
    fn sender(message: u32) -> usize {
        message as usize / 10
    }

    fn rules(network: NetworkKind) -> InboxRules {
        InboxRules::new(&Environment { network, ..Environment::default() })
    }

    fn flights(messages: &[u32]) -> Vec<u32> {
        messages.iter().map(|message| message << LEFT_BITS).collect()
    }

    fn deliverable(kind: NetworkKind, messages: &[u32]) -> Vec<usize> {
        rules(kind).deliverable(&flights(messages), sender).collect()
    }

    fn inbox(kind: NetworkKind, messages: &[u32]) -> Vec<u32> {
        let mut inbox = Flights::new();
        messages.iter().for_each(|message| rules(kind).add(&mut inbox, *message, sender));
        inbox.into_iter().map(message_of).collect()
    }

    #[test]
    fn lists_are_canonical() {
        let sent = [12, 3, 12, 1, 3];
        assert_eq!(inbox(NetworkKind::Unordered, &sent), [1, 3, 3, 12, 12]);
        assert_eq!(inbox(NetworkKind::Duplicating, &sent), [1, 3, 12]);
        assert_eq!(inbox(NetworkKind::Fifo, &sent), [3, 1, 3, 12, 12]);
    }

    #[test]
    fn each_distinct_message_or_channel_head_is_deliverable_once() {
        assert_eq!(deliverable(NetworkKind::Unordered, &[1, 3, 3, 12, 12]), [0, 1, 3]);
        assert_eq!(deliverable(NetworkKind::Fifo, &[3, 1, 3, 12, 12]), [0, 3]);
        assert!(deliverable(NetworkKind::Fifo, &[]).is_empty());
    }

    #[test]
    fn one_message_is_taken_out() {
        assert_eq!(InboxRules::without(&flights(&[1, 3, 3]), 1).into_vec(), flights(&[1, 3]));
    }

    /// Bounds 1 to 2: a message is ripe after one tick and due after two; of equal messages the oldest goes first.
    #[test]
    fn messages_ripen_and_fall_due() {
        let delay = Delay { at_least: 1, at_most: Some(2) };
        let time = Time::Timed(Timing { delay, ..Timing::default() });
        for network in [NetworkKind::Unordered, NetworkKind::Duplicating, NetworkKind::Fifo] {
            let rules = InboxRules::new(&Environment { network, time: time.clone(), ..Environment::default() });
            let mut inbox = Flights::new();
            rules.add(&mut inbox, 3, sender);
            let ripe = |inbox: &[u32]| rules.deliverable(inbox, sender).collect::<Vec<_>>();
            assert!(ripe(&inbox).is_empty());
            let mut inbox = Flights::from(&*rules.aged(&inbox));
            assert_eq!((ripe(&inbox), rules.due(&inbox, sender)), (vec![0], vec![]));
            rules.add(&mut inbox, 3, sender);
            let inbox = rules.aged(&inbox);
            assert_eq!((inbox.len(), rules.due(&inbox, sender)), (2, vec![3]));
            let inbox = InboxRules::without(&inbox, 0);
            assert_eq!((inbox.len(), left_of(inbox[0]), rules.due(&inbox, sender)), (1, 1, vec![]));
        }
    }
}
