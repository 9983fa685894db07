//! What a claim that something happens may count on.
//!
//! Fairness is said for each [`FairClass`] of steps and means something for each *instance* in it: one message on its
//! way, one timer of one node, one open choice, one node that is down. A class as a whole would be too little:
//! "some message is delivered again and again" lets the one that matters wait for ever. A step that changes
//! nothing is no step, so an instance is *possible* in a state only where it would change something.
//!
//! For a run without end, and an instance `i`:
//!
//! | level | what is assumed |
//! |---|---|
//! | [`Nothing`](Level::Nothing) | nothing: the run may stop where `i` is possible, and stay there for ever |
//! | [`Progress`](Level::Progress) | the run does not stop where `i` is possible; it may take something else for ever |
//! | [`Weak`](Level::Weak) | and if from some moment on `i` is possible in every state, it is taken again and again |
//! | [`Strong`](Level::Strong) | and if `i` is possible again and again, it is taken again and again |
//!
//! Faults have no class, and nothing is ever assumed of them: what may go wrong need not. A bounded fault cannot be
//! in a loop, since its budget does not come back; an unlimited one may be, for ever.
//!
//! In the words of TLA+: with `v` the state, `Weak` is `WF_v(i)` and `Strong` is `SF_v(i)` for each `i`, and a run
//! that stops stutters.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::ActionKind;

/// A class of steps of which the same is assumed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FairClass {
    /// Messages reach their receivers. An instance is a message: sender, receiver and payload.
    Deliveries,
    /// Timers fire, and time passes. An instance is a timer of a node.
    Timers,
    /// Open choices are made. An instance is a choice of a node; which option is taken, nothing is assumed of.
    Choices,
    /// What a fault has stopped goes on: nodes come back or are resumed, a split network becomes whole. An instance is
    /// a node, or the network.
    Restarts,
}

impl FairClass {
    /// Every class, in order.
    pub const ALL: [Self; 4] = [Self::Deliveries, Self::Timers, Self::Choices, Self::Restarts];

    /// The words that manifests use, in the order of [`ALL`](Self::ALL).
    pub const WORDS: [&'static str; Self::ALL.len()] =
        [Self::Deliveries.word(), Self::Timers.word(), Self::Choices.word(), Self::Restarts.word()];

    /// The word that manifests use.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Deliveries => "deliveries",
            Self::Timers => "timers",
            Self::Choices => "choices",
            Self::Restarts => "restarts",
        }
    }

    /// The class of a step, if anything may be assumed of it.
    pub const fn of(kind: ActionKind) -> Option<Self> {
        match kind {
            ActionKind::Deliver => Some(Self::Deliveries),
            ActionKind::Timeout | ActionKind::Tick => Some(Self::Timers),
            ActionKind::Choose => Some(Self::Choices),
            ActionKind::Restart | ActionKind::Resume | ActionKind::Heal => Some(Self::Restarts),
            ActionKind::Drop
            | ActionKind::Duplicate
            | ActionKind::Corrupt
            | ActionKind::Crash
            | ActionKind::LoseSave
            | ActionKind::TearSave
            | ActionKind::Pause
            | ActionKind::Partition
            | ActionKind::Drift => None,
        }
    }
}

/// How much is assumed of the steps of a class. Each level includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// The run may stop where such a step is possible.
    #[serde(rename = "none")]
    Nothing,
    /// The run does not stop where such a step is possible.
    Progress,
    /// What stays possible is done.
    Weak,
    /// What is possible again and again is done.
    Strong,
}

impl Level {
    /// Every level with its word, the least first.
    pub const WORDS: [(&'static str, Self); 4] =
        [("none", Self::Nothing), ("progress", Self::Progress), ("weak", Self::Weak), ("strong", Self::Strong)];

    /// The word that manifests use.
    pub const fn word(self) -> &'static str {
        Self::WORDS[self as usize].0
    }
}

/// What is assumed of each class; weak fairness of all, if nothing is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fairness {
    /// Of deliveries.
    pub deliveries: Level,
    /// Of timers.
    pub timers: Level,
    /// Of choices.
    pub choices: Level,
    /// Of restarts.
    pub restarts: Level,
}

impl Default for Fairness {
    fn default() -> Self {
        Self::all(Level::Weak)
    }
}

impl Fairness {
    /// The same level for every class.
    pub const fn all(level: Level) -> Self {
        Self { deliveries: level, timers: level, choices: level, restarts: level }
    }

    /// This fairness, but `level` for one class.
    #[must_use]
    pub const fn with(mut self, class: FairClass, level: Level) -> Self {
        match class {
            FairClass::Deliveries => self.deliveries = level,
            FairClass::Timers => self.timers = level,
            FairClass::Choices => self.choices = level,
            FairClass::Restarts => self.restarts = level,
        }
        self
    }

    /// What is assumed of a class.
    pub const fn of(self, class: FairClass) -> Level {
        match class {
            FairClass::Deliveries => self.deliveries,
            FairClass::Timers => self.timers,
            FairClass::Choices => self.choices,
            FairClass::Restarts => self.restarts,
        }
    }

    /// What is assumed of a kind of step; nothing of faults.
    pub const fn of_kind(self, kind: ActionKind) -> Level {
        match FairClass::of(kind) {
            Some(class) => self.of(class),
            None => Level::Nothing,
        }
    }
}

/// `weak: deliveries, timers; strong: restarts`, the strongest last.
impl fmt::Display for Fairness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_level = |(word, level): (&str, Level)| {
            let classes: Vec<&str> =
                FairClass::ALL.into_iter().filter(|class| self.of(*class) == level).map(FairClass::word).collect();
            (!classes.is_empty()).then(|| format!("{word}: {}", classes.join(", ")))
        };
        let parts: Vec<String> = Level::WORDS.into_iter().filter_map(of_level).collect();
        f.write_str(&parts.join("; "))
    }
}

/// What is to be assumed in place of what a property says: by class, if anything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FairnessOverride([Option<Level>; FairClass::ALL.len()]);

impl FairnessOverride {
    /// The same level for every class.
    pub const fn all(level: Level) -> Self {
        Self([Some(level); FairClass::ALL.len()])
    }

    /// Assumes `level` of a class.
    pub fn set(&mut self, class: FairClass, level: Level) {
        self.0[class as usize] = Some(level);
    }

    /// What is assumed where a property says `declared`.
    pub fn over(self, declared: Fairness) -> Fairness {
        FairClass::ALL.into_iter().fold(declared, |fairness, class| match self.0[class as usize] {
            Some(level) => fairness.with(class, level),
            None => fairness,
        })
    }
}

/// Of what a step is a step, as far as fairness goes: equal for two steps of one system exactly if they are steps
/// of the same message, timer, choice or node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FairInstance {
    /// What kind of step it is.
    pub kind: ActionKind,
    /// Whose step it is.
    pub node: u32,
    /// Which of the node's messages, timers or choices.
    pub number: u32,
}

/// The instances that are possible in a state: a reusable buffer.
#[derive(Clone, Debug, Default)]
pub struct FairInstances {
    /// By index of the transition, in the order of
    /// [`TransitionSystem::successors`](super::TransitionSystem::successors).
    pub taken_by: Vec<FairInstance>,
    /// Those that lead where an assumption does not hold: possible, and no transition.
    pub ruled_out: Vec<FairInstance>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fairness_is_said_by_level() {
        assert_eq!(Fairness::default().to_string(), "weak: deliveries, timers, choices, restarts");
        let mixed = Fairness::all(Level::Strong).with(FairClass::Restarts, Level::Nothing);
        assert_eq!(mixed.to_string(), "none: restarts; strong: deliveries, timers, choices");
        assert_eq!(mixed.of_kind(ActionKind::Crash), Level::Nothing);
    }

    #[test]
    fn an_override_changes_what_it_names() {
        let mut change = FairnessOverride::default();
        assert_eq!(change.over(Fairness::default()), Fairness::default());
        change.set(FairClass::Timers, Level::Strong);
        assert_eq!(change.over(Fairness::default()), Fairness::default().with(FairClass::Timers, Level::Strong));
    }
}
