//! Words back into plain data.

use serde::Serialize;
use stateright::actor::Id;

use super::event::Event;
use super::inbox::{left_of, message_of};
use super::moves::corrupted;
use super::slot::{LastSave, Life, Pace, Slot};
use super::tables::Cluster;
use super::transitions::{Taken, Turn};
use crate::model::Protocol;
use crate::system::{
    Action, ActionKind, Evidence, Explain, InFlight, Linearization, NodeSnapshot, ObservableCard, Snapshot, Value, Word,
};

impl<P: Protocol> Explain for Cluster<P> {
    fn action(&self, state: &[Word], index: usize) -> Action {
        let (node, step) = match self.nth_step(state, index) {
            Taken::ByNode(node, step) => (node, step),
            Taken::ByWorld(Turn::Partition(split)) => return Action::Partition { sides: self.sides(split) },
            Taken::ByWorld(Turn::Heal) => return Action::Heal,
            Taken::ByWorld(Turn::Tick) => return Action::Tick,
            Taken::ByWorld(Turn::Gain(node)) => return Action::Drift { node: self.name(node), ticks: 1 },
            Taken::ByWorld(Turn::Lose(node)) => return Action::Drift { node: self.name(node), ticks: -1 },
        };
        let position = &self.positions[node];
        let (slot, inbox) = (position.slot(state[node]), position.inbox(state[node]));
        let (name, number) = (self.name(node), step.number as usize);
        let traveller = || self.in_flight(node, message_of(inbox[number]));
        match step.kind {
            ActionKind::Restart => Action::Restart { node: name },
            ActionKind::Resume => Action::Resume { node: name },
            ActionKind::Crash => Action::Crash { node: name },
            ActionKind::LoseSave => Action::LoseSave { node: name },
            ActionKind::TearSave => {
                let torn = self.call(node, slot, Event::Crash).torn();
                Action::TearSave { node: name, storage: self.value(&torn[number]) }
            }
            ActionKind::Pause => Action::Pause { node: name },
            ActionKind::Timeout => {
                let timer = slot.timers.keys().nth(number).expect("timers go by their place in the slot");
                Action::Timeout { node: name, timer: self.value(timer) }
            }
            ActionKind::Choose => {
                let (key, choice) = slot.choices.option(number).expect("options go by their place in the slot");
                Action::Choose { node: name, key: key.to_owned(), choice: self.value(choice) }
            }
            ActionKind::Deliver => {
                let InFlight { from, to, message } = traveller();
                Action::Deliver { from, to, message }
            }
            ActionKind::Drop => {
                let InFlight { from, to, message } = traveller();
                Action::Drop { from, to, message }
            }
            ActionKind::Duplicate => {
                let InFlight { from, to, message } = traveller();
                Action::Duplicate { from, to, message }
            }
            ActionKind::Corrupt => {
                let (place, payload) = corrupted(step.number);
                let sent = message_of(inbox[place]);
                let InFlight { from, to, message } = self.in_flight(node, sent);
                let arrives = self.in_flight(node, self.corrupted(node, sent)[payload]).message;
                Action::Corrupt { from, to, message, arrives }
            }
            ActionKind::Heal | ActionKind::Tick | ActionKind::Partition | ActionKind::Drift => {
                unreachable!("no node does that")
            }
        }
    }

    fn snapshot(&self, state: &[Word]) -> Snapshot {
        let mut network = Vec::new();
        for (node, position) in self.positions.iter().enumerate() {
            let flights = position.inbox(state[node]).iter();
            network.extend(flights.map(|flight| (self.in_flight(node, message_of(*flight)), left_of(*flight))));
        }
        if self.has_channels() {
            // Stable: within a channel the order of sending stays.
            network.sort_by(|(a, _), (b, _)| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
        } else {
            network.sort();
        }
        let (network, mut ticks): (Vec<_>, Vec<_>) = network.into_iter().unzip();
        if self.environment.timing().is_none() {
            ticks.clear();
        }
        Snapshot {
            nodes: (0..self.layout.node_count).map(|node| self.node_snapshot(node, state)).collect(),
            network,
            ticks,
            sides: self.sides(self.layout.split_of(state)),
            history: self.value(self.histories.get(state[self.layout.history()])),
            budgets: self.layout.left(state),
        }
    }

    fn evidence(&self, state: &[Word], property: usize) -> Option<Evidence> {
        Some(self.look(state, property)?.with_names(|id| self.roster.name(Id::from(id)).map(str::to_owned)))
    }

    fn step_evidence(&self, before: &[Word], after: &[Word], property: usize) -> Option<Evidence> {
        let found = self.look_at_step(before, after, property)?;
        Some(found.with_names(|id| self.roster.name(Id::from(id)).map(str::to_owned)))
    }

    fn linearization(&self, state: &[Word]) -> Option<Linearization> {
        P::linearization(self.histories.get(state[self.layout.history()]))
    }

    fn observables(&self) -> &[ObservableCard] {
        self.measures.cards()
    }

    fn measured(&self, state: &[Word], index: usize, observable: usize) -> f64 {
        self.measure(state, index, observable)
    }

    fn measured_at_end(&self, state: &[Word], observable: usize) -> f64 {
        self.measure_end(state, observable)
    }
}

impl<P: Protocol> Cluster<P> {
    fn name(&self, node: usize) -> String {
        self.roster.members()[node].name.clone()
    }

    fn sides(&self, split: Word) -> Vec<Vec<String>> {
        let names = |side: Vec<usize>| side.into_iter().map(|node| self.name(node)).collect();
        self.splits.sides(split).into_iter().map(names).collect()
    }

    fn value<T: Serialize + ?Sized>(&self, value: &T) -> Value {
        Value::of(value).with_names(&|id| self.roster.name(Id::from(id)).map(str::to_owned))
    }

    fn in_flight(&self, node: usize, message: u32) -> InFlight {
        let envelope = self.positions[node].messages.get(message);
        InFlight { from: self.name(usize::from(envelope.src)), to: self.name(node), message: self.value(&envelope.msg) }
    }

    fn node_snapshot(&self, node: usize, state_words: &[Word]) -> NodeSnapshot {
        let slot: &Slot<P::Actor> = self.positions[node].slot(state_words[node]);
        let timed = self.environment.timing().is_some();
        let (paused, pause_left) = match slot.pace {
            Pace::Going => (false, None),
            Pace::Paused { left } => (true, left),
        };
        let state = match &slot.life {
            Life::Up(state) => Some(self.value(state)),
            Life::Down => None,
            Life::Failed(how) => Some(Value::Text(how.clone())),
        };
        let options = |options: &Vec<_>| options.iter().map(|option| self.value(option)).collect();
        NodeSnapshot {
            name: self.name(node),
            state,
            paused,
            pause_left,
            fallback: match &slot.last_save {
                LastSave::Safe => None,
                LastSave::Loose { before } => Some(self.value(before)),
            },
            storage: slot.storage.as_ref().map(|storage| self.value(storage)),
            timers: slot.timers.keys().map(|timer| self.value(timer)).collect(),
            ticks: slot.timers.values().filter(|_| timed).map(|span| (span.earliest, span.latest)).collect(),
            clock: self.layout.clock(node).map(|position| state_words[position]),
            choices: slot.choices.iter().map(|(key, open)| (key.clone(), options(open))).collect(),
        }
    }
}
