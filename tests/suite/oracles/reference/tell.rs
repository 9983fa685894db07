//! Global states and moves as plain data, to be held against what the cluster tells.

use quorate::model::{Clocks, NetworkKind, Protocol};
use quorate::system::{Action, InFlight, NodeSnapshot, Snapshot, Value};
use quorate::{Envelope, Id};
use serde::Serialize;
use stateright::Model;

use super::network::Pace;
use super::state::{Clock, Due, NodeOf};
use super::{Move, MoveOf, MsgOf, Reference, WorldOf};

impl<P: Protocol> Reference<P> {
    /// Every step out of `world`, told, and what it leads to.
    pub fn steps(&self, world: &WorldOf<P>) -> Vec<(Action, WorldOf<P>)> {
        let mut moves = Vec::new();
        self.actions(world, &mut moves);
        let step = |action: MoveOf<P::Actor>| Some((self.tell(&action), self.next_state(world, action)?));
        moves.into_iter().filter_map(step).filter(|(_, next)| next != world).collect()
    }

    /// The whole state.
    pub fn snapshot(&self, world: &WorldOf<P>) -> Snapshot {
        let pace = Pace::of(&self.environment);
        let flight = |(envelope, age): &(_, u8)| (self.in_flight(envelope), pace.left(*age));
        let mut network: Vec<(InFlight, u8)> = world.network.all().iter().map(flight).collect();
        if self.environment.network == NetworkKind::Fifo {
            network.sort_by_key(|(message, _)| (message.from.clone(), message.to.clone()));
        } else {
            network.sort();
        }
        let bounds = [
            ("loss", self.environment.loss.total, world.spent.losses),
            ("duplicates", self.environment.duplicates.total, world.spent.duplicates),
            ("corruptions", self.environment.corruptions.total, world.spent.corruptions),
            ("crashes", self.environment.crashes.total, world.spent.crashes),
            ("lost saves", self.environment.lost_saves.total, world.spent.lost_saves),
            ("torn saves", self.environment.torn_saves.total, world.spent.torn_saves),
            ("pauses", self.environment.pauses.total, world.spent.pauses),
            ("partitions", self.environment.partitions.total, world.spent.partitions),
        ];
        let left = |(name, budget, spent): (&str, quorate::model::Budget, u32)| {
            let bound = budget.bound().filter(|bound| *bound > 0)?;
            Some((name.to_owned(), bound - spent))
        };
        let is_timed = self.environment.timing().is_some();
        let ticks = network.iter().filter(|_| is_timed).map(|(_, left)| *left).collect();
        let clocked = |(ix, node): (usize, &NodeOf<P::Actor>)| NodeSnapshot {
            clock: world.clocks.get(ix).map(|clock| self.clock(*clock)),
            ..self.node(ix.into(), node)
        };
        Snapshot {
            nodes: world.nodes.iter().enumerate().map(clocked).collect(),
            network: network.into_iter().map(|(message, _)| message).collect(),
            ticks,
            sides: self.sides(&world.sides),
            history: self.value(&world.history),
            budgets: bounds.into_iter().filter_map(left).collect(),
        }
    }

    fn tell(&self, action: &MoveOf<P::Actor>) -> Action {
        match action {
            Move::Deliver(envelope) => {
                let InFlight { from, to, message } = self.in_flight(envelope);
                Action::Deliver { from, to, message }
            }
            Move::Duplicate(envelope) => {
                let InFlight { from, to, message } = self.in_flight(envelope);
                Action::Duplicate { from, to, message }
            }
            Move::Drop(envelope) => {
                let InFlight { from, to, message } = self.in_flight(envelope);
                Action::Drop { from, to, message }
            }
            Move::Timeout(id, timer) => Action::Timeout { node: self.name(*id), timer: self.value(timer) },
            Move::Choose(id, key, choice) => {
                Action::Choose { node: self.name(*id), key: key.clone(), choice: self.value(choice) }
            }
            Move::Corrupt(envelope, payload) => {
                let InFlight { from, to, message } = self.in_flight(envelope);
                Action::Corrupt { from, to, message, arrives: self.value(payload) }
            }
            Move::Crash(id) => Action::Crash { node: self.name(*id) },
            Move::LoseSave(id) => Action::LoseSave { node: self.name(*id) },
            Move::TearSave(id, storage) => Action::TearSave { node: self.name(*id), storage: self.value(storage) },
            Move::Pause(id) => Action::Pause { node: self.name(*id) },
            Move::Resume(id) => Action::Resume { node: self.name(*id) },
            Move::Partition(sides) => Action::Partition { sides: self.sides(sides) },
            Move::Heal => Action::Heal,
            Move::Tick => Action::Tick,
            Move::Gain(id) => Action::Drift { node: self.name(*id), ticks: 1 },
            Move::Lose(id) => Action::Drift { node: self.name(*id), ticks: -1 },
            Move::Restart(id) => Action::Restart { node: self.name(*id) },
        }
    }

    fn ticks<'a>(&self, dues: impl Iterator<Item = &'a Due>) -> Vec<(u32, Option<u32>)> {
        let is_timed = self.environment.timing().is_some();
        dues.filter(|_| is_timed).map(|due| (due.earliest, due.latest)).collect()
    }

    fn clock(&self, clock: Clock) -> u32 {
        match (clock, self.environment.timing().map(|timing| timing.clocks)) {
            (Clock::Ahead(ticks) | Clock::Steady(ticks), _) => ticks,
            (Clock::Misses, Some(Clocks::Drifting { one_tick_in })) => u32::from(one_tick_in) + 1,
            (Clock::Misses, _) => panic!("these clocks miss no tick"),
        }
    }

    /// The members of each side.
    fn sides(&self, sides: &[usize]) -> Vec<Vec<String>> {
        let member = |side| move |(ix, other): (usize, &usize)| (*other == side).then_some(ix);
        let members = |side| sides.iter().enumerate().filter_map(member(side)).map(|ix| self.name(ix.into())).collect();
        (0..sides.len()).map(members).filter(|side: &Vec<String>| !side.is_empty()).collect()
    }

    fn in_flight(&self, envelope: &Envelope<MsgOf<P>>) -> InFlight {
        InFlight { from: self.name(envelope.src), to: self.name(envelope.dst), message: self.value(&envelope.msg) }
    }

    fn name(&self, id: Id) -> String {
        self.roster.name(id).expect("who acts is in the roster").to_owned()
    }

    fn value<T: Serialize>(&self, value: &T) -> Value {
        Value::of(value).with_names(&|ix| self.roster.name(ix.into()).map(str::to_owned))
    }

    fn node(&self, id: Id, node: &NodeOf<P::Actor>) -> NodeSnapshot {
        let memory = node.memory.as_ref();
        NodeSnapshot {
            name: self.name(id),
            state: memory.map(|memory| self.value(&memory.state)),
            paused: memory.is_some_and(|memory| memory.paused.is_some()),
            pause_left: memory.and_then(|memory| memory.paused.flatten()),
            ticks: memory.iter().flat_map(|memory| self.ticks(memory.timers.values())).collect(),
            clock: None,
            fallback: node.before_last_save.as_ref().map(|before| self.value(before)),
            storage: node.storage.as_ref().map(|storage| self.value(storage)),
            timers: memory.iter().flat_map(|memory| memory.timers.keys().map(|timer| self.value(timer))).collect(),
            choices: memory
                .iter()
                .flat_map(|memory| &memory.choices)
                .map(|(key, choices)| (key.clone(), choices.iter().map(|choice| self.value(choice)).collect()))
                .collect(),
        }
    }
}
