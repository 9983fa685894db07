//! Messages in flight, by kind of network.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use quorate::model::NetworkKind;
use quorate::{Envelope, Id};

/// The messages in flight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Network<M: Ord> {
    /// How often each message is in flight; at least once.
    Bag(BTreeMap<Envelope<M>, usize>),
    /// The messages that were sent and not lost.
    Set(BTreeSet<Envelope<M>>),
    /// The messages from one node to another, oldest first; at least one.
    Channels(BTreeMap<(Id, Id), VecDeque<M>>),
}

impl<M: Ord + Clone> Network<M> {
    /// Nothing in flight.
    pub fn empty(kind: NetworkKind) -> Self {
        match kind {
            NetworkKind::Unordered => Self::Bag(BTreeMap::new()),
            NetworkKind::Duplicating => Self::Set(BTreeSet::new()),
            NetworkKind::Fifo => Self::Channels(BTreeMap::new()),
        }
    }

    /// The messages of which one may arrive or be lost next.
    pub fn heads(&self) -> Vec<Envelope<M>> {
        match self {
            Self::Bag(bag) => bag.keys().cloned().collect(),
            Self::Set(set) => set.iter().cloned().collect(),
            Self::Channels(channels) => {
                channels.iter().map(|(&(src, dst), queue)| Envelope { src, dst, msg: queue[0].clone() }).collect()
            }
        }
    }

    /// Puts a message in flight.
    pub fn send(&mut self, envelope: Envelope<M>) {
        match self {
            Self::Bag(bag) => *bag.entry(envelope).or_default() += 1,
            Self::Set(set) => drop(set.insert(envelope)),
            Self::Channels(channels) => {
                channels.entry((envelope.src, envelope.dst)).or_default().push_back(envelope.msg);
            }
        }
    }

    /// Takes one of the [`heads`](Self::heads) out of flight.
    pub fn remove(&mut self, head: &Envelope<M>) {
        match self {
            Self::Bag(bag) => {
                let count = bag.get_mut(head).expect("a head is in flight");
                *count -= 1;
                if *count == 0 {
                    bag.remove(head);
                }
            }
            Self::Set(set) => assert!(set.remove(head), "a head is in flight"),
            Self::Channels(channels) => {
                let queue = channels.get_mut(&(head.src, head.dst)).expect("a head is in flight");
                let first = queue.pop_front();
                assert!(first.as_ref() == Some(&head.msg), "a head is first in its channel");
                if queue.is_empty() {
                    channels.remove(&(head.src, head.dst));
                }
            }
        }
    }

    /// Takes everything that does not pass out of flight.
    pub fn retain(&mut self, passes: impl Fn(Id, Id) -> bool) {
        match self {
            Self::Bag(bag) => bag.retain(|envelope, _| passes(envelope.src, envelope.dst)),
            Self::Set(set) => set.retain(|envelope| passes(envelope.src, envelope.dst)),
            Self::Channels(channels) => channels.retain(|(src, dst), _| passes(*src, *dst)),
        }
    }

    /// Every message in flight, as often as it is.
    pub fn all(&self) -> Vec<Envelope<M>> {
        match self {
            Self::Bag(bag) => bag.iter().flat_map(|(e, &count)| std::iter::repeat_n(e.clone(), count)).collect(),
            Self::Set(set) => set.iter().cloned().collect(),
            Self::Channels(channels) => channels
                .iter()
                .flat_map(|(&(src, dst), queue)| queue.iter().map(move |msg| Envelope { src, dst, msg: msg.clone() }))
                .collect(),
        }
    }
}
