//! The messages on their way to one node, as a list of numbers.
//!
//! The network is kept by destination: the inbox of a node is the list of the messages (by number) in flight
//! to it. Which lists are possible, what can be delivered and what a delivery takes away is decided by the
//! kind of network, here and nowhere else.

use crate::model::NetworkKind;

/// The messages on their way to one node, by number. Canonical for its kind of network:
/// - unordered: ascending, with repetition;
/// - duplicating: ascending, without repetition;
/// - FIFO: by sender ascending, and within a sender in the order of sending.
pub(super) type Inbox = Box<[u32]>;

/// Rules of one kind of network.
#[derive(Clone, Copy, Debug)]
pub(super) struct InboxRules {
    pub(super) kind: NetworkKind,
}

impl InboxRules {
    /// The inbox with one more message. `sender` gives the sender of a message.
    pub(super) fn add(self, inbox: &mut Vec<u32>, message: u32, sender: impl Fn(u32) -> usize) {
        match self.kind {
            NetworkKind::Unordered => {
                let at = inbox.partition_point(|&other| other <= message);
                inbox.insert(at, message);
            }
            NetworkKind::Duplicating => {
                if let Err(at) = inbox.binary_search(&message) {
                    inbox.insert(at, message);
                }
            }
            NetworkKind::Fifo => {
                let from = sender(message);
                let at = inbox.partition_point(|&other| sender(other) <= from);
                inbox.insert(at, message);
            }
        }
    }

    /// The places in the inbox of the messages that could arrive next, each distinct message once.
    pub(super) fn deliverable(self, inbox: &[u32], sender: impl Fn(u32) -> usize) -> Vec<usize> {
        let differs_from_previous = |at: &usize| match self.kind {
            NetworkKind::Unordered | NetworkKind::Duplicating => inbox[*at] != inbox[*at - 1],
            NetworkKind::Fifo => sender(inbox[*at]) != sender(inbox[*at - 1]),
        };
        (0..inbox.len()).filter(|at| *at == 0 || differs_from_previous(at)).collect()
    }

    /// The inbox after the message at `place` has arrived.
    pub(super) fn delivered(self, inbox: &[u32], place: usize) -> Inbox {
        match self.kind {
            NetworkKind::Unordered | NetworkKind::Fifo => Self::without(inbox, place),
            NetworkKind::Duplicating => inbox.into(),
        }
    }

    /// The inbox without the message at `place`.
    pub(super) fn without(inbox: &[u32], place: usize) -> Inbox {
        [&inbox[..place], &inbox[place + 1..]].concat().into_boxed_slice()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages 0..10 come from sender 0, 10..20 from sender 1.
    fn sender(message: u32) -> usize {
        message as usize / 10
    }

    fn inbox(kind: NetworkKind, messages: &[u32]) -> Vec<u32> {
        let mut inbox = Vec::new();
        messages.iter().for_each(|message| InboxRules { kind }.add(&mut inbox, *message, sender));
        inbox
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
        let rules = |kind| InboxRules { kind };
        assert_eq!(rules(NetworkKind::Unordered).deliverable(&[1, 3, 3, 12, 12], sender), [0, 1, 3]);
        assert_eq!(rules(NetworkKind::Fifo).deliverable(&[3, 1, 3, 12, 12], sender), [0, 3]);
        assert!(rules(NetworkKind::Fifo).deliverable(&[], sender).is_empty());
    }

    #[test]
    fn only_a_duplicating_network_keeps_what_it_delivers() {
        let rules = |kind| InboxRules { kind };
        assert_eq!(&*rules(NetworkKind::Unordered).delivered(&[1, 3, 3], 1), [1, 3]);
        assert_eq!(&*rules(NetworkKind::Duplicating).delivered(&[1, 3], 1), [1, 3]);
    }
}
