//! Of what each step is a step, as far as fairness goes.

use super::inbox::message_of;
use super::moves::{self, corrupted};
use super::tables::Cluster;
use crate::model::Protocol;
use crate::system::{ActionKind, FairInstance, FairInstances, Successors, Word};

impl<P: Protocol> Cluster<P> {
    /// See [`TransitionSystem::fair_instances`](crate::system::TransitionSystem::fair_instances).
    pub(super) fn list_instances(&self, state: &[Word], out: &mut FairInstances) {
        out.taken_by.clear();
        out.ruled_out.clear();
        let mut steps = Successors::default();
        for node in 0..self.layout.node_count {
            let numbers = self.instance_numbers(node, state[node]);
            for (step, number) in moves::read(self.moves(node, state[node])).zip(numbers) {
                let ruled_out = steps.ruled_out(step.kind);
                let instance = FairInstance { kind: step.kind, node: node as u32, number: *number };
                if self.apply(node, &step, state, &mut steps) {
                    out.taken_by.push(instance);
                } else if steps.ruled_out(step.kind) > ruled_out {
                    out.ruled_out.push(instance);
                }
            }
        }
        for turn in self.turns(state) {
            let kind = turn.kind();
            let ruled_out = steps.ruled_out(kind);
            let instance = FairInstance { kind, node: self.layout.node_count as u32, number: 0 };
            if self.turn(turn, state, &mut steps) {
                out.taken_by.push(instance);
            } else if steps.ruled_out(kind) > ruled_out {
                out.ruled_out.push(instance);
            }
        }
    }

    /// For each move of `node` with word `local`, in their order: which of the node's messages, timers or choices it
    /// is about, by a number that is the same in every state.
    fn instance_numbers(&self, node: usize, local: Word) -> &[u32] {
        let position = &self.positions[node];
        position.instances.get_or_set(local as usize, || {
            let (slot, inbox) = (position.slot(local), position.inbox(local));
            let number = |kind, number: usize| match kind {
                ActionKind::Deliver | ActionKind::Duplicate | ActionKind::Drop => message_of(inbox[number]),
                ActionKind::Timeout => {
                    let timer = slot.timers.keys().nth(number).expect("timers go by their place in the slot");
                    position.timers.intern(timer.clone())
                }
                ActionKind::Choose => {
                    let (key, _) = slot.choices.option(number).expect("options go by their place in the slot");
                    position.choices.intern(key.to_owned())
                }
                ActionKind::Corrupt => message_of(inbox[corrupted(number as u32).0]),
                ActionKind::Restart
                | ActionKind::Resume
                | ActionKind::Crash
                | ActionKind::LoseSave
                | ActionKind::TearSave
                | ActionKind::Pause => 0,
                ActionKind::Heal | ActionKind::Tick | ActionKind::Partition | ActionKind::Drift => {
                    unreachable!("no node does that")
                }
            };
            moves::read(self.moves(node, local)).map(|step| number(step.kind, step.number as usize)).collect()
        })
    }
}
