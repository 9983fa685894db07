//! What the world around the actors is like and what it may do to them.

use serde::{Deserialize, Serialize};

/// The world around the actors: how messages travel, and which faults may happen how often.
///
/// The semantics are written down at [`cluster`](crate::cluster).
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Environment {
    /// How messages travel.
    pub network: NetworkKind,
    /// What becomes of a message whose delivery would change nothing.
    pub no_op: NoOpDelivery,
    /// How many messages may be lost, and on the way to whom.
    pub loss: Losses,
    /// How many messages may be delivered and stay in flight, and on the way to whom.
    pub duplicates: Losses,
    /// How many messages may arrive with another payload, and on the way to whom.
    #[serde(default, skip_serializing_if = "is_default")]
    pub corruptions: Losses,
    /// How many nodes may crash, and how.
    pub crashes: Crashes,
    /// In how many of the crashes the last save may be lost, and of whom.
    #[serde(default, skip_serializing_if = "is_default")]
    pub lost_saves: Losses,
    /// In how many of the crashes the last save may be there in part, and of whom.
    #[serde(default, skip_serializing_if = "is_default")]
    pub torn_saves: Losses,
    /// How many nodes may be paused, and how.
    #[serde(default, skip_serializing_if = "is_default")]
    pub pauses: Pauses,
    /// How often the network may split, and how.
    #[serde(default, skip_serializing_if = "is_default")]
    pub partitions: Partitions,
    /// Names of the protocol's [`Assumption`](super::Assumption)s that are made.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub assume: Vec<String>,
    /// What time is.
    #[serde(default, skip_serializing_if = "is_default")]
    pub time: Time,
}

impl Environment {
    /// The bounds of timed mode; `None` where time is asynchronous.
    pub fn timing(&self) -> Option<&Timing> {
        match &self.time {
            Time::Asynchronous => None,
            Time::Timed(timing) => Some(timing),
        }
    }

    /// Whether every message arrives within a bound.
    pub fn bounds_delays(&self) -> bool {
        self.timing().is_some_and(|timing| timing.delay.at_most.is_some())
    }

    /// Whether a delivery that changes nothing takes the message away: where that is asked for, where others wait behind it,
    /// and where it must arrive within a bound.
    pub fn consumes_no_ops(&self) -> bool {
        self.no_op == NoOpDelivery::Consume || self.network == NetworkKind::Fifo || self.bounds_delays()
    }

    /// Whether a message that is delivered stays in flight: on a duplicating network, unless it must arrive within a
    /// bound. There it arrives once or more within it.
    pub fn keeps_delivered(&self) -> bool {
        self.network == NetworkKind::Duplicating && !self.bounds_delays()
    }
}

/// What is at its default is left out where an environment is written: that the file was written before there
/// was such a thing makes no difference.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// How messages travel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NetworkKind {
    /// In any order, each message once: a multiset.
    #[default]
    Unordered,
    /// In any order, each message as often as may be: a set from which delivery removes nothing.
    Duplicating,
    /// In the order of sending on each channel from one node to another.
    Fifo,
}

/// What becomes of a message whose delivery would change nothing.
///
/// On a FIFO network such a message is always consumed, since it stands before others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NoOpDelivery {
    /// It is not delivered and stays in flight: a later state may still react to it.
    #[default]
    Wait,
    /// It may be delivered, and is gone.
    Consume,
}

/// How often something may happen in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Budget {
    /// Without bound.
    Unlimited,
    /// At most this often.
    #[serde(untagged)]
    AtMost(u32),
}

impl Default for Budget {
    fn default() -> Self {
        Self::NEVER
    }
}

impl Budget {
    /// It does not happen.
    pub const NEVER: Self = Self::AtMost(0);

    /// Whether it may happen at all.
    pub fn allows_any(self) -> bool {
        self != Self::NEVER
    }

    /// The bound, if there is one.
    pub fn bound(self) -> Option<u32> {
        match self {
            Self::AtMost(bound) => Some(bound),
            Self::Unlimited => None,
        }
    }
}

/// A budget for what happens to messages, and to whose messages; or to saves, and to whose saves.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Losses {
    /// How often in one run.
    pub total: Budget,
    /// Roles to which it may happen, or on the way to which; all when empty.
    #[serde(default, rename = "of")]
    pub of_roles: Vec<String>,
}

/// A budget for crashes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Crashes {
    /// How many crashes in one run.
    pub total: Budget,
    /// How many nodes may be down at the same time.
    pub at_once: Budget,
    /// Roles that may crash; all when empty.
    #[serde(default, rename = "of")]
    pub of_roles: Vec<String>,
    /// Whether a node that is down may come back.
    pub restart: bool,
    /// What becomes of the messages on their way to a node that crashes or is down.
    pub in_flight: InFlightAtCrash,
}

impl Default for Crashes {
    fn default() -> Self {
        Self {
            total: Budget::NEVER,
            at_once: Budget::Unlimited,
            of_roles: Vec::new(),
            restart: true,
            in_flight: InFlightAtCrash::Kept,
        }
    }
}

/// What becomes of the messages on their way to a node that crashes or is down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InFlightAtCrash {
    /// They wait until the node is back.
    #[default]
    Kept,
    /// Those in flight to it when it crashes are lost, and so are those sent to it while it is down.
    Lost,
}

/// A budget for pauses: a node stands still, keeps all that it has, and does not know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pauses {
    /// How many pauses in one run.
    pub total: Budget,
    /// Roles that may be paused; all when empty.
    #[serde(default, rename = "of")]
    pub of_roles: Vec<String>,
    /// Whether a node that is paused may go on.
    pub resume: bool,
    /// The longest pause in ticks of true time, where time is timed; `None` where a pause may last for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub longest: Option<u32>,
}

impl Default for Pauses {
    fn default() -> Self {
        Self { total: Budget::NEVER, of_roles: Vec::new(), resume: true, longest: None }
    }
}

/// A budget for partitions: the network splits into sides, and nothing passes from one to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Partitions {
    /// How many partitions in one run.
    pub total: Budget,
    /// Roles whose members may be cut off, from all others and from each other; all when empty.
    #[serde(default, rename = "of")]
    pub of_roles: Vec<String>,
    /// Into how many sides the network may split at most; at least 2.
    pub sides: u8,
    /// Whether a split network may become whole again.
    pub heal: bool,
    /// What becomes of the messages from one side to another.
    pub in_flight: InFlightAcrossSides,
}

impl Default for Partitions {
    fn default() -> Self {
        Self { total: Budget::NEVER, of_roles: Vec::new(), sides: 2, heal: true, in_flight: InFlightAcrossSides::Kept }
    }
}

/// What becomes of the messages from one side of a split network to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum InFlightAcrossSides {
    /// They wait until the network is whole again.
    #[default]
    Kept,
    /// Those in flight when the network splits are lost, and so are those sent while it is split.
    Lost,
}

/// What time is.
#[derive(Clone, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "kebab-case")]
pub enum Time {
    /// There is no clock: a timer that is set may fire at any moment, a message may take any time.
    #[default]
    Asynchronous,
    /// Time passes in ticks, and timers, messages and clocks have bounds.
    Timed(Timing),
}

/// The bounds of timed mode.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timing {
    /// How long a tick is, in milliseconds: what the ranges given to `Out::set_timer` are measured by. At least 1.
    pub tick_ms: u32,
    /// How long messages take.
    pub delay: Delay,
    /// How clocks differ from true time.
    pub clocks: Clocks,
    /// How long a choice stays open.
    #[serde(default, skip_serializing_if = "is_default")]
    pub choices: Choosing,
}

impl Default for Timing {
    fn default() -> Self {
        Self { tick_ms: 1, delay: Delay::default(), clocks: Clocks::Perfect, choices: Choosing::AnyTime }
    }
}

/// How long a choice that a node has left open stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Choosing {
    /// As long as you like: it stands for something that takes its time, such as a user.
    #[default]
    AnyTime,
    /// It is taken before time passes: it says what happens, or in which order, and not when.
    AtOnce,
}

/// How long messages take, in ticks of true time; both bounds included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Delay {
    /// A message arrives no sooner.
    pub at_least: u8,
    /// A message arrives no later, if its receiver can take it; `None` where it may take any time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u8>,
}

/// How the clocks of the nodes differ from true time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Clocks {
    /// Not at all: all tick together.
    #[default]
    Perfect,
    /// Bounded skew: each is ahead of true time by at most so many ticks, and so no two are further apart.
    Skewed {
        /// The bound; at least 1.
        ticks: u8,
    },
    /// Rate drift: each may gain or lose one tick in any so many ticks of true time, again and again.
    Drifting {
        /// After it has gained or lost a tick, a clock does not again for so many ticks; at least 2.
        one_tick_in: u16,
    },
}
