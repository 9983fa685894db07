//! Messages in flight, by kind of network, each with the ticks since it was sent.

use std::collections::{BTreeMap, VecDeque};

use quorate::model::{Environment, NetworkKind};
use quorate::{Envelope, Id};

/// The messages in flight.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Network<M: Ord> {
    /// The ages of the copies of each message, ascending; at least one.
    Bag(BTreeMap<Envelope<M>, Vec<u8>>),
    /// The messages that were sent and not lost; of copies of the same age, one.
    Set(BTreeMap<Envelope<M>, Vec<u8>>),
    /// The messages from one node to another, oldest first; at least one.
    Channels(BTreeMap<(Id, Id), VecDeque<(M, u8)>>),
}

/// The bounds of a message's age.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    at_least: u8,
    at_most: Option<u8>,
}

impl Pace {
    pub fn of(environment: &Environment) -> Self {
        let delay = environment.timing().map(|timing| timing.delay).unwrap_or_default();
        Self { at_least: delay.at_least, at_most: delay.at_most }
    }

    /// Older than this is as this.
    fn oldest(self) -> u8 {
        self.at_most.unwrap_or(self.at_least)
    }

    /// Ticks until the bound that is told.
    pub fn left(self, age: u8) -> u8 {
        self.oldest() - age
    }

    pub fn may_arrive(self, age: u8) -> bool {
        age >= self.at_least
    }

    pub fn must_arrive(self, age: u8) -> bool {
        self.at_most == Some(age)
    }
}

impl<M: Ord + Clone> Network<M> {
    /// Nothing in flight.
    pub fn empty(kind: NetworkKind) -> Self {
        match kind {
            NetworkKind::Unordered => Self::Bag(BTreeMap::new()),
            NetworkKind::Duplicating => Self::Set(BTreeMap::new()),
            NetworkKind::Fifo => Self::Channels(BTreeMap::new()),
        }
    }

    /// The messages of which one may be lost next, or arrive if it is old enough: of equal ones the oldest.
    pub fn heads(&self) -> Vec<(Envelope<M>, u8)> {
        match self {
            Self::Bag(copies) | Self::Set(copies) => {
                copies.iter().map(|(envelope, ages)| (envelope.clone(), ages[ages.len() - 1])).collect()
            }
            Self::Channels(channels) => channels
                .iter()
                .map(|(&(src, dst), queue)| (Envelope { src, dst, msg: queue[0].0.clone() }, queue[0].1))
                .collect(),
        }
    }

    /// Puts a message in flight. On a network that keeps what it delivers, one that is there already suffices.
    pub fn send(&mut self, envelope: Envelope<M>, keeps: bool) {
        match self {
            Self::Bag(copies) => copies.entry(envelope).or_default().insert(0, 0),
            Self::Set(copies) => {
                let ages = copies.entry(envelope).or_default();
                if ages.is_empty() || !keeps && ages[0] != 0 {
                    ages.insert(0, 0);
                }
            }
            Self::Channels(channels) => {
                channels.entry((envelope.src, envelope.dst)).or_default().push_back((envelope.msg, 0));
            }
        }
    }

    /// Takes one of the [`heads`](Self::heads) out of flight.
    pub fn remove(&mut self, head: &Envelope<M>) {
        match self {
            Self::Bag(copies) | Self::Set(copies) => {
                let ages = copies.get_mut(head).expect("a head is in flight");
                ages.pop();
                if ages.is_empty() {
                    copies.remove(head);
                }
            }
            Self::Channels(channels) => {
                let queue = channels.get_mut(&(head.src, head.dst)).expect("a head is in flight");
                let first = queue.pop_front();
                assert!(first.is_some_and(|(msg, _)| msg == head.msg), "a head is first in its channel");
                if queue.is_empty() {
                    channels.remove(&(head.src, head.dst));
                }
            }
        }
    }

    /// Takes everything that does not pass out of flight.
    pub fn retain(&mut self, passes: impl Fn(Id, Id) -> bool) {
        match self {
            Self::Bag(copies) | Self::Set(copies) => copies.retain(|envelope, _| passes(envelope.src, envelope.dst)),
            Self::Channels(channels) => channels.retain(|(src, dst), _| passes(*src, *dst)),
        }
    }

    /// Everything in flight is one tick older.
    pub fn grow_older(&mut self, pace: Pace) {
        let older = |age: &mut u8| *age = pace.oldest().min(*age + 1);
        match self {
            Self::Bag(copies) => copies.values_mut().flatten().for_each(older),
            Self::Set(copies) => {
                for ages in copies.values_mut() {
                    ages.iter_mut().for_each(older);
                    ages.dedup();
                }
            }
            Self::Channels(channels) => channels.values_mut().flatten().for_each(|(_, age)| older(age)),
        }
    }

    /// Every message in flight, as often as it is, with its age; equal ones from the oldest on.
    pub fn all(&self) -> Vec<(Envelope<M>, u8)> {
        match self {
            Self::Bag(copies) | Self::Set(copies) => copies
                .iter()
                .flat_map(|(envelope, ages)| ages.iter().rev().map(|age| (envelope.clone(), *age)))
                .collect(),
            Self::Channels(channels) => channels
                .iter()
                .flat_map(|(&(src, dst), queue)| {
                    queue.iter().map(move |(msg, age)| (Envelope { src, dst, msg: msg.clone() }, *age))
                })
                .collect(),
        }
    }
}
