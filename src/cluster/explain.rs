//! Words back into plain data.

use serde::Serialize;
use stateright::actor::Id;

use super::slot::{Life, Slot};
use super::tables::Cluster;
use crate::model::Protocol;
use crate::system::{
    Action, ActionKind, Evidence, Explain, InFlight, NodeSnapshot, ObservableCard, Snapshot, Value, Word,
};

impl<P: Protocol> Explain for Cluster<P> {
    fn action(&self, state: &[Word], index: usize) -> Action {
        let (node, step) = self.nth_move(state, index);
        let slot = self.positions[node].slot(state[node]);
        let (name, number) = (self.name(node), step.number as usize);
        let traveller = || self.in_flight(node, self.positions[node].inbox(state[node])[number]);
        match step.kind {
            ActionKind::Restart => Action::Restart { node: name },
            ActionKind::Crash => Action::Crash { node: name },
            ActionKind::Timeout => {
                let timer = slot.timers.iter().nth(number).expect("timers go by their place in the slot");
                Action::Timeout { node: name, timer: self.value(timer) }
            }
            ActionKind::Choose => {
                let (key, choice) = slot.options().nth(number).expect("options go by their place in the slot");
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
        }
    }

    fn snapshot(&self, state: &[Word]) -> Snapshot {
        let mut network = Vec::new();
        for (node, position) in self.positions.iter().enumerate() {
            network.extend(position.inbox(state[node]).iter().map(|message| self.in_flight(node, *message)));
        }
        if self.has_channels() {
            // Stable: within a channel the order of sending stays.
            network.sort_by(|a, b| (&a.from, &a.to).cmp(&(&b.from, &b.to)));
        } else {
            network.sort();
        }
        Snapshot {
            nodes: (0..self.layout.node_count).map(|node| self.node_snapshot(node, state[node])).collect(),
            network,
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

    fn value<T: Serialize + ?Sized>(&self, value: &T) -> Value {
        Value::of(value).with_names(&|id| self.roster.name(Id::from(id)).map(str::to_owned))
    }

    fn in_flight(&self, node: usize, message: u32) -> InFlight {
        let envelope = self.positions[node].messages.get(message);
        InFlight { from: self.name(usize::from(envelope.src)), to: self.name(node), message: self.value(&envelope.msg) }
    }

    fn node_snapshot(&self, node: usize, local: Word) -> NodeSnapshot {
        let slot: &Slot<P::Actor> = self.positions[node].slot(local);
        let state = match &slot.life {
            Life::Up(state) => Some(self.value(state)),
            Life::Down => None,
            Life::Failed(how) => Some(Value::Text(how.clone())),
        };
        let options = |options: &Vec<_>| options.iter().map(|option| self.value(option)).collect();
        NodeSnapshot {
            name: self.name(node),
            state,
            storage: slot.storage.as_ref().map(|storage| self.value(storage)),
            timers: slot.timers.iter().map(|timer| self.value(timer)).collect(),
            choices: slot.choices.iter().map(|(key, open)| (key.clone(), options(open))).collect(),
        }
    }
}
