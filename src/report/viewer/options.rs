//! What can happen next, and what cannot and why.
//!
//! What can happen is what the system says. What cannot is put together from the state: each message in flight, each
//! timer, choice and node asks for the steps that one could think of, and each that the system does not offer gets the
//! first rule of the [`cluster`](crate::cluster) that forbids it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::words::cut;
use crate::model::{Budget, Environment, NetworkKind};
use crate::system::{Action, ActionKind, Explain, InFlight, NodeSnapshot, Snapshot, Successors, Word};
use crate::trace::as_written;

/// Most of those that cannot happen; a full network would fill the page.
const IMPOSSIBLE_MAX: usize = 60;
/// Characters of a step that cannot happen.
const TEXT_CHARS: usize = 400;

/// What can happen next and what cannot.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Options {
    /// What can, by the index of the step among the successors.
    pub possible: Vec<Possible>,
    /// What cannot.
    pub impossible: Vec<Impossible>,
}

/// A step that can be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Possible {
    /// Its index among the successors.
    pub index: usize,
    /// The word of its kind.
    pub kind: &'static str,
    /// Whether the world does it to the protocol.
    pub fault: bool,
    /// The step.
    pub action: Action,
    /// The step in words.
    pub text: String,
}

/// A step that cannot be taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Impossible {
    /// The word of its kind.
    pub kind: &'static str,
    /// Who and what.
    pub text: String,
    /// Why not, in one sentence.
    pub why: String,
}

/// What can happen in `state`, and what cannot.
pub fn options(system: &dyn Explain, state: &[Word], environment: &Environment) -> Options {
    let mut successors = Successors::default();
    system.successors(state, &mut successors);
    let possible = (0..successors.len()).map(|index| {
        let action = as_written(&system.action(state, index));
        let (kind, text) = (action.kind(), action.subject());
        Possible { index, kind: kind.word(), fault: kind.is_fault(), action, text }
    });
    let possible: Vec<Possible> = possible.collect();
    let taken: BTreeSet<(&str, String)> = possible.iter().map(|one| (one.kind, one.text.clone())).collect();
    let snapshot = as_written(&system.snapshot(state));
    let rules = Rules { snapshot: &snapshot, environment, ruled_out: successors.all_ruled_out().is_some() };
    let mut impossible: Vec<Impossible> = Vec::new();
    for (kind, text, why) in rules.all() {
        let is_possible = taken.contains(&(kind.word(), text.clone()));
        if !is_possible && impossible.len() < IMPOSSIBLE_MAX {
            impossible.push(Impossible { kind: kind.word(), text: cut(&text, TEXT_CHARS), why });
        }
    }
    impossible.dedup();
    Options { possible, impossible }
}

/// A step that one could think of, and why it is not possible if it is not.
type Thought = (ActionKind, String, String);

struct Rules<'a> {
    snapshot: &'a Snapshot,
    environment: &'a Environment,
    /// Whether an assumption has ruled out some step here.
    ruled_out: bool,
}

impl Rules<'_> {
    fn all(&self) -> Vec<Thought> {
        let mut thoughts = Vec::new();
        for (ix, message) in self.snapshot.network.iter().enumerate() {
            self.of_message(ix, message, &mut thoughts);
        }
        for node in &self.snapshot.nodes {
            self.of_node(node, &mut thoughts);
        }
        self.of_world(&mut thoughts);
        thoughts
    }

    fn of_message(&self, ix: usize, message: &InFlight, thoughts: &mut Vec<Thought>) {
        let text = format!("{} -> {}: {}", message.from, message.to, message.message);
        let blocked = self.blocked(ix, message);
        let why = blocked.clone().unwrap_or_else(|| self.otherwise("its delivery changes nothing, so it waits"));
        thoughts.push((ActionKind::Deliver, text.clone(), why));
        let faults = [
            (ActionKind::Drop, &self.environment.loss, "loss"),
            (ActionKind::Duplicate, &self.environment.duplicates, "duplicates"),
        ];
        for (kind, losses, name) in faults {
            // What an instance has not at all is told once, for the whole world.
            if losses.total.allows_any() {
                let spent = self.spent(losses.total, name).or_else(|| aimed(&losses.of_roles, &message.to));
                let held = if kind == ActionKind::Drop { self.held_up(ix, message) } else { blocked.clone() };
                let why = spent.or(held).unwrap_or_else(|| self.otherwise("it would change nothing"));
                thoughts.push((kind, text.clone(), why));
            }
        }
    }

    /// Why a message cannot arrive.
    fn blocked(&self, ix: usize, message: &InFlight) -> Option<String> {
        let to = &message.to;
        let receiver = self.snapshot.nodes.iter().find(|node| node.name == *to);
        if receiver.is_some_and(|node| node.state.is_none()) {
            return Some(format!("{to} is down: the message waits"));
        }
        if receiver.is_some_and(|node| node.paused) {
            return Some(format!("{to} stands still: the message waits"));
        }
        let side = |name: &String| self.snapshot.sides.iter().position(|side| side.contains(name));
        if side(&message.from) != side(to) {
            return Some(format!("{} and {to} are on different sides of the split network", message.from));
        }
        self.held_up(ix, message).or_else(|| self.too_early(ix))
    }

    fn held_up(&self, ix: usize, message: &InFlight) -> Option<String> {
        let is_before = |other: &InFlight| other.from == message.from && other.to == message.to;
        let is_held =
            self.environment.network == NetworkKind::Fifo && self.snapshot.network[..ix].iter().any(is_before);
        is_held.then(|| format!("an older message from {} to {} comes first", message.from, message.to))
    }

    fn too_early(&self, ix: usize) -> Option<String> {
        let timing = self.environment.timing()?;
        let left = *self.snapshot.ticks.get(ix)?;
        let at_least = timing.delay.at_least;
        let early = match timing.delay.at_most {
            Some(at_most) => left > at_most - at_least,
            None => left > 0,
        };
        early.then(|| format!("it is on its way for at least {at_least} ticks"))
    }

    fn of_node(&self, node: &NodeSnapshot, thoughts: &mut Vec<Thought>) {
        let name = &node.name;
        let still = || node.paused.then(|| format!("{name} stands still"));
        for (ix, timer) in node.timers.iter().enumerate() {
            let early = node.ticks.get(ix).filter(|(earliest, _)| *earliest > 0);
            let early = || early.map(|(earliest, _)| format!("it fires after {earliest} more ticks at the earliest"));
            let why = still().or_else(early);
            let why = why.unwrap_or_else(|| self.otherwise("it would only set itself again, which changes nothing"));
            thoughts.push((ActionKind::Timeout, format!("{name}: {timer}"), why));
        }
        for (key, options) in &node.choices {
            for option in options {
                let why = still().unwrap_or_else(|| self.otherwise("it would change nothing"));
                thoughts.push((ActionKind::Choose, format!("{name}: {key} = {option}"), why));
            }
        }
        let crashes = &self.environment.crashes;
        if node.state.is_none() {
            let why = if crashes.restart {
                self.otherwise("it changes nothing")
            } else {
                "no node comes back in this instance".to_owned()
            };
            thoughts.push((ActionKind::Restart, name.clone(), why));
        } else if crashes.total.allows_any() {
            let why = self
                .spent(crashes.total, "crashes")
                .or_else(|| self.is_spent("down at once").then(|| "no more nodes may be down at once".to_owned()))
                .or_else(|| aimed(&crashes.of_roles, name));
            thoughts.push((
                ActionKind::Crash,
                name.clone(),
                why.unwrap_or_else(|| self.otherwise("it changes nothing")),
            ));
        }
        let pauses = &self.environment.pauses;
        if node.paused {
            let why = if pauses.resume { "its pause goes on" } else { "a pause is for good in this instance" };
            thoughts.push((ActionKind::Resume, name.clone(), why.to_owned()));
        } else if pauses.total.allows_any() && node.state.is_some() {
            let why = self.spent(pauses.total, "pauses").or_else(|| aimed(&pauses.of_roles, name));
            thoughts.push((
                ActionKind::Pause,
                name.clone(),
                why.unwrap_or_else(|| self.otherwise("it changes nothing")),
            ));
        }
    }

    fn of_world(&self, thoughts: &mut Vec<Thought>) {
        let environment = self.environment;
        let never: [(ActionKind, Budget, &str); 5] = [
            (ActionKind::Drop, environment.loss.total, "no message is lost in this instance"),
            (
                ActionKind::Duplicate,
                environment.duplicates.total,
                "no message is delivered twice as a fault in this instance",
            ),
            (ActionKind::Crash, environment.crashes.total, "no node crashes in this instance"),
            (ActionKind::Pause, environment.pauses.total, "no node stands still in this instance"),
            (ActionKind::Partition, environment.partitions.total, "the network does not split in this instance"),
        ];
        for (kind, budget, why) in never {
            if !budget.allows_any() {
                thoughts.push((kind, "anywhere".to_owned(), why.to_owned()));
            }
        }
        let partitions = &environment.partitions;
        if !self.snapshot.sides.is_empty() {
            let why = if partitions.heal { "it changes nothing" } else { "a split is for good in this instance" };
            thoughts.push((ActionKind::Heal, String::new(), why.to_owned()));
        } else if let Some(why) = self.spent(partitions.total, "partitions").filter(|_| partitions.total.allows_any()) {
            thoughts.push((ActionKind::Partition, "anywhere".to_owned(), why));
        }
        if environment.timing().is_some() {
            let why = "something is overdue: a timer must fire, a message must arrive or a pause must end first";
            thoughts.push((ActionKind::Tick, String::new(), self.otherwise(why)));
        }
    }

    fn spent(&self, budget: Budget, name: &str) -> Option<String> {
        let bound = budget.bound()?;
        self.is_spent(name).then(|| format!("the budget of {bound} ({name}) is spent"))
    }

    fn is_spent(&self, name: &str) -> bool {
        self.snapshot.budgets.iter().any(|(budget, left)| budget == name && *left == 0)
    }

    /// The reason where no rule forbids a step: an assumption, if one has ruled out a step here, or that nothing changes.
    fn otherwise(&self, why: &str) -> String {
        if self.ruled_out { format!("{why}, or an assumption rules it out") } else { why.to_owned() }
    }
}

/// Why a fault that is aimed at some roles does not strike a node.
fn aimed(of_roles: &[String], node: &str) -> Option<String> {
    let role = node.trim_end_matches(|letter: char| letter.is_ascii_digit());
    let strikes = of_roles.is_empty() || of_roles.iter().any(|one| one == role || one == node);
    (!strikes).then(|| format!("it strikes only {}", of_roles.join(", ")))
}
