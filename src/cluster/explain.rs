//! Words back into plain data.

use serde::Serialize;
use stateright::actor::Id;

use super::event::Event;
use super::slot::{Life, Slot};
use super::tables::Cluster;
use crate::model::Protocol;
use crate::system::{Action, ActionKind, Evidence, Explain, InFlight, NodeSnapshot, Snapshot, Value, Word};

impl<P: Protocol> Explain for Cluster<P> {
    fn action(&self, state: &[Word], index: usize) -> Action {
        let (node, step) = self.nth_move(state, index);
        let slot = self.positions[node].slot(state[node]);
        let name = self.name(node);
        match Event::of_code(step.event) {
            Event::Start | Event::Restart => Action::Restart { node: name },
            Event::Crash => Action::Crash { node: name },
            Event::Deliver(message) => self.travel(node, message, step.kind),
            Event::Timeout(timer) => {
                let timer = slot.timers.iter().nth(timer as usize).expect("timers go by their place in the slot");
                Action::Timeout { node: name, timer: self.value(timer) }
            }
            Event::Choose(option) => {
                let (key, choice) = slot.options().nth(option as usize).expect("options go by their place");
                Action::Choose { node: name, key: key.to_owned(), choice: self.value(choice) }
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

    /// What happens to a message on its way to `node`.
    fn travel(&self, node: usize, message: u32, kind: ActionKind) -> Action {
        let InFlight { from, to, message } = self.in_flight(node, message);
        match kind {
            ActionKind::Drop => Action::Drop { from, to, message },
            ActionKind::Duplicate => Action::Duplicate { from, to, message },
            ActionKind::Deliver
            | ActionKind::Timeout
            | ActionKind::Choose
            | ActionKind::Restart
            | ActionKind::Crash => Action::Deliver { from, to, message },
        }
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
